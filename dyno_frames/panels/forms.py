"""What the user typed into a form, checked and turned into a request, or every fault at once."""

from __future__ import annotations

import re
from datetime import datetime

from dyno_frames.contract.lifecycle import RULES
from dyno_frames.contract.times import resolve
from dyno_frames.panels.actions import FormSent
from dyno_frames.panels.state import Campaign, Filling, Request

_WALL = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?")


def request_of(
    form: FormSent, filling: Filling, campaign: Campaign
) -> tuple[Request | None, tuple[str, ...]]:
    """Return the request a form asks for, or its faults."""
    faults: list[str] = []
    request = Request(filling.verb, campaign.id)
    allowed = RULES[filling.verb].optional
    if form.when.strip() and "iso_start_time" in allowed:
        request = _timed(form, request, faults)
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
    if faults:
        return None, tuple(faults)
    return (
        Request(
            request.verb,
            request.campaign_id,
            request.at,
            request.time_zone,
            request.epoch_s,
            request.note,
            tuple(overrides),
        ),
        (),
    )


def _timed(form: FormSent, request: Request, faults: list[str]) -> Request:
    match = _WALL.fullmatch(form.when.strip())
    if match is None:
        faults.append(
            f"the time is {form.when.strip()!r}; expected YYYY-MM-DD HH:MM, such as 2026-03-29 09:30"
        )
        return request
    at = f"{match[1]}T{match[2]}{match[3] or ':00'}"
    place = form.time_zone.strip() or "UTC"
    try:
        instant = resolve(at, place)
    except ValueError as error:
        faults.append(str(error))
        return request
    if past(instant.epoch_s, form.at):
        faults.append(f"{at} in {place} is in the past; choose Now to send at once")
        return request
    return Request(request.verb, request.campaign_id, at, place, instant.epoch_s, instant.note)


def past(epoch_s: int | None, now: datetime) -> bool:
    """Tell whether an instant is over; now itself, None, never is."""
    return epoch_s is not None and epoch_s <= now.timestamp()
