"""The verbs of a resource that ask for many rows: find, count, scan, and the typed empty frame they begin with."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like

from dyno_frames.calibrate.examine import Examination
from dyno_frames.client.connection import Connection
from dyno_frames.client.schemas import Sampled
from dyno_frames.client.wire_units import session_in_seconds
from dyno_frames.contract.fields import Kind
from dyno_frames.contract.resources import Resource
from dyno_frames.errors import QueryError, UnknownFieldError, warn_user
from dyno_frames.frames.decode import OnInvalid
from dyno_frames.frames.provenance import Origin, attach
from dyno_frames.frames.schema import Schema
from dyno_frames.query.arguments import check_flags, whole_number
from dyno_frames.query.bind import ask
from dyno_frames.query.plan import Context, Shape
from dyno_frames.query.planner import make_plan
from dyno_frames.query.question import Expression, Question, Scope
from dyno_frames.scan.scan import Scan


class Questions:
    """What a resource can be asked.

    Parameters
    ----------
    connection
        The server and the account.
    resource
        Which of the three.
    """

    def __init__(self, connection: Connection, resource: Resource) -> None:
        self.connection = connection
        self.resource = resource

    def frame(self) -> pd.DataFrame:
        """Return zero rows with the full columns and dtypes, bound to this account and resource.

        Returns
        -------
        pandas.DataFrame
            Shape (0, fields); its ``.dyno`` asks questions.

        Examples
        --------
        >>> client.campaigns.frame().dyno.query("opens > 100")  # doctest: +SKIP
        """
        return attach(self._sampled().empty.copy(), self._origin(None, Shape()))

    def find(
        self,
        expr: Expression = None,
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
        scope: Scope | None = None,
    ) -> pd.DataFrame:
        """Return the rows that answer a question, as pandas would on all rows.

        Parameters
        ----------
        expr
            A query string, a ``pd.col`` expression, a function of the frame, or None for every row.
        columns
            Which columns, in order; None is all.
        order_by, ascending
            The order; without it by ``created``. Ties go by ``id``, nulls last.
        limit, offset
            How many rows in all, after how many.
        progress
            Whether to show a bar; None is after a second, and only for people.
        strict
            Raise where a part would be answered here, or the answer cannot be certified.
        max_rows, max_requests
            The most rows and requests the answer may cost; more is refused, from counts, before a row moves.
        on_invalid
            What becomes of a value outside its column's type: ``"raise"`` raises a ContractError that names it,
            ``"null"`` makes it null and says so in the certificate's notes. Columns that are never null then have
            nullable dtypes.
        scope
            Where ``@names`` are looked up; None is the caller.

        Raises
        ------
        QueryError
            The question cannot be asked; nothing was sent.

        Examples
        --------
        >>> client.campaigns.find("status == 'finished'", order_by="opens", ascending=False, limit=5)  # doctest: +SKIP
        """
        scan = self.scan(
            expr,
            columns=columns,
            order_by=order_by,
            ascending=ascending,
            limit=limit,
            offset=offset,
            progress=progress,
            strict=strict,
            max_rows=max_rows,
            max_requests=max_requests,
            on_invalid=on_invalid,
            scope=scope or caller(1),
        )
        return scan.to_frame()

    def count(self, expr: Expression = None, *, scope: Scope | None = None) -> int:
        """Return the number of rows that answer a question; no row moves where the plan is exact.

        Parameters
        ----------
        expr
            As in :meth:`find`.
        scope
            Where ``@names`` are looked up; None is the caller.

        Examples
        --------
        >>> client.campaigns.count("status == 'draft'")  # doctest: +SKIP
        12
        """
        return self.scan(expr, scope=scope or caller(1)).count()

    def scan(
        self,
        expr: Expression = None,
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
        scope: Scope | None = None,
    ) -> Scan:
        """Plan a question without asking it; the arguments are those of :meth:`find`.

        Returns
        -------
        Scan
            To explain, count, or let its rows come as a frame, Arrow batches or Parquet.
        """
        if scope is not None and not isinstance(scope, Scope):
            raise QueryError(
                f"scope={scope!r}; expected a Scope of names, or None to use the variables of the calling code"
            )
        check_flags(strict=strict)
        check_flags(optional=True, progress=progress)
        limits = {
            "max_rows": whole_number("max_rows", max_rows),
            "max_requests": whole_number("max_requests", max_requests),
        }
        sampled = self._sampled(on_invalid)
        schema = sampled.schema
        question = ask(expr, sampled.empty, scope or caller(1))
        for warning in question.warnings:
            warn_user(warning)
        shape = _shape(
            schema, columns=columns, order_by=order_by, ascending=ascending, limit=limit, offset=offset
        )
        context = self._context(schema, question, shape)
        plan = make_plan(question, context, shape)
        origin = replace(self._origin(question, shape), on_invalid=on_invalid)
        return Scan(
            session_in_seconds(self.connection.session, schema),
            question,
            plan,
            schema,
            context,
            origin,
            progress=progress,
            strict=strict,
            workers=self.connection.settings.workers,
            **limits,
            on_invalid=on_invalid,
            keeps_order=sampled.is_in_order,
            distrust=partial(self.connection.semantics.distrust, self.resource.name),
        )

    def _context(self, schema: Schema, question: Question, shape: Shape) -> Context:
        semantics, page_size = self.connection.semantics, self.connection.settings.page_size
        context = Context(
            self.resource.name, schema.by_name, schema.dtypes, semantics.profile, schema.unseen, page_size
        )
        return semantics.context_for(question, context, shape, self.examination)

    def examination(self) -> Examination:
        """Return the examination of this server with rows of this resource."""
        return self.connection.semantics.examination(self._sampled().schema, self._sampled().rows)

    def _sampled(self, on_invalid: OnInvalid = "raise") -> Sampled:
        return self.connection.schemas.sampled(self.resource, on_invalid)

    def _origin(self, question: Question | None, shape: Shape) -> Origin:
        return Origin(
            client=self.connection.name,
            url=self.connection.url,
            account=self.connection.account,
            resource=self.resource.name,
            columns=shape.columns,
            order_by=shape.order_by,
            ascending=shape.ascending,
            limit=shape.limit,
            offset=shape.offset,
            expression="every row" if question is None else question.text,
            question={"form": "all"} if question is None else question.memory,
        )


def caller(depth: int) -> Scope:
    """Return the names of whoever called the function that is ``depth`` calls above this one's caller."""
    frame = sys._getframe(depth + 1)  # noqa: SLF001 - what pandas itself uses for @names
    return Scope(frame.f_locals, frame.f_globals)


