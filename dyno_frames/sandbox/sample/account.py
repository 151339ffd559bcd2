"""The sample account. Its rows are the same on every machine and every day.

Everything is simulated: the descriptions of the lists and the names of the templates contain *sample*, and the extra
field ``simulated`` of every campaign is true.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from random import Random
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, COUNTERS, LISTS, TEMPLATES
from dyno_frames.sandbox.sample.metrics import MetricQuantiles, draw_counters, quantile
from dyno_frames.sandbox.sample.sample_lists import SAMPLE_LISTS, SampleList
from dyno_frames.sandbox.store.storage import Store

REFERENCE_S = int(datetime(2026, 11, 16, 9, tzinfo=UTC).timestamp())
"""The date of the account. No row depends on the clock."""

SEED = 20161116

_DAY_S = 86_400
_SPAN_DAYS = 3 * 365
_NAMESPACE: UUID = uuid5(NAMESPACE_DNS, "sample.dyno-frames")

USER_ID = str(uuid5(_NAMESPACE, "account"))
"""The value of ``user_id``."""


def user_id(name: str) -> str:
    """Return the ``user_id`` of an account. The default account has that of the sample."""
    return USER_ID if name == "default" else str(uuid5(_NAMESPACE, f"account/{name}"))


SIMULATED = "simulated"
"""An extra field of a campaign: whether its counters are simulated."""

_TEMPLATES = {
    "weekly": ("Weekly digest (sample)", "The five best reads of the week"),
    "offer": ("Shop offer (sample)", "This week in the shop"),
    "product": ("Product news (sample)", "What is new in Ledgerly"),
}

# The latest campaigns of each list, which are not finished; newest first.
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
_STARTED = frozenset({Status.RUNNING, Status.PAUSED, Status.FINISHED, Status.STOPPED})


def fill(store: Store) -> None:
    """Insert the sample account's rows into an empty store."""
    for resource, rows in ((TEMPLATES, templates()), (LISTS, lists()), (CAMPAIGNS, campaigns())):
        store.load(resource, rows)


def metrics_of(list_id: str | None) -> MetricQuantiles | None:
    """Return the distribution of a sample list's metrics, or None for another list."""
    found = (sample_list.metrics for sample_list in SAMPLE_LISTS if _id("list", sample_list.key) == list_id)
    return next(found, None)


def templates() -> list[dict[str, Any]]:
    """Return the three templates."""
    return [
        {
            "id": _id("template", key),
            "name": name,
            "subject": subject,
            "html": _template_part(f"{key}.html"),
            "text": _template_part(f"{key}.txt"),
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
            "id": _id("list", sample_list.key),
            "name": sample_list.name,
            "description": sample_list.description,
            "from_name": sample_list.sender[0],
            "from_email": sample_list.sender[1],
            "contacts": _contacts(sample_list),
            "created": REFERENCE_S - (_SPAN_DAYS + 30 - place) * _DAY_S,
            "updated": REFERENCE_S - (1 + place) * _DAY_S,
            "user_id": USER_ID,
        }
        for place, sample_list in enumerate(SAMPLE_LISTS)
    ]


def campaigns() -> list[dict[str, Any]]:
    """Return the 400 campaigns, in the order they were created."""
    rows = [row for sample_list in SAMPLE_LISTS for row in _campaigns_of(sample_list)]
    return sorted(rows, key=lambda row: (row["created"], row["id"]))


def _campaigns_of(sample_list: SampleList) -> list[dict[str, Any]]:
    rng = Random(f"{SEED} {sample_list.key}")  # noqa: S311 - a sample, the same every time
    tail = _UNFINISHED[sample_list.key]
    statuses = (Status.FINISHED,) * (sample_list.campaigns - len(tail)) + tail[::-1]
    sent_before = sum(status in _STARTED for status in statuses)
    return [
        _campaign(sample_list, number, status, sent_before=sent_before, rng=rng)
        for number, status in enumerate(statuses, start=1)
    ]


