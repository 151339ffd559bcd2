"""Hints for query strings with the syntax of SQL or another language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_CALL = re.compile(r"(?<=\w)\([^()]*\)")
_COLUMN = r"(?P<column>[\w.]+|`[^`]*`)"

_MAX_LENGTH = 2_000
"""Number of characters of a query that are searched, because the cost of a pattern may grow faster than the text."""

_REGEX_CHARACTERS = frozenset(".^$*+?{}[]\\|()")
"""Characters with a meaning in regular expressions."""

Parts = Mapping[str, str]
"""The parts of a query that a hint repeats, by name."""


def hint(text: str) -> str:
    """Return what to write instead of the first operator or word that is not valid in a query string.

    Parameters
    ----------
    text
        A query string that pandas refuses.

    Returns
    -------
    str
        A sentence without a period; empty if no hint is known.

    Examples
    --------
    >>> hint("name like '%Weekly%'")
    "write name.str.contains('Weekly') instead of like"
    >>> hint("status = 'finished'")
    'write == instead of = to compare'
    """
    plain = _without_texts(text[:_MAX_LENGTH])
    found = ((pattern.search(plain), advice) for pattern, advice in _ADVICE)
    at = [(match.start(), match, advice) for match, advice in found if match]
    if not at:
        return ""
    _, match, advice = min(at, key=lambda one: one[0])
    spans = {group: match.span(group) for group in match.groupdict()}
    return advice({group: text[start:end] for group, (start, end) in spans.items() if start >= 0})


def _without_texts(text: str) -> str:
    """Return the query with ``_`` in place of the contents of quoted texts and the arguments of calls."""
    plain = _QUOTED.sub(lambda one: one[0][0] + "_" * (len(one[0]) - 2) + one[0][-1], text)
    before = ""
    while before != plain:
        before, plain = plain, _CALL.sub(lambda one: "_" * len(one[0]), plain)
    return plain


_METHODS = {(False, True): "startswith", (True, False): "endswith"}
"""The methods for patterns with ``%`` at the start, and at the end."""


def _like(parts: Parts) -> str:
    pattern = parts["pattern"][1:-1]
    body = pattern.strip("%")
    ends = (pattern.startswith("%"), pattern.endswith("%") and len(pattern) > 1)
    case = ", case=False" if parts["word"].lower() == "ilike" else ""
    method = "contains" if case else _METHODS.get(ends, "contains")
    regex = ", regex=False" if method == "contains" and set(body) & _REGEX_CHARACTERS else ""
    negation = "~" if parts.get("not") else ""
    return f"write {negation}{parts['column']}.str.{method}({body!r}{case}{regex}) instead of {parts['word']}"


def _null(parts: Parts) -> str:
    negated = parts.get("not") or parts.get("sign") == "!="
    return f"write {parts['column']}.{'notna' if negated else 'isna'}()"


def _between(parts: Parts) -> str:
    return f"write {parts['column']}.between({parts['low']}, {parts['high']})"


def _fixed(advice: str) -> Callable[[Parts], str]:
    return lambda _parts: advice


def _lower(parts: Parts) -> str:
    return f"write {parts['word'].lower()!r} in lower case"


_ADVICE: tuple[tuple[re.Pattern[str], Callable[[Parts], str]], ...] = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (rf"{_COLUMN}\s+(?P<not>(?i:not)\s+)?(?P<word>(?i:i?like))\s+(?P<pattern>'_*'|\"_*\")", _like),
        (rf"{_COLUMN}\s+(?i:is)\s+(?P<not>(?i:not)\s+)?(?i:null|none|nan)\b", _null),
        (rf"{_COLUMN}\s*(?P<sign>[=!]=)\s*(?:null|NULL|nan|NaN|NONE|none|NA)\b", _null),
        (rf"{_COLUMN}\s+(?i:between)\s+(?P<low>\S+)\s+(?i:and)\s+(?P<high>\S+)", _between),
        (r"\b(?P<word>AND|OR|NOT(?:\s+IN)?|IN)\b", _lower),
        (r"===", _fixed("write == instead of === to compare")),
        (r"=>", _fixed("write >= instead of =>")),
        (r"=<", _fixed("write <= instead of =<")),
        (r"<>", _fixed("write != instead of <>")),
        (r"&&", _fixed("write and instead of &&")),
        (r"\|\|", _fixed("write or instead of ||")),
        (r"!(?!=)", _fixed("write not instead of !")),
        (r"(?<![=!<>])=(?![=<>])", _fixed("write == instead of = to compare")),
        (r"\b\d{4}-\d\d-\d\d\b", _fixed("write a date in quotes, such as '2016-01-31'")),
        (r"(?<!\.str)\.(?P<method>contains|startswith|endswith|fullmatch|lower|upper)_",
         lambda parts: f"write .str.{parts['method']}(…) instead of .{parts['method']}(…)"),
        (r"(?i:^\s*(?:select\b.*|where)\b)", _fixed("write the condition alone, such as opens > 100")),
    )
)  # fmt: skip
"""What is not valid in a query string, and what to write instead."""
