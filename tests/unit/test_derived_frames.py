"""What df.dyno says and does on a frame that pandas made of the answer to a query."""

from __future__ import annotations

import copy
import pickle

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import QueryError, SchemaError

CHANGED = {
    "head": lambda sent: sent.head(3),
    "tail": lambda sent: sent.tail(3),
    "no rows": lambda sent: sent.head(0),
    "a slice": lambda sent: sent.iloc[::2],
    "boolean selection": lambda sent: sent[sent["opens"] > 200],
    "query": lambda sent: sent.query("opens > 200"),
    "drop_duplicates": lambda sent: sent.drop_duplicates("from_email"),
    "sample": lambda sent: sent.sample(frac=1, random_state=1),
    "sort_values": lambda sent: sent.sort_values("opens", ascending=False),
    "sorted with a fresh index": lambda sent: sent.sort_values("opens", ignore_index=True),
    "the other way round": lambda sent: sent.iloc[::-1].reset_index(drop=True),
    "concat": lambda sent: pd.concat([sent, sent], ignore_index=True),
    "other rows of the same number": lambda sent: pd.concat(
        [sent.iloc[1:], sent.iloc[1:2]], ignore_index=True
    ),
    "merge": lambda sent: sent.merge(sent, on="id"),
    "drop a column": lambda sent: sent.drop(columns="clicks"),
    "columns": lambda sent: sent[["id", "opens"]],
    "columns in another order": lambda sent: sent[sent.columns[::-1]],
    "assign": lambda sent: sent.assign(rate=1.0),
    "rename": lambda sent: sent.rename(columns={"opens": "o"}),
    "set_index": lambda sent: sent.set_index("id"),
    "melt": lambda sent: sent.melt(id_vars="id", value_vars=["opens", "clicks"]),
    "describe": lambda sent: sent.describe(),
    "other values": lambda sent: sent.assign(opens=0),
    "one other value": lambda sent: sent.assign(clicks=sent["clicks"].mask(sent["clicks"].index == 5, -1)),
    "values clipped": lambda sent: sent.assign(opens=sent["opens"].clip(upper=200)),
    "other texts": lambda sent: sent.assign(from_email=sent["from_email"].str.upper()),
}

UNCHANGED = {
    "copy": lambda sent: sent.copy(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda sent: pickle.loads(pickle.dumps(sent)),  # noqa: S301 - our own bytes
    "a selection of every row": lambda sent: sent[sent["opens"] >= 0],
    "concat of its halves": lambda sent: pd.concat([sent.iloc[:7], sent.iloc[7:]]),
    "sort_index": lambda sent: sent.sort_index(),
}

COLUMNS = [None, ["id", "opens", "clicks", "from_email"], ["name", "opens", "clicks", "from_email", "status"]]


@pytest.fixture(scope="module")
def sent(client):
    return client.campaigns.find("opens > 100")


NEED_IDS = ("columns", "merge", "melt", "set_index")


@pytest.mark.parametrize(
    ("change", "columns"),
    [(change, columns) for change in CHANGED for columns in (COLUMNS[:2] if change in NEED_IDS else COLUMNS)],
)
def test_a_frame_that_pandas_changed_has_no_certificate_and_is_not_the_answer_to_its_query(
    client, change, columns, tmp_path
):
    answer = client.campaigns.find("opens > 100", columns=columns)
    assert answer.dyno.certificate.verdict == "exact"
    derived = CHANGED[change](answer)
    assert derived.dyno.certificate is None
    with pytest.raises(QueryError, match=r"no longer the answer to its query 'opens > 100'.*\.dyno\.query"):
        derived.dyno.refresh()
    with pytest.raises(QueryError, match=r"frame\.to_parquet\(…\), or .*\.dyno\.scan"):
        derived.dyno.to_parquet(tmp_path / "derived.parquet")
    assert list(tmp_path.iterdir()) == []
    assert derived.dyno.count("opens > 100") == len(answer), "queries read the account, not the frame"


@pytest.mark.parametrize("columns", COLUMNS, ids=["every column", "with ids", "without ids"])
@pytest.mark.parametrize("change", UNCHANGED)
def test_a_frame_with_the_same_rows_in_the_same_order_keeps_its_certificate(client, change, columns):
    answer = client.campaigns.find("opens > 100", columns=columns)
    derived = UNCHANGED[change](answer)
    assert derived.dyno.certificate == answer.dyno.certificate
    pd.testing.assert_frame_equal(derived.dyno.refresh(), answer)


def test_a_frame_changed_in_place_loses_its_certificate(client):
    answer = client.campaigns.find("opens > 100")
    answer["rate"] = answer["opens"] / answer["delivered"]
    assert answer.dyno.certificate is None


def test_frames_of_two_queries_are_bound_to_no_account_when_joined(client, sent):
    lists = client.lists.find()
    joined = [
        sent.merge(lists, left_on="list_id", right_on="id"),
        sent.join(lists.add_suffix("_of_list")),
        pd.concat([sent, lists]),
        pd.concat([sent, client.campaigns.find("opens <= 100")]),
    ]
    for frame in joined:
        with pytest.raises(SchemaError, match=r"bound to no account.*such as a merge"):
            _ = frame.dyno.certificate


def test_a_dataset_read_back_has_the_certificate_of_its_rows(sent, tmp_path):
    for name in ("one.parquet", "versions"):
        read = sent.dyno.to_parquet(tmp_path / name).to_frame()
        assert read.dyno.certificate.rows_returned == len(sent)
        assert read.head(3).dyno.certificate is None


def test_tail_and_sample_return_certified_rows_that_cannot_be_refreshed(client):
    campaigns = client.campaigns.frame().dyno
    for rows in (campaigns.tail(3), campaigns.sample(3, random_state=1)):
        assert rows.dyno.certificate.rows_returned == 3
        with pytest.raises(QueryError, match="comes from tail or sample"):
            rows.dyno.refresh()


def test_a_panel_controls_the_campaigns_that_are_left_in_the_frame(sent):
    for derived in (sent.head(3), sent.sort_values("opens").tail(3), sent[["id", "name"]].head(3)):
        with_panel = derived.dyno.panel()
        try:
            assert isinstance(with_panel, dyno.CampaignPanel)
            assert "3 campaigns" in repr(with_panel)
        finally:
            with_panel.close()
    nothing = sent[sent["opens"] < 0].dyno.panel()
    assert "0 campaigns" in repr(nothing)
    nothing.close()


@pytest.mark.parametrize("accessible", [False, True])
def test_the_panel_of_the_empty_frame_controls_every_campaign_of_the_account(client, accessible):
    panel = client.campaigns.frame().dyno.panel(accessible=accessible)
    try:
        assert f"{client.campaigns.count()} campaigns" in repr(panel)
    finally:
        panel.close()


def test_the_panel_of_the_empty_frame_shows_running_campaigns_first(client):
    running = client.campaigns.find("status == 'running'", columns=["id"])["id"]
    panel = client.campaigns.frame().dyno.panel(accessible=True)
    try:
        first = [row["id"] for row in panel.view["table"]["rows"][: len(running)]]
    finally:
        panel.close()
    assert len(running)
    assert set(first) == set(running[: len(first)])
