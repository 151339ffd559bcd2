"""Two-sided bounds: the smallest region known to contain every row for which a tree, or its negation, is true.

A negation is pushed down to the leaves, which is sound under pandas' three-valued logic. A leaf is negated by the
complement of its values; for null, pandas evaluates the leaf on a null of that dtype. So ``~(x > 5)`` keeps the nulls
that ``x <= 5`` drops.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce
from typing import Any

from dyno_frames.contract.fields import Field, Wire
from dyno_frames.query.boxes import NOTHING, Box, Region
from dyno_frames.query.domain import LeafValues, Numbers, Texts
from dyno_frames.query.number_leaves import number_leaf
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Literal, Node, Unary, columns
from dyno_frames.query.render import render
from dyno_frames.query.replay import on_null
from dyno_frames.query.text_leaves import text_leaf


class Bounds:
    """The region of each part of one tree.

    Parameters
    ----------
    fields
        The fields by name.
    dtypes
        The dtype of each column in the frame.
    """

    __slots__ = ("_dtypes", "_fields")

    def __init__(self, fields: Mapping[str, Field], dtypes: Mapping[str, Any]) -> None:
        self._fields = fields
        self._dtypes = dtypes

    def region(self, node: Node, *, negated: bool = False) -> Region:
        """Return the smallest known region in which the tree, or its negation, is true."""
        match node:
            case Unary("invert", operand):
                return self.region(operand, negated=not negated)
            case Binary("and_" | "or_" as name, left, right):
                sides = self.region(left, negated=negated), self.region(right, negated=negated)
                return (
                    sides[0].intersect(sides[1])
                    if (name == "and_") is not negated
                    else sides[0].union(sides[1])
                )
            case Binary("xor", left, right):
                return self._either(left, right, negated=negated)
            case Call(
                Attribute(_, "startswith" | "endswith") as test, (Literal(tuple(texts)), *rest), named
            ) if texts:
                arms: list[Node] = [Call(test, (Literal(text), *rest), named) for text in texts]
                return self.region(reduce(partial(Binary, "or_"), arms), negated=negated)
            case Literal(bool(value)):
                return Region() if value is not negated else NOTHING
            case _:
                return self._leaf(node, negated=negated)

    def _either(self, left: Node, right: Node, *, negated: bool) -> Region:
        first = self.region(left).intersect(self.region(right, negated=not negated))
        second = self.region(left, negated=True).intersect(self.region(right, negated=negated))
        return first.union(second)

    def _leaf(self, node: Node, *, negated: bool) -> Region:
        names = columns(node)
        if len(names) != 1:
            return Region.wider(f"{render(node)} {'compares columns' if names else 'reads no column'}")
        (name,) = names
        field = self._fields.get(name)
        if field is None:
            return Region.wider(f"{name} is not a field of the resource")
        found = self._values(node, field)
        if found is None:
            return Region.wider(f"{render(node)} has no operator in the API's filters")
        return self._limited(node, field, found, negated=negated)

    def _values(self, node: Node, field: Field) -> LeafValues | None:
        match field.wire:
            case Wire.NUMBER:
                return number_leaf(node, field)
            case Wire.STRING:
                return text_leaf(node, field)
            case _:
                return None

    def _limited(self, node: Node, field: Field, found: LeafValues, *, negated: bool) -> Region:
        domain, exact = found
        if negated and not exact:
            return Region.wider(f"the negation of {render(node)} cannot be bounded")
        null = False
        if field.nullable:
            answer = _null_answer(node, field.name, self._dtypes[field.name])
            if answer is None:
                return Region.wider(f"pandas has no answer to {render(node)} for a null")
            null = answer is (not negated)
        reasons = () if exact else (f"{render(node)}: the server can match only a part of the pattern",)
        boxes = [Box.of({field.name: side}) for side in _sides(domain, null=null, negated=negated)]
        return Region(tuple(box for box in boxes if not box.empty), exact, reasons)


_null_answers: dict[tuple[Any, ...], Any] = {}


def _null_answer(node: Node, name: str, dtype: Any) -> Any:
    """Return pandas' result for a null, cached for each kind of comparison and dtype.

    An error is not cached, because it may come from a temporary setting, such as warnings that raise.
    """
    kind = _comparison(node)
    key = None if kind is None else (*kind, dtype)
    found = None if key is None else _null_answers.get(key)
    if found is None:
        found = on_null(node, {name: dtype})
        if key is not None and found is not None:
            _null_answers[key] = found
    return found


def _comparison(node: Node) -> tuple[Any, ...] | None:
    """Return the kind of a comparison whose result for a null does not depend on its value; None for others."""
    match node:
        case Binary(operator, Column(), Literal(value)) if type(value) in _PLAIN:
            return operator, "value", type(value)
        case Binary(operator, Literal(value), Column()) if type(value) in _PLAIN:
            return operator, "column", type(value)
        case Call(Attribute(Column(), "isin"), (Literal([*values]),), ()) if values:
            kinds = frozenset(map(type, values))
            return ("isin", kinds) if len(kinds) == 1 and kinds <= {str, int} else None
        case _:
            return None


_PLAIN = frozenset({str, int, bool})


def _sides(domain: Numbers | Texts, *, null: bool, negated: bool) -> list[Numbers | Texts]:
    if isinstance(domain, Numbers):
        if negated:
            return [domain.complement(null=null)]
        return [Numbers(domain.intervals, null, domain.whole)]
    if not negated:
        return [Texts(domain.include, domain.exclude, domain.patterns, null)]
    return _texts_outside(domain, null=null)


def _texts_outside(domain: Texts, *, null: bool) -> list[Numbers | Texts]:
    """Return the texts that a leaf does not accept. A leaf is either a set or a test."""
    if domain.patterns:
        (pattern,) = domain.patterns
        flipped = type(pattern)(pattern.kind, pattern.text, not pattern.negated)
        return [Texts(patterns=frozenset({flipped}), null=null)]
    if domain.include is not None:
        return [Texts(exclude=domain.include, null=null)]
    return [Texts(include=domain.exclude, null=null)]
