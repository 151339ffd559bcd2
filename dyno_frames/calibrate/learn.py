"""Learn a whole profile, or the part that one plan depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dyno_frames.calibrate.examine import LEARNABLE, Examination
from dyno_frames.contract.profile import Profile

MOST_REQUESTS = 12
"""Requests that may be spent on learning for one plan."""


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
        stored = self.profile.to_json()
        lines = [f"what this server was seen to do ({self.requests} small requests)"]
        for name in LEARNABLE:
            value = stored[name]
            lines.append(
                f"  {name:<20} {'not learnt: nothing relies on it' if value is None else f'seen: {value}'}"
            )
        return "\n".join(lines)


def calibrate(examination: Examination) -> Calibration:
    """Learn all that can be learnt.

    Parameters
    ----------
    examination
        The server and the rows it is examined with.
    """
    seen = {name: examination.learn(name) for name in LEARNABLE}
    return Calibration(_with(Profile.unknown(), seen, name="learnt"), examination.asked)


def learn_some(examination: Examination, known: Profile, names: Iterable[str]) -> Profile:
    """Return a profile with some more of its fields learnt, as far as the requests for one plan reach.

    Parameters
    ----------
    examination
        The server and the rows it is examined with.
    known
        What is known so far.
    names
        The fields that a plan depends on.
    """
    seen = examination.learn_some(names, requests=MOST_REQUESTS)
    return _with(known, seen, name="learnt")


def _with(profile: Profile, seen: Mapping[str, Any], *, name: str) -> Profile:
    found = {field: value for field, value in seen.items() if value is not None}
    return replace(profile, name=name, **found)
