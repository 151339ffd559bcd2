"""Append rows to a dataset, or sync it: fetch what has changed, and compare the rows here with those of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import KEY
from dyno_frames.errors import ConfigError
from dyno_frames.export.build import begin, checked, file_format, manifest, query_of
from dyno_frames.export.certificates import certificate, combined, is_news, verdict_of
from dyno_frames.export.compare import Comparison, compare
from dyno_frames.export.evolve import evolved
from dyno_frames.export.fetch import FOUND, MAIN, fetch, fetch_missing
from dyno_frames.export.manifest import Manifest, schema_from_json
from dyno_frames.export.merge import Change, together, unchanged
from dyno_frames.export.options import WriteOptions
from dyno_frames.export.partitions import Partition
from dyno_frames.export.queries import (
    changed_since,
    columns_asked,
    count,
    origin_of,
    schema_of,
    with_schema,
)
from dyno_frames.export.sources import Staged, Stored
from dyno_frames.export.stage import Stage
from dyno_frames.export.store import DatasetStore
from dyno_frames.scan.certificate import Verdict
from dyno_frames.scan.scan import Scan

OVERLAP_S = 300
"""Changes are fetched from so many seconds before the watermark: a server may be late to show what it stamped."""

Done: TypeAlias = tuple[Manifest, Mapping[str, int]]
"""The newest version, and what this run has counted."""


@dataclass(frozen=True, slots=True)
class _Growth:
    """What a run has found to do.

    Parameters
    ----------
    change
        What is done to the rows that are here.
    certificate
        How complete they are then.
    moved
        How many rows and ids were moved.
    """

    change: Change
    certificate: dict[str, Any]
    moved: int


def grow(scan: Scan, store: DatasetStore, options: WriteOptions, parent: Manifest) -> Done:
    """Write a version made from its parent and what has changed since, if anything has.

    Parameters
    ----------
    scan, store, options
        As in :func:`dyno_frames.export.run.run`.
    parent
        The newest version.
    """
    is_same = query_of(parent.origin) == query_of(origin_of(scan))
    _check(scan, store, options, parent, is_same=is_same)
    old = schema_from_json(parent.schema)
    schema = evolved(old, schema_of(scan), version=parent.version)
    scan, options = with_schema(scan, schema), replace(options, partitions=parent.partitions)
    stage, base = Stage(store.work), Stored(store, parent, schema)
    begin(stage, scan, options, (parent.version, parent.written))
    found = (_synced if options.mode == "sync" else _appended)(scan, stage, base)
    checked(stage, scan, found.certificate)
    counts = _counts(base, found.change) | {"moved": found.moved}
    has_changed = any((counts["added"], counts["changed"], counts["removed"])) or schema.fields != old.fields
    if not has_changed and not is_news(found.certificate, parent.certificate):
        return parent, counts
    form = file_format(schema, scan, options, found.certificate | {"rows_returned": counts["rows"]})
    written = together(base, found.change, form, stage.folder)
    whole = parent.whole and is_same
    made = replace(
        manifest(scan, options, form, written, parent=parent.version),
        counts=counts,
        watermark=stage.run["watermark"] if whole else None,
        whole=whole,
    )
    store.publish(made, written.fresh)
    return made, made.counts


def _appended(scan: Scan, stage: Stage, base: Stored) -> _Growth:
    """Fetch every row of the query; one whose id is here replaces it."""
    fetched, moved = fetch(scan, stage, base.manifest.partitions)
    come = Staged(stage.chunks(MAIN))
    skip, drop = unchanged(base, come, base.schema.names)
    return _Growth(Change(come, drop, skip), combined(fetched, _of_parent(base.manifest)), moved)


def _synced(scan: Scan, stage: Stage, base: Stored) -> _Growth:
    """Fetch the rows that have changed since the watermark, then compare all rows with the server's.

    Rows that are gone are dropped. Rows that are missing, because they were stamped long before the watermark, are
    fetched. If the server still counts more rows than are here, the certificate is uncertified.
    """
    parent, mark = base.manifest, base.manifest.watermark
    asked = scan if mark is None else changed_since(scan, mark - OVERLAP_S)
    fetched, moved = fetch(asked, stage, parent.partitions)
    come = Staged(stage.chunks(MAIN))
    skip, drop = unchanged(base, come, base.schema.names)
    coming = _less(come.keys(), skip)
    by_ids = (
        verdict_of(parent.certificate) is Verdict.UNCERTIFIED
    )  # its counts may have misled the run before, too
    compared = compare(scan, [*(_less(keys, drop) for keys in base.each_keys()), coming], by_ids=by_ids)
    pa.default_memory_pool().release_unused()
    change = _without(Change(come, drop, skip), compared.gone, coming)
    found = certificate()
    if compared.missing:
        found = fetch_missing(scan, compared.missing, stage, parent.partitions)
        change = _with(change, Staged(stage.chunks(FOUND)), base)
    rows = _counts(base, change)["rows"]
    own = combined(fetched, _of_comparison(compared), found, _recounted(scan, compared, rows))
    whole = own if by_ids else combined(own, _of_parent(parent))
    whole |= {"count_before": compared.counted, "count_after": None}  # of all rows, not of those that changed
    return _Growth(change, whole, moved + compared.ids_moved + int(found["rows_moved"]))


def _of_parent(parent: Manifest) -> dict[str, Any]:
    reasons = (parent.certificate or {}).get("reasons") or []
    return certificate(verdict_of(parent.certificate), reasons=reasons)


def _of_comparison(compared: Comparison) -> dict[str, Any]:
    found = sum(keys.num_rows for keys in compared.missing)
    rows = f"{found:,} rows" if found > 1 else "1 row"
    return certificate(
        Verdict.UNCERTIFIED if compared.doubts else Verdict.EXACT,
        reasons=compared.doubts,
        notes=[f"{rows} stamped long before the last change were found by comparing counts"] if found else [],
        requests=compared.requests,
        rows_moved=compared.ids_moved,
    )


def _recounted(scan: Scan, compared: Comparison, rows: int) -> dict[str, Any]:
    """Return what the server's count says of the rows that are here after everything was fetched."""
    counted = compared.counted
    if counted is None or counted == rows:
        return certificate()
    after = count(scan)
    text = f"the server counted {counted:,} rows before and {after:,} after; {rows:,} are here"
    is_complete = rows >= min(counted, after)
    return certificate(
        Verdict.AT_LEAST_ONCE if is_complete else Verdict.UNCERTIFIED, reasons=[text], requests=1
    )


