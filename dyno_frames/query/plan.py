"""A plan: what is sent for a query and what is evaluated locally, as values, text and HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dyno_frames.contract.computed import Computed
from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import ASCENDING, DESCENDING, KEY_PREFIX, Key
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CREATED
from dyno_frames.contract.time_units import in_wire_units
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.text_filters import Condition
from dyno_frames.reprs import code, html_table, text_table


class Placement(StrEnum):
    """Where a part of a query is evaluated."""

    EXACT = "pushed exactly"
    WIDER = "pushed wider"
    LOCAL = "kept local"


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One part of a query that must hold, and where it is evaluated.

    Parameters
    ----------
    text
        The part, as written.
    placement
        By the server alone, by a wider filter and then locally, or locally.
    reason
        Why it is not pushed exactly; empty if it is.
    """

    text: str
    placement: Placement
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
    computed
        The computed columns by name; they are among the fields, too.
    """

    resource: str
    fields: Mapping[str, Field]
    dtypes: Mapping[str, Any]
    profile: Profile
    unseen: frozenset[str] = frozenset()
    page_size: int = 1000
    computed: Mapping[str, Computed] = field(default_factory=dict)


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
        Each part of the query, and where it is evaluated.
    warnings
        Known traps of pandas in the question.
    options
        Columns, order and limit of the answer.
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
    options: QueryOptions
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
        return min(self.page_size, self.options.offset + (self.options.limit or 0) + 1)

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
        return _as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _as_html(self)


def _as_text(plan: Plan) -> str:
    parts = [
        (part.placement, f"{part.text}\n{part.reason}" if part.reason else part.text)
        for part in plan.conjuncts
    ]
    rows = text_table([*parts, *_rows(plan)], width=14)
    return f"{plan.resource} where {plan.expression}\n  {_summary(plan)}\n{rows}"


def _as_html(plan: Plan) -> str:
    parts = ((part.placement, code(part.text), part.reason) for part in plan.conjuncts)
    head = ("placement", "part", "reason")
    title = f"{plan.resource} where {plan.expression}"
    return html_table(parts, caption=title, head=head, note=[_summary(plan)]) + html_table(_rows(plan))


def _rows(plan: Plan) -> list[tuple[str, str]]:
    """Return what is sent, what is evaluated locally, the order and the warnings, by label."""
    rows = [(f"request {at}", _json(_conditions(body))) for at, body in enumerate(plan.requests, 1)]
    if plan.wider is not None:
        rows.append(("or instead", f"{_json(_conditions(plan.sent(plan.wider)))}, if it matches fewer rows"))
    if plan.requests:
        rows.append(("each with", _json(_paging(plan.requests[0]))))
    if plan.residual:
        rows.append(
            ("evaluated here", plan.residual + ("" if plan.row_local else "  (on every row at once)"))
        )
    rows.append(("order", _order(plan)))
    if plan.rows_moved is not None:
        rows.append(("after the run", f"{plan.rows_moved:,} rows moved for {plan.rows_returned:,} returned"))
    return [*rows, *(("beware", warning) for warning in plan.warnings)]


def _summary(plan: Plan) -> str:
    if not plan.filters:
        return "no row can match: no request is sent"
    asked = "1 filter" if len(plan.filters) == 1 else f"{len(plan.filters)} filters, merged by id"
    judged = "the server's rows are the answer" if plan.exact else "pandas filters the rows that come"
    return f"{asked}, pages of {plan.page_size:,} rows; {judged}"


def _order(plan: Plan) -> str:
    options = plan.options
    by = ", ".join(
        f"{name} {'ascending' if up else 'descending'}"
        for name, up in zip(options.order_by, options.ascending, strict=True)
    )
    rows = "" if options.limit is None else f", at most {options.limit:,} rows"
    after = f" after {options.offset:,}" if options.offset else ""
    return f"{by or 'created ascending'}, then id{rows}{after}"


def _conditions(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if not name.startswith(KEY_PREFIX)}


def _paging(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name.startswith(KEY_PREFIX)}


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)
