"""What the user typed into a form, checked and turned into a request, or every fault at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from dyno_frames.contract.lifecycle import RULES
from dyno_frames.panels.actions import FormSent
from dyno_frames.panels.campaign import Campaign, Request
from dyno_frames.panels.phases import Filling
from dyno_frames.panels.wall import read_wall


@dataclass(frozen=True, slots=True)
class Checked:
    """A form that was read.

    Parameters
    ----------
    request
        What it asks for.
    faults
        Why it cannot be asked for; empty where it can.
    twice
        The two instants of a wall time that happens twice, where the user has not said which.
    """

    request: Request
    faults: tuple[str, ...] = ()
    twice: tuple[int, ...] = ()


def request_of(form: FormSent, filling: Filling, campaign: Campaign) -> Checked:
    """Return the request a form asks for, or its faults."""
    faults: list[str] = []
    checked = Checked(Request(filling.verb, campaign.id))
    allowed = RULES[filling.verb].optional
    if form.when.strip() and "iso_start_time" in allowed:
        checked = _timed(form, checked)
    overrides = []
    for name, typed in form.overrides:
        value = typed.strip()
        if not value or name not in allowed or value == getattr(campaign, name):
            continue
        if any(ord(character) < 32 for character in value):
            faults.append(f"{name} must be one line without control characters")
        if name == "from_email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            faults.append("from_email must look like name@example.org")
        overrides.append((name, value))
    request = replace(checked.request, overrides=tuple(overrides))
    return replace(checked, request=request, faults=(*checked.faults, *faults))


def _timed(form: FormSent, checked: Checked) -> Checked:
    wall = read_wall(form.when, form.time_zone)
    if wall.fault:
        return replace(checked, faults=(wall.fault,))
    twice = len(wall.instants) > 1
    if twice and form.fold is None:
        fault = f"{form.when.strip()} happens twice in {wall.place}; choose which one is meant"
        return replace(checked, faults=(fault,), twice=wall.instants)
    fold = (form.fold or 0) if twice else 0
    epoch_s = wall.instants[fold]
    if past(epoch_s, form.at):
        fault = f"{form.when.strip()} in {wall.place} is in the past; choose Now to send at once"
        return replace(checked, faults=(fault,))
    note = f"this time happens twice; the {('earlier', 'later')[fold]} one is meant" if twice else ""
    at = wall.at(fold)
    return replace(
        checked, request=replace(checked.request, at=at, time_zone=wall.place, epoch_s=epoch_s, note=note)
    )


def past(epoch_s: int | None, now: datetime) -> bool:
    """Tell whether an instant is over; now itself, None, never is."""
    return epoch_s is not None and epoch_s <= now.timestamp()
