"""The package's face: its names, its version, what it loads, and examples that run as they stand."""

from __future__ import annotations

import doctest
import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
import warnings
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pandas as pd
import pytest
from packaging.requirements import Requirement

import dyno_frames as dyno

ROOT = Path(__file__).parents[2]
PROMISED = {"CampaignPanel", "connect", "open_dataset", "read_dataset", "sandbox"}


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert dyno.__version__ == project["version"]
    assert project["name"] == dyno.__name__
    changes = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Changes\n")[2].partition("\n## ")[0]
    )
    assert re.findall(r"(?m)^- \*\*(.+?)\*\*", changes)[0] == project["version"]


def test_every_public_name_resolves_and_is_listed():
    assert set(dyno.__all__) >= PROMISED
    assert len(set(dyno.__all__)) == len(dyno.__all__)
    assert set(dyno.__all__) <= set(dir(dyno))
    for name in dyno.__all__:
        assert getattr(dyno, name) is getattr(dyno, name)
        assert inspect.getdoc(getattr(dyno, name))


def test_a_name_that_is_none_is_an_attribute_error_that_names_it():
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        dyno.conect  # noqa: B018 - reading it is the test
    assert not hasattr(dyno, "__wrapped__")


def test_the_accessor_is_registered_once_on_every_frame():
    assert isinstance(pd.DataFrame().dyno, dyno.DynoAccessor)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        importlib.import_module("dyno_frames.accessor")


FORKS = """
import json, os, sys, warnings
import pandas, pyarrow, requests  # most of the time of an import, and not ours

for program in json.load(sys.stdin):
    with warnings.catch_warnings(action="ignore"):  # libraries may have threads; none of them is in use
        child = os.fork()
    if not child:
        exec(program, {"__name__": "__main__"})
        sys.stdout.flush()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"this fails: {program}")
"""
"""Runs each program in a process that has not imported the package, and shows what they print, a line each."""

FIRST = [
    "",
    "import dyno_frames.sandbox.sandbox",
    "import dyno_frames.sandbox",
    "from dyno_frames.sandbox import sandbox",
    "import dyno_frames.sandbox.loading.tables; import dyno_frames.sandbox.sandbox",
]
THEN = """
import dyno_frames as dyno, inspect
before = inspect.isfunction(dyno.sandbox)
import dyno_frames.sandbox.sandbox
from dyno_frames import sandbox
print(before and inspect.isfunction(dyno.sandbox) and dyno.sandbox is sandbox)
"""
STAR = "from dyno_frames import *\nimport dyno_frames\nprint(set(dyno_frames.__all__) <= set(globals()))"


def asked_first(name):
    return f"import dyno_frames\nprint(bool(dyno_frames.{name}))"


@pytest.fixture(scope="module")
def printed():
    """What each of the programs prints that must be the first to import the package."""
    if not hasattr(os, "fork"):
        pytest.skip("this machine has no fork")
    programs = [STAR, *(f"{first}\n{THEN}" for first in FIRST), *map(asked_first, dyno.__all__)]
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKS],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr
    return dict(zip(programs, ran.stdout.split(), strict=True))


@pytest.mark.parametrize("first", FIRST)
def test_sandbox_stays_the_function_whatever_was_imported(printed, first):
    assert printed[f"{first}\n{THEN}"] == "True"


@pytest.mark.parametrize("name", dyno.__all__)
def test_a_lazy_name_resolves_as_the_first_thing_asked_for(printed, name):
    assert printed[asked_first(name)] == "True"


def test_a_star_import_brings_the_public_names(printed):
    assert printed[STAR] == "True"


def modules():
    """Every module of the package, without those that a person runs."""
    found = pkgutil.walk_packages(dyno.__path__, "dyno_frames.")
    return ["dyno_frames", *(one.name for one in found if not one.name.endswith("__main__"))]


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings_run_as_they_stand(name, own_state):
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs what is not installed: {error}")
    tests = doctest.DocTestFinder(exclude_empty=True).find(module)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    shown = []
    for test in tests:
        runner.run(test, out=shown.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(shown)


def test_the_example_of_the_package_itself_is_one_that_runs():
    examples = doctest.DocTestParser().get_examples(dyno.__doc__)
    assert len(examples) >= 2
    assert not any(doctest.SKIP in example.options for example in examples)


def test_the_package_says_that_it_is_typed_and_is_typed_on_its_face():
    assert (Path(dyno.__file__).parent / "py.typed").is_file()
    for function in (dyno.connect, dyno.sandbox, dyno.read_dataset):
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(one.annotation is not one.empty for one in signature.parameters.values())


def test_the_drawn_tree_of_errors_is_the_real_one():
    from dyno_frames import errors

    drawn = set(re.findall(r"\b(\w+Error)\b", errors.__doc__)) - {"ValueError", "ImportError"}
    real = {
        name
        for name, one in vars(errors).items()
        if inspect.isclass(one) and issubclass(one, errors.DynoError)
    }
    assert drawn == real


PERMISSIVE = re.compile(
    r"(?i)\b(MIT(-CMU)?|0?BSD(-[23]-Clause)?|Apache( Software|-2\.0)?|PSF(-2\.0)?|Python Software Foundation|ISC|Zlib|CC0-1\.0|Unlicense)\b"
)
OF_FILES = {"certifi", "orjson", "tqdm"}
"""Under the Mozilla Public License 2.0, in whole or in part: it asks for changes of their own files, and of no others."""


def all_dependencies(name, found):
    """Add what a package needs in a base install to ``found``, each distribution under its name."""
    try:
        one = distribution(name)
    except PackageNotFoundError:  # only for another system or Python
        return
    if one.name in found:
        return
    found[one.name] = one
    for requirement in map(Requirement, one.requires or []):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            all_dependencies(requirement.name, found)


def licenses(one):
    """Return the licenses that a distribution states, by the newest of the three ways to state them."""
    stated = one.metadata.get("License-Expression")
    classified = [text for text in one.metadata.get_all("Classifier", []) if text.startswith("License ::")]
    texts = [stated] if stated else classified or [one.metadata.get("License", "").partition("\n")[0]]
    return [part for text in texts for part in text.split(" AND ")]


def test_every_package_of_a_base_install_has_a_permissive_license():
    found = {}
    all_dependencies("dyno_frames", found)
    assert len(found) > 30
    others = {name: licenses(one) for name, one in found.items() if name not in OF_FILES}
    assert {
        name: texts for name, texts in others.items() if not texts or not all(map(PERMISSIVE.search, texts))
    } == {}
