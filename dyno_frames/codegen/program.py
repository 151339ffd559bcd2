"""What a generated program does, as one value that every language has a template for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from dyno_frames.contract.filters import FilterKey
from dyno_frames.contract.languages import Language
from dyno_frames.contract.resources import CREATED
from dyno_frames.contract.texts import HALF, is_whole
from dyno_frames.errors import ConfigError


class Kind(StrEnum):
    """What a program does."""

    WALK = "walk"
    """Read all rows of one or more filters, page by page."""
    COUNT = "count"
    """Add up the counts of one or more filters."""
    REQUEST = "request"
    """Send one request and print the answer."""


@dataclass(frozen=True, slots=True)
class PandasStep:
    """What a Python program evaluates with pandas.

    Parameters
    ----------
    columns
        The columns to read and their dtypes, as source text.
    statuses
        The categories of the columns that are categorical, by name.
    condition
        The condition on ``frame`` as source text; empty for all rows.
    order_by, ascending
        The order, with a direction for each column.
    offset, limit
        Rows to skip and to keep.
    """

    columns: Mapping[str, str]
    statuses: Mapping[str, list[str]]
    condition: str
    order_by: list[str]
    ascending: list[bool]
    offset: int
    limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program to generate.

    Parameters
    ----------
    kind
        What it does.
    title
        What it prints, for the comment at its top.
    url, header, timeout_s
        The server, the name of the header with the API key, and the time limit of a request in seconds.
    verb, path
        The request line.
    count_path
        The path of the operation that counts rows.
    bodies
        The conditions of each filter or count, or the body of the one request; None sends an empty request.
    fields
        The fields of the rows to request; empty for all.
    signs
        The sign of each count.
    reads
        Whether its requests only read, so that they can be sent again.
    until_s
        When the request must be sent at the latest, in epoch seconds, or None.
    page_size
        Rows per request.
    prints_number
        Whether to print the number of rows instead of the rows.
    missing
        The part of the query that is not applied, so that more rows are printed; empty if all is applied.
    step
        What is evaluated with pandas.
    """

    kind: Kind
    title: str
    url: str
    header: str
    timeout_s: float
    verb: str
    path: str
    bodies: tuple[Mapping[str, Any] | None, ...]
    count_path: str = ""
    fields: tuple[str, ...] = ()
    signs: tuple[int, ...] = ()
    reads: bool = True
    until_s: int | None = None
    page_size: int = 1000
    prints_number: bool = False
    missing: str = ""
    step: PandasStep | None = None

    @property
    def pauses(self) -> tuple[float, ...]:
        """The pause after each attempt, in seconds; 0 after the last one."""
        return (0.5, 1, 2, 4, 0) if self.reads else (0,)

    @property
    def texts(self) -> tuple[str, ...]:
        """The bodies as JSON; empty for no body."""
        return tuple("" if body is None else as_json(body) for body in self.bodies)

    @property
    def contents(self) -> Iterator[str]:
        """All texts that come from the query or the operation."""
        yield from (self.title, self.missing, unquote(self.path))
        yield from _texts_in(self.plain)
        if self.step is not None:
            yield from (
                self.step.condition,
                *self.step.columns,
                *_texts_in(list(self.step.statuses.values())),
            )

    @property
    def plain(self) -> list[Any]:
        """The bodies as plain values of Python."""
        return [json.loads(text) if text else None for text in self.texts]

    @property
    def signed(self) -> list[tuple[int, Any]]:
        """Each sign and the body of its count."""
        return list(zip(self.signs, self.plain, strict=True))

    @property
    def field_member(self) -> str:
        """The fields to request as a JSON member, followed by a comma; empty for all fields."""
        return _members({str(FilterKey.FIELDS): list(self.fields)} if self.fields else {})

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """Each filter as JSON members, each followed by a comma: all but ``created``, and ``created``."""
        found = []
        for body in self.bodies:
            whole = dict(body or {})
            on_created = {CREATED: whole.pop(CREATED)} if CREATED in whole else {}
            found.append((_members(whole), _members(on_created)))
        return tuple(found)


def _texts_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, part in value.items():
                yield name
                yield from _texts_in(part)
        case list():
            for part in value:
                yield from _texts_in(part)


def _members(body: Mapping[str, Any]) -> str:
    return f"{as_json(body)[1:-1]}," if body else ""


def as_json(body: Mapping[str, Any]) -> str:
    """Return a body as JSON in ASCII.

    Raises
    ------
    ConfigError
        A text cannot be written as UTF-8.
    """
    if not is_whole(json.dumps(body, ensure_ascii=False)):
        raise ConfigError(f"a value contains {HALF}; remove it")
    return json.dumps(body, separators=(",", ":"), allow_nan=False)


def language_named(name: object) -> Language:
    """Return the language with this name, or raise ConfigError if there is none."""
    try:
        return Language(name)  # type: ignore[arg-type]  # any value may be given
    except ValueError:
        raise ConfigError(f"language is {name!r}; expected one of {', '.join(Language)}") from None
