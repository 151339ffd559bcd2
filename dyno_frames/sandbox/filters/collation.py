"""Compare texts as a profile says: collations, case folding, ``like`` patterns and regular expressions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias, assert_never

import re2

from dyno_frames.contract.profile import Collation, Dialect, Folding, Regex

TextKey: TypeAlias = Callable[[str], str]
"""A function that returns the same text for texts that count as equal."""

_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def ascii_lower(text: str) -> str:
    """Return the text with A to Z in lower case and other letters unchanged."""
    return text.translate(_ASCII_LOWER)


def without_case_and_accents(text: str) -> str:
    """Return the text in lower case and without combining marks."""
    if text.isascii():
        return text.lower()
    bare = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return unicodedata.normalize("NFD", bare.casefold())


def collation_key(collation: Collation) -> TextKey:
    """Return the key by which equality, ``in``, ``not_in`` and ``like`` compare."""
    match collation:
        case Collation.CODEPOINT:
            return str
        case Collation.IGNORE_CASE:
            return str.casefold
        case Collation.IGNORE_CASE_AND_ACCENTS:
            return without_case_and_accents
        case _:
            assert_never(collation)


def case_key(folding: Folding) -> TextKey:
    """Return the key by which the ``_ignore_case`` operators compare."""
    match folding:
        case Folding.ASCII:
            return ascii_lower
        case Folding.UNICODE:
            return str.casefold
        case _:
            assert_never(folding)


def like_pattern(pattern: str, *, escaped: bool, key: TextKey) -> str:
    """Convert an SQL pattern with ``%`` and ``_`` to a regular expression that matches the whole value.

    If ``escaped``, a backslash escapes the next character; at the end it is literal. The key of the comparison is
    applied to the literal parts; the key of the value is computed separately.

    Notes
    -----
    The literal parts between two ``%`` are atomic groups, because the first match of a part is always sufficient.
    So matching never backtracks, whatever the number of ``%``.
    """
    runs: list[str] = [""]
    literal = ""
    chars = iter(pattern)
    for char in chars:
        if char == "\\" and escaped:
            literal += next(chars, "\\")
        elif char in "%_":
            runs[-1] += re.escape(key(literal))
            literal = ""
            runs[-1] += "." if char == "_" else ""
            runs += [""] if char == "%" else []
        else:
            literal += char
    runs[-1] += re.escape(key(literal))
    if len(runs) == 1:
        return runs[0]
    first, *middle, last = runs
    return first + "".join(f"(?>.*?{run})" for run in middle if run) + f".*{last}"


@lru_cache(maxsize=512)
def compiled_like(expression: str) -> re.Pattern[str]:
    """Compile the result of :func:`like_pattern`."""
    return re.compile(expression, re.DOTALL)


def _without_log() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


_RE2_OPTIONS: Final = _without_log()


@lru_cache(maxsize=512)
def regex_matcher(pattern: str, dialect: Dialect, part: Regex) -> Callable[[str], Any]:
    """Return the function that matches a ``like_regex``.

    Raise ValueError if the pattern is not a regular expression of this dialect.
    """
    try:
        compiled = (
            re2.compile(pattern, options=_RE2_OPTIONS) if dialect is Dialect.RE2 else re.compile(pattern)
        )
    except (re2.error, re.error, RecursionError, OverflowError) as error:
        reason = error.args[0] if error.args else error
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"not a regular expression of {dialect}: {text}") from error
    match: Callable[[str], Any] = compiled.search if part is Regex.SEARCH else compiled.fullmatch
    return match
