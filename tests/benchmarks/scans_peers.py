"""What a scan is measured against: each peer fetches the same campaigns from the same server, in a process of its own.

``python -m tests.benchmarks.scans_peers PEER URL ROWS`` prints one line of JSON: seconds that passed, seconds of the
processor, the most memory beyond what the imports took, in MiB. With ``--warm`` it is the second run of the process
that is measured, and ``first_s`` tells how long the first took, with all that is loaded on first use.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import dlt_pipeline

PAGE = 1000
HEADERS = {"User-Api-Key": "benchmark", "Accept-Encoding": "gzip, deflate"}
TIMES = ("created", "updated")
TEXTS = ("id", "name", "subject")
STATUSES = ("draft", "scheduled", "running", "paused", "finished", "stopped")

Peer = Callable[[str, int], int]
"""Fetches all campaigns from a URL; gives how many rows it has."""


def _pages(url: str, rows: int) -> Iterator[bytes]:
    """Download the pages one after the other, as one would."""
    import requests

    with requests.Session() as session:
        for offset in range(0, rows, PAGE):
            body = {
                "application_order_by": "created",
                "application_limit": PAGE,
                "application_offset": offset,
            }
            yield session.post(f"{url}/campaigns/find", json=body, headers=HEADERS).content


def raw(url: str, rows: int) -> int:
    """Only download."""
    assert sum(map(len, _pages(url, rows))) > 100 * rows
    return rows


def parse(url: str, rows: int) -> int:
    """Download, and parse with orjson."""
    import orjson

    return sum(len(orjson.loads(page)["data"]) for page in _pages(url, rows))


def _typed(frame: Any) -> Any:
    """Give a frame the types that ours has."""
    import pandas as pd

    for name in TIMES:
        frame[name] = pd.to_datetime(frame[name], unit="s", utc=True).astype("datetime64[s, UTC]")
    frame["status"] = frame["status"].astype(pd.CategoricalDtype(STATUSES))
    assert all(frame[name].dtype == "str" for name in TEXTS)
    return frame


def loop(url: str, rows: int) -> int:
    """Download, parse with the standard library, and make a typed frame: what one writes oneself."""
    import pandas as pd

    found: list[dict[str, Any]] = []
    for page in _pages(url, rows):
        found += json.loads(page)["data"]
    return len(_typed(pd.DataFrame(found)))


def normalize(url: str, rows: int) -> int:
    """Do the same with pd.json_normalize, page by page."""
    import pandas as pd

    frames = [pd.json_normalize(json.loads(page)["data"]) for page in _pages(url, rows)]
    return len(_typed(pd.concat(frames, ignore_index=True)))


def polars(url: str, rows: int) -> int:
    """Download with httpx and parse with polars, which does not say where a value is not of its type."""
    import httpx
    import polars as pl

    frames = []
    with httpx.Client(headers=HEADERS) as client:
        for offset in range(0, rows, PAGE):
            body = {
                "application_order_by": "created",
                "application_limit": PAGE,
                "application_offset": offset,
            }
            content = client.post(f"{url}/campaigns/find", json=body).content
            frames.append(pl.read_json(content[content.index(b"[") : -1]))
    frame = pl.concat(frames).with_columns(
        [(pl.col(name) * 1000).cast(pl.Datetime("ms", "UTC")) for name in TIMES]
        + [pl.col("status").cast(pl.Enum(STATUSES))]
    )
    return frame.height


def dlt(url: str, rows: int) -> int:
    """Extract with dlt's REST source to Parquet."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="dyno-dlt-", ignore_cleanup_errors=True) as folder:
        files = dlt_pipeline.to_parquet(url, KEY[0], Path(folder), page_size=PAGE)
        return sum(pq.read_metadata(path).num_rows for path in files)


KEY = ["benchmark"]
"""The key that the server wants, where it wants one."""


def _connected(url: str) -> Any:
    from dyno_frames.api import connect
    from dyno_frames.contract.profile import Profile

    return connect(url, KEY[0], profile=Profile())


def frame(url: str, rows: int) -> int:
    """Ask for a typed frame, from the connection to the certificate."""
    with _connected(url) as client:
        found = client.campaigns.find()
        assert found.dyno.certificate.verdict == "exact"
        return len(found)


def batches(url: str, rows: int) -> int:
    """Ask for record batches, and keep none."""
    with _connected(url) as client:
        stream = client.campaigns.scan().to_batches()
        number = sum(batch.num_rows for batch in stream)
        assert stream.certificate.verdict == "exact"
        return number


PEERS: dict[str, tuple[Peer, str, tuple[str, ...]]] = {
    "raw": (raw, "requests, bytes only", ("requests",)),
    "parse": (parse, "requests, orjson, nothing kept", ("requests", "orjson")),
    "loop": (loop, "requests, json, typed pd.DataFrame", ("requests", "pandas")),
    "normalize": (normalize, "requests, json, pd.json_normalize", ("requests", "pandas")),
    "polars": (polars, "httpx, polars", ("httpx", "polars")),
    "dlt": (dlt, "dlt to Parquet", ("dlt", "dlt.sources.rest_api", "pyarrow.parquet")),
    "frame": (frame, "dyno_frames, typed frame", ("dyno_frames", "dyno_frames.accessor")),
    "batches": (batches, "dyno_frames, record batches", ("dyno_frames", "dyno_frames.accessor")),
}


def missing(peer: str) -> str | None:
    """Return the first package of a peer that is not installed."""
    tops = (name.partition(".")[0] for name in PEERS[peer][2])
    return next((name for name in tops if importlib.util.find_spec(name) is None), None)


def most_mib() -> float:
    """Return the most memory that this process has had since it was last forgotten, where the system says so."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def imported(peer: str) -> None:
    for name in PEERS[peer][2]:
        __import__(name)


def measured(peer: str, url: str, rows: int) -> dict[str, float]:
    Path("/proc/self/clear_refs").write_text("5")
    before_mib, began, began_work = most_mib(), time.perf_counter(), time.process_time()
    found = PEERS[peer][0](url, rows)
    passed, worked = time.perf_counter() - began, time.process_time() - began_work
    assert found == rows, f"{peer}: {found:,} rows of {rows:,}"
    return {"wall_s": passed, "cpu_s": worked, "peak_mib": most_mib() - before_mib}


def measured_warm(peer: str, url: str, rows: int) -> dict[str, float]:
    first = measured(peer, url, rows)
    return measured(peer, url, rows) | {"first_s": first["wall_s"], "peak_mib": first["peak_mib"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("url")
    parser.add_argument("rows", type=int)
    parser.add_argument("--key", default=KEY[0])
    parser.add_argument("--warm", action="store_true")
    given = parser.parse_args()
    KEY[0] = given.key
    imported(given.peer)
    json.dump((measured_warm if given.warm else measured)(given.peer, given.url, given.rows), sys.stdout)


if __name__ == "__main__":
    main()
