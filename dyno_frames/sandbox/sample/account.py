"""The sample account: the same rows on every machine, on every day, byte for byte.

Everything in it is simulated: its lists say *sample*, its templates too, and each campaign has a field
``simulated`` that is true.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from random import Random
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, COUNTERS, LISTS, TEMPLATES
from dyno_frames.sandbox.sample.metrics import Spread, at, counters
from dyno_frames.sandbox.sample.sample_lists import FAMILIES, Family
from dyno_frames.sandbox.store.storage import Store

REFERENCE_S = int(datetime(2026, 11, 16, 9, tzinfo=UTC).timestamp())
"""The moment that the account shows; nothing in it looks at a clock."""

SEED = 20161116

_DAY_S = 86_400
_SPAN_DAYS = 3 * 365
_NAMESPACE: UUID = uuid5(NAMESPACE_DNS, "sample.dyno-frames")

USER_ID = str(uuid5(_NAMESPACE, "account"))
"""Whose account it is."""


def user_id(name: str) -> str:
    """Return whose rows an account's are; the first account is the sample's."""
    return USER_ID if name == "default" else str(uuid5(_NAMESPACE, f"account/{name}"))


SIMULATED = "simulated"
"""The field, outside the contract, that is true where figures are not of real readers."""

_TEMPLATES = {
    "weekly": ("Weekly digest (sample)", "The five best reads of the week"),
    "offer": ("Shop offer (sample)", "This week in the shop"),
    "product": ("Product news (sample)", "What is new in Ledgerly"),
}

# The last campaigns of a list that are not finished, newest first.
_UNFINISHED: dict[str, tuple[Status, ...]] = {
    "digest": (Status.DRAFT, Status.DRAFT, Status.SCHEDULED, Status.SCHEDULED),
    "shop-eu": (Status.DRAFT, Status.DRAFT, Status.DRAFT, Status.SCHEDULED, Status.PAUSED, Status.STOPPED),
    "shop-us": (Status.DRAFT, Status.DRAFT, Status.SCHEDULED, Status.RUNNING, Status.RUNNING, Status.PAUSED),
    "club": (Status.DRAFT, Status.SCHEDULED, Status.STOPPED),
    "product": (Status.DRAFT, Status.SCHEDULED, Status.STOPPED, Status.STOPPED),
    "beta": (Status.DRAFT, Status.DRAFT, Status.STOPPED),
    "events": (Status.DRAFT, Status.SCHEDULED, Status.STOPPED, Status.PAUSED),
    "lettre": (Status.DRAFT, Status.SCHEDULED, Status.STOPPED),
}
_SENDS = frozenset({Status.RUNNING, Status.PAUSED, Status.FINISHED, Status.STOPPED})


def fill(store: Store) -> None:
    """Add the sample account's rows to an empty store."""
    for resource, rows in ((TEMPLATES, templates()), (LISTS, lists()), (CAMPAIGNS, campaigns())):
        store.load(resource, rows)


def spread_of(list_id: str | None) -> Spread | None:
    """Return what the figures of a sample list resemble, or None for another list."""
    return _spreads().get(list_id or "")


@lru_cache(maxsize=1)
def _spreads() -> dict[str, Spread]:
    return {_id("list", family.key): family.spread for family in FAMILIES}


def templates() -> list[dict[str, Any]]:
    """Return the three templates."""
    return [
        {
            "id": _id("template", key),
            "name": name,
            "subject": subject,
            "html": _part(f"{key}.html"),
            "text": _part(f"{key}.txt"),
            "created": REFERENCE_S - (_SPAN_DAYS + 40 - place) * _DAY_S,
            "updated": REFERENCE_S - (90 + 30 * place) * _DAY_S,
            "user_id": USER_ID,
        }
        for place, (key, (name, subject)) in enumerate(_TEMPLATES.items())
    ]


def lists() -> list[dict[str, Any]]:
    """Return the eight lists."""
    return [
        {
            "id": _id("list", family.key),
            "name": family.name,
            "description": family.description,
            "from_name": family.sender[0],
            "from_email": family.sender[1],
            "contacts": _contacts(family),
            "created": REFERENCE_S - (_SPAN_DAYS + 30 - place) * _DAY_S,
            "updated": REFERENCE_S - (1 + place) * _DAY_S,
            "user_id": USER_ID,
        }
        for place, family in enumerate(FAMILIES)
    ]


