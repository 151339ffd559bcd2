"""A mirror of a million campaigns: 20 mixed questions beside DuckDB on the same files, and what a refresh costs.

``python -m tests.benchmarks.mirror --rows 1000000 --account-rows 100000``. The questions are asked of a mirror whose
files are written here, within ``max_age`` and so without a request; its server does not exist. DuckDB gets the same
files and returns Arrow tables. On a sandbox, the same questions are asked of the server too, and refreshes are
measured: nothing changed, one row deleted, 1,000 changed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS, COUNTERS
from dyno_frames.export import files
from dyno_frames.export.manifest import Manifest, schema_to_json
from dyno_frames.frames.schema import Schema
from dyno_frames.mirror.places import refresher_of
from dyno_frames.mirror.record import Check, Deletes, Record
from dyno_frames.mirror.refresh import ROWS_PER_FILE
from dyno_frames.scan.certificate import Completeness
from tests.benchmarks.sandbox_scale import campaigns

FIRST_S = 1_400_000_000

QUESTIONS: tuple[tuple[str, Any, str], ...] = (
    (
        "count a status",
        lambda m: m.count("status == 'draft'"),
        "SELECT count(*) FROM t WHERE status = 'draft'",
    ),
    ("count a range", lambda m: m.count("opens > 50000"), "SELECT count(*) FROM t WHERE opens > 50000"),
    (
        "count two conditions",
        lambda m: m.count("opens > 50000 and status == 'finished'"),
        "SELECT count(*) FROM t WHERE opens > 50000 AND status = 'finished'",
    ),
    (
        "count opens > clicks",
        lambda m: m.count("opens > clicks"),
        "SELECT count(*) FROM t WHERE opens > clicks",
    ),
    (
        "count a text",
        lambda m: m.count("name.str.contains('week 5')"),
        "SELECT count(*) FROM t WHERE contains(name, 'week 5')",
    ),
    ("count nulls", lambda m: m.count("subject.isna()"), "SELECT count(*) FROM t WHERE subject IS NULL"),
    (
        "value counts of a list",
        lambda m: m.value_counts("list_id"),
        "SELECT list_id, count(*) FROM t GROUP BY ALL",
    ),
    (
        "value counts of status",
        lambda m: m.value_counts("status"),
        "SELECT status, count(*) FROM t GROUP BY ALL",
    ),
    (
        "sums by status",
        lambda m: m.groupby("status").agg({"opens": "sum", "clicks": "mean"}),
        "SELECT status, sum(opens), avg(clicks) FROM t GROUP BY ALL",
    ),
    (
        "sums by month",
        lambda m: m.groupby("created:month").agg({"opens": "sum"}),
        "SELECT date_trunc('month', created) AS month, sum(opens) FROM t GROUP BY ALL ORDER BY month",
    ),
    (
        "histogram by month",
        lambda m: m.histogram("created"),
        "SELECT date_trunc('month', created) AS month, count(*) FROM t GROUP BY ALL",
    ),
    (
        "a day in full",
        lambda m: m.query("created >= '2015-03-01' and created < '2015-03-02'"),
        "SELECT * FROM t WHERE created >= '2015-03-01 00:00:00+00' AND created < '2015-03-02 00:00:00+00' ORDER BY created, id",
    ),
    (
        "a month, four columns",
        lambda m: m.query(
            "created >= '2015-03-01' and created < '2015-04-01'", columns=["id", "name", "opens", "created"]
        ),
        "SELECT id, name, opens, created FROM t WHERE created >= '2015-03-01 00:00:00+00' AND created < '2015-04-01 00:00:00+00' ORDER BY created, id",
    ),
    (
        "rare rows in full",
        lambda m: m.query("opens > 99900"),
        "SELECT * FROM t WHERE opens > 99900 ORDER BY created, id",
    ),
    (
        "rare rows, three columns",
        lambda m: m.query("opens > 99900 and clicks > 50000", columns=["id", "opens", "clicks"]),
        "SELECT id, opens, clicks FROM t WHERE opens > 99900 AND clicks > 50000 ORDER BY created, id",
    ),
    (
        "the ten most opened",
        lambda m: m.nlargest(10, "opens"),
        "SELECT * FROM t ORDER BY opens DESC, created, id LIMIT 10",
    ),
    (
        "ten by rate",
        lambda m: m.nlargest(10, "open_rate", "delivered > 90000"),
        "SELECT *, opens / delivered AS r FROM t WHERE delivered > 90000 ORDER BY r DESC, created, id LIMIT 10",
    ),
    ("the first five", lambda m: m.head(5), "SELECT * FROM t ORDER BY created, id LIMIT 5"),
    (
        "the last five drafts",
        lambda m: m.tail(5, "status == 'draft'"),
        "SELECT * FROM t WHERE status = 'draft' ORDER BY created DESC, id DESC LIMIT 5",
    ),
    ("distinct senders", lambda m: m.nunique("from_email"), "SELECT count(DISTINCT from_email) FROM t"),
)


def table(rows: int) -> pa.Table:
    """Return campaigns with every field of the contract."""
    chance, at = np.random.default_rng(1), np.arange(rows)

    def texts(values: list[str | None]) -> pa.Array:
        return pa.array(
            np.array(values, dtype=object)[chance.integers(0, len(values), rows)], pa.large_string()
        )

    columns: dict[str, Any] = {
        "id": [str(uuid.UUID(bytes=chance.bytes(16))) for _ in range(rows)],
        "name": [f"Weekly news, week {one % 53} for list {one % 11}" for one in range(rows)],
        "subject": [None if one % 5 == 0 else f"What is new in week {one % 997}" for one in range(rows)],
        "from_name": texts(["Ann", "Bob", "Cy"]),
        "from_email": texts([f"sender{one}@example.com" for one in range(40)]),
        "preview_message": texts([None, "see the offers"]),
        "list_id": texts([f"list-{one}" for one in range(11)]),
        "template_id": texts([f"template-{one}" for one in range(5)]),
        "status": texts(["finished", "stopped", "draft", "running"]),
        "start_time": FIRST_S + 60 * at,
        "time_zone": texts(["UTC", "Europe/Berlin"]),
        "created": FIRST_S + 60 * at,
        "updated": FIRST_S + 60 * at + at % 997,
        "user_id": texts(["user"]),
    } | {name: chance.integers(0, 99_991, rows) for name in COUNTERS}
    schema = Schema("campaigns", CAMPAIGNS.fields)
    return pa.table([columns[name] for name in schema.names], names=list(schema.names)).cast(schema.arrow)


def written(client: Any, rows: int, path: Path) -> Any:
    """Write a mirror without a server, and return it."""
    refresher = refresher_of(client.connection, CAMPAIGNS, path, lag_s=600)
    schema, store = Schema("campaigns", CAMPAIGNS.fields), refresher.store
    form = files.FileFormat(
        schema=schema, partitions=(), max_rows_per_file=ROWS_PER_FILE, compression="zstd", footer={}
    )
    store.prepare()
    made = files.write_files(iter([table(rows)]), (), form, store.work)
    manifest = Manifest(
        version=1, parent=None, mode="sync", written="", origin={}, plan={}, profile={},
        schema=schema_to_json(schema), files=tuple(one for one, _ in made),
    )  # fmt: skip
    store.publish(manifest, {one.path: place for one, place in made})
    check = Check(version=1, as_of=time.time(), verdict=Completeness.EXACT, deletes=Deletes.PROVED, lag_s=600)
    Record(refresher.identity).with_check(check, keep=[1]).write(store.home)
    return client.campaigns.mirror(path, max_age="1d")


def medians_ms(calls: Sequence[Callable[[], Any]], times: int) -> list[float]:
    """Return the median time of each call, after one that is not counted; they take turns, under the same load."""
    spent: list[list[float]] = [[] for _ in calls]
    for _ in range(times + 1):
        for call, times_s in zip(calls, spent, strict=True):
            began = time.perf_counter()
            call()
            times_s.append(time.perf_counter() - began)
    return [statistics.median(times_s[1:]) * 1000 for times_s in spent]


def questions(rows: int, folder: Path, times: int) -> None:
    """Ask the questions of the mirror and of DuckDB."""
    with dyno.connect("http://127.0.0.1:9", "no-key", name="bench", profile=Profile()) as client:
        mirror = written(client, rows, folder / "campaigns")
        began = time.perf_counter()
        mirror.query("opens > 99900")
        print(
            f"first question, with every column read from disk: {1000 * (time.perf_counter() - began):.0f} ms"
        )
        peer = duckdb.connect()
        peer.execute("SET threads = 2; SET TimeZone = 'UTC'")
        names = sorted(str(one) for one in mirror.path.glob("*.parquet"))
        peer.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet({names})")  # noqa: S608 - paths from above
        ours, theirs = [], []
        for name, ask, text in QUESTIONS:
            mine, peers = medians_ms(
                [partial(ask, mirror), lambda text=text: peer.sql(text).to_arrow_table()], times
            )
            ours.append(mine)
            theirs.append(peers)
            print(f"{name:<26} {mine:8.1f} ms   duckdb {peers:8.1f} ms   {mine / peers:6.2f}")
    mine, peers = statistics.median(ours), statistics.median(theirs)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(
        f"{'median of 20':<26} {mine:8.1f} ms   duckdb {peers:8.1f} ms   {mine / peers:6.2f}; 0 requests; load {load}"
    )


def refreshes(rows: int, folder: Path) -> None:
    """Measure refreshes on a sandbox."""
    began = time.perf_counter()
    with (
        dyno.sandbox(load={"campaigns": pd.DataFrame(campaigns(rows))}, speed=0) as box,
        dyno.connect(box.url, box.api_key, name="bench", profile=Profile()) as client,
    ):
        print(f"sandbox of {rows:,} campaigns: {time.perf_counter() - began:.0f} s")
        mirror = client.campaigns.mirror(folder / "account", max_age="1h")
        shown("first use", mirror, mirror.refresh)
        server = client.campaigns.frame().dyno
        times_ms = [medians_ms([partial(ask, mirror), partial(ask, server)], 1) for _, ask, _ in QUESTIONS]
        mine, theirs = (statistics.median(times) for times in zip(*times_ms, strict=True))
        print(f"median of 20, same account {mine:8.1f} ms   server {theirs:8.1f} ms   {mine / theirs:6.3f}")
        shown("fresh, nothing changed", mirror, lambda: mirror.count(fresh=True))
        shown("proved, nothing changed", mirror, lambda: mirror.refresh(prove=True))
        with box._store.transaction() as connection:
            [(one,)] = connection.execute("SELECT id FROM campaigns LIMIT 1 OFFSET ?", [rows // 3]).fetchall()
            connection.execute("DELETE FROM campaigns WHERE id = ?", [one])
        shown("one row deleted", mirror, lambda: mirror.count(fresh=True))
        with box._store.transaction() as connection:
            connection.execute(
                "UPDATE campaigns SET opens = opens + 1, updated = 1750000000 WHERE id IN "
                "(SELECT id FROM campaigns ORDER BY random() LIMIT 1000)"
            )
        shown("1,000 rows changed", mirror, lambda: mirror.count(fresh=True))


def shown(name: str, mirror: Any, act: Any) -> None:
    began = time.perf_counter()
    act()
    status = mirror.status()
    print(
        f"{name:<26} {status.requests:>6,} requests {status.rows_moved:>9,} rows moved "
        f"{time.perf_counter() - began:6.1f} s  {status.verdict}, deletes {status.deletes}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--account-rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--only", choices=["questions", "refreshes"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.only != "refreshes":
            questions(given.rows, Path(folder), given.times)
        if given.only != "questions":
            refreshes(given.account_rows, Path(folder))


if __name__ == "__main__":
    main()
