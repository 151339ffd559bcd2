"""What can go wrong with a disk is a clear error, and nothing that was committed is lost."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, ContractError, SchemaError
from dyno_frames.export import fetch, stage
from dyno_frames.export.store import write_lock
from dyno_frames.export.stores import store_of

pytestmark = pytest.mark.usefixtures("_small")


@pytest.fixture
def dataset(account, tmp_path):
    """A dataset of two versions, with a file that both have."""
    account.scan().to_parquet(tmp_path / "c", max_rows_per_file=100)
    account.sql(
        "UPDATE campaigns SET opens = 9, updated = NOW WHERE created = (SELECT max(created) FROM campaigns)"
    )
    return account.scan().to_parquet(tmp_path / "c", mode="sync", max_rows_per_file=100)


def unharmed(account, path):
    """The next run goes on as if nothing had been."""
    account.scan().to_parquet(path)
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())
    pd.testing.assert_frame_equal(
        pd.read_parquet(path)[["id", "opens"]], account.find()[["id", "opens"]], check_dtype=False
    )


@pytest.mark.parametrize("where", [0.1, 0.99])
def test_a_flipped_bit_is_found_by_every_read_and_by_a_sync(account, dataset, where):
    last = Path(dataset.files[-1])
    content = bytearray(last.read_bytes())
    content[int(len(content) * where)] ^= 4
    last.write_bytes(content)
    with pytest.raises(
        SchemaError, match=r"a file of version 2, is not as it was written: its SHA-256 differs"
    ):
        dataset.to_frame()
    assert len(dyno.read_dataset(dataset.path, version=1)) == 300, "the older version has its own file"
    account.sql("UPDATE campaigns SET opens = 8, updated = NOW WHERE id = '00000'")
    with pytest.raises(SchemaError, match=r"read an older version \(version=1\) or write the dataset anew"):
        account.scan().to_parquet(dataset.path, mode="sync", max_rows_per_file=100)
    unharmed(account, dataset.path)


def test_a_file_that_was_deleted_is_named_with_the_cure(account, dataset):
    Path(dataset.files[0]).unlink()
    with pytest.raises(SchemaError, match=r"part-.*\.parquet', a file of version 2, is not there"):
        dyno.read_dataset(dataset.path)
    assert len(dyno.read_dataset(dataset.path, version=1)) == 300
    unharmed(account, dataset.path)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 99}'])
def test_a_manifest_that_is_damaged_is_named(dataset, tmp_path, text):
    (tmp_path / ".c.dyno" / "manifests" / "000002.json").write_text(text, encoding="utf-8")
    with pytest.raises(SchemaError, match=r"000002\.json is (damaged|a manifest of format 99)"):
        dyno.read_dataset(dataset.path)
    assert len(dyno.read_dataset(dataset.path, version=1)) == 300


_CHILD = """
import resource, sys
import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
url, key, path, limit = sys.argv[1:]
with dyno.connect(url, key, profile=Profile(), page_size=50) as client:
    scan = client.campaigns.scan()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    try:
        scan.to_parquet(path)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit of file sizes here")
@pytest.mark.parametrize("limit", [20_000])
def test_a_disk_that_takes_no_more_is_told_and_nothing_is_lost(account, dataset, limit):
    before = dataset.to_frame()
    command = [
        sys.executable, "-c", _CHILD, account.between.url, account.box.api_key, str(dataset.path), str(limit),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    assert "OSError" in done.stdout
    assert "File too large" in done.stdout
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), before)
    assert len(pd.read_parquet(dataset.path)) == 300
    unharmed(account, dataset.path)


@pytest.mark.parametrize("name", ["manifests", "versions", "work"])
def test_a_place_that_cannot_be_written_is_told_and_nothing_is_lost(account, tmp_path, name):
    (tmp_path / ".c.dyno").mkdir()
    (
        tmp_path / ".c.dyno" / name
    ).touch()  # a file stands where a folder must be: root may not write there either
    with pytest.raises(OSError, match=name):
        account.scan().to_parquet(tmp_path / "c")
    assert not (tmp_path / "c").exists()
    (tmp_path / ".c.dyno" / name).unlink()
    unharmed(account, tmp_path / "c")


