"""One run of an export, from what is there to the next version: fetch, compare, write, commit."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from dyno_frames.contract.resources import KEY, UPDATED
from dyno_frames.errors import ConfigError
from dyno_frames.export import disk
from dyno_frames.export.compare import Swept, sweep
from dyno_frames.export.evolve import evolved
from dyno_frames.export.fetch import certified, fetch
from dyno_frames.export.files import FileFormat
from dyno_frames.export.manifest import Manifest, schema_from_json, schema_to_json
from dyno_frames.export.merge import Change, Written, together, unchanged
from dyno_frames.export.options import WriteOptions, is_a_set
from dyno_frames.export.queries import fetching, from_instant, newest_change, under, unlimited
from dyno_frames.export.sources import Staged, Stored
from dyno_frames.export.stage import Stage
from dyno_frames.export.store import DatasetStore, write_lock
from dyno_frames.export.stores import check_free
from dyno_frames.frames.schema import Schema
from dyno_frames.scan.scan import Scan

OVERLAP_S = 300
"""Changes are asked for from so many seconds before the watermark: a server may be late to show what it stamped."""

Done: TypeAlias = tuple[Manifest, Mapping[str, int]]
"""The newest version, and what this run has counted."""

NOTHING = pa.array([], pa.large_string())


def run(scan: Scan, store: DatasetStore, options: WriteOptions) -> Done:
    """Bring a dataset to its next version, or leave it at its last one where nothing has changed.

    Parameters
    ----------
    scan
        The question.
    store
        Where the dataset lives.
    options
        How it is written.

    Raises
    ------
    ConfigError
        Another run is writing there, the path is taken, or the dataset is not one of this question.
    SchemaError
        The columns have changed in a way that cannot be held; or a file is damaged.
    """
    check_free(store)
    with write_lock(store):
        store.prepare()
        versions = store.versions()
        parent = store.manifest(versions[-1]) if versions else None
        if options.mode == "overwrite" or parent is None:
            made = _Full(scan, store, options, parent).run()
        else:
            made = _Growing(scan, store, options, parent).run()
        disk.remove(store.work)
        return made


@dataclass(frozen=True, slots=True)
class _Full:
    """A version made from nothing but the server's answer."""

    scan: Scan
    store: DatasetStore
    options: WriteOptions
    parent: Manifest | None

    def run(self) -> Done:
        scan, stage, whole = fetching(self.scan), Stage(self.store.work), is_a_set(self.scan)
        begin(stage, self.scan, replace(self.options, mode="overwrite"), self.parent)
        certificate, moved = fetch(scan, stage, "main", self.options.partitions)
        base = Staged(stage.chunks("main"))
        form = _form(_schema(self.scan), self.scan, self.options, certificate)
        written = together(base, Change(Staged([]), NOTHING, NOTHING), form, stage.folder)
        rows = sum(one.rows for one in written.files)
        made = _manifest(self.scan, self.options, form, written, self.parent)
        made = replace(
            made,
            counts={"rows": rows, "added": rows, "changed": 0, "removed": 0, "moved": moved},
            watermark=stage.run["watermark"],
            whole=whole,
        )
        self.store.publish(made, written.fresh)
        return made, made.counts


