"""The questions that an export asks besides its own: the rest of it, what has changed, the keys alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from dyno_frames.contract.resources import CREATED, KEY, UPDATED
from dyno_frames.frames.schema import Schema
from dyno_frames.query.plan import Shape, make_plan
from dyno_frames.query.predicate import Binary, Column, Literal, Node
from dyno_frames.query.question import ask, narrowed
from dyno_frames.scan.scan import Scan


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
    latest = replace(
        scan,
        question=question,
        plan=make_plan(question, scan.context, shape),
        progress=False,
        strict=False,
        max_rows=None,
        max_requests=None,
    )
    found = latest.to_arrow()[UPDATED]
    return int(found[0].value) if len(found) else None
