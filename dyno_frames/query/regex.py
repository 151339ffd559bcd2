"""Analyze a regular expression without running it.

pandas runs a pattern on a text column with RE2, or with Python's ``re`` when the pattern needs it, *or when the
column holds certain characters*: the result for a row may then depend on other rows. This module recognizes
patterns whose result does not. For all other patterns, nothing is pushed down and the whole column is evaluated at
once, so that page boundaries cannot change a result.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from re import _constants as sre  # type: ignore[attr-defined]  # re has no public reader of its own grammar
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]()|]")
_LARGEST_REPEAT = 100
_READ_APART = re.compile(r"\{,|\(\?(?!:|P<)|\\(?![ntrf]|x[0-9A-Fa-f]{2}|[^0-9A-Za-z])")
"""Syntax that the engines read differently or not at all, although Python's parse tree looks simple."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about a pattern.

    Parameters
    ----------
    row_local
        Whether the result for a row cannot depend on other rows.
    portable
        Whether Python's ``re``, RE2 and PCRE give the same result for every text.
    literal
        The text, if the pattern is a plain text.
    required
        The longest text that every match contains; may be empty.
    """

    row_local: bool
    portable: bool
    literal: str | None
    required: str


@lru_cache(maxsize=1024)
def facts(pattern: str) -> Facts:
    """Return the facts about a case-sensitive pattern."""
    if not _SPECIAL.search(pattern):
        return Facts(row_local=True, portable=_plain(pattern), literal=pattern, required=pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return Facts(row_local=False, portable=False, literal=None, required="")
    if "{," in pattern or "[[" in pattern:  # read otherwise by RE2: as plain characters, as a class by name
        return Facts(row_local=not _switches(pattern), portable=False, literal=None, required="")
    flags = tree.state.flags & ~re.UNICODE
    known = not flags and pattern.isascii()
    alike = known and _plain(pattern) and not _READ_APART.search(pattern.replace("\\\\", ""))
    portable = alike and _all(tree, portable=True)
    local = portable or (known and _all(tree, portable=False)) or (not flags and not _switches(pattern))
    required = max(_runs(tree), key=len, default="") if not flags & (re.IGNORECASE | re.VERBOSE) else ""
    return Facts(
        row_local=local, portable=portable, literal=None if flags else _as_text(tree), required=required
    )


def _plain(pattern: str) -> bool:
    return pattern.isprintable() and "\ufffd" not in pattern


def _switches(pattern: str) -> bool:
    return any(mark in pattern for mark in ("\\", "$", "(?", "[["))


def _all(tree: Any, *, portable: bool) -> bool:
    return all(_item(code, argument, portable=portable) for code, argument in tree)


def _item(code: Any, argument: Any, *, portable: bool) -> bool:
    if code in {sre.LITERAL, sre.NOT_LITERAL, sre.ANY}:
        return True
    if code is sre.AT:
        return argument is sre.AT_BEGINNING or (not portable and argument in {sre.AT_END, sre.AT_BOUNDARY})
    if code is sre.IN:
        return all(_member(member, portable=portable) for member, _ in argument)
    if code in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
        low, high, body = argument
        bounded = low <= _LARGEST_REPEAT and (high <= _LARGEST_REPEAT or high is sre.MAXREPEAT)
        return bounded and _all(body, portable=portable)
    if code is sre.SUBPATTERN:
        _, added, removed, body = argument
        return not added and not removed and _all(body, portable=portable)
    if code is sre.BRANCH:
        return all(_all(arm, portable=portable) for arm in argument[1])
    return False


def _member(code: Any, *, portable: bool) -> bool:
    return code in {sre.LITERAL, sre.RANGE, sre.NEGATE} or (not portable and code is sre.CATEGORY)


def _runs(tree: Any) -> list[str]:
    """Return the texts that every match contains, each unbroken."""
    runs, run = [], ""
    for code, argument in tree:
        if code is sre.LITERAL:
            run += chr(argument)
            continue
        runs.append(run)
        run = ""
        if code is sre.SUBPATTERN and not argument[1] & re.IGNORECASE:
            runs += _runs(argument[3])
        elif code in {sre.MAX_REPEAT, sre.MIN_REPEAT} and argument[0] >= 1:
            runs += _runs(argument[2])
    return [*runs, run]


def _as_text(tree: Any) -> str | None:
    if all(code is sre.LITERAL for code, _ in tree):
        return "".join(chr(argument) for _, argument in tree)
    return None
