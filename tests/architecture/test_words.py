"""The words the package is written in: standard terms and plain sentences, in code, templates, notebooks and README."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "dyno_frames"
TEXT_SUFFIXES = frozenset({".html", ".css", ".js", ".sql", ".json", ".j2"})

PHRASES = {
    r"(?<!there )\b(?:is|are|was|were|be) no\b(?! (?:longer|more|less|fewer|larger|later|earlier)\b)": "is not a …",
    r"\b(?:nothing|anyone|it|this) about no\b|\bis about no\b": "is not about …",
    r"\b(?-i:[Nn]one of)\b": "no …, not one of …",
    r"\b(?:became|becomes?) of\b": "the outcome of …",
    r"\bwho(?:m)?(?:so)?ever\b": "the caller, the user, any program",
    r"(?:^|[.;:] )Who (?!are|is|was|were|can|has|have)\w+": "name the actor: a program that …",
    r"\bof the caller's\b": "the caller's …, that the caller passed",
    r"\bwithout(?=\s*(?:[.;)]|$))": "(default: …)",
    r"\bg(?:o|oes|one|oing) on with\b": "resumes, continues",
    r"\bstands?\b(?!-| (?:for|alone|still)\b)": "is, appears",
    r"\blet(?:s|ting)? in\b": "accepts",
    r"\b(?:befalls?|misfortunes?|suffers?)\b": "inject, fault injection",
    r"\b(?:decided|judged|settled) here\b": "evaluated locally with pandas",
    r"\bmay meet\b": "may return, may see",
    r"\bof \w+ (?:up|down), ties\b": "created ascending, then id",
    r"\bhow fast time\b": "speed",
    r"\bthe most (?:pages|rows|requests|bytes|columns|texts)\b": "maximum number of …",
    r"\bnobody can tell\b": "the outcome is unknown",
    r"\b(?:crawl(?:s|ed|er|ing)?|sweeps?|swept|logbook|specimen|parcel)\b": "fetch, find_deleted, access_log, …",
    r"\bthe (?:house|rooms?)\b|\brooms of\b": "package",
    r"\bstrangers?\b": "unknown name, another program",
}
"""What the prose avoids, and what it says instead."""

NAMES = {
    "Ahead": "WindowPrefetcher",
    "Carrier": "mail transport",
    "Choices": "WriteOptions",
    "Counted": "CountCheck",
    "Examination": "Prober",
    "Fate": "DeliveryStatus",
    "Gap": "NullProbe",
    "Gate": "AdaptiveLimiter",
    "Piece": "Chunk",
    "Place": "DatasetStore",
    "Receipt": "DeliveryResult",
    "Seat": "Subscriber",
    "Stop": "CancelToken",
    "Walked": "WalkState",
    "asking": "review_text",
    "browse": "reduce_table",
    "carriers": "mail transports",
    "guests": "json_values",
    "passage": "slot",
    "specimen": "message_preview",
}
"""Whole names that only this package would understand, and the standard term."""

NAME_WORDS = {
    "befalls": "match",
    "crawl": "fetch",
    "desk": "shared_state",
    "duck": "FrameTracer",
    "logbook": "access_log",
    "misfortune": "fault injection",
    "onepage": "anywidget panel",
    "severed": "DroppedResponse",
    "strangers": "unknown names",
    "suffer": "inject",
    "sweep": "find_deleted",
    "swept": "DeletedRows",
    "tally": "ScanStats",
}
"""Words that no name may contain, and the standard term."""

EXCEPTIONS = {
    (
        "panels/builder/terms.py",
        "none of",
    ): "the label of a filter operator, beside 'is any of', as query builders have it",
}
"""What is allowed all the same, by file and text or name, each with its reason."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def prose_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment and string; an f-string is one text with ``{}`` for its values."""
    tree = ast.parse(source)
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def names_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each class, function, argument and assigned variable or attribute."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name


