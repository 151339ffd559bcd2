"""An account that changes, and small pieces and row groups, so that a few hundred rows are many of each."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.export import fetch, files
from dyno_frames.sandbox.sandbox import Sandbox

_SPEC = importlib.util.spec_from_file_location("between", Path(__file__).parents[1] / "scan" / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_BETWEEN = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_BETWEEN)

BEGAN_S = 1_400_000_000


class Account:
    """A practice server, a client, what stands between the two, and writes to the rows."""

    def __init__(self, rows: pd.DataFrame, **settings: Any) -> None:
        self.box = Sandbox(load={"campaigns": rows}, speed=0, connect=connect)
        self.between = _BETWEEN.Between(self.box)
        given = {"profile": Profile(), "page_size": 50, "name": self.between.url, "workers": 1} | settings
        self.client = connect(self.between.url, self.box.api_key, **given)
        self.client.campaigns.frame()
        self.now = BEGAN_S + 10_000_000
        self.between.forget()

    def sql(self, text: str, *values: object) -> None:
        """Write to the rows behind the API's back, as another user would."""
        self.now += 1_000
        with self.box._store.transaction() as connection:
            connection.execute(text.replace("NOW", str(self.now)), values)

    def scan(self, expr: Any = None, **shape: Any) -> Any:
        return self.client.campaigns.scan(expr, **shape)

    def find(self, expr: Any = None, **shape: Any) -> pd.DataFrame:
        found: pd.DataFrame = self.client.campaigns.find(expr, **shape)
        return found

    def close(self) -> None:
        self.client.close()
        self.between.close()
        self.box.close()


def campaigns(number: int) -> pd.DataFrame:
    """Campaigns with nulls, ties, words, zones and numbers beyond what a float holds."""
    at = pd.Series(range(number))
    return pd.DataFrame(
        {
            "id": [f"{(37 * place) % 10_007:05d}" for place in range(number)],
            "name": ["plain", "a,b", "50 % _x_", "é\u0301 😀", 'q"u\\o'] * (number // 5),
            "subject": [None if place % 5 == 0 else f"subject {place % 11}" for place in range(number)],
            "status": at.map(lambda place: ["draft", "finished", "zombie"][place % 3]),
            "created": BEGAN_S + 100_000 * (at // 3),
            "updated": BEGAN_S + 100_000 * (at // 3) + 50,
            "start_time": _whole(None if place % 4 == 0 else BEGAN_S - place for place in range(number)),
            "time_zone": "Europe/Berlin",
            "opens": at % 13,
            "clicks": 2**53 + 1 + at,
            "wide": _whole(None if place % 5 == 0 else 2**63 - 1 - place for place in range(number)),
            "rate": [None if place % 6 == 0 else place / 7 for place in range(number)],
            "flag": [None if place % 7 == 0 else place % 2 == 0 for place in range(number)],
        }
    ).astype({"rate": "Float64", "flag": "boolean"})


def _whole(values: Iterator[int | None]) -> pd.Series[Any]:
    return pd.Series(pd.array(list(values), dtype="Int64"))


@pytest.fixture
def account() -> Iterator[Account]:
    """An account of 300 campaigns."""
    opened = Account(campaigns(300))
    yield opened
    opened.close()


@pytest.fixture
def opened() -> Iterator[Callable[..., Account]]:
    """Open accounts of rows of one's own."""
    every: list[Account] = []

    def one(rows: pd.DataFrame, **settings: Any) -> Account:
        every.append(Account(rows, **settings))
        return every[-1]

    yield one
    for account in every:
        account.close()


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "CHUNK_ROWS", 60)
    monkeypatch.setattr(files, "ROWS_PER_GROUP", 32)


class Interrupted(BaseException):
    """Stands for whatever ends a run."""


@pytest.fixture
def interrupted(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run an export that ends after so many chunks; returns how many rows are in them."""

    def run(path: Path | str, *, chunks: int, scan: Any = None, **arguments: Any) -> int:
        new_file, written = pa.ipc.new_file, list[int]()

        def some(sink: Any, schema: pa.Schema) -> Any:
            if len(written) == chunks:
                raise Interrupted
            written.append(json.loads(schema.metadata[b"dyno_frames"])["rows"])
            return new_file(sink, schema)

        with monkeypatch.context() as patched:
            patched.setattr(pa.ipc, "new_file", some)
            with pytest.raises(Interrupted):
                (scan or account.scan()).to_parquet(path, **arguments)
        return sum(written)

    return run


@pytest.fixture
def dataset(account: Account, tmp_path: Path) -> Any:
    """A dataset of two versions, with a file that both have."""
    account.scan().to_parquet(tmp_path / "c", max_rows_per_file=100)
    account.sql(
        "UPDATE campaigns SET opens = 9, updated = NOW WHERE created = (SELECT max(created) FROM campaigns)"
    )
    return account.scan().to_parquet(tmp_path / "c", mode="sync", max_rows_per_file=100)


def flipped(content: bytes) -> bytes:
    """One bit in the middle is another one."""
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 4
    return bytes(changed)


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "flipped": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "deleted": Path.unlink,
}


@pytest.fixture(params=DAMAGE)
def damage(request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """Damage a file in one of the ways in which files are damaged."""
    return DAMAGE[request.param]


@pytest.fixture
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNO_CACHE_DIR", str(tmp_path / "cache"))
