"""What can go wrong with a disk is a clear error, and nothing that was committed is lost."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export.store import write_lock
from dyno_frames.export.stores import store_of

pytestmark = pytest.mark.usefixtures("_small")


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
    with pytest.raises(SchemaError, match=r"a file of version 2, is damaged: its SHA-256 differs"):
        dataset.to_frame()
    assert len(dyno.read_dataset(dataset.path, version=1)) == 300, "the older version has its own file"
    account.sql("UPDATE campaigns SET opens = 8, updated = NOW WHERE id = '00000'")
    with pytest.raises(SchemaError, match=r"Read an older version \(version=1\) or replace the dataset"):
        account.scan().to_parquet(dataset.path, mode="sync", max_rows_per_file=100)
    unharmed(account, dataset.path)


def test_a_file_that_was_deleted_is_named_with_the_cure(account, dataset):
    Path(dataset.files[0]).unlink()
    with pytest.raises(SchemaError, match=r"part-.*\.parquet', a file of version 2, does not exist"):
        dyno.read_dataset(dataset.path)
    assert len(dyno.read_dataset(dataset.path, version=1)) == 300
    unharmed(account, dataset.path)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff{}", b'{"format": 1}', b'{"format": 99}'])
def test_a_manifest_that_is_damaged_is_named(dataset, tmp_path, content):
    (tmp_path / ".c.dyno" / "manifests" / "000002.json").write_bytes(content)
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
    assert done.stdout.startswith("ConfigError: ")
    assert "cannot be written (" in done.stdout
    assert "File too large). Check the space and the rights" in done.stdout
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), before)
    assert len(pd.read_parquet(dataset.path)) == 300
    unharmed(account, dataset.path)


@pytest.mark.parametrize("name", ["manifests", "versions", "work"])
def test_a_place_that_cannot_be_written_is_told_and_nothing_is_lost(account, tmp_path, name):
    (tmp_path / ".c.dyno").mkdir()
    (
        tmp_path / ".c.dyno" / name
    ).touch()  # a file stands where a folder must be: root may not write there either
    with pytest.raises(ConfigError, match=f"cannot be written .*{name}"):
        account.scan().to_parquet(tmp_path / "c")
    assert not (tmp_path / "c").exists()
    (tmp_path / ".c.dyno" / name).unlink()
    unharmed(account, tmp_path / "c")


def test_two_runs_cannot_meet(account, dataset):
    with write_lock(store_of(dataset.path)):
        with pytest.raises(ConfigError, match=r"another run is writing to .*; only one run can write"):
            account.scan().to_parquet(dataset.path)
        with pytest.raises(ConfigError, match="another run is writing"):
            dataset.vacuum()
        assert len(dataset.to_frame()) == 300, "reading needs no lock"
    unharmed(account, dataset.path)


class Interrupted(BaseException):
    """Stands for whatever ends a run."""


def test_a_commit_that_was_cut_before_the_link_is_no_version(account, dataset, tmp_path, monkeypatch):
    account.sql("DELETE FROM campaigns WHERE id = '00000'")
    was = dataset.to_frame()

    symlink_to = Path.symlink_to

    def stop(self, target, *arguments, **named):
        if "versions" in str(target):
            raise Interrupted
        symlink_to(self, target, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", stop)
        with pytest.raises(Interrupted):
            account.scan().to_parquet(dataset.path, mode="sync")
    assert (tmp_path / ".c.dyno" / "manifests" / "000003.json").exists()
    assert dataset.versions == [1, 2]
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), was)
    assert len(pq.read_table(dataset.path)) == 300
    again = account.scan().to_parquet(dataset.path, mode="sync")
    assert again.version == 3
    pd.testing.assert_frame_equal(dyno.read_dataset(dataset.path), account.find())


def test_a_damaged_newest_manifest_does_not_block_overwrite(account, dataset, tmp_path, damage):
    damage(tmp_path / ".c.dyno" / "manifests" / "000002.json")
    account.sql("UPDATE campaigns SET opens = 8, updated = NOW WHERE id = '00000'")
    for mode in ("sync", "append"):
        with pytest.raises(
            SchemaError,
            match=r"000002\.json (is damaged|does not exist).*replace the dataset with mode='overwrite'",
        ):
            account.scan().to_parquet(dataset.path, mode=mode)
    done = account.scan().to_parquet(dataset.path)
    assert (done.version, done.versions[0], done.versions[-1]) == (3, 1, 3)
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