def test_two_runs_cannot_meet(account, dataset):
    with write_lock(store_of(dataset.path)):
        with pytest.raises(ConfigError, match=r"another run is writing to .*; two cannot at once"):
            account.scan().to_parquet(dataset.path)
        with pytest.raises(ConfigError, match="another run is writing"):
            dataset.vacuum()
        assert len(dataset.to_frame()) == 300, "reading needs no lock"
    unharmed(account, dataset.path)


class InterruptedHere(BaseException):
    """Stands for whatever ends a run."""


def interrupted(account, path, monkeypatch, *, chunks, **arguments):
    """Let a run end after so many chunks."""
    new_file, written = pa.ipc.new_file, []

    def some(sink, schema):
        if len(written) == chunks:
            raise InterruptedHere
        written.append(json.loads(schema.metadata[b"dyno_frames"])["rows"])
        return new_file(sink, schema)

    with monkeypatch.context() as patched:
        patched.setattr(pa.ipc, "new_file", some)
        with pytest.raises(InterruptedHere):
            account.scan().to_parquet(path, **arguments)
    return sum(written)


@pytest.mark.parametrize("partition_by", [None, "status"])
def test_the_next_run_resumes_an_interrupted_one_and_nothing_comes_twice(
    account, tmp_path, monkeypatch, partition_by
):
    path = tmp_path / "c"
    kept = interrupted(account, path, monkeypatch, chunks=3, partition_by=partition_by)
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


def test_a_run_of_another_question_begins_anew(account, tmp_path, monkeypatch):
    path = tmp_path / "c"
    interrupted(account, path, monkeypatch, chunks=2)
    written = account.scan("opens > 3").to_parquet(path)
    assert written.footer["certificate"]["verdict"] == "exact"
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find("opens > 3"))


def test_a_run_that_was_interrupted_long_ago_begins_anew(account, tmp_path, monkeypatch):
    path = tmp_path / "c"
    interrupted(account, path, monkeypatch, chunks=2)
    monkeypatch.setattr(stage, "KEPT_S", -1)
    written = account.scan().to_parquet(path)
    assert written.footer["certificate"]["verdict"] == "exact"
    assert written.counts["moved"] >= 300


def test_the_next_sync_resumes_an_interrupted_one(account, dataset, monkeypatch):
    account.sql("UPDATE campaigns SET opens = 5555, updated = NOW WHERE id < '09000'")
    kept = interrupted(account, dataset.path, monkeypatch, chunks=2, mode="sync")
    assert kept
    assert len(dataset.to_frame()) == 300
    done = account.scan().to_parquet(dataset.path, mode="sync")
    assert done.version == 3
    assert done.counts["moved"] < len(account.find("id < '09000'")) - kept + 60
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())


def test_a_commit_that_was_cut_before_the_link_is_no_version(account, dataset, tmp_path, monkeypatch):
    account.sql("DELETE FROM campaigns WHERE id = '00000'")
    was = dataset.to_frame()

    symlink_to = Path.symlink_to

    def stop(self, target, *arguments, **named):
        if "versions" in str(target):
            raise InterruptedHere
        symlink_to(self, target, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", stop)
        with pytest.raises(InterruptedHere):
            account.scan().to_parquet(dataset.path, mode="sync")
    assert (tmp_path / ".c.dyno" / "manifests" / "000003.json").exists()
    assert dataset.versions == [1, 2]
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), was)
    assert len(pq.read_table(dataset.path)) == 300
    again = account.scan().to_parquet(dataset.path, mode="sync")
    assert again.version == 3
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())


def test_a_file_system_without_links_is_refused_before_anything_is_asked(account, tmp_path, monkeypatch):
    def no_links(*_, **__):
        raise OSError(1, "Operation not permitted")

    scan = account.scan()
    account.between.forget()
    monkeypatch.setattr(Path, "symlink_to", no_links)
    with pytest.raises(
        ConfigError, match=r"no symbolic link can be made beside .*Write to a file system that has links"
    ):
        scan.to_parquet(tmp_path / "c")
    assert account.between.bodies == {"find": [], "count": []}


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


