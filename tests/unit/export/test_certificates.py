"""The certificate of an export states what is known of all its rows, and no more."""

from __future__ import annotations

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.export import fetch

pytestmark = [
    pytest.mark.usefixtures("_small"),
    pytest.mark.filterwarnings("ignore::dyno_frames.errors.IncompleteResultWarning"),
]

LOCAL = "opens < clicks"
"""One filter, whose rows are kept or dropped by pandas: the server cannot count them."""

SEVERAL = "opens > 8 or name == 'plain'"
"""Several filters, fetched in windows."""


def verdict(dataset):
    return dataset.footer["certificate"]["verdict"]


def test_a_resumed_export_is_uncertified_if_nothing_is_known_of_the_earlier_rows(
    account, tmp_path, interrupted
):
    kept = interrupted(tmp_path / "c", chunks=2, scan=account.scan(LOCAL))
    written = account.scan(LOCAL).to_parquet(tmp_path / "c")
    assert verdict(written) == "uncertified"
    assert (
        f"{kept:,} rows came in an earlier run that was interrupted"
        in written.footer["certificate"]["reasons"][0]
    )
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find(LOCAL))
    synced = account.scan(LOCAL).to_parquet(tmp_path / "c", mode="sync")
    assert verdict(synced) == "exact", "a sync compares every id"


@pytest.mark.parametrize("chunks", [1, 2])
def test_a_resumed_export_is_certified_by_what_the_earlier_windows_found(
    account, tmp_path, interrupted, chunks
):
    kept = interrupted(tmp_path / "c", chunks=chunks, scan=account.scan(SEVERAL))
    came = []
    account.between.answering = lambda rows: came.extend(row["id"] for row in rows) or rows
    written = account.scan(SEVERAL).to_parquet(tmp_path / "c")
    account.between.answering = lambda rows: rows
    assert verdict(written) == "exact"
    assert f"{kept:,} rows came in an earlier run" in written.footer["certificate"]["notes"][0]
    frame = account.find(SEVERAL)
    assert not set(frame.sort_values(["created", "id"])["id"].head(kept)) & set(came)
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), frame)


def test_what_makes_an_earlier_window_uncertified_is_not_forgotten(account, tmp_path, interrupted):
    account.between.asking = lambda body: {name: body[name] for name in body if "order" not in name}
    interrupted(tmp_path / "c", chunks=1, scan=account.scan(SEVERAL))
    account.between.asking = lambda body: body
    written = account.scan(SEVERAL).to_parquet(tmp_path / "c")
    assert verdict(written) == "uncertified"
    assert any("does not keep the order" in reason for reason in written.footer["certificate"]["reasons"])


def invalid_first(account):
    """The first row of a window has a count that is not a whole number."""
    first = account.find(SEVERAL)["id"].iloc[0]
    account.sql("UPDATE campaigns SET clicks = 1.5 WHERE id = ?", first)


def test_values_that_an_earlier_window_made_null_are_noted_after_a_resume(account, tmp_path, interrupted):
    invalid_first(account)
    interrupted(tmp_path / "c", chunks=1, scan=account.scan(SEVERAL, on_invalid="null"))
    written = account.scan(SEVERAL, on_invalid="null").to_parquet(tmp_path / "c")
    assert any("1 value of clicks" in note for note in written.footer["certificate"]["notes"])


def test_a_resume_says_that_earlier_values_made_null_are_not_listed(account, tmp_path, interrupted):
    invalid_first(account)
    interrupted(tmp_path / "c", chunks=1, scan=account.scan(on_invalid="null"))
    written = account.scan(on_invalid="null").to_parquet(tmp_path / "c")
    assert any("made null" in note for note in written.footer["certificate"]["notes"])


@pytest.fixture
def small_pages(account):
    """A client that asks for pages of five rows, so that windows are counted."""
    settings = {"profile": Profile(), "page_size": 5, "name": "small pages", "workers": 1}
    with connect(account.between.url, account.box.api_key, **settings) as client:
        client.campaigns.frame()
        yield client


def test_an_export_in_windows_sums_the_counts_of_all_windows(small_pages, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "CHUNK_ROWS", 100)
    scan = small_pages.campaigns.scan("opens > 4 or name == 'plain'")
    certificate = scan.to_parquet(tmp_path / "c").footer["certificate"]
    whole = scan.run().certificate
    assert len(scan.plan.filters) > 1
    assert certificate["count_before"] == certificate["count_after"] == whole.count_before
    assert certificate["rows_returned"] == whole.rows_returned


def test_an_appended_answer_leaves_the_counts_of_the_dataset_unknown(account, tmp_path):
    account.scan("opens < 6").to_parquet(tmp_path / "c")
    added = account.scan("opens >= 6").to_parquet(tmp_path / "c", mode="append")
    assert (added.rows, verdict(added)) == (300, "exact")
    assert added.footer["certificate"]["count_before"] is None


@pytest.mark.parametrize("mode", ["sync", "append"])
def test_values_that_an_earlier_version_made_null_are_noted_in_the_next_version(account, tmp_path, mode):
    account.sql("UPDATE campaigns SET clicks = 1.5 WHERE id = '00000'")
    account.scan(on_invalid="null").to_parquet(tmp_path / "c")
    account.sql("UPDATE campaigns SET clicks = 2 WHERE id = '00000'")
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    expr = None if mode == "sync" else "opens == 77"
    written = account.scan(expr, on_invalid="null").to_parquet(tmp_path / "c", mode=mode)
    frame = written.to_frame()
    assert (written.version, frame["clicks"].isna().sum()) == (2, 1)
    assert any("1 value of clicks" in note for note in frame.dyno.certificate.notes)
