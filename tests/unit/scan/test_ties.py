"""Large answers with many ties, over HTTP: the same rows and the same certificate whatever fetches them."""

from __future__ import annotations

import random
from dataclasses import replace

import pandas as pd
import pytest

from dyno_frames.scan.budget import max_finds
from dyno_frames.scan.prefetch import WindowSizes
from dyno_frames.scan.stats import ScanStats


def resampled(sample: pd.DataFrame, number: int) -> pd.DataFrame:
    """So many of the sample's campaigns, with ids of their own: up to 71 of 20,000 share one second."""
    rows = sample.sample(number, replace=True, random_state=7).reset_index(drop=True)
    rows["id"] = [f"{at * 7919 % number:07d}" for at in range(number)]
    return rows


@pytest.fixture(scope="module")
def sample(client):
    return client.campaigns.find()


@pytest.fixture(scope="module")
def large(sample):
    return resampled(sample, 20_000)


@pytest.mark.parametrize("workers", [None, 1, 2, 4, 12])
def test_every_row_of_a_large_account_with_ties_comes_whatever_the_number_of_workers(account, large, workers):
    client, between = account(large, workers=workers)
    answer = client.campaigns.find(columns=["id", "created"])
    certificate = answer.dyno.certificate
    assert (len(answer), certificate.verdict) == (20_000, "exact")
    assert set(answer["id"]) == set(large["id"])
    assert len(between.bodies["find"]) <= max_finds(20_000, 1000)
    order = answer.sort_values(["created", "id"], kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(answer, order)


@pytest.mark.parametrize("seed", range(8))
def test_windows_give_the_same_rows_as_one_walk(account, campaigns, seed):
    draw = random.Random(seed)  # noqa: S311 - decides what a test does
    number, cap = draw.choice([1, 7, 300, 3000]), draw.choice([37, 97, 250])
    tied = max(1, int(cap * draw.choice([0.1, 0.9, 1, 1.5, 3])))
    client, between = account(campaigns(number, tied=tied), page_limit=cap)
    if draw.random() < 0.5:  # ties come in another order on each page
        between.answering = shuffled_ties(draw, between)
    expected = replace(client.campaigns.scan(), workers=1).run()
    assert expected.certificate.verdict == "exact"
    assert expected.table.num_rows == number
    for workers in (2, 4, 12):
        found = replace(client.campaigns.scan(), workers=workers).run()
        assert found.table.equals(expected.table)
        assert found.certificate.verdict == "exact"


def shuffled_ties(draw, between):
    """Shuffle rows of a page that share ``created``, where the page is in that order."""

    def shuffle(rows):
        if between.bodies["find"][-1]["application_order_by"] != "created":
            return rows
        frame = pd.DataFrame({"at": range(len(rows)), "created": [row["created"] for row in rows]})
        frame["key"] = (frame["created"] != frame["created"].shift()).cumsum()
        frame["tie"] = [draw.random() for _ in rows]
        return [rows[at] for at in frame.sort_values(["key", "tie"])["at"]]

    return shuffle


def test_a_late_field_that_comes_with_two_types_is_one_column_of_both(account, campaigns):
    rows = campaigns(400, tied=1)
    client, between = account(rows, page_size=20, workers=4)
    oldest = set(rows["id"].head(300))

    def add(found):
        return [
            row | {"mood": 7 if int(row["created"]) % 2 else "good"} if row["id"] in oldest else row
            for row in found
        ]

    between.answering = add
    answer = client.campaigns.find()
    assert answer.dyno.certificate.fields_met == ("mood",)
    odd = answer["created"].astype("int64") % 2 == 1
    known = answer["id"].isin(oldest)
    assert set(answer.loc[known & odd, "mood"]) == {7}
    assert set(answer.loc[known & ~odd, "mood"]) == {"good"}
    assert answer.loc[~known, "mood"].isna().all()


def test_a_request_that_was_sent_again_says_nothing_about_the_distance_of_a_server():
    stats = ScanStats()
    stats.answered(2, 1.3, is_count=True)
    assert stats.round_trip_s is None
    stats.answered(1, 0.001, is_count=True)
    stats.answered(1, 0.004, is_count=True)
    assert stats.round_trip_s == 0.001
    assert stats.retry_time.spent_s == 1.3
    near = WindowSizes.choose(100_000, page_rows=1000, workers=12, round_trip_s=0.001)
    far = WindowSizes.choose(100_000, page_rows=1000, workers=12, round_trip_s=0.05)
    assert (near.at_once, far.at_once) == (3, 12)


def test_all_retries_of_a_scan_share_one_deadline(account, campaigns):
    client, _ = account(campaigns(300), page_size=10)
    session, deadlines = client.connection.session, []
    send = session.send

    def slow(operation, **settings):
        deadlines.append(settings["deadline_s"])
        reply = send(operation, **settings)
        return replace(reply, attempts=2, elapsed_s=session.deadline_s)

    session.send = slow
    client.campaigns.scan().run()
    assert deadlines[0] == session.deadline_s
    assert deadlines[:9] == [session.deadline_s] * 9
    assert deadlines[20:] == [session.timeout_s] * len(deadlines[20:])


def test_a_tied_answer_is_cut_where_pandas_cuts_it(account, campaigns):
    client, between = account(campaigns(60, tied=30), page_size=7)
    whole = client.campaigns.find()
    between.forget()
    for limit, offset in ((3, 0), (7, 0), (8, 20), (40, 5)):
        found = client.campaigns.find(limit=limit, offset=offset)
        pd.testing.assert_frame_equal(found, whole.iloc[offset : offset + limit].reset_index(drop=True))
