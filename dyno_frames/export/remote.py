"""Upload one file to an object store, in which an object is visible only when it is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dyno_frames.contract.texts import fit
from dyno_frames.errors import ConfigError, DynoError, MissingExtraError, TransportError

OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
"""Protocols whose objects are created atomically."""

_LONGEST_REASON = 300


def check_url(url: str) -> None:
    """Raise ConfigError if a URL is not that of an object store; MissingExtraError without the package it needs."""
    _files(url)


def upload(source: Path, url: str) -> None:
    """Store a file under a URL; readers see either the old object or the complete new one."""
    files, path = _files(url)
    try:
        files.put_file(str(source), path)
        files.invalidate_cache()
        is_complete = files.size(path) == source.stat().st_size
    except Exception as error:  # every object store has its own library, with its own errors
        raise failure(url, error) from error
    if not is_complete:
        raise TransportError(f"{url} was not stored completely", cure="Run the export again")


def check_object_url(url: str) -> None:
    """Raise ConfigError if a URL is not that of an object store, or has credentials in it, which are not shown."""
    parts = urlsplit(url)
    plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if "::" in url:
        raise ConfigError(
            f"{plain!r} is a chain of file systems; expected the URL of one object store, such as "
            "'s3://bucket/campaigns'"
        )
    if parts.scheme not in OBJECT_STORES or not parts.netloc:
        cure = (
            f"Give the path itself, {parts.path!r}"
            if parts.scheme in {"file", "local"}
            else "Use a local path"
        )
        raise ConfigError(
            f"{plain!r} is not in an object store, so a reader could see an incomplete version. Expected a local "
            f"path, or a URL such as 's3://bucket/campaigns'. {cure}"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigError(
            f"the URL of {plain!r} has a user, a password or a query in it. Leave them out, and give credentials in "
            "the environment or in storage_options="
        )


def _files(url: str) -> tuple[Any, str]:
    """Return the file system of fsspec for a URL, and the path in it."""
    check_object_url(url)
    protocol = urlsplit(url).scheme
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError.of("fsspec", "remote") from None
    try:
        files, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise MissingExtraError.of(f"what {protocol}:// URLs need ({error})", "s3") from None
    except ValueError as error:
        raise ConfigError(f"{url!r} cannot be written to: {error}") from error
    return files, path


def failure(url: str, error: Exception) -> DynoError:
    """Return the error for what the library of an object store raised. It contains no credentials."""
    name = type(error).__name__
    said = f"({name}: {fit(str(error), _LONGEST_REASON)})"
    if isinstance(error, PermissionError):
        return ConfigError(
            f"the store of {url!r} refuses the credentials, or they do not allow this {said}. Check the key and its "
            "rights to list, read and write there"
        )
    if "credential" in name.lower():
        return ConfigError(
            f"{url!r} cannot be used without credentials {said}. For S3, set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or name a profile in AWS_PROFILE"
        )
    return TransportError(
        f"{url!r} cannot be reached, or does not work as expected {said}",
        cure="Check the URL, the network and the endpoint, then run it again; an export resumes",
    )
