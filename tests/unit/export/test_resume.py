"""The next run resumes an interrupted one from its staged rows, and fetches again what is damaged there."""

from __future__ import annotations

import json
import os

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ContractError
from dyno_frames.export import fetch, stage

pytestmark = pytest.mark.usefixtures("_small")


class Interrupted(BaseException):
    """Stands for whatever ends a run."""


@pytest.mark.parametrize("partition_by", [None, "status"])
def test_the_next_run_resumes_an_interrupted_one_and_nothing_comes_twice(
    account, tmp_path, interrupted, partition_by
):
    path = tmp_path / "c"
    kept = interrupted(path, chunks=3, partition_by=partition_by)
    assert not path.exists()
    assert kept >= 180
    came = []
    account.between.answering = lambda rows: came.extend(row["id"] for row in rows) or rows
    written = account.scan().to_parquet(path, partition_by=partition_by)
    account.between.answering = lambda rows: rows
    first = set(account.find().sort_values(["created", "id"])["id"].head(kept))
    assert not first & set(came), "no row of a finished piece is fetched again"
    assert written.counts["moved"] < 300 - kept + 20
    assert written.footer["certificate"]["verdict"] == "at_least_once"
    assert "came in an earlier run that was interrupted" in written.footer["certificate"]["reasons"][0]
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find(), check_like=False)
    assert list((tmp_path / ".c.dyno").glob("work/*")) == []


def test_a_run_of_another_question_begins_anew(account, tmp_path, interrupted):
    path = tmp_path / "c"
    interrupted(path, chunks=2)
    written = account.scan("opens > 3").to_parquet(path)
    assert written.footer["certificate"]["verdict"] == "exact"
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find("opens > 3"))


def test_rows_that_were_staged_are_fetched_again_if_the_server_counts_others(account, tmp_path, interrupted):
    for chunks in (2, 3):
        interrupted(tmp_path / "c", chunks=chunks)
        account.sql("DELETE FROM campaigns WHERE id = (SELECT id FROM campaigns ORDER BY created LIMIT 1)")
        written = account.scan().to_parquet(tmp_path / "c")
        assert written.footer["certificate"]["verdict"] == "exact"
        pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())


@pytest.mark.parametrize("query", [None, "opens > 8 or name == 'plain'", "name.str.len() > 5"])
@pytest.mark.parametrize("is_changed", [True, False])
def test_a_run_that_was_interrupted_before_its_commit_counts_its_rows_again(
    account, tmp_path, monkeypatch, query, is_changed
):
    path = tmp_path / "c"
    with monkeypatch.context() as patched:
        patched.setattr("dyno_frames.export.run.together", _stopped)
        with pytest.raises(Interrupted):
            account.scan(query).to_parquet(path)
    if is_changed:
        first = account.find(query)["id"].iloc[0]
        account.sql("DELETE FROM campaigns WHERE id = ?", first)
    came = []
    account.between.answering = lambda rows: came.extend(rows) or rows
    written = account.scan(query).to_parquet(path)
    account.between.answering = lambda rows: rows
    assert (len(came) > 20) is is_changed
    notes = written.footer["certificate"]["notes"]
    assert any("came in an earlier run" in note for note in notes) is not is_changed
    assert written.footer["certificate"]["verdict"] == "exact"
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find(query))


def test_rows_created_after_a_run_that_was_interrupted_before_its_commit_are_fetched(
    account, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr("dyno_frames.export.run.together", _stopped)
        with pytest.raises(Interrupted):
            account.scan().to_parquet(tmp_path / "c")
    account.client.campaigns.create(name="later")
    came = []
    account.between.answering = lambda rows: came.extend(rows) or rows
    written = account.scan().to_parquet(tmp_path / "c")
    account.between.answering = lambda rows: rows
    assert {row["name"] for row in came} >= {"later"}
    assert len(came) < 20
    assert (written.rows, written.footer["certificate"]["verdict"]) == (301, "exact")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())


def test_a_run_that_was_interrupted_long_ago_begins_anew(account, tmp_path, interrupted, monkeypatch):
    path = tmp_path / "c"
    interrupted(path, chunks=2)
    monkeypatch.setattr(stage, "KEPT_S", -1)
    written = account.scan().to_parquet(path)
    assert written.footer["certificate"]["verdict"] == "exact"
    assert written.counts["moved"] >= 300


