"""Errors that are raised before a request: a query, a frame, a setting or a package is not as it must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from dyno_frames.errors.root import DynoError


class QueryError(DynoError, ValueError):
    """The query is not valid; nothing was sent."""


class QuerySyntaxError(QueryError):
    """pandas cannot parse the query string; the message marks the place."""


class UnknownFieldError(QueryError):
    """The query names a column that the resource does not have."""


class LiteralTypeError(QueryError):
    """A value in the query cannot be compared with its column."""


class NotPushableError(QueryError):
    """``strict=True`` was given, and a part of the query would be evaluated locally."""


class SchemaError(DynoError, ValueError):
    """A frame, a file or a declared schema does not fit the contract."""


class ConfigError(DynoError, ValueError):
    """A setting is missing or cannot be used; nothing was sent."""


class TableError(ConfigError):
    """Rows of a table do not fit; the message has a line for each reason, and nothing was loaded.

    Parameters
    ----------
    message
        What does not fit.
    refused
        By resource, why a row was refused, by its number from 0.
    """

    def __init__(self, message: str, *, refused: Mapping[str, Mapping[int, str]]) -> None:
        self.refused = refused
        super().__init__(message)


class MissingExtraError(DynoError, ImportError):
    """An optional dependency is not installed; the message ends with the line that installs it."""

    @classmethod
    def of(cls, package: str, extra: str) -> Self:
        """Name the package that is missing and the extra that brings it."""
        return cls(f"this needs {package}, which is not installed: pip install 'dyno_frames[{extra}]'")
