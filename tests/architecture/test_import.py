"""What `import dyno_frames` costs, and what it gives."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

HEAVY = ("dask", "matplotlib", "ipywidgets", "starlette", "uvicorn", "jupyterlab", "IPython", "polars")
"""Guests that come only when they are asked for."""

_SCRIPT = """
import json, sys
import {module}
print(json.dumps(sorted(name for name in {heavy!r} if name in sys.modules)))
"""


def loaded_by(module: str) -> list[str]:
    """Return the heavy guests that importing a module in a fresh interpreter loads."""
    script = _SCRIPT.format(module=module, heavy=HEAVY)
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return json.loads(asked.stdout)


def test_importing_the_package_loads_no_heavy_guest():
    assert loaded_by("dyno_frames") == []


_OTHERS = """
import json, sys
import pandas
before = {*sys.modules}
import dyno_frames
print(json.dumps(sorted({name.partition(".")[0] for name in {*sys.modules} - before})))
"""


def test_importing_the_package_costs_little_more_than_importing_pandas():
    asked = subprocess.run([sys.executable, "-c", _OTHERS], capture_output=True, text=True, check=True)
    assert set(json.loads(asked.stdout)) - sys.stdlib_module_names == {"dyno_frames"}


def test_the_command_line_loads_no_panel_before_a_command_shows_a_review():
    script = "import sys, dyno_frames.cli.program; print('dyno_frames.panels.campaigns.state' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"


def test_the_probe_sees_a_guest_that_is_loaded():
    assert "starlette" in loaded_by("starlette.routing")


def test_every_public_name_resolves_and_is_listed():
    package = importlib.import_module("dyno_frames")
    public = package.__all__
    assert [name for name in public if getattr(package, name, None) is None] == []
    assert sorted(set(public) - set(dir(package))) == []
    assert len(public) == len(set(public))


def test_a_name_that_does_not_exist_is_an_attribute_error():
    package = importlib.import_module("dyno_frames")
    assert getattr(package, "no_such_name", "absent") == "absent"
