"""Random questions as programs: what a program prints are the ids of the client's own answer."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dyno_frames.api import connect
from dyno_frames.errors import NotPushableError
from dyno_frames.query.query import Scope
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.scan.reader import find_rows
from law import contents
from law.choices import Choices
from law.programs import ids, run_warm
from law.questions import Questions
from law.servers import profile
from law.writing import FORMS, Asked, Once, below


@dataclass(frozen=True, slots=True)
class Server:
    """A sandbox with random rows, and a client of it."""

    box: Any
    client: Any
    texts: list[str]
    names: frozenset[str]


@contextmanager
def server(choices: Choices, folder: Path) -> Iterator[Server]:
    """Start a server of random rows and semantics."""
    texts = contents.related(choices)
    rows = contents.rows(choices, texts, most=30) or contents.rows(choices, texts, most=30)
    table = folder / "campaigns.jsonl"
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    does = replace(profile(choices, scanned=True), page_limit=1000)
    names = (
        frozenset(rows[0])
        if rows
        else frozenset(("name", "subject", "from_name", "time_zone", "opens", "created"))
    )
    with ExitStack() as stack:
        box = stack.enter_context(Sandbox(sample=False, load={"campaigns": table}, profile=does, speed=0))
        size = choices.pick((1000, 3, 2, 7))
        client = stack.enter_context(connect(box.url, box.api_key, profile=does, page_size=size))
        yield Server(box, client, texts, names)


def fault(language: str, here: Server, choices: Choices, folder: Path, met: Counter[str]) -> str:
    """Draw a question, run its program, and return how it differs from the client's answer, or an empty text."""
    form = choices.pick(FORMS)
    tree = Questions(choices, form, here.names, here.texts).tree(choices.below(3))
    if any(isinstance(part[1], Once) for part in below(tree) if part[0] == "val"):
        return ""
    asked = Asked.of(tree, form)
    options: dict[str, Any] = {}
    if language == "python" and choices.chance(1, 3):
        options = {
            "order_by": choices.pick(("opens", "name", "status", "start_time")),
            "limit": 1 + choices.below(9),
        }
        options |= {"ascending": choices.chance(1, 2), "offset": choices.below(3)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            scan = here.client.campaigns.scan(asked.expression(), scope=Scope(asked.bound(), {}), **options)
            expected = scan.to_frame()["id"].tolist()
        except Exception:  # noqa: BLE001 - pandas refuses the question, too
            met["refused"] += 1
            return ""
        wider = False
        try:
            code = scan.to_code(language)
        except NotPushableError:
            wider = True
            code = scan.to_code(language, wider=True)
    done = run_warm(language, code, folder, DYNO_URL=here.box.url, DYNO_API_KEY=here.box.api_key)
    met["wider" if wider else "exact" if scan.plan.exact else "with pandas"] += 1
    found = ids(language, done.stdout)
    if wider:
        expected = _ids_of_filters(scan)
    if done.returncode or sorted(found) != sorted(expected) or (options and not wider and found != expected):
        return f"{asked}\n{options} {scan.plan.filters}\n{done.returncode} {done.stderr}\nprinted {found}\nexpected {expected}"
    return ""


def _ids_of_filters(scan: Any) -> list[str]:
    """Return the ids that the filters of a plan find, each once."""
    pages = [
        find_rows(scan.session, "campaigns", {**body, "application_limit": 1000})
        for body in scan.plan.filters
    ]
    return list({row["id"]: None for page in pages for row in page})
