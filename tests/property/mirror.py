"""A mirror's answer is pandas' answer on the server's rows, whatever was written before: random histories.

``python -m tests.property.mirror --histories 10000 --seed 1`` from the root of the checkout. A history draws rows, then
steps of writes: inserts, updates, deletes, a delete beside an insert, changes that share an instant or become visible
late; between them, the client's clock is set ahead or back. After each step it asks random questions, and compares the answers with pandas on the rows of the moment that
the certificate states.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from pandas.testing import assert_frame_equal

from dyno_frames.api import connect
from dyno_frames.contract import envelope
from dyno_frames.contract.profile import Profile
from dyno_frames.sandbox.http.routes import Account, handlers
from dyno_frames.sandbox.store.storage import Store
from dyno_frames.transport.exchange import Received

sys.path.insert(0, str(Path(__file__).parent))

from law.in_process import URL, InProcess

BEGAN_S = 1_400_000_000
STATUSES = ("draft", "running", "finished")
KINDS = (
    "insert",
    "insert",
    "update",
    "update",
    "status",
    "delete",
    "pair",
    "moment",
    "late",
    "name",
    "clock",
)
AHEAD_S = (0, 0, 0.5, -0.5, 20, -20, 3_600, -3_600)
"""By how much the client's clock can be ahead of the server's."""

LAG_S = 600
QUESTIONS: tuple[Any, ...] = (
    None,
    "status == 'running'",
    "opens > 20 and clicks < 50",
    "opens > clicks",
    "status in ['draft', 'finished'] or opens > 50",
    "name.str.contains('a')",
    "not name.str.startswith('p')",
    "subject != 'one'",
    "subject.isna()",
    "~(subject == 'one')",
    "created >= '2014-05-13' and opens <= 60",
    "opens > opens.mean()",
    "clicks == 9007199254740993",
    "subject == 'one' or name == 'a,b'",
    "open_rate > 0.5",
    pd.col("opens").between(10, 30),
    lambda c: c.status.isin(["running", "paused"]) | (c.opens == 7),
    lambda c: ~c.subject.isin(["one", "two"]),
)
SHAPES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"columns": ["name", "opens"]},
    {"order_by": "opens", "ascending": False, "limit": 7},
    {"limit": 5, "offset": 2},
    {"order_by": ["status", "opens"], "columns": ["id", "status"]},
)


class Ground:
    """One server for many histories; its rows are replaced at the start of each."""

    def __init__(self) -> None:
        self.now, self.ahead_s = float(BEGAN_S), 0.0
        self.store = Store(profile=Profile(page_limit=60))
        self._handlers = handlers(Account(self.store, "user", lambda: self.now))
        self.client = connect(
            URL,
            "no-key",
            name="histories",
            profile=Profile(),
            page_size=60,
            clock=lambda: self.now + self.ahead_s,
        )
        self.client.connection.session.endpoint = InProcess(self._answered)

    def _answered(self, call: Any) -> Received:
        """Answer a call as the sandbox does, with the time of the server's clock."""
        payload = self._handlers[call.operation.name](call.key or "", orjson.loads(call.content or b"{}"))
        headers = {"Date": formatdate(self.now, usegmt=True)}
        return Received(200, headers, orjson.dumps(envelope.accepted(payload)))

    def close(self) -> None:
        self.client.close()
        self.store.close()

    def sql(self, text: str, *values: object) -> list[Any]:
        with self.store.transaction() as connection:
            return connection.execute(text, values).fetchall()


