"""Refreshes of a mirror that are killed at random moments, beside a reader: it sees one complete version at any time.

``python -m tests.benchmarks.mirror_kills --kills 100 --seed 1``. Before each kill the account changes. The refresh runs
in a process of its own and dies right before one of the calls that change files. Meanwhile a reader asks the mirror
without requests; each answer must be the account before or after the changes. Then the next refresh must end in the
account's rows. Every tenth kill hits the very first refresh of a mirror.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import StaleError
from dyno_frames.export import fetch

ROWS = 600
CALLS = 60
"""About as many calls that change files as a refresh makes."""

CHANGES = {"open", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir"}


def campaigns(count: int) -> pd.DataFrame:
    at = pd.Series(range(count))
    return pd.DataFrame(
        {
            "id": [f"{(7919 * place) % 1_000_003:07d}" for place in range(count)],
            "name": "name " + (at % 7).astype(str),
            "created": 1_400_000_000 + 3_600 * (at // 3),
            "updated": 1_400_000_000 + 3_600 * (at // 3) + 60,
            "opens": at % 13,
        }
    )


def mirrored(client: Any, path: Path) -> Any:
    return client.campaigns.mirror(path / "campaigns")


def connected(url: str, key: str) -> Any:
    return dyno.connect(url, key, name=f"{os.getpid()}", page_size=100, profile=Profile(), workers=1)


def refresh_until(stop_at: int, url: str, key: str, path: str) -> None:
    """Refresh the mirror, and die right before a call that changes its files."""
    calls = 0
    fetch.CHUNK_ROWS = 100

    def watch(event: str, given: tuple[Any, ...]) -> None:
        nonlocal calls
        if event in CHANGES and given and str(given[0]).startswith(path):
            calls += 1
            if calls == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    with connected(url, key) as client:
        mirrored(client, Path(path)).refresh()


class Ground:
    """An account, a reader of its mirror, and what the account held."""

    def __init__(self, box: Any, folder: Path, chance: random.Random) -> None:
        self.box, self.folder, self.chance, self.now = box, folder, chance, 1_500_000_000
        self.client = connected(box.url, box.api_key)
        self.context = multiprocessing.get_context("spawn")
        self.start()

    def start(self) -> None:
        """Begin with a mirror that is not there yet."""
        self.path = Path(tempfile.mkdtemp(dir=self.folder))
        self.mirror = mirrored(self.client, self.path)

    def account(self) -> pd.DataFrame:
        return comparable(self.client.campaigns.find())

    def change(self) -> None:
        self.now += 60
        with self.box._store.transaction() as connection:
            some = "SELECT id FROM campaigns ORDER BY random() LIMIT 3"
            connection.execute(f"DELETE FROM campaigns WHERE id IN ({some})")  # noqa: S608 - the text above
            connection.execute(
                f"UPDATE campaigns SET opens = opens + 1, updated = ? WHERE id IN ({some})",  # noqa: S608
                [self.now],
            )
            connection.execute(
                "UPDATE campaigns SET id = id || 'n', created = ?, updated = ? "
                "WHERE id = (SELECT id FROM campaigns ORDER BY random() LIMIT 1)",
                [self.now, self.now],
            )

    def kill(self) -> bool:
        """Kill one refresh, read beside it and after it, and refresh; tell whether it was killed."""
        before = None if self.mirror.status().version is None else self.read()
        self.change()
        allowed = [before, self.account()]
        given = (self.chance.randrange(1, CALLS), self.box.url, self.box.api_key, str(self.path))
        run = self.context.Process(target=refresh_until, args=given)
        run.start()
        while run.is_alive():
            self.look(allowed)
            time.sleep(0.01)
        run.join()
        self.look(allowed)
        self.mirror.refresh()
        assert self.read().equals(allowed[1]), "the next refresh ends in the account's rows"
        return run.exitcode == -signal.SIGKILL

    def look(self, allowed: list[pd.DataFrame | None]) -> None:
        """Read what is there: the account before or after the change."""
        try:
            found = self.read()
        except StaleError:
            assert allowed[0] is None, "a complete version is lost"
            return
        assert any(found.equals(one) for one in allowed if one is not None), "parts of two versions"

    def read(self) -> pd.DataFrame:
        return comparable(self.mirror.query(offline=True))


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["id", "opens", "updated"]].astype(str)


def kills(number: int, seed: str, folder: Path) -> int:
    """Kill refreshes; return how many died before they were done."""
    chance, killed = random.Random(seed), 0  # noqa: S311 - the same moments every time
    with dyno.sandbox(load={"campaigns": campaigns(ROWS)}, speed=0) as box:
        ground = Ground(box, folder, chance)
        for at in range(number):
            if at % 10 == 0:
                ground.start()
            killed += ground.kill()
        ground.client.close()
    return killed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", default="1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed = kills(given.kills, given.seed, Path(folder))
    print(
        f"{given.kills} refreshes, {killed} killed before they were done; every answer was one complete version"
    )


if __name__ == "__main__":
    main()
