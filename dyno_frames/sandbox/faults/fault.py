"""A fault: what happens to which requests, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.store.values import invalid_text_reason


class Kind(StrEnum):
    """What happens to a request."""

    LATENCY = "latency"
    """The answer is delayed by ``delay_s``."""
    SLOW_DOWN = "slow_down"
    """The answer is 429 with an envelope and ``retry_after_s``. The request is not processed."""
    REFUSAL = "refusal"
    """The answer is 500 with an envelope and ``code``. The request is not processed."""
    ERROR = "error"
    """The answer is ``status`` with the HTML page of a proxy. The request is not processed."""
    RESET = "reset"
    """The connection is reset. The request is not processed."""
    DROP = "drop"
    """The request is processed. Then the connection is reset without an answer."""
    CUT = "cut"
    """The request is processed. Then the connection is closed in the middle of the answer."""
    PAGE_CAP = "page_cap"
    """A page has at most ``rows`` rows."""
    SHUFFLE = "shuffle"
    """The rows of a page are in random order."""
    REPEAT = "repeat"
    """The last ``rows`` rows of a page appear twice."""
    WRITERS = "writers"
    """Before a page is read, ``deletes`` of the first rows are deleted and ``inserts`` new rows are inserted."""


_MAX_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Parameters
    ----------
    kind
        What happens.
    operations
        The operations that it applies to, such as ``campaigns.find`` or ``campaigns.*`` (default: all).
    share
        The probability, from 0 to 1.
    after
        How many requests of these operations are left alone first.
    times
        How often it happens (default: without limit).
    delay_s, status, retry_after_s, code, rows, deletes, inserts
        The details; see :class:`Kind`.

    Raises
    ------
    ConfigError
        A value is not valid.

    Examples
    --------
    >>> Fault(kind="latency", delay_s=0.2, operations=("*.find",)).kind
    <Kind.LATENCY: 'latency'>
    """

    kind: Kind
    operations: tuple[str, ...] = ()
    share: float = 1.0
    after: int = 0
    times: int | None = None
    delay_s: float = 0.1
    status: int = 503
    retry_after_s: int = 1
    code: str = "500"
    rows: int = 1
    deletes: int = 1
    inserts: int = 0

    def __post_init__(self) -> None:
        kind: Any = self.kind
        if not isinstance(kind, str) or kind not in set(Kind):
            raise ConfigError(f"a fault's kind is {kind!r}; expected one of {', '.join(Kind)}")
        object.__setattr__(self, "kind", Kind(self.kind))
        given: Any = self.operations
        if isinstance(given, str):
            given = (given,)
        if not isinstance(given, list | tuple) or not all(_is_text(name) for name in given):
            raise ConfigError(f"a fault's operations are {given!r}; expected names such as 'campaigns.find'")
        object.__setattr__(self, "operations", tuple(given))
        wrong = [name for name, bounds in _BOUNDS.items() if not bounds.contain(name, getattr(self, name))]
        if wrong or not _is_text(self.code):
            name = (wrong or ["code"])[0]
            expected = str(_BOUNDS[name]) if wrong else "a string"
            raise ConfigError(f"a fault's {name} is {getattr(self, name)!r}; expected {expected}")

    @classmethod
    def from_json(cls, given: Any) -> Fault:
        """Return the fault of a JSON object.

        Raises
        ------
        ConfigError
            It is not a fault.
        """
        if isinstance(given, Fault):
            return given
        known = [field.name for field in fields(cls)]
        if not isinstance(given, Mapping) or "kind" not in given or set(given) - set(known):
            raise ConfigError(
                f"a fault is {given!r}; expected an object with kind and optionally {', '.join(known[1:])}"
            )
        return cls(**given)

    def matches(self, operation: str) -> bool:
        """Return whether the fault applies to an operation."""
        return not self.operations or any(fnmatchcase(operation, name) for name in self.operations)

    def to_json(self) -> dict[str, Any]:
        """Return the fault as JSON values."""
        return asdict(self) | {"kind": str(self.kind), "operations": list(self.operations)}


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The values that a number may have."""

    least: float
    most: float
    whole: bool = True

    def contain(self, name: str, value: Any) -> bool:
        if value is None:
            return name == "times"
        kinds = int if self.whole else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and self.least <= value <= self.most

    def __str__(self) -> str:
        return f"a number from {self.least} to {self.most}"


_BOUNDS: Final = {
    "share": _Bounds(0, 1, whole=False),
    "after": _Bounds(0, _MAX_ROWS),
    "times": _Bounds(1, _MAX_ROWS),
    "delay_s": _Bounds(0, 600, whole=False),
    "status": _Bounds(500, 599),
    "retry_after_s": _Bounds(0, 3600),
    "rows": _Bounds(1, _MAX_ROWS),
    "deletes": _Bounds(0, 1000),
    "inserts": _Bounds(0, 1000),
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not invalid_text_reason(value)
