"""Find out with two requests that nothing has changed, which is the most frequent outcome of a refresh."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.filters import DESCENDING, FilterKey
from dyno_frames.contract.resources import ID_FIELD, UPDATED
from dyno_frames.export.merge import same_values
from dyno_frames.export.queries import changed_since, count, is_countable, unlimited
from dyno_frames.frames.decode import decode, late_fields
from dyno_frames.mirror.columns import VersionFiles
from dyno_frames.scan.certificate import Completeness
from dyno_frames.scan.reader import find_rows
from dyno_frames.scan.scan import Scan

FEW_ROWS = 100
"""So many rows are rather fetched twice than waited for."""


def is_unchanged(scan: Scan, files: VersionFiles, since: int) -> tuple[bool, int, int]:
    """Tell whether the server has the stored rows since an instant and as many rows in total; with its costs.

    One page, ordered by ``updated`` from the latest, asks for one row more than is stored since the instant. If that
    row is older than the instant, the page shows every change since: no other row can be between its rows. A server
    that was not seen to keep an order is not asked.

    Returns
    -------
    tuple
        Whether nothing has changed, and the numbers of requests and of rows moved.
    """
    ours = _stored_since(files, since, files.schema.names)
    rows = ours.num_rows
    if not scan.keeps_order or rows >= scan.plan.page_size or rows == files.manifest.rows:
        return False, 0, 0
    if count(scan) != files.manifest.rows:
        return False, 1, 0
    body = {
        str(FilterKey.ORDER_BY): UPDATED,
        str(FilterKey.ORDER_DIRECTION): DESCENDING,
        str(FilterKey.LIMIT): rows + 1,
    }
    page = find_rows(scan.session, scan.plan.resource, body)
    if len(page) != rows + 1 or late_fields(page, scan.schema):
        return False, 2, len(page)
    theirs = pa.Table.from_batches([decode(page, scan.schema)])
    return _is_the_same(ours, theirs, since), 2, len(page)


def past_instant(scan: Scan) -> tuple[int | None, int, int]:
    """Return the latest ``updated``, once its second is over, if many rows share it; else None; with the costs.

    Rows that change from then on have a later ``updated``. So the many rows, once fetched, need not be fetched again to
    find out whether one of them changed meanwhile.

    Returns
    -------
    tuple
        The instant or None, and the numbers of requests and of rows moved.
    """
    latest = scan.refine(columns=(ID_FIELD, UPDATED), order_by=(UPDATED,), ascending=(False,), limit=1)
    found = unlimited(latest).run()
    times, requests = found.table[UPDATED].drop_null(), found.certificate.requests
    if not len(times) or not is_countable(scan):
        return None, requests, len(times)
    newest = int(times[0].value)
    if count(changed_since(scan, newest)) <= FEW_ROWS:
        return None, requests + 1, 1
    scan.session.rest(1.0)
    return newest, requests + 1, 1


def has_stored_changes(scan: Scan, files: VersionFiles, since: int | None) -> tuple[bool, int, int]:
    """Tell whether the changed rows since an instant, and the total number of rows, are those that are stored.

    The rows are compared by value, whatever their order. More than a page of them is not fetched again.

    Returns
    -------
    tuple
        Whether they are, and the numbers of requests and of rows moved.
    """
    if not is_countable(scan) or count(scan) != files.manifest.rows:
        return False, 1, 0
    if since is None:
        return True, 1, 0
    ours = _stored_since(files, since, files.schema.names)
    if ours.num_rows > scan.plan.page_size:
        return False, 1, 0
    found = unlimited(changed_since(scan, since)).run()
    spent = 1 + found.certificate.requests, found.certificate.rows_moved
    return found.certificate.verdict is Completeness.EXACT and _has_the_rows(ours, found.table), *spent


def _stored_since(files: VersionFiles, since: int, names: Sequence[str]) -> pa.Table:
    """Return columns of the stored rows that were updated at an instant or later."""
    instant = pa.scalar(since, pa.timestamp("s", tz="UTC"))
    return files.where(pc.field(UPDATED) >= instant, names)


def _is_the_same(ours: pa.Table, theirs: pa.Table, since: int) -> bool:
    """Tell whether a page, latest first, has exactly these rows and then an older one."""
    times = theirs[UPDATED].cast(pa.int64()).to_numpy()
    if (times[1:] > times[:-1]).any() or times[-1] >= since:
        return False
    return _has_the_rows(ours, theirs.slice(0, ours.num_rows))


def _has_the_rows(ours: pa.Table, theirs: pa.Table) -> bool:
    """Tell whether two tables have the same rows, in any order."""
    if ours.num_rows != theirs.num_rows or set(theirs.schema.names) != set(ours.schema.names):
        return False
    theirs = theirs.take(pc.sort_indices(theirs, sort_keys=[(ID_FIELD, "ascending")]))
    ours = ours.take(pc.sort_indices(ours, sort_keys=[(ID_FIELD, "ascending")]))
    return all(bool(same_values(ours[name], theirs[name]).all()) for name in ours.schema.names)
