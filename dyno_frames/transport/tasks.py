"""Refuse requests that change something in a task of Dask or of a process pool, which may run more than once."""

from __future__ import annotations

import sys
import threading
from types import FrameType

from dyno_frames.errors import ConfigError

_PACKAGES = frozenset({"dask", "distributed"})
_RUNNERS = {
    ("multiprocessing.pool", "worker"): "multiprocessing",
    ("concurrent.futures.process", "_process_worker"): "concurrent.futures",
    ("loky.process_executor", "_process_worker"): "loky",
    ("joblib.externals.loky.process_executor", "_process_worker"): "joblib",
}


def check_not_in_task(operation: str) -> None:
    """Check that this code does not run in a task.

    Schedulers repeat a task whose worker is lost, and may run it twice at once. Threads that a task starts are not
    found.

    Raises
    ------
    ConfigError
        It does. Nothing was sent.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a task is known by what called it
    while frame is not None:
        runner = _runner(frame)
        if runner:
            raise ConfigError(
                f"{operation} was called in a task of {runner}, which may run more than once. Nothing was sent. "
                "Return the ids from the tasks, and call it in the main program"
            )
        frame = frame.f_back


def _runner(frame: FrameType) -> str:
    module = str(frame.f_globals.get("__name__"))
    if module.partition(".")[0] in _PACKAGES:
        return "Dask"
    runner = _RUNNERS.get((module, frame.f_code.co_name), "")
    is_thread = threading.current_thread() is not threading.main_thread()
    return "" if is_thread and runner == "multiprocessing" else runner  # a ThreadPool repeats nothing
