"""Run an export from the newest version to the next one: fetch, compare, write, commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dyno_frames.contract.resources import UPDATED
from dyno_frames.errors import SchemaError
from dyno_frames.export import disk
from dyno_frames.export.build import begin, file_format, manifest, raise_if_uncertified
from dyno_frames.export.certificates import certificate, combined
from dyno_frames.export.cluster import write_windows
from dyno_frames.export.fetch import MAIN, fetch
from dyno_frames.export.files import FileFormat
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
    """Write the next version of a dataset, or return the newest one if nothing changed.

    Raises
    ------
    ConfigError
        Another run is writing to the dataset, the path holds something else, or the dataset is not of this query.
    SchemaError
        The columns changed so that the dataset cannot hold both, or a file is damaged.
    ContractError
        The scan is strict and rows may be missing.
    """
    store.check()
    with write_lock(store):
        store.prepare()
        versions = store.versions()
        if options.mode == "overwrite" or not versions:
            store.check_partitions(options.partitions)
            made = _write_all(scan, store, options, versions[-1] if versions else None)
        else:
            made = grow(scan, store, options, store.manifest(versions[-1]))
        disk.remove(store.work)
        return made


def _write_all(scan: Scan, store: DatasetStore, options: WriteOptions, parent: int | None) -> Done:
    """Write a version from the server's answer alone."""
    stage = Stage(store.work)
    known = None if parent is None else (parent, _written(store, parent))
    if options.cluster is not None:
        options.cluster.check(scan, store.target)
    begin(stage, scan, replace(options, mode="overwrite"), known)
    form = file_format(schema_of(scan), scan, options, certificate(), is_plain=store.is_plain)
    if options.cluster is None:
        fetched, moved = fetch(with_keys(scan), stage, options.partitions)
        form = _certified(form, scan, fetched, stage)
        written = together(Staged(stage.chunks(MAIN)), NO_CHANGE, form, stage.folder)
    else:
        fetched, written = write_windows(scan, stage, form, store.target, options.cluster)
        form, moved = _certified(form, scan, fetched, stage), int(fetched["rows_moved"])
    version = store.next_version(parent)
    made = manifest(scan, options, form, written, version=version, parent=parent)
    made = replace(
        made,
        counts={"rows": made.rows, "added": made.rows, "changed": 0, "removed": 0, "moved": moved},
        watermark=stage.run["watermark"],
        whole=is_a_set(scan),
    )
    made = store.publish(made, written.fresh)
    return Done(made, made.counts, form.footer["certificate"], made.watermark)


def _certified(form: FileFormat, scan: Scan, fetched: Mapping[str, Any], stage: Stage) -> FileFormat:
    """Return the format with the certificate of the fetched rows.

    Raise ContractError if the scan is strict and rows may be missing.
    """
    if lacks(scan, UPDATED):
        note = "the server sends rows without 'updated', so this dataset cannot be synced"
        fetched = combined(fetched, certificate(notes=[note]))
    raise_if_uncertified(stage, scan, fetched)
    return form.certified(fetched)


def _written(store: DatasetStore, version: int) -> str | None:
    """Return when a version was written, or None if its manifest is damaged: it can still be overwritten."""
    try:
        found: Manifest = store.manifest(version)
    except SchemaError:
        return None
    return found.written