def prose_of_notebook(source: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of each cell that a person wrote; outputs are not prose."""
    for number, cell in enumerate(json.loads(source)["cells"], start=1):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield number, text
        else:
            yield from ((number, found) for found in re.findall(r"#.*", text))


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield place and text of the prose in a file."""
    source = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".py":
            yield from prose_of_python(source)
        case ".ipynb":
            yield from prose_of_notebook(source)
        case _:
            yield 1, source


def files(root: Path) -> list[Path]:
    """Return the files that people read: the package's code and templates, the notebooks, the README."""
    package = [path for path in (root / PACKAGE).rglob("*") if path.suffix in TEXT_SUFFIXES | {".py"}]
    notebooks = (root / "notebooks").glob("*.ipynb")
    return sorted([*package, *notebooks, *root.glob("README.md")])


def faults(root: Path) -> list[str]:
    """Return each phrase and name to avoid, as ``file:line: 'found'; write …``."""
    found = []
    for path in files(root):
        place = path.relative_to(root).as_posix().removeprefix(f"{PACKAGE}/")
        for line, text in prose(path):
            found += [
                f"{place}:{line}: {hit[0]!r}; write {instead}"
                for pattern, instead in PHRASES.items()
                for hit in re.finditer(pattern, " ".join(text.split()), re.IGNORECASE)
                if (place, hit[0]) not in EXCEPTIONS
            ]
        if path.suffix == ".py":
            found += [
                f"{place}:{line}: the name {name!r}; write {instead}"
                for line, name in [(1, path.stem), *names_of_python(path.read_text(encoding="utf-8"))]
                if (place, name) not in EXCEPTIONS and (instead := standard_name(name))
            ]
    return found


def standard_name(name: str) -> str:
    """Return what to write instead of a name, or an empty string."""
    words = [word.lower() for word in _WORD.findall(name)]
    return NAMES.get(name.lstrip("_"), "") or next(
        (NAME_WORDS[word] for word in words if word in NAME_WORDS), ""
    )


def test_the_package_is_written_in_standard_terms_and_plain_sentences():
    assert faults(ROOT) == []


def test_every_exception_is_still_needed():
    for (place, text), reason in EXCEPTIONS.items():
        assert reason
        assert text in (ROOT / PACKAGE / place).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "'x' is no name; expected a text",
        "A value is none of the words.",
        "What became of the request.",
        "Whoever reads the folder sees one version.",
        "Which columns; all without.",
        "A killed run is gone on with by the next.",
        "where it stands in a row",
        "The rest is decided here.",
        "The most pages of a window.",
    ],
)
def test_a_phrase_to_avoid_is_found_in_code_and_in_notebooks(tmp_path, text):
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "scan.py").write_text(f'"""Why."""\n\nMESSAGE = {text!r}\n', encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    cells = [{"cell_type": "markdown", "source": [text]}]
    (tmp_path / "notebooks" / "01.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert [fault.split(": ")[0] for fault in faults(tmp_path)] == ["scan.py:3", "notebooks/01.ipynb:1"]


@pytest.mark.parametrize(
    "text",
    [
        "There is no file 'x'.",
        "This version is no longer read.",
        "It is no more than 500 characters long.",
        "``{id}`` stands for the object's id.",
        "Return the text without line breaks.",
        "The widget stands alone.",
        "The caller's frame is not changed.",
        "Who can see it?",
    ],
)
def test_plain_english_is_not_a_fault(tmp_path, text):
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "scan.py").write_text(f'"""Why."""\n\nMESSAGE = {text!r}\n', encoding="utf-8")
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    "code", ["class Gate: ...", "def crawl_rows(): ...", "_swept = 1", "def read(*, desk): ..."]
)
def test_a_name_that_only_this_package_understands_is_found(tmp_path, code):
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "scan.py").write_text(f'"""Why."""\n\n{code}\n', encoding="utf-8")
    assert len(faults(tmp_path)) == 1
