"""What an answer may cost: budgets that refuse before a row moves, and the cheaper of overlapping filters."""

from __future__ import annotations

import pandas as pd
import pytest

from dyno_frames.errors import QueryError


@pytest.fixture(scope="module")
def full(client):
    return client.campaigns.find()


@pytest.mark.parametrize(
    ("allowed", "cost"), [({"max_rows": 100}, "379 rows"), ({"max_requests": 2}, "requests")]
)
def test_an_answer_that_would_cost_more_is_refused_before_a_row_moves(client, allowed, cost):
    with pytest.raises(QueryError, match="No row was fetched") as raised:
        client.campaigns.find("opens > 0", **allowed)
    assert cost in str(raised.value)


def test_an_answer_within_its_budget_comes(client, full):
    found = client.campaigns.find("opens > 0", max_rows=400, max_requests=10)
    pd.testing.assert_frame_equal(found, full[full.opens > 0].reset_index(drop=True))


def test_a_limit_that_the_server_keeps_makes_an_answer_cheap(client):
    assert len(client.campaigns.find("opens > 0", limit=3, max_rows=10)) == 3


@pytest.mark.parametrize("wrong", [-1, True, 2.5, "9"])
@pytest.mark.parametrize("name", ["max_rows", "max_requests"])
def test_a_budget_is_a_whole_number(client, name, wrong):
    with pytest.raises(QueryError, match=f"{name}="):
        client.campaigns.find("opens > 0", **{name: wrong})


def test_batches_keep_the_budget_too(client):
    scan = client.campaigns.scan("opens > 0", max_rows=100)
    with pytest.raises(QueryError, match="max_rows=100"):
        next(scan.to_batches())


def test_filters_that_overlap_much_are_asked_as_one(client, full):
    question = "opens > 10 or clicks > 1 or name.str.contains('a')"
    answer = client.campaigns.scan(question, columns=["name"]).run()
    found = answer.to_frame()
    expected = full.query(question).reset_index(drop=True)[["name"]]
    pd.testing.assert_frame_equal(found, expected)
    assert answer.certificate.rows_moved <= len(full) + 2


def test_filters_that_overlap_little_are_asked_apart(client, full):
    question = "opens > 100000 or clicks > 4000"
    answer = client.campaigns.scan(question).run()
    expected = full.query(question).reset_index(drop=True)
    pd.testing.assert_frame_equal(answer.to_frame(), expected)
    assert answer.certificate.rows_moved < len(full) / 4


def test_the_rows_of_overlapping_filters_are_counted_once(client, full):
    question = "opens > 1000 or clicks > 100 or status == 'draft'"
    scan = client.campaigns.scan(question)
    assert scan.plan.terms is not None
    assert scan.count() == len(full.query(question))
