"""The examination: for each field of a profile, the probes that tell its values apart.

Every probe counts a filter that names one row by its id, so its answer is one, none, or a refusal, whatever else
the account holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dyno_frames.calibrate.subject import Gap, Row, Subject, gap_of, instant_of, subject_of
from dyno_frames.contract import envelope
from dyno_frames.contract.filters import Key, NumberOperator, StringOperator
from dyno_frames.contract.operations import operation
from dyno_frames.contract.profile import (
    Collation,
    Dialect,
    Folding,
    Like,
    Nulls,
    Overlong,
    Regex,
    Several,
    TextNumber,
    UnknownField,
)
from dyno_frames.contract.resources import KEY
from dyno_frames.errors import ApiError, AuthenticationError, RateLimitError
from dyno_frames.transport.session import Session

_NO_SUCH_TEXT = "no value is like this 7f3a"
_KELVIN, _LONG_S = "\u212a", "\u017f"
_ACCENTED = {"e": "\u00e9", "a": "\u00e1", "o": "\u00f3", "i": "\u00ed", "u": "\u00fa"}
_LARGEST_PAGE_ASKED = 5_000


class _SpentError(Exception):
    """The requests that were granted are spent."""


class Examination:
    """One server under examination; every answer is remembered, so nothing is asked twice.

    Parameters
    ----------
    session
        Whom to ask.
    resource
        Which resource's rows are asked about.
    rows
        Some of its rows as the server returned them.
    text_fields
        The names of its text fields that may be null.
    """

    __slots__ = ("_gap", "_known", "_left", "_resource", "_rows", "_session", "_subject", "asked")

    def __init__(
        self, session: Session, resource: str, rows: Sequence[Row], text_fields: Iterable[str]
    ) -> None:
        self._session = session
        self._resource = resource
        self._rows = rows
        self._subject = subject_of(rows)
        self._gap = gap_of(rows, text_fields)
        self._known: dict[str, Any] = {}
        self._left: int | None = None
        self.asked = 0

    def learn(self, name: str) -> Any:
        """Return what was seen of one field of the profile; None where it could not be learnt."""
        if name not in self._known:
            self._known[name] = _PROBES[name](self)
        return self._known[name]

    def learn_some(self, names: Iterable[str], *, requests: int) -> dict[str, Any]:
        """Return what was seen of some fields with no more than so many requests; the rest another time."""
        self._left = requests
        seen: dict[str, Any] = {}
        try:
            for name in names:
                seen[name] = self.learn(name)
        except _SpentError:
            pass
        finally:
            self._left = None
        return seen

    @property
    def subject(self) -> Subject | None:
        """The text that probes are about."""
        return self._subject

    @property
    def gap(self) -> Gap | None:
        """A row with a null text."""
        return self._gap

    @property
    def rows(self) -> Sequence[Row]:
        """The rows that probes are made from."""
        return self._rows

    def matches(self, key: str, conditions: Mapping[str, Any]) -> bool | None:
        """Tell whether a row matches; None where the server refuses the filter or contradicts itself."""
        number = self.count({KEY: key, **conditions})
        return None if number is None or number > 1 else number == 1

    def on_text(self, condition: Any) -> bool | None:
        """Tell whether the subject's row matches a condition on its text; None where nothing can be told."""
        found = self._subject
        return None if found is None else self.matches(found.key, {found.field: condition})

    def count(self, conditions: Mapping[str, Any]) -> int | None:
        """Return a count, or None where the application refuses the filter."""
        payload = self._send("count", conditions)
        return None if payload is None else envelope.count(payload)

    def find(self, body: Mapping[Any, Any]) -> list[Any] | None:
        """Return a page, or None where the application refuses it."""
        payload = self._send("find", {str(name): value for name, value in body.items()})
        return None if payload is None else envelope.rows(payload)

    def _send(self, verb: str, body: Mapping[str, Any]) -> Any:
        if self._left == 0:
            raise _SpentError
        self._left = None if self._left is None else self._left - 1
        self.asked += 1
        try:
            return self._session.send(operation(self._resource, verb), body=body).data
        except (AuthenticationError, RateLimitError):
            raise
        except ApiError:
            return None


