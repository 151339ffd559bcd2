"""Rows that a server should not have returned are left out, and its filter is not relied on again."""

from __future__ import annotations

import pytest

from dyno_frames.scan.certificate import Completeness


@pytest.fixture
def careless(account, campaigns):
    """Connect to a server that ignores every condition on opens."""
    client, between = account(campaigns(40, tied=2), page_size=7)
    between.asking = lambda body: {name: value for name, value in body.items() if name != "opens"}
    return client, between


def expected(client, condition):
    return client.campaigns.find().query(condition, engine="python")["id"].tolist()


def test_rows_that_the_query_excludes_are_left_out_and_noted(careless):
    client, _ = careless
    found = client.campaigns.find("opens > 5")
    assert found["id"].tolist() == expected(client, "opens > 5")
    (note,) = found.dyno.certificate.notes
    assert "left out that the query excludes" in note
    assert "opens" in note


def test_columns_without_the_one_that_is_filtered_by_are_checked_too(careless):
    client, _ = careless
    found = client.campaigns.find("opens > 5", columns=["id", "name"])
    assert list(found.columns) == ["id", "name"]
    assert found["id"].tolist() == expected(client, "opens > 5")


def test_a_limit_is_filled_with_rows_that_fit(careless):
    client, _ = careless
    found = client.campaigns.find("opens > 5", limit=4)
    assert found["id"].tolist() == expected(client, "opens > 5")[:4]


def test_batches_are_checked_too(careless):
    client, _ = careless
    ids = [
        key for batch in client.campaigns.scan("opens > 5").to_batches() for key in batch["id"].to_pylist()
    ]
    assert ids == expected(client, "opens > 5")


def test_a_filter_that_let_rows_through_is_not_relied_on_again(careless):
    client, _ = careless
    assert client.campaigns.scan("opens > 5").explain().exact
    client.campaigns.find("opens > 5")
    plan = client.campaigns.scan("opens > 5 and recipients >= 0").explain()
    assert not plan.exact
    assert client.campaigns.count("opens > 5") == len(expected(client, "opens > 5"))


def test_nothing_is_noted_where_the_server_filters_right(account, campaigns):
    client, _ = account(campaigns(40, tied=2), page_size=7)
    certificate = client.campaigns.find("opens > 5").dyno.certificate
    assert (certificate.notes, certificate.verdict) == ((), Completeness.EXACT)


def test_values_made_null_are_noted_without_the_key(account, campaigns):
    client, between = account(campaigns(4))
    key = between.box.api_key
    between.answering = lambda rows: [row | {"id": f"{key} {row['id']}", "subject": [key]} for row in rows]
    found = client.campaigns.find(on_invalid="null", limit=2)
    (note,) = [note for note in found.dyno.certificate.notes if "made null" in note]
    assert "first ['***'] in row '***" in note
    assert key not in note
