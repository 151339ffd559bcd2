"""A server of random semantics in this process, and clients that know it, half know it, or know nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import orjson
import pandas as pd

from dyno_frames.contract import envelope
from dyno_frames.contract.filters import NumberOperator, StringOperator
from dyno_frames.contract.profile import (
    Collation,
    Dialect,
    Folding,
    Like,
    Overlong,
    Profile,
    Regex,
    Several,
    Support,
    UnknownField,
)
from dyno_frames.contract.resources import CAMPAIGNS, RESOURCES
from dyno_frames.frames.provenance import Origin
from dyno_frames.frames.schema import Schema, learn
from dyno_frames.query.bind import bind_query
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context, Plan
from dyno_frames.query.planner import make_plan
from dyno_frames.query.query import Expression, Query, Scope
from dyno_frames.sandbox.filters import functions
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.storage import Store
from dyno_frames.scan.reader import find_rows
from dyno_frames.scan.scan import Scan
from dyno_frames.transport.exchange import Received
from dyno_frames.transport.json_body import encoded
from dyno_frames.transport.session import Session
from law.choices import Choices
from law.in_process import AUTH, URL, InProcess

ALL = Support(others=True)


def all_but(name: str) -> Support:
    """Return support for everything but one name."""
    return Support(no=frozenset({name}), others=True)


VALUES: dict[str, tuple[Any, ...]] = {
    "like": tuple(Like),
    "like_folding": tuple(Folding),
    "collation": tuple(Collation),
    "pads_blanks": (False, True),
    "bare_contains": (False, False, True),
    "not_like_keeps_null": (True, False),
    "not_in_keeps_null": (True, False),
    "in_trims": (False, True),
    "in_reads_all": (True, True, False),
    "like_trims": (False, True),
    "several": tuple(Several),
    "regex": tuple(Regex),
    "dialect": tuple(Dialect),
    "bounds_included": (True, True, False),
    "fractions_kept": (True, True, False),
    "integers_exact": (True, False),
    "null_compares": (False, True),
    "page_limit": (1000, 2, 3, 5, 1000, 1),
    "overlong": tuple(Overlong),
    "unknown_field": tuple(UnknownField),
    "operators": (*(ALL,) * 8, *(all_but(str(name)) for name in (*StringOperator, *NumberOperator))),
    "filtered": (
        *(ALL,) * 4,
        *(all_but(f"campaigns.{name}") for name in ("name", "subject", "opens", "created", "x")),
    ),
}
"""Every decision and its values."""

SCANNED = {
    "bounds_included": (True,),
    "operators": (*(ALL,) * 8, *(all_but(str(name)) for name in StringOperator)),
    "filtered": tuple(found for found in VALUES["filtered"] if found["campaigns.created"]),
}
"""What a server must do for its rows to be read page by page: find those from one moment on."""


def profile(choices: Choices, *, scanned: bool = False) -> Profile:
    """Return the semantics of a server: the decided ones, the decided ones but for one, or any."""
    values = VALUES | SCANNED if scanned else VALUES
    kind = choices.below(8)
    if kind < 2:
        return Profile()
    if kind < 4:
        name = choices.pick([*values])
        return Profile(**{name: choices.pick(values[name])})
    return Profile(**{name: choices.pick(pool) for name, pool in values.items()})


def stance(choices: Choices, known: Profile) -> Profile:
    """Return what a client is told of a server: everything, nothing, or some of it; never what is not so.

    Which operators are refused is always told: who does not know it is refused, which is no wrong answer.
    """
    told = choices.below(3)
    if told == 0:
        return known
    if told == 1:
        return replace(Profile.unknown(), operators=known.operators)
    blank = Profile.unknown()
    blanks = {
        item.name: getattr(blank, item.name)
        for item in fields(known)
        if item.name not in {"name", "operators"} and choices.chance(1, 4)
    }
    return replace(known, **blanks)


class Seam(Session):
    """A session whose wire ends in this process: bodies and answers are JSON text, and all else is as it is.

    Parameters
    ----------
    store
        The server's rows.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(URL, AUTH)
        self.endpoint = InProcess(self._answered)
        self.store = store
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def _answered(self, call: Any) -> Received:
        name, _, verb = call.operation.name.partition(".")
        wire = orjson.loads(call.content)
        self.sent.append((verb, wire))
        try:
            payload = getattr(self, f"_{verb}")(RESOURCES[name], wire)
        except RequestError as no:
            return Received(500, {}, orjson.dumps(envelope.refused(no.code, no.reason)))
        return Received(200, {}, orjson.dumps(envelope.accepted(payload)))

    def _find(self, resource: Any, wire: dict[str, Any]) -> Any:
        return orjson.Fragment(self.store.find_json(resource, wire))

    def _count(self, resource: Any, wire: dict[str, Any]) -> Any:
        return {"count": self.store.count(resource, wire)}


@dataclass(slots=True)
class Account:
    """A server with rows, and a client of it.

    Parameters
    ----------
    rows
        The campaigns.
    profile
        What the server does.
    told
        What the client knows of it.
    dtype_backend, page_size
        The client's settings.
    """

    rows: list[dict[str, Any]]
    profile: Profile
    told: Profile
    dtype_backend: Any = None
    page_size: int = 1000
    seam: Seam = field(init=False)
    schema: Schema = field(init=False)
    empty: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        store = Store(profile=replace(self.profile, page_limit=1000))
        store.load(CAMPAIGNS, self.rows)
        self.seam = Seam(store)
        # The schema is learnt from a whole page: what a small sample misses is another law.
        newest = {
            "application_order_by": "created",
            "application_order_direction": "desc",
            "application_limit": 100,
        }
        sample = find_rows(self.seam, CAMPAIGNS.name, newest)
        self.schema = learn(CAMPAIGNS, sample, dtype_backend=self.dtype_backend)
        self.empty = self.schema.empty()
        store.profile = self.profile

    def scan(self, expression: Expression, scope: Scope, options: QueryOptions | None = None) -> Scan:
        """Return a question bound to the server, as the client puts it together."""
        schema, options = self.schema, replace(options or QueryOptions(), progress=False)
        question = bind_query(expression, self.empty, scope)
        context = Context(
            CAMPAIGNS.name, schema.by_name, schema.dtypes, self.told, schema.unseen, self.page_size
        )
        origin = Origin(client="law", url=URL, resource=CAMPAIGNS.name)
        plan = make_plan(question, context, options)
        return Scan(self.seam, question, plan, schema, context, origin)

    def become(self, does: Profile) -> None:
        """Let the server mean something else by its filters; its rows stay."""
        store = self.seam.store
        functions.register(store._connection, does)
        store.profile = replace(does, page_limit=1000)

    def plan(self, question: Query, told: Profile) -> Plan:
        """Return what a client would send who was told this."""
        schema = self.schema
        context = Context(CAMPAIGNS.name, schema.by_name, schema.dtypes, told, schema.unseen, self.page_size)
        return make_plan(question, context, QueryOptions())

    def ids(self, conditions: Mapping[str, Any]) -> list[str]:
        """Return the ids that the server finds, on one page."""
        wire = {**conditions, "application_fields": ["id"], "application_limit": 1000}
        return [row["id"] for row in self.seam.store.find(CAMPAIGNS, orjson.loads(encoded(wire)))]

    def close(self) -> None:
        """Forget the rows."""
        self.seam.close()
        self.seam.store.close()
