"""What a server's filters mean, where the reference is silent: one immutable value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from html import escape
from typing import Any, Self


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
    in_trims
        Whether the values of ``in`` and ``not_in`` lose the blanks around them.
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
    not_like_keeps_null: bool | None = True
    not_in_keeps_null: bool | None = True
    in_trims: bool | None = False
    several: Several | None = Several.AND
    regex: Regex | None = Regex.SEARCH
    dialect: Dialect | None = Dialect.RE2
    nulls: Nulls | None = Nulls.FIRST
    page_limit: int | None = 1000
    overlong: Overlong | None = Overlong.CLAMP
    default_limit: int | None = 100
    unknown_field: UnknownField | None = UnknownField.NULL
    text_number: TextNumber | None = TextNumber.ERROR
    deep_offset: int | None = None

    @classmethod
    def unknown(cls) -> Self:
        """Return the profile of a server of which nothing is known."""
        blank: dict[str, Any] = {field.name: None for field in fields(cls)}
        return cls(**blank | {"name": "unknown"})

    def to_json(self) -> dict[str, Any]:
        """Return the profile as plain JSON values."""
        return {
            name: str(value) if isinstance(value, StrEnum) else value for name, value in asdict(self).items()
        }

    def __repr__(self) -> str:
        decided = Profile.__dataclass_fields__
        known = {name: value for name, value in self.to_json().items() if name != "name"}
        absent = [
            name for name, value in known.items() if value is None and decided[name].default is not None
        ]
        other = [
            f"{name}={value}"
            for name, value in known.items()
            if name not in absent and getattr(self, name) != decided[name].default
        ]
        if len(absent) >= len(known) - 1:
            return f"Profile({self.name!r}: nothing is known)"
        said = "as decided" + (f", but {', '.join(other)}" if other else "")
        missing = f"; not known: {', '.join(absent)}" if absent else ""
        return f"Profile({self.name!r}: {said}{missing})"

    def _repr_html_(self) -> str:
        decided = Profile.__dataclass_fields__
        rows = []
        for name, value in self.to_json().items():
            if name == "name":
                continue
            same = getattr(self, name) == decided[name].default
            word = "not known" if value is None and not same else "none" if value is None else value
            shown = f"{escape(str(word))}" if same else f"<b>{escape(str(word))}</b>"
            rows.append(
                f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{shown}</td>"
                f"<td style='text-align:left'>{'' if same else escape(str(decided[name].default))}</td></tr>"
            )
        head = "<thead><tr><th></th><th>this server</th><th>decided, where it differs</th></tr></thead>"
        return f"<table><caption>Profile: {escape(self.name)}</caption>{head}<tbody>{''.join(rows)}</tbody></table>"

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the profile that :meth:`to_json` wrote; what it does not know stays unknown.

        Raises
        ------
        ValueError
            A value is none of the words its field may hold.
        """
        blank = asdict(cls.unknown())
        known = {name: value for name, value in stored.items() if name in blank}
        return cls(**{name: _word(name, value) for name, value in (blank | known).items()})


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


def _word(name: str, value: Any) -> Any:
    kind = _WORDS.get(name)
    return value if kind is None or value is None else kind(value)
