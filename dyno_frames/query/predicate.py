"""The expression tree: frozen nodes, and the columns that they read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
"""Each comparison with its sides exchanged."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the frame."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant in the expression, compared by identity because it may not be hashable."""

    value: Any


@dataclass(frozen=True, slots=True)
class Unary:
    """An operator on one operand: ``invert``, ``neg``, ``pos``, ``abs``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands, by its name in :mod:`operator`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: ``.str``, ``.dt``, or a method before it is called."""

    owner: Node
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an attribute."""

    function: Node
    arguments: tuple[Node, ...] = ()
    keywords: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """``owner[key]``, such as a slice of strings."""

    owner: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Ufunc:
    """A NumPy universal function."""

    name: str
    arguments: tuple[Node, ...]


Node: TypeAlias = Column | Literal | Unary | Binary | Attribute | Call | Item | Ufunc
"""Any node."""


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below."""
    match node:
        case Column() | Literal():
            return ()
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Attribute():
            return (node.owner,)
        case Item():
            return (node.owner, node.key)
        case Ufunc():
            return node.arguments
        case Call():
            return (node.function, *node.arguments, *(value for _, value in node.keywords))


def walk(node: Node) -> Iterator[Node]:
    """Iterate over a node and its descendants."""
    yield node
    for child in children(node):
        yield from walk(child)


def columns(node: Node) -> frozenset[str]:
    """Return the names of the columns that the tree reads."""
    return frozenset(found.name for found in walk(node) if isinstance(found, Column))


def conjuncts(node: Node) -> tuple[Node, ...]:
    """Return the conjuncts."""
    if isinstance(node, Binary) and node.operator == "and_":
        return (*conjuncts(node.left), *conjuncts(node.right))
    return (node,)
