"""Datasets on file systems that cannot replace links to folders, such as those of Windows."""

from __future__ import annotations

import itertools
from pathlib import Path

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, SchemaError

pytestmark = pytest.mark.usefixtures("_small")


def no_links(monkeypatch):
    def refuse(*_, **__):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)


def no_replacement(monkeypatch):
    replace = Path.replace

    def refuse(self, target):
        if self.is_symlink() and Path(target).is_symlink():
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)


@pytest.fixture(params=[no_links, no_replacement])
def path(request, monkeypatch, tmp_path):
    """The path of a dataset on such a file system."""
    request.param(monkeypatch)
    return tmp_path / "c"


def test_versions_are_written_read_compared_and_removed(account, path):
    first = account.scan().to_parquet(path, partition_by="created:month")
    was = account.find()
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    account.sql("DELETE FROM campaigns WHERE id = '00000'")
    second = account.scan().to_parquet(path, mode="sync")
    assert (first.version, second.version, second.versions) == (1, 2, [1, 2])
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())
    pd.testing.assert_frame_equal(dyno.read_dataset(path, version=1), was)
    assert sorted(second.diff()["change"]) == ["changed", "removed"]
    assert len(pd.read_parquet(second.files)) == 299
    third = account.scan().to_parquet(path)
    assert third.vacuum() > 0
    assert dyno.open_dataset(path).versions == [3]


def test_another_program_finds_no_rows_and_reads_where_they_are(account, path):
    account.scan().to_parquet(path)
    assert [one.name for one in path.iterdir()] == ["VERSION.txt"]
    assert [*path.rglob("*.parquet")] == []
    number, where = (path / "VERSION.txt").read_text(encoding="utf-8").splitlines()
    assert number == "000001"
    assert f".c.dyno/versions/{number}, beside this folder" in where
    with pytest.raises(Exception, match=r"VERSION\.txt"):
        pd.read_parquet(path)


def test_a_folder_that_is_empty_is_used_and_one_with_other_files_is_not(account, path):
    path.mkdir()
    account.scan().to_parquet(path)
    account.scan().to_parquet(path)
    assert dyno.open_dataset(path).version == 2
    (path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="is a folder with files of another program in it"):
        account.scan().to_parquet(path)


def test_what_a_file_manager_adds_to_the_folder_changes_nothing(account, path):
    path.mkdir()
    (path / ".DS_Store").write_bytes(b"")
    mirror = account.client.campaigns.mirror(path)
    assert mirror.count() == 300
    (path / "Thumbs.db").write_bytes(b"")
    assert mirror.count(fresh=True) == 300
    mirror.remove()
    assert not path.exists()


def test_a_version_file_that_cannot_be_read_loses_no_version(account, path, monkeypatch):
    account.scan().to_parquet(path)
    read_text = Path.read_text

    def failing_from(number):
        reads = itertools.count()

        def read(self, **options):
            if self.name == "VERSION.txt" and next(reads) >= number:
                raise OSError(24, "Too many open files")
            return read_text(self, **options)

        return read

    for number in range(3):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "read_text", failing_from(number))
            with pytest.raises(SchemaError, match="cannot be read"):
                account.scan().to_parquet(path, mode="sync")
    assert len(dyno.read_dataset(path, version=1)) == 300


def test_an_unfinished_version_file_alone_is_finished(account, path):
    account.scan().to_parquet(path)
    (path / "VERSION.txt").rename(path / "VERSION.txt.part")
    assert account.scan().to_parquet(path, mode="sync").version == 1
    assert [one.name for one in path.iterdir()] == ["VERSION.txt"]


def test_a_version_file_that_is_not_ours_is_kept(account, path):
    path.mkdir()
    (path / "VERSION.txt").write_text("7\n", encoding="utf-8")
    with pytest.raises(
        ConfigError,
        match=r"has a file VERSION\.txt, but the folder .*\.c\.dyno' with the versions is missing",
    ):
        account.scan().to_parquet(path)
    assert (path / "VERSION.txt").read_text(encoding="utf-8") == "7\n"
    with pytest.raises(SchemaError, match="is not a dataset of dyno_frames"):
        dyno.read_dataset(path)


def test_a_damaged_version_file_is_an_error_and_the_next_run_repairs_it(account, path):
    account.scan().to_parquet(path)
    for content in (b"\xff\xfe", b"9" * 5000):
        (path / "VERSION.txt").write_bytes(content)
        with pytest.raises(SchemaError, match=r"no version of .* is committed.*Run the export again"):
            dyno.read_dataset(path)
    assert account.scan().to_parquet(path, mode="sync").version == 1
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


def test_a_mirror_answers_and_is_removed(account, path):
    mirror = account.client.campaigns.mirror(path)
    pd.testing.assert_frame_equal(mirror.query("opens > 3"), account.find("opens > 3"))
    account.sql("DELETE FROM campaigns WHERE id = '00000'")
    assert mirror.count(fresh=True) == 299
    mirror.remove()
    assert [one for one in path.parent.iterdir() if "c" in one.name] == []
