"""Every verb of a mirror says how fresh its answer has to be; panels and plots use its rows."""

from __future__ import annotations

import inspect

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, SchemaError, StaleError

mpl.use("agg")

PLOTS = ("funnel", "timeline", "compare", "send_times", "calendar", "list_health")

VERBS = {
    "count": lambda m, **how: m.count("opens > 5", **how),
    "value_counts": lambda m, **how: m.value_counts("status", **how),
    "histogram": lambda m, **how: m.histogram("created", freq="D", **how),
    "groupby": lambda m, **how: m.groupby("status", **how).size(),
    "head": lambda m, **how: m.head(2, **how),
    "tail": lambda m, **how: m.tail(2, **how),
    "nlargest": lambda m, **how: m.nlargest(2, "opens", **how),
    "nsmallest": lambda m, **how: m.nsmallest(2, "opens", **how),
    "sample": lambda m, **how: m.sample(2, random_state=1, **how),
    "unique": lambda m, **how: m.unique("status", **how),
    "nunique": lambda m, **how: m.nunique("name", **how),
    "describe": lambda m, **how: m.describe(**how),
    "query": lambda m, **how: m.query("opens > 5", **how),
    "to_arrow": lambda m, **how: m.to_arrow("opens > 5", **how),
    "scan": lambda m, **how: m.scan("opens > 5", **how).to_frame(),
    "explain": lambda m, **how: m.explain("opens > 5", **how),
}


@pytest.mark.filterwarnings(
    "ignore:invalid value encountered in cast"
)  # by describe, of the largest integers
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_the_words_of_freshness(synced, verb):
    act = VERBS[verb]
    before = str(act(synced.mirror))
    synced.sql("DELETE FROM campaigns WHERE opens > 6")
    synced.now_s += 3600
    assert str(act(synced.mirror, offline=True)) == str(act(synced.mirror, max_age="2h")) == before
    assert synced.sent() == (0, 0)
    act(synced.mirror, fresh=True)
    assert synced.mirror.status().version == 2
    synced.sent()
    assert str(act(synced.mirror, as_of=1)) == before
    assert synced.sent() == (0, 0)
    for wrong in ({"max_age": "soon"}, {"fresh": True, "offline": True}, {"as_of": 7}):
        with pytest.raises(ConfigError):
            act(synced.mirror, **wrong)
    assert synced.sent() == (0, 0)
    assert {"fresh", "offline", "as_of", "max_age"} <= set(
        inspect.signature(getattr(synced.mirror, verb)).parameters
    )


def test_a_verb_with_words_of_freshness_finds_the_variables_of_its_caller(synced):
    least = 6  # noqa: F841 - named in the queries

    def counted(level):
        return synced.mirror.count("opens >= @least", offline=True, level=level)

    expected = synced.account.client.campaigns.count("opens >= @least")
    assert synced.mirror.count("opens >= @least", offline=True) == counted(1) == expected
    assert len(synced.mirror.query("opens >= @least", offline=True)) == expected
    assert synced.mirror.value_counts("status", "opens >= @least", offline=True).sum() == expected
    assert synced.mirror.groupby("status", "opens >= @least", offline=True).size().sum() == expected
    assert len(synced.mirror.head(999, "opens >= @least", offline=True)) == expected
    assert synced.mirror.to_arrow("opens >= @least").num_rows == expected
    assert len(synced.mirror.scan("opens >= @least").to_frame()) == expected


@pytest.fixture
def practice(tmp_path):
    """A server with the sample account, a client, and a mirror of its campaigns beside one of its lists."""
    with dyno.sandbox(speed=0) as box, box.client() as client:
        mirror = client.campaigns.mirror(tmp_path / "campaigns")
        mirror.refresh()
        client.lists.mirror(tmp_path / "lists").refresh()
        yield box, client, mirror


def test_the_plots_of_a_mirror_send_nothing_and_draw_the_rows_of_the_server(practice):
    box, client, mirror = practice
    whole = client.campaigns.find()
    offline, requests = mirror.at(offline=True), len(box.requests)
    drawn = {name: getattr(offline.plot, name)() for name in PLOTS}
    assert len(box.requests) == requests
    some, theirs = mirror.query("opens > 10"), client.campaigns.find("opens > 10")
    for name, axes in drawn.items():
        pd.testing.assert_frame_equal(axes.data, getattr(whole.dyno.plot, name)().data)
        pd.testing.assert_frame_equal(
            getattr(some.dyno.plot, name)().data, getattr(theirs.dyno.plot, name)().data
        )
        plt.close("all")


def test_the_panel_of_a_mirror_controls_its_campaigns(practice):
    _, client, mirror = practice
    expected = client.campaigns.count("status == 'draft'")
    assert expected > 0
    for panel in (
        mirror.panel("status == 'draft'", offline=True),
        mirror.query("status == 'draft'").dyno.panel(),
        mirror.panel(),
    ):
        assert "CampaignPanel" in type(panel).__name__
    with pytest.raises(SchemaError, match="a panel needs campaigns"):
        client.lists.mirror(mirror.path.with_name("lists")).panel()
    with pytest.raises(StaleError):
        client.campaigns.mirror(mirror.path.with_name("other")).panel(offline=True)


def test_zero_rows_of_a_mirror_are_bound_to_the_account(synced):
    frame = synced.mirror.frame()
    assert len(frame) == 0
    assert frame.dyno.count("opens > 5") == synced.mirror.count("opens > 5")
