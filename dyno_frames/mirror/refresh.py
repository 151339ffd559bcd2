"""Bring a mirror up to date: one refresher at a time, few requests, and a record of what was proved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from filelock import FileLock, Timeout

from dyno_frames.client.binding import bind
from dyno_frames.client.connection import Connection
from dyno_frames.contract.resources import CREATED, UPDATED, Resource
from dyno_frames.errors import ConfigError, ContractError, SchemaError, StaleError
from dyno_frames.export.grow import Done
from dyno_frames.export.local import LocalStore
from dyno_frames.export.manifest import schema_from_json
from dyno_frames.export.options import Delta, WriteOptions
from dyno_frames.export.queries import lacks
from dyno_frames.export.run import run
from dyno_frames.export.store import write_lock
from dyno_frames.mirror.columns import VersionFiles
from dyno_frames.mirror.probe import has_stored_changes, is_unchanged, past_instant
from dyno_frames.mirror.record import LOCK, Check, Deletes, Identity, Record, unwritable, without_record
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.query import Scope
from dyno_frames.scan.certificate import Completeness
from dyno_frames.scan.scan import Scan

ROWS_PER_FILE = 131_072
"""One row group: a refresh writes only the files with changed rows."""

VERSIONS_KEPT = 20

ROUNDS = 3
"""How many times a refresh reads the changes if the account changes meanwhile."""

PROOF_S = 3_600
"""After this many seconds, a refresh compares ids or windows of rows although two requests show no change."""

WAIT_S = 600.0
"""How long to wait for another process that refreshes the mirror."""


_CHANGED = "rows changed while the mirror was refreshed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """Refreshes one mirror.

    Parameters
    ----------
    connection, resource
        Where the rows come from.
    store
        The mirror's dataset.
    identity
        Whose rows they are.
    lag_s
        How long before the watermark changes are read again.
    """

    connection: Connection
    resource: Resource
    store: LocalStore
    identity: Identity
    lag_s: float

    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self.connection.settings.clock()

    @property
    def record(self) -> Record:
        """The record of the mirror; one without checks if nothing was fetched yet.

        Raises
        ------
        ConfigError
            The mirror holds other rows.
        SchemaError
            The record is damaged or missing.
        """
        found = Record.read(self.store.path, self.store.home)
        if found is not None:
            self.identity.check(found.identity, self.store.path)
        elif self.store.versions():
            raise without_record(self.store.path, self.store.home)
        return found or Record(self.identity)

    def open(self, version: int) -> VersionFiles:
        """Return the files of a version, with the dtypes of this connection.

        Raises
        ------
        SchemaError
            Its manifest is missing or damaged.
        """
        try:
            manifest = self.store.manifest(version)
        except SchemaError as error:
            raise SchemaError(
                f"the manifest of version {version} of the mirror {self.store.url!r} is missing or damaged. "
                "mirror.refresh(full=True) fetches every row again"
            ) from error
        backend = self.connection.settings.dtype_backend
        schema = replace(schema_from_json(manifest.schema), dtype_backend=backend)
        return VersionFiles(self.store, manifest, schema, schema.empty())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock of the mirror, waiting for another process that has it.

        Raises
        ------
        StaleError
            It still has the lock after ten minutes.
        ConfigError
            The folder cannot be written, or the disk is full.
        """
        try:
            self.store.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(self.store.home / LOCK, mode=0o600).acquire(timeout=WAIT_S):
                yield
        except Timeout:
            raise StaleError(
                f"another process has been refreshing the mirror {self.store.url!r} for ten minutes. Wait for it, or "
                "end it",
                age_s=None,
            ) from None
        except OSError as error:
            raise unwritable(self.store.path, error) from error

    def run(self, *, full: bool = False, prove: bool = False) -> Check:
        """Fetch what changed, find deleted rows, commit a version and record it. Hold the lock meanwhile.

        Parameters
        ----------
        full
            Whether to fetch every row.
        prove
            Whether to compare ids or windows of rows even if two requests show no change.
        """
        with write_lock(self.store):
            self.store.prepare()
        self.record.write(self.store.home)
        try:
            return self._run(self._scan(), full=full, prove=prove)
        except ContractError:  # perhaps rows with a new field
            self.connection.schemas.forget(self.resource)
            return self._run(self._scan(), full=full, prove=prove)
        except SchemaError as error:
            raise SchemaError(
                f"the stored rows cannot be merged with new ones: {str(error).partition('. ')[0]}. "
                "mirror.refresh(full=True) fetches every row again"
            ) from error

    def _scan(self) -> Scan:
        """Return the scan of all rows, with what its filters by time mean known."""
        times = f"{UPDATED} >= 1 and {CREATED} >= 1 and {CREATED} < 2"
        bind(self.connection, self.resource, times, QueryOptions(), Scope())
        scan = bind(self.connection, self.resource, None, QueryOptions(), Scope())
        missing = [name for name in (CREATED, UPDATED) if lacks(scan, name)]
        if missing:
            raise ConfigError(
                f"the server sends {self.resource.name} without {' and '.join(missing)}, which a mirror needs to find "
                "changed rows. Export them instead: client.….scan().to_parquet(…)"
            )
        return scan

    def _run(self, scan: Scan, *, full: bool, prove: bool) -> Check:
        record, versions = self.record, self.store.versions()
        known = None if full else record.newest
        spent = _Costs()
        if (
            known is not None
            and versions[-1:] == [known.version]
            and not self._must_prove(known, prove=prove)
        ):
            same, check = self._probed(scan, known)
            if same:
                return self._commit(record, check)
            spent = spent.plus(_Costs(check.requests, check.rows_moved))
        if versions and not full:
            mark = known.watermark if known else self.store.manifest(versions[-1]).watermark
        else:
            done = run(scan, self.store, WriteOptions(max_rows_per_file=ROWS_PER_FILE))
            spent, mark = spent.plus(_Costs.of(done)), done.watermark
        proved, rounds = known.proved if known else None, 0
        while True:
            rounds += 1
            past, *costs = past_instant(scan)
            spent = spent.plus(_Costs(*costs))
            began = self.now()
            delta = Delta(self._since(mark))
            options = WriteOptions(mode="sync", max_rows_per_file=ROWS_PER_FILE, delta=delta)
            done = run(scan, self.store, options)
            spent = spent.plus(_Costs.of(done))
            mark = max((at for at in (mark, done.watermark) if at is not None), default=None)
            known = replace(
                self._check(done, began, proved=proved),
                watermark=mark,
                requests=spent.requests,
                rows_moved=spent.rows_moved,
            )
            if known.verdict is Completeness.EXACT:
                return self._commit(record, self._confirmed(scan, known, past, proved=proved))
            if rounds == ROUNDS:
                return self._commit(record, known)

    def _confirmed(self, scan: Scan, check: Check, past: int | None, *, proved: float | None) -> Check:
        """Return the check of a refresh, no longer exact if rows changed while they were fetched and compared.

        The version is then not that of one moment, and a row that was inserted meanwhile can hide a deleted one from
        the counts.
        """
        mark = check.watermark
        since = mark + 1 if mark is not None and mark == past else mark
        same, requests, moved = has_stored_changes(scan, self.open(check.version), since)
        spent = replace(check, requests=check.requests + requests, rows_moved=check.rows_moved + moved)
        if same:
            return spent
        return replace(
            spent,
            verdict=Completeness.AT_LEAST_ONCE,
            deletes=Deletes.ASSUMED,
            proved=proved,
            reasons=(*check.reasons, _CHANGED),
        )

    def _since(self, watermark: int | None) -> int | None:
        return None if watermark is None else watermark - int(self.lag_s)

    def _must_prove(self, known: Check | None, *, prove: bool) -> bool:
        return prove or known is None or known.proved is None or abs(self.now() - known.proved) > PROOF_S

    def _probed(self, scan: Scan, known: Check) -> tuple[bool, Check]:
        """Tell whether nothing has changed, and return the check as of now with the costs of finding out."""
        began, since = self.now(), self._since(known.watermark)
        if since is None or known.verdict is not Completeness.EXACT:
            return False, replace(known, requests=0, rows_moved=0)
        same, requests, moved = is_unchanged(scan, self.open(known.version), since)
        check = replace(known, as_of=began, deletes=Deletes.ASSUMED, lag_s=self.lag_s)
        return same, replace(check, requests=requests, rows_moved=moved)

    def _check(self, done: Done, began: float, *, proved: float | None) -> Check:
        verdict = Completeness(done.certificate["verdict"])
        deletes = Deletes.PROVED if verdict is Completeness.EXACT else Deletes.UNKNOWN
        return Check(
            version=done.manifest.version,
            as_of=began,
            verdict=verdict,
            deletes=deletes,
            reasons=tuple(done.certificate["reasons"]),
            proved=began if deletes is Deletes.PROVED else proved,
            lag_s=self.lag_s,
        )

    def _commit(self, record: Record, check: Check) -> Check:
        """Record the check, after which the version counts, remove old versions, and return the check."""
        check, versions = replace(check, until=self.now()), self.store.versions()
        record.with_check(check, keep=versions[-VERSIONS_KEPT:]).write(self.store.home)
        if len(versions) > VERSIONS_KEPT:
            with write_lock(self.store):
                self.store.remove(versions[:-VERSIONS_KEPT])
        return check


class _Costs(NamedTuple):
    """The numbers of requests and of rows that were moved."""

    requests: int = 0
    rows_moved: int = 0

    @classmethod
    def of(cls, done: Done) -> Self:
        return cls(int(done.certificate["requests"]), int(done.certificate["rows_moved"]))

    def plus(self, other: _Costs) -> _Costs:
        return _Costs(self.requests + other.requests, self.rows_moved + other.rows_moved)
