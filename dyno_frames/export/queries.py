"""Read scans, and derive from a scan the other scans that an export needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import CREATED, ID_FIELD, UPDATED
from dyno_frames.frames.schema import Schema
from dyno_frames.query.bind import bind_query
from dyno_frames.query.predicate import Binary, Column, Literal, Node
from dyno_frames.query.query import narrowed
from dyno_frames.scan.answer import Answer, check
from dyno_frames.scan.certificate import Certificate
from dyno_frames.scan.scan import Scan, fixed
from dyno_frames.scan.windows import Window, cut

PARTS = 16
"""Number of windows that are counted first."""


class Rows:
    """The rows of a query as record batches, as the pages arrive.

    Attributes
    ----------
    certificate
        How complete the rows are, as JSON values; None until the last batch was read.
    first_updated
        The latest ``updated`` in the first batch, in epoch seconds; None without one.
    """

    __slots__ = ("_scan", "certificate", "first_updated")

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self.certificate: dict[str, Any] | None = None
        self.first_updated: int | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        names = schema_of(self._scan).names
        stream = self._scan.stream()
        for at, batch in enumerate(stream):
            if not at and UPDATED in names:
                self.first_updated = pc.max(batch.column(UPDATED)).cast(pa.int64()).as_py()
            yield fixed(batch, names)
        if stream.certificate is not None:
            self.certificate = stream.certificate.to_json()


def schema_of(scan: Scan) -> Schema:
    """Return the columns of the answer."""
    return scan.schema.select(scan.options.columns or scan.schema.names)


def lacks(scan: Scan, name: str) -> bool:
    """Tell whether the server was seen to send rows without a value in a field."""
    return name in scan.schema.unseen or (
        scan.options.on_invalid == "raise"
        and name in scan.schema.names
        and scan.schema.by_name[name].nullable
    )


def is_unordered(scan: Scan) -> bool:
    """Tell whether the query has no order, limit or offset."""
    return scan.options.returns_all


def is_a_set(scan: Scan) -> bool:
    """Tell whether the answer is a set: whether a row is in it does not depend on other rows."""
    return is_unordered(scan) and scan.plan.row_local and not scan.query.untraceable


def is_countable(scan: Scan) -> bool:
    """Tell whether the server can count the rows, without fetching any."""
    return scan.plan.terms is not None


def has_countable_windows(scan: Scan) -> bool:
    """Tell whether the server can count the rows before or from an instant of ``created``, without fetching any."""
    return all(is_countable(window(scan, low, high)) for low, high in ((None, 1), (1, None)))


def origin_of(scan: Scan) -> dict[str, Any]:
    """Return the query and the server, as JSON values without the API key."""
    return asdict(scan.origin)


def check_strict(scan: Scan, certificate: Mapping[str, Any]) -> None:
    """Raise ContractError if the scan is strict and its answer is uncertified."""
    if scan.options.strict and certificate:
        check(Certificate.from_json(certificate), strict=True)


def with_keys(scan: Scan) -> Scan:
    """Return the scan with ``id`` and ``created`` among its columns, which exports need to sort rows."""
    columns = scan.options.columns
    if columns is None or {ID_FIELD, CREATED} <= set(columns):
        return scan
    more = tuple(name for name in (ID_FIELD, CREATED) if name not in columns)
    return scan.refine(columns=(*columns, *more))


def with_schema(scan: Scan, schema: Schema) -> Scan:
    """Return the scan with the columns of a dataset, which may have more than the server was seen to send."""
    if schema == scan.schema or scan.options.columns is not None:
        return scan
    return scan.refine(schema=schema)


def changed_since(scan: Scan, instant: int) -> Scan:
    """Return the scan of the rows that were updated at an instant, in epoch seconds, or later."""
    return _bounded(scan, UPDATED, {"ge": instant})


def created_after(scan: Scan, instant: int) -> Scan:
    """Return the scan of the rows that were created later than an instant, in epoch seconds."""
    return _bounded(scan, CREATED, {"gt": instant})


def window(scan: Scan, low: int | None, high: int | None) -> Scan:
    """Return the scan of the rows created from ``low`` on and before ``high``; None means unbounded."""
    bounds = {"ge": low, "lt": high}
    return _bounded(scan, CREATED, {name: at for name, at in bounds.items() if at is not None})


def windows_of(scan: Scan, rows: int) -> list[Scan]:
    """Return the scan, or windows of about this many rows if its plan has several filters.

    Rows of one filter stream. Rows of several filters are merged in memory, so windows limit the memory.
    """
    if len(scan.plan.filters) < 2 or not is_a_set(scan) or scan.count_filters() <= rows:
        return [scan]
    ends = [first_key(scan, CREATED, ascending=up) for up in (True, False)]
    if ends[0] is None or ends[1] is None:
        return [scan]

    def counts(windows: list[Window]) -> list[int]:
        return [window(scan, one.low, one.high).count_filters() for one in windows]

    found = cut(ends[0], ends[1], counts, target=rows, parts=PARTS)
    edges = [None, *(one.low for one in found[1:]), None]  # unbounded at both ends
    return [window(scan, low, high) for low, high in pairwise(edges)]


def count(scan: Scan) -> int:
    """Return the current number of rows on the server."""
    return unlimited(scan).count()


def count_window(scan: Scan, low: int | None, high: int | None) -> tuple[int, int]:
    """Return the number of rows in a window, and the number of requests for it.

    For a server without two bounds on one field, the number is the difference of two counts.
    """
    inside = window(scan, low, high)
    if is_countable(inside) or low is None or high is None:
        return count(inside), 1
    return max(count(window(scan, low, None)) - count(window(scan, high, None)), 0), 2


def fetch_keys(scan: Scan, low: int | None, high: int | None) -> Answer:
    """Return ``id`` and ``created`` of the rows in a window."""
    narrow = scan.refine(columns=(ID_FIELD, CREATED))
    return unlimited(window(narrow, low, high)).run()


def newest_change(scan: Scan) -> int | None:
    """Return the latest ``updated`` in the account, in epoch seconds of the server's clock.

    None means that the account has no rows, or that the server does not send ``updated``. Call it before the first row
    is fetched: a later change has this time or a later one.
    """
    if UPDATED in scan.schema.unseen:
        return None
    return first_key(every_row(scan), UPDATED, ascending=False)


def every_row(scan: Scan) -> Scan:
    """Return the scan without its query."""
    return scan.refine(query=bind_query(None, scan.schema.empty()))


def unlimited(scan: Scan) -> Scan:
    """Return the scan without limits, progress bar and strictness, for requests that the export adds."""
    return scan.with_options(max_rows=None, max_requests=None, progress=False, strict=False)


def _bounded(scan: Scan, name: str, bounds: Mapping[str, int]) -> Scan:
    """Return the scan with bounds on a time, in epoch seconds by name of the operator."""
    query = scan.query
    for operator, instant in bounds.items():
        node: Node = Binary(operator, Column(name), Literal(pd.Timestamp(instant, unit="s", tz="UTC")))
        query = narrowed(query, node)
    return scan.refine(query=query)


def first_key(scan: Scan, name: str, *, ascending: bool) -> int | None:
    """Return the first or the last time of a field in the rows, in epoch seconds; None without rows."""
    one = scan.refine(columns=(ID_FIELD, name), order_by=(name,), ascending=(ascending,), limit=1, offset=0)
    found = unlimited(one).run().table[name].drop_null()
    return int(found[0].value) if len(found) else None