@dataclass(frozen=True, slots=True)
class _Growing:
    """A version made from its parent and what has changed since."""

    scan: Scan
    store: DatasetStore
    options: WriteOptions
    parent: Manifest

    def run(self) -> Done:
        same_question = question_of(self.parent.origin) == question_of(asdict(self.scan.origin))
        self._check(same_question=same_question)
        old = schema_from_json(self.parent.schema)
        schema = evolved(old, _schema(self.scan), version=self.parent.version)
        scan = under(self.scan, schema) if self.scan.plan.shape.columns is None else self.scan
        options = replace(self.options, partitions=self._partitions())
        stage, base = Stage(self.store.work), Stored(self.store, self.parent, schema)
        begin(stage, scan, options, self.parent)
        change, certificate, moved = self._change(scan, stage, base, options)
        counts = _counts(base, change) | {"moved": moved}
        if not any((counts["added"], counts["changed"], counts["removed"])) and schema.fields == old.fields:
            return self.parent, counts
        before = {name: (self.parent.certificate or {}).get(name) for name in ("verdict", "reasons")}
        form = _form(schema, scan, options, certified(certificate, before))
        written = together(base, change, form, stage.folder)
        whole = self.parent.whole and same_question
        made = replace(
            _manifest(scan, options, form, written, self.parent),
            counts=counts,
            watermark=stage.run["watermark"] if whole else None,
            whole=whole,
        )
        self.store.publish(made, written.fresh)
        return made, made.counts

    def _change(
        self, scan: Scan, stage: Stage, base: Stored, options: WriteOptions
    ) -> tuple[Change, dict[str, Any], int]:
        """Fetch what comes; for a sync that is what has changed since the watermark, and then what is gone."""
        mark = self.parent.watermark if options.mode == "sync" else None
        asked = scan if mark is None else from_instant(scan, UPDATED, {"ge": mark - OVERLAP_S})
        certificate, moved = fetch(asked, stage, "main", options.partitions)
        come = Staged(stage.chunks("main"))
        skip, drop = unchanged(base, come, base.schema.names)
        if options.mode == "append":
            return Change(come, drop, skip), certificate, moved
        coming = _less(come.keys(), skip)
        rows = self.parent.rows - len(drop) + coming.num_rows
        swept = sweep(scan, [*(_less(keys, drop) for keys in base.each_keys()), coming])
        pa.default_memory_pool().release_unused()
        comes = pc.is_in(swept.gone, value_set=coming[KEY].combine_chunks())
        new = pc.and_(comes, pc.invert(pc.is_in(swept.gone, value_set=drop)))
        drop = pc.unique(pa.concat_arrays([drop, swept.gone.filter(pc.invert(new))]))
        skip = pa.concat_arrays([skip, swept.gone.filter(comes)])
        rows -= len(swept.gone)
        cost = {"verdict": "exact", "requests": swept.requests, "rows_moved": swept.ids_moved}
        certificate = certified(certificate, cost, why=_doubts(swept, rows))
        return Change(come, drop, skip), certificate, moved + swept.ids_moved

    def _partitions(self) -> Any:
        given = self.options.partitions
        if given and given != self.parent.partitions:
            raise ConfigError(
                f"partition_by={[str(part) for part in given]}, and version {self.parent.version} of "
                f"{self.store.url!r} is parted by {[str(part) for part in self.parent.partitions]}; leave it out, or "
                "write the dataset anew with mode='overwrite'"
            )
        return self.parent.partitions

    def _check(self, *, same_question: bool) -> None:
        parent, origin = self.parent, self.scan.origin
        said = f"version {parent.version} of {self.store.url!r}"
        cure = "write elsewhere, or anew with mode='overwrite'"
        if not parent.ordered:
            raise ConfigError(f"{said} has rows in an order of their own, so nothing can be added; {cure}")
        for name in ("url", "resource"):
            if parent.origin[name] != getattr(origin, name):
                raise ConfigError(
                    f"{said} came from {parent.origin['resource']} of {parent.origin['url']}, and this question asks "
                    f"{origin.resource} of {origin.url}; {cure}"
                )
        if self.options.mode == "sync" and origin.question is None:
            raise ConfigError(
                f"the question {origin.expression!r} cannot be remembered, so nobody can tell whether it is the same; "
                "ask it as a query string"
            )
        if self.options.mode == "sync" and not (parent.whole and same_question):
            other = parent.origin["expression"] if parent.whole else "several questions"
            raise ConfigError(
                f"{said} holds the answer to {other!r}, and this question is {origin.expression!r}: a sync would "
                f"take the rows of one for those of the other; {cure}"
            )
        columns = self.scan.plan.shape.columns
        if columns is not None and set(columns) != {one["name"] for one in parent.schema["fields"]}:
            raise ConfigError(f"{said} has other columns than {list(columns)}; {cure}")


