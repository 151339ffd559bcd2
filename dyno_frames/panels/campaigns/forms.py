"""Check what the user typed into a form, and return a request or all errors at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from dyno_frames.contract.lifecycle import RULES
from dyno_frames.panels.campaigns.actions import FormSubmitted
from dyno_frames.panels.campaigns.campaign import ActionRequest, Campaign
from dyno_frames.panels.campaigns.local_time import parse_local_time
from dyno_frames.panels.campaigns.phases import FormOpen


@dataclass(frozen=True, slots=True)
class CheckedForm:
    """A form that was checked.

    Parameters
    ----------
    request
        What it requests.
    errors
        What is wrong with it. Empty if nothing is.
    readings
        The two instants of a local time that happens twice, if the user has not chosen one.
    """

    request: ActionRequest
    errors: tuple[str, ...] = ()
    readings: tuple[int, ...] = ()


def check_form(form: FormSubmitted, phase: FormOpen, campaign: Campaign) -> CheckedForm:
    """Return the request of a form, or its errors."""
    errors: list[str] = []
    checked = CheckedForm(ActionRequest(phase.action, campaign.id))
    allowed = RULES[phase.action].optional
    if form.when.strip() and "iso_start_time" in allowed:
        checked = _with_time(form, checked)
    overrides = []
    for name, typed in form.overrides:
        value = typed.strip()
        if not value or name not in allowed or value == getattr(campaign, name):
            continue
        if any(ord(character) < 32 for character in value):
            errors.append(f"{name} must be one line without control characters")
        if name == "from_email" and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            errors.append("from_email must look like name@example.org")
        overrides.append((name, value))
    request = replace(checked.request, overrides=tuple(overrides))
    return replace(checked, request=request, errors=(*checked.errors, *errors))


def _with_time(form: FormSubmitted, checked: CheckedForm) -> CheckedForm:
    typed = form.when.strip()
    time = parse_local_time(typed, form.time_zone)
    if time.error:
        return replace(checked, errors=(time.error,))
    twice = len(time.instants) > 1
    if twice and form.fold is None:
        error = f"{typed} happens twice in {time.zone}; choose which one you mean"
        return replace(checked, errors=(error,), readings=time.instants)
    fold = (form.fold or 0) if twice else 0
    epoch_s = time.instants[fold]
    if is_past(epoch_s, form.at):
        error = f"{typed} in {time.zone} is in the past; choose Now to send at once"
        return replace(checked, errors=(error,))
    note = f"this time happens twice; {('the earlier', 'the later')[fold]} one is meant" if twice else ""
    request = replace(
        checked.request, at=time.isoformat(fold), time_zone=time.zone, epoch_s=epoch_s, note=note
    )
    return replace(checked, request=request)


def is_past(epoch_s: int | None, now: datetime) -> bool:
    """Return whether an instant is over. None means now, and is never over."""
    return epoch_s is not None and epoch_s <= now.timestamp()
