"""Learn a whole profile, or the part that one plan depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dyno_frames.calibrate import number_probes, page_probes, text_probes
from dyno_frames.calibrate.examine import Examination, SpentError
from dyno_frames.calibrate.support_probes import field_filters, operator_works
from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import NumberOperator, StringOperator
from dyno_frames.contract.profile import Profile, Support
from dyno_frames.reprs import text_table

MOST_REQUESTS = 12
"""Requests that may be spent on learning for one plan."""

PROBES: dict[str, Callable[[Examination], Any]] = (
    text_probes.PROBES | number_probes.PROBES | page_probes.PROBES
)
LEARNABLE = (*PROBES, "operators", "filtered")
"""The fields of a profile that an examination can learn."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What an examination found.

    Parameters
    ----------
    profile
        What was seen; fields that could not be learnt are None, and never relied upon.
    requests
        How many requests it took.
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


def calibrate(examination: Examination) -> Calibration:
    """Learn all that can be learnt.

    Parameters
    ----------
    examination
        The server and the rows it is examined with.
    """
    operators = [f"operators.{name}" for name in (*NumberOperator, *StringOperator)]
    filtered = [
        f"filtered.{examination.resource}.{field.name}"
        for field in examination.fields.values()
        if field.wire in {Wire.NUMBER, Wire.STRING}
    ]
    seen = {name: _learn(examination, name) for name in (*PROBES, *operators, *filtered)}
    found = _with(Profile.unknown(), seen if examination.confirmed() else {})
    return Calibration(found, examination.asked)


def learn_some(
    examination: Examination, known: Profile, names: Iterable[str], *, requests: int = MOST_REQUESTS
) -> Profile:
    """Return a profile with some more of its facts learnt, as far as the requests reach.

    Parameters
    ----------
    examination
        The server and the rows it is examined with.
    known
        What is known so far.
    names
        The facts that a plan depends on, as :func:`~dyno_frames.query.needs.needs` names them.
    requests
        The most requests to spend.
    """
    names = list(names)
    examination.preferred = frozenset(
        name.rpartition(".")[2] for name in names if name.startswith("filtered.")
    )
    seen: dict[str, Any] = {}
    with examination.limited(requests):
        try:
            for name in names:
                seen[name] = _learn(examination, name)
        except SpentError:
            pass
    if not examination.confirmed():
        return known
    examination.fruitless.update(name for name, value in seen.items() if value is None)
    return _with(known, seen)


def _learn(examination: Examination, name: str) -> Any:
    kind, _, rest = name.partition(".")
    if kind == "operators":
        return operator_works(examination, rest)
    if kind == "filtered":
        return field_filters(examination, rest.partition(".")[2])
    return PROBES[name](examination)


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
