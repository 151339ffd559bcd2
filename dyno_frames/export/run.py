"""One run of an export, from what is there to the next version: fetch, compare, write, commit."""

from __future__ import annotations

from dataclasses import replace

from dyno_frames.contract.resources import UPDATED
from dyno_frames.errors import SchemaError
from dyno_frames.export import disk
from dyno_frames.export.build import begin, checked, file_format, manifest
from dyno_frames.export.certificates import certificate, combined
from dyno_frames.export.fetch import MAIN, fetch
from dyno_frames.export.grow import Done, grow
from dyno_frames.export.manifest import Manifest
from dyno_frames.export.merge import NO_CHANGE, together
from dyno_frames.export.options import WriteOptions
from dyno_frames.export.queries import is_a_set, lacks, schema_of, with_keys
from dyno_frames.export.sources import Staged
from dyno_frames.export.stage import Stage
from dyno_frames.export.store import DatasetStore, write_lock
from dyno_frames.scan.scan import Scan


def run(scan: Scan, store: DatasetStore, options: WriteOptions) -> Done:
    """Bring a dataset to its next version, or leave it at its last one if nothing has changed.

    Parameters
    ----------
    scan
        The query.
    store
        Where the dataset lives.
    options
        How it is written.

    Raises
    ------
    ConfigError
        Another run is writing there, the path is taken, or the dataset is not one of this query.
    SchemaError
        The columns have changed in a way that cannot be kept; or a file is damaged.
    """
    store.check()
    with write_lock(store):
        store.prepare()
        versions = store.versions()
        if options.mode == "overwrite" or not versions:
            made = _write_all(scan, store, options, versions[-1] if versions else None)
        else:
            made = grow(scan, store, options, store.manifest(versions[-1]))
        disk.remove(store.work)
        return made


def _write_all(scan: Scan, store: DatasetStore, options: WriteOptions, parent: int | None) -> Done:
    """Write a version from nothing but the server's answer."""
    stage = Stage(store.work)
    known = None if parent is None else (parent, _written(store, parent))
    begin(stage, scan, replace(options, mode="overwrite"), known)
    fetched, moved = fetch(with_keys(scan), stage, options.partitions)
    if lacks(scan, UPDATED):
        note = "the server sends rows without 'updated', so this dataset cannot be synced"
        fetched = combined(fetched, certificate(notes=[note]))
    checked(stage, scan, fetched)
    form = file_format(schema_of(scan), scan, options, fetched)
    written = together(Staged(stage.chunks(MAIN)), NO_CHANGE, form, stage.folder)
    made = manifest(scan, options, form, written, parent=parent)
    made = replace(
        made,
        counts={"rows": made.rows, "added": made.rows, "changed": 0, "removed": 0, "moved": moved},
        watermark=stage.run["watermark"],
        whole=is_a_set(scan),
    )
    store.publish(made, written.fresh)
    return made, made.counts


def _written(store: DatasetStore, version: int) -> str | None:
    """Return when a version was written; None if its manifest is damaged, which is no obstacle to a new one."""
    try:
        found: Manifest = store.manifest(version)
    except SchemaError:
        return None
    return found.written
