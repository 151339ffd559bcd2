"""Dask clusters: a server at a distance, a large table, and workers that are killed meanwhile.

``python -m tests.benchmarks.clusters --rows 40000 --kills 200``. Each worker is a process of one thread. The kills go by
turns to scans, exports to Parquet and exports to Delta tables; a row that is lost or doubled, a verdict other than
exact, or more requests at once than the budget is a fault. The table is written from the load server.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from deltalake import DeltaTable
from distributed import Client, LocalCluster

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from dyno_frames.export import cluster as exports

KEY = "key-of-the-benchmark"
WORKERS = 4
LATENCY_S = 0.05
BUDGET = 2
"""Requests at once in the runs with kills."""


@contextmanager
def cluster_of(workers: int):
    """Start a cluster whose workers find the key in their environment."""
    os.environ["DYNO_API_KEY"] = KEY
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def end() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_one(cluster: Client, dice: random.Random) -> None:
    """Kill a worker; its nanny starts another one."""
    workers = list(cluster.scheduler_info()["workers"])
    if workers:
        cluster.run(end, workers=[dice.choice(workers)], wait=False, on_error="ignore")


def timed(box, *, workers: int, rows: int) -> float:
    """Return how long a cluster takes to read all rows, in seconds."""
    with cluster_of(workers) as cluster, box.client(page_size=100) as client:
        cluster.run(import_module, "dyno_frames.integrations.dask.read")
        collection = client.campaigns.scan().to_dask(rows_per_partition=max(rows // 16, 100))
        box.set_faults([{"kind": "latency", "delay_s": LATENCY_S}])
        started = time.perf_counter()
        found = len(collection)
        elapsed_s = time.perf_counter() - started
        box.set_faults([])
    if found != rows:
        sys.exit(f"{found} rows of {rows} came")
    return elapsed_s


def most_at_once(entries) -> int:
    """Return how many requests were at the server at once."""
    ends = [(entry.at, 1) for entry in entries] + [(entry.at + entry.duration_s, -1) for entry in entries]
    return max(accumulate(change for _, change in sorted(ends)), default=0)


def ids_by_scan(scan, cluster, _folder) -> tuple[list[str], str]:
    """Compute a Dask frame; return the ids of its rows, and the verdict."""
    collection = scan.to_dask(rows_per_partition=400, workers=BUDGET)
    found = cluster.compute(collection).result()
    return found.id.tolist(), dyno.certificate_of(collection).verdict


def ids_by_parquet(scan, cluster, folder) -> tuple[list[str], str]:
    """Write a dataset; return the ids of its rows, as a plain reader sees them, and the verdict."""
    made = scan.to_parquet(folder / "dataset", client=cluster, max_rows_per_file=400)
    return pd.read_parquet(folder / "dataset").id.tolist(), made.footer["certificate"]["verdict"]


def ids_by_delta(scan, cluster, folder) -> tuple[list[str], str]:
    """Write a Delta table; return the ids of its rows, as deltalake sees them, and the verdict."""
    made = scan.to_delta(folder / "table", client=cluster)
    found = DeltaTable(str(folder / "table")).to_pyarrow_table(columns=["id"])
    return found["id"].to_pylist(), made.footer["certificate"]["verdict"]


OUTPUTS = (ids_by_scan, ids_by_parquet, ids_by_delta)


def killed(box, *, kills: int, seed: int) -> Counter[str]:
    """Read or write all rows as often as workers are killed, and return what went wrong, how often."""
    dice, wrong = random.Random(seed), Counter[str]()  # noqa: S311 - a test's dice
    exports.ROWS_PER_WINDOW = 400
    with cluster_of(2) as cluster, box.client(page_size=50, workers=BUDGET) as client:
        scan = client.campaigns.scan(progress=False)
        expected = scan.to_frame().id.tolist()
        for number in range(kills):
            began = time.time()
            killing = threading.Timer(dice.uniform(0, 1.2), kill_one, (cluster, dice))
            killing.start()
            with TemporaryDirectory() as folder:
                os.environ["DYNO_CACHE_DIR"] = str(Path(folder) / "cache")
                found, verdict = OUTPUTS[number % len(OUTPUTS)](scan, cluster, Path(folder))
            killing.join()
            wrong["lost or doubled"] += sorted(found) != sorted(expected)
            wrong["not exact"] += verdict != "exact"
            wrong["over the budget"] += (
                most_at_once([one for one in box.requests if one.at >= began]) > BUDGET
            )
            cluster.wait_for_workers(2, timeout=60)
    return +wrong


def to_table(rows: int, *, workers: int) -> str:
    """Write rows of the load server to a Delta table, and return what it took."""
    command = [sys.executable, "-m", "tests.benchmarks.scans_server", "--rows", str(rows)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        cluster_of(workers) as cluster,
        TemporaryDirectory() as folder,
    ):
        os.environ["DYNO_CACHE_DIR"] = str(Path(folder) / "cache")
        try:
            url = server.stdout.readline().strip()
            with dyno.connect(url, KEY, profile=Profile(), workers=4) as client:
                scan = client.campaigns.scan(progress=False)
                started = time.perf_counter()
                made = scan.to_delta(Path(folder) / "table", client=cluster, partition_by="created:year")
                elapsed_s = time.perf_counter() - started
            peaks = cluster.run(peak_mib).values()
        finally:
            server.kill()
    certificate = made.footer["certificate"]
    return (
        f"{made.rows:,} rows to a Delta table on {workers} workers: {elapsed_s:.1f} s, {made.rows / elapsed_s:,.0f} rows/s, "
        f"{certificate['requests']:,} requests for rows, {len(made.files):,} files, {made.size_bytes / 2**20:,.0f} MiB, "
        f"peak of a worker {max(peaks):.0f} MiB, of this process {peak_mib():.0f} MiB; {certificate['verdict']}"
    )


def peak_mib() -> float:
    """Return the largest memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def account(rows: int) -> pd.DataFrame:
    """Return campaigns with distinct times."""
    return pd.DataFrame(
        {
            "name": [f"row {number}" for number in range(rows)],
            "opens": range(rows),
            "created": [1_400_000_000 + 60 * number for number in range(rows)],
        }
    )


def main() -> None:
    """Measure, and print one line for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=("speed", "kills", "table"), default=("speed", "kills", "table")
    )
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--table-rows", type=int, default=10_000_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    wrong = Counter[str]()
    if "speed" in given.only:
        with dyno.sandbox(load={"campaigns": account(given.rows)}, api_key=KEY, speed=0, faults=[]) as box:
            alone_s, together_s = (timed(box, workers=number, rows=given.rows) for number in (1, WORKERS))
        print(
            f"{given.rows:,} rows, {LATENCY_S * 1000:g} ms away: 1 worker {alone_s:.1f} s, {WORKERS} workers "
            f"{together_s:.1f} s, {alone_s / together_s:.2f} times as fast",
            flush=True,
        )
    if "table" in given.only:
        print(to_table(given.table_rows, workers=2), flush=True)
    if "kills" in given.only:
        with dyno.sandbox(load={"campaigns": account(4_000)}, api_key=KEY, speed=0) as box:
            wrong = killed(box, kills=given.kills, seed=given.seed)
        print(
            f"{given.kills} workers killed: {dict(wrong) or 'every answer whole, exact and within the budget'}"
        )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