def _without(change: Change, gone: pa.Array, coming: pa.Table) -> Change:
    """Return the change with rows dropped that are gone, be they here or among those that come."""
    has_come = pc.is_in(gone, value_set=coming[KEY].combine_chunks())
    drop = pc.unique(pa.concat_arrays([change.drop, gone.filter(pc.invert(has_come))]))
    return replace(change, drop=drop, skip=pa.concat_arrays([change.skip, gone.filter(has_come)]))


def _with(change: Change, found: Staged, base: Stored) -> Change:
    """Return the change with more rows that come."""
    skip, drop = unchanged(base, found, base.schema.names)
    return Change(
        Staged([*change.come.chunks, *found.chunks]),
        drop=pc.unique(pa.concat_arrays([change.drop, drop])),
        skip=pa.concat_arrays([change.skip, skip]),
    )


def _less(keys: pa.Table, ids: pa.Array) -> pa.Table:
    return keys.filter(pc.invert(pc.is_in(keys[KEY], value_set=ids)))


def _counts(base: Stored, change: Change) -> dict[str, int]:
    """Return the rows of the new version, and how many were added, changed and removed."""
    coming = _less(change.come.keys(), change.skip)[KEY].combine_chunks()
    changed = int(pc.sum(pc.is_in(change.drop, value_set=coming)).as_py() or 0)
    removed, added = len(change.drop) - changed, len(coming) - changed
    rows = base.manifest.rows + added - removed
    return {"rows": rows, "added": added, "changed": changed, "removed": removed}


def _check(
    scan: Scan, store: DatasetStore, options: WriteOptions, parent: Manifest, *, is_same: bool
) -> None:
    """Refuse a query whose rows cannot be put together with those of the parent."""
    origin = origin_of(scan)
    said, cure = (
        f"version {parent.version} of {store.url!r}",
        "write elsewhere, or anew with mode='overwrite'",
    )
    if options.partitions and options.partitions != parent.partitions:
        raise ConfigError(
            f"partition_by={_named(options.partitions)}, and {said} is partitioned by {_named(parent.partitions)}. "
            "Leave it out, or write the dataset anew with mode='overwrite'"
        )
    if not parent.ordered:
        raise ConfigError(f"{said} has rows in an order of their own, so nothing can be added; {cure}")
    if any(parent.origin[name] != origin[name] for name in ("url", "resource")):
        raise ConfigError(
            f"{said} came from {parent.origin['resource']} of {parent.origin['url']}, and this query asks "
            f"{origin['resource']} of {origin['url']}; {cure}"
        )
    columns = columns_asked(scan)
    if columns is not None and set(columns) != {one["name"] for one in parent.schema["fields"]}:
        raise ConfigError(f"{said} has other columns than {list(columns)}; {cure}")
    if options.mode != "sync":
        return
    if origin["question"] is None:
        raise ConfigError(
            f"the query {origin['expression']!r} cannot be stored, so a sync cannot tell whether it is the same one; "
            "write it as a query string"
        )
    if not (parent.whole and is_same):
        other = parent.origin["expression"] if parent.whole else "several queries"
        raise ConfigError(
            f"{said} holds the answer to {other!r}, and this query is {origin['expression']!r}: a sync would "
            f"take the rows of one for those of the other; {cure}"
        )


def _named(partitions: tuple[Partition, ...]) -> list[str]:
    return [str(part) for part in partitions]
