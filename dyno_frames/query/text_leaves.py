"""Convert leaves over text columns to the sets of texts for which they are true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dyno_frames.contract.fields import Field, Wire
from dyno_frames.query import regex
from dyno_frames.query.domain import LeafValues, Pattern, Texts
from dyno_frames.query.literals import is_null, listed
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Literal, Node


def text_leaf(node: Node, field: Field) -> LeafValues | None:
    """Return the texts for which a leaf over a string column is true, or None if unknown."""
    if field.wire is not Wire.STRING:
        return None
    if text := _lowered(node):
        return _folded("contains", text, is_regex=False)
    match node:
        case Binary("eq", Column(), Literal(value)) | Binary("eq", Literal(value), Column()):
            return (Texts(frozenset({value})), True) if isinstance(value, str) else None
        case Binary("ne", Column(), Literal(value)) | Binary("ne", Literal(value), Column()):
            return (Texts(exclude=frozenset({value})), True) if isinstance(value, str) else None
        case Call(Attribute(Column(), "isin"), (Literal(values),), ()):
            return _texts(values)
        case Call(Attribute(Column(), "notna" | "notnull"), (), ()):
            return Texts(), True
        case Call(Attribute(Column(), "isna" | "isnull"), (), ()):
            return Texts(frozenset()), True
        case Call(Attribute(Attribute(Column(), "str"), method), (Literal(), *_) as arguments, keywords):
            return _tested(method, arguments, dict(keywords))
        case Call(Attribute(Attribute(Column(), "str"), method), (), keywords) if "pat" in dict(keywords):
            named = dict(keywords)
            return _tested(method, (named.pop("pat"),), named)
        case _:
            return None


def _lowered(node: Node) -> str | None:
    # Not upper: it maps one letter to two, such as ß to SS, which case folding does not reverse.
    match node:
        case (
            Binary("eq", Call(Attribute(Attribute(Column(), "str"), "lower"), (), ()), Literal(str(text)))
            | Binary("eq", Literal(str(text)), Call(Attribute(Attribute(Column(), "str"), "lower"), (), ()))
            | Call(
                Attribute(Call(Attribute(Attribute(Column(), "str"), "lower"), (), ()), "isin"),
                (Literal([str(text)]),),
                (),
            )
        ):
            return text
        case _:
            return None


def _texts(values: Any) -> LeafValues | None:
    in_numpy = isinstance(values, np.ndarray)
    values = listed(values)
    if not isinstance(values, Sequence) or isinstance(values, str):
        return None
    if in_numpy and any(isinstance(value, str) and "\0" in value for value in values):
        return None  # Arrow truncates a NumPy text at this character
    if not all(isinstance(value, str) or is_null(value) for value in values):
        return None
    return Texts(frozenset(value for value in values if isinstance(value, str))), True


_PARAMETERS = {
    "contains": ("pat", "case", "flags", "na", "regex"),
    "match": ("pat", "case", "flags", "na"),
    "fullmatch": ("pat", "case", "flags", "na"),
    "startswith": ("pat", "na"),
    "endswith": ("pat", "na"),
}


def _tested(method: str, arguments: tuple[Node, ...], keywords: dict[str, Node]) -> LeafValues | None:
    names = _PARAMETERS.get(method)
    if names is None or len(arguments) > len(names):
        return None
    given = dict(zip(names, arguments, strict=False)) | keywords
    values = {name: node.value for name, node in given.items() if isinstance(node, Literal)}
    if len(values) != len(given):
        return None
    pattern = values["pat"]
    if method in {"startswith", "endswith"}:
        return _edged(method, pattern)
    if not isinstance(pattern, str) or values.get("flags", 0):
        return None
    if not values.get("case", True):
        return _folded(method, pattern, is_regex=bool(values.get("regex", True)))
    if method == "contains" and not values.get("regex", True):
        return _pattern("contains", pattern)
    return _searched(method, pattern)


def _pattern(kind: str, text: str, *, exact: bool = True) -> LeafValues:
    return (Texts(patterns=frozenset({Pattern(kind, text)})) if text else Texts()), exact


def _edged(kind: str, pattern: Any) -> LeafValues | None:
    return _pattern(kind, pattern) if isinstance(pattern, str) else None


def _searched(method: str, pattern: str) -> LeafValues:
    known = regex.facts(pattern)
    if known.literal is not None:
        kind = {"contains": "contains", "match": "startswith", "fullmatch": "equal"}[method]
        if kind == "equal":
            return Texts(frozenset({known.literal})), True
        return _pattern(kind, known.literal)
    if known.portable and method == "contains":
        return _pattern("regex", pattern)
    if known.portable and method == "match":
        return _pattern("regex", f"^(?:{pattern})")
    return _pattern("contains", known.required, exact=False)


def _folded(method: str, pattern: str, *, is_regex: bool) -> LeafValues | None:
    literal = regex.facts(pattern).literal if is_regex else pattern
    if not literal or method == "match":
        return None
    return _pattern("contains_ignore_case", literal, exact=False)
