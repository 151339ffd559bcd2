"""Append rows to a dataset, or sync it: fetch changed rows, and compare the stored rows with those of the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import ID_FIELD, UPDATED
from dyno_frames.errors import ConfigError
from dyno_frames.export.build import (
    begin,
    file_format,
    manifest,
    not_later_than_now,
    query_of,
    raise_if_uncertified,
)
from dyno_frames.export.certificates import UNCOUNTED, certificate, combined, is_news, verdict_of
from dyno_frames.export.compare import Comparison, compare
from dyno_frames.export.evolve import evolved
from dyno_frames.export.fetch import FOUND, MAIN, fetch, fetch_missing
from dyno_frames.export.manifest import Manifest, schema_from_json
from dyno_frames.export.merge import Change, together, unchanged
from dyno_frames.export.options import WriteOptions
from dyno_frames.export.partitions import Partition
from dyno_frames.export.queries import (
    changed_since,
    count,
    origin_of,
    schema_of,
    with_schema,
)
from dyno_frames.export.sources import Staged, Stored
from dyno_frames.export.stage import Stage
from dyno_frames.export.store import DatasetStore
from dyno_frames.scan.certificate import Completeness
from dyno_frames.scan.scan import Scan

OVERLAP_S = 300
"""Changes are fetched from this many seconds before the watermark: a server may show a change after its timestamp."""

_BY_COUNTS = "were found by comparing counts"
"""The end of a note that concerns one run only."""


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of a run.

    Parameters
    ----------
    manifest
        The newest version.
    counts
        The counts of this run: rows, added, changed, removed, moved.
    certificate
        How complete the rows are that this run fetched and compared.
    watermark
        The latest ``updated`` that the server had when this run began, as far as it is known.
    """

    manifest: Manifest
    counts: Mapping[str, int]
    certificate: Mapping[str, Any] = field(default_factory=dict)
    watermark: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growth:
    """The change in the next version, its certificate, and the number of rows and ids that were fetched."""

    change: Change
    certificate: dict[str, Any]
    moved: int
    own: Mapping[str, Any] = field(default_factory=dict)
    is_one_page: bool = False


def grow(scan: Scan, store: DatasetStore, options: WriteOptions, parent: Manifest) -> Done:
    """Write the next version from its parent and the changes since; return the parent if nothing changed."""
    store.check_newest(parent)
    is_same = query_of(parent.origin) == query_of(origin_of(scan))
    _check(scan, store, options, parent, is_same=is_same)
    old = schema_from_json(parent.schema)
    schema = evolved(old, schema_of(scan), version=parent.version)
    scan, options = with_schema(scan, schema), replace(options, partitions=parent.partitions)
    stage, base = Stage(store.work), Stored(store, parent, schema)
    begin(stage, scan, options, (parent.version, parent.written))
    found = _synced(scan, stage, base, options) if options.mode == "sync" else _appended(scan, stage, base)
    watermark = stage.run["watermark"]
    if options.delta:
        watermark = _seen(stage, scan, is_one_page=found.is_one_page)
    raise_if_uncertified(stage, scan, found.certificate)
    counts = _counts(base, found.change) | {"moved": found.moved}
    has_changed = any((counts["added"], counts["changed"], counts["removed"])) or schema.fields != old.fields
    if not has_changed and not is_news(found.certificate, parent.certificate):
        return Done(parent, counts, found.own, watermark)
    proof = found.certificate | {"rows_returned": counts["rows"]}
    form = file_format(schema, scan, options, proof, is_plain=store.is_plain)
    written = together(base, found.change, form, stage.folder)
    whole = parent.whole and is_same
    made = replace(
        manifest(
            scan,
            options,
            form,
            written,
            version=store.next_version(parent.version),
            parent=parent.version,
        ),
        counts=counts,
        watermark=watermark if whole else None,
        whole=whole,
    )
    made = store.publish(made, written.fresh)
    return Done(made, made.counts, found.own, watermark)


