"""Return a scan as a Dask frame, and the certificate of what its partitions read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pandas as pd

from dyno_frames.contract.resources import CREATED
from dyno_frames.errors import ConfigError, MissingExtraError
from dyno_frames.export import certificates
from dyno_frames.export.queries import every_row, first_key
from dyno_frames.export.window_results import combined
from dyno_frames.integrations.dask.budget import Budget, rate_faults
from dyno_frames.integrations.dask.frozen import FrozenScan, check_is_independent
from dyno_frames.integrations.dask.read import ReadWindow
from dyno_frames.integrations.dask.results import Topics
from dyno_frames.integrations.dask.sessions import check_worker, connected_cluster
from dyno_frames.integrations.dask.windows import frozen_windows
from dyno_frames.query.arguments import check_flags
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.prefetch import MAX_WORKERS
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.windows import Window

EVENT_SHARE = 4
"""The scheduler keeps this many times the results of a collection, so that repeated ones leave room for all."""


def to_dask(
    scan: Scan,
    *,
    prepare: Callable[[Scan], Scan] = lambda scan: scan,
    index: str | None = None,
    rows_per_partition: int = 100_000,
    pinned: bool = True,
    workers: int | None = None,
    max_requests_per_second: float | None = None,
) -> Any:
    """Return the rows of a scan as a Dask frame, which the workers of a cluster read in parallel.

    The call looks up the first and the newest row, counts, and cuts the rows into partitions by ``created``: about two
    count requests for each partition. Nothing else is sent until the frame is computed. Rows that are created later
    are not read.

    The graph contains the query, the url and the account, and never the API key. Each worker looks for the key itself:
    in a ``WorkerConnection`` that was registered, its ``connections.toml``, ``DYNO_API_KEY``, and its keyring.
    Workers and the scheduler need dyno_frames. Do not write the key into Dask's own configuration, such as
    ``distributed.nanny.environ``: dumps of the cluster contain it.

    Each ``compute()`` downloads the rows again, unless the cluster still holds those of a ``persist()`` of this frame.
    After a worker is lost, its requests count until Dask's lease timeout (30 seconds). A pool of processes
    (``scheduler="processes"``) is refused, since it cannot report what it read. ``len()`` and ``count()`` of the Dask
    frame download every row; ``scan.count()`` counts on the server. Conditions on the Dask frame are evaluated
    after the download, so put them into the query. Only the selected columns are requested, with ``id`` and
    ``created``. Workers connect without the ``transport=`` of :func:`dyno_frames.connect`.

    Parameters
    ----------
    scan
        The query, without an order, a limit or an offset.
    prepare
        Plans the scan again after learning whether the server takes two bounds on one field.
    index
        ``"created"`` to make it the index, with known divisions (default: a RangeIndex in each partition).
    rows_per_partition
        About how many rows a partition has. Rows of the same second stay together.
    pinned
        Whether to raise StaleError if the number of rows in a partition is not the counted one. If False, the current
        rows are read, and :func:`certificate_of` names the partitions that changed.
    workers
        Maximum number of concurrent requests of the whole cluster (default: that of ``connect()``, else 12). Other
        schedulers of Dask send one request for each of their threads.
    max_requests_per_second
        Maximum number of requests per second of the whole cluster (default: no limit). If the server asks for a pause,
        all workers pause.

    Returns
    -------
    dask.dataframe.DataFrame
        The columns and dtypes of ``scan.to_frame()``, ordered by ``created``, then ``id``.

    Raises
    ------
    QueryError
        The query has an order or a limit, its rows depend on other rows, or it cannot be stored as JSON.
    ConfigError
        An argument is not valid, rows have no ``created``, or a worker of the connected cluster has no key of the
        account.
    MissingExtraError
        Dask is not installed.

    Examples
    --------
    >>> rows = client.campaigns.scan("status == 'finished'").to_dask()  # doctest: +SKIP
    >>> rows.groupby("list_id").opens.sum().compute()  # doctest: +SKIP
    """
    try:
        import dask
        import dask.dataframe as dd
    except ImportError:
        raise MissingExtraError.of("dask", "dask") from None
    _check_arguments(index, rows_per_partition, pinned=pinned, workers=workers, rate=max_requests_per_second)
    budget = Budget(workers or scan.workers or MAX_WORKERS, max_requests_per_second)
    check_is_independent(scan)
    scan = prepare(scan)
    frozen = FrozenScan.of(scan, budget)
    check_worker(connected_cluster(), frozen)
    windows = frozen_windows(scan, rows=rows_per_partition, budget=budget)
    kept = dask.config.get("distributed.admin.low-level-log-length", 1_000)  # events of each topic
    topics = Topics(f"dyno_frames-{uuid4().hex}", 1 + EVENT_SHARE * len(windows) // kept)
    with dask.config.set({"dataframe.convert-string": False}):  # the dtypes of to_frame()
        return dd.from_map(
            ReadWindow(frozen, topics, index, pinned, strict=scan.options.strict),
            windows,
            meta=_meta(scan, index),
            divisions=None if index is None else _divisions(scan, windows),
            label="dyno",
            enforce_metadata=True,
        )


def certificate_of(collection: Any) -> Certificate:
    """Return how complete the rows are that the partitions of a Dask frame read when they were computed last.

    Parameters
    ----------
    collection
        The frame of ``scan.to_dask()``, or a result that is computed from it.

    Returns
    -------
    Certificate
        The worst verdict of the partitions, and their sums. It names partitions that were not read, and those whose
        number of rows has changed since ``to_dask()``.

    Raises
    ------
    ConfigError
        The object does not come from ``to_dask()``, or its graph was replaced, as by ``persist()``.

    Examples
    --------
    >>> rows = client.campaigns.scan().to_dask()  # doctest: +SKIP
    >>> opens = rows.opens.sum().compute()  # doctest: +SKIP
    >>> certificate_of(rows).verdict  # doctest: +SKIP
    <Completeness.EXACT: 'exact'>
    """
    reads = {read.topics.name: (read, windows) for read, windows in _reads(collection)}
    if not reads:
        raise ConfigError(
            f"certificate_of() got an object of type {type(collection).__name__} that was not read by to_dask(), or "
            "whose tasks are gone, as after persist(). Pass the frame that scan.to_dask() returned"
        )
    found = [combined(windows, read.topics.received(windows)).to_json() for read, windows in reads.values()]
    return Certificate.from_json(certificates.combined(*found))


def _reads(collection: Any) -> Iterator[tuple[ReadWindow, Sequence[Window]]]:
    """Iterate over the functions that read partitions, and their windows."""
    import dask.dataframe as dd

    is_read = isinstance(collection, dd.DataFrame | dd.Series | dd.Index | dd.Scalar)
    for part in collection.expr.walk() if is_read else ():
        if isinstance(read := getattr(part, "func", None), ReadWindow):
            yield read, part.iterables[0]


def _check_arguments(index: object, rows: object, *, pinned: object, workers: object, rate: Any) -> None:
    check_flags(pinned=pinned)
    faults = []
    if index not in {None, CREATED}:
        faults.append(f"index={index!r}; expected 'created' or None")
    for name, value in (("rows_per_partition", rows), ("workers", 1 if workers is None else workers)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            faults.append(f"{name}={value!r}; expected a whole number from 1")
    if faults := [*faults, *rate_faults(rate)]:
        raise ConfigError("; ".join(faults))


def _meta(scan: Scan, index: str | None) -> pd.DataFrame:
    schema, names = scan.schema, scan.options.columns or scan.schema.names
    if index is None:
        return schema.select(names).empty()
    return schema.select(dict.fromkeys((*names, index))).empty().set_index(index)


def _divisions(scan: Scan, windows: Sequence[Window]) -> tuple[pd.Timestamp, ...]:
    oldest = first_key(every_row(scan), CREATED, ascending=True)
    first = windows[0].low if oldest is None else min(oldest, windows[0].low)
    last = max(windows[-1].high - 1, windows[-1].low)
    ends = (first, *(window.low for window in windows[1:]), last)
    return tuple(pd.Timestamp(end, unit="s", tz="UTC") for end in ends)