def campaigns() -> list[dict[str, Any]]:
    """Return the 400 campaigns, in the order they were created."""
    rows = [row for family in FAMILIES for row in _campaigns_of(family)]
    return sorted(rows, key=lambda row: (row["created"], row["id"]))


def _campaigns_of(family: Family) -> list[dict[str, Any]]:
    rng = Random(f"{SEED} {family.key}")  # noqa: S311 - a sample, the same every time
    tail = _UNFINISHED[family.key]
    statuses = (Status.FINISHED,) * (family.campaigns - len(tail)) + tail[::-1]
    sent_before = sum(status in _SENDS for status in statuses)
    return [
        _campaign(family, number, status, sent_before=sent_before, rng=rng)
        for number, status in enumerate(statuses, start=1)
    ]


def _campaign(
    family: Family, number: int, status: Status, *, sent_before: int, rng: Random
) -> dict[str, Any]:
    started = _start_s(family, number, status, sent_before=sent_before, rng=rng)
    created = (started if status in _SENDS else REFERENCE_S) - int((1 + 6 * rng.random()) * _DAY_S)
    name, subject, preview = _words(family, number, started)
    blank = status is Status.DRAFT and number % 2 == 0
    return {
        "id": _id("campaign", family.key, str(number)),
        "name": name,
        "subject": None if blank else subject,
        "from_name": family.sender[0],
        "from_email": family.sender[1],
        "preview_message": None if blank else preview,
        "list_id": _id("list", family.key),
        "template_id": _template_id(family, number),
        "status": str(status),
        "start_time": None if status is Status.DRAFT else started,
        "time_zone": family.time_zone,
        **_figures(family, status, age=number / family.campaigns, rng=rng),
        "created": created,
        "updated": _updated_s(status, created=created, started=started, rng=rng),
        "user_id": USER_ID,
        SIMULATED: True,
    }


def _start_s(family: Family, number: int, status: Status, *, sent_before: int, rng: Random) -> int:
    """Return when it leaves: evenly over three years, and the running ones just before the moment shown."""
    midnight = REFERENCE_S - REFERENCE_S % _DAY_S
    if status is Status.RUNNING:
        return REFERENCE_S - int((1 + 5 * rng.random()) * 600)
    if status in _SENDS:
        days = 4 + (_SPAN_DAYS - 4) * (sent_before - number) // sent_before
        return midnight - days * _DAY_S + family.hour * 3600
    days = 14 + 7 * (number - sent_before) + int(20 * rng.random())
    return midnight + days * _DAY_S + family.hour * 3600


def _updated_s(status: Status, *, created: int, started: int, rng: Random) -> int:
    if status in _SENDS:
        return min(REFERENCE_S - 60, started + int((1 + 2 * rng.random()) * _DAY_S))
    return created + int((REFERENCE_S - created) * rng.random())


def _figures(family: Family, status: Status, *, age: float, rng: Random) -> dict[str, int]:
    if status not in _SENDS:
        return dict.fromkeys(COUNTERS, 0)
    # the list grew to what it is; now and then only a part of it is written to
    grown = 0.55 + 0.45 * age
    part = 1.0 if rng.random() < 0.8 or status is Status.RUNNING else 0.3 + 0.5 * rng.random()
    recipients = max(20, round(_contacts(family) * grown * part))
    share = 1.0 if status is Status.FINISHED else 0.15 + 0.35 * rng.random()
    return counters(family.spread, recipients=recipients, sent=int(recipients * share), rng=rng)


def _words(family: Family, number: int, started: int) -> tuple[str, str, str | None]:
    day = datetime.fromtimestamp(started, UTC)
    season = (day.month - 1) * len(family.lines) // len(_MONTHS) + number % 2
    place = season if family.seasonal else number - 1
    name, subject, preview = family.lines[place % len(family.lines)]
    filled = {"n": number, "month": f"{_MONTHS[day.month - 1]} {day.year}"}
    return name.format(**filled), subject.format(**filled), preview


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _contacts(family: Family) -> int:
    return round(at(family.spread.recipients, family.size))


def _template_id(family: Family, number: int) -> str | None:
    plain = family.template is None or number % 11 == 0
    return None if plain else _id("template", str(family.template))


def _id(*words: str) -> str:
    return str(uuid5(_NAMESPACE, "/".join(words)))


@lru_cache(maxsize=16)
def _part(name: str) -> str:
    files = resources.files(__package__) / "templates"
    return (files / name).read_text(encoding="utf-8")
