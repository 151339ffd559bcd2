"""What a server's filters mean, where the reference is silent: one immutable value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from dyno_frames.reprs import html_table, strong


class Like(StrEnum):
    """How ``like x`` reads its text."""

    SUBSTRING = "substring"
    """Contains x; no character is special."""
    SQL = "sql"
    """A pattern for the whole value: ``%`` any run, ``_`` one character, no escape."""
    SQL_ESCAPED = "sql_escaped"
    """The same, and a backslash takes the next character literally."""


class Collation(StrEnum):
    """When two strings are equal."""

    CODEPOINT = "codepoint"
    IGNORE_CASE = "ignore_case"
    IGNORE_CASE_AND_ACCENTS = "ignore_case_and_accents"


class Folding(StrEnum):
    """Which letters an ``_ignore_case`` operator takes for the same."""

    ASCII = "ascii"
    UNICODE = "unicode"


class Several(StrEnum):
    """What several operators in one field's object mean."""

    AND = "and"
    LAST = "last"
    ERROR = "error"


class Regex(StrEnum):
    """Which part of the value a ``like_regex`` must match."""

    SEARCH = "search"
    FULL = "full"


class Dialect(StrEnum):
    """Whose regular expressions they are."""

    RE2 = "re2"
    PYTHON = "python"


class Overlong(StrEnum):
    """What happens to a limit over the largest page."""

    CLAMP = "clamp"
    ERROR = "error"


class Nulls(StrEnum):
    """Where an ascending order puts nulls."""

    FIRST = "first"
    LAST = "last"


class UnknownField(StrEnum):
    """What a filter on a field that no row has means."""

    NULL = "null"
    ERROR = "error"
    IGNORED = "ignored"


