"""A synced dataset is the server's answer, whatever was written to the server before and during the sync.

Each trial draws an account, a question and rounds of writes; some of the writes fall between the requests of a sync.
After a sync beside which nothing was written, the dataset is exactly the answer. After one with writes beside it, it
holds rows that the account had, all that stood still, and the next quiet sync makes up for the rest.
"""

from __future__ import annotations

import importlib.util
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.export import fetch, files

_SPEC = importlib.util.spec_from_file_location(
    "between", Path(__file__).parents[1] / "unit" / "scan" / "conftest.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
between_module = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(between_module)

ORDINARY = ["create", "update", "update", "status", "delete"]
LATE = ["create", "late", "late"]
"""Writes of a round: ordinary ones, or rows that are stamped long before the watermark. One of those and a row that
goes at the same time may hide each other from counts, so they are not mixed."""

QUESTIONS = [None, "status == 'running'", "opens > 20", "opens > clicks", "status == 'draft' or opens > 50"]
STATUSES = ["draft", "running", "finished"]
BEGAN_S = 1_400_000_000


class Account:
    """A server whose clock and writes the trial draws."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.now, self.made = chance, BEGAN_S + 1_000_000, 0
        self.kinds = ORDINARY
        self.states: dict[str, list[dict[str, Any]]] = {}
        span = chance.choice([20, 2000])  # seconds: many rows share one, or few do
        rows = [self._row(BEGAN_S + chance.randrange(span)) for _ in range(chance.randrange(1, 250))]
        self.box = dyno.Sandbox(
            load={"campaigns": pd.DataFrame(rows)}, speed=0, page_limit=40, connect=connect
        )

    def _row(self, created: int) -> dict[str, Any]:
        self.made += 1
        row = {
            "id": f"{self.chance.getrandbits(40):010x}",
            "name": self.chance.choice(["plain", "a,b", "é\u0301", "'q'"]),
            "subject": self.chance.choice([None, "one", "two"]),
            "status": self.chance.choice(STATUSES),
            "created": created,
            "updated": created + self.chance.randrange(500),
            "opens": self.chance.randrange(100),
            "clicks": 2**53 + 1 if self.chance.random() < 0.05 else self.chance.randrange(100),
        }
        self.states.setdefault(row["id"], []).append(row)
        return row

    def ids(self) -> list[str]:
        with self.box._store.transaction() as connection:
            return [row[0] for row in connection.execute("SELECT id FROM campaigns ORDER BY id")]

    def write(self) -> None:
        """One write, at a time that may be the one before."""
        self.now += self.chance.choice([0, 0, 1, 250, 1000])
        ids = self.ids()
        kind = self.chance.choice(self.kinds)
        with self.box._store.transaction() as connection:
            if kind in {"create", "late"} or not ids:
                at = self.now if kind == "create" else self.now - self.chance.randrange(2_000_000)
                row = self._row(at) | {"updated": at}
                names = ", ".join(row)
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO campaigns ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608 - names above
                connection.execute(
                    "UPDATE campaigns SET recipients=0, sent=0, delivered=0, bounces=0, complaints=0, unsubscribes=0 WHERE id=?",
                    [row["id"]],
                )
            elif kind == "delete":
                connection.execute("DELETE FROM campaigns WHERE id = ?", [self.chance.choice(ids)])
            else:
                what = {
                    "update": ("opens", self.chance.randrange(100)),
                    "status": ("status", self.chance.choice(STATUSES)),
                }
                name, value = what[kind]
                connection.execute(
                    f"UPDATE campaigns SET {name} = ?, updated = ? WHERE id = ?",  # noqa: S608 - names above
                    [value, self.now, self.chance.choice(ids)],
                )


@contextmanager
def asked(account: Account) -> Iterator[tuple[Any, Any]]:
    between = between_module.Between(account.box)
    try:
        with connect(
            between.url, account.box.api_key, name=between.url, profile=Profile(), page_size=40
        ) as client:
            yield client, between
    finally:
        between.close()


def equal(path: Path, answer: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(dyno.read_dataset(path), answer)
    plain = pd.read_parquet(path)
    assert sorted(plain["id"]) == sorted(answer["id"])


def trial(seed: str, folder: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same trial every time
    account = Account(chance)
    question = chance.choice(QUESTIONS)
    shape = {
        "partition_by": chance.choice([None, None, "status", "created:day"]),
        "max_rows_per_file": chance.choice([7, 60, 1_000_000]),
    }
    with account.box, asked(account) as (client, between):
        path = folder / "campaigns"
        for _ in range(chance.randrange(2, 5)):
            account.kinds = chance.choice([ORDINARY, LATE])
            for _ in range(chance.randrange(12)):
                account.write()
            beside = chance.choice([0.0, 0.0, 0.3])
            between.before = lambda _number, beside=beside: (
                account.write() if chance.random() < beside else None
            )
            before = set(account.ids())
            client.campaigns.scan(question).to_parquet(path, mode="sync", **shape)
            between.before = lambda _number: None
            if beside:
                _whole(path, client, question, before & set(account.ids()))
            client.campaigns.scan(question).to_parquet(path, mode="sync", **shape)
            equal(path, client.campaigns.find(question))


def _whole(path: Path, client: Any, question: str | None, stood: set[str]) -> None:
    """Each row stands there once, and none is missing that answered the question all the while."""
    found = dyno.read_dataset(path)
    assert found["id"].is_unique
    if question is None:
        assert stood <= set(found["id"])


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(fetch, "CHUNK_ROWS", 50)
    monkeypatch.setattr(files, "ROWS_PER_GROUP", 32)


@pytest.mark.parametrize("seed", range(3))
def test_a_synced_dataset_is_the_servers_answer(seed, tmp_path):
    trial(f"ordinary/{seed}", tmp_path)


@pytest.mark.thorough
def test_many_synced_datasets_are_the_servers_answers(tmp_path):
    examples = int(os.environ.get("DYNO_THOROUGH", "0"))
    if not examples:
        pytest.skip("DYNO_THOROUGH says how many datasets")
    for number in range(examples):
        folder = tmp_path / str(number)
        folder.mkdir()
        trial(f"thorough/{number}", folder)
