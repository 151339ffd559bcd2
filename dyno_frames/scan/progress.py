"""A progress bar for people: in a terminal or a notebook, once a run takes longer than a second."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Self

from dyno_frames.scan.stats import ScanStats

_SECONDS_BEFORE = 1.0


def bar(progress: bool | None, *, what: str) -> Any:  # noqa: FBT001 - the public argument itself
    """Return a tqdm bar of rows, which shows nothing where nobody looks.

    Parameters
    ----------
    progress
        False is never, True is at once and everywhere, None is after a second and only for people.
    what
        What is counted.
    """
    if not (_watched() if progress is None else progress):
        return _Unseen()
    from tqdm.auto import tqdm

    return tqdm(desc=what, unit=" rows", unit_scale=True, delay=0 if progress else _SECONDS_BEFORE)


@dataclass(slots=True)
class _Unseen:
    """A bar that nobody looks at."""

    total: int | None = None

    def update(self, _rows: int) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""


def watch(shown: Any, stats: ScanStats) -> None:
    """Have a bar follow a run."""

    def more(rows: int) -> None:
        shown.total = (shown.total or 0) + rows

    stats.on_page = shown.update
    stats.on_total = more


def _watched() -> bool:
    shell = sys.modules.get("IPython")
    kernel = shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None
    return kernel or (sys.stderr is not None and sys.stderr.isatty())
