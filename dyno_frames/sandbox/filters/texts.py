"""The conditions on text: equality, ``in``, and the ``like`` family, each as one SQL expression.

Every expression is null where the text is null, so that whoever negates it decides what nulls mean.
"""

from __future__ import annotations

import json
from typing import TypeAlias, assert_never

from dyno_frames.contract.filters import LIST_SEPARATOR, StringOperator
from dyno_frames.contract.profile import Collation, Dialect, Folding, Like, Profile, Regex
from dyno_frames.sandbox.filters import collation as folding
from dyno_frames.sandbox.filters.functions import CASE_KEY, EQUAL_KEY, LIKE, REGEX
from dyno_frames.sandbox.http.api_errors import field_error
from dyno_frames.sandbox.store.values import Stored

Condition: TypeAlias = tuple[str, tuple[Stored, ...]]

YES: Condition = ("1", ())
NO: Condition = ("0", ())

_BOUND_ONE_BY_ONE = 100
_LIKE = frozenset({StringOperator.LIKE, StringOperator.LIKE_IGNORE_CASE, StringOperator.LIKE_REGEX})


def text_condition(
    operator: StringOperator | None, text: str, literal: str, *, profile: Profile, name: str
) -> Condition:
    """Return the condition of one operator that is not negated; None is equality.

    Parameters
    ----------
    operator
        Which.
    text
        The SQL of the text that is tested.
    literal
        What it is tested against.
    profile
        What the operator means.
    name
        The field, for the reason of a refusal.
    """
    collation = profile.collation or Collation.CODEPOINT
    if operator in _LIKE and profile.like_trims:
        literal = literal.strip(" ")
    match operator:
        case None if profile.bare_contains:
            keyed = text if collation is Collation.CODEPOINT else f"{EQUAL_KEY}({text})"
            return f"(instr({keyed}, ?) > 0)", (folding.of_collation(collation)(literal),)
        case None:
            return _among(text, [literal], collation=collation, profile=profile)
        case StringOperator.IN:
            values = literal.split(LIST_SEPARATOR)[: 1 if profile.in_reads_all is False else None]
            trimmed = [value.strip(" ") for value in values] if profile.in_trims else values
            return _among(text, trimmed, collation=collation, profile=profile)
        case StringOperator.LIKE:
            keyed = text if collation is Collation.CODEPOINT else f"{EQUAL_KEY}({text})"
            return _like(keyed, literal, fold=folding.of_collation(collation), profile=profile)
        case StringOperator.LIKE_IGNORE_CASE:
            fold = folding.of_folding(profile.like_folding or Folding.UNICODE)
            return _like(f"{CASE_KEY}({text})", literal, fold=fold, profile=profile)
        case StringOperator.LIKE_REGEX:
            return _regex(text, literal, profile=profile, name=name)
        case _:
            raise AssertionError(f"{operator} is negated")


def _among(text: str, values: list[str], *, collation: Collation, profile: Profile) -> Condition:
    fold = folding.of_collation(collation)
    keyed = text if collation is Collation.CODEPOINT else f"{EQUAL_KEY}({text})"
    keys = [fold(value) for value in values]
    if profile.pads_blanks:
        keyed = f"rtrim({keyed}, ' ')"
        keys = [key.rstrip(" ") for key in keys]
    keys = list(dict.fromkeys(keys))
    if len(keys) == 1:
        return f"({keyed} = ?)", (keys[0],)
    if len(keys) <= _BOUND_ONE_BY_ONE:
        return f"({keyed} IN ({', '.join('?' * len(keys))}))", tuple(keys)
    # SQLite bounds the number of parameters; its JSON functions end a text at U+0000
    odd = tuple(key for key in keys if "\0" in key)
    many = json.dumps([key for key in keys if "\0" not in key], ensure_ascii=False)
    if len(odd) > _BOUND_ONE_BY_ONE:
        raise field_error(
            StringOperator.IN, f"{len(odd)} values hold U+0000; at most {_BOUND_ONE_BY_ONE} may"
        )
    also = f" OR {keyed} IN ({', '.join('?' * len(odd))})" if odd else ""
    return f"({keyed} IN (SELECT value FROM json_each(?)){also})", (many, *odd)  # noqa: S608 - SQL from constants


def _like(keyed: str, literal: str, *, fold: folding.Fold, profile: Profile) -> Condition:
    match profile.like:
        case Like.SUBSTRING | None:
            return f"(instr({keyed}, ?) > 0)", (fold(literal),)
        case Like.SQL | Like.SQL_ESCAPED:
            escaped = profile.like is Like.SQL_ESCAPED
            return f"{LIKE}(?, {keyed})", (folding.like_pattern(literal, escaped=escaped, fold=fold),)
        case _:
            assert_never(profile.like)


def _regex(text: str, literal: str, *, profile: Profile, name: str) -> Condition:
    try:
        folding.matcher(literal, profile.dialect or Dialect.RE2, profile.regex or Regex.SEARCH)
    except ValueError as error:
        raise field_error(name, f"like_regex is {error}") from error
    return f"{REGEX}(?, {text})", (literal,)
