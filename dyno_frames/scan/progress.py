"""A progress bar for people: in a terminal or a notebook, once a run takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from threading import Timer

from dyno_frames.scan.stats import ScanStats

_SECONDS_BEFORE = 1.0


@contextmanager
def progress_bar(progress: bool | None, stats: ScanStats, *, what: str) -> Iterator[None]:  # noqa: FBT001 - public
    """Show the rows of a run on a tqdm bar. It is there in time, even if the first page takes long.

    Parameters
    ----------
    progress
        False is never, True is at once and everywhere, None is after a second and only for people.
    stats
        The run to follow.
    what
        What is counted.
    """
    if not _is_shown(progress):
        yield
        return
    from tqdm.auto import tqdm

    with tqdm(desc=what, unit=" rows", unit_scale=True, delay=0 if progress else _SECONDS_BEFORE) as bar:

        def expect(rows: int) -> None:
            bar.total = (bar.total or 0) + rows

        def appear() -> None:
            bar.refresh()
            bar.delay = 0  # else tqdm takes it for a bar that was never shown

        stats.on_page, stats.on_total = bar.update, expect
        with _later(appear):
            yield


@contextmanager
def waiting_bar(progress: bool | None, *, what: str) -> Iterator[None]:  # noqa: FBT001 - public
    """Show that a query waits for the server before its first row, once that takes longer than a second.

    Parameters
    ----------
    progress
        False is never, True is everywhere, None is only for people.
    what
        What is read.
    """
    if not _is_shown(progress):
        yield
        return
    with ExitStack() as shown:

        def appear() -> None:
            from tqdm.auto import tqdm

            bar = tqdm(desc=f"{what}: waiting for the server", bar_format="{desc}", leave=False)
            shown.enter_context(bar)

        with _later(appear):
            yield


@contextmanager
def _later(act: Callable[[], None]) -> Iterator[None]:
    """Act after the time before a bar, in another thread, unless the block has ended; notebooks know the cell."""
    timer = Timer(_SECONDS_BEFORE, copy_context().run, (act,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _is_shown(progress: bool | None) -> bool:  # noqa: FBT001 - public
    return _is_watched() if progress is None else progress


def _is_watched() -> bool:
    shell = sys.modules.get("IPython")
    kernel = shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None
    return kernel or (sys.stderr is not None and sys.stderr.isatty())
