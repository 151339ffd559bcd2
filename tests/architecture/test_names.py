"""The words the package is written in: no empty names, files of a readable size, a reason on top of each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "dyno_frames"
MAX_LINES = 500

EMPTY_WORDS = frozenset(
    [
        "manager",
        "helper",
        "helpers",
        "util",
        "utils",
        "common",
        "misc",
        "data",
        "info",
        "process",
        "handle",
        "do",
        "perform",
        "smart",
        "impl",
    ]
)
"""Words that say nothing about what a thing is."""

EMPTY_CLASS_WORDS = frozenset({"base"})
"""Words that say nothing in the name of a class."""

WHOLE = re.compile(r"(?i)data_?frame|campaign_?process|process_?action|proxy_manager_for")
"""Names that are one word in the vocabulary: pandas' own, the API's own, and the method that requests calls."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(name: str) -> set[str]:
    """Split a snake_case or CamelCase name into its words, in lower case."""
    return {word.lower() for word in _WORD.findall(WHOLE.sub("_", name))}


def names(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """Yield kind, name and line of every function and class, nested ones included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield "class", node.name, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield "function", node.name, node.lineno


def faults(root: Path) -> list[str]:
    """Return every empty name, long file and missing reason, as ``file:line: what``."""
    found = []
    for path in sorted((root / PACKAGE).rglob("*.py")):
        place = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        stem = path.parent.name if path.stem == "__init__" else path.stem
        for kind, name, line in [("module", stem, 1), *names(tree)]:
            empty = EMPTY_WORDS | (EMPTY_CLASS_WORDS if kind == "class" else frozenset())
            found += [f"{place}:{line}: {kind} {name}: {word!r} says nothing" for word in words(name) & empty]
        if (lines := len(text.splitlines())) > MAX_LINES:
            found.append(f"{place}:{MAX_LINES + 1}: {lines} lines; {MAX_LINES} is two nouns")
        if not path.stem.startswith("_") or path.stem == "__init__":
            found += [] if ast.get_docstring(tree) else [f"{place}:1: no sentence on why the module exists"]
    return found


def test_names_say_what_they_mean_and_files_hold_one_noun():
    assert faults(ROOT) == []


@pytest.mark.parametrize(
    ("place", "text", "fault"),
    [
        ("scan/util.py", '"""Why."""', ":1: module util: 'util' says nothing"),
        ("helpers/__init__.py", '"""Why."""', ":1: module helpers: 'helpers' says nothing"),
        (
            "scan/pages.py",
            '"""Why."""\nclass PageManager: ...',
            ":2: class PageManager: 'manager' says nothing",
        ),
        ("scan/pages.py", '"""Why."""\nclass BasePage: ...', ":2: class BasePage: 'base' says nothing"),
        ("scan/pages.py", '"""Why."""\nclass HTTPInfo: ...', ":2: class HTTPInfo: 'info' says nothing"),
        (
            "scan/pages.py",
            '"""Why."""\ndef process_rows(): ...',
            ":2: function process_rows: 'process' says nothing",
        ),
        (
            "scan/pages.py",
            '"""Why."""\nclass Page:\n    async def _do_it(self): ...',
            ":3: function _do_it: 'do' says nothing",
        ),
        ("scan/pages.py", "import re", ":1: no sentence on why the module exists"),
        ("scan/pages.py", '"""Why."""' + "\n" * 501, ":501: 501 lines; 500 is two nouns"),
    ],
)
def test_each_fault_is_found_with_its_place(tmp_path, place, text, fault):
    path = tmp_path / PACKAGE / place
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert faults(tmp_path) == [f"{PACKAGE}/{place}{fault}"]


@pytest.mark.parametrize(
    "name",
    [
        "to_dataframe",
        "DataFrameView",
        "campaign_process",
        "metadata",
        "subprocess",
        "undo",
        "handler",
        "base_url",
    ],
)
def test_a_word_inside_another_word_is_not_an_empty_name(tmp_path, name):
    path = tmp_path / PACKAGE / "scan" / "pages.py"
    path.parent.mkdir(parents=True)
    path.write_text(f'"""Why."""\ndef {name}(): ...', encoding="utf-8")
    assert faults(tmp_path) == []
