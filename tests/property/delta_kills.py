"""Syncs to a Delta table that are killed at random moments: other programs see the old version or the new one, whole.

``python -m tests.property.delta_kills --kills 60 --seed 1`` from the root of the checkout. While a run goes on and
after it was killed, deltalake reads the table. The next run must end in the rows of the account.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.export import fetch, files
from tests.benchmarks.export_kills import campaigns

ROWS = 600
CASES = (
    ("sync", None, False),
    ("sync", "status", False),
    ("append", None, False),
    ("overwrite", "created:month", True),
)
"""Mode, partitions, and whether it is the very first run."""

Rows = list[tuple[str, int]]


def export(url: str, key: str, table: str, mode: str, partition_by: str | None) -> None:
    """Run one export, with chunks and files small enough that there are many moments in it."""
    fetch.CHUNK_ROWS, files.ROWS_PER_GROUP = 100, 64
    with dyno.connect(url, key, name=str(os.getpid()), page_size=50, profile=Profile()) as client:
        client.campaigns.scan(progress=False).to_delta(table, mode=mode, partition_by=partition_by)


def seen(table: Path) -> Rows | None:
    """Return the rows that deltalake reads, or None if there is no table."""
    try:
        found = DeltaTable(str(table)).to_pyarrow_table(columns=["id", "opens"])
    except TableNotFoundError:
        return None
    return sorted(zip(found["id"].to_pylist(), found["opens"].to_pylist(), strict=True))


def account_rows(box: Any) -> Rows:
    with box._store.transaction() as connection:
        return sorted(map(tuple, connection.execute("SELECT id, opens FROM campaigns").fetchall()))


def change(box: Any) -> None:
    with box._store.transaction() as connection:
        connection.execute("UPDATE campaigns SET opens = 99, updated = 1500000000 WHERE rowid % 5 = 0")
        connection.execute("UPDATE campaigns SET status = 'draft', updated = 1500000001 WHERE rowid % 9 = 0")


def trial(box: Any, folder: Path, case: tuple[str, str | None, bool], lives_s: float) -> tuple[str, float]:
    """Kill a run after some time, look at what is there, and run it again; return what happened and how long it ran."""
    mode, partition_by, is_first = case
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["DYNO_CACHE_DIR"] = str(folder / "cache")
    table, arguments = folder / "table", (box.url, box.api_key, str(folder / "table"), mode, partition_by)
    with box._store.transaction() as connection:
        connection.execute("DELETE FROM campaigns")
    box._store.load(CAMPAIGNS, campaigns(ROWS, step_s=40_000).to_dict("records"))
    before = None
    if not is_first:
        export(box.url, box.api_key, str(table), "overwrite", partition_by)
        before = seen(table)
    change(box)
    after = account_rows(box)
    run = multiprocessing.get_context("forkserver").Process(target=export, args=arguments)
    run.start()
    began = time.monotonic()
    while run.is_alive() and time.monotonic() < began + lives_s:
        assert seen(table) in (before, after), "a reader saw parts of two versions"
    ran_s = time.monotonic() - began
    if run.is_alive():
        os.kill(run.pid, signal.SIGKILL)
    run.join()
    found = seen(table)
    assert found in (before, after), "a reader saw parts of two versions after the kill"
    export(*arguments)
    assert seen(table) == after, "the next run"
    opened = dyno.open_delta(table).to_frame()
    assert sorted(zip(opened["id"], opened["opens"], strict=True)) == after
    state = "ended" if run.exitcode == 0 else "new" if found == after else "old" if before else "none"
    return f"{mode}{' first' if is_first else ''}: {state}", ran_s


def kills(number: int, seed: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """Kill so many runs; return what happened, and what broke."""
    chance, met, broken = random.Random(seed), Counter[str](), []  # noqa: S311 - the same moments every time
    multiprocessing.set_forkserver_preload(["dyno_frames.export.write"])  # deltalake starts threads: not here
    with dyno.sandbox(sample=False, speed=0) as box:
        _, whole_s = trial(box, folder / "trial", CASES[0], 60.0)
        for at in range(number):
            case = CASES[at % len(CASES)]
            try:
                met[trial(box, folder / "trial", case, chance.uniform(0.2, 1.1) * whole_s)[0]] += 1
            except Exception as error:  # noqa: BLE001 - each is a finding
                broken.append(f"{seed}/{at} {case}: {type(error).__name__}: {error}")
    return met, broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        met, broken = kills(given.kills, given.seed, Path(folder))
    print(*broken, sep="\n")
    print(f"seed {given.seed}: {given.kills} kills, {len(broken)} broken; {dict(sorted(met.items()))}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
