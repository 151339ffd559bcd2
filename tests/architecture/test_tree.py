"""The shape of the checkout: what stands at the top, and nothing in it that only one machine has."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOP_LEVEL = frozenset(
    {
        ".ci",
        ".gitignore",
        ".pre-commit-config.yaml",
        "LICENSE",
        "README.md",
        "dyno_frames",
        "environment.yml",
        "notebooks",
        "pyproject.toml",
        "tests",
    }
)
"""All that stands at the top."""

ABSOLUTE = re.compile(rb"(?<![\w./:~}])/(?:home|Users|root|work|tmp/\w+|var/folders)/[\w.-]+")
"""A path below a folder of one person or one machine."""


def tracked(root: Path) -> list[str]:
    """Return the paths that git tracks, relative to the root and with slashes."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    return [name for name in asked.stdout.decode().split("\0") if name and (root / name).is_file()]


def strangers(paths: list[str]) -> set[str]:
    """Return the names at the top level that do not belong there."""
    return {path.split("/")[0] for path in paths} - TOP_LEVEL


def absolute_paths(root: Path, paths: list[str]) -> list[str]:
    """Return ``file:line: path`` for every path of one machine in the files."""
    found = []
    for name in paths:
        for number, line in enumerate((root / name).read_bytes().splitlines(), start=1):
            found += [f"{name}:{number}: {match.decode()}" for match in ABSOLUTE.findall(line)]
    return found


@pytest.fixture(scope="module")
def paths() -> list[str]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing says which files are tracked")
    return tracked(ROOT)


def test_only_the_agreed_names_stand_at_the_top(paths):
    assert strangers(paths) == set()


def test_no_tracked_file_names_a_folder_of_one_machine(paths):
    assert absolute_paths(ROOT, paths) == []


def test_a_stranger_at_the_top_is_found():
    assert strangers(["dyno_frames/errors.py", "setup.cfg", "docs/index.md"]) == {"setup.cfg", "docs"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("open('{}home/ana/dyno/x.csv')", True),
        ("see {}Users/ana/dyno", True),
        ('"path": "{}root/.cache/x"', True),
        ("{}tmp/v/venv/bin/python", True),
        ("GET https://example.org/home/ana", False),
        ("the ~/work/dyno folder", False),
        ("a relative home/ana path", False),
    ],
)
def test_a_path_of_one_machine_is_found_with_its_line(tmp_path, text, found):
    (tmp_path / "notes.txt").write_text("first\n" + text.format("/"), encoding="utf-8")
    faults = absolute_paths(tmp_path, ["notes.txt"])
    assert [fault.split(": ")[0] for fault in faults] == (["notes.txt:2"] if found else [])
