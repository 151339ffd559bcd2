"""Learn a whole profile, or the part that one plan depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from dyno_frames.calibrate import number_probes, page_probes, text_probes
from dyno_frames.calibrate.prober import BudgetSpentError, Prober
from dyno_frames.calibrate.support_probes import field_filters, operator_works
from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import NumberOperator, StringOperator
from dyno_frames.contract.profile import Profile, Support
from dyno_frames.reprs import text_table

MOST_REQUESTS = 12
"""The maximum number of requests to learn for one plan."""

PROBES: dict[str, Callable[[Prober], Any]] = text_probes.PROBES | number_probes.PROBES | page_probes.PROBES
LEARNABLE = (*PROBES, "operators", "filtered")
"""The fields of a profile that can be learned."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The result of a calibration.

    Parameters
    ----------
    profile
        What was learned. Fields that could not be learned are None, and no plan relies on them.
    requests
        The number of requests.
    """

    profile: Profile
    requests: int

    def __str__(self) -> str:
        values = ((name, getattr(self.profile, name)) for name in LEARNABLE)
        rows = (
            (name, f"seen: {value}" if value not in {None, Support()} else "not learnt: nothing relies on it")
            for name, value in values
        )
        title = f"what this server was seen to do ({self.requests} small requests)"
        return text_table(rows, width=20, title=title)


def calibrate(prober: Prober) -> Calibration:
    """Learn everything that can be learned."""
    operators = [f"operators.{name}" for name in (*NumberOperator, *StringOperator)]
    filtered = [
        f"filtered.{prober.resource}.{name}"
        for name in (*prober.named(Wire.NUMBER), *prober.named(Wire.STRING))
    ]
    seen = {name: _learn(prober, name) for name in (*PROBES, *operators, *filtered)}
    found = _with(Profile.unknown(), seen if prober.confirmed() else {})
    return Calibration(found, prober.asked)


def learn_some(
    prober: Prober, known: Profile, names: Iterable[str], *, requests: int = MOST_REQUESTS
) -> Profile:
    """Return a profile with more facts learned, as far as the requests suffice.

    Parameters
    ----------
    prober
        The server and the rows for the probes.
    known
        What is known so far.
    names
        The facts that a plan depends on, as :func:`~dyno_frames.query.needs.needs` names them.
    requests
        The maximum number of requests.
    """
    names = list(names)
    prober.preferred = frozenset(name.rpartition(".")[2] for name in names if name.startswith("filtered."))
    seen: dict[str, Any] = {}
    with prober.limited(requests), suppress(BudgetSpentError):
        for name in names:
            seen[name] = _learn(prober, name)
    if not prober.confirmed():
        return known
    prober.fruitless.update(name for name, value in seen.items() if value is None)
    return _with(known, seen)


def _learn(prober: Prober, name: str) -> Any:
    kind, _, rest = name.partition(".")
    if kind == "operators":
        return operator_works(prober, rest)
    if kind == "filtered":
        return field_filters(prober, rest.partition(".")[2])
    return PROBES[name](prober)


def _with(profile: Profile, seen: Mapping[str, Any]) -> Profile:
    operators, filtered, facts = profile.operators, profile.filtered, dict[str, Any]()
    for name, value in seen.items():
        kind, _, rest = name.partition(".")
        if value is None:
            continue
        if kind == "operators":
            operators = operators.learned(rest, value)
        elif kind == "filtered":
            filtered = filtered.learned(rest, value)
        else:
            facts[name] = value
    return replace(profile, name="learnt", operators=operators, filtered=filtered, **facts)
