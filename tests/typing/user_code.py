"""What a type checker knows about a user's code. It is checked by mypy and pyright, and never run."""

from typing import Any, assert_type

import pandas as pd
import polars as pl

import dyno_frames as dyno
from dyno_frames.actions.outcome import Outcome
from dyno_frames.actions.plan import ActionPlan
from dyno_frames.client.client import Client
from dyno_frames.export.dataset import Dataset
from dyno_frames.panels.views.accessible import AccessiblePanel
from dyno_frames.panels.views.widgets.builder import QueryBuilder
from dyno_frames.panels.views.widgets.panel import CampaignPanel
from dyno_frames.plots.plotter import Plotter
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.scan import Scan

with dyno.sandbox(speed=0) as box:
    assert_type(box, dyno.Sandbox)
    client = dyno.connect(box.url, box.api_key)
assert_type(client, Client)

scan = client.campaigns.scan("opens > 100", columns=["id", "name"], limit=10)
assert_type(scan, Scan)
assert_type(scan.to_frame(), pd.DataFrame)
assert_type(scan.to_code("curl"), str)
assert_type(client.campaigns.find(lambda c: c.opens > 100), pd.DataFrame)
assert_type(client.lists.count(), int)
assert_type(client.templates.get("6f1c"), dict[str, Any])
assert_type(client.campaigns.plan("start", "6f1c"), ActionPlan)
assert_type(client.campaigns.pause("6f1c"), Outcome)
client.campaigns.find("opens > 100", colums=["id"])  # type: ignore[call-arg]
client.campaigns.start()  # type: ignore[call-arg]

campaigns = client.campaigns.frame()
campaigns.dyno.query("opens > 100")  # pandas leaves the type of an accessor open
accessor = dyno.DynoAccessor(campaigns)
assert_type(accessor.query("opens > 100", order_by="opens"), pd.DataFrame)
assert_type(accessor["opens > 100"], pd.DataFrame)
assert_type(accessor.count(), int)
assert_type(accessor.head(3), pd.DataFrame)
assert_type(accessor.certificate, Certificate | None)
assert_type(accessor.to_parquet("campaigns", partition_by="created:month"), Dataset)
assert_type(accessor.panel(), CampaignPanel)
assert_type(accessor.panel(accessible=True), AccessiblePanel)
assert_type(accessor.panel(accessible=bool(box)), CampaignPanel | AccessiblePanel)
assert_type(accessor.builder(), QueryBuilder)
assert_type(accessor.plot, Plotter)
assert_type(dyno.read_dataset("campaigns"), pd.DataFrame)
assert_type(dyno.scan_polars(client.campaigns), pl.LazyFrame)
accessor.qury("opens > 100")  # type: ignore[attr-defined]
