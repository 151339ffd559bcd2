"""Scans side by side with what else one could do: time, processor, memory, requests; and how time grows with rows.

``python -m tests.benchmarks.scans`` from the root of the checkout prints one table; it takes about ten minutes.
``--rows``, ``--latency-ms`` and ``--peers`` choose what is measured, ``--no-deep`` leaves the deep scans out.

Each peer fetches the same campaigns of 14 columns, 1,000 to a page, from a load server in a process of its own, in a
fresh process each time, one peer after the other and all over again; the best of the times is shown, and of memory
the middle. A peer whose packages are not installed is left out: ``pip install -e '.[bench]'`` brings all. Imports
do not count. Up to 100,000 rows without latency each process runs its peer twice: "first s" is the first time, with
all that is loaded on first use.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.benchmarks.sandbox_clients import KEY, Server
from tests.benchmarks.sandbox_scale import filled
from tests.benchmarks.scans_peers import PEERS, missing

Figures = dict[str, float]


@contextmanager
def load_server(rows: int, latency_ms: float) -> Iterator[str]:
    """Run a load server in a process of its own; gives its URL."""
    line = [sys.executable, "-m", "tests.benchmarks.scans_server", "--rows", str(rows)]
    server = subprocess.Popen([*line, "--latency-ms", str(latency_ms)], stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def served(url: str) -> dict[str, int]:
    """Return how many requests the server has answered since it was last asked."""
    return requests.get(f"{url}/served", timeout=30).json()


def measured(peer: str, url: str, rows: int, *, twice: bool) -> Figures:
    """Run a peer in a fresh process, once or twice."""
    served(url)
    line = [sys.executable, "-m", "tests.benchmarks.scans_peers", peer, url, str(rows)]
    if twice:
        line.append("--warm")
    told = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    found = json.loads(told.splitlines()[-1])
    requests_sent = sum(served(url).values()) / (2 if twice else 1)
    return {"first_s": found["wall_s"], "requests": requests_sent} | found


def best(peers: list[str], rows: int, latency_ms: float, repeats: int) -> dict[str, Figures]:
    """Return the figures of each peer."""
    taken: dict[str, list[Figures]] = defaultdict(list)
    with load_server(rows, latency_ms) as url:
        for turn in range(repeats):
            for peer in peers:
                if turn == 0 or peer != "dlt":  # it takes long, and varies little
                    twice = rows <= 100_000 and not latency_ms
                    taken[peer].append(measured(peer, url, rows, twice=twice))
    return {
        peer: {
            **{name: min(one[name] for one in runs) for name in ("first_s", "wall_s", "cpu_s")},
            "peak_mib": statistics.median(one["peak_mib"] for one in runs),
            "requests": runs[-1]["requests"],
        }
        for peer, runs in taken.items()
    }


def show(found: dict[str, Figures], rows: int, latency_ms: float) -> None:
    """Print a part of the table."""
    print(f"\n{rows:,} rows, {latency_ms:g} ms latency")
    print(
        f"{'':36}{'first s':>9}{'wall s':>9}{'to raw':>8}{'to loop':>8}{'CPU s':>8}{'peak MiB':>10}{'requests':>10}"
    )
    raw, loop = (found.get(name, {}).get("wall_s", math.nan) for name in ("raw", "loop"))
    for peer, one in found.items():
        print(
            f"{PEERS[peer][1]:36}{one['first_s']:9.3f}{one['wall_s']:9.3f}{one['wall_s'] / raw:8.2f}{one['wall_s'] / loop:8.2f}"
            f"{one['cpu_s']:8.2f}{one['peak_mib']:10.1f}{one['requests']:10.0f}",
            flush=True,
        )


def deep(numbers: list[int]) -> None:
    """Scan practice servers of several sizes, and print how time grows."""
    print("\nscans of the practice server, record batches")
    times: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in numbers:
            with filled(Path(folder), rows):
                pass
            server = Server(Path(folder) / f"{rows}.db")
            server.start()
            try:
                runs = [measured_in_sandbox(server.url, rows) for _ in range(3 if rows <= 100_000 else 2)]
            finally:
                server.kill()
            wall_s = min(one["wall_s"] for one in runs)
            peak_mib = statistics.median(one["peak_mib"] for one in runs)
            times.append((rows, wall_s))
            print(f"{rows:>12,} rows {wall_s:9.3f} s {peak_mib:9.1f} MiB above import", flush=True)
    xs, ys = ([math.log(pair[at]) for pair in times] for at in (0, 1))
    print(f"exponent of time in rows: {statistics.linear_regression(xs, ys).slope:.3f}")


def measured_in_sandbox(url: str, rows: int) -> Figures:
    """Run our own record batches against a practice server."""
    line = [sys.executable, "-m", "tests.benchmarks.scans_peers", "batches", url, str(rows), "--key", KEY]
    return json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0, 50])
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--repeats", type=int, default=5, help="for 100,000 rows without latency; else fewer")
    parser.add_argument("--no-deep", action="store_true")
    given = parser.parse_args()
    began = time.monotonic()
    here = [peer for peer in given.peers if missing(peer) is None]
    for peer in set(given.peers) - {*here}:
        print(f"left out: {PEERS[peer][1]}, for {missing(peer)} is not installed")
    for rows in given.rows:
        for latency_ms in given.latency_ms:
            repeats = given.repeats if rows <= 100_000 and not latency_ms else max(1, given.repeats // 3)
            show(best(here, rows, latency_ms, repeats), rows, latency_ms)
    if not given.no_deep:
        deep([10_000, 100_000, 1_000_000])
    print(f"\nin {time.monotonic() - began:,.0f} s")


if __name__ == "__main__":
    main()