def _campaign(
    sample_list: SampleList, number: int, status: Status, *, sent_before: int, rng: Random
) -> dict[str, Any]:
    started = _start_s(sample_list, number, status, sent_before=sent_before, rng=rng)
    created = (started if status in _STARTED else REFERENCE_S) - int((1 + 6 * rng.random()) * _DAY_S)
    name, subject, preview = _texts(sample_list, number, started)
    blank = status is Status.DRAFT and number % 2 == 0
    return {
        "id": _id("campaign", sample_list.key, str(number)),
        "name": name,
        "subject": None if blank else subject,
        "from_name": sample_list.sender[0],
        "from_email": sample_list.sender[1],
        "preview_message": None if blank else preview,
        "list_id": _id("list", sample_list.key),
        "template_id": _template_id(sample_list, number),
        "status": str(status),
        "start_time": None if status is Status.DRAFT else started,
        "time_zone": sample_list.time_zone,
        **_counters(sample_list, status, age=number / sample_list.campaigns, rng=rng),
        "created": created,
        "updated": _updated_s(status, created=created, started=started, rng=rng),
        "user_id": USER_ID,
        SIMULATED: True,
    }


def _start_s(sample_list: SampleList, number: int, status: Status, *, sent_before: int, rng: Random) -> int:
    """Return the start time: evenly over three years; for a running campaign, shortly before the reference time."""
    midnight = REFERENCE_S - REFERENCE_S % _DAY_S
    if status is Status.RUNNING:
        return REFERENCE_S - int((1 + 5 * rng.random()) * 600)
    if status in _STARTED:
        days = 4 + (_SPAN_DAYS - 4) * (sent_before - number) // sent_before
        return midnight - days * _DAY_S + sample_list.hour * 3600
    days = 14 + 7 * (number - sent_before) + int(20 * rng.random())
    return midnight + days * _DAY_S + sample_list.hour * 3600


def _updated_s(status: Status, *, created: int, started: int, rng: Random) -> int:
    if status in _STARTED:
        return min(REFERENCE_S - 60, started + int((1 + 2 * rng.random()) * _DAY_S))
    return created + int((REFERENCE_S - created) * rng.random())


def _counters(sample_list: SampleList, status: Status, *, age: float, rng: Random) -> dict[str, int]:
    if status not in _STARTED:
        return dict.fromkeys(COUNTERS, 0)
    # the list has grown over time, and some campaigns go to a part of it
    grown = 0.55 + 0.45 * age
    part = 1.0 if rng.random() < 0.8 or status is Status.RUNNING else 0.3 + 0.5 * rng.random()
    recipients = max(20, round(_contacts(sample_list) * grown * part))
    share = 1.0 if status is Status.FINISHED else 0.15 + 0.35 * rng.random()
    return draw_counters(sample_list.metrics, recipients=recipients, sent=int(recipients * share), rng=rng)


# not calendar.month_name, which depends on the locale
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _texts(sample_list: SampleList, number: int, started: int) -> tuple[str, str, str | None]:
    day = datetime.fromtimestamp(started, UTC)
    season = (day.month - 1) * len(sample_list.texts) // len(_MONTHS) + number % 2
    place = season if sample_list.seasonal else number - 1
    name, subject, preview = sample_list.texts[place % len(sample_list.texts)]
    filled = {"n": number, "month": f"{_MONTHS[day.month - 1]} {day.year}"}
    return name.format(**filled), subject.format(**filled), preview


def _contacts(sample_list: SampleList) -> int:
    return round(quantile(sample_list.metrics.recipients, sample_list.size))


def _template_id(sample_list: SampleList, number: int) -> str | None:
    plain = sample_list.template is None or number % 11 == 0
    return None if plain else _id("template", str(sample_list.template))


def _id(*words: str) -> str:
    return str(uuid5(_NAMESPACE, "/".join(words)))


def _template_part(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")
