"""Probes about texts: what equality, lists, ``like`` and regular expressions mean on a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dyno_frames.calibrate.examine import Examination
from dyno_frames.contract.filters import LIST_SEPARATOR, StringOperator
from dyno_frames.contract.profile import Collation, Dialect, Folding, Like, Regex

NO_SUCH_TEXT = "no value is like this 7f3a"
_KELVIN, _LONG_S = "\u212a", "\u017f"
_ACCENTED = {"e": "\u00e9", "a": "\u00e1", "o": "\u00f3", "i": "\u00ed", "u": "\u00fa"}


def like(exam: Examination) -> Like | None:
    """Tell how ``like`` reads its text."""
    found = exam.subject
    if found is None:
        return None
    core = found.core
    if exam.on_text({StringOperator.LIKE: core}):
        wild = exam.on_text({StringOperator.LIKE: f"{core[0]}%{core[-1]}"})
        return Like.SUBSTRING if wild is False else None
    if exam.on_text({StringOperator.LIKE: f"%{core}%"}):
        broken = f"{core[0]}\\{core[1:]}"
        return Like.SQL_ESCAPED if exam.on_text({StringOperator.LIKE: f"%{broken}%"}) else Like.SQL
    return None


def contained(exam: Examination, text: str) -> str | None:
    """Return the text so that ``like`` means *contains*, or None where it is not known how."""
    match like(exam):
        case Like.SUBSTRING:
            return text
        case Like.SQL | Like.SQL_ESCAPED:
            return f"%{text}%"
        case _:
            return None


def _like_trims(exam: Examination) -> bool | None:
    """Look for texts with a blank behind them that is not there, and for one with a blank that is."""
    found, how = exam.subject, like(exam)
    if found is None or how is None or " " not in found.text or "\\" in found.text:
        return None
    behind, word = f"{found.text} ", f"{found.text.partition(' ')[0]} "
    absent = [behind] if how is Like.SUBSTRING else [f"%{behind}", f"%{behind}%"]
    answers = [exam.on_text({StringOperator.LIKE: text}) for text in absent]
    present = exam.on_text({StringOperator.LIKE: contained(exam, word)})
    return None if None in answers or present is None else any(answers) or not present


def _like_folding(exam: Examination) -> Folding | None:
    found = exam.subject
    swapped = None if found is None else contained(exam, found.core.swapcase())
    if found is None or swapped is None or not exam.on_text({StringOperator.LIKE_IGNORE_CASE: swapped}):
        return None
    core = found.core.lower()
    foreign = core.replace("k", _KELVIN, 1) if "k" in core else core.replace("s", _LONG_S, 1)
    if foreign == core:
        return Folding.ASCII
    folds = exam.on_text({StringOperator.LIKE_IGNORE_CASE: contained(exam, foreign)})
    return Folding.UNICODE if folds else Folding.ASCII


def _collation(exam: Examination) -> Collation | None:
    found = exam.subject
    if found is None:
        return None
    folds = exam.on_text(found.text.swapcase())
    swapped = contained(exam, found.core.swapcase())
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


def _bare_contains(exam: Examination) -> bool | None:
    return None if exam.subject is None else exam.on_text(exam.subject.core)


def _pads_blanks(exam: Examination) -> bool | None:
    """Look for the text with a blank behind it, in a list where a bare text means contains."""
    if exam.subject is None:
        return None
    padded = f"{exam.subject.text} "
    return exam.on_text({StringOperator.IN: padded} if _bare_contains(exam) else padded)


def behind_another(text: str) -> str:
    """Return a list with this text behind one that no row has."""
    return f"{NO_SUCH_TEXT}{LIST_SEPARATOR}{text}"


def _in_reads_all(exam: Examination) -> bool | None:
    if exam.subject is None:
        return None
    found = exam.on_text({StringOperator.IN: behind_another(exam.subject.text)})
    if found is not False:
        return found
    return False if exam.on_text({StringOperator.IN: exam.subject.text}) else None


def _in_trims(exam: Examination) -> bool | None:
    if exam.subject is None or _in_reads_all(exam) is None:
        return None
    return exam.on_text({StringOperator.IN: f" {exam.subject.text}"})


def _keeps_null(operator: StringOperator) -> Callable[[Examination], bool | None]:
    def probe(exam: Examination) -> bool | None:
        gap = exam.gap
        return None if gap is None else exam.matches(gap.key, {gap.field: {operator: NO_SUCH_TEXT}})

    return probe


def _not_like_keeps_null(exam: Examination) -> bool | None:
    kept = _keeps_null(StringOperator.NOT_LIKE)(exam)
    return kept if kept is _keeps_null(StringOperator.NOT_LIKE_REGEX)(exam) else None


def _regex(exam: Examination) -> Regex | None:
    found = exam.subject
    if found is None or exam.on_text({StringOperator.LIKE_REGEX: f".*{found.core}.*"}) is not True:
        return None
    if exam.on_text({StringOperator.LIKE_REGEX: f".*{found.core.swapcase()}.*"}) is not False:
        return None
    return Regex.SEARCH if exam.on_text({StringOperator.LIKE_REGEX: found.core}) else Regex.FULL


def _dialect(exam: Examination) -> Dialect | None:
    """Tell engines apart by how they write the end of a text: RE2 with a small z, Python with a large one."""
    if exam.subject is None or _regex(exam) is None:
        return None
    small = exam.on_text({StringOperator.LIKE_REGEX: r"(?s).*\z"})
    large = exam.on_text({StringOperator.LIKE_REGEX: r"(?s).*\Z"})
    return {(True, None): Dialect.RE2, (None, True): Dialect.PYTHON}.get((small, large))


PROBES: dict[str, Callable[[Examination], Any]] = {
    "like": like,
    "like_folding": _like_folding,
    "collation": _collation,
    "bare_contains": _bare_contains,
    "pads_blanks": _pads_blanks,
    "in_reads_all": _in_reads_all,
    "in_trims": _in_trims,
    "like_trims": _like_trims,
    "not_like_keeps_null": _not_like_keeps_null,
    "not_in_keeps_null": _keeps_null(StringOperator.NOT_IN),
    "regex": _regex,
    "dialect": _dialect,
}
"""By the fact that each learns."""
