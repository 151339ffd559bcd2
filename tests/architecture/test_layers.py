"""Who may import whom: the layer table as data, a checker over the syntax trees, and proof that it bites."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "dyno_frames"

ROWS = (
    ("reprs",),
    ("errors", "durable"),
    ("contract",),
    ("query", "frames", "messages", "transport"),
    ("sandbox",),
    ("scan", "actions", "calibrate"),
    ("client",),
    ("export", "plots", "codegen"),
    ("integrations", "mirror"),
    ("panels",),
    ("accessor",),
    ("api",),
    ("doctor",),
    ("__init__", "cli"),
    ("__main__",),
)
"""The rows from the bottom up; a room imports only from rows below its own."""

ROW_OF = {room: row for row, rooms in enumerate(ROWS) for room in rooms}

SEES_ONLY = {"sandbox": frozenset({"reprs", "durable", "errors", "contract", "messages"})}
"""Rooms that see less than the rows below them."""

SEEN_ONLY_BY = {"sandbox": frozenset({"__init__", "cli"})}
"""Rooms that not every row above may see."""

BY_VARIABLE = frozenset({"__init__"})
"""Modules that may import what a variable names: the public face, whose names are resolved at their first use."""

GUESTS_OF_ROOM = {
    "query": frozenset({"pandas", "numpy"}),
    "contract": frozenset(),
    "errors": frozenset(),
    "reprs": frozenset(),
}
"""Rooms with few third parties, and which."""

HOMES_OF_GUEST = {
    "ipywidgets": ("panels.views",),
    "requests": ("transport",),
    "urllib3": ("transport",),
    "starlette": ("sandbox",),
    "uvicorn": ("sandbox",),
    "smtplib": ("sandbox",),
    "dask": ("integrations.dask",),
    "distributed": ("integrations.dask",),
    "deltalake": ("export.delta",),
    "obstore": ("export.delta",),
    "keyring": ("client.system_keyring",),
    "packaging": ("doctor",),
    "polars": ("integrations",),
    "matplotlib": ("plots", "cli"),
    "click": ("cli",),
    "http.client": ("transport",),
    "urllib.request": ("transport",),
    "socket": ("transport", "sandbox"),
    "ssl": ("transport", "sandbox"),
}
"""Modules that only these rooms may import."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import: what is imported, and the line it stands in; the target is empty if only the run tells it."""

    target: str
    line: int


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the dotted name within the package and the path of every module."""
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root / PACKAGE).with_suffix("").parts
        yield ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts), path


def imports(tree: ast.AST, package: str) -> Iterator[Import]:
    """Yield every import of a module, those inside functions and under TYPE_CHECKING included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (Import(f"{source}.{name.name}", node.lineno) for name in node.names)
            renamed = [name for name in node.names if name.name == "import_module" and name.asname]
            yield from (Import("", node.lineno) for _ in renamed)  # its calls cannot be told from others
        elif isinstance(node, ast.Call) and _imports_by_name(node):
            literal = node.args[0] if node.args else None
            is_text = isinstance(literal, ast.Constant) and isinstance(literal.value, str)
            yield Import(literal.value if is_text else "", node.lineno)


def _imports_by_name(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"import_module", "__import__"}


def is_in(name: str, home: str) -> bool:
    """Tell whether a dotted name is a module or stands in it."""
    return name == home or name.startswith(f"{home}.")


def fault_inside(module: str, target: str) -> str | None:
    """Return the rule that an import of the package's own breaks, if any."""
    room = module.split(".", maxsplit=1)[0]
    _, *rest = target.split(".")
    seen = rest[0] if rest else "__init__"
    if seen not in ROW_OF or seen == "__init__":
        return "nobody imports the package root"
    if seen == room:
        return None
    if room in SEES_ONLY and seen not in SEES_ONLY[room]:
        return f"{room} sees only {', '.join(sorted(SEES_ONLY[room]))}"
    if seen in SEEN_ONLY_BY and room not in SEEN_ONLY_BY[seen]:
        return f"only {', '.join(sorted(SEEN_ONLY_BY[seen]))} see {seen}"
    if ROW_OF[seen] == ROW_OF[room]:
        return f"{room} and {seen} stand in one row"
    if ROW_OF[seen] > ROW_OF[room]:
        return f"{seen} stands above {room}"
    return None


def fault_outside(module: str, target: str) -> str | None:
    """Return the rule that an import of somebody else's breaks, if any."""
    room, top = module.split(".", maxsplit=1)[0], target.split(".", maxsplit=1)[0]
    for guest, homes in HOMES_OF_GUEST.items():
        if is_in(target, guest) and not any(is_in(module, home) for home in homes):
            return f"only {' and '.join(homes)} import {guest}"
    if room in GUESTS_OF_ROOM and top not in sys.stdlib_module_names and top not in GUESTS_OF_ROOM[room]:
        allowed = ", ".join(sorted(GUESTS_OF_ROOM[room])) or "none"
        return f"third parties of {room}: {allowed}"
    return None


def faults(root: Path) -> list[str]:
    """Return every import that breaks a rule, as ``file:line: import: rule``."""
    found = []
    for module, path in modules(root):
        place = path.relative_to(root).as_posix()
        if module.split(".")[0] not in ROW_OF:
            found.append(f"{place}:1: {module}: no row of the layer table holds it")
            continue
        parts = path.relative_to(root).parent.parts
        for one in imports(ast.parse(path.read_text(encoding="utf-8")), ".".join(parts)):
            check = fault_inside if is_in(one.target, PACKAGE) else fault_outside
            if not one.target:
                rule = None if module in BY_VARIABLE else "an import by a variable, which no rule can check"
            else:
                rule = check(module, one.target)
            if rule:
                found.append(f"{place}:{one.line}: {one.target}: {rule}")
    return found


