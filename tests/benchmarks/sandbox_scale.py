"""How the sandbox's questions grow with its rows: 10,000 campaigns beside 1,000,000, the same questions.

``python tests/benchmarks/sandbox_scale.py [--rows 10000 1000000]``: a table of p50 and p95 in ms, and the ratios.
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
from dyno_frames.sandbox.storage import Store

STATUSES = ("finished",) * 95 + ("draft", "scheduled", "paused", "stopped", "finished")
FIRST_S, LISTS = 1_400_000_000, 20
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
            "status": STATUSES[rng.randrange(100)],
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


def measured(store: Store, count: int) -> dict[str, tuple[float, float]]:
    times: dict[str, tuple[float, float]] = {}
    for name, draw in questions(store, count).items():
        took = []
        for _ in range(REPEATS):
            wire = draw()
            began = time.perf_counter()
            store.find_json(CAMPAIGNS, wire)
            took.append((time.perf_counter() - began) * 1000)
        took.sort()
        times[name] = took[len(took) // 2], took[int(len(took) * 0.95)]
    return times


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
    print(f"{'find (ms)':32}{few:>12,} p50{'p95':>8}{many:>14,} p50{'p95':>8}{'ratio p50':>11}{'p95':>7}")
    for name, (p50, p95) in told[0].items():
        more50, more95 = told[1][name]
        print(
            f"{name:32}{p50:>16.2f}{p95:>8.2f}{more50:>18.2f}{more95:>8.2f}{more50 / p50:>11.2f}{more95 / p95:>7.2f}"
        )


if __name__ == "__main__":
    main()
