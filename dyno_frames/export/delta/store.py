"""A dataset of versions as a Delta table, on a local disk or in an object store.

Each version is one commit. Its manifest is stored in the commit, and its files are those of a local dataset, so both
are written, synced and compared in the same way. The commit fails if another program committed first. All programs that
read Delta tables read the table, at any of its versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from dyno_frames.calibrate import cache
from dyno_frames.errors import ConfigError, DynoError, MissingExtraError, SchemaError
from dyno_frames.export import disk
from dyno_frames.export.delta import commits, objects
from dyno_frames.export.manifest import Manifest, StoredFile, unreadable
from dyno_frames.export.partitions import Partition
from dyno_frames.export.store import damaged, overtaken

try:
    from deltalake import CommitProperties, DeltaTable
    from deltalake.exceptions import CommitFailedError, TableNotFoundError
except ImportError:
    raise MissingExtraError.of("deltalake", "delta") from None

MANIFEST = "dyno_frames"
"""The key of a commit under which its manifest is stored."""

KEPT = "dyno_frames.kept"
"""The key of a commit under which the versions that it kept are stored."""

_MAINTENANCE = frozenset({"VACUUM START", "VACUUM END", "FSCK", "SET TBLPROPERTIES"})
"""Operations that change no row and no file of the newest version."""

_MOST_READS = 20
"""How often to read the commits again because there is a newer one."""

_ABANDONED_S = 7 * 86_400
"""Age of temporary files that vacuum removes: that of other files that no version has, in Delta tables."""

_ESCAPED = re.compile("%[0-9A-Fa-f]{2}")
"""An escaped character; deltalake decodes it in some places where it handles a local path, and not in others."""


@dataclass(slots=True)
class DeltaStore:
    """A Delta table with the versions of a dataset.

    Parameters
    ----------
    url
        Its path or URL.
    options
        The options of its object store, as in deltalake.
    """

    url: str
    options: dict[str, str] = field(default_factory=dict, repr=False)
    is_plain: bool = field(default=True, init=False)
    _read: tuple[tuple[str, int], list[dict[str, Any]]] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    def __getstate__(self) -> str:
        return self.url  # the options hold credentials

    def __setstate__(self, url: str) -> None:
        self.url, self.options, self.is_plain, self._read = url, {}, True, None

    @property
    def work(self) -> Path:
        """A local folder for staged rows and files before the upload; it survives an interrupted run."""
        return cache.folder() / "exports" / hashlib.sha256(self._uri.encode()).hexdigest()[:32] / "work"

    @property
    def target(self) -> objects.TableFiles:
        """The folder of the table."""
        return objects.TableFiles(self._uri, self.options)

    @property
    def _uri(self) -> str:
        return self.url if self._is_remote else str(Path(self.url).absolute())

    @property
    def _is_remote(self) -> bool:
        return objects.is_remote(self.url)

    def check(self) -> None:
        """Raise ConfigError if something else than a table of this package is there."""
        if not self._is_remote:
            disk.check_name(Path(self._uri))
            self._check_folder(Path(self._uri))
        table = self._table()
        if table is not None and table.metadata().configuration.get("delta.appendOnly") == "true":
            raise ConfigError(
                f"the Delta table {self.url!r} has the property delta.appendOnly, so no rows of it can be replaced. "
                "Write to another path, or take the property away"
            )
        if table is not None and not self._manifests(table):
            raise ConfigError(
                f"{self.url!r} is a Delta table that to_delta did not write, and it would be replaced. Write to "
                "another path"
            )

    def _check_folder(self, path: Path) -> None:
        if escaped := _ESCAPED.search(str(path)):
            raise ConfigError(
                f"the path {str(path)!r} has {escaped[0]!r}, and programs that read Delta tables take it for another "
                "character. Choose another path"
            )
        if path.is_dir() and any(path.iterdir()) and not (path / objects.LOG).is_dir():
            raise ConfigError(
                f"{self.url!r} is a folder with other files; expected a new path or a Delta table"
            )
        if path.exists() and not path.is_dir():
            raise ConfigError(f"{self.url!r} is a file; expected a new path or a Delta table")
        if not path.parent.is_dir():
            raise ConfigError(f"the folder {str(path.parent)!r} does not exist; make it first")

    def _table(self) -> DeltaTable | None:
        """Return the table at its newest version, or None if there is none."""
        try:
            return DeltaTable(self._uri, storage_options=self.options or None)
        except TableNotFoundError:
            return None
        except Exception as error:
            raise self._failure(error) from None

    def _manifests(self, table: DeltaTable) -> dict[int, str]:
        """Return the manifests of the versions that can be read, by number, oldest first."""
        found: dict[int, str] = {}
        for commit in self._history(table):
            if MANIFEST in commit:
                found[commit["version"]] = str(commit[MANIFEST])
            if KEPT in commit:
                kept = set(json.loads(commit[KEPT]))
                found = {version: text for version, text in found.items() if version in kept}
        return found

    def _history(self, table: DeltaTable) -> list[dict[str, Any]]:
        """Return the commits, oldest first. A table that is older than the newest version is brought to that one.

        Each commit is a file, so they are read once for each version of the table. deltalake reads the commits of the
        log as it is now, and numbers them from the version that was opened; so they are read again if that is older.
        """
        try:
            for _ in range(_MOST_READS):
                state = (str(table.metadata().id), table.version())
                if self._read is not None and self._read[0] == state:
                    return self._read[1]
                found = sorted(table.history(), key=lambda commit: int(commit["version"]))
                table.update_incremental()
                if table.version() == state[1]:
                    self._read = state, found
        except Exception as error:
            raise self._failure(error) from None
        raise ConfigError(
            f"other programs write to the Delta table {self.url!r} faster than its commits can be read. Run it again"
        )

    def versions(self) -> list[int]:
        """Return the numbers of the versions that can be read, oldest first."""
        table = self._table()
        return [] if table is None else list(self._manifests(table))

    def next_version(self, parent: int | None) -> int:  # noqa: ARG002 - other stores count from the parent
        """Return the number of the next commit."""
        table = self._table()
        return 0 if table is None else table.version() + 1

    def manifest(self, version: int) -> Manifest:
        """Return the manifest of a version."""
        table = self._table()
        text = None if table is None else self._manifests(table).get(version)
        name = f"version {version} of {self.url!r}"
        if text is None:
            raise unreadable(name, "does not exist")
        return Manifest.from_json(text.encode(), name=name)

    def check_partitions(self, partitions: Sequence[Partition]) -> None:
        """Raise ConfigError if the table has other partitions: a Delta table keeps those that it was made with."""
        table = self._table()
        known = None if table is None else table.metadata().partition_columns
        if known is not None and known != [part.name for part in partitions]:
            raise ConfigError(
                f"the Delta table {self.url!r} is partitioned by {known}, and this run by "
                f"{[part.name for part in partitions]}; a Delta table keeps its partitions. Write to another path, or "
                "leave the partitions as they are"
            )

    def check_newest(self, manifest: Manifest) -> None:
        """Raise ConfigError if another program changed the table after a version."""
        table = self._table()
        later = [] if table is None else self._history(table)
        others = {
            str(commit.get("operation"))
            for commit in later
            if commit["version"] > manifest.version
            and MANIFEST not in commit
            and commit.get("operation") not in _MAINTENANCE
        }
        if others:
            raise ConfigError(
                f"another program has changed the Delta table {self.url!r} after version {manifest.version} "
                f"({', '.join(sorted(others))}), so its rows are not those of that version. Read it with deltalake, or "
                "replace it with mode='overwrite'"
            )

    def address(self, version: int, file: StoredFile) -> str:  # noqa: ARG002 - a local address depends on it
        """Return the path or URL of a file of a version."""
        return f"{self.url.rstrip('/')}/{file.path}"

    def opened(self, version: int, file: StoredFile) -> Any:
        """Return a file of a version opened for reading, after checking its SHA-256."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file" if self._is_remote else Path(self._uri) / file.path
            try:
                if self._is_remote:
                    objects.download(self._uri, self.options, file.path, path)
                digest = disk.sha256(path)
            except FileNotFoundError:
                raise damaged(self, version, file, "does not exist") from None
            except Exception as error:
                raise self._failure(error) from None
            if digest != file.sha256:
                raise damaged(self, version, file, "is damaged: its SHA-256 differs")
            return pa.memory_map(str(path)) if os.name == "posix" else pa.BufferReader(path.read_bytes())

    def prepare(self) -> None:
        """Create the local folder."""
        self.work.mkdir(parents=True, exist_ok=True)

    def publish(self, manifest: Manifest, fresh: Mapping[str, Path]) -> Manifest:
        """Commit a version, in one step, from files of its parent and new files; return it as it was committed."""
        manifest = replace(manifest, files=tuple(one for one in manifest.files if one.rows))
        check_columns([one["name"] for one in manifest.schema["fields"]])
        _check_values(manifest)
        table = self._table()
        if not self._is_next(manifest, table):
            raise overtaken(self, manifest.version)
        try:
            objects.prepare(self._uri)
            for one in manifest.files:
                if one.path in fresh:
                    objects.upload(fresh[one.path], self._uri, self.options, one.path)
            commits.commit(self._uri, table, manifest, {MANIFEST: manifest.to_json()}, self.options)
        except Exception as error:
            if self._holds(manifest):  # the commit was made, though its answer or what follows it failed
                return manifest
            newest = self._table()
            if newest is not None and newest.version() >= manifest.version:
                raise overtaken(self, manifest.version) from None
            raise self._failure(error) from None
        return manifest

    def _is_next(self, manifest: Manifest, table: DeltaTable | None) -> bool:
        """Tell whether nothing was written since the parent of a version was read."""
        if table is None or manifest.parent is None:
            return table is None and manifest.version == 0
        later = [commit for commit in self._history(table) if commit["version"] > manifest.parent]
        replaced = manifest.mode == "overwrite"  # so what another program wrote is replaced
        return manifest.version == table.version() + 1 and not any(
            MANIFEST in commit or not (replaced or commit.get("operation") in _MAINTENANCE)
            for commit in later
        )

    def _holds(self, manifest: Manifest) -> bool:
        """Tell whether a version is committed."""
        try:
            table = self._table()
            return table is not None and self._manifests(table).get(manifest.version) == manifest.to_json()
        except DynoError:
            return False

    def remove(self, versions: list[int]) -> int:
        """Remove versions, the files that no kept version has, and those of interrupted runs after a week.

        Return the number of bytes freed.
        """
        table = self._table()
        if table is None:
            return 0
        manifests = {
            version: Manifest.from_json(text.encode(), name=f"version {version} of {self.url!r}")
            for version, text in self._manifests(table).items()
        }
        sizes = {one.path: one.size_bytes for manifest in manifests.values() for one in manifest.files}
        kept = [version for version in manifests if version not in versions]
        # without retries: the commit of another program in between may need one of the files
        properties = CommitProperties(custom_metadata={KEPT: json.dumps(kept)}, max_commit_retries=0)
        gone: list[str] = []
        try:
            if versions:
                gone = table.vacuum(
                    retention_hours=0,
                    dry_run=False,
                    enforce_retention_duration=False,
                    keep_versions=kept,
                    commit_properties=properties,
                )
                table.update_incremental()
            # what interrupted runs left behind, once no run can be using it
            left = table.vacuum(full=True, keep_versions=kept)
            if left:
                sizes |= {name: objects.size(self._uri, self.options, name) for name in left}
                # this commit says nothing of versions: there may be one more by now
                properties = CommitProperties(max_commit_retries=0)
                gone += table.vacuum(
                    dry_run=False, full=True, keep_versions=kept, commit_properties=properties
                )
        except CommitFailedError:
            raise ConfigError(
                f"another program wrote to the Delta table {self.url!r} meanwhile. Run vacuum again"
            ) from None
        except Exception as error:
            raise self._failure(error) from None
        part_bytes = 0
        if not self._is_remote:
            part_bytes = disk.remove_abandoned(Path(self._uri), older_than_s=_ABANDONED_S)
        return part_bytes + sum(sizes.get(path, 0) for path in gone)

    def _failure(self, error: Exception) -> DynoError:
        """Return the error for what deltalake raised, without credentials."""
        return objects.error_of(self.url, self.options, error)


def check_columns(names: Sequence[str]) -> None:
    """Raise SchemaError if names differ by capital letters alone, which a Delta table does not tell apart."""
    known: dict[str, str] = {}
    for name in names:
        if (other := known.setdefault(name.casefold(), name)) != name:
            raise SchemaError(
                f"the columns {other!r} and {name!r} differ by capital letters alone, and a Delta table does not tell "
                "them apart. Name one of them in columns="
            )


def _check_values(manifest: Manifest) -> None:
    """Raise ConfigError if a row has an empty text in a column of the partitions, which Delta tables read as null."""
    for one in manifest.files:
        for part, value in zip(manifest.partitions, one.partition, strict=True):
            if not value:
                raise ConfigError(
                    f"partition_by={str(part)!r}: {one.rows:,} rows have an empty text in {part.field}, which Delta "
                    "tables read as null. Nothing was written; choose another field"
                )
