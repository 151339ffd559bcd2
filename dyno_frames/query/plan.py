"""What will be asked for a question, fixed before the first request and fit to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from itertools import combinations
from typing import Any

from dyno_frames.contract.fields import Field, Wire
from dyno_frames.contract.filters import ASCENDING, DESCENDING, Key
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CREATED, KEY
from dyno_frames.contract.time_units import in_wire_units
from dyno_frames.query.bounds import Bounds
from dyno_frames.query.boxes import Box, Region
from dyno_frames.query.locality import not_local
from dyno_frames.query.predicate import Node, columns, conjuncts
from dyno_frames.query.pushdown import Pushed, apart, push_down
from dyno_frames.query.question import Question
from dyno_frames.query.render import render
from dyno_frames.query.text_filters import Condition

MOST_APART = 8
"""Alternatives that are asked for one by one; more are asked for as one wider request."""


MOST_TERMS = 16
"""Counts for one number of rows; of more, the rows are fetched."""


class Verdict(StrEnum):
    """What became of a conjunct."""

    EXACT = "pushed exactly"
    WIDER = "pushed wider"
    LOCAL = "kept local"


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One part that must hold, and what became of it.

    Parameters
    ----------
    text
        The part, as written.
    verdict
        What became of it.
    reason
        Why it was not pushed exactly; empty where it was.
    """

    text: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is made against.

    Parameters
    ----------
    resource
        The resource's name.
    fields
        Its fields by name, as this server is known to send them.
    dtypes
        The dtype of each column in a frame.
    profile
        What this server's filters mean.
    unseen
        Fields that no row of this server was seen to have.
    page_size
        Rows asked for at a time.
    """

    resource: str
    fields: Mapping[str, Field]
    dtypes: Mapping[str, Any]
    profile: Profile
    unseen: frozenset[str] = frozenset()
    page_size: int = 1000


@dataclass(frozen=True, slots=True)
class Shape:
    """What is wanted besides the rows' condition.

    Parameters
    ----------
    columns
        The columns of the answer, in order; None is all.
    order_by, ascending
        The order; none is by ``created``. Ties go by ``id``.
    limit, offset
        How many rows, after how many.
    """

    columns: tuple[str, ...] | None = None
    order_by: tuple[str, ...] = ()
    ascending: tuple[bool, ...] = ()
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent for a question and what is done with the answer.

    Parameters
    ----------
    resource
        The resource's name.
    expression
        The question, as written.
    filters
        The conditions of each request, without paging. Several are merged by id; none at all means that no row
        can match and nothing is sent.
    fields
        The fields that are asked for; None is all.
    exact
        Whether the rows of the filters are the answer, so that nothing is evaluated here.
    terms
        Filters whose counts, each with its sign, add up to the number of rows; None where rows must be fetched.
    disjoint
        Whether no row can answer two of the filters.
    wider
        One filter around several that overlap, sent in their place if their counts add up to more; or None.
    row_local
        Whether the residual may be evaluated page by page.
    conjuncts
        What became of each part of the question.
    warnings
        Known traps of pandas in the question.
    shape
        Columns, order and limit.
    page_size
        Rows asked for at a time; no more than the server is known to give.
    order_field, order_ascending
        The order in which the server is asked for rows.
    stops_early
        Whether rows come in the order of the answer and can be evaluated one by one, so that no row is asked for
        once there are as many as the limit wants.
    units
        How many units make a second, by the names of times that the server does not keep in seconds; the filters are
        in seconds.
    rows_moved, rows_returned
        What a run moved and returned; None before it.
    """

    resource: str
    expression: str
    filters: tuple[Mapping[str, Condition], ...]
    fields: tuple[str, ...] | None
    exact: bool
    terms: tuple[tuple[int, Mapping[str, Condition]], ...] | None
    disjoint: bool
    wider: Mapping[str, Condition] | None
    row_local: bool
    conjuncts: tuple[Conjunct, ...]
    warnings: tuple[str, ...]
    shape: Shape
    page_size: int
    order_field: str = CREATED
    order_ascending: bool = True
    stops_early: bool = False
    units: Mapping[str, int] = field(default_factory=dict)
    rows_moved: int | None = None
    rows_returned: int | None = None

    @property
    def residual(self) -> str:
        """What is evaluated here on the rows that come; empty where nothing is."""
        return "" if self.exact else self.expression

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the plan is not exact, part by part."""
        return tuple(f"{part.text}: {part.reason}" for part in self.conjuncts if part.reason)

    @property
    def first_limit(self) -> int:
        """Rows asked for in the first request of each filter."""
        if not self.stops_early:
            return self.page_size
        return min(self.page_size, self.shape.offset + (self.shape.limit or 0) + 1)

    @property
    def requests(self) -> tuple[dict[str, Any], ...]:
        """The JSON body of the first request of each filter; further pages differ in the bounds on the order field."""
        return tuple(self.sent(conditions) for conditions in self.filters)

    def sent(self, conditions: Mapping[str, Condition]) -> dict[str, Any]:
        """Return the JSON body of the first request for these conditions, times in the unit of the server."""
        return in_wire_units(self.body(conditions), self.units)

    def body(self, conditions: Mapping[str, Condition]) -> dict[str, Any]:
        """Return the body of the first request for these conditions: fields, order and limit."""
        return self.projected(conditions) | {
            str(Key.ORDER_BY): self.order_field,
            str(Key.ORDER_DIRECTION): ASCENDING if self.order_ascending else DESCENDING,
            str(Key.LIMIT): self.first_limit,
        }

    def projected(self, conditions: Mapping[str, Condition]) -> dict[str, Any]:
        """Return these conditions and the fields that are asked for, as every request has them."""
        body: dict[str, Any] = {
            str(name): {str(word): part for word, part in value.items()}
            if isinstance(value, Mapping)
            else value
            for name, value in conditions.items()
        }
        return body if self.fields is None else body | {str(Key.FIELDS): list(self.fields)}

    def __str__(self) -> str:
        from dyno_frames.query.explain import as_text

        return as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from dyno_frames.query.explain import as_html

        return as_html(self)


def make_plan(question: Question, context: Context, shape: Shape) -> Plan:
    """Return the plan for a question.

    Parameters
    ----------
    question
        What is asked.
    context
        The resource and the server it is asked of.
    shape
        Columns, order and limit of the answer.
    """
    return plan_bounded(bound(question, context), context, shape)


@dataclass(frozen=True, slots=True)
class Bounded:
    """A question with the region that holds its rows, which no profile changes.

    Parameters
    ----------
    question
        The question.
    region
        The region of the whole question.
    parts
        Each part that must hold, with its region.
    row_local
        Whether rows may be judged one by one.
    """

    question: Question
    region: Region
    parts: tuple[tuple[Node | str, Region], ...] = ()
    row_local: bool = True


def bound(question: Question, context: Context) -> Bounded:
    """Return the region of a question against a resource's fields and dtypes.

    Parameters
    ----------
    question, context
        As for :func:`make_plan`; the profile is not read.
    """
    if question.everything:
        return Bounded(question, Region())
    nullable = frozenset(name for name, found in context.fields.items() if found.nullable)
    reason = question.untraceable if question.node is None else not_local(question.node, nullable)
    if reason or question.node is None:
        why = f"{reason}; every row is fetched and the question asked here"
        return Bounded(question, Region.wider(reason), ((question.text, Region.wider(why)),), row_local=False)
    bounds = Bounds(context.fields, context.dtypes)
    parts = tuple((part, bounds.region(part)) for part in conjuncts(question.node))
    return Bounded(question, reduce(Region.intersect, (region for _, region in parts)), parts)


def plan_bounded(bounded: Bounded, context: Context, shape: Shape) -> Plan:
    """Return the plan for a question whose region is known.

    Parameters
    ----------
    bounded
        The question with its region, from :func:`bound`.
    context, shape
        As for :func:`make_plan`.
    """
    question, region = bounded.question, bounded.region
    boxes, pushed, narrow = _requests(region, context)
    disjoint = _disjoint(boxes, pushed)
    exact = region.exact and narrow and all(part.exact for part in pushed)
    return Plan(
        resource=context.resource,
        expression=question.text,
        filters=tuple(part.conditions for part in pushed),
        fields=_projection(question, shape, context),
        exact=exact,
        terms=_terms(boxes, context) if exact else None,
        disjoint=disjoint,
        wider=None if disjoint else _push(region.hull, context).conditions,
        row_local=bounded.row_local,
        conjuncts=tuple(_judged(part, region, context) for part, region in bounded.parts),
        warnings=question.warnings,
        shape=shape,
        page_size=min(context.page_size, context.profile.page_limit or context.page_size),
        units={name: found.per_second for name, found in context.fields.items() if found.per_second != 1},
        **_order(shape, context, row_local=bounded.row_local),
    )


def _order(shape: Shape, context: Context, *, row_local: bool) -> dict[str, Any]:
    """Return the order that the server is asked for, and whether a limit can end the scan early."""
    first = context.fields[shape.order_by[0]] if shape.order_by else None
    is_number = first is not None and first.wire is Wire.NUMBER and not first.nullable
    stops_early = shape.limit is not None and row_local and (first is None or is_number)
    if not stops_early or first is None:
        return {"stops_early": stops_early}
    return {
        "stops_early": True,
        "order_field": first.name,
        "order_ascending": shape.ascending[0],
    }


def _judged(part: Node | str, region: Region, context: Context) -> Conjunct:
    if isinstance(part, str):
        return Conjunct(part, Verdict.LOCAL, "; ".join(region.reasons))
    _, pushed, narrow = _requests(region, context)
    reasons = (*region.reasons, *(reason for part in pushed for reason in part.reasons))
    if not narrow:
        reasons = (*reasons, "the alternatives are asked for as one wider request")
    text = render(part)
    if region.exact and narrow and all(found.exact for found in pushed):
        return Conjunct(text, Verdict.EXACT)
    limited = all(found.conditions for found in pushed)
    why = "; ".join(dict.fromkeys(reason.removeprefix(text).lstrip(": ") for reason in reasons))
    return Conjunct(text, Verdict.WIDER if limited else Verdict.LOCAL, why)


def _requests(region: Region, context: Context) -> tuple[tuple[Box, ...], list[Pushed], bool]:
    """Return the boxes to ask for one by one, their filters, and whether they are no wider than the region."""
    boxes = tuple(part for box in region.boxes for part in apart(box, context.profile, most=MOST_APART))
    pushed = [_push(box, context) for box in boxes]
    narrow = len(boxes) <= MOST_APART and (len(boxes) < 2 or all(part.conditions for part in pushed))
    return (boxes, pushed, True) if narrow else ((region.hull,), [_push(region.hull, context)], False)


def _push(box: Box, context: Context) -> Pushed:
    return push_down(box, context.fields, context.profile, unseen=context.unseen, resource=context.resource)


def _disjoint(boxes: Sequence[Box], pushed: Sequence[Pushed]) -> bool:
    """Tell whether no row answers two filters: each two are kept apart by a field that both say exactly."""
    said = [
        Box({name: domain for name, domain in box.domains.items() if name not in part.wider})
        for box, part in zip(boxes, pushed, strict=True)
    ]
    return all(left.intersect(right).empty for left, right in combinations(said, 2))


def _terms(boxes: Sequence[Box], context: Context) -> tuple[tuple[int, Mapping[str, Condition]], ...] | None:
    """Return the counts of a union: the parts, less what two share, and so on; None where they are too many."""
    shared: list[tuple[int, Box]] = []
    for box in boxes:
        shared += [(-sign, part) for sign, other in shared if not (part := other.intersect(box)).empty]
        shared.append((1, box))
        if len(shared) > MOST_TERMS:
            return None
    pushed = [(sign, _push(box, context)) for sign, box in shared]
    if not all(part.exact for _, part in pushed):
        return None
    return tuple((sign, part.conditions) for sign, part in pushed)


def _projection(question: Question, shape: Shape, context: Context) -> tuple[str, ...] | None:
    if shape.columns is None or (question.node is None and not question.everything):
        return None
    read = columns(question.node) if question.node is not None else frozenset()
    wanted = {KEY, CREATED, *shape.columns, *shape.order_by, *read}
    return tuple(name for name in context.fields if name in wanted)
