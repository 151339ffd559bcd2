"""Misfortune on request: what the real world does to requests and answers, by option or while the server runs.

Each fault says which operations it befalls, how often, and how many times. What they draw is the same for the
same seed and the same order of requests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Final

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.store.values import fault_in_text

SEED: Final = 20161116


class Kind(StrEnum):
    """What may happen to a request."""

    LATENCY = "latency"
    """The answer comes ``delay_s`` later."""
    SLOW_DOWN = "slow_down"
    """429 with an envelope and ``retry_after_s``; nothing was done."""
    REFUSAL = "refusal"
    """500 with an envelope and ``code``; nothing was done."""
    ERROR = "error"
    """``status`` with an HTML page, as of a proxy; nothing was done."""
    RESET = "reset"
    """The connection is reset before anything was done."""
    DROP = "drop"
    """The request is carried out, and the connection is reset without an answer."""
    CUT = "cut"
    """The request is carried out, and the connection ends in the middle of the answer."""
    PAGE_CAP = "page_cap"
    """No page has more than ``rows`` rows."""
    SHUFFLE = "shuffle"
    """The rows of a page come in any order."""
    REPEAT = "repeat"
    """The last ``rows`` rows of a page stand in it twice."""
    WRITERS = "writers"
    """Before a page is read, others delete ``deletes`` of the first rows and insert ``inserts`` new ones."""


_ROWS_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One misfortune.

    Parameters
    ----------
    kind
        What happens.
    operations
        Which operations it befalls, such as ``campaigns.find`` or ``campaigns.*``; none named are all.
    share
        How often, from 0 to 1.
    after
        How many requests of these operations pass first.
    times
        How often it happens before it is over; None is for ever.
    delay_s, status, retry_after_s, code, rows, deletes, inserts
        How, as its kind says.

    Raises
    ------
    ConfigError
        A value cannot be used.

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
        named: Any = self.operations
        if isinstance(named, str):
            named = (named,)
        if not isinstance(named, list | tuple) or not all(_is_text(name) for name in named):
            raise ConfigError(f"a fault's operations are {named!r}; expected names such as 'campaigns.find'")
        object.__setattr__(self, "operations", tuple(named))
        wrong = [
            name
            for name, (least, most, whole) in _BOUNDS.items()
            if not _fits(self, name, least, most, whole)
        ]
        if wrong or not _is_text(self.code):
            name = (wrong or ["code"])[0]
            bounds = f"from {_BOUNDS[name][0]} to {_BOUNDS[name][1]}" if wrong else "a text"
            raise ConfigError(f"a fault's {name} is {getattr(self, name)!r}; expected {bounds}")

    @classmethod
    def of(cls, given: Any) -> Fault:
        """Read a fault from its JSON object.

        Raises
        ------
        ConfigError
            It is none.
        """
        if isinstance(given, Fault):
            return given
        known = [field.name for field in fields(cls)]
        if not isinstance(given, Mapping) or "kind" not in given or set(given) - set(known):
            raise ConfigError(
                f"a fault is {given!r}; expected an object with kind and of {', '.join(known[1:])}"
            )
        return cls(**given)

    def befalls(self, operation: str) -> bool:
        """Tell whether an operation is among those named."""
        return not self.operations or any(fnmatchcase(operation, name) for name in self.operations)

    def to_json(self) -> dict[str, Any]:
        """Return the fault as plain JSON values."""
        return asdict(self) | {"kind": str(self.kind), "operations": list(self.operations)}


_BOUNDS: dict[str, tuple[float, float, bool]] = {
    "share": (0, 1, False),
    "after": (0, _ROWS_MOST, True),
    "times": (1, _ROWS_MOST, True),
    "delay_s": (0, 600, False),
    "status": (500, 599, True),
    "retry_after_s": (0, 3600, True),
    "rows": (1, _ROWS_MOST, True),
    "deletes": (0, 1000, True),
    "inserts": (0, 1000, True),
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not fault_in_text(value)


def _fits(fault: Fault, name: str, least: float, most: float, whole: bool) -> bool:  # noqa: FBT001 - a row of the table
    value = getattr(fault, name)
    if value is None:
        return name == "times"
    kinds = int if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most


class Faults:
    """The faults that are in force.

    Parameters
    ----------
    given
        Faults, or their JSON objects.
    seed
        What chance is drawn from.
    """

    def __init__(self, given: Iterable[Any] = (), *, seed: int = SEED) -> None:
        self._lock = threading.Lock()
        self._seed = seed
        self._faults: tuple[Fault, ...] = ()
        self._seen: list[int] = []
        self._struck: list[int] = []
        self.replace(given)

    def replace(self, given: Iterable[Any]) -> None:
        """Put others in force, and begin to count and to draw anew.

        Raises
        ------
        ConfigError
            One is no fault; those in force stay.
        """
        if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
            raise ConfigError("faults are no list; expected a list of faults, such as [{'kind': 'latency'}]")
        read = tuple(Fault.of(each) for each in given)
        with self._lock:
            self._faults = read
            self._seen, self._struck = [0] * len(read), [0] * len(read)
            self._rng = Random(self._seed)  # noqa: S311 - the same misfortune every time

    def to_json(self) -> list[dict[str, Any]]:
        """Return what is in force, and how often each has struck."""
        with self._lock:
            return [
                fault.to_json() | {"struck": struck}
                for fault, struck in zip(self._faults, self._struck, strict=True)
            ]

    def draw(self, operation: str) -> tuple[Fault, ...]:
        """Return what befalls one request."""
        with self._lock:
            return tuple(
                fault for place, fault in enumerate(self._faults) if self._strikes(place, fault, operation)
            )

    def shuffled(self, rows: list[Any]) -> list[Any]:
        """Return rows in another order."""
        with self._lock:
            drawn = [(self._rng.random(), place) for place in range(len(rows))]
        return [rows[place] for _, place in sorted(drawn)]

    def _strikes(self, place: int, fault: Fault, operation: str) -> bool:
        if not fault.befalls(operation):
            return False
        self._seen[place] += 1
        over = fault.times is not None and self._struck[place] >= fault.times
        if over or self._seen[place] <= fault.after or self._rng.random() >= fault.share:
            return False
        self._struck[place] += 1
        return True
