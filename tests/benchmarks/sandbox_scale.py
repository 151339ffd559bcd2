"""How the sandbox's questions grow with its rows: 10,000 campaigns beside 1,000,000, the same questions.

``python -m tests.benchmarks.sandbox_scale [--rows 10000 1000000]``: p50, p95 and ratios.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.sandbox.store.storage import Store

STATUSES = ("finished",) * 95 + ("draft", "scheduled", "paused", "stopped", "finished")
FIRST_S, LISTS = 1_400_000_000, 20
RUNNING = 12
"""So many campaigns run at a time, however many there are."""
FIELDS = ["id", "name", "status", "created"]
REPEATS = 200


def campaigns(count: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(count)  # noqa: S311 - the same rows every time
    for number in range(count):
        sent = rng.randrange(100_000)
        yield {
            "id": f"{rng.getrandbits(128):032x}",
            "name": f"Weekly news #{number}",
            "subject": "What is new in our shop this week",
            "from_name": "The shop",
            "from_email": "shop@example.com",
            "list_id": f"list-{rng.randrange(LISTS)}",
            "status": STATUSES[rng.randrange(100)] if number % (count // RUNNING) else "running",
            "start_time": FIRST_S + number * 60,
            "recipients": sent,
            "sent": sent,
            "delivered": sent,
            "opens": sent // 3,
            "clicks": sent // 30,
            "bounces": 0,
            "complaints": 0,
            "unsubscribes": 0,
            "created": FIRST_S + number * 60,
            "updated": FIRST_S + number * 60 + rng.randrange(10_000),
            "user_id": "u",
        }


def questions(store: Store, count: int) -> dict[str, Any]:
    """The questions; each call of one draws another place among the rows."""
    rng = random.Random(7)  # noqa: S311 - the same places every time
    ids = [
        row["id"] for row in store.find(CAMPAIGNS, {"application_fields": ["id"], "application_limit": 1000})
    ]

    def at() -> int:
        return FIRST_S + rng.randrange(count) * 60

    page = {"application_limit": 100, "application_order_by": "created"}
    return {
        "id": lambda: {"id": rng.choice(ids)},
        "50 ids": lambda: {"id": {"in": ",".join(rng.sample(ids, 50))}, "application_limit": 100},
        "created from, keyset page": lambda: {"created": {"gte": at()}, **page},
        "created to, descending": lambda: {
            "created": {"lte": at()},
            **page,
            "application_order_direction": "desc",
        },
        "created range of 100": lambda: {
            "created": {"gte": (start := at()), "lt": start + 6000},
            "application_limit": 100,
        },
        "status, newest": lambda: {"status": "paused", **page, "application_order_direction": "desc"},
        "status and created from": lambda: {"status": "finished", "created": {"gte": at()}, **page},
        "two statuses and created from": lambda: {
            "status": {"in": "finished,stopped"},
            "created": {"gte": at()},
            **page,
        },
        "running": lambda: {"status": "running", **page},
        "running or paused, any time": lambda: {"status": {"in": "running,paused"}, **page},
        "running, of a list": lambda: {
            "status": "running",
            "list_id": f"list-{rng.randrange(LISTS)}",
            **page,
        },
        "list, newest": lambda: {
            "list_id": f"list-{rng.randrange(LISTS)}",
            **page,
            "application_order_direction": "desc",
        },
        "list and created from": lambda: {
            "list_id": f"list-{rng.randrange(LISTS)}",
            "created": {"gte": at()},
            **page,
        },
        "updated from": lambda: {
            "updated": {"gte": at()},
            "application_order_by": "updated",
            "application_limit": 100,
        },
        "no order, first page": lambda: {"application_limit": 100},
    }


def measured(store: Store, count: int) -> dict[str, tuple[float, float, float, float]]:
    """Return p50 and p95 of the time that passed, and of the processor's, which no other program lengthens."""
    times: dict[str, tuple[float, float, float, float]] = {}
    for name, draw in questions(store, count).items():
        passed, worked = [], []
        for _ in range(REPEATS):
            wire = draw()
            began, began_work = time.perf_counter(), time.thread_time()
            store.find_json(CAMPAIGNS, wire)
            worked.append((time.thread_time() - began_work) * 1000)
            passed.append((time.perf_counter() - began) * 1000)
        times[name] = (*middle_and_tail(passed), *middle_and_tail(worked))
    return times


def middle_and_tail(took: list[float]) -> tuple[float, float]:
    ordered = sorted(took)
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]


def filled(folder: Path, count: int) -> Store:
    store = Store(folder / f"{count}.db")
    rows = campaigns(count)
    began = time.perf_counter()
    while batch := [row for _, row in zip(range(50_000), rows, strict=False)]:
        store.load(CAMPAIGNS, batch)
    print(f"{count:,} campaigns loaded in {time.perf_counter() - began:.1f} s")
    return store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs=2, default=[10_000, 1_000_000])
    few, many = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        told = []
        for count in (few, many):
            with filled(Path(folder), count) as store:
                told.append(measured(store, count))
    print(f"ms for {few:,} and {many:,} rows, and their ratio: of time that passed, then of processor time")
    heads = [f"{clock} {level}" for clock in ("passed", "worked") for level in ("p50", "p95")]
    print(f"{'find':32}" + "".join(f"{head:>22}" for head in heads))
    for name, small in told[0].items():
        cells = [
            f"{less:6.2f} {more:6.2f} {more / less:6.2f}"
            for less, more in zip(small, told[1][name], strict=True)
        ]
        print(f"{name:32}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
