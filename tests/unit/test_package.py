"""The package's face: its names, its version, what it loads, and examples that run as they stand."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pandas as pd
import pytest

import dyno_frames as dyno

ROOT = Path(__file__).parents[2]
PROMISED = {"CampaignPanel", "connect", "read_dataset", "sandbox"}


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert dyno.__version__ == project["version"]
    assert project["name"] == dyno.__name__


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


def in_a_fresh_interpreter(program):
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize(
    "first",
    [
        "",
        "import dyno_frames.sandbox.sandbox",
        "import dyno_frames.sandbox",
        "from dyno_frames.sandbox import sandbox",
        "import dyno_frames.sandbox.loading.tables; import dyno_frames.sandbox.sandbox",
    ],
)
def test_sandbox_stays_the_function_whatever_was_imported(first):
    program = (
        f"{first}\n"
        "import dyno_frames as dyno, inspect\n"
        "before = inspect.isfunction(dyno.sandbox)\n"
        "import dyno_frames.sandbox.sandbox\n"
        "from dyno_frames import sandbox\n"
        "print(before, inspect.isfunction(dyno.sandbox), dyno.sandbox is sandbox)\n"
    )
    assert in_a_fresh_interpreter(program) == "True True True"


@pytest.mark.parametrize("name", dyno.__all__)
def test_a_lazy_name_resolves_as_the_first_thing_asked_for(name):
    assert in_a_fresh_interpreter(f"import dyno_frames\nprint(bool(dyno_frames.{name}))") == "True"


def test_a_star_import_brings_the_public_names():
    program = (
        "from dyno_frames import *\nimport dyno_frames\nprint(set(dyno_frames.__all__) <= set(globals()))"
    )
    assert in_a_fresh_interpreter(program) == "True"


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
