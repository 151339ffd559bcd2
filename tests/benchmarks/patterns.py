"""How long every regular expression of the package takes for its worst text of a megabyte.

Run it as ``python -m tests.benchmarks.patterns [--only WORD]``. The patterns are read from the source, so none can be
forgotten; the texts are made from each pattern's own parts. Replacing or listing many matches costs in proportion to
them, and has a column of its own. A cost of more than 10 ms is marked; one that grows faster than the text is an error.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants as sre
from re import _parser as parser
from typing import Any

ROOT = Path(__file__).parents[2]
SIZE = 1_000_000
LIMIT_MS = 10.0
STEPS = (1_000, 8_000, 64_000)
"""Sizes that are tried one after the other, so that a quadratic pattern is found before it takes hours."""

SLOW_MS = 50.0
"""After this time no larger text is tried."""

GROWTH = 24.0
"""A text eight times as long costs about eight times as much, or 64 times where the cost is quadratic."""

BOUNDED = {
    ("contract/masking.py", r"[^ \t\n\r]+"): 2 * 500 + 320,
    (
        "contract/masking.py",
        r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z]{2,31};)|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})",
    ): 2 * 500 + 320,
    ("contract/texts.py", r"[ \t\n\r]"): 2 * 500 + 320,
    ("sandbox/load.py", r"""[^\s'\"]+@[^\s'\"]+"""): 80,
}
"""Patterns that are given only the beginning of a text, and how long it is."""

MADE_AT_RUN_TIME = {
    "cli/arguments.py: pattern": "fixed texts, searched in the message of one error",
    "query/domain.py: self.text": "the user's own pattern, which pandas runs too",
    "query/hints.py: pattern": "searched in the first 2,000 characters of a query",
    "query/text_filters.py: unsafe": "one of two classes of single characters",
    "sandbox/filters/collation.py: expression": "a LIKE pattern, made of atomic groups",
    "sandbox/filters/collation.py: pattern": "the client's own pattern",
}
"""Patterns that are not written in the source, and why they are not measured."""

_METHODS = ("search", "match", "fullmatch", "sub", "split", "findall", "finditer")
_SEVERAL = {"sub", "split", "findall", "finditer"}


@dataclass(frozen=True, slots=True)
class Use:
    """One pattern and what is done with it.

    Parameters
    ----------
    place
        The file, below the package.
    pattern
        The pattern, text or bytes.
    flags
        Its flags.
    method
        The method that is called.
    """

    place: str
    pattern: Any
    flags: int
    method: str

    @property
    def size(self) -> int:
        """The longest text that the pattern is given, in characters."""
        return BOUNDED.get((self.place, self.pattern), SIZE)


def uses() -> Iterator[Use]:
    """Yield every use of a pattern that is written in the package's source."""
    for place, tree in _sources():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in calls:
            if _is_of_re(call) and isinstance(call.args[0], ast.Constant):
                method = call.func.attr
                methods = {method} if method != "compile" else _methods(tree, calls, call)
                assert methods, f"{place}:{call.lineno}: this pattern is never used"
                yield from (Use(place, call.args[0].value, _flags(call), name) for name in sorted(methods))


def made_at_run_time() -> set[str]:
    """Return the places and expressions of patterns that are not written in the source."""
    return {
        f"{place}: {ast.unparse(call.args[0])}"
        for place, tree in _sources()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and _is_of_re(call)
        and not isinstance(call.args[0], ast.Constant)
        and call.func.attr in {"compile", *_METHODS}
    }


def _sources() -> Iterator[tuple[str, ast.Module]]:
    package = ROOT / "dyno_frames"
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _is_of_re(call: Any) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in {"re", "re2"}
        and bool(call.args)
    )


def _flags(call: ast.Call) -> int:
    words = ast.unparse(call)
    return sum(int(flag) for flag in (re.IGNORECASE, re.ASCII, re.DOTALL) if f"re.{flag.name}" in words)


def _methods(tree: ast.Module, calls: list[Any], compiled: ast.Call) -> set[str]:
    """Return the methods that are called on the name a pattern is assigned to."""
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and node.value is compiled
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
        and node.attr in _METHODS
    }


