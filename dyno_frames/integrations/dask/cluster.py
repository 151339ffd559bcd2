"""Let the workers of a Dask cluster fetch and write the rows of an export."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from dyno_frames.contract.texts import fit
from dyno_frames.errors import ConfigError, DynoError, MissingExtraError
from dyno_frames.export.cluster import WrittenWindow
from dyno_frames.export.files import FileFormat
from dyno_frames.export.targets import FileTarget, missing_reason, stored_probe
from dyno_frames.export.window_results import shown
from dyno_frames.integrations.dask.budget import Budget, rate_faults
from dyno_frames.integrations.dask.frozen import FrozenScan, check_is_independent, within
from dyno_frames.integrations.dask.sessions import check_worker
from dyno_frames.integrations.dask.windows import frozen_windows
from dyno_frames.integrations.dask.write import WriteWindow
from dyno_frames.scan.prefetch import MAX_WORKERS
from dyno_frames.scan.progress import progress_bar
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.stats import ScanStats
from dyno_frames.scan.windows import Window


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Provide the client of a scheduler.

    Raises
    ------
    ConfigError
        No scheduler answers at this address.
    MissingExtraError
        Dask is not installed.
    """
    client_of = _client_type()
    if not re.search(r":\d+$", address):
        raise ConfigError(
            f"{address!r} is not the address of a Dask scheduler; expected one such as 'tcp://10.0.0.1:8786'"
        )
    try:
        client = client_of(address, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # TypeError: no settings for TLS
        raise ConfigError(
            f"no Dask scheduler answers at {address!r} ({fit(str(error), _LONGEST_REASON)}); expected the address that "
            "dask-scheduler prints, such as 'tcp://10.0.0.1:8786'"
        ) from None
    with client:
        yield client


def _client_type() -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError.of("distributed", "dask") from None
    return Client


@dataclass(frozen=True, slots=True)
class DaskCluster:
    """The cluster of a Dask client, as exports use it.

    Parameters
    ----------
    client
        The client.
    prepare
        Plans a scan again after learning whether the server takes two bounds on one field.
    per_second
        Maximum number of requests per second of the whole cluster; None for no limit.
    """

    client: Any
    prepare: Callable[[Scan], Scan]
    per_second: float | None

    @classmethod
    def of(cls, client: Any, prepare: Callable[[Scan], Scan], per_second: float | None) -> Self:
        """Return the cluster of a client.

        Raises
        ------
        ConfigError
            An argument is not valid.
        MissingExtraError
            Dask is not installed.
        """
        if client is None:
            raise ConfigError(
                f"max_requests_per_second={per_second!r} is for the workers of a Dask cluster, and there is none. Pass "
                "client=, or leave it out"
            )
        if not isinstance(client, _client_type()) or client.asynchronous:
            raise ConfigError(
                f"client= is of type {type(client).__name__}; expected a dask.distributed.Client that is not "
                "asynchronous"
            )
        if faults := rate_faults(per_second):
            raise ConfigError(faults[0])
        return cls(client, prepare, per_second)

    def check(self, scan: Scan, target: FileTarget) -> None:
        """Raise if workers cannot read the scan or store files; nothing is fetched."""
        from dyno_frames.integrations.dask.pace import Pace

        check_is_independent(scan)
        try:
            self.client.register_plugin(Pace())
            check_worker(self.client, self._frozen(scan))
            self._check_target(target)
        except DynoError:
            raise
        except Exception as error:  # noqa: BLE001 - of the cluster, or of a package that one of its machines lacks
            why = fit(f"{type(error).__name__}: {error}", _LONGEST_REASON)
            raise ConfigError(
                f"the Dask cluster cannot be used ({why}). Scheduler and workers need dyno_frames and what it "
                "needs, in the same versions as here"
            ) from None

    def _frozen(self, scan: Scan) -> FrozenScan:
        return FrozenScan.of(scan, self._budget(scan))

    def _budget(self, scan: Scan) -> Budget:
        return Budget(scan.workers or MAX_WORKERS, self.per_second)

    def _check_target(self, target: FileTarget) -> None:
        """Raise ConfigError if a worker does not find a file of this process, or cannot store one."""
        target.prepare()
        with stored_probe(target) as name:
            workers = self.client.scheduler_info()["workers"]
            found = (
                self.client.run(missing_reason, target, name)
                if workers
                else {"that was started": self._asked(target, name)}
            )
        for address, reason in found.items():
            if reason:
                raise ConfigError(
                    f"the worker {address} of the Dask cluster cannot use {target.url!r}: {reason}. Write to a folder "
                    "that this process and all workers share, or to a Delta table in an object store, whose "
                    "credentials the workers have in their environment"
                )

    def _asked(self, target: FileTarget, name: str) -> str:
        """Ask a worker that the cluster starts now."""
        task = self.client.submit(missing_reason, target, name, pure=False)
        try:
            return str(task.result(timeout=_STARTS_S))
        except TimeoutError:
            task.cancel()
            raise ConfigError(
                f"the Dask cluster has no workers, and started none within {_STARTS_S} s"
            ) from None

    def windows(self, scan: Scan, *, rows: int, known: Sequence[Window]) -> Sequence[Window]:
        """Return adjoining windows of about so many rows, with their counts as of now."""
        scan = self.prepare(scan)
        return frozen_windows(scan, rows=rows, budget=self._budget(scan), known=known)

    def write(
        self,
        scan: Scan,
        windows: Sequence[Window],
        form: FileFormat,
        target: FileTarget,
        keep: Callable[[WrittenWindow], object],
    ) -> None:
        """Write the rows of windows, and call ``keep`` in this process for each one that is written."""
        from distributed import as_completed

        write, stats = WriteWindow(self._frozen(self.prepare(scan)), form, target), ScanStats()
        run = uuid4().hex
        with progress_bar(scan.options.progress, stats, what=scan.plan.resource):
            stats.on_total(sum(window.rows for window in windows))
            keys = [f"dyno-write-{run}-{one.low}" for one in windows]
            futures = self.client.map(write, windows, key=keys)
            of_key = dict(zip(keys, windows, strict=True))
            try:
                for future in as_completed(futures, loop=self.client.loop):
                    written = _received(future, of_key[future.key])
                    keep(written)
                    stats.on_page(written.rows)
                    future.release()
            finally:
                with suppress(Exception):  # the scheduler may be gone, and the first error says more
                    self.client.cancel(futures, force=True)

    def count(self, scan: Scan, windows: Sequence[Window]) -> int:
        """Return the number of rows in all windows together, as of now."""
        whole = Window(windows[0].low, windows[-1].high, has_earlier=True)
        return within(self.prepare(scan), whole).count_filters(widest=True)


_LONGEST_REASON = 300

_STARTS_S = 60
"""How long a cluster may take to start its first worker."""


def _received(future: Any, window: Window) -> WrittenWindow:
    """Return what a task has written, or raise an error of this package."""
    try:
        written: WrittenWindow = future.result()
    except DynoError:
        raise
    except Exception as error:  # noqa: BLE001 - workers are lost, or a disk is full
        why = fit(f"{type(error).__name__}: {error}", _LONGEST_REASON)
        raise ConfigError(
            f"the workers of the Dask cluster could not write the rows {shown(window)} ({why}). Look at the logs, the "
            "memory and the disks of the workers, then run it again; it resumes with the rows that are missing"
        ) from None
    return written
