"""An account that changes, a clock that the test moves, and a mirror of the account."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "changing_account", Path(__file__).parents[1] / "export" / "conftest.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
_EXPORT = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_EXPORT)


class Mirrored:
    """An account, its mirror and the clock of the client."""

    def __init__(self, folder: Path, rows: int, **settings: Any) -> None:
        self.now_s = 1_600_000_000.0
        self.folder = folder
        self.account = _EXPORT.Account(
            _EXPORT.campaigns(rows), **{"page_size": 1000, "clock": lambda: self.now_s} | settings
        )
        self.account.now = 1_500_000_000
        self.client = self.account.client
        self.mirror = self.client.campaigns.mirror(folder / "mirror" / "campaigns")

    def sql(self, text: str, *values: object) -> None:
        self.account.sql(text, *values)

    def sent(self) -> tuple[int, int]:
        """Return the finds and counts since the last call."""
        bodies = self.account.between.bodies
        found = len(bodies["find"]), len(bodies["count"])
        self.account.between.forget()
        return found


@pytest.fixture
def mirrored(tmp_path: Path) -> Iterator[Callable[..., Mirrored]]:
    """Open accounts with an empty mirror each."""
    every: list[Mirrored] = []

    def opened(rows: int = 300, **settings: Any) -> Mirrored:
        folder = tmp_path / str(len(every))
        folder.mkdir()
        every.append(Mirrored(folder, rows, **settings))
        return every[-1]

    yield opened
    for one in every:
        one.account.close()


@pytest.fixture
def synced(mirrored: Callable[..., Mirrored]) -> Mirrored:
    """A mirror of 300 campaigns that has fetched them."""
    found = mirrored()
    found.mirror.refresh()
    found.sent()
    return found
