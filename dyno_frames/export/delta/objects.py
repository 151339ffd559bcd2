"""The files of a Delta table: on a local disk, or in an object store."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from dyno_frames.contract.texts import fit
from dyno_frames.durable import sync
from dyno_frames.errors import ConfigError, DynoError, MissingExtraError
from dyno_frames.export import disk
from dyno_frames.export.remote import failure

try:
    import obstore
    from obstore.store import from_url
except ImportError:
    raise MissingExtraError.of("obstore", "delta") from None

_LONGEST_REASON = 300

LOG = "_delta_log"
"""The folder of the commits."""

_OF_THE_CLIENT = ("allow_http", "allow_invalid_certificates", "connect_timeout", "timeout", "proxy_url")
"""Options that concern connections; for S3 they may have the prefix aws_."""

_OF_DELTALAKE = frozenset(
    {"aws_s3_allow_unsafe_rename", "aws_s3_locking_provider", "delta_dynamo_table_name", "max_retries"}
)
"""Options that deltalake alone knows."""


def is_remote(uri: str) -> bool:
    """Tell whether a table is in an object store."""
    return "://" in uri


_OF_PLACES = (
    "region",
    "default_region",
    "endpoint",
    "endpoint_url",
    "account_name",
    "bucket",
    "bucket_name",
    "container_name",
)
_OF_WRITES = ("server_side_encryption", "sse_kms_key_id", "sse_bucket_key_enabled", "conditional_put")
_OF_REQUESTS = (
    "virtual_hosted_style_request",
    "s3_express",
    "use_emulator",
    "allow_http",
    "allow_invalid_certificates",
)
_SENT = frozenset((*_OF_PLACES, *_OF_WRITES, *_OF_REQUESTS, "connect_timeout", "timeout"))
"""Options that workers get, by their names without the prefix of a provider. They hold no credentials."""

_PROVIDERS = re.compile("^(aws|azure_storage|azure|google)_", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files of a table, as workers store them: at their final place, which no commit names yet.

    Parameters
    ----------
    url
        The path or URL of the table.
    options
        The options of its object store. Those that may hold credentials are not sent to workers.
    """

    url: str
    options: Mapping[str, str] = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make it again without credentials, which workers have in their environment."""
        sent = {name: value for name, value in self.options.items() if _is_sent(name, value)}
        return type(self), (self.url, sent)

    def prepare(self) -> None:
        """Create the folder of the log of a local table."""
        prepare(self.url)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Provide a temporary folder."""
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    def put(self, path: Path, name: str) -> None:
        """Upload a complete file."""
        with errors_of(self.url, self.options):
            upload(path, self.url, self.options, name)
        path.unlink()

    def has(self, name: str, size_bytes: int, sha256: str) -> bool:
        """Tell whether a file is stored: by its digest on a disk, and by its size in an object store."""
        with errors_of(self.url, self.options):
            try:
                if not is_remote(self.url):
                    return disk.sha256(Path(self.url) / name) == sha256
                return size(self.url, self.options, name) == size_bytes
            except FileNotFoundError:
                return False

    def remove(self, name: str) -> None:
        """Remove a file."""
        with errors_of(self.url, self.options):
            if is_remote(self.url):
                obstore.delete(_store(self.url, self.options), name)
            else:
                (Path(self.url) / name).unlink()

    def path(self, name: str) -> None:
        """Return None: the file is at its place."""


def _is_sent(name: str, value: str) -> bool:
    return _PROVIDERS.sub("", name).lower() in _SENT and "@" not in value


@contextmanager
def errors_of(uri: str, options: Mapping[str, str]) -> Iterator[None]:
    """Raise what a library raises in the block as an error of this package, without credentials."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - deltalake and obstore raise errors of their own
        raise error_of(uri, options, error) from None


def error_of(uri: str, options: Mapping[str, str], error: Exception) -> DynoError:
    """Return the error of this package for what deltalake or obstore raised, without credentials."""
    if isinstance(error, DynoError):
        return error
    text = str(error)
    for value in options.values():
        text = text.replace(value, "***") if len(value) > 3 else text
    if is_remote(uri):
        return failure(uri, type(error)(text) if isinstance(error, PermissionError) else RuntimeError(text))
    return ConfigError(
        f"the Delta table {uri!r} cannot be read or written ({fit(text, _LONGEST_REASON)}). "
        "Check the path, its rights and the free space on its disk, then run it again; an export resumes"
    )


def prepare(uri: str) -> None:
    """Create the folder of the log of a local table, which tells a run that was interrupted from other folders."""
    if not is_remote(uri):
        (Path(uri) / LOG).mkdir(parents=True, exist_ok=True)


def upload(source: Path, uri: str, options: Mapping[str, str], name: str) -> None:
    """Store a file of a table; it is there when it is complete."""
    if is_remote(uri):
        obstore.put(_store(uri, options), name, source)
        return
    target = Path(uri) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with disk.beside(target) as part:
        shutil.copyfile(source, part)


def download(uri: str, options: Mapping[str, str], name: str, target: Path) -> None:
    """Copy a file of a table to a local path; raise FileNotFoundError if it does not exist."""
    with target.open("wb") as opened:
        opened.writelines(obstore.get(_store(uri, options), name).stream())


def size(uri: str, options: Mapping[str, str], name: str) -> int:
    """Return the size of a file of a table in bytes, and 0 if it does not exist."""
    with suppress(FileNotFoundError):
        if is_remote(uri):
            return int(obstore.head(_store(uri, options), name)["size"])
        return (Path(uri) / name).stat().st_size
    return 0


def flush_log(uri: str, version: int) -> None:
    """Flush a commit of a local table to disk."""
    if not is_remote(uri):
        sync(Path(uri) / LOG / f"{version:020d}.json")
        sync(Path(uri) / LOG)


def _store(uri: str, options: Mapping[str, str]) -> Any:
    """Return the object store. obstore and deltalake have the same options, but for a few."""
    known = {name.lower(): value for name, value in options.items()}
    client = {name: known.pop(f"aws_{name}", None) or known.pop(name, None) for name in _OF_THE_CLIENT}
    client["allow_http"] = client["allow_http"] or os.environ.get("AWS_ALLOW_HTTP")
    config = {name: value for name, value in known.items() if name not in _OF_DELTALAKE}
    return from_url(
        uri,
        config=cast("Any", config),
        client_options=cast("Any", {name: value for name, value in client.items() if value is not None}),
    )
