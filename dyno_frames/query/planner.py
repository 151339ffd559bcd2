"""Plan a query: the filters that bound its rows, the order, and the fields to request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Any

from dyno_frames.contract.fields import Wire
from dyno_frames.contract.resources import CREATED, ID_FIELD
from dyno_frames.query.bounds import Bounds
from dyno_frames.query.boxes import Box, Region
from dyno_frames.query.computed import in_fields
from dyno_frames.query.locality import not_local
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Conjunct, Context, Placement, Plan
from dyno_frames.query.predicate import Node, columns, conjuncts
from dyno_frames.query.pushdown import Pushed, apart, push_down
from dyno_frames.query.query import Query
from dyno_frames.query.render import render
from dyno_frames.query.text_filters import Condition

MOST_APART = 8
"""Maximum number of separate requests for alternatives; more are replaced with one wider request."""

MOST_TERMS = 16
"""Maximum number of counts for one number of rows; for more, the rows are fetched."""


def make_plan(query: Query, context: Context, options: QueryOptions) -> Plan:
    """Return the plan for a query.

    Parameters
    ----------
    query
        The query.
    context
        The resource and the server it is asked of.
    options
        Columns, order and limit of the answer.
    """
    return plan_bounded(bound(query, context), context, options)


@dataclass(frozen=True, slots=True)
class Bounded:
    """A query with the region that contains its rows, which does not depend on the profile.

    Parameters
    ----------
    query
        The query.
    region
        The region of the whole query.
    parts
        Each conjunct, with its region.
    row_local
        Whether rows can be evaluated one by one.
    """

    query: Query
    region: Region
    parts: tuple[tuple[Node | str, Region], ...] = ()
    row_local: bool = True


def bound(query: Query, context: Context) -> Bounded:
    """Return the region of a query for a resource's fields and dtypes.

    Parameters
    ----------
    query, context
        As for :func:`make_plan`; the profile is not used.
    """
    if query.everything:
        return Bounded(query, Region())
    nullable = frozenset(name for name, found in context.fields.items() if found.nullable)
    reason = query.untraceable if query.node is None else not_local(query.node, nullable)
    if reason or query.node is None:
        why = f"{reason}; every row is fetched, and the query evaluated locally"
        return Bounded(query, Region.wider(reason), ((query.text, Region.wider(why)),), row_local=False)
    bounds = Bounds(context.fields, context.dtypes)
    parts = tuple((part, in_fields(bounds.region(part), context.computed)) for part in conjuncts(query.node))
    return Bounded(query, reduce(Region.intersect, (region for _, region in parts)), parts)


def plan_bounded(bounded: Bounded, context: Context, options: QueryOptions) -> Plan:
    """Return the plan for a query whose region is known.

    Parameters
    ----------
    bounded
        The query with its region, from :func:`bound`.
    context, options
        As for :func:`make_plan`.
    """
    query, region = bounded.query, bounded.region
    boxes, pushed, narrow = _requests(region, context)
    disjoint = _disjoint(boxes, pushed)
    exact = region.exact and narrow and all(part.exact for part in pushed)
    return Plan(
        resource=context.resource,
        expression=query.text,
        filters=tuple(part.conditions for part in pushed),
        fields=_projection(query, options, context),
        exact=exact,
        terms=_terms(boxes, context) if exact else None,
        disjoint=disjoint,
        wider=None if disjoint else _push(region.hull, context).conditions,
        row_local=bounded.row_local,
        conjuncts=tuple(_judged(part, region, context) for part, region in bounded.parts),
        warnings=query.warnings,
        options=options,
        page_size=min(context.page_size, context.profile.page_limit or context.page_size),
        units={name: found.per_second for name, found in context.fields.items() if found.per_second != 1},
        **_order(options, context, row_local=bounded.row_local),
    )


def _order(options: QueryOptions, context: Context, *, row_local: bool) -> dict[str, Any]:
    """Return the order to request from the server, and whether a limit can end the scan early."""
    first = context.fields[options.order_by[0]] if options.order_by else None
    is_number = first is not None and first.wire is Wire.NUMBER and not first.nullable
    stops_early = options.limit is not None and row_local and (first is None or is_number)
    if not stops_early or first is None:
        return {"stops_early": stops_early}
    return {
        "stops_early": True,
        "order_field": first.name,
        "order_ascending": options.ascending[0],
    }


def _judged(part: Node | str, region: Region, context: Context) -> Conjunct:
    if isinstance(part, str):
        return Conjunct(part, Placement.LOCAL, "; ".join(region.reasons))
    _, pushed, narrow = _requests(region, context)
    reasons = (*region.reasons, *(reason for part in pushed for reason in part.reasons))
    if not narrow:
        reasons = (*reasons, "the alternatives are fetched with one wider filter")
    text = render(part)
    if region.exact and narrow and all(found.exact for found in pushed):
        return Conjunct(text, Placement.EXACT)
    limited = all(found.conditions for found in pushed)
    why = "; ".join(dict.fromkeys(reason.removeprefix(text).lstrip(": ") for reason in reasons))
    return Conjunct(text, Placement.WIDER if limited else Placement.LOCAL, why)


def _requests(region: Region, context: Context) -> tuple[tuple[Box, ...], list[Pushed], bool]:
    """Return the boxes to request separately, their filters, and whether all are as narrow as planned."""
    boxes = tuple(part for box in region.boxes for part in apart(box, context.profile, most=MOST_APART))
    pushed = [_push(box, context) for box in boxes]
    narrow = len(boxes) <= MOST_APART and (len(boxes) < 2 or all(part.conditions for part in pushed))
    return (boxes, pushed, True) if narrow else ((region.hull,), [_push(region.hull, context)], False)


def _push(box: Box, context: Context) -> Pushed:
    return push_down(box, context.fields, context.profile, unseen=context.unseen, resource=context.resource)


def _disjoint(boxes: Sequence[Box], pushed: Sequence[Pushed]) -> bool:
    """Return whether no row matches two filters, because each pair differs in a field that both express exactly."""
    said = [
        Box({name: domain for name, domain in box.domains.items() if name not in part.wider})
        for box, part in zip(boxes, pushed, strict=True)
    ]
    return all(left.intersect(right).empty for left, right in combinations(said, 2))


def _terms(boxes: Sequence[Box], context: Context) -> tuple[tuple[int, Mapping[str, Condition]], ...] | None:
    """Return the counts of a union by inclusion and exclusion, or None if there are too many."""
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


def _projection(query: Query, options: QueryOptions, context: Context) -> tuple[str, ...] | None:
    if options.columns is None or (query.node is None and not query.everything):
        return None
    read = columns(query.node) if query.node is not None else frozenset()
    wanted = {ID_FIELD, CREATED, *options.columns, *options.order_by, *read}
    wanted |= {name for column in context.computed.values() if column.name in wanted for name in column.reads}
    return tuple(name for name in context.fields if name in wanted and name not in context.computed)
