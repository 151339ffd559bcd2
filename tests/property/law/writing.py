"""A question as a small tree, and its text in each of the three forms that pandas reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

FORMS = ("query", "column", "callable")

Tree = tuple[Any, ...]
"""A word and its parts: see :class:`Writer`."""

_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**"}


@dataclass(frozen=True, slots=True)
class Once:
    """Values that can be read only once: each evaluation gets its own."""

    values: list[Any]


@dataclass(slots=True)
class Writer:
    """Writes a tree as source text; values that have none get a name.

    Parameters
    ----------
    form
        Which of :data:`FORMS`.
    names
        The values by their names.
    """

    form: str
    names: dict[str, Any] = field(default_factory=dict)

    def write(self, tree: Tree) -> str:
        """Return the source text of a tree."""
        return getattr(self, f"_{tree[0]}")(*tree[1:])

    def _col(self, name: str) -> str:
        if self.form == "query":
            return name if name.isidentifier() else f"`{name}`"
        return f"c[{name!r}]"

    def _val(self, value: Any, *, plain: bool = True) -> str:
        inline = isinstance(value, bool | int | str) or (isinstance(value, float) and abs(value) < 1e16)
        if plain and inline and (self.form != "query" or _fits_a_query(value)):
            return repr(value) if not (isinstance(value, float | int) and value < 0) else f"({value!r})"
        name = f"v{len(self.names)}"
        self.names[name] = value
        return f"@{name}" if self.form == "query" else name

    def _time(self, value: Any) -> str:
        return self._val(value)

    def _listed(self, values: list[Any], brackets: str) -> str:
        inside = ", ".join(map(self._val, values))
        comma = "," if brackets == "()" and len(values) == 1 else ""
        return f"{brackets[0]}{inside}{comma}{brackets[1]}"

    def _compare(self, operator: str, left: Tree, right: Tree) -> str:
        return f"({self.write(left)} {_SIGNS[operator]} {self.write(right)})"

    def _chain(self, first: Tree, one: str, middle: Tree, two: str, last: Tree) -> str:
        parts = (self.write(first), _SIGNS[one], self.write(middle), _SIGNS[two], self.write(last))
        return f"({' '.join(parts)})"

    def _arithmetic(self, operator: str, left: Tree, right: Tree) -> str:
        return f"({self.write(left)} {_ARITHMETIC[operator]} {self.write(right)})"

    def _and(self, left: Tree, right: Tree, word: bool) -> str:  # noqa: FBT001 - a part of the tree
        return self._joined("and" if word else "&", left, right)

    def _or(self, left: Tree, right: Tree, word: bool) -> str:  # noqa: FBT001 - a part of the tree
        return self._joined("or" if word else "|", left, right)

    def _xor(self, left: Tree, right: Tree) -> str:
        return self._joined("^", left, right)

    def _joined(self, sign: str, left: Tree, right: Tree) -> str:
        return f"({self.write(left)} {sign} {self.write(right)})"

    def _not(self, tree: Tree, word: bool) -> str:  # noqa: FBT001 - a part of the tree
        return f"(not {self.write(tree)})" if word and self.form == "query" else f"(~{self.write(tree)})"

    def _within(self, tree: Tree, values: Tree, negated: bool) -> str:  # noqa: FBT001 - a part of the tree
        return f"({self.write(tree)} {'not in' if negated else 'in'} {self.write(values)})"

    def _method(self, owner: Tree, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:
        parts = [self.write(part) for part in arguments]
        parts += [f"{key}={self.write(part)}" for key, part in keywords.items()]
        return f"{self.write(owner)}.{name}({', '.join(parts)})"

    def _attribute(self, owner: Tree, name: str) -> str:
        return f"{self.write(owner)}.{name}"

    def _slice(self, owner: Tree, start: Any, stop: Any) -> str:
        bounds = ":".join("" if bound is None else str(bound) for bound in (start, stop))
        return f"{self.write(owner)}.str[{bounds}]"

    def _negative(self, owner: Tree) -> str:
        return f"(-{self.write(owner)})"

    def _abs(self, owner: Tree) -> str:
        return f"abs({self.write(owner)})"

    def _source(self, texts: dict[str, str]) -> str:
        return texts[self.form]


def _fits_a_query(value: Any) -> bool:
    return not isinstance(value, str) or not any(mark in value for mark in "`@\x00")


def below(tree: Any) -> Iterator[Tree]:
    """Iterate over a tree and all trees in it."""
    if isinstance(tree, tuple) and tree and isinstance(tree[0], str):
        yield tree
    if isinstance(tree, tuple | list):
        for part in tree:
            yield from below(part)
    elif isinstance(tree, dict):
        for part in tree.values():
            yield from below(part)


def replaced(tree: Any, swaps: dict[int, Any]) -> Any:
    """Return the tree with some of its trees, named by identity, replaced."""
    if id(tree) in swaps:
        return swaps[id(tree)]
    if isinstance(tree, tuple):
        return tuple(replaced(part, swaps) for part in tree)
    if isinstance(tree, dict):
        return {key: replaced(part, swaps) for key, part in tree.items()}
    return tree


class _Columns:
    def __getitem__(self, name: str) -> Any:
        return pd.col(name)


@dataclass(slots=True)
class Asked:
    """A question in one form: its text, and what its names stand for.

    Parameters
    ----------
    form, text
        The form, and the source text.
    names
        What its names stand for.
    """

    form: str
    text: str
    names: dict[str, Any]

    @classmethod
    def of(cls, tree: Tree, form: str) -> Asked:
        """Return the question that a tree asks in a form."""
        writer = Writer(form)
        return cls(form, writer.write(tree), writer.names)

    def bound(self) -> dict[str, Any]:
        """Return the names for one evaluation."""
        return {
            key: iter(value.values) if isinstance(value, Once) else value for key, value in self.names.items()
        }

    def expression(self) -> Any:
        """Return what a caller would write."""
        if self.form == "query":
            return self.text
        names = {"pd": pd, "__builtins__": {"abs": abs, "len": len}} | self.bound()
        if self.form == "column":
            return eval(self.text, names | {"c": _Columns()})  # noqa: S307 - source text written above
        return eval(f"lambda c: {self.text}", names)  # noqa: S307 - as above

    def on(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return pandas' own answer."""
        if self.form == "query":
            return frame.query(self.text, engine="python", local_dict=self.bound(), global_dict={})
        return frame[self.expression()]

    def __str__(self) -> str:
        where = "".join(f"\n    {key} = {value!r}" for key, value in self.names.items())
        return f"{self.form}: {self.text}{where}"
