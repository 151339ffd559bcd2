"""The questions that an export asks besides its own: the rest of it, what has changed, the keys alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from dyno_frames.contract.resources import CREATED, KEY, UPDATED
from dyno_frames.export.options import is_a_set
from dyno_frames.frames.schema import Schema
from dyno_frames.query.plan import Shape, make_plan
from dyno_frames.query.predicate import Binary, Column, Literal, Node
from dyno_frames.query.question import ask, narrowed
from dyno_frames.scan.reader import Tally, count_rows
from dyno_frames.scan.scan import Scan
from dyno_frames.scan.windows import Window, cut

PARTS = 16
"""Windows that are counted at first."""


def fetching(scan: Scan) -> Scan:
    """Return the scan with the columns that say where a row belongs, even where nobody asked for them."""
    columns = scan.plan.shape.columns
    if columns is None or {KEY, CREATED} <= set(columns):
        return scan
    more = tuple(name for name in (KEY, CREATED) if name not in columns)
    shape = replace(scan.plan.shape, columns=(*columns, *more))
    return replace(scan, plan=make_plan(scan.question, scan.context, shape))


def under(scan: Scan, schema: Schema) -> Scan:
    """Return the scan with the columns that a dataset has, which may be wider than those last seen here."""
    if schema == scan.schema:
        return scan
    context = replace(scan.context, fields=schema.by_name, dtypes=schema.dtypes)
    plan = make_plan(scan.question, context, scan.plan.shape)
    return replace(scan, schema=schema, context=context, plan=plan)


def from_instant(scan: Scan, name: str, bounds: Mapping[str, int]) -> Scan:
    """Return the scan of the rows whose time also keeps to bounds.

    Parameters
    ----------
    scan
        The question.
    name
        A time that every row has.
    bounds
        Epoch seconds by the operator's name: ``ge``, ``gt``, ``lt``.
    """
    question = scan.question
    for operator, instant in bounds.items():
        node: Node = Binary(operator, Column(name), Literal(pd.Timestamp(instant, unit="s", tz="UTC")))
        question = narrowed(question, node)
    return replace(scan, question=question, plan=make_plan(question, scan.context, scan.plan.shape))


def unlimited(scan: Scan) -> Scan:
    """Return the scan for a question of the export's own, which no budget of the caller's was meant for."""
    return replace(scan, max_rows=None, max_requests=None, progress=False)


def windows_of(scan: Scan, rows: int) -> list[Scan]:
    """Return the scan, or windows of about so many rows where it asks by several filters.

    Rows of one filter stream. Those of several are merged in memory, which windows keep small.
    """
    if len(scan.plan.filters) < 2 or not is_a_set(scan) or _counted(scan) <= rows:
        return [scan]
    ends = [_end(scan, ascending=up) for up in (True, False)]
    if ends[0] is None or ends[1] is None:
        return [scan]
    cutting = cut(ends[0], ends[1], target=rows, parts=PARTS)
    asked = next(cutting)
    while True:
        try:
            asked = cutting.send([_counted(window(scan, one.low, one.high)) for one in asked])
        except StopIteration as stop:
            found: list[Window] = stop.value
            break
    return [window(scan, one.low if at else None, one.high) for at, one in enumerate(found)]


def window(scan: Scan, low: int | None, high: int | None) -> Scan:
    """Return the scan of the rows created from one instant on and before another."""
    bounds = {"ge": low, "lt": high}
    return from_instant(scan, CREATED, {name: at for name, at in bounds.items() if at is not None})


def _counted(scan: Scan) -> int:
    """Return what the filters count together: the rows, or more where they overlap."""
    tally = Tally()
    return sum(count_rows(scan.session, scan.plan.resource, one, tally) for one in scan.plan.filters)


def _end(scan: Scan, *, ascending: bool) -> int | None:
    """Return the first or the last ``created`` of the rows."""
    shape = Shape(columns=(KEY, CREATED), order_by=(CREATED,), ascending=(ascending,), limit=1)
    end = unlimited(replace(scan, plan=make_plan(scan.question, scan.context, shape), strict=False))
    found = end.to_arrow()[CREATED]
    return int(found[0].value) if len(found) else None


def keys(scan: Scan) -> Scan:
    """Return the scan of the same rows with no more than their keys."""
    shape = replace(scan.plan.shape, columns=(KEY, CREATED))
    return replace(scan, plan=make_plan(scan.question, scan.context, shape), progress=False)


def newest_change(scan: Scan) -> int | None:
    """Return when the account's latest change was, in epoch seconds by the server's own clock; None without rows.

    It is asked for before a row is fetched: whatever changes later has this instant or a later one.
    """
    question = ask(None, scan.schema.empty())
    shape = Shape(columns=(KEY, UPDATED), order_by=(UPDATED,), ascending=(False,), limit=1)
    plan = make_plan(question, scan.context, shape)
    found = unlimited(replace(scan, question=question, plan=plan, strict=False)).to_arrow()[UPDATED]
    return int(found[0].value) if len(found) else None
