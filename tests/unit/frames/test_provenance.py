"""What a frame says of where it comes from: plain JSON that pandas carries along, and no key."""

from __future__ import annotations

import copy
import json
import pickle

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.errors import SchemaError
from dyno_frames.frames.provenance import Origin, attach, certificate_of, origin_from_json, origin_of

ORIGIN = Origin(
    client="default",
    url="http://127.0.0.1:1",
    resource="campaigns",
    expression="opens > 5",
    query={"form": "query", "text": "opens > 5"},
    columns=("id", "opens"),
    order_by=("opens",),
    ascending=(False,),
    limit=10,
    offset=2,
)


def test_attrs_are_json_and_say_all_of_the_question():
    frame = attach(pd.DataFrame({"id": ["a"]}), ORIGIN, certificate={"verdict": "exact"})
    stored = json.loads(json.dumps(frame.attrs))
    assert stored == frame.attrs
    assert origin_from_json(stored["dyno"]) == ORIGIN == origin_of(frame)
    assert certificate_of(frame) == {"verdict": "exact"}


def test_what_a_newer_version_added_is_passed_over():
    assert origin_from_json({"client": "c", "url": "u", "resource": "lists", "later": 1}) == Origin(
        client="c", url="u", resource="lists"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.copy(),
        lambda frame: frame[frame["opens"] > 5],
        lambda frame: frame.head(3),
        lambda frame: frame.iloc[::2],
        lambda frame: frame[["id", "opens"]],
        lambda frame: frame.sort_values("opens"),
        lambda frame: frame.assign(rate=1.0),
        lambda frame: frame.query("opens > 5"),
        lambda frame: frame.reset_index(drop=True),
        lambda frame: frame.rename(columns={"opens": "o"}),
        lambda frame: frame.drop_duplicates("name"),
        copy.deepcopy,
        lambda frame: pickle.loads(pickle.dumps(frame)),  # noqa: S301 - our own bytes
    ],
)
def test_a_frame_derived_by_pandas_stays_bound(client, change):
    frame = client.campaigns.find("opens >= 0")
    derived = change(frame)
    assert origin_of(derived) == origin_of(frame)
    assert derived.dyno.count("opens >= 0") == len(frame)


def test_a_pickled_frame_comes_back_whole(client):
    for frame in (client.campaigns.find(), client.lists.frame()):
        again = pickle.loads(pickle.dumps(frame))  # noqa: S301 - our own bytes
        pd.testing.assert_frame_equal(again, frame)
        assert again.attrs == frame.attrs


def test_the_key_is_nowhere_on_a_frame(client, sandbox):
    frame = client.campaigns.find("opens > 5", columns=["id", "opens"])
    scan = client.campaigns.scan("opens > 5")
    texts = [repr(frame.attrs), repr(frame.dyno), json.dumps(frame.attrs), repr(scan), repr(scan.explain())]
    assert all(sandbox.api_key not in text for text in texts)
    assert sandbox.api_key.encode() not in pickle.dumps(frame)


def test_a_change_of_attrs_reaches_no_other_frame(client):
    first = client.campaigns.find("opens > 5")
    second = client.campaigns.find("opens > 5")
    second.attrs["dyno"]["resource"] = "lists"
    second.attrs["dyno"]["certificate"]["verdict"] = "forged"
    assert origin_of(first).resource == "campaigns"
    assert certificate_of(first)["verdict"] == "exact"


@pytest.mark.parametrize("attrs", [{}, {"dyno": "text"}, {"dyno": {"client": "c"}}, {"other": 1}])
def test_an_unbound_frame_says_how_to_get_a_bound_one(attrs):
    frame = pd.DataFrame({"id": ["a"]})
    frame.attrs = attrs
    for ask in (
        lambda: frame.dyno.query("id == 'a'"),
        lambda: frame.dyno[None],
        frame.dyno.count,
        frame.dyno.refresh,
        frame.dyno.explain,
        frame.dyno.panel,
        lambda: frame.dyno.certificate,
        lambda: frame.dyno.to_parquet("x.parquet"),
        lambda: repr(frame.dyno),
    ):
        with pytest.raises(SchemaError, match=r"client\.campaigns\.frame\(\)"):
            ask()


def test_a_merge_of_two_accounts_is_bound_to_none_or_says_which(sandbox):
    with (
        connect(sandbox.url, sandbox.api_key, name="left") as left,
        connect(sandbox.url, sandbox.api_key, name="right") as right,
    ):
        both = pd.concat([left.campaigns.find(limit=2), right.campaigns.find(limit=2)])
        with pytest.raises(SchemaError, match="bound to no account"):
            both.dyno.refresh()