def _seen(stage: Stage, scan: Scan, *, is_one_page: bool) -> int | None:
    """Return the latest ``updated`` that the server had when the first page was read, as far as the rows tell.

    Rows of one page are as of one instant. Of more pages, only the first rows count: a row that changed after its
    page was read has a later time than they have.
    """
    chunks = stage.chunks(MAIN)
    newest = [
        int(pc.max(rows[UPDATED]).value)
        for chunk in chunks
        for key in chunk.groups
        for rows in chunk.tables(key)
    ]
    seen = max(newest, default=None) if is_one_page else stage.run.get("first_updated")
    return None if seen is None else not_later_than_now(seen, scan.session)


def _appended(scan: Scan, stage: Stage, base: Stored) -> _Growth:
    """Fetch every row of the query; a fetched row replaces the stored row with its id."""
    fetched, moved = fetch(scan, stage, base.manifest.partitions)
    incoming = Staged(stage.chunks(MAIN))
    unchanged_ids, replaced_ids = unchanged(base, incoming, base.schema.names)
    whole = (
        combined(fetched, _of_parent(base.manifest)) | UNCOUNTED
    )  # only the rows of this query were counted
    return _Growth(change=Change(incoming, replaced_ids, unchanged_ids), certificate=whole, moved=moved)


def _synced(scan: Scan, stage: Stage, base: Stored, options: WriteOptions) -> _Growth:
    """Fetch the rows that have changed since the watermark, then compare all rows with the server's.

    Rows that the server no longer has are removed. Rows that are missing, because their ``updated`` is long before the
    watermark, are fetched. If the server still counts more rows than the dataset has, the certificate is uncertified.
    """
    parent, mark = base.manifest, base.manifest.watermark
    since = options.delta.since if options.delta else None if mark is None else mark - OVERLAP_S
    asked = scan if since is None else changed_since(scan, since)
    fetched, moved = fetch(asked, stage, parent.partitions)
    incoming = Staged(stage.chunks(MAIN))
    unchanged_ids, replaced_ids = unchanged(base, incoming, base.schema.names)
    new_keys = _less(incoming.keys(), unchanged_ids)
    by_ids = not verdict_of(parent.certificate).has_all_rows  # counts did not suffice before
    change = Change(incoming, replaced_ids, unchanged_ids)
    is_small = options.delta is not None and _counts(base, change)["rows"] <= scan.plan.page_size
    stored_keys = (_less(keys, replaced_ids) for keys in base.each_keys())
    compared = compare(scan, [*stored_keys, new_keys], by_ids=by_ids or is_small)
    pa.default_memory_pool().release_unused()
    change = _without(change, compared.gone, new_keys)
    found = certificate()
    if compared.missing:
        found = fetch_missing(scan, compared.missing, stage, parent.partitions)
        change = _with(change, Staged(stage.chunks(FOUND)), base)
    rows = _counts(base, change)["rows"]
    own = combined(fetched, _of_comparison(compared), found, _recounted(scan, compared, rows))
    whole = combined(own, certificate(notes=_notes(parent)) if by_ids else _of_parent(parent))
    whole |= UNCOUNTED | {"count_before": compared.counted}  # of all rows, not only of the changed ones
    return _Growth(
        change=change,
        certificate=whole,
        moved=moved + compared.ids_moved + int(found["rows_moved"]),
        own=own,
        is_one_page=fetched["rows_moved"] <= fetched["page_cap"],
    )


def _of_parent(parent: Manifest) -> dict[str, Any]:
    reasons = (parent.certificate or {}).get("reasons") or []
    return certificate(verdict_of(parent.certificate), reasons=reasons, notes=_notes(parent))


def _notes(parent: Manifest) -> list[str]:
    """Return the notes of the parent that still apply: its rows are in the next version too."""
    notes = (parent.certificate or {}).get("notes") or []
    return [note for note in notes if not note.endswith(_BY_COUNTS)]


def _of_comparison(compared: Comparison) -> dict[str, Any]:
    found = sum(keys.num_rows for keys in compared.missing)
    rows = f"{found:,} rows" if found > 1 else "1 row"
    return certificate(
        Completeness.UNCERTIFIED if compared.doubts else Completeness.EXACT,
        reasons=compared.doubts,
        notes=[f"{rows} updated long before the last change {_BY_COUNTS}"] if found else [],
        requests=compared.requests,
        rows_moved=compared.ids_moved,
    )


