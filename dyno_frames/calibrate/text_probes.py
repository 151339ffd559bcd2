"""Probes of texts: equality, lists, ``like`` and regular expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dyno_frames.calibrate.prober import Prober
from dyno_frames.contract.filters import LIST_SEPARATOR, StringOperator
from dyno_frames.contract.profile import Collation, Dialect, Folding, Like, Regex

NO_SUCH_TEXT = "no value is like this 7f3a"
_KELVIN, _LONG_S = "\u212a", "\u017f"
_ACCENTED = {"e": "\u00e9", "a": "\u00e1", "o": "\u00f3", "i": "\u00ed", "u": "\u00fa"}


def like(prober: Prober) -> Like | None:
    """Return how ``like`` reads its text."""
    found = prober.probe_row
    if found is None:
        return None
    core = found.core
    if prober.on_text({StringOperator.LIKE: core}):
        wild = prober.on_text({StringOperator.LIKE: f"{core[0]}%{core[-1]}"})
        return Like.SUBSTRING if wild is False else None
    if prober.on_text({StringOperator.LIKE: f"%{core}%"}):
        broken = f"{core[0]}\\{core[1:]}"
        return Like.SQL_ESCAPED if prober.on_text({StringOperator.LIKE: f"%{broken}%"}) else Like.SQL
    return None


def contained(prober: Prober, text: str) -> str | None:
    """Return the pattern with which ``like`` means *contains*, or None if it is not known."""
    match like(prober):
        case Like.SUBSTRING:
            return text
        case Like.SQL | Like.SQL_ESCAPED:
            return f"%{text}%"
        case _:
            return None


def _like_trims(prober: Prober) -> bool | None:
    """Compare with texts that have a trailing blank: some that the row does not contain, and one that it does."""
    found, how = prober.probe_row, like(prober)
    if found is None or how is None or " " not in found.text or "\\" in found.text:
        return None
    behind, word = f"{found.text} ", f"{found.text.partition(' ')[0]} "
    absent = [behind] if how is Like.SUBSTRING else [f"%{behind}", f"%{behind}%"]
    answers = [prober.on_text({StringOperator.LIKE: text}) for text in absent]
    present = prober.on_text({StringOperator.LIKE: contained(prober, word)})
    return None if None in answers or present is None else any(answers) or not present


def _like_folding(prober: Prober) -> Folding | None:
    found = prober.probe_row
    swapped = None if found is None else contained(prober, found.core.swapcase())
    if found is None or swapped is None or not prober.on_text({StringOperator.LIKE_IGNORE_CASE: swapped}):
        return None
    core = found.core.lower()
    foreign = core.replace("k", _KELVIN, 1) if "k" in core else core.replace("s", _LONG_S, 1)
    if foreign == core:
        return Folding.ASCII
    folds = prober.on_text({StringOperator.LIKE_IGNORE_CASE: contained(prober, foreign)})
    return Folding.UNICODE if folds else Folding.ASCII


def _collation(prober: Prober) -> Collation | None:
    found = prober.probe_row
    if found is None:
        return None
    folds = prober.on_text(found.text.swapcase())
    swapped = contained(prober, found.core.swapcase())
    if swapped is not None and prober.on_text({StringOperator.LIKE: swapped}) is not folds:
        return None
    accented = _accented(found.text)
    loose = accented is not None and prober.on_text(accented)
    if folds is False and loose is False:
        return Collation.CODEPOINT if accented is not None else None
    if folds and accented is not None:
        return Collation.IGNORE_CASE_AND_ACCENTS if loose else Collation.IGNORE_CASE
    return None


def _accented(text: str) -> str | None:
    letter = next((letter for letter in text if letter in _ACCENTED), None)
    return None if letter is None else text.replace(letter, _ACCENTED[letter], 1)


def _bare_contains(prober: Prober) -> bool | None:
    return None if prober.probe_row is None else prober.on_text(prober.probe_row.core)


def _pads_blanks(prober: Prober) -> bool | None:
    """Compare with the text and a trailing blank, in a list if a bare text means *contains*."""
    if prober.probe_row is None:
        return None
    padded = f"{prober.probe_row.text} "
    return prober.on_text({StringOperator.IN: padded} if _bare_contains(prober) else padded)


def behind_another(text: str) -> str:
    """Return a list of a text that no row has, and this text."""
    return f"{NO_SUCH_TEXT}{LIST_SEPARATOR}{text}"


def _in_reads_all(prober: Prober) -> bool | None:
    if prober.probe_row is None:
        return None
    found = prober.on_text({StringOperator.IN: behind_another(prober.probe_row.text)})
    if found is not False:
        return found
    return False if prober.on_text({StringOperator.IN: prober.probe_row.text}) else None


def _in_trims(prober: Prober) -> bool | None:
    if prober.probe_row is None or _in_reads_all(prober) is None:
        return None
    return prober.on_text({StringOperator.IN: f" {prober.probe_row.text}"})


def _keeps_null(operator: StringOperator) -> Callable[[Prober], bool | None]:
    def probe(prober: Prober) -> bool | None:
        found = prober.null_probe
        return None if found is None else prober.matches(found.key, {found.field: {operator: NO_SUCH_TEXT}})

    return probe


def _not_like_keeps_null(prober: Prober) -> bool | None:
    kept = _keeps_null(StringOperator.NOT_LIKE)(prober)
    return kept if kept is _keeps_null(StringOperator.NOT_LIKE_REGEX)(prober) else None


def _regex(prober: Prober) -> Regex | None:
    found = prober.probe_row
    if found is None or prober.on_text({StringOperator.LIKE_REGEX: f".*{found.core}.*"}) is not True:
        return None
    if prober.on_text({StringOperator.LIKE_REGEX: f".*{found.core.swapcase()}.*"}) is not False:
        return None
    return Regex.SEARCH if prober.on_text({StringOperator.LIKE_REGEX: found.core}) else Regex.FULL


def _dialect(prober: Prober) -> Dialect | None:
    r"""Distinguish dialects by the end of a text: ``\z`` in RE2, ``\Z`` in Python."""
    if prober.probe_row is None or _regex(prober) is None:
        return None
    small = prober.on_text({StringOperator.LIKE_REGEX: r"(?s).*\z"})
    large = prober.on_text({StringOperator.LIKE_REGEX: r"(?s).*\Z"})
    return {(True, None): Dialect.RE2, (None, True): Dialect.PYTHON}.get((small, large))


PROBES: dict[str, Callable[[Prober], Any]] = {
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
"""The probes, by the field of the profile that each learns."""
