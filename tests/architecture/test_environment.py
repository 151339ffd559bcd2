"""environment.yml and pyproject.toml ask for the same packages, at the same bounds."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]

CONDA_NAMES = {"matplotlib": "matplotlib-base", "tzdata": "python-tzdata"}
"""Packages that conda-forge calls something else."""

CONDA_ONLY = frozenset({"pip"})
"""What only a conda environment has to name."""

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9_.-]+?)(?:\[[^\]]*\])?\s*(?P<bound>[<>=!~].*)?")


def bounds(requirements: list[str]) -> dict[str, str]:
    """Return the bound of every requirement by its name, the bound without blanks."""
    found = (_REQUIREMENT.fullmatch(text.strip()) for text in requirements)
    return {match["name"]: (match["bound"] or "").replace(" ", "") for match in found if match}


def differences(project: dict[str, Any], environment: dict[str, Any]) -> list[str]:
    """Return what one file asks for and the other does not."""
    entries = environment["dependencies"]
    from_pip = [text for entry in entries if isinstance(entry, dict) for text in entry["pip"]]
    from_conda = [entry for entry in entries if isinstance(entry, str)]
    editable = [text for text in from_pip if text.startswith("-e")]
    asked = bounds([*from_conda, *(text for text in from_pip if text not in editable)])
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in bounds(project["dependencies"]).items()}
    wanted["python"] = project["requires-python"].replace(" ", "")
    return [
        *(
            f"{name}: pyproject.toml asks for {wanted.get(name)!r}, environment.yml for {asked.get(name)!r}"
            for name in sorted((wanted.keys() | asked.keys()) - CONDA_ONLY)
            if wanted.get(name) != asked.get(name)
        ),
        *(f"{text!r} is not this project" for text in editable if not re.fullmatch(r"-e \.(\[\w+\])?", text)),
        *(["the project itself is not installed"] if not editable else []),
    ]


def test_both_files_ask_for_the_same_packages_at_the_same_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert differences(project, environment) == []


@pytest.mark.parametrize(
    ("dependencies", "word"),
    [
        (["python>=3.11", "pip", "pandas>=2.2", {"pip": ["-e ."]}], "pandas"),
        (["python>=3.11", "pip", {"pip": ["-e ."]}], "pandas"),
        (["python>=3.11", "pip", "pandas>=3.0", "scipy", {"pip": ["-e ."]}], "scipy"),
        (["python>=3.9", "pip", "pandas>=3.0", {"pip": ["-e ."]}], "python"),
        (["python>=3.11", "pip", "pandas>=3.0", {"pip": ["-e ../other"]}], "other"),
        (["python>=3.11", "pip", "pandas>=3.0"], "not installed"),
    ],
)
def test_a_difference_is_found_and_named(dependencies, word):
    project = {"requires-python": ">=3.11", "dependencies": ["pandas>=3.0"]}
    (fault,) = differences(project, {"dependencies": dependencies})
    assert word in fault