def _recounted(scan: Scan, compared: Comparison, rows: int) -> dict[str, Any]:
    """Return the certificate from comparing the number of rows with the server's count after everything was fetched."""
    counted = compared.counted
    if counted is None or counted == rows:
        return certificate()
    after = count(scan)
    text = f"the server counted {counted:,} rows before and {after:,} after; the dataset has {rows:,}"
    is_complete = rows >= min(counted, after)
    return certificate(
        Completeness.AT_LEAST_ONCE if is_complete else Completeness.UNCERTIFIED, reasons=[text], requests=1
    )


def _without(change: Change, gone: pa.Array, new_keys: pa.Table) -> Change:
    """Return the change without the rows that the server no longer has, whether stored or incoming."""
    is_new = pc.is_in(gone, value_set=new_keys[ID_FIELD].combine_chunks())
    removed_ids = pc.unique(pa.concat_arrays([change.removed_ids, gone.filter(pc.invert(is_new))]))
    unchanged_ids = pa.concat_arrays([change.unchanged_ids, gone.filter(is_new)])
    return replace(change, removed_ids=removed_ids, unchanged_ids=unchanged_ids)


def _with(change: Change, found: Staged, base: Stored) -> Change:
    """Return the change with more incoming rows."""
    unchanged_ids, replaced_ids = unchanged(base, found, base.schema.names)
    return Change(
        Staged([*change.incoming.chunks, *found.chunks]),
        removed_ids=pc.unique(pa.concat_arrays([change.removed_ids, replaced_ids])),
        unchanged_ids=pa.concat_arrays([change.unchanged_ids, unchanged_ids]),
    )


def _less(keys: pa.Table, ids: pa.Array) -> pa.Table:
    return keys.filter(pc.invert(pc.is_in(keys[ID_FIELD], value_set=ids)))


def _counts(base: Stored, change: Change) -> dict[str, int]:
    """Return the number of rows of the new version, and how many were added, changed and removed."""
    new_ids = _less(change.incoming.keys(), change.unchanged_ids)[ID_FIELD].combine_chunks()
    changed = int(pc.sum(pc.is_in(change.removed_ids, value_set=new_ids)).as_py() or 0)
    removed, added = len(change.removed_ids) - changed, len(new_ids) - changed
    rows = base.manifest.rows + added - removed
    return {"rows": rows, "added": added, "changed": changed, "removed": removed}


def _check(
    scan: Scan, store: DatasetStore, options: WriteOptions, parent: Manifest, *, is_same: bool
) -> None:
    """Raise if the rows of the query cannot be merged with those of the parent."""
    origin = origin_of(scan)
    said = f"version {parent.version} of {store.url!r}"
    cure = "write to another path, or replace the dataset with mode='overwrite'"
    if options.partitions and options.partitions != parent.partitions:
        raise ConfigError(
            f"partition_by={_named(options.partitions)}, and {said} is partitioned by {_named(parent.partitions)}. "
            "Leave it out, or replace the dataset with mode='overwrite'"
        )
    if not parent.ordered:
        raise ConfigError(
            f"{said} is in the order or has the limit of its query, so no rows can be added; {cure}"
        )
    if any(parent.origin[name] != origin[name] for name in ("url", "resource")):
        raise ConfigError(
            f"{said} came from {parent.origin['resource']} of {parent.origin['url']}, and this query reads "
            f"{origin['resource']} of {origin['url']}; {cure}"
        )
    columns = scan.options.columns
    if columns is not None and set(columns) != {one["name"] for one in parent.schema["fields"]}:
        raise ConfigError(f"{said} has other columns than {list(columns)}; {cure}")
    if options.mode != "sync":
        return
    if origin["query"] is None:
        raise ConfigError(
            f"the query {origin['expression']!r} cannot be stored, so a sync cannot tell whether it is the same one; "
            "write the query as a string"
        )
    if not (parent.whole and is_same):
        other = parent.origin["expression"] if parent.whole else "several queries"
        raise ConfigError(
            f"{said} holds the answer to {other!r}, and this query is {origin['expression']!r}: a sync would "
            f"remove the rows that only the first query returns; {cure}"
        )


def _named(partitions: tuple[Partition, ...]) -> list[str]:
    return [str(part) for part in partitions]