def begin(stage: Stage, scan: Scan, options: WriteOptions, parent: Manifest | None) -> None:
    """Begin a run, or go on with one of the same question, from the same version, that did not end."""
    same = None
    if is_a_set(scan) and scan.origin.question is not None:
        looks = {
            "question": question_of(asdict(scan.origin)),
            "columns": [[one.name, str(one.kind)] for one in scan.schema.fields],
            "partitions": [str(part) for part in options.partitions],
            "mode": options.mode,
            "parent": None if parent is None else [parent.version, parent.written],
        }
        same = json.dumps(looks, sort_keys=True)
    if not stage.resume(same):
        stage.begin(same, watermark=newest_change(unlimited(scan)) if is_a_set(scan) else None)


def question_of(origin: Mapping[str, Any]) -> str:
    """Return what makes two questions the same, as text: all but the connection's name."""
    return json.dumps({name: origin[name] for name in sorted(origin) if name != "client"}, sort_keys=True)


def _schema(scan: Scan) -> Schema:
    return scan.schema.select(scan.plan.shape.columns or scan.schema.names)


def _less(keys: pa.Table, ids: pa.Array) -> pa.Table:
    return keys.filter(pc.invert(pc.is_in(keys[KEY], value_set=ids)))


def _doubts(swept: Swept, rows: int) -> tuple[str, ...]:
    """Return why a synced dataset may hold other rows than the server's answer had at one instant."""
    if swept.counted is None or swept.counted == rows + len(swept.doubts):
        return swept.doubts
    counted = f"the server counted {swept.counted:,} rows while it was swept, and {rows:,} are here"
    return (*swept.doubts, counted)


def _counts(base: Stored, change: Change) -> dict[str, int]:
    """Return the rows of the new version, and how many were added, changed and removed."""
    coming = _less(change.come.keys(), change.skip)[KEY].combine_chunks()
    changed = int(pc.sum(pc.is_in(change.drop, value_set=coming)).as_py() or 0)
    removed, added = len(change.drop) - changed, len(coming) - changed
    rows = base.manifest.rows + added - removed
    return {"rows": rows, "added": added, "changed": changed, "removed": removed}


def _form(schema: Schema, scan: Scan, options: WriteOptions, certificate: Mapping[str, Any]) -> FileFormat:
    shape = scan.plan.shape
    return FileFormat(
        schema=schema,
        partitions=options.partitions,
        max_rows_per_file=options.max_rows_per_file,
        compression=options.compression,
        footer={
            "origin": json.loads(question_of(asdict(scan.origin))) | {"client": scan.origin.client},
            "certificate": dict(certificate),
            "schema": schema_to_json(schema),
        },
        ordered=not (shape.order_by or shape.limit is not None or shape.offset),
    )


def _manifest(
    scan: Scan, options: WriteOptions, form: FileFormat, written: Written, parent: Manifest | None
) -> Manifest:
    return Manifest(
        version=1 if parent is None else parent.version + 1,
        parent=None if parent is None else parent.version,
        mode=options.mode,
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        origin=form.footer["origin"],
        plan={
            "requests": list(scan.plan.requests),
            "exact": scan.plan.exact,
            "residual": scan.plan.residual,
        },
        profile=scan.context.profile.to_json(),
        schema=form.footer["schema"],
        partitions=options.partitions,
        max_rows_per_file=options.max_rows_per_file,
        compression=options.compression,
        files=written.files,
        ordered=form.ordered,
        certificate=form.footer["certificate"],
        libraries={
            "python": platform.python_version(),
            **{name: installed(name) for name in ("dyno_frames", "pandas", "pyarrow")},
        },
    )
