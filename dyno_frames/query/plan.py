"""The plan of a query: the requests and the part that is evaluated locally, as values, text and HTML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from dyno_frames.contract.computed import Computed
from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import ASCENDING, DESCENDING, KEY_PREFIX, FilterKey
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CREATED
from dyno_frames.contract.time_units import in_wire_units
from dyno_frames.errors import ConfigError
from dyno_frames.query.copy_html import programs
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
    """One conjunct of a query, and where it is evaluated.

    Parameters
    ----------
    text
        The part, as written.
    placement
        By the server, by a wider filter and then locally, or locally.
    reason
        Why it is not pushed exactly; empty if it is.
    """

    text: str
    placement: Placement
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """The resource and server that a plan is made for.

    Parameters
    ----------
    resource
        The resource's name.
    fields
        Its fields by name, as this server sends them.
    dtypes
        The dtype of each column in a frame.
    profile
        The semantics of this server's filters.
    unseen
        Fields that were seen in no row of this server.
    page_size
        Rows requested at a time.
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
    """The requests for a query, and the local evaluation of their rows.

    Parameters
    ----------
    resource
        The resource's name.
    expression
        The query, as written.
    filters
        The conditions of each request, without paging. Several are merged by id. If the tuple is
        empty, no row can match and no request is sent.
    fields
        The fields to request; None for all.
    exact
        Whether the rows of the filters are the answer, so that nothing is evaluated locally.
    terms
        Filters whose counts, each with its sign, add up to the number of rows; None if rows must be fetched.
    disjoint
        Whether no row can match two of the filters.
    wider
        One wider filter that replaces several overlapping filters if their counts add up to more; or None.
    row_local
        Whether the residual can be evaluated page by page.
    conjuncts
        Each part of the query, and where it is evaluated.
    warnings
        Known pitfalls of pandas in the query.
    options
        Columns, order and limit of the answer.
    page_size
        Rows per request, at most the server's known page limit.
    order_field, order_ascending
        The order in which rows are requested.
    stops_early
        Whether rows arrive in the order of the answer and can be evaluated one by one, so that the scan ends as soon
        as the limit is reached.
    units
        Units per second, by the names of times that the server does not store in seconds. The filters are in
        seconds.
    write_code
        Writes the query as a program; None if the plan was made without a connection.
    rows_moved, rows_returned
        The rows that a run transferred and returned; None before the run.
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
    write_code: Callable[..., str] | None = field(default=None, compare=False)

    def to_code(self, language: str, *, wider: bool = False) -> str:
        """Return the query as a complete program; see :meth:`dyno_frames.scan.scan.Scan.to_code`."""
        if self.write_code is None:
            raise ConfigError(
                "this plan was made without a connection; call to_code() on client.campaigns.explain(…)"
            )
        return self.write_code(language, wider=wider)

    @property
    def residual(self) -> str:
        """The condition that is evaluated locally; empty if the plan is exact."""
        return "" if self.exact else self.expression

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons why the plan is not exact, by part."""
        return tuple(f"{part.text}: {part.reason}" for part in self.conjuncts if part.reason)

    @property
    def first_limit(self) -> int:
        """The limit of the first request of each filter."""
        if not self.stops_early:
            return self.page_size
        return min(self.page_size, self.options.offset + (self.options.limit or 0) + 1)

    @property
    def requests(self) -> tuple[dict[str, Any], ...]:
        """The JSON bodies of the first request of each filter. Further pages have other bounds on the order field."""
        return tuple(self.sent(conditions) for conditions in self.filters)

    def sent(self, conditions: Mapping[str, Condition]) -> dict[str, Any]:
        """Return the JSON body of the first request for these conditions, with times in the server's unit."""
        return in_wire_units(self.body(conditions), self.units)

    def body(self, conditions: Mapping[str, Condition]) -> dict[str, Any]:
        """Return the body of the first request for these conditions: fields, order and limit."""
        return self.projected(conditions) | {
            str(FilterKey.ORDER_BY): self.order_field,
            str(FilterKey.ORDER_DIRECTION): ASCENDING if self.order_ascending else DESCENDING,
            str(FilterKey.LIMIT): self.first_limit,
        }

    def projected(self, conditions: Mapping[str, Condition]) -> dict[str, Any]:
        """Return these conditions and the projection, which are part of every request."""
        body: dict[str, Any] = {
            str(name): {str(word): part for word, part in value.items()}
            if isinstance(value, Mapping)
            else value
            for name, value in conditions.items()
        }
        return body if self.fields is None else body | {str(FilterKey.FIELDS): list(self.fields)}

    def __getstate__(self) -> list[Any]:
        """Return the values to pickle: not the connection of ``write_code``."""
        return [None if item.name == "write_code" else getattr(self, item.name) for item in fields(self)]

    def __str__(self) -> str:
        return _as_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _as_html(self) + programs(None if self.write_code is None else self.to_code)


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
        rows.append(("local filter", plan.residual + ("" if plan.row_local else "  (on every row at once)")))
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
