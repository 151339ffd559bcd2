"""A schema, and what is planned against it, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.frames.schema import Schema
from dyno_frames.query.bind import bind_query
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context, Plan
from dyno_frames.query.planner import make_plan
from dyno_frames.query.query import Query, Scope

EXTRAS = (
    Field("budget", Kind.INTEGER),
    Field("score", Kind.FLOAT),
    Field("vip", Kind.FLAG),
    Field("open rate %", Kind.FLOAT),
)


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema("campaigns", (*CAMPAIGNS.fields, *EXTRAS))


@pytest.fixture(scope="session")
def empty(schema) -> pd.DataFrame:
    return schema.empty()


@pytest.fixture(scope="session")
def few(empty) -> pd.DataFrame:
    """Four rows of the schema, nulls among them."""
    rows = {
        "id": ["i1", "i2", "i3", "i4"],
        "name": ["Weekly", "sale", "a,b", ""],
        "subject": ["Sale", None, "news", "Sale"],
        "status": ["draft", "running", "finished", "finished"],
        "opens": [0, 10, 200, 3000],
        "clicks": [0, 1, 20, 300],
        "delivered": [1, 10, 250, 3000],
        "budget": [1, None, 2**53 + 1, -5],
        "score": [0.5, None, 1.5, -2.0],
        "vip": [True, False, None, True],
        "open rate %": [0.0, 1.0, 0.8, None],
        "created": pd.to_datetime([0, 1439054168, 1451606400, 1483228800], unit="s", utc=True),
        "start_time": pd.to_datetime([None, 1451606400, 1464782400, None], unit="s", utc=True),
    }
    return pd.DataFrame(
        {
            name: pd.Series(rows.get(name, [None] * 4), dtype=dtype)
            for name, dtype in empty.dtypes.items()
            if name in rows
        }
    ).reindex(columns=[name for name in empty.columns if name in rows])


@pytest.fixture(scope="session")
def planned(schema, empty) -> Callable[..., Plan]:
    """Plan a question on a server of this profile."""

    def plan(expression: Any, profile: Profile | None = None, values: Any = None, **options: Any) -> Plan:
        question: Query = bind_query(expression, empty, Scope({"values": values}))
        context = Context("campaigns", schema.by_name, schema.dtypes, profile or Profile())
        return make_plan(question, context, QueryOptions(**options))

    return plan