class History:
    """One history: an account, a mirror, and what the account held at each refresh."""

    def __init__(self, ground: Ground, seed: str, folder: Path) -> None:
        self.ground, self.chance = ground, random.Random(seed)  # noqa: S311 - the same history every time
        self.met: Counter[str] = Counter()
        ground.now, ground.ahead_s = BEGAN_S + 1_000_000.0, self.chance.choice(AHEAD_S)
        ground.sql("DELETE FROM campaigns")
        span = self.chance.choice([20, 2_000, 200_000])
        for _ in range(self.chance.choice([0, 1, 5, 40, 100, 150])):
            self.insert(BEGAN_S + self.chance.randrange(span))
        self.mirror = ground.client.campaigns.mirror(folder / "campaigns", max_age="1h", lag=f"{LAG_S}s")
        self.known: dict[str, pd.DataFrame] = {}

    def insert(self, at: int, updated: int | None = None) -> None:
        row = {
            "id": f"{self.chance.getrandbits(40):010x}",
            "name": self.chance.choice(["plain", "a,b", "é\u0301", "'q'"]),
            "subject": self.chance.choice([None, "one", "two"]),
            "status": self.chance.choice(STATUSES),
            "created": at,
            "updated": at if updated is None else updated,
            "opens": self.chance.randrange(100),
            "clicks": 2**53 + 1 if self.chance.random() < 0.05 else self.chance.randrange(100),
            "delivered": self.chance.randrange(3) * 50,
            **dict.fromkeys(("recipients", "sent", "bounces", "complaints", "unsubscribes"), 0),
        }
        names = ", ".join(row)
        self.ground.sql(
            f"INSERT INTO campaigns ({names}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608 - names above
            *row.values(),
        )

    def change(self, field: str, value: object, at: int) -> None:
        text = f"UPDATE campaigns SET {field} = ?, updated = ? WHERE id = ?"  # noqa: S608 - fields of the contract
        self.ground.sql(text, value, at, self.some_id())

    def some_id(self) -> str | None:
        ids = [row[0] for row in self.ground.sql("SELECT id FROM campaigns ORDER BY id")]
        return self.chance.choice(ids) if ids else None

    def write(self) -> None:
        """Write to the account; the clock may stand still between two writes."""
        self.ground.now += self.chance.choice([0, 0, 1, 30, 900])
        now, kind = int(self.ground.now), self.chance.choice(KINDS)
        self.met[kind] += 1
        match kind:
            case "insert":
                self.insert(now)
            case "late":  # it becomes visible some time after its timestamp
                at = now - self.chance.randrange(LAG_S)
                self.insert(at) if self.chance.random() < 0.5 else self.change("opens", 3, at)
            case "delete":
                self.ground.sql("DELETE FROM campaigns WHERE id = ?", self.some_id())
            case "pair":
                self.ground.sql("DELETE FROM campaigns WHERE id = ?", self.some_id())
                self.insert(now)
            case "moment":
                for _ in range(self.chance.randrange(2, 6)):
                    self.change("opens", self.chance.randrange(100), now)
            case "status":
                self.change("status", self.chance.choice(STATUSES), now)
            case "clock":
                self.ground.ahead_s = self.chance.choice(AHEAD_S)
            case "name":
                self.change("name", self.chance.choice(["plain", "other"]), now)
            case _:
                self.change("opens", self.chance.randrange(100), now)

    def run(self) -> None:
        """Write and ask."""
        for _ in range(self.chance.randrange(2, 5)):
            for _ in range(self.chance.randrange(7)):
                self.write()
            self.ask()

    def ask(self) -> None:
        """Ask two questions after a refresh, or within ``max_age``, and compare the answers with pandas."""
        whole = self.ground.client.campaigns.find(columns=None)
        for _ in range(2):
            question, shape = self.chance.choice(QUESTIONS), self.chance.choice(SHAPES)
            how = self.chance.choice([{"fresh": True}, {"fresh": True}, {}, {"max_age": "5min"}])
            answer = self.mirror.query(question, **shape, **how)
            certificate = answer.dyno.certificate
            told = certificate.mirror
            if (
                told["age_s"] == 0
            ):  # refreshed now, or at this moment of the clock, which may have stood still
                self.known.setdefault(told["as_of"], whole)
                if "fresh" in how or certificate.requests:
                    self.known[told["as_of"]] = whole
            assert certificate.verdict == "exact", f"nothing is written meanwhile, and: {certificate!r}"
            self.met[f"deletes {told['deletes']}"] += 1
            self.met["without a request"] += not certificate.requests
            full = self.known[told["as_of"]]
            expected = expected_of(self.ground.client, full, question, shape)
            plain = answer.copy(deep=False)
            plain.attrs = {}
            assert_frame_equal(
                plain, expected, check_exact=True, obj=f"{question!r} {shape} {how} {certificate!r}"
            )
            assert self.mirror.count(question, **shape, offline=True) == len(expected)


def expected_of(client: Any, full: pd.DataFrame, question: Any, shape: dict[str, Any]) -> pd.DataFrame:
    """Return what pandas answers on all rows."""
    full = full.copy()
    full.attrs = {}
    columns = list(full.columns)
    rated = full.assign(
        open_rate=(full["opens"] / full["delivered"].where(full["delivered"] > 0)).astype("Float64")
    )
    kept = rated
    if isinstance(question, str):
        kept = (
            rated.query(question, engine="python")
            if "'2014" not in question
            else rated[(rated["created"] >= pd.Timestamp("2014-05-13", tz="UTC")) & (rated["opens"] <= 60)]
        )
    elif question is not None:
        kept = rated[question]
    if "order_by" in shape:
        by = shape["order_by"] if isinstance(shape["order_by"], list) else [shape["order_by"]]
        ways = [shape.get("ascending", True)] * len(by)
        kept = kept.sort_values([*by, "id"], ascending=[*ways, True], na_position="last", kind="stable")
    start = shape.get("offset", 0)
    kept = kept.iloc[start : None if "limit" not in shape else start + shape["limit"]]
    return kept[shape.get("columns", columns)].reset_index(drop=True)


def histories(seed: int, first: int, number: int) -> tuple[Counter[str], list[str]]:
    """Run histories on one server; return what they met, and what broke."""
    met, broken, ground = Counter[str](), [], Ground()
    try:
        for at in range(first, first + number):
            with tempfile.TemporaryDirectory() as folder:
                history = History(ground, f"{seed}/{at}", Path(folder))
                try:
                    history.run()
                except Exception as error:  # noqa: BLE001 - a crash is a finding, too
                    broken.append(f"{seed}/{at}: {type(error).__name__}: {error}")
                met += history.met
    finally:
        ground.close()
    return met, broken


def main() -> int:
    """Run, and return 1 where an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    began, cpu = time.monotonic(), time.process_time()
    met, broken = histories(given.seed, given.first, given.histories)
    print(*broken[:20], sep="\n")
    print(
        f"seed {given.seed}: {given.histories:,} histories, {len(broken)} broken, {time.monotonic() - began:,.0f} s, "
        f"{time.process_time() - cpu:,.0f} s of CPU\n{dict(met.most_common())}"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
