"""Write conditions as a pandas expression, and read an expression as conditions with pandas' own parser."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from keyword import iskeyword

import pandas as pd

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import QueryError
from dyno_frames.panels.builder.terms import NEGATIONS, Operator, Term, not_editable_reason, time_text
from dyno_frames.query.bind import bind_query
from dyno_frames.query.predicate import Attribute, Binary, Call, Column, Literal, Node, Unary
from dyno_frames.query.query import Query, Scope
from dyno_frames.query.render import render

_SIGNS = {
    Operator.IS: "==",
    Operator.IS_NOT: "!=",
    Operator.GREATER: ">",
    Operator.AT_LEAST: ">=",
    Operator.LESS: "<",
    Operator.AT_MOST: "<=",
}
_COMPARISONS = {
    "eq": Operator.IS,
    "ne": Operator.IS_NOT,
    "gt": Operator.GREATER,
    "ge": Operator.AT_LEAST,
    "lt": Operator.LESS,
    "le": Operator.AT_MOST,
}
_METHODS = {
    "isna": Operator.MISSING,
    "isnull": Operator.MISSING,
    "notna": Operator.PRESENT,
    "notnull": Operator.PRESENT,
}
_AFFIXES = {"startswith": Operator.STARTS_WITH, "endswith": Operator.ENDS_WITH}
_POSITIVE = {after: before for before, after in NEGATIONS.items()}
_NEGATIVE = NEGATIONS | {Operator.PRESENT: Operator.MISSING}
_SPECIAL = re.compile(r"[.^$*+?{}\[\]\\|()]")


class Join(StrEnum):
    """Whether all conditions must hold, or any."""

    ALL = "and"
    ANY = "or"


@dataclass(frozen=True, slots=True)
class Conditions:
    """An expression as conditions.

    Parameters
    ----------
    terms
        The conditions. An empty tuple means every row.
    join
        Whether all must hold, or any.
    """

    terms: tuple[Term, ...] = ()
    join: Join = Join.ALL


class NotEditableError(Exception):
    """pandas understands the expression, but it cannot be edited as conditions; the message says why."""


def to_text(conditions: Conditions) -> str:
    """Return conditions as a query string. An empty one matches every row.

    Examples
    --------
    >>> to_text(Conditions((Term("opens", Operator.GREATER, 100), Term("subject", Operator.MISSING))))
    'opens > 100 and subject.isna()'
    """
    return f" {conditions.join} ".join(_term_text(term) for term in conditions.terms)


def _term_text(term: Term) -> str:
    plain_name = term.column.isidentifier() and not iskeyword(term.column)
    column = term.column if plain_name else f"`{term.column}`"
    operator, value = term.operator, term.value
    negated = "not " if operator in _POSITIVE and operator is not Operator.IS_NOT else ""
    match _POSITIVE.get(operator, operator) if negated else operator:
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
        case Operator.STARTS_WITH | Operator.ENDS_WITH as found:
            method = "startswith" if found is Operator.STARTS_WITH else "endswith"
            return f"{column}.str.{method}({_literal(value)})"
        case _:
            return f"{column} {_SIGNS[operator]} {_literal(value)}"


def _literal(value: object) -> str:
    """Return a value as Python writes it.

    In an expression with a name in backticks, pandas takes a backslash before the closing quote for an escaped quote.
    """
    text = repr(value)
    return text[:-3] + r"\x5c" + text[-1] if isinstance(value, str) and value.endswith("\\") else text


@dataclass(frozen=True, slots=True)
class Language:
    """The columns of a resource, for reading expressions.

    Parameters
    ----------
    fields
        The columns by name.
    empty
        A frame with these columns and no rows.
    scope
        Where ``@names`` are looked up.
    """

    fields: Mapping[str, Field]
    empty: pd.DataFrame
    scope: Scope = field(default_factory=Scope)

    def bind(self, text: str) -> Query:
        """Return a text as a bound expression. An empty text matches every row.

        Raises
        ------
        QueryError
            pandas does not understand it.
        """
        return bind_query(text if text.strip() else None, self.empty, self.scope)

    def parse(self, text: str) -> Conditions:
        """Return a text as conditions.

        Raises
        ------
        NotEditableError
            It cannot be edited as conditions.
        QueryError
            pandas does not understand it.
        """
        bound = self.bind(text)
        if "@" in text:
            try:
                bind_query(text, self.empty, Scope())
            except QueryError as error:
                raise NotEditableError("it uses a variable") from error
        return self.to_conditions(bound)

    def to_conditions(self, bound: Query) -> Conditions:
        """Return a bound expression as conditions.

        Raises
        ------
        NotEditableError
            It cannot be edited as conditions.
        """
        if bound.everything:
            return Conditions()
        node = bound.node
        if node is None:
            raise NotEditableError(bound.untraceable)
        join, name = (
            (Join.ANY, "or_") if isinstance(node, Binary) and node.operator == "or_" else (Join.ALL, "and_")
        )
        return Conditions(tuple(self._term(part) for part in _parts(node, name)), join)

    def _term(self, node: Node) -> Term:
        term = _term(node, self.fields)
        field = self.fields.get(term.column)
        reason = f"there is no column {term.column!r}" if field is None else not_editable_reason(field, term)
        if reason:
            raise NotEditableError(f"{render(node)}: {reason}")
        return term


def _parts(node: Node, name: str) -> Sequence[Node]:
    if isinstance(node, Binary) and node.operator == name:
        return (*_parts(node.left, name), *_parts(node.right, name))
    return (node,)


def _term(node: Node, fields: Mapping[str, Field]) -> Term:
    match node:
        case Unary("invert", operand):
            return _inverted(node, _term(operand, fields), operand)
        case Binary(name, Column(column), Literal(value)) if name in _COMPARISONS:
            return Term(column, _COMPARISONS[name], _plain(value, node))
        case Column(column) if column in fields and fields[column].kind is Kind.FLAG:
            return Term(column, Operator.IS, value=True)
        case Call():
            return _called(node)
        case Binary("and_" | "or_" | "xor"):
            raise NotEditableError("conditions are joined either all by 'and' or all by 'or'")
        case Binary(_, Column(), Column()):
            raise NotEditableError(f"{render(node)} compares two columns")
        case _:
            raise NotEditableError(f"{render(node)} does not compare a column with a value")


def _inverted(node: Node, term: Term, operand: Node) -> Term:
    if isinstance(operand, Column) and term.value is True:
        return Term(term.column, term.operator, value=False)
    negated = _NEGATIVE.get(term.operator)
    if negated is None or isinstance(operand, Binary):
        raise NotEditableError(f"{render(node)}: no operator is the negation of this one")
    return Term(term.column, negated, term.value)


def _called(node: Call) -> Term:
    options: dict[str, object] = {
        name: value.value if isinstance(value, Literal) else value for name, value in node.keywords
    }
    match node:
        case Call(Attribute(Column(column), "isin"), (Literal([str(one)]),), ()):
            return Term(column, Operator.IS, one)
        case Call(Attribute(Column(column), "isin"), (Literal([*values]),), ()) if values:
            return Term(column, Operator.IN, tuple(_plain(value, node) for value in values))  # type: ignore[arg-type]  # checked by not_editable_reason
        case Call(Attribute(Column(column), method), (), ()) if method in _METHODS:
            return Term(column, _METHODS[method])
        case Call(Attribute(Attribute(Column(column), "str"), "contains"), (Literal(str(value)),), _):
            return Term(column, _searched(node, value, options), value)
        case Call(Attribute(Attribute(Column(column), "str"), method), (Literal(str(value)),), ()) if (
            method in _AFFIXES
        ):
            return Term(column, _AFFIXES[method], value)
        case _:
            raise NotEditableError(f"no operator stands for {render(node)}")


def _searched(node: Call, text: str, options: Mapping[str, object]) -> Operator:
    case, regex = options.get("case", True), options.get("regex")
    plain = regex is False or (regex is None and not _SPECIAL.search(text))
    if options.keys() <= {"case", "regex"} and isinstance(case, bool) and regex in {None, True, False}:
        if plain:
            return Operator.CONTAINS if case else Operator.CONTAINS_ANY_CASE
        if case:
            return Operator.MATCHES
    raise NotEditableError(f"no operator stands for {render(node)}")


def _plain(value: object, node: Node) -> str | int | float | bool:
    if isinstance(value, dt.datetime) and not pd.isna(value):
        stamp = pd.Timestamp(value)
        if stamp.tz is None or stamp != stamp.floor("s"):
            raise NotEditableError(f"{render(node)}: only times in UTC, to the second, can be edited")
        return time_text(stamp)
    if isinstance(value, str | int | float):
        return value
    raise NotEditableError(f"{render(node)}: a text box cannot hold {value!r:.60}")