def _shape(
    schema: Schema,
    *,
    columns: Sequence[str] | None,
    order_by: str | Sequence[str] | None,
    ascending: bool | Sequence[bool],
    limit: int | None,
    offset: int,
) -> Shape:
    chosen = None if columns is None else _names("columns", columns, "a list of names, such as ['name']")
    order = _order(order_by)
    directions = _directions(ascending, len(order))
    for argument, names in (("columns", chosen or ()), ("order_by", order)):
        _check_names(argument, names, schema)
    unordered = [name for name in order if schema.by_name[name].kind is Kind.JSON]
    if unordered:
        raise QueryError(
            f"order_by: {', '.join(unordered)} holds values of several types or none that have an order; declare a "
            f"type with connect(…, schema={{{unordered[0]!r}: 'str'}}), or order the answer with pandas"
        )
    if chosen == ():
        raise QueryError("columns=[] names no column; expected a list of names, or None for all")
    if chosen is not None and len(set(chosen)) < len(chosen):
        raise QueryError(f"columns={list(chosen)} names a column twice")
    start = whole_number("offset", offset)
    if start is None:
        raise QueryError("offset=None; expected a whole number from 0")
    return Shape(chosen, order, directions, whole_number("limit", limit), start)


def _order(order_by: str | Sequence[str] | None) -> tuple[str, ...]:
    if order_by is None or isinstance(order_by, str):
        return () if order_by is None else (order_by,)
    return _names("order_by", order_by, "a name or a list of names, such as 'created'")


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
    """Return a list of names; a mapping and a set are none, for they have no order that was asked for."""
    if not is_list_like(given, allow_sets=False) or isinstance(given, Mapping):
        raise QueryError(f"{argument}={given!r}; expected {expected}")
    names = tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f"{argument}: {name!r} is no name; expected a text")
    return names


def _check_names(argument: str, names: Sequence[str], schema: Schema) -> None:
    for name in names:
        if name not in schema.by_name:
            near = difflib.get_close_matches(name, schema.names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UnknownFieldError(
                f"{argument}: no column is called {name!r}{hint} (columns: {', '.join(schema.names)})"
            )
