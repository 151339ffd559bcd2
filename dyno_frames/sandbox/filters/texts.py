"""Compile the string operators to SQL: equality, ``in``, and the ``like`` family.

Every condition is NULL if the text is NULL, so the code that negates it decides what nulls mean.
"""

from __future__ import annotations

import json
from typing import Final, TypeAlias, assert_never

from dyno_frames.contract.filters import LIST_SEPARATOR, StringOperator
from dyno_frames.contract.profile import Collation, Dialect, Folding, Like, Profile, Regex
from dyno_frames.sandbox.filters import collation as collations
from dyno_frames.sandbox.filters.functions import CASE_KEY, EQUAL_KEY, LIKE, REGEX
from dyno_frames.sandbox.http.api_errors import field_error
from dyno_frames.sandbox.store.values import SqlValue

Condition: TypeAlias = tuple[str, tuple[SqlValue, ...]]
"""An SQL condition and its parameters."""

TRUE: Final[Condition] = ("1", ())
FALSE: Final[Condition] = ("0", ())

_MAX_PARAMETERS: Final = 100
"""How many values of ``in`` are separate parameters; more values are one JSON array."""

_LIKE = frozenset({StringOperator.LIKE, StringOperator.LIKE_IGNORE_CASE, StringOperator.LIKE_REGEX})


def text_condition(
    operator: StringOperator | None, text: str, literal: str, *, profile: Profile, name: str
) -> Condition:
    """Return the condition of an operator on the SQL of a text, without negation. The operator None is equality."""
    collation = profile.collation or Collation.CODEPOINT
    if operator in _LIKE and profile.like_trims:
        literal = literal.strip(" ")
    match operator:
        case None if profile.bare_contains:
            keyed = text if collation is Collation.CODEPOINT else f"{EQUAL_KEY}({text})"
            return f"(instr({keyed}, ?) > 0)", (collations.collation_key(collation)(literal),)
        case None:
            return _equals_any(text, [literal], collation=collation, profile=profile)
        case StringOperator.IN:
            values = literal.split(LIST_SEPARATOR)[: 1 if profile.in_reads_all is False else None]
            trimmed = [value.strip(" ") for value in values] if profile.in_trims else values
            return _equals_any(text, trimmed, collation=collation, profile=profile)
        case StringOperator.LIKE:
            keyed = text if collation is Collation.CODEPOINT else f"{EQUAL_KEY}({text})"
            return _like(keyed, literal, key=collations.collation_key(collation), profile=profile)
        case StringOperator.LIKE_IGNORE_CASE:
            key = collations.case_key(profile.like_folding or Folding.UNICODE)
            return _like(f"{CASE_KEY}({text})", literal, key=key, profile=profile)
        case StringOperator.LIKE_REGEX:
            return _regex(text, literal, profile=profile, name=name)
        case _:
            raise AssertionError(f"{operator} is a negated operator")


def _equals_any(text: str, values: list[str], *, collation: Collation, profile: Profile) -> Condition:
    key = collations.collation_key(collation)
    keyed = text if collation is Collation.CODEPOINT else f"{EQUAL_KEY}({text})"
    keys = [key(value) for value in values]
    if profile.pads_blanks:
        keyed = f"rtrim({keyed}, ' ')"
        keys = [each.rstrip(" ") for each in keys]
    keys = list(dict.fromkeys(keys))
    if len(keys) == 1:
        return f"({keyed} = ?)", (keys[0],)
    if len(keys) <= _MAX_PARAMETERS:
        return f"({keyed} IN ({', '.join('?' * len(keys))}))", tuple(keys)
    # SQLite limits the number of parameters. Its JSON functions end a text at U+0000.
    with_nul = tuple(each for each in keys if "\0" in each)
    array = json.dumps([each for each in keys if "\0" not in each], ensure_ascii=False)
    if len(with_nul) > _MAX_PARAMETERS:
        raise field_error(
            StringOperator.IN, f"{len(with_nul)} values contain U+0000; the limit is {_MAX_PARAMETERS}"
        )
    rest = f" OR {keyed} IN ({', '.join('?' * len(with_nul))})" if with_nul else ""
    return f"({keyed} IN (SELECT value FROM json_each(?)){rest})", (array, *with_nul)


def _like(keyed: str, literal: str, *, key: collations.TextKey, profile: Profile) -> Condition:
    match profile.like:
        case Like.SUBSTRING | None:
            return f"(instr({keyed}, ?) > 0)", (key(literal),)
        case Like.SQL | Like.SQL_ESCAPED:
            escaped = profile.like is Like.SQL_ESCAPED
            return f"{LIKE}(?, {keyed})", (collations.like_pattern(literal, escaped=escaped, key=key),)
        case _:
            assert_never(profile.like)


def _regex(text: str, literal: str, *, profile: Profile, name: str) -> Condition:
    try:
        collations.regex_matcher(literal, profile.dialect or Dialect.RE2, profile.regex or Regex.SEARCH)
    except ValueError as error:
        raise field_error(name, f"like_regex is {error}") from error
    return f"{REGEX}(?, {text})", (literal,)
