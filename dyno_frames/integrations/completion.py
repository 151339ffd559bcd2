"""Complete the names of columns inside query strings, in IPython and Jupyter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from dyno_frames.contract.computed import COMPUTED
from dyno_frames.contract.resources import CAMPAIGNS, RESOURCES
from dyno_frames.errors import DynoError
from dyno_frames.frames.provenance import origin_of

_VERBS = frozenset({"query", "find", "count", "explain", "scan", "builder"})
_QUOTES = ('"""', "'''", '"', "'")
_FROM = re.compile(r"--from[= ](\w+)")


def matcher_for(names: Mapping[str, Any]) -> Any:
    """Return a matcher for IPython's completer.

    Parameters
    ----------
    names
        The variables of the notebook, as they are when the matcher is called.
    """

    @context_matcher()  # type: ignore[untyped-decorator]  # IPython ships no types that hold
    def dyno_column_matcher(context: CompletionContext) -> SimpleMatcherResult:
        lines = context.full_text.split("\n")[: context.cursor_line + 1]
        lines[-1] = lines[-1][: context.cursor_position]
        fragment, found = columns_at("\n".join(lines), names)
        completions = [SimpleCompletion(text=name, type="column") for name in found]
        result: SimpleMatcherResult = {"completions": completions}
        if completions:
            result |= {"matched_fragment": fragment, "suppress": True}
        return result

    return dyno_column_matcher


def columns_at(text: str, names: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the beginning of a name at the end of a text, and the columns that it can become.

    Parameters
    ----------
    text
        The code up to the cursor.
    names
        The variables of the notebook.

    Examples
    --------
    >>> columns_at("client.campaigns.find('opens > 3 and cli", {})
    ('cli', ['clicks', 'click_rate', 'click_to_open_rate'])
    """
    found = _cell_query(text) or _string_query(text, names)
    if found is None:
        return "", []
    query, columns = found
    fragment = _name_at_the_end(query)
    if _open_string(query) is not None or query[: len(query) - len(fragment)].endswith((".", "@")):
        return "", []
    return fragment, [column for column in columns if column.startswith(fragment)]


def _cell_query(text: str) -> tuple[str, list[str]] | None:
    """Return the query of a cell that begins with ``%%dyno``, and the columns of its resource."""
    line, found, query = text.partition("\n")
    if not found or line.split()[:1] != ["%%dyno"]:
        return None
    resource = _FROM.search(line)
    return query, _columns_of(resource[1] if resource else CAMPAIGNS.name)


def _string_query(text: str, names: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """Return the query in the string that ends with the text, if it is the argument of a query, and its columns."""
    opened = _open_string(text)
    if opened is None:
        return None
    start, quote = opened
    before = text[:start].rstrip("rRbBuU").rstrip()
    parts = _name_at_the_end(before[:-1].rstrip(), more=".").split(".") if before.endswith("(") else []
    if len(parts) < 2 or parts[-1] not in _VERBS:
        return None
    owner, query = parts[-2], text[start + len(quote) :]
    if owner in RESOURCES:
        return query, _columns_of(owner)
    return (query, _columns_of_frame(names.get(parts[0]))) if owner == "dyno" else None


def _open_string(code: str) -> tuple[int, str] | None:
    """Return where the string begins that the end of the code is in, and its quotes."""
    opened: tuple[int, str] | None = None
    position = 0
    while position < len(code):
        if opened is None:
            quote = next((one for one in _QUOTES if code.startswith(one, position)), "")
            if quote:
                opened = position, quote
            elif code[position] == "#":
                position = len(code) if (end := code.find("\n", position)) < 0 else end
        else:
            quote = opened[1]
            if code[position] == "\\":
                position += 1
            elif code.startswith(quote, position):
                opened = None
            else:
                quote = ""
        position += len(quote) or 1
    return opened


def _name_at_the_end(text: str, *, more: str = "") -> str:
    """Return the letters, digits and underscores that a text ends with, and further characters."""
    start = len(text)
    while start and (text[start - 1].isalnum() or text[start - 1] in f"_{more}"):
        start -= 1
    return text[start:]


def _columns_of(resource: str) -> list[str]:
    if resource not in RESOURCES:
        return []
    fields = RESOURCES[resource].names
    return [*fields, *(column.name for column in COMPUTED if set(fields).issuperset(column.reads))]


def _columns_of_frame(frame: object) -> list[str]:
    """Return the columns of a frame and those that its query can name; those of campaigns for other objects."""
    if not isinstance(frame, pd.DataFrame):
        return _columns_of(CAMPAIGNS.name)
    try:
        known = _columns_of(origin_of(frame).resource)
    except DynoError:
        known = []
    return list(dict.fromkeys([*known, *map(str, frame.columns)]))
