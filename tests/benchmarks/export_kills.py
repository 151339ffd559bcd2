"""Exports and syncs that are killed at random moments: readers see the old version or the new one, whole.

``python -m tests.benchmarks.export_kills --kills 200 --seed 1``: half of the kills fall on an overwrite, half on a
sync. After each, pandas, DuckDB, Polars, pyarrow and ``read_dataset`` must see one version, the same one; then the
run is asked for again, must end in the same rows as one that was never killed, and must not ask again for a row that
a finished piece holds.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from dyno_frames.export import fetch, files
from dyno_frames.export.stage import Stage

ROWS = 1_200
PAGE = 50
PARENT_ROWS = 900


def campaigns(count: int) -> pd.DataFrame:
    at = pd.Series(range(count))
    return pd.DataFrame(
        {
            "id": [f"{(7919 * place) % 1_000_003:07d}" for place in range(count)],
            "name": "name " + (at % 7).astype(str),
            "status": at.map(lambda place: ["draft", "finished", "stopped"][place % 3]),
            "created": 1_400_000_000 + 3_600 * (at // 3),
            "updated": 1_400_000_000 + 3_600 * (at // 3) + 60,
            "opens": at % 13,
        }
    )


def export(url: str, key: str, path: str, mode: str, partition_by: str | None) -> int:
    """One run, with pieces and files small enough that there are many moments in it."""
    fetch.CHUNK_ROWS, files.ROWS_PER_GROUP = 100, 64
    with dyno.connect(
        url, key, name=f"{os.getpid()}", page_size=PAGE, profile=Profile(), workers=1
    ) as client:
        written = client.campaigns.scan().to_parquet(
            path, mode=mode, max_rows_per_file=300, partition_by=partition_by
        )
        assert written.counts is not None
        return written.counts["moved"]


def content(frame: pd.DataFrame) -> pd.DataFrame:
    """What a plain reader sees, comparable."""
    return (
        frame[["id", "name", "opens", "created", "updated"]].astype(str).sort_values("id", ignore_index=True)
    )


def seen(path: Path) -> dict[str, pd.DataFrame]:
    """What each reader sees at this moment."""
    folder = str(path)
    pattern = f"{folder}/**/*.parquet"
    query = f"SELECT id, opens FROM read_parquet('{pattern}')"  # noqa: S608 - a path of our own
    table = ds.dataset(folder, format="parquet", partitioning="hive").to_table()
    columns = ["id", "opens"]
    found = {
        "pandas": pd.read_parquet(folder)[columns],
        "pyarrow": table.to_pandas()[columns],
        "read_table": pq.read_table(folder).to_pandas()[columns],
        "duckdb": duckdb.sql(query).df(),
        "polars": pl.read_parquet(pattern).select(columns).to_pandas(),
        "read_dataset": dyno.read_dataset(path)[columns],
    }
    return {name: frame.astype(str).sort_values("id", ignore_index=True) for name, frame in found.items()}


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.to_numpy().tolist() == other.to_numpy().tolist()


@dataclass
class Ground:
    """An account, a dataset of its first version, and what it must become."""

    box: Any
    folder: Path
    mode: str
    partition_by: str | None
    old: pd.DataFrame
    new: pd.DataFrame
    seconds: float

    @property
    def path(self) -> Path:
        return self.folder / "campaigns"


def child(context: Any, ground: Ground) -> Any:
    arguments = (ground.box.url, ground.box.api_key, str(ground.path), ground.mode, ground.partition_by)
    started = context.Process(target=export, args=arguments)
    started.start()
    return started


def prepared(context: Any, box: Any, folder: Path, mode: str, partition_by: str | None) -> Ground:
    """Write a first version, change the account, and measure one run that nobody kills."""
    with box._store.transaction() as connection:
        connection.execute("DELETE FROM campaigns WHERE created > ?", [1_400_000_000 + 1200 * PARENT_ROWS])
    ground = Ground(box, folder, "overwrite", partition_by, pd.DataFrame(), pd.DataFrame(), 0.0)
    export(box.url, box.api_key, str(ground.path), "overwrite", partition_by)
    ground.old = seen(ground.path)["pandas"]
    with box._store.transaction() as connection:
        connection.execute("UPDATE campaigns SET opens = 99, updated = 1500000000 WHERE rowid % 5 = 0")
        connection.execute("DELETE FROM campaigns WHERE rowid % 50 = 1")
        names = [row[1] for row in connection.execute("PRAGMA table_info(campaigns)")]
        values = {
            "id": "id || 'x'",
            "position": "position + 1000000",
            "created": "created + 8000000",
            "updated": "1500000001",
        }
        connection.execute(
            f"INSERT INTO campaigns ({', '.join(names)}) "  # noqa: S608 - names of the schema
            f"SELECT {', '.join(values.get(name, name) for name in names)} FROM campaigns WHERE rowid % 4 = 0"
        )
    ground.mode = mode
    shutil.copytree(folder, folder.with_name(f"{folder.name}-first"), symlinks=True)
    began = time.monotonic()
    whole = child(context, ground)
    whole.join()
    assert whole.exitcode == 0
    ground.seconds = time.monotonic() - began
    ground.new = seen(ground.path)["pandas"]
    assert not same(ground.old, ground.new)
    return ground


def again(ground: Ground) -> None:
    """Put the first version back."""
    shutil.rmtree(ground.folder)
    shutil.copytree(ground.folder.with_name(f"{ground.folder.name}-first"), ground.folder, symlinks=True)


def killed(context: Any, ground: Ground, chance: random.Random) -> str:
    """Kill one run; return what readers saw then."""
    again(ground)
    run = child(context, ground)
    run.join(chance.uniform(0, ground.seconds))
    if run.is_alive():
        os.kill(run.pid, signal.SIGKILL)
    run.join()
    found = seen(ground.path)
    state = "new" if same(found["pandas"], ground.new) else "old"
    wanted = ground.new if state == "new" else ground.old
    for reader, frame in found.items():
        assert same(frame, wanted), (
            f"{reader} sees {len(frame)} rows, neither the old version nor the new one"
        )
    versions = dyno.read_dataset(ground.path, version=1)
    assert same(versions[["id", "opens"]].astype(str).sort_values("id", ignore_index=True), ground.old)
    work = ground.folder / ".campaigns.dyno" / "work"
    kept = sum(piece.rows for piece in Stage(work).chunks("main")) if work.is_dir() else 0
    moved = export(ground.box.url, ground.box.api_key, str(ground.path), ground.mode, ground.partition_by)
    for reader, frame in seen(ground.path).items():
        assert same(frame, ground.new), f"{reader} after the next run"
    if state == "old" and ground.mode == "overwrite":
        most = len(ground.new) - kept + 2 * PAGE
        assert moved <= most, f"{moved} rows moved; {kept} of {len(ground.new)} were there already"
    if state == "new" and ground.mode == "overwrite":
        assert moved >= len(ground.new), "what was committed is no unfinished run"
    assert not list(ground.folder.glob(".campaigns.dyno/work/*")), "nothing unfinished is left"
    return f"{ground.mode}: {state}, {'some' if kept else 'no'} pieces kept"


def main(kills: int, seed: int) -> int:
    """Kill so many runs; return 1 where a reader saw what it should not."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dyno_frames", "dyno_frames.export.write", "duckdb", "polars"])
    chance, met, broken = random.Random(seed), Counter[str](), 0  # noqa: S311 - the same moments every time
    with tempfile.TemporaryDirectory() as scratch:
        for mode in ("overwrite", "sync"):
            for partition_by in (None, "created:month"):
                with dyno.sandbox(load={"campaigns": campaigns(ROWS)}, speed=0) as box:
                    folder = Path(scratch) / f"{mode}-{partition_by is None}"
                    folder.mkdir()
                    ground = prepared(context, box, folder, mode, partition_by)
                    for _ in range(max(kills // 4, 1)):
                        try:
                            met[killed(context, ground, chance)] += 1
                        except Exception as error:  # noqa: BLE001 - each is a finding
                            broken += 1
                            print(
                                f"BROKEN {mode} {partition_by}: {type(error).__name__}: {error}", flush=True
                            )
    print(f"seed {seed}: {kills} kills, {broken} broken; {dict(sorted(met.items()))}")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(main(given.kills, given.seed))