def test_the_next_sync_resumes_an_interrupted_one(account, dataset, interrupted):
    account.sql("UPDATE campaigns SET opens = 5555, updated = NOW WHERE id < '09000'")
    kept = interrupted(dataset.path, chunks=2, mode="sync")
    assert kept
    assert len(dataset.to_frame()) == 300
    done = account.scan().to_parquet(dataset.path, mode="sync")
    assert done.version == 3
    assert done.counts["moved"] < len(account.find("id < '09000'")) - kept + 60
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())


def test_what_breaks_the_contract_is_not_resumed(account, tmp_path):
    account.sql(
        "UPDATE campaigns SET opens = 1.5 WHERE id = (SELECT id FROM campaigns ORDER BY created DESC LIMIT 1)"
    )
    with pytest.raises(ContractError, match="opens"):
        account.scan().to_parquet(tmp_path / "c")
    assert list((tmp_path / ".c.dyno").glob("work/*")) == []
    account.sql("UPDATE campaigns SET opens = 1 WHERE opens = 1.5")
    written = account.scan().to_parquet(tmp_path / "c")
    assert written.footer["certificate"]["verdict"] == "exact"


def test_chunks_are_cut_by_bytes_too(account, tmp_path, interrupted, monkeypatch):
    monkeypatch.setattr(fetch, "CHUNK_ROWS", 1_000_000)
    monkeypatch.setattr(fetch, "CHUNK_BYTES", 1)
    kept = interrupted(tmp_path / "c", chunks=1)
    assert kept < 100


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_damaged_staged_chunk_is_fetched_again(account, tmp_path, interrupted, damage, number):
    path = tmp_path / "c"
    interrupted(path, chunks=3)
    staged = sorted((tmp_path / ".c.dyno" / "work").glob("*.arrow"))
    damage(staged[number])
    written = account.scan().to_parquet(path)
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())
    assert written.counts["moved"] < 300 - 60 * number + 30, "what is whole before it is kept"
    assert list((tmp_path / ".c.dyno").glob("work/*")) == []


@pytest.mark.parametrize("where", [0.01, 0.2, 0.6, 0.9, 0.999])
def test_a_flipped_bit_in_a_staged_chunk_never_becomes_a_row(account, tmp_path, interrupted, where):
    interrupted(tmp_path / "c", chunks=3)
    for staged in (tmp_path / ".c.dyno" / "work").glob("*.arrow"):
        content = bytearray(staged.read_bytes())
        content[int(len(content) * where)] ^= 4
        staged.write_bytes(content)
    account.scan().to_parquet(tmp_path / "c")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())


@pytest.fixture
def staged_whole(account, dataset, monkeypatch):
    """A sync that was interrupted after every row was staged."""
    account.sql("UPDATE campaigns SET opens = 5555, updated = NOW WHERE id < '03000'")
    link = os.link

    def stop(source, target, *arguments, **named):
        if "versions" in str(target):
            raise Interrupted
        link(source, target, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", stop)
        with pytest.raises(Interrupted):
            account.scan().to_parquet(dataset.path, mode="sync")
    work = dataset.path.parent / ".c.dyno" / "work"
    assert (work / "main.done").exists()
    return work


@pytest.mark.parametrize("name", ["run.json", "main.done"])
def test_a_damaged_note_of_a_run_is_written_again(account, dataset, staged_whole, damage, name):
    damage(staged_whole / name)
    done = account.scan().to_parquet(dataset.path, mode="sync")
    assert done.version == 3
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())
    account.sql("UPDATE campaigns SET opens = 6666, updated = NOW WHERE id = '00037'")
    account.scan().to_parquet(dataset.path, mode="sync")
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())


def test_a_watermark_that_was_changed_on_disk_is_not_used(account, dataset, staged_whole):
    note = staged_whole / "run.json"
    found = json.loads(note.read_text(encoding="utf-8"))
    later = json.dumps(found | {"watermark": found["watermark"] + 10_000_000})
    note.write_text(later, encoding="utf-8")
    done = account.scan().to_parquet(dataset.path, mode="sync")
    assert done.manifest.watermark == found["watermark"]


def test_chunks_that_a_finished_run_has_lost_are_fetched_again(account, dataset, staged_whole):
    max(staged_whole.glob("*.arrow")).unlink()
    account.scan().to_parquet(dataset.path, mode="sync")
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())


def _stopped(*_: object, **__: object) -> None:
    raise Interrupted