def _like(exam: Examination) -> Like | None:
    found = exam.subject
    if found is None:
        return None
    core, broken = found.core, f"{found.core[0]}\\{found.core[1:]}"
    wild = f"{core[0]}%{core[-1]}"
    if exam.on_text({StringOperator.LIKE: core}):
        special = exam.on_text({StringOperator.LIKE: wild}) or exam.on_text({StringOperator.LIKE: broken})
        return None if special is not False else Like.SUBSTRING
    if exam.on_text({StringOperator.LIKE: f"%{core}%"}):
        return Like.SQL_ESCAPED if exam.on_text({StringOperator.LIKE: f"%{broken}%"}) else Like.SQL
    return None


def _wrapped(exam: Examination, text: str) -> str | None:
    """Return the text so that ``like`` means *contains*, or None where it is not known how."""
    match exam.learn("like"):
        case Like.SUBSTRING:
            return text
        case Like.SQL | Like.SQL_ESCAPED:
            return f"%{text}%"
        case _:
            return None


def _like_folding(exam: Examination) -> Folding | None:
    found = exam.subject
    swapped = None if found is None else _wrapped(exam, found.core.swapcase())
    if found is None or swapped is None or not exam.on_text({StringOperator.LIKE_IGNORE_CASE: swapped}):
        return None
    core = found.core.lower()
    foreign = core.replace("k", _KELVIN, 1) if "k" in core else core.replace("s", _LONG_S, 1)
    if foreign == core:
        return Folding.ASCII
    return (
        Folding.UNICODE
        if exam.on_text({StringOperator.LIKE_IGNORE_CASE: _wrapped(exam, foreign)})
        else Folding.ASCII
    )


def _collation(exam: Examination) -> Collation | None:
    found = exam.subject
    if found is None or not exam.on_text(found.text):
        return None
    swapped = _wrapped(exam, found.core.swapcase())
    folds = exam.on_text(found.text.swapcase())
    if swapped is not None and exam.on_text({StringOperator.LIKE: swapped}) is not folds:
        return None
    accented = _accented(found.text)
    loose = accented is not None and exam.on_text(accented)
    if folds is False and loose is False:
        return Collation.CODEPOINT if accented is not None else None
    if folds and accented is not None:
        return Collation.IGNORE_CASE_AND_ACCENTS if loose else Collation.IGNORE_CASE
    return None


def _accented(text: str) -> str | None:
    letter = next((letter for letter in text if letter in _ACCENTED), None)
    return None if letter is None else text.replace(letter, _ACCENTED[letter], 1)


def _pads_blanks(exam: Examination) -> bool | None:
    return None if exam.subject is None else exam.on_text(f"{exam.subject.text} ")


def _in_trims(exam: Examination) -> bool | None:
    if exam.subject is None or not exam.on_text({StringOperator.IN: exam.subject.text}):
        return None
    return exam.on_text({StringOperator.IN: f" {exam.subject.text}"})


def _keeps_null(operator: StringOperator) -> Callable[[Examination], bool | None]:
    def probe(exam: Examination) -> bool | None:
        gap = exam.gap
        return None if gap is None else exam.matches(gap.key, {gap.field: {operator: _NO_SUCH_TEXT}})

    return probe


def _not_like_keeps_null(exam: Examination) -> bool | None:
    kept = _keeps_null(StringOperator.NOT_LIKE)(exam)
    return kept if kept is _keeps_null(StringOperator.NOT_LIKE_REGEX)(exam) else None


def _several(exam: Examination) -> Several | None:
    """Ask for a range that holds nothing although each bound or the other does, both ways round."""
    found = instant_of(exam.rows)
    if found is None:
        return None
    key, created = found
    low, high = {NumberOperator.GTE: created + 1}, {NumberOperator.LTE: created + 1}
    last = exam.matches(key, {"created": {**low, **high}})
    if last is None:
        return Several.ERROR
    first = exam.matches(key, {"created": {**high, **low}})
    both = exam.matches(key, {"created": {NumberOperator.GTE: created, NumberOperator.LTE: created}})
    if not both or first is not False:
        return None
    return Several.LAST if last else Several.AND