@dataclass(frozen=True, slots=True)
class Text:
    """A text of any size: a beginning, parts that are repeated, and an end.

    Parameters
    ----------
    head, body, tail
        Those three.
    """

    head: str
    body: str
    tail: str

    def of(self, size: int, kind: type) -> Any:
        """Return the text at a size, as text or as bytes."""
        room = max(size - len(self.head) - len(self.tail), 0)
        text = self.head + (self.body * (room // len(self.body) + 1))[:room] + self.tail
        return text if kind is str else text.encode("latin-1", "replace")


def texts(use: Use) -> Iterator[Text]:
    """Yield texts of the parts that the pattern is made of: each repeated, in pairs, and with a wrong end."""
    as_text = use.pattern.decode("latin-1") if isinstance(use.pattern, bytes) else use.pattern
    tree = list(parser.parse(as_text, use.flags))
    beginnings = {_example(part) for part in _beginnings(tree)}
    parts = sorted(({*_parts(tree), *beginnings, "a", "1", " ", "\n", "@"}) - {""})
    yield from (Text("", part, "") for part in parts)
    yield from (Text("", a + b, "") for a, b in itertools.permutations(parts, 2))
    yield from (Text(a, b, "!") for a, b in itertools.product(parts, parts))


def _beginnings(tree: list[Any]) -> Iterator[list[Any]]:
    """Yield the parsed pattern cut behind each of its parts, and so what stands in its first group."""
    for end in range(1, len(tree) + 1):
        yield tree[:end]
    for code, argument in tree[:1]:
        if code is sre.SUBPATTERN:
            yield from _beginnings(list(argument[3]))


def _example(tree: list[Any]) -> str:
    """Return a short text that a parsed pattern may match."""
    found = ""
    for code, argument in tree:
        if code is sre.LITERAL:
            found += chr(argument)
        elif code is sre.IN:
            found += next(_members(argument), "")
        elif code is sre.BRANCH:
            found += _example(list(argument[1][0]))
        elif code is sre.SUBPATTERN:
            found += _example(list(argument[3]))
        elif code in _REPEATS and argument[0]:
            found += _example(list(argument[2])) * argument[0]
    return found


_REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}


def _parts(tree: Any) -> Iterator[str]:
    """Yield the literal runs of a parsed pattern, and a few characters of each class in it."""
    run = ""
    for code, argument in [*tree, (None, None)]:
        if code is sre.LITERAL:
            run += chr(argument)
            continue
        yield run
        run = ""
        if code is sre.IN:
            yield from _members(argument)
        for inner in _inner(code, argument):
            yield from _parts(inner)


def _members(members: list[Any]) -> Iterator[str]:
    classes = {sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "_"}
    for kind, value in members[:6]:
        if kind is sre.LITERAL:
            yield chr(value)
        elif kind is sre.RANGE:
            yield chr(value[0])
        elif kind is sre.CATEGORY:
            yield classes.get(value, "-")


def _inner(code: Any, argument: Any) -> list[Any]:
    if code in _REPEATS:
        return [argument[2]]
    if code is sre.SUBPATTERN:
        return [argument[3]]
    if code in {sre.ASSERT, sre.ASSERT_NOT}:
        return [argument[1]]
    if code is sre.ATOMIC_GROUP:
        return [argument]
    return list(argument[1]) if code is sre.BRANCH else []


@dataclass(frozen=True, slots=True)
class Cost:
    """What a use costs for one text.

    Parameters
    ----------
    ms
        CPU time, in milliseconds.
    size, matches
        The text's characters, and what was found in it.
    text
        How the text begins.
    """

    ms: float = 0.0
    size: int = 0
    matches: int = 0
    text: Any = ""


def cost(use: Use, text: Text, size: int, *, times: int = 3) -> Cost:
    """Return the least of some measurements, and what was found."""
    given = text.of(size, type(use.pattern))
    found = 0
    if use.method in _SEVERAL:
        found = sum(1 for _ in re.compile(use.pattern, use.flags).finditer(given))
    return Cost(min(cpu_ms(use, given) for _ in range(times)), len(given), found, given[:24])


def cpu_ms(use: Use, given: Any) -> float:
    """Return what a use costs for a text, in milliseconds of this thread."""
    method = getattr(re.compile(use.pattern, use.flags), use.method)
    other: tuple[Any, ...] = (given[:0],) if use.method == "sub" else ()
    began = time.thread_time()
    result = method(*other, given)
    if use.method == "finditer":
        list(result)
    return 1000 * (time.thread_time() - began)


QUICK_MS = 1.0
"""No quadratic pattern reads 4,000 characters in this time."""


def is_linear(use: Use, text: Text) -> bool:
    """Tell whether a use costs in proportion to a text, by the CPU time for one eight times as long."""
    small, large = (text.of(min(size, use.size), type(use.pattern)) for size in (500, 4_000))
    for _ in range(5):
        took_ms = cpu_ms(use, large)
        if took_ms < QUICK_MS or took_ms < GROWTH * min(cpu_ms(use, small) for _ in range(3)):
            return True
    return False


FEW_MATCHES = 1_000
CANDIDATES = 4


def worst(use: Use) -> tuple[Cost, Cost]:
    """Return the greatest cost of a text with few matches, and that of a text with many."""
    tried = [(_growing(use, text), text) for text in texts(use)]
    found = []
    for is_many in (False, True):
        alike = [(met, text) for met, text in tried if (met.matches > FEW_MATCHES) is is_many]
        alike.sort(key=lambda pair: pair[0].ms / pair[0].size, reverse=True)
        measured = [
            met if met.ms > SLOW_MS else cost(use, text, use.size) for met, text in alike[:CANDIDATES]
        ]
        found.append(max(measured, key=lambda met: met.ms, default=Cost()))
    return found[0], found[1]


def _growing(use: Use, text: Text) -> Cost:
    """Return the cost of a text at the largest size that is not slow."""
    for step in STEPS:
        met = cost(use, text, min(step, use.size), times=1)
        if met.ms > SLOW_MS:
            break
    return met


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="only files whose path contains this word")
    asked = options.parse_args()
    print(f"{'file':<27}{'method':<10}{'characters':>11}{'ms':>8}{'ms, many matches':>18}  pattern")
    steep = []
    for use in uses():
        if asked.only in use.place:
            few, many = worst(use)
            note = f"  over, for {few.text!r}" if few.ms > LIMIT_MS else ""
            if not all(is_linear(use, text) for text in texts(use)):
                steep.append(use.place)
                note += "  NOT LINEAR"
            several = f"{many.ms:.1f}" if many.matches else ""
            print(
                f"{use.place:<27}{use.method:<10}{few.size:>11,}{few.ms:>8.2f}{several:>18}  {use.pattern!r:.70}{note}",
                flush=True,
            )
    for place, reason in MADE_AT_RUN_TIME.items():
        print(f"{place:<37}  not measured: {reason}")
    if steep:
        raise SystemExit(f"not linear: {', '.join(steep)}")


if __name__ == "__main__":
    main()
