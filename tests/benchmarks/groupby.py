"""Groups that are computed while the rows stream, beside pandas on the fetched frame: same result, time and memory.

``python -m tests.benchmarks.groupby`` from the root of the checkout prints one table; it takes about five minutes.

Each peer groups the same campaigns by two columns and adds up four others. It reads from a load server in a process of
its own, in a fresh process each time, one peer after the other and all over again; the best of the times is shown, and
of memory the middle. Imports do not count, and the columns of the account are known before. The results of all peers
must be equal, dtypes included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import dyno_frames as dyno
from tests.benchmarks.scans import load_server, served
from tests.benchmarks.scans_peers import KEY, most_mib

KEYS = ["name", "status"]
SUMS = {"sent": "sum", "opens": "sum", "clicks": "sum", "unsubscribes": "sum"}

Peer = Callable[[pd.DataFrame], pd.DataFrame]
"""Returns the groups of the account of an empty frame."""


def streamed(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Group while the rows stream."""
    return campaigns.dyno.groupby(KEYS).agg(SUMS)


def columns(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Fetch the six columns, and group them with pandas."""
    return campaigns.dyno.query(None, columns=[*KEYS, *SUMS]).groupby(KEYS).agg(SUMS)


def whole(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Fetch every column, and group with pandas."""
    return campaigns.dyno.query(None).groupby(KEYS).agg(SUMS)


PEERS: dict[str, tuple[Peer, str]] = {
    "streamed": (streamed, "frame.dyno.groupby(…).agg(…)"),
    "columns": (columns, "pandas on the six columns"),
    "whole": (whole, "pandas on the whole frame"),
}


def digest(groups: pd.DataFrame) -> str:
    """Return a digest of the labels, dtypes and values of a result."""
    flat = groups.reset_index()
    values = pd.util.hash_pandas_object(flat.astype(dict.fromkeys(KEYS, "str")), index=False)
    return hashlib.sha256(
        f"{groups.dtypes} {groups.index.dtypes}".encode() + values.to_numpy().tobytes()
    ).hexdigest()


def measured(peer: str, url: str) -> dict[str, float | str]:
    """Run a peer in this process."""
    import dyno_frames.accessor
    import dyno_frames.scan.scan  # noqa: F401

    with dyno.connect(url, KEY[0], profile=dyno.Profile()) as client:
        campaigns = client.campaigns.frame()
        Path("/proc/self/clear_refs").write_text("5")
        before_mib, began, began_work = most_mib(), time.perf_counter(), time.process_time()
        groups = PEERS[peer][0](campaigns)
        passed_s, worked_s = time.perf_counter() - began, time.process_time() - began_work
        peak_mib = most_mib() - before_mib
    return {
        "wall_s": passed_s,
        "cpu_s": worked_s,
        "peak_mib": peak_mib,
        "groups": len(groups),
        "digest": digest(groups),
    }


def run(peer: str, url: str) -> dict[str, float | str]:
    """Run a peer in a fresh process."""
    line = [sys.executable, "-m", "tests.benchmarks.groupby", "--peer", peer, "--url", url]
    served(url)
    found = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    return found | {"requests": sum(served(url).values())}


def show(rows: int, repeats: int) -> None:
    """Print the table for a number of rows."""
    taken = defaultdict(list)
    with load_server(rows, 0) as url:
        for _ in range(repeats):
            for peer in PEERS:
                taken[peer].append(run(peer, url))
    digests = {one["digest"] for runs in taken.values() for one in runs}
    assert len(digests) == 1, "the results differ"
    print(f"\n{rows:,} rows, {taken['streamed'][0]['groups']:,} groups, equal results")
    print(f"{'':32}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'requests':>10}")
    for peer, runs in taken.items():
        wall_s, cpu_s = (min(one[name] for one in runs) for name in ("wall_s", "cpu_s"))
        peak_mib = statistics.median(one["peak_mib"] for one in runs)
        print(
            f"{PEERS[peer][1]:32}{wall_s:9.2f}{cpu_s:9.2f}{peak_mib:10.1f}{runs[-1]['requests']:10.0f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", choices=PEERS, help="Run this peer only, in this process.")
    parser.add_argument("--url", help="The load server of the peer.")
    given = parser.parse_args()
    if given.peer:
        json.dump(measured(given.peer, given.url), sys.stdout)
        return
    for rows in given.rows:
        show(rows, given.repeats)


if __name__ == "__main__":
    main()
