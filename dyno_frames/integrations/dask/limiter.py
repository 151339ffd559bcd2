"""Limit the requests of a cluster: its workers share leases of a semaphore, and the pace of the scheduler."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import Semaphore, get_client

from dyno_frames.integrations.dask.budget import Budget
from dyno_frames.integrations.dask.pace import HANDLER, Pace


class ClusterLimiter:
    """The limiter of one account, in a worker.

    Parameters
    ----------
    account
        The account and its server.
    budget
        The requests of the cluster.
    """

    def __init__(self, account: str, budget: Budget) -> None:
        self._account = account
        self._budget = budget
        self._client = get_client()
        self._client.register_plugin(Pace())
        self._semaphore = Semaphore(budget.workers, name=f"dyno_frames-{account}-{budget.workers}")

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for a lease, and then for the pace."""
        with self._semaphore:
            time.sleep(self._reserve(per_second=self._budget.per_second))
            yield

    def slow_down(self, seconds: float) -> None:
        """Let all workers pause."""
        self._reserve(pause_s=seconds)

    def _reserve(self, **given: Any) -> float:
        call = getattr(self._client.scheduler, HANDLER)
        waiting_s: float = self._client.sync(call, account=self._account, **given)
        return waiting_s
