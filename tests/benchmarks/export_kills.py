"""Exports that are killed at random moments: readers see the old version or the new one, whole, or nothing at first.

``python -m tests.benchmarks.export_kills --kills 500 --seed 1``: the kills are spread over single files, overwrites,
appends and syncs, with and without partitions, and over the very first export of each. Half of the runs are killed at
a moment in time, half right before a call that changes files. After a kill, pandas, DuckDB, Polars, pyarrow and
``read_dataset`` must see one version, the same one. In a third of the trials a staged file is then truncated, zeroed,
changed in one bit or deleted. The next run must end in the same rows as one that was never killed, must leave nothing
else behind, and must not fetch a row again that a whole chunk holds.
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
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import SchemaError
from dyno_frames.export import fetch, files, pointer
from dyno_frames.export.stage import Stage

ROWS = 1_200
PAGE = 50
PARENT_ROWS = 900


def campaigns(count: int, *, step_s: int = 3_600) -> pd.DataFrame:
    at = pd.Series(range(count))
    return pd.DataFrame(
        {
            "id": [f"{(7919 * place) % 1_000_003:07d}" for place in range(count)],
            "name": "name " + (at % 7).astype(str),
            "status": at.map(lambda place: ["draft", "finished", "stopped"][place % 3]),
            "created": 1_400_000_000 + step_s * (at // 3),
            "updated": 1_400_000_000 + step_s * (at // 3) + 60,
            "opens": at % 13,
        }
    )


def export(url: str, key: str, path: str, mode: str, partition_by: str | None) -> int | None:
    """Run one export, with chunks and files small enough that there are many moments in it."""
    fetch.CHUNK_ROWS, files.ROWS_PER_GROUP = 100, 64
    options = {"name": f"{os.getpid()}", "page_size": PAGE, "profile": Profile(), "workers": 1}
    no_links = mock.patch.object(pointer, "replaces_links", return_value=False)
    with no_links if WITHOUT_LINKS in path else nullcontext(), dyno.connect(url, key, **options) as client:
        if mode == "file":
            client.campaigns.scan().to_parquet(path)
            return None
        written = client.campaigns.scan().to_parquet(
            path, mode=mode, max_rows_per_file=300, partition_by=partition_by
        )
        assert written.counts is not None
        return written.counts["moved"]


WITHOUT_LINKS = "without-links"
"""In the path of a dataset, it stands for a file system that cannot replace links to folders."""

CHANGES = {"open", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir"}
"""What Python tells of before it changes files; ``open`` precedes each fsync."""


def export_until(calls: Any, stop_at: int, folder: str, *arguments: Any) -> None:
    """Run one export, count its calls that change files below a folder, and die right before one of them."""

    def watch(event: str, given: tuple[Any, ...]) -> None:
        if event in CHANGES and given and str(given[0]).startswith(folder):
            calls.value += 1
            if calls.value == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    export(*arguments)


def seen(path: Path) -> dict[str, pd.DataFrame] | None:
    """Return what each reader sees at this moment, or None if all of them see nothing."""
    if not path.exists():
        try:
            dyno.read_dataset(path)
        except (SchemaError, FileNotFoundError):
            return None
        raise AssertionError("read_dataset sees what nobody else does")
    if (path / pointer.NAME).exists() and WITHOUT_LINKS in str(path):
        assert not [*path.rglob("*.parquet")]
        return {"read_dataset": comparable(dyno.read_dataset(path))}
    folder = str(path)
    pattern = folder if path.is_file() else f"{folder}/**/*.parquet"
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
    return {name: comparable(frame) for name, frame in found.items()}


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["id", "opens"]].astype(str).sort_values("id", ignore_index=True)


def same(one: pd.DataFrame, other: pd.DataFrame | None) -> bool:
    return other is not None and one.to_numpy().tolist() == other.to_numpy().tolist()


@dataclass
class Ground:
    """An account, a dataset or file as it was before the run, and what it must become."""

    box: Any
    folder: Path
    mode: str
    partition_by: str | None
    old: pd.DataFrame | None
    new: pd.DataFrame
    counter: Any
    seconds: float = 0.0
    calls: int = 0

    @property
    def path(self) -> Path:
        return self.folder / ("campaigns.parquet" if self.mode == "file" else "campaigns")

    @property
    def work(self) -> Path:
        return self.folder / ".campaigns.dyno" / "work"

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.box.url, self.box.api_key, str(self.path), self.mode, self.partition_by

    def started(self, context: Any, stop_at: int = 0) -> Any:
        self.counter.value = 0
        arguments = (self.counter, stop_at, str(self.folder), *self.arguments)
        run = context.Process(target=export_until, args=arguments)
        run.start()
        return run


def prepared(
    context: Any, box: Any, folder: Path, mode: str, partition_by: str | None, *, is_first: bool = False
) -> Ground:
    """Write a first version if there shall be one, change the account, and measure a run that nobody kills."""
    with box._store.transaction() as connection:
        connection.execute("DELETE FROM campaigns WHERE created > ?", [1_400_000_000 + 1200 * PARENT_ROWS])
    ground = Ground(box, folder, mode, partition_by, None, pd.DataFrame(), context.Value("i", 0, lock=False))
    if not is_first:
        export(
            box.url, box.api_key, str(ground.path), "file" if mode == "file" else "overwrite", partition_by
        )
        ground.old = read(ground)
    change(box)
    shutil.copytree(folder, folder.with_name(f"{folder.name}-before"), symlinks=True)
    began = time.monotonic()
    whole = ground.started(context)
    whole.join()
    assert whole.exitcode == 0
    ground.seconds, ground.calls, ground.new = time.monotonic() - began, ground.counter.value, read(ground)
    assert not same(ground.new, ground.old)
    return ground


def change(box: Any) -> None:
    """Change the account: rows updated, deleted and added."""
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


def read(ground: Ground) -> pd.DataFrame:
    return comparable(dyno.read_dataset(ground.path))


def again(ground: Ground) -> None:
    """Put back what was there before the run."""
    shutil.rmtree(ground.folder)
    shutil.copytree(ground.folder.with_name(f"{ground.folder.name}-before"), ground.folder, symlinks=True)


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def zeroed(content: bytes) -> bytes:
    return bytes(len(content))


def changed_in_one_bit(content: bytes) -> bytes:
    at = len(content) * 2 // 3
    return content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :] if content else content


DAMAGE: tuple[Callable[[bytes], bytes] | None, ...] = (truncated, zeroed, changed_in_one_bit, None)
"""What may happen to a staged file; None deletes it."""


def damaged(work: Path, chance: random.Random) -> bool:
    """Damage a staged file, in a third of the trials; return whether one was."""
    staged = sorted(path for path in work.glob("*") if path.suffix in {".arrow", ".json", ".done"})
    if not staged or chance.random() > 1 / 3:
        return False
    path, how = chance.choice(staged), chance.choice(DAMAGE)
    if how is None:
        path.unlink()
    else:
        path.write_bytes(how(path.read_bytes()))
    return True


def killed(context: Any, ground: Ground, chance: random.Random) -> str:
    """Kill one run, look at what readers see, and run it again; return what happened."""
    again(ground)
    by_call = chance.random() < 0.5
    run = ground.started(context, chance.randint(1, ground.calls) if by_call else 0)
    run.join(None if by_call else chance.uniform(0, ground.seconds))
    if run.is_alive():
        os.kill(run.pid, signal.SIGKILL)
    run.join()
    assert run.exitcode in {0, -signal.SIGKILL}, "a run that ended by itself"
    state = looked_at(ground)
    kept = sum(chunk.rows for chunk in Stage(ground.work).chunks("main")) if ground.work.is_dir() else 0
    was_damaged = damaged(ground.work, chance)
    manifests = ground.folder / ".campaigns.dyno" / "manifests"
    committed = ground.old is None and manifests.is_dir() and any(manifests.glob("*.json"))
    moved = export(*ground.arguments)
    for reader, frame in (seen(ground.path) or {}).items():
        assert same(frame, ground.new), f"{reader} after the next run"
    assert same(read(ground), ground.new), "the next run"
    if moved is not None and state != "new" and not (was_damaged or committed) and ground.mode == "overwrite":
        most = len(ground.new) - kept + 2 * PAGE
        assert moved <= most, f"{moved} rows moved; {kept} of {len(ground.new)} were there already"
    assert_tidy(ground)
    first = " first" if ground.old is None else ""
    return f"{ground.mode}{first}: {state}{', damaged' if was_damaged else ''}"


def looked_at(ground: Ground) -> str:
    """Return which version all readers see: none, the old or the new one."""
    found = seen(ground.path)
    if found is None:
        assert ground.old is None, "what was there is gone"
        return "none"
    state = "new" if same(found["read_dataset"], ground.new) else "old"
    wanted = ground.new if state == "new" else ground.old
    for reader, frame in found.items():
        assert same(frame, wanted), (
            f"{reader} sees {len(frame)} rows, neither the old version nor the new one"
        )
    if ground.mode != "file" and ground.old is not None:
        assert same(comparable(dyno.read_dataset(ground.path, version=1)), ground.old)
    return state


def assert_tidy(ground: Ground) -> None:
    """Nothing is left but the dataset and its versions, or the file."""
    names = sorted(path.name for path in ground.folder.iterdir())
    if ground.mode == "file":
        assert names == ["campaigns.parquet"], names
        return
    home = ground.folder / ".campaigns.dyno"
    assert names == [".campaigns.dyno", "campaigns"], names
    versions = [f"{number:06d}" for number in range(1, len(list((home / "manifests").iterdir())) + 1)]
    assert sorted(path.name for path in (home / "manifests").iterdir()) == [f"{one}.json" for one in versions]
    assert sorted(path.name for path in (home / "versions").iterdir()) == versions
    assert sorted(path.name for path in home.iterdir()) == ["lock", "manifests", "versions"]


GROUNDS: tuple[tuple[str, str | None, bool], ...] = (
    ("overwrite", None, False),
    ("overwrite", "created:month", False),
    ("append", None, False),
    ("sync", None, False),
    ("sync", "created:month", False),
    ("file", None, False),
    ("overwrite", "created:month", True),
    ("append", None, True),
    ("sync", None, True),
    ("file", None, True),
)
"""Mode, partitions, and whether it is the very first export."""


def processes() -> Any:
    """Return what starts processes; where it can, they begin with everything imported."""
    if sys.platform == "darwin":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dyno_frames", "dyno_frames.export.write", "duckdb", "polars"])
    return context


def main(kills: int, seed: int) -> int:
    """Kill so many runs; return 1 if a reader saw what it should not."""
    context = processes()
    chance, met, broken, done = random.Random(seed), Counter[str](), 0, 0  # noqa: S311 - the same moments every time
    with tempfile.TemporaryDirectory() as scratch:
        for at, (mode, partition_by, is_first) in enumerate(GROUNDS):
            with dyno.sandbox(load={"campaigns": campaigns(ROWS)}, speed=0) as box:
                folder = Path(scratch) / str(at)
                folder.mkdir()
                ground = prepared(context, box, folder, mode, partition_by, is_first=is_first)
                for _ in range(max(kills // len(GROUNDS), 1)):
                    done += 1
                    try:
                        met[killed(context, ground, chance)] += 1
                    except Exception as error:  # noqa: BLE001 - each is a finding
                        broken += 1
                        where = f"{mode} {partition_by} {'first' if is_first else 'later'}"
                        print(f"BROKEN {where}: {type(error).__name__}: {error}", flush=True)
    print(f"seed {seed}: {done} kills, {broken} broken; {dict(sorted(met.items()))}")
    return 1 if broken else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(main(given.kills, given.seed))
