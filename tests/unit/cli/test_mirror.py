"""``dyno-frames mirror``: refresh, status, path and remove, against the practice server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dyno_frames.cli.exits import Exit


@pytest.fixture
def path(tmp_path):
    return tmp_path / "campaigns"


def test_a_mirror_is_refreshed_shown_and_removed(ask, client, path):
    empty = ask("mirror", "status", "campaigns", "--path", path)
    assert (empty.code, "empty" in empty.out) == (Exit.DONE, True)
    done = ask("mirror", "refresh", "campaigns", "--path", path, "--json")
    assert (done.code, done.err) == (Exit.DONE, "")
    found = json.loads(done.out)
    assert (found["rows"], found["deletes"], found["version"]) == (client.campaigns.count(), "proved", 1)
    assert "exact as of" in ask("mirror", "status", "campaigns", "--path", path).out
    assert ask("mirror", "path", "campaigns", "--path", path).out == f"{path}\n"
    assert ask("mirror", "remove", "campaigns", "--path", path, "--yes").code == Exit.DONE
    assert not path.exists()


def test_the_default_path_is_in_the_data_folder(ask, client, own_state):
    shown = Path(ask("mirror", "path", "lists").out.strip())
    assert shown.is_relative_to(own_state / "data" / "mirrors")
    assert shown.parts[-2:] == (client.account, "lists")


@pytest.mark.parametrize("damage", [lambda record: record.write_text("{}"), Path.unlink])
def test_a_damaged_mirror_can_be_removed(ask, path, damage):
    ask("mirror", "refresh", "lists", "--path", path)
    damage(path.with_name(f".{path.name}.dyno") / "mirror.json")
    failed = ask("mirror", "status", "lists", "--path", path)
    assert failed.code == Exit.COMMAND
    assert f"dyno-frames mirror remove RESOURCE --path {path}" in failed.err
    assert ask("mirror", "remove", "lists", "--path", path, "--yes").code == Exit.DONE


def test_a_mirror_is_not_removed_without_a_confirmation(ask, path):
    ask("mirror", "refresh", "lists", "--path", path)
    ended = ask("mirror", "remove", "lists", "--path", path)
    assert (ended.code, ended.out) == (Exit.COMMAND, "")
    assert ended.err == (
        "dyno-frames: nothing was changed: mirror remove asks for confirmation, and stdin is not a terminal. Add --yes "
        "to confirm\n"
    )
    assert path.exists()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("remove", "lists", "--path", "/nowhere/at/all", "--yes"), "has no mirror"),
        (("refresh", "lists", "--path", "one.parquet"), "one file"),
    ],
)
def test_a_path_without_a_mirror_ends_with_2(ask, arguments, word):
    ended = ask("mirror", *arguments)
    assert (ended.code, word in ended.err) == (Exit.COMMAND, True)
