"""The query builder's terms as a pandas expression, and back: pandas' own parser reads what was typed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from keyword import iskeyword

import pandas as pd

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import QueryError
from dyno_frames.panels.builder_terms import NEGATIONS, Operator, Term, fits, time_text
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Literal, Node, Unary
from dyno_frames.query.question import Question, Scope, ask
from dyno_frames.query.render import render

_SIGNS = {
    Operator.IS: "==",
    Operator.IS_NOT: "!=",
    Operator.MORE: ">",
    Operator.LEAST: ">=",
    Operator.LESS: "<",
    Operator.MOST: "<=",
}
_COMPARED = {
    "eq": Operator.IS,
    "ne": Operator.IS_NOT,
    "gt": Operator.MORE,
    "ge": Operator.LEAST,
    "lt": Operator.LESS,
    "le": Operator.MOST,
}
_METHODS = {
    "isna": Operator.MISSING,
    "isnull": Operator.MISSING,
    "notna": Operator.THERE,
    "notnull": Operator.THERE,
}
_AFFIXES = {"startswith": Operator.STARTS, "endswith": Operator.ENDS}
_AFFIRMED = {after: before for before, after in NEGATIONS.items()}
_NOT = NEGATIONS | {Operator.THERE: Operator.MISSING}
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")


class Join(StrEnum):
    """How terms belong together."""

    ALL = "and"
    ANY = "or"


@dataclass(frozen=True, slots=True)
class Said:
    """An expression as the widgets hold it.

    Parameters
    ----------
    terms
        The conditions; none is every row.
    join
        Whether all must hold, or any.
    """

    terms: tuple[Term, ...] = ()
    join: Join = Join.ALL


class UnsaidError(Exception):
    """The widgets cannot say the expression, which pandas understands all the same; the message says why."""


def written(said: Said) -> str:
    """Return terms as a query string; an empty one is every row.

    Examples
    --------
    >>> written(Said((Term("opens", Operator.MORE, 100), Term("subject", Operator.MISSING))))
    'opens > 100 and subject.isna()'
    """
    return f" {said.join} ".join(_written(term) for term in said.terms)


def _written(term: Term) -> str:
    plain_name = term.column.isidentifier() and not iskeyword(term.column)
    column = term.column if plain_name else f"`{term.column}`"
    operator, value = term.operator, term.value
    negated = "not " if operator in _AFFIRMED and operator is not Operator.IS_NOT else ""
    match _AFFIRMED.get(operator, operator) if negated else operator:
        case Operator.MISSING:
            return f"{column}.{'notna' if negated else 'isna'}()"
        case Operator.IN:
            return f"{column} {negated}in [{', '.join(map(_literal, value))}]"  # type: ignore[arg-type]  # several values
        case Operator.CONTAINS | Operator.CONTAINS_ANY_CASE as found:
            case = ", case=False" if found is Operator.CONTAINS_ANY_CASE else ""
            plain = ", regex=False" if _SPECIAL.search(str(value)) else ""
            return f"{negated}{column}.str.contains({_literal(value)}{case}{plain})"
        case Operator.MATCHES:
            return f"{negated}{column}.str.contains({_literal(value)}, regex=True)"
        case Operator.STARTS | Operator.ENDS as found:
            method = "startswith" if found is Operator.STARTS else "endswith"
            return f"{column}.str.{method}({_literal(value)})"
        case _:
            return f"{column} {_SIGNS[operator]} {_literal(value)}"


def _literal(value: object) -> str:
    """Return a value as it is written; beside a name in backticks pandas takes a backslash for the quote's."""
    text = repr(value)
    return text[:-3] + r"\x5c" + text[-1] if isinstance(value, str) and value.endswith("\\") else text