def _regex(exam: Examination) -> Regex | None:
    found = exam.subject
    if found is None or exam.on_text({StringOperator.LIKE_REGEX: f".*{found.core}.*"}) is not True:
        return None
    if exam.on_text({StringOperator.LIKE_REGEX: f".*{found.core.swapcase()}.*"}) is not False:
        return None
    return Regex.SEARCH if exam.on_text({StringOperator.LIKE_REGEX: found.core}) else Regex.FULL


def _dialect(exam: Examination) -> Dialect | None:
    """Tell engines apart by how they write the end of a text: RE2 with a small z, Python with a large one."""
    if exam.subject is None or exam.learn("regex") is None:
        return None
    small = exam.on_text({StringOperator.LIKE_REGEX: r"(?s).*\z"})
    large = exam.on_text({StringOperator.LIKE_REGEX: r"(?s).*\Z"})
    return {(True, None): Dialect.RE2, (None, True): Dialect.PYTHON}.get((small, large))


def _nulls(exam: Examination) -> Nulls | None:
    gap = exam.gap
    if gap is None:
        return None
    first = exam.find(
        {Key.FIELDS: [KEY, gap.field], Key.ORDER_BY: gap.field, Key.ORDER_DIRECTION: "asc", Key.LIMIT: 1}
    )
    last = exam.find(
        {Key.FIELDS: [KEY, gap.field], Key.ORDER_BY: gap.field, Key.ORDER_DIRECTION: "desc", Key.LIMIT: 1}
    )
    if not first or not last:
        return None
    at_first, at_last = first[0].get(gap.field) is None, last[0].get(gap.field) is None
    return None if at_first is at_last else Nulls.FIRST if at_first else Nulls.LAST


def _page_limit(exam: Examination) -> int | None:
    """Ask for a page larger than any that is likely to be allowed, of ids alone."""
    total = exam.count({})
    wanted = min(total or 0, _LARGEST_PAGE_ASKED)
    page = exam.find({Key.FIELDS: [KEY], Key.LIMIT: wanted}) if wanted else None
    return len(page) if page and len(page) < wanted else None


def _overlong(exam: Examination) -> Overlong | None:
    largest = exam.learn("page_limit")
    return None if largest is None else Overlong.CLAMP


def _default_limit(exam: Examination) -> int | None:
    total = exam.count({})
    page = exam.find({Key.FIELDS: [KEY]})
    return len(page) if page and total is not None and len(page) < total else None


def _unknown_field(exam: Examination) -> UnknownField | None:
    found = instant_of(exam.rows)
    if found is None:
        return None
    answer = exam.matches(found[0], {"no_such_field_7f3a": _NO_SUCH_TEXT})
    return {None: UnknownField.ERROR, True: UnknownField.IGNORED, False: UnknownField.NULL}[answer]


def _text_number(exam: Examination) -> TextNumber | None:
    if exam.subject is None:
        return None
    answers = {exam.on_text({operator: 5}) for operator in (NumberOperator.GT, NumberOperator.LTE)}
    if answers == {None}:
        return TextNumber.ERROR
    return (
        TextNumber.NOTHING
        if answers == {False}
        else TextNumber.TEXT_ORDER
        if answers == {True, False}
        else None
    )


def _deep_offset(_exam: Examination) -> int | None:
    return None  # no bound can be proved by a few requests; a scan finds its way without offsets


_PROBES: dict[str, Callable[[Examination], Any]] = {
    "like": _like,
    "like_folding": _like_folding,
    "collation": _collation,
    "pads_blanks": _pads_blanks,
    "in_trims": _in_trims,
    "not_like_keeps_null": _not_like_keeps_null,
    "not_in_keeps_null": _keeps_null(StringOperator.NOT_IN),
    "several": _several,
    "regex": _regex,
    "dialect": _dialect,
    "nulls": _nulls,
    "page_limit": _page_limit,
    "overlong": _overlong,
    "default_limit": _default_limit,
    "unknown_field": _unknown_field,
    "text_number": _text_number,
    "deep_offset": _deep_offset,
}

LEARNABLE = tuple(_PROBES)
"""The fields of a profile that an examination can learn."""
