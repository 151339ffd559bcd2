"""What a mirror remembers beside its rows: whose they are, and when each version was compared with the server."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from dyno_frames.contract.resources import Resource
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export import disk
from dyno_frames.export.local import MIRROR
from dyno_frames.export.sealed import seal, unseal
from dyno_frames.scan.certificate import Completeness

FORMAT = 1

LOCK = "refresh.lock"
"""The lock of a mirror, which a dataset does not have."""


class Deletes(StrEnum):
    """What is known of rows that the server no longer has, from best to worst."""

    PROVED = "proved"
    """The ids of all rows, or the number of rows in each window of ``created``, agreed with the server's."""
    ASSUMED = "assumed"
    """The total number of rows agreed. A deleted row and a row that the refresh could not see would cancel out."""
    UNKNOWN = "unknown"
    """The rows did not agree with the server's counts, or were not compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose rows a mirror holds: another server, account, resource or contract is refused.

    Parameters
    ----------
    url, account, resource
        The server, the fingerprint of the API key and the resource.
    contract
        A digest of the fields of the resource and of the types that the caller declared for others.
    """

    url: str
    account: str
    resource: str
    contract: str

    @classmethod
    def of(cls, url: str, account: str, resource: Resource, declared: Mapping[str, Any]) -> Self:
        """Return the identity of a resource of an account."""
        fields = [[one.name, str(one.kind)] for one in resource.fields]
        facts = json.dumps([fields, sorted((name, str(kind)) for name, kind in declared.items())])
        digest = hashlib.sha256(facts.encode()).hexdigest()[:16]
        return cls(url=url, account=account, resource=resource.name, contract=digest)

    def check(self, stored: Identity, path: Path) -> None:
        """Raise ConfigError if a mirror holds other rows."""
        differ = [name for name, value in asdict(self).items() if getattr(stored, name) != value]
        if not differ:
            return
        what = {
            "url": f"the server is {stored.url}, and this client is connected to {self.url}",
            "account": "it was made with another API key",
            "resource": f"it holds {stored.resource}, and you asked for {self.resource}",
            "contract": "the fields of the contract, or the types in connect(…, schema=…), were others",
        }
        raise ConfigError(
            f"the mirror {str(path)!r} belongs to another account or schema: "
            f"{'; '.join(what[name] for name in differ)}. Choose another path=, or remove it with "
            f"'dyno-frames mirror remove {stored.resource} --path {path}'"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The comparison of one version with the server.

    Parameters
    ----------
    version
        The version.
    as_of
        When the comparison began, in epoch seconds: every change before it is in the version.
    until
        When it ended, in epoch seconds.
    verdict, reasons
        How complete the version was then, and why it is not better.
    deletes
        What is known of deleted rows.
    proved
        When deletes were last proved, in epoch seconds; None if they never were.
    watermark
        The latest ``updated`` seen, in epoch seconds of the server.
    lag_s
        How long before the watermark the refresh read again.
    requests, rows_moved
        The cost of the refresh.
    """

    version: int
    as_of: float
    verdict: Completeness
    deletes: Deletes
    until: float | None = None
    reasons: tuple[str, ...] = ()
    proved: float | None = None
    watermark: int | None = None
    lag_s: float = 0.0
    requests: int = 0
    rows_moved: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the check in stored values."""
        read = {"verdict": Completeness, "deletes": Deletes, "reasons": tuple}
        return cls(**{name: read.get(name, lambda one: one)(value) for name, value in stored.items()})


@dataclass(frozen=True, slots=True)
class Record:
    """The identity of a mirror, and the last check of each version, oldest first."""

    identity: Identity
    checks: tuple[Check, ...] = field(default=())

    @property
    def newest(self) -> Check | None:
        """The check of the newest version; a version without a check does not count."""
        return self.checks[-1] if self.checks else None

    def with_check(self, check: Check, *, keep: list[int]) -> Record:
        """Return the record with a check in place of an earlier one of its version, of the versions to keep only."""
        others = [one for one in self.checks if one.version != check.version and one.version in keep]
        return replace(self, checks=tuple(sorted([*others, check], key=lambda one: one.version)))

    def write(self, home: Path) -> None:
        """Replace the record in the mirror's hidden folder in one step."""
        with disk.beside(home / MIRROR) as temporary:
            temporary.write_text(seal({"format": FORMAT, **asdict(self)}), encoding="utf-8")

    @classmethod
    def read(cls, mirror: Path, home: Path) -> Record | None:
        """Return the record of a mirror from its hidden folder, or None if there is none.

        Raises
        ------
        SchemaError
            The file is damaged or cannot be read, or was written by a later version of the package.
        """
        path = home / MIRROR
        try:
            stored = unseal(path.read_bytes())
            if stored["format"] != FORMAT:
                raise SchemaError(f"{str(path)!r} has format {stored['format']}. Update dyno_frames")
            checks = tuple(map(Check.from_json, stored["checks"]))
            return cls(Identity(**stored["identity"]), checks)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(mirror, path, f"cannot be read ({error.strerror})") from error
        except (ValueError, TypeError, KeyError) as error:
            if isinstance(error, SchemaError):
                raise
            raise _unreadable(mirror, path, f"is damaged ({error})") from error


def without_record(mirror: Path, home: Path) -> SchemaError | ConfigError:
    """Return the error for a path that has rows and no record."""
    if not home.is_dir():
        return ConfigError(
            f"{str(mirror)!r} is a link to files that do not exist. Delete the link, or choose another path="
        )
    if (home / LOCK).exists():
        return _unreadable(mirror, home / MIRROR, "is missing")
    return ConfigError(
        f"{str(mirror)!r} is a dataset that to_parquet wrote, not a mirror. Choose another path="
    )


def unwritable(mirror: Path, error: OSError) -> ConfigError:
    """Return the error for a mirror whose files cannot be written."""
    is_full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    why = str(error) if error.errno is None else os.strerror(error.errno)
    return ConfigError(
        f"the mirror {str(mirror)!r} cannot be written: {why}. "
        f"{'Free space on the disk' if is_full else 'Check the permissions of its folder'}, or choose another path="
    )


def _unreadable(mirror: Path, path: Path, why: str) -> SchemaError:
    return SchemaError(
        f"{str(path)!r}, the record of a mirror, {why}. Remove the mirror, which is a copy: "
        f"dyno-frames mirror remove RESOURCE --path {mirror}"
    )
