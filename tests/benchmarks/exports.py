"""A million campaigns to Parquet: beside a plain script and dlt, with the memory each takes; then a sync of 1 %.

``python -m tests.benchmarks.exports --rows 1000000`` (``--only dyno plain dlt sync``): rows a second, peak memory above
what the imports take, file size; then what a sync moves and finds after 8 in 1,000 rows were changed, 1 in 1,000
deleted and 1 in 1,000 added, anywhere. The server runs in a process of its own, the same for all; so does each that
is measured. The ``bench`` extra brings dlt.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import requests

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from tests.benchmarks import dlt_pipeline
from tests.benchmarks.sandbox_scale import campaigns

PAGE = 1_000


def serve(rows: int) -> None:
    """Serve an account until told to end; change it when told to."""
    box = dyno.sandbox(load={"campaigns": pd.DataFrame(campaigns(rows))}, speed=0)
    print(json.dumps([box.url, box.api_key]), flush=True)
    for _ in sys.stdin:
        print(json.dumps(changed(box)), flush=True)


def changed(box: Any) -> dict[str, int]:
    """Change 1 % of the rows, anywhere."""
    with box._store.transaction() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM campaigns ORDER BY id")]
        each = len(ids) // 1_000
        picked = random.Random(1).sample(ids, 10 * each)  # noqa: S311 - the same rows every time
        update, delete, copy = picked[: 8 * each], picked[8 * each : 9 * each], picked[9 * each :]
        connection.executemany(
            "UPDATE campaigns SET opens = opens + 1, updated = 1700000000 WHERE id = ?",
            [(one,) for one in update],
        )
        connection.executemany("DELETE FROM campaigns WHERE id = ?", [(one,) for one in delete])
        names = [row[1] for row in connection.execute("PRAGMA table_info(campaigns)")]
        values = {
            "id": "'new' || id",
            "position": "position + 100000000",
            "created": "created + 31",
            "updated": "1700000001",
        }
        connection.executemany(
            f"INSERT INTO campaigns ({', '.join(names)}) "  # noqa: S608 - names of the schema
            f"SELECT {', '.join(values.get(name, name) for name in names)} FROM campaigns WHERE id = ?",
            [(one,) for one in copy],
        )
    return {"changed": len(update), "removed": len(delete), "added": len(copy)}


def peak_mib() -> float:
    """The most memory this process had, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def by_dyno(url: str, key: str, path: Path, mode: str = "overwrite") -> dict[str, Any]:
    import dyno_frames.export.write

    with dyno.connect(url, key, name="bench", profile=Profile()) as client:
        client.campaigns.frame()
        assert dyno_frames.export.write
        base, began = peak_mib(), time.monotonic()
        written = client.campaigns.scan().to_parquet(path, mode=mode)
        seconds = time.monotonic() - began
    return {
        "rows": written.rows,
        "seconds": seconds,
        "above import MiB": peak_mib() - base,
        "MB": written.size_bytes / 1e6,
        **(written.counts or {}),
        "verdict": written.footer["certificate"]["verdict"],
    }


def by_plain(url: str, key: str, path: Path) -> dict[str, Any]:
    """What one writes on a Monday morning: pages by offset, a list of dicts, a frame, a file."""
    base, began = peak_mib(), time.monotonic()
    session, rows = requests.Session(), list[dict[str, Any]]()
    session.headers["User-Api-Key"] = key
    while True:
        body = {
            "application_limit": PAGE,
            "application_offset": len(rows),
            "application_order_by": "created",
        }
        page = session.post(f"{url}/campaigns/find", json=body, timeout=60).json()["data"]
        if not page:
            break
        rows += page
    frame = pd.DataFrame(rows)
    for name in ("created", "updated", "start_time"):
        frame[name] = pd.to_datetime(frame[name], unit="s", utc=True)
    frame.to_parquet(path, compression="zstd", index=False)
    return {
        "rows": len(frame),
        "seconds": time.monotonic() - began,
        "above import MiB": peak_mib() - base,
        "MB": path.stat().st_size / 1e6,
    }


def by_dlt(url: str, key: str, path: Path) -> dict[str, Any]:
    """dlt's generic REST source with its offset paginator, to files."""
    import dlt.sources.rest_api

    assert dlt.sources.rest_api
    base, began = peak_mib(), time.monotonic()
    found = dlt_pipeline.to_parquet(url, key, path, page_size=PAGE)
    seconds = time.monotonic() - began
    return {
        "rows": sum(pq.read_metadata(one).num_rows for one in found),
        "seconds": seconds,
        "above import MiB": peak_mib() - base,
        "MB": sum(one.stat().st_size for one in found) / 1e6,
    }


WAYS = {"dyno": by_dyno, "plain": by_plain, "dlt": by_dlt}


def measured(way: str, url: str, key: str, path: Path, *more: str) -> dict[str, Any]:
    """Run one way in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.exports", "--way", way, url, str(path), *more]
    environment = os.environ | {"BENCH_KEY": key, "RUNTIME__DLTHUB_TELEMETRY": "false"}
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", env=environment)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def shown(name: str, found: dict[str, Any]) -> None:
    speed = found["rows"] / found["seconds"]
    print(
        f"{name:<6} {found['rows']:>9,} rows {found['seconds']:8.1f} s {speed:>9,.0f} rows/s "
        f"{found['above import MiB']:7.0f} MiB above import {found['MB']:8.1f} MB",
        flush=True,
    )


def main(rows: int, only: list[str], folder: Path) -> None:
    """Measure each way against one server."""
    command = [sys.executable, "-m", "tests.benchmarks.exports", "--serve", str(rows)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        url, key = json.loads(server.stdout.readline())
        found = {}
        for way in WAYS:
            if way in only or (way == "dyno" and "sync" in only):
                path = folder / way
                path.mkdir() if way == "dlt" else None
                found[way] = measured(way, url, key, path)
                shown(way, found[way])
        for way in ("plain", "dlt"):
            if way in found and "dyno" in found:
                ratio = found[way]["seconds"] / found["dyno"]["seconds"]
                size = found["dyno"]["MB"] / found[way]["MB"]
                print(f"dyno against {way}: {ratio:.1f} times the rows a second, {size:.2f} of the size")
        if "sync" in only:
            server.stdin.write("change\n")
            server.stdin.flush()
            truth = json.loads(server.stdout.readline())
            synced = measured("dyno", url, key, folder / "dyno", "sync")
            shown("sync", synced)
            print(
                f"of {truth}: {', '.join(f'{synced[name]:,} {name}' for name in ('added', 'changed', 'removed'))}; "
                f"{synced['moved']:,} moved, {synced['moved'] / rows:.2%} of the rows; {synced['verdict']}"
            )
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", default=[*WAYS, "sync"])
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--way", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
    elif given.way:
        name, server_url, target, *rest = given.way
        print(json.dumps(WAYS[name](server_url, os.environ["BENCH_KEY"], Path(target), *rest)))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(given.rows, given.only, Path(scratch))
