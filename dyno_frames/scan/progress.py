"""A progress bar for people: in a terminal or a notebook, once a run takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from threading import Timer

from dyno_frames.scan.stats import ScanStats

_DELAY_S = 1.0


@contextmanager
def progress_bar(progress: bool | None, stats: ScanStats, *, what: str) -> Iterator[None]:  # noqa: FBT001 - public
    """Show the rows of a run on a tqdm bar. It appears after a second, even if the first page takes longer.

    Parameters
    ----------
    progress
        True shows the bar at once, False never; None shows it after a second, in a terminal or a notebook.
    stats
        The statistics of the run, which call the bar.
    what
        The label of the bar.
    """
    if not _is_shown(progress):
        yield
        return
    from tqdm.auto import tqdm

    with tqdm(desc=what, unit=" rows", unit_scale=True, delay=0 if progress else _DELAY_S) as bar:

        def expect(rows: int) -> None:
            bar.total = (bar.total or 0) + rows

        def appear() -> None:
            bar.refresh()
            bar.delay = 0  # otherwise tqdm assumes that the bar was never shown, and does not close it

        stats.on_page, stats.on_total = bar.update, expect
        with _later(appear):
            yield


@contextmanager
def waiting_bar(progress: bool | None, *, what: str) -> Iterator[None]:  # noqa: FBT001 - public
    """Show after a second that a query waits for the server.

    Parameters
    ----------
    progress
        True shows the bar everywhere, False never; None shows it in a terminal or a notebook.
    what
        The resource that is read.
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
    """Call a function in another thread after the delay, unless the block ends first.

    It runs in a copy of the context, so that a notebook shows its output below the right cell.
    """
    timer = Timer(_DELAY_S, copy_context().run, (act,))
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
