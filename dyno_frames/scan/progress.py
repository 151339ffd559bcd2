"""A progress bar for people: in a terminal or a notebook, once a run takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dyno_frames.scan.stats import ScanStats

_SECONDS_BEFORE = 1.0


@contextmanager
def progress_bar(progress: bool | None, stats: ScanStats, *, what: str) -> Iterator[None]:  # noqa: FBT001 - public
    """Show the rows of a run on a tqdm bar.

    Parameters
    ----------
    progress
        False is never, True is at once and everywhere, None is after a second and only for people.
    stats
        The run to follow.
    what
        What is counted.
    """
    if not (_is_watched() if progress is None else progress):
        yield
        return
    from tqdm.auto import tqdm

    with tqdm(desc=what, unit=" rows", unit_scale=True, delay=0 if progress else _SECONDS_BEFORE) as bar:

        def expect(rows: int) -> None:
            bar.total = (bar.total or 0) + rows

        stats.on_page, stats.on_total = bar.update, expect
        yield


def _is_watched() -> bool:
    shell = sys.modules.get("IPython")
    kernel = shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None
    return kernel or (sys.stderr is not None and sys.stderr.isatty())
