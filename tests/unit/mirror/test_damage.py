"""A damaged or missing file of a mirror is a clear error with its cure, and every complete version still answers."""

from __future__ import annotations

import os
import shutil

import pandas as pd
import pytest

from dyno_frames.errors import ConfigError, DynoError, SchemaError


@pytest.fixture
def home(synced):
    """The hidden folder of a mirror with two versions."""
    synced.sql("DELETE FROM campaigns WHERE id = '00037'")
    synced.mirror.refresh()
    synced.sent()
    return synced.mirror.path.with_name(".campaigns.dyno")


def replaced_by_a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.usefixtures("home")
def test_a_record_that_is_a_folder_is_a_clear_error(synced, home):
    replaced_by_a_folder(home / "mirror.json")
    for act in (synced.mirror.query, synced.mirror.status, synced.mirror.refresh):
        with pytest.raises(SchemaError, match=r"mirror\.json.*mirror remove RESOURCE"):
            act()
    with pytest.raises(SchemaError, match="mirror remove"):
        synced.client.campaigns.mirror(synced.mirror.path)
    assert synced.sent() == (0, 0)


def test_a_record_that_is_missing_is_named_and_the_copy_can_be_removed(synced, home):
    (home / "mirror.json").unlink()
    with pytest.raises(
        SchemaError, match=r"mirror\.json', the record of a mirror, is missing.*mirror remove"
    ):
        synced.mirror.query(offline=True)
    synced.mirror.remove()
    assert not home.exists()
    assert len(synced.mirror.query()) == 299


def test_a_link_whose_files_are_gone_is_a_clear_error(synced, home):
    shutil.rmtree(home)
    with pytest.raises(ConfigError, match=r"link to files that do not exist.*[Dd]elete the link"):
        synced.mirror.query()
    synced.mirror.path.unlink()
    assert len(synced.mirror.query()) == 299


@pytest.mark.parametrize(
    "damage", [replaced_by_a_folder, lambda path: path.write_text("{"), lambda path: path.unlink()]
)
def test_an_older_version_answers_although_the_newest_manifest_is_damaged(synced, home, damage):
    damage(home / "manifests" / "000002.json")
    with pytest.raises(SchemaError, match=r"version 2.*refresh\(full=True\)"):
        synced.mirror.query(offline=True)
    older = synced.mirror.at(as_of=1)
    assert len(older.query()) == older.count() == older.value_counts("status").sum() == 300
    assert synced.sent() == (0, 0)
    synced.mirror.refresh(full=True)
    pd.testing.assert_frame_equal(synced.mirror.query(offline=True), synced.account.find())


@pytest.mark.parametrize("name", ["lock", "refresh.lock", "work", "versions"])
def test_a_folder_that_cannot_be_used_is_a_clear_error_and_the_last_version_answers(synced, home, name):
    path = home / name
    kept = home.with_name("kept")
    if path.exists():
        path.rename(kept)
    path.touch() if name in {"work", "versions"} else path.mkdir()
    synced.sql("DELETE FROM campaigns WHERE id = '00074'")
    with pytest.raises(ConfigError, match=r"the mirror .* cannot be written"):
        synced.mirror.refresh(full=True)
    path.unlink() if name in {"work", "versions"} else path.rmdir()
    if kept.exists():
        kept.rename(path)
    assert len(synced.mirror.query(offline=True)) == 299
    assert synced.mirror.refresh().rows == 298


@pytest.mark.parametrize("name", ["mirror.json", "manifests/000001.json"])
def test_a_file_of_deeply_nested_json_is_a_clear_error(synced, name):
    (synced.mirror.path.parent / ".campaigns.dyno" / name).write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(DynoError, match=r"is nested too deeply|is missing or damaged"):
        synced.mirror.count(offline=True)


def test_an_export_does_not_replace_a_mirror(synced):
    with pytest.raises(ConfigError, match=r"campaigns' is a mirror, which only its own refresh writes"):
        synced.account.scan().to_parquet(synced.mirror.path)
    assert synced.mirror.count(fresh=True) == 300


def test_a_path_that_is_not_utf_8_is_refused(synced, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    with pytest.raises(ConfigError, match="has bytes that are not UTF-8"):
        synced.client.campaigns.mirror(path)
    with pytest.raises(ConfigError, match="has bytes that are not UTF-8"):
        synced.account.scan().to_parquet(path)
