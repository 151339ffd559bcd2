"""What the README promises: its example prints what it shows, its commands and files are there."""

from __future__ import annotations

import re

import pytest
from rerun import EXAMPLE, README, ROOT, printed_by

TEXT = README.read_text(encoding="utf-8")
TABLE_ROW = re.compile(r"^\| (?P<names>`[^|]+`(?:, `[^|]+`)*) \|", re.MULTILINE)


def section(title):
    """Return one section of the README."""
    [found] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    return found


def named(title):
    """Return what the first column of a section's table names."""
    rows = TABLE_ROW.findall(section(title))
    return [
        name
        for row in rows
        for name in re.findall(r"`([^`]+)`", row)
        if "…" not in name and name != "dyno_frames/"
    ]


def test_the_example_prints_what_the_readme_shows():
    found = EXAMPLE.search(TEXT)
    assert found is not None
    assert printed_by(found["code"]) == found["printed"]


def test_an_example_that_fails_is_no_success():
    with pytest.raises(AssertionError, match="example fails"):
        printed_by("import dyno_frames\ndyno_frames.no_such_name")


@pytest.mark.parametrize(
    "command",
    [
        "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/dyno-frames demo",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
    ],
)
def test_two_commands_do_the_set_up(command):
    assert section("Set-up").splitlines().count(command) == 1


def test_the_commands_named_are_all_there_are():
    from dyno_frames.cli.program import program

    assert sorted(named("Command line")) == sorted(program.commands)


def test_the_rooms_named_are_all_there_are():
    rooms = {f"{path.parent.name}/" for path in (ROOT / "dyno_frames").glob("*/__init__.py")}
    assert sorted(named("The rooms")) == sorted(rooms)


def test_every_file_that_is_linked_or_run_exists():
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", TEXT)
    run = re.findall(r"\b(?:tests|notebooks)/[\w/]+(?:\.\w+)?", section("Tests"))
    assert [name for name in linked + run if not (ROOT / name).exists()] == []