@dataclass(frozen=True, slots=True)
class Language:
    """The columns of a resource, against which expressions are read.

    Parameters
    ----------
    fields
        The columns by name.
    empty
        Zero rows of them.
    scope
        Where ``@names`` are looked up.
    """

    fields: Mapping[str, Field]
    empty: pd.DataFrame
    scope: Scope = field(default_factory=Scope)

    def question(self, text: str) -> Question:
        """Return what a text asks; an empty one asks for every row.

        Raises
        ------
        QueryError
            pandas does not understand it.
        """
        return ask(text if text.strip() else None, self.empty, self.scope)

    def read(self, text: str) -> Said:
        """Return a text as the widgets would hold it.

        Raises
        ------
        UnsaidError
            They cannot.
        QueryError
            pandas does not understand it.
        """
        question = self.question(text)
        if "@" in text:
            try:
                ask(text, self.empty, Scope())
            except QueryError as error:
                raise UnsaidError("it uses a variable of yours") from error
        return self.held(question)

    def held(self, question: Question) -> Said:
        """Return a question as the widgets would hold it.

        Raises
        ------
        UnsaidError
            They cannot.
        """
        if question.everything:
            return Said()
        node = question.node
        if node is None:
            raise UnsaidError(question.untraceable)
        join, name = (
            (Join.ANY, "or_") if isinstance(node, Binary) and node.operator == "or_" else (Join.ALL, "and_")
        )
        return Said(tuple(self._term(part) for part in _parts(node, name)), join)

    def _term(self, node: Node) -> Term:
        term = _term(node, self.fields)
        owner = self.fields.get(term.column)
        why = f"{term.column!r} is no column" if owner is None else fits(owner, term)
        if why:
            raise UnsaidError(f"{render(node)}: {why}")
        return term


def _parts(node: Node, name: str) -> Sequence[Node]:
    if isinstance(node, Binary) and node.operator == name:
        return (*_parts(node.left, name), *_parts(node.right, name))
    return (node,)


def _term(node: Node, fields: Mapping[str, Field]) -> Term:
    match node:
        case Unary("invert", operand):
            return _inverted(node, _term(operand, fields), operand)
        case Binary(name, Column(column), Literal(value)) if name in _COMPARED:
            return Term(column, _COMPARED[name], _plain(value, node))
        case Column(column) if column in fields and fields[column].kind is Kind.FLAG:
            return Term(column, Operator.IS, value=True)
        case Call():
            return _called(node)
        case Binary("and_" | "or_" | "xor"):
            raise UnsaidError("the widgets join all conditions by 'and', or all by 'or'")
        case Binary(_, Column(), Column()):
            raise UnsaidError(f"{render(node)} compares two columns")
        case _:
            raise UnsaidError(f"{render(node)} is no column beside a value")


def _inverted(node: Node, term: Term, operand: Node) -> Term:
    if isinstance(operand, Column) and term.value is True:
        return Term(term.column, term.operator, value=False)
    turned = _NOT.get(term.operator)
    if turned is None or isinstance(operand, Binary):
        raise UnsaidError(f"{render(node)}: the widgets have no such 'not'")
    return Term(term.column, turned, term.value)


def _called(node: Call) -> Term:
    options: dict[str, object] = {
        name: value.value if isinstance(value, Literal) else value for name, value in node.keywords
    }
    match node:
        case Call(Attribute(Column(column), "isin"), (Literal([str(one)]),), ()):
            return Term(column, Operator.IS, one)
        case Call(Attribute(Column(column), "isin"), (Literal([*values]),), ()) if values:
            return Term(column, Operator.IN, tuple(_plain(value, node) for value in values))  # type: ignore[arg-type]  # checked by fits
        case Call(Attribute(Column(column), method), (), ()) if method in _METHODS:
            return Term(column, _METHODS[method])
        case Call(Attribute(Attribute(Column(column), "str"), "contains"), (Literal(str(value)),), _):
            return Term(column, _searched(node, value, options), value)
        case Call(Attribute(Attribute(Column(column), "str"), method), (Literal(str(value)),), ()) if (
            method in _AFFIXES
        ):
            return Term(column, _AFFIXES[method], value)
        case _:
            raise UnsaidError(f"the widgets have nothing like {render(node)}")


def _searched(node: Call, text: str, options: Mapping[str, object]) -> Operator:
    case, regex = options.get("case", True), options.get("regex")
    plain = regex is False or (regex is None and not _SPECIAL.search(text))
    if options.keys() <= {"case", "regex"} and isinstance(case, bool) and regex in {None, True, False}:
        if plain:
            return Operator.CONTAINS if case else Operator.CONTAINS_ANY_CASE
        if case:
            return Operator.MATCHES
    raise UnsaidError(f"the widgets have nothing like {render(node)}")


def _plain(value: object, node: Node) -> str | int | float | bool:
    if isinstance(value, pd.Timestamp):
        if value.tz is None or value != value.floor("s"):
            raise UnsaidError(f"{render(node)}: the widgets know times to the second, in UTC")
        return time_text(value)
    if isinstance(value, str | int | float):
        return value
    raise UnsaidError(f"{render(node)}: {value!r:.60} is no value for a box")
