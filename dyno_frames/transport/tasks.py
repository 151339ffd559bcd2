"""Refuse requests that change something in a task of Dask or of a process pool, which may run more than once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import FrameType

from dyno_frames.errors import ConfigError

_DASK = frozenset({"dask", "distributed"})
_WORKER_PROCESSES = frozenset({"distributed.nanny", "distributed.cli.dask_worker"})
"""What runs in the main thread of a process that is a worker of Dask and nothing else."""

_POOLS = {
    ("multiprocessing.pool", "worker"): "multiprocessing",
    ("concurrent.futures.process", "_process_worker"): "concurrent.futures",
    ("loky.process_executor", "_process_worker"): "loky",
    ("joblib.externals.loky.process_executor", "_process_worker"): "joblib",
}


def check_not_in_task(operation: str) -> None:
    """Check that this code does not run in a task, or in a process that runs only tasks.

    Schedulers repeat a task whose worker is lost, and may run it twice at once. Threads that a task starts in the
    process of the main program, and programs that it starts, are not detected.

    Raises
    ------
    ConfigError
        The code runs in a task. Nothing was sent.
    """
    runner = "Dask" if _is_called_by_dask() else task_runner()
    if runner:
        raise ConfigError(
            f"{operation} was called in a task of {runner}, which may run more than once. Nothing was sent. "
            "Return the ids from the tasks, and call it in the main program"
        )


def task_runner() -> str:
    """Return the name of the pool or cluster that this process works for; empty in a main program."""
    main = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001 - of another thread
    for frame in _callers(main):
        module = str(frame.f_globals.get("__name__"))
        if module in _WORKER_PROCESSES:
            return "Dask"
        if pool := _POOLS.get((module, frame.f_code.co_name)):
            return pool
    return ""


def _is_called_by_dask() -> bool:
    frames = _callers(sys._getframe(1))  # noqa: SLF001 - a task is known by what called it
    return any(str(frame.f_globals.get("__name__")).partition(".")[0] in _DASK for frame in frames)


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