class TextNumber(StrEnum):
    """What a number operator on a string field does."""

    ERROR = "error"
    TEXT_ORDER = "text_order"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Support:
    """Which of many names a server supports: operators, or fields.

    Parameters
    ----------
    yes, no
        The names known to be supported, and known not to be.
    others
        What holds for every other name; None is *not known*.

    Examples
    --------
    >>> Support(others=True).learned("not_in", False)["not_in"]
    False
    """

    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    others: bool | None = None

    def __getitem__(self, name: str) -> bool | None:
        return True if name in self.yes else False if name in self.no else self.others

    def learned(self, name: str, supported: bool) -> Self:  # noqa: FBT001 - what was learned
        """Return the same with one more name known."""
        yes, no = self.yes - {name}, self.no - {name}
        return replace(self, yes=yes | {name}, no=no) if supported else replace(self, yes=yes, no=no | {name})

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"yes": sorted(self.yes), "no": sorted(self.no), "others": self.others}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_json` wrote."""
        return cls(frozenset(stored["yes"]), frozenset(stored["no"]), stored["others"])

    def __str__(self) -> str:
        parts = [f"not {', '.join(sorted(self.no))}"] if self.no else []
        if self.others is None:
            parts = [*sorted(self.yes), *parts]
        elif not self.no or self.yes:
            parts.append("all" if not self.no else "all others")
        return "; ".join(parts) or "none known"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Profile:
    """The semantics of one server's filters.

    Each field is one decision; ``None`` means *not known*, and what is not known is never relied upon: a
    query then pushes a superset at best. The defaults are the decided semantics, which the sandbox has.

    Parameters
    ----------
    name
        What the profile is called where it is shown.
    like, like_folding
        How ``like`` reads its text, and which letters ``like_ignore_case`` takes for the same.
    collation, pads_blanks
        When two strings are equal for a bare value, ``in``, ``not_in`` and ``like``; and whether trailing
        blanks count for nothing (bare value, ``in`` and ``not_in`` only).
    not_like_keeps_null, not_in_keeps_null
        Whether a negated operator keeps rows whose field is null.
    bare_contains
        Whether a bare text means contains instead of equal.
    in_trims, in_reads_all
        Whether the values of ``in`` and ``not_in`` lose the blanks around them, and whether all values of the list
        are read instead of only the first.
    like_trims
        Whether the ``like`` operators drop the blanks around their text.
    bounds_included
        Whether ``gte`` and ``lte`` include their own number.
    fractions_kept
        Whether numbers are compared with their fractions instead of cut to integers.
    integers_exact
        Whether integers beyond 2**53 are compared exactly instead of as doubles.
    null_compares
        Whether a comparison of numbers may match null, for example as 0.
    several
        What several operators in one field's object mean.
    regex, dialect
        What ``like_regex`` must match, and in whose syntax.
    nulls
        Where an ascending order puts nulls.
    page_limit, overlong, default_limit
        The largest page, what happens to a larger limit, and the page when no limit is given.
    unknown_field
        What a filter on a field that no row has means.
    text_number
        What a number operator on a string field does.
    deep_offset
        The largest offset that is answered; None is no bound.
    operators
        The operators that the server answers as the reference says.
    filtered
        The fields, such as ``campaigns.name``, by which the server returns only matching rows.

    Examples
    --------
    >>> Profile().like
    <Like.SUBSTRING: 'substring'>
    >>> Profile.unknown().like is None
    True
    >>> Profile(name="mine", nulls=Nulls.LAST, regex=None)
    Profile('mine': as decided, but nulls=last; not known: regex)
    """

    name: str = "decided"
    like: Like | None = Like.SUBSTRING
    like_folding: Folding | None = Folding.UNICODE
    collation: Collation | None = Collation.CODEPOINT
    pads_blanks: bool | None = False
    bare_contains: bool | None = False
    not_like_keeps_null: bool | None = True
    not_in_keeps_null: bool | None = True
    in_trims: bool | None = False
    in_reads_all: bool | None = True
    like_trims: bool | None = False
    several: Several | None = Several.AND
    regex: Regex | None = Regex.SEARCH
    dialect: Dialect | None = Dialect.RE2
    bounds_included: bool | None = True
    fractions_kept: bool | None = True
    integers_exact: bool | None = True
    null_compares: bool | None = False
    nulls: Nulls | None = Nulls.FIRST
    page_limit: int | None = 1000
    overlong: Overlong | None = Overlong.CLAMP
    default_limit: int | None = 100
    unknown_field: UnknownField | None = UnknownField.NULL
    text_number: TextNumber | None = TextNumber.ERROR
    deep_offset: int | None = None
    operators: Support = Support(others=True)
    filtered: Support = Support(others=True)

    @classmethod
    def unknown(cls) -> Self:
        """Return the profile of a server of which nothing is known."""
        blank: dict[str, Any] = {field.name: None for field in fields(cls)}
        return cls(**blank | {"name": "unknown", "operators": Support(), "filtered": Support()})

    def to_json(self) -> dict[str, Any]:
        """Return the profile as plain JSON values."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    def __repr__(self) -> str:
        rows = {name: (shown, differs) for name, shown, differs, _ in self._rows()}
        absent = [name for name, (shown, differs) in rows.items() if differs and shown == _UNKNOWN]
        other = [
            f"{name}={shown}" for name, (shown, differs) in rows.items() if differs and name not in absent
        ]
        if not other and len(absent) >= len(rows) - 1:
            return f"Profile({self.name!r}: nothing is known)"
        said = "as decided" + (f", but {', '.join(other)}" if other else "")
        missing = f"; not known: {', '.join(absent)}" if absent else ""
        return f"Profile({self.name!r}: {said}{missing})"

    def _rows(self) -> Iterator[tuple[str, str, bool, str]]:
        """Iterate over the fields: name, value shown, whether it differs from the decided one, and that one."""
        for field in fields(self):
            value, decided = getattr(self, field.name), field.default
            if field.name == "name":
                continue
            differs = value != decided
            unknown = (value is None and differs) or value == Support()
            shown = _UNKNOWN if unknown else "none" if value is None else str(value)
            yield field.name, shown, differs, "none" if decided is None else str(decided)

    def _repr_html_(self) -> str:
        rows = (
            (name, strong(word) if differs else word, decided if differs else "")
            for name, word, differs, decided in self._rows()
        )
        head = ("", "this server", "decided, where it differs")
        return html_table(rows, caption=f"Profile: {self.name}", head=head)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the profile that :meth:`to_json` wrote; what it does not know stays unknown.

        Raises
        ------
        ValueError
            A value is none of the words its field may hold.
        """
        blank = cls.unknown().to_json()
        known = {name: value for name, value in stored.items() if name in blank}
        return cls(**{name: _read(name, value) for name, value in (blank | known).items()})


_WORDS: dict[str, type[StrEnum]] = {
    "like": Like,
    "like_folding": Folding,
    "collation": Collation,
    "several": Several,
    "regex": Regex,
    "dialect": Dialect,
    "nulls": Nulls,
    "overlong": Overlong,
    "unknown_field": UnknownField,
    "text_number": TextNumber,
}


_UNKNOWN = "not known"


def _plain(value: Any) -> Any:
    return (
        value.to_json() if isinstance(value, Support) else str(value) if isinstance(value, StrEnum) else value
    )


def _read(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return Support.from_json(value)
    kind = _WORDS.get(name)
    return value if kind is None or value is None else kind(value)
