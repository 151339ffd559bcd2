"""A scan on Dask clusters: one worker and several on a server at a distance, and workers that are killed meanwhile.

``python -m tests.benchmarks.clusters --rows 40000 --kills 200``. Each worker is a process of one thread. The rows of
every computation must be those of ``to_frame()``; a run after a kill has failed if a row is lost or doubled.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import threading
import time
from contextlib import contextmanager
from importlib import import_module

import pandas as pd
from distributed import Client, LocalCluster

import dyno_frames as dyno

KEY = "key-of-the-benchmark"
WORKERS = 4
LATENCY_S = 0.05


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


def killed(box, *, kills: int, seed: int) -> int:
    """Compute as often as workers are killed, and return how often rows were lost or doubled."""
    dice, wrong = random.Random(seed), 0  # noqa: S311 - a test's dice
    with cluster_of(2) as cluster, box.client(page_size=50) as client:
        expected = client.campaigns.scan().to_frame().id
        for _ in range(kills):
            collection = client.campaigns.scan().to_dask(rows_per_partition=max(len(expected) // 10, 10))
            killing = threading.Timer(dice.uniform(0, 0.8), kill_one, (cluster, dice))
            killing.start()
            found = collection.compute().id.reset_index(drop=True)
            killing.join()
            wrong += not found.equals(expected)
            cluster.wait_for_workers(2, timeout=60)
    return wrong


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
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with dyno.sandbox(load={"campaigns": account(given.rows)}, api_key=KEY, speed=0, faults=[]) as box:
        alone_s, together_s = (timed(box, workers=number, rows=given.rows) for number in (1, WORKERS))
    print(
        f"{given.rows:,} rows, {LATENCY_S * 1000:g} ms away: 1 worker {alone_s:.1f} s, {WORKERS} workers {together_s:.1f} s, "
        f"{alone_s / together_s:.2f} times as fast"
    )
    with dyno.sandbox(load={"campaigns": account(4_000)}, api_key=KEY, speed=0) as box:
        wrong = killed(box, kills=given.kills, seed=given.seed)
    print(f"{given.kills} workers killed: {wrong} answers with lost or doubled rows")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
