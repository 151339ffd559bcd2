"""Fetch the rows of a question into chunks, going on after the last chunk that is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from dyno_frames.contract.resources import CREATED
from dyno_frames.errors import ContractError
from dyno_frames.export.options import is_a_set
from dyno_frames.export.partitions import Partition
from dyno_frames.export.queries import from_instant, unlimited, windows_of
from dyno_frames.export.stage import Stage
from dyno_frames.scan.scan import Scan, fixed

CHUNK_ROWS = 65_536
CHUNK_BYTES = 32 << 20
"""A chunk holds about so much; what a run that dies must fetch again is less."""


def fetch(scan: Scan, stage: Stage, kind: str, partitions: Sequence[Partition]) -> tuple[dict[str, Any], int]:
    """Fetch what is not there yet of a question's rows; return the certificate, and how many rows moved for it now.

    Parameters
    ----------
    scan
        The question, with ``id`` and ``created`` among its columns.
    stage
        Where the chunks go.
    kind
        What the chunks are called.
    partitions
        What the rows are parted by.
    """
    done = stage.done(kind)
    if done is not None:
        return done, 0
    here = stage.chunks(kind)
    rest = from_instant(scan, CREATED, {"gt": here[-1].last}) if here else scan
    scans = windows_of(rest, CHUNK_ROWS)
    try:
        for table in _in_chunks(scans):
            stage.write(kind, table, partitions)
    except ContractError:
        stage.forget()  # what a server sent that breaks the contract is nothing to go on with
        raise
    certificate = certified(*({} if one.certificate is None else one.certificate.to_json() for one in scans))
    if here:
        why = f"{sum(chunk.rows for chunk in here):,} rows came in an earlier run that did not end"
        certificate = certified(certificate, _recounted(scan, stage, kind), why=[why])
    stage.finish(kind, certificate)
    return certificate, int(certificate.get("rows_moved") or 0)


def _recounted(scan: Scan, stage: Stage, kind: str) -> dict[str, Any]:
    """Count what came in several runs: of the earlier ones nobody knows what they met."""
    if scan.plan.terms is None:
        return {"verdict": "at_least_once"}
    counted, here = unlimited(scan).count(), sum(chunk.rows for chunk in stage.chunks(kind))
    if counted <= here:
        return {"verdict": "at_least_once", "requests": 1}
    why = f"the server counts {counted:,} rows and {here:,} came"
    return {"verdict": "uncertified", "requests": 1, "reasons": [why]}


def _in_chunks(scans: Sequence[Scan]) -> Iterator[pa.Table]:
    """Iterate over the rows in tables of about one chunk; rows that share ``created`` stay together."""
    held: list[pa.RecordBatch] = []
    parted = is_a_set(scans[0])
    names = list(scans[0].plan.shape.columns or scans[0].schema.names)
    for coming in (batch for scan in scans for batch in scan.to_batches()):
        batch = fixed(coming, names)
        if not batch.num_rows:
            continue
        full = (
            sum(one.num_rows for one in held) >= CHUNK_ROWS or sum(one.nbytes for one in held) >= CHUNK_BYTES
        )
        if full and (not parted or held[-1].column(CREATED)[-1] != batch.column(CREATED)[0]):
            yield pa.Table.from_batches(held)
            held = []
        held.append(batch)
    if held:
        yield pa.Table.from_batches(held)


def certified(first: dict[str, Any], *others: dict[str, Any], why: Sequence[str] = ()) -> dict[str, Any]:
    """Return the certificate of what several runs have brought: as good as the worst of them.

    Parameters
    ----------
    first, others
        The certificates of the runs, as JSON; the first one's counts of requests and rows are added to.
    why
        Reasons why it is at the most ``at_least_once``.
    """
    order = ("exact", "at_least_once", "uncertified")
    everything = [first, *others]
    worst = max(order.index(one.get("verdict") or "uncertified") for one in everything)
    summed = {
        name: sum(one.get(name) or 0 for one in everything) for name in ("requests", "retries", "rows_moved")
    }
    reasons = [reason for one in everything for reason in one.get("reasons") or []]
    notes = [note for one in everything for note in one.get("notes", [])]
    return {
        **first,
        **summed,
        "verdict": order[max(worst, 1 if why else 0)],
        "reasons": list(dict.fromkeys([*reasons, *why])),
        "notes": list(dict.fromkeys(notes)),
        "page_cap": max((one.get("page_cap") or 0 for one in everything), default=0),
    }
