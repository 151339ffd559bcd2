"""When the sandbox takes two texts for the same: the foldings and patterns that a profile chooses from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias, assert_never

import re2

from dyno_frames.contract.profile import Collation, Dialect, Folding, Regex

Fold: TypeAlias = Callable[[str], str]

_ASCII = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def plain(text: str) -> str:
    """Return the text as it is."""
    return text


def ascii_case(text: str) -> str:
    """Return the text with A to Z in lower case, and no other letter changed."""
    return text.translate(_ASCII)


def case_and_accents(text: str) -> str:
    """Return the text without case and without combining marks."""
    if text.isascii():
        return text.lower()
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return unicodedata.normalize("NFD", bare.casefold())


def of_collation(collation: Collation) -> Fold:
    """Return what equality, ``in``, ``not_in`` and ``like`` compare."""
    match collation:
        case Collation.CODEPOINT:
            return plain
        case Collation.IGNORE_CASE:
            return str.casefold
        case Collation.IGNORE_CASE_AND_ACCENTS:
            return case_and_accents
        case _:
            assert_never(collation)


def of_folding(folding: Folding) -> Fold:
    """Return what the ``_ignore_case`` operators compare."""
    match folding:
        case Folding.ASCII:
            return ascii_case
        case Folding.UNICODE:
            return str.casefold
        case _:
            assert_never(folding)


def like_pattern(pattern: str, *, escaped: bool, fold: Fold) -> str:
    """Turn a ``%`` and ``_`` pattern for the whole value into a regular expression of Python's.

    Parameters
    ----------
    pattern
        The pattern as it was sent.
    escaped
        Whether a backslash takes the next character literally; a last one stands for itself.
    fold
        Applied to the literal runs; the value is folded apart.

    Notes
    -----
    Between two ``%`` the leftmost place is always good enough, so each run is an atomic group: matching
    takes no backtracking however many ``%`` there are.
    """
    runs: list[str] = [""]
    literal = ""
    chars = iter(pattern)
    for char in chars:
        if char == "\\" and escaped:
            literal += next(chars, "\\")
        elif char in "%_":
            runs[-1] += re.escape(fold(literal))
            literal = ""
            runs[-1] += "." if char == "_" else ""
            runs += [""] if char == "%" else []
        else:
            literal += char
    runs[-1] += re.escape(fold(literal))
    if len(runs) == 1:
        return runs[0]
    first, *middle, last = runs
    return first + "".join(f"(?>.*?{run})" for run in middle if run) + f".*{last}"


@lru_cache(maxsize=512)
def compiled_like(expression: str) -> re.Pattern[str]:
    """Compile what :func:`like_pattern` returned."""
    return re.compile(expression, re.DOTALL)


def _quiet() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


_RE2_OPTIONS = _quiet()


@lru_cache(maxsize=512)
def matcher(pattern: str, dialect: Dialect, part: Regex) -> Callable[[str], Any]:
    """Return the function that matches a ``like_regex``.

    Raises
    ------
    ValueError
        The pattern is none of this dialect.
    """
    try:
        compiled = (
            re2.compile(pattern, options=_RE2_OPTIONS) if dialect is Dialect.RE2 else re.compile(pattern)
        )
    except (re2.error, re.error, RecursionError, OverflowError) as error:
        reason = error.args[0] if error.args else error
        words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"no regular expression of {dialect}: {words}") from error
    found: Callable[[str], Any] = compiled.search if part is Regex.SEARCH else compiled.fullmatch
    return found
