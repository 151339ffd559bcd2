"""The options of a query besides its expression, checked once: columns, order, limit, strictness and budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, get_args

import numpy as np
from pandas.api.types import is_list_like

from dyno_frames.contract.fields import Field, Kind, OnInvalid
from dyno_frames.errors import QueryError, UnknownFieldError
from dyno_frames.query.arguments import check_flags, whole_number
from dyno_frames.query.unknown import unknown_column


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOptions:
    """How to return the rows of a query; :meth:`of` makes one from the arguments of a public method.

    Parameters
    ----------
    columns
        Columns to return, in this order (default: all).
    order_by, ascending
        Columns to order by, and one direction for each (default: ``created`` ascending). Ties are ordered by ``id``.
    limit, offset
        Maximum number of rows, and how many to skip first.
    progress
        Whether to show a progress bar (default: after a second, in a terminal or a notebook).
    strict
        Whether to raise instead of evaluating a part locally or returning an answer that is not certified.
    max_rows, max_requests
        Maximum cost of an answer, checked against counts before a row is fetched.
    on_invalid
        What to do with a value outside its column's type.

    Examples
    --------
    >>> QueryOptions.of(order_by="opens", ascending=False).ascending
    (False,)
    """

    columns: tuple[str, ...] | None = None
    order_by: tuple[str, ...] = ()
    ascending: tuple[bool, ...] = ()
    limit: int | None = None
    offset: int = 0
    progress: bool | None = None
    strict: bool = False
    max_rows: int | None = None
    max_requests: int | None = None
    on_invalid: OnInvalid = "raise"

    @classmethod
    def of(
        cls,
        *,
        columns: Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        ascending: bool | Sequence[bool] = True,
        limit: int | None = None,
        offset: int = 0,
        progress: bool | None = None,
        strict: bool = False,
        max_rows: int | None = None,
        max_requests: int | None = None,
        on_invalid: OnInvalid = "raise",
    ) -> Self:
        """Return the options in the arguments of a public method. :meth:`check_fields` checks the names.

        Raises
        ------
        QueryError
            An argument is not valid; the message shows it and what was expected.
        """
        check_flags(strict=strict)
        check_flags(optional=True, progress=progress)
        if on_invalid not in get_args(OnInvalid):
            raise QueryError(f"on_invalid={on_invalid!r}; expected 'raise' or 'null'")
        order = _order(order_by)
        start = whole_number("offset", offset)
        if start is None:
            raise QueryError("offset=None; expected a whole number from 0")
        return cls(
            columns=_columns(columns),
            order_by=order,
            ascending=_directions(ascending, len(order)),
            limit=whole_number("limit", limit),
            offset=start,
            progress=progress,
            strict=strict,
            max_rows=whole_number("max_rows", max_rows),
            max_requests=whole_number("max_requests", max_requests),
            on_invalid=on_invalid,
        )

    @property
    def returns_all(self) -> bool:
        """Whether the rows are those of the expression: in the usual order, without a limit or an offset."""
        return not self.order_by and self.limit is None and not self.offset

    def check_fields(self, fields: Mapping[str, Field]) -> None:
        """Check the columns and the order against the fields of a resource.

        Raises
        ------
        UnknownFieldError
            A name is not a column; the message names a similar one.
        QueryError
            The values of a column have no order.
        """
        for argument, names in (("columns", self.columns or ()), ("order_by", self.order_by)):
            for name in names:
                check_column(name, fields, argument)
        unordered = [name for name in self.order_by if fields[name].kind is Kind.JSON]
        if unordered:
            raise QueryError(
                f"order_by: {', '.join(unordered)} holds values of several types or none that have an order; declare a "
                f"type with connect(…, schema={{{unordered[0]!r}: 'str'}}), or order the answer with pandas"
            )


def _columns(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = _names("columns", given, "a list of names, such as ['name']")
    if not names:
        raise QueryError("columns=[] is empty; expected a list of names, or None for all")
    if len(set(names)) < len(names):
        raise QueryError(f"columns={list(names)} has a column twice")
    return names


def _order(given: Any) -> tuple[str, ...]:
    if given is None or isinstance(given, str):
        return () if given is None else (given,)
    return _names("order_by", given, "a name or a list of names, such as 'created'")


def _directions(given: Any, number: int) -> tuple[bool, ...]:
    parts = list(given) if is_list_like(given) else [given] * number
    if not (is_list_like(given) or _is_direction(given)) or not all(map(_is_direction, parts)):
        raise QueryError(f"ascending={given!r}; expected True or False, or a list with one for each column")
    if len(parts) != number:
        raise QueryError(f"ascending={given!r} has {len(parts)} directions for {number} columns of order_by")
    return tuple(map(bool, parts))


def _is_direction(value: object) -> bool:
    """Tell whether a value is true or false as pandas takes them, whole numbers included."""
    return isinstance(value, bool | int | np.bool_ | np.integer)


def _names(argument: str, given: Any, expected: str) -> tuple[str, ...]:
    """Return a list of names. Sets and mappings are refused, because they have no order of their own."""
    if not is_list_like(given, allow_sets=False) or isinstance(given, Mapping):
        raise QueryError(f"{argument}={given!r}; expected {expected}")
    names = tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f"{argument}: {name!r} is not a column name; expected a text")
    return names


def check_column(name: object, fields: Mapping[str, Field], argument: str = "column") -> None:
    """Check that a name is a column.

    Raises
    ------
    QueryError
        It is not a text.
    UnknownFieldError
        It is not a column; the message names a similar one.
    """
    if not isinstance(name, str):
        raise QueryError(f"{argument}: {name!r} is not a column name; expected a text")
    if name not in fields:
        order = _direction_in(name, fields) if argument == "order_by" else ""
        raise UnknownFieldError(f"{argument}{order or f': {unknown_column(name, list(fields))}'}")


def _direction_in(name: str, fields: Mapping[str, Field]) -> str:
    """Return how to write an order whose text holds a direction or several columns; else an empty text."""
    plain, *direction = name.strip("+- ").rsplit(maxsplit=1) or [""]
    is_known = [word.lower() for word in direction] in ([], ["asc"], ["desc"])
    if plain != name and plain in fields and is_known:
        up = not (name.strip().startswith("-") or name.lower().endswith("desc"))
        return f"={name!r} holds a direction; expected order_by={plain!r}, ascending={up}"
    parts = [part.strip() for part in name.split(",")]
    return f"={name!r} names several columns; expected order_by={parts}" if set(parts) <= set(fields) else ""
