"""The first export of a dataset: interrupted at any point, it leaves nothing that a reader takes for a version."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, SchemaError

pytestmark = pytest.mark.usefixtures("_small")


class InterruptedHere(BaseException):
    """Stands for whatever ends a run."""


@pytest.fixture
def cut_before_link(account, tmp_path, monkeypatch):
    """Return a function that runs a first export and interrupts it after the manifest, before the link."""
    symlink_to = Path.symlink_to

    def stop(self, target, *arguments, **named):
        if "versions" in str(target):
            raise InterruptedHere
        symlink_to(self, target, *arguments, **named)

    def cut(mode):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "symlink_to", stop)
            with pytest.raises(InterruptedHere):
                account.scan().to_parquet(tmp_path / "c", mode=mode)
        assert (tmp_path / ".c.dyno" / "manifests" / "000001.json").exists()
        assert not (tmp_path / "c").exists()

    return cut


@pytest.mark.parametrize("mode", ["overwrite", "append", "sync"])
def test_a_first_export_cut_before_the_link_is_visible_after_the_next_run(
    account, tmp_path, cut_before_link, mode
):
    cut_before_link(mode)
    done = account.scan().to_parquet(tmp_path / "c", mode=mode)
    assert done.rows == 300
    assert len(pd.read_parquet(tmp_path / "c")) == 300
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())


def test_before_the_first_link_nothing_is_read(account, tmp_path, cut_before_link):
    cut_before_link("sync")
    with pytest.raises(SchemaError, match=r"no version of '.*c' is committed.*Run the export again"):
        dyno.read_dataset(tmp_path / "c")
    with pytest.raises(SchemaError, match="no version"):
        dyno.read_dataset(tmp_path / "c", version=1)


@pytest.mark.parametrize("mode", ["append", "sync"])
def test_a_link_that_was_removed_is_made_again_by_a_run_that_finds_nothing_new(account, tmp_path, mode):
    account.scan().to_parquet(tmp_path / "c")
    (tmp_path / "c").unlink()
    with pytest.raises(SchemaError, match=r"no version of .* is committed"):
        dyno.read_dataset(tmp_path / "c")
    again = account.scan().to_parquet(tmp_path / "c", mode=mode)
    assert again.version == 1
    assert len(pd.read_parquet(tmp_path / "c")) == 300
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())


def test_a_link_that_was_removed_names_the_newest_version_again(account, tmp_path):
    account.scan().to_parquet(tmp_path / "c")
    account.sql("DELETE FROM campaigns WHERE id = '00111'")
    second = account.scan().to_parquet(tmp_path / "c", mode="sync")
    (tmp_path / "c").unlink()
    (tmp_path / "c").mkdir()  # an empty folder is no obstacle
    second.vacuum(keep=2)
    assert second.versions == [1, 2]
    assert len(pd.read_parquet(tmp_path / "c")) == 299


def test_a_folder_of_another_program_is_never_replaced(account, tmp_path):
    dataset = account.scan().to_parquet(tmp_path / "c")
    (tmp_path / "c").unlink()
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="another program"):
        dataset.vacuum()
    with pytest.raises(ConfigError, match="another program"):
        account.scan().to_parquet(tmp_path / "c", mode="sync")
    assert (tmp_path / "c" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_the_version_that_the_link_names_is_kept_when_its_manifest_is_gone(account, tmp_path):
    account.scan().to_parquet(tmp_path / "c")
    account.sql("DELETE FROM campaigns WHERE id = '00111'")
    account.scan().to_parquet(tmp_path / "c", mode="sync")
    (tmp_path / ".c.dyno" / "manifests" / "000002.json").unlink()
    with pytest.raises(SchemaError, match=r"000002\.json does not exist"):
        dyno.read_dataset(tmp_path / "c")
    with pytest.raises(SchemaError, match=r"mode='overwrite'"):
        account.scan().to_parquet(tmp_path / "c", mode="sync")
    assert len(pd.read_parquet(tmp_path / "c")) == 299, "plain readers still see what was committed"
    assert account.scan().to_parquet(tmp_path / "c").version == 3
    assert len(pd.read_parquet(tmp_path / "c")) == 299


@pytest.mark.parametrize("name", ["c" * 250, "c" * 300, "é" * 125])
def test_a_name_that_is_too_long_is_refused_before_anything_is_asked_or_written(account, tmp_path, name):
    scan = account.scan()
    account.between.forget()
    with pytest.raises(ConfigError, match=r"the name .* has \d+ bytes; .* at most 249"):
        scan.to_parquet(tmp_path / name)
    assert account.between.bodies == {"find": [], "count": []}
    assert list(tmp_path.iterdir()) == []


def test_the_longest_name_can_be_written_synced_and_read(account, tmp_path):
    path = tmp_path / ("c" * 249)
    account.scan().to_parquet(path)
    account.sql("DELETE FROM campaigns WHERE id = '00111'")
    account.scan().to_parquet(path, mode="sync")
    assert len(dyno.read_dataset(path)) == len(pd.read_parquet(path)) == 299


def test_the_longest_name_of_a_single_file_can_be_written_and_a_longer_one_is_refused(account, tmp_path):
    path = tmp_path / ("c" * 247 + ".parquet")
    assert account.scan().to_parquet(path).rows == 300
    scan = account.scan()
    account.between.forget()
    with pytest.raises(ConfigError, match=r"has 256 bytes; .* at most 255"):
        scan.to_parquet(tmp_path / ("c" * 248 + ".parquet"))
    assert account.between.bodies == {"find": [], "count": []}


@pytest.mark.parametrize("path", [5, None, "a\0b"])
def test_a_path_that_is_none_is_refused_with_an_example(account, path):
    with pytest.raises(ConfigError, match=r"path=.*[Ee]xpected .*'campaigns'"):
        account.scan().to_parquet(path)


def test_what_a_killed_run_left_behind_is_removed_by_the_next_one(account, tmp_path):
    account.scan().to_parquet(tmp_path / "c")
    home = tmp_path / ".c.dyno"
    (home / "manifests" / f".000002.json.{'0' * 32}.part").write_text("{", encoding="utf-8")
    (home / "probe").symlink_to("work")
    (home / "next").symlink_to("work")
    (home / "versions" / ".000002").mkdir()
    account.scan().to_parquet(tmp_path / "c", mode="sync")
    left = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.suffix != ".parquet")
    assert left == ["lock", "manifests", "manifests/000001.json", "versions", "versions/000001"]


def test_what_a_killed_export_to_one_file_left_behind_is_removed_by_the_next_one(account, tmp_path):
    path = tmp_path / "c[1].parquet"
    left = [tmp_path / f".c[1].parquet.{at * 32}.part" for at in "0f"]
    for one in left:
        one.write_bytes(b"PAR1")
    other = tmp_path / f".another.parquet.{'0' * 32}.part"
    other.write_bytes(b"PAR1")
    account.scan().to_parquet(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [other.name, path.name]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a file that is open cannot be removed anyway")
def test_a_file_that_another_run_is_writing_is_left_alone(account, tmp_path):
    from dyno_frames.export import disk

    with disk.beside(tmp_path / "c.parquet") as part:
        shutil.copy(__file__, part)
        assert account.scan().to_parquet(tmp_path / "c.parquet").rows == 300
        assert part.exists()
    assert (tmp_path / "c.parquet").read_bytes() == Path(__file__).read_bytes(), "the last one to finish wins"


@pytest.mark.parametrize("name", ["c", "c.parquet"])
def test_a_folder_of_another_program_is_no_dataset(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(
        SchemaError, match=r"is not a dataset of dyno_frames\. Read it with pandas\.read_parquet"
    ):
        dyno.read_dataset(tmp_path / name)


@pytest.mark.parametrize("name", ["c", "c.parquet"])
def test_reading_what_is_not_there_names_the_path(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=name):
        dyno.read_dataset(tmp_path / name)
