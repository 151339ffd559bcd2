"""How fresh an answer has to be, checked before any request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self, TypeAlias

import pandas as pd

from dyno_frames.errors import ConfigError
from dyno_frames.query.arguments import check_flags

Duration: TypeAlias = str | timedelta
"""A duration as pandas reads it, such as ``"15min"``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How fresh an answer has to be.

    Parameters
    ----------
    max_age_s
        Maximum age in seconds of an answer that sends no request.
    fresh
        Whether to refresh before every answer.
    offline
        Whether to send no request, whatever the age.
    as_of
        The version to read, without a request; None for the newest.
    not_before
        The earliest moment that an answer may be exact as of, in epoch seconds: that of the rows that refer to it.
    """

    max_age_s: float
    fresh: bool = False
    offline: bool = False
    as_of: int | None = None
    not_before: float = 0.0

    def changed(
        self, *, fresh: bool, offline: bool, as_of: int | None, max_age: Duration | None
    ) -> Freshness:
        """Return the freshness that the arguments of a verb ask for.

        Raises
        ------
        ConfigError
            An argument is not valid, or two contradict each other.
        """
        check_flags(fresh=fresh, offline=offline)
        given = {
            "fresh": fresh,
            "offline": offline,
            "as_of": as_of is not None,
            "max_age": max_age is not None,
        }
        named = [name for name, is_given in given.items() if is_given]
        if not named:
            return self
        if len(named) > 1:
            raise ConfigError(
                f"{' and '.join(f'{name}=' for name in named)} exclude each other. Use one of them"
            )
        if as_of is not None and (isinstance(as_of, bool) or not hasattr(as_of, "__index__")):
            raise ConfigError(
                f"as_of={as_of!r}; expected the number of a version, such as mirror.status().version"
            )
        limit = self.max_age_s if max_age is None else seconds("max_age", max_age)
        return replace(self, max_age_s=limit, fresh=fresh, offline=offline, as_of=as_of)

    @classmethod
    def of(cls, max_age: Duration) -> Self:
        """Return the freshness of a mirror with this maximum age."""
        return cls(max_age_s=seconds("max_age", max_age))


def seconds(name: str, value: Any) -> float:
    """Return a duration in seconds.

    Raises
    ------
    ConfigError
        The value is not a duration, or is negative.

    Examples
    --------
    >>> seconds("max_age", "15min")
    900.0
    """
    try:
        found = pd.Timedelta(value) if isinstance(value, str | timedelta) else None
    except ValueError:
        found = None
    if not isinstance(found, pd.Timedelta) or found < pd.Timedelta(0):
        raise ConfigError(
            f"{name}={value!r}; expected a duration from 0, such as '15min', '2h' or a pandas.Timedelta"
        )
    return found.total_seconds()