def circle(root: Path) -> list[str]:
    """Return modules that import each other in a circle, types and imports inside functions included; or none."""
    known = dict(modules(root))
    graph = {}
    for module, path in known.items():
        parts = path.relative_to(root).parent.parts
        targets = [
            one.target.removeprefix(f"{PACKAGE}.")
            for one in imports(ast.parse(path.read_text()), ".".join(parts))
        ]
        seen = {target if target in known else target.rpartition(".")[0] for target in targets}
        graph[module] = (seen & known.keys()) - {module}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle():
    assert circle(ROOT) == []


def test_every_import_keeps_to_the_layers():
    assert faults(ROOT) == []


def test_every_room_of_the_package_has_a_row_and_the_checker_reads_them_all():
    rooms = {module.split(".")[0] for module, _ in modules(ROOT)}
    assert rooms <= ROW_OF.keys()
    assert {"errors", "contract", "__init__"} <= rooms


BROKEN = [
    ("query/trace.py", "from dyno_frames.scan import pages", "scan stands above query"),
    ("query/trace.py", "from dyno_frames.frames.schema import Schema", "query and frames stand in one row"),
    ("query/trace.py", "from ..client import connect", "client stands above query"),
    ("query/trace.py", "import pyarrow", "third parties of query: numpy, pandas"),
    ("contract/fields.py", "import pandas", "third parties of contract: none"),
    ("contract/fields.py", "def f():\n    from dyno_frames.query import plan", "query stands above contract"),
    (
        "scan/reader.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from dyno_frames.export import write",
        "export stands above scan",
    ),
    ("scan/reader.py", "import dyno_frames", "nobody imports the package root"),
    ("scan/reader.py", "from dyno_frames import connect", "nobody imports the package root"),
    ("scan/reader.py", "from .. import connect", "nobody imports the package root"),
    ("scan/reader.py", "import dyno_frames.actions.journal", "scan and actions stand in one row"),
    (
        "scan/reader.py",
        "import importlib\nimportlib.import_module('dyno_frames.cli')",
        "cli stands above scan",
    ),
    (
        "scan/reader.py",
        "import importlib\nname = 'dyno_frames.cli'\nimportlib.import_module(name)",
        "an import by a variable, which no rule can check",
    ),
    (
        "scan/reader.py",
        "from importlib import import_module\nimport_module(name=f'dyno_frames.{1}')",
        "an import by a variable, which no rule can check",
    ),
    (
        "scan/reader.py",
        "from importlib import import_module as load",
        "an import by a variable, which no rule can check",
    ),
    (
        "scan/reader.py",
        "x = __import__('dyno_' + 'frames')",
        "an import by a variable, which no rule can check",
    ),
    ("scan/reader.py", "import requests", "only transport import requests"),
    (
        "client/connect.py",
        "from dyno_frames.sandbox.sandbox import Sandbox",
        "only __init__, cli see sandbox",
    ),
    (
        "sandbox/app.py",
        "from dyno_frames.query import plan",
        "sandbox sees only contract, durable, errors, messages, reprs",
    ),
    ("sandbox/app.py", "from urllib3 import PoolManager", "only transport import urllib3"),
    ("sandbox/app.py", "import urllib.request", "only transport import urllib.request"),
    ("panels/reduce.py", "import ipywidgets as w", "only panels.views import ipywidgets"),
    ("plots/funnel.py", "import dask.dataframe", "only integrations.dask import dask"),
    ("cli/find.py", "from dyno_frames import connect", "nobody imports the package root"),
    ("helpers/text.py", "import re", "no row of the layer table holds it"),
]

SOUND = [
    (
        "__init__.py",
        "from dyno_frames.api import connect\nfrom dyno_frames.sandbox.sandbox import Sandbox",
    ),
    ("__init__.py", "import importlib\nimportlib.import_module(LAZY[name])"),
    (
        "cli/find.py",
        "import click\nfrom dyno_frames.sandbox.sandbox import Sandbox\nfrom dyno_frames.cli import options",
    ),
    (
        "panels/views/buttons.py",
        "import ipywidgets\nfrom ..state import State\nfrom dyno_frames.errors import DynoError",
    ),
    ("query/trace.py", "import re\nimport pandas as pd\nfrom dyno_frames.contract.fields import Field"),
    ("transport/session.py", "import requests\nfrom urllib.parse import quote"),
    ("__main__.py", "from dyno_frames.cli import main"),
    ("scan/pages.py", "from urllib.parse import quote\nfrom dyno_frames.query.plan import Plan"),
]


def plant(root: Path, place: str, text: str) -> None:
    path = root / PACKAGE / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("place", "text", "rule"), BROKEN)
def test_a_broken_rule_is_found_with_file_line_and_rule(tmp_path, place, text, rule):
    plant(tmp_path, place, text)
    (fault,) = faults(tmp_path)
    line = 1 if "no row" in rule else len(text.splitlines())
    assert fault.startswith(f"{PACKAGE}/{place}:{line}: ")
    assert fault.endswith(rule)


def test_a_circle_of_types_is_found(tmp_path):
    plant(tmp_path, "query/plan.py", "def f():\n    from dyno_frames.query.explain import as_text")
    plant(tmp_path, "query/explain.py", "if TYPE_CHECKING:\n    from dyno_frames.query.plan import Plan")
    assert set(circle(tmp_path)) == {"query.plan", "query.explain"}


@pytest.mark.parametrize(("place", "text"), SOUND)
def test_a_sound_import_is_not_found(tmp_path, place, text):
    plant(tmp_path, place, text)
    assert faults(tmp_path) == []