def test_chunks_are_cut_by_bytes_too(account, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "CHUNK_ROWS", 1_000_000)
    monkeypatch.setattr(fetch, "CHUNK_BYTES", 1)
    kept = interrupted(account, tmp_path / "c", monkeypatch, chunks=1)
    assert kept < 100


def _truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(path):
    path.write_bytes(b"")


def _zero(path):
    path.write_bytes(bytes(path.stat().st_size))


def _flip_a_bit(path, where=0.5):
    content = bytearray(path.read_bytes())
    content[int(len(content) * where)] ^= 4
    path.write_bytes(content)


DAMAGE = [_truncate, _empty, _zero, _flip_a_bit, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_damaged_staged_chunk_is_fetched_again(account, tmp_path, monkeypatch, damage, number):
    path = tmp_path / "c"
    interrupted(account, path, monkeypatch, chunks=3)
    staged = sorted((tmp_path / ".c.dyno" / "work").glob("*.arrow"))
    damage(staged[number])
    written = account.scan().to_parquet(path)
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())
    assert written.counts["moved"] < 300 - 60 * number + 20, "what is whole before it is kept"
    assert list((tmp_path / ".c.dyno").glob("work/*")) == []


@pytest.mark.parametrize("where", [0.01, 0.2, 0.6, 0.9, 0.999])
def test_a_flipped_bit_in_a_staged_chunk_never_becomes_a_row(account, tmp_path, monkeypatch, where):
    interrupted(account, tmp_path / "c", monkeypatch, chunks=3)
    for staged in (tmp_path / ".c.dyno" / "work").glob("*.arrow"):
        _flip_a_bit(staged, where)
    account.scan().to_parquet(tmp_path / "c")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())


@pytest.fixture
def staged_whole(account, dataset, monkeypatch):
    """A sync that was interrupted after every row was staged."""
    account.sql("UPDATE campaigns SET opens = 5555, updated = NOW WHERE id < '03000'")
    link = os.link

    def stop(source, target, *arguments, **named):
        if "versions" in str(target):
            raise InterruptedHere
        link(source, target, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", stop)
        with pytest.raises(InterruptedHere):
            account.scan().to_parquet(dataset.path, mode="sync")
    work = dataset.path.parent / ".c.dyno" / "work"
    assert (work / "main.done").exists()
    return work


@pytest.mark.parametrize("damage", DAMAGE)
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


@pytest.mark.parametrize("damage", [*DAMAGE[:-1], lambda path: path.write_bytes(b"\xff{}")])
def test_a_damaged_newest_manifest_does_not_block_overwrite(account, dataset, tmp_path, damage):
    damage(tmp_path / ".c.dyno" / "manifests" / "000002.json")
    account.sql("UPDATE campaigns SET opens = 8, updated = NOW WHERE id = '00000'")
    for mode in ("sync", "append"):
        with pytest.raises(
            SchemaError, match=r"000002\.json is damaged.*mode='overwrite' writes the dataset anew"
        ):
            account.scan().to_parquet(dataset.path, mode=mode)
    done = account.scan().to_parquet(dataset.path)
    assert (done.version, done.versions) == (3, [1, 2, 3])
    unharmed(account, dataset.path)
    assert account.scan().to_parquet(dataset.path).vacuum() >= 0


@pytest.mark.parametrize("where", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_manifest_in_which_one_figure_was_changed_is_damaged(dataset, tmp_path, where):
    path = tmp_path / ".c.dyno" / "manifests" / "000002.json"
    text = path.read_text(encoding="utf-8")
    digits = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = digits[int(len(digits) * where)]
    path.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :], encoding="utf-8")
    with pytest.raises(SchemaError, match=r"000002\.json is damaged"):
        dyno.read_dataset(dataset.path)


def test_a_manifest_of_the_first_format_is_still_read(account, dataset, tmp_path):
    path = tmp_path / ".c.dyno" / "manifests" / "000002.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    del stored["sha256"]
    path.write_text(json.dumps(stored | {"format": 1}), encoding="utf-8")
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())
