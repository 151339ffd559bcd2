"""A small account of difficult values, the same every day, and the frame that pandas has of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import pandas as pd

CAMPAIGNS, LISTS, TEMPLATES = 300, 40, 40
STATUSES = ("draft", "scheduled", "running", "paused", "finished", "stopped")

NAMES = (
    "Weekly news", "Weekly, special", "Weekly", "weekly digest", "Black Friday", "Cyber Monday", "Back in stock",
    "50% off", "50%_off", "50 off", "under_score", "underXscore", r"back\slash", "backslash", "Sale", "sale", "SALE",
    "\u017fale", "Kelvin", "\u212aelvin", "kelvin", "Straße", "STRASSE", "strasse", "İstanbul", "ıstanbul",
    "istanbul", "ISTANBUL", "café", "cafe\u0301", "CAFÉ", "cafe", "\ufb01nal", "final", "FINAL", "", " ", " lead",
    "trail ", "trail", "new\nline", "line\r\nfeed", "news\n", "tab\there", "a,b", "a", "b", ",", "ß", "ΣΊΣΥΦΟΣ",
    "σίσυφος", "happy 😀", "\u00a0blank", "What's new", 'the "best"', "<b>bold</b>", "null", "None", "nan", "0",
    "true", "\uff11\uff12", "12", "[draft] offer", "(offer)", "a.b", "axb", "a+b", "^start", "end$", "Re: Re: offer",
    "Reminder: your cart", "Welcome", "Newsletter #1", "Newsletter #12", "Summer sale", "SUMMER SALE -20%", "Axe", "Box sale", "x" * 300,
)  # fmt: skip
SUBJECTS = (None, *NAMES[::2], None, *NAMES[1::2], "Last chance", None)
SENDERS = ("Dyno", "dyno", "The Dyno team", None, "", "Ann, from Dyno")
ZONES = ("Europe/Oslo", "UTC", None, "America/New_York")
SCORES = (0.1, 0.1 + 0.2, 0.3, -0.0, 0.0, 1.5, 2.0, None, -7.25, 1e300, 100.0, 1 / 3)
BUDGETS = (
    0,
    1,
    -1,
    None,
    2**53 - 1,
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    2**60 + 7,
    2**63 - 1,
    -(2**63),
    500,
    None,
    1000,
)
LABELS = (["spring", "vip"], [], None, ["vip"])
INSTANTS = (
    1420070400,  # 2015-01-01
    1439054168,
    1451606399,  # the last second of 2015
    1451606400,  # 2016-01-01
    1451606401,
    1456704000,  # 2016-02-29
    1483228799,  # the last second of 2016
    1483228800,
)
SPAN_S = 3 * 365 * 86_400

STRING = "str"
TIME = "datetime64[s, UTC]"
STATUS = pd.CategoricalDtype(STATUSES)
COUNTERS = ("recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes")

DTYPES: dict[str, dict[str, Any]] = {
    "campaigns": {
        **dict.fromkeys(("id", "name", "subject", "from_name", "from_email", "preview_message"), STRING),
        **dict.fromkeys(("list_id", "template_id"), STRING),
        "status": STATUS,
        "start_time": TIME,
        "time_zone": STRING,
        **dict.fromkeys(COUNTERS, "int64"),
        "created": TIME,
        "updated": TIME,
        "user_id": STRING,
        "budget": "Int64",
        "score": "Float64",
        "open rate %": "Float64",
        "is_test": "boolean",
        "vip": "boolean",
        "class": STRING,
        "región": STRING,
        "labels": object,
    },
    "lists": {
        **dict.fromkeys(("id", "name", "description", "from_name", "from_email"), STRING),
        "contacts": "int64",
        "created": TIME,
        "updated": TIME,
        "user_id": STRING,
    },
    "templates": {
        **dict.fromkeys(("id", "name", "subject", "html", "text"), STRING),
        "created": TIME,
        "updated": TIME,
        "user_id": STRING,
    },
}
"""The dtype of every column, stated independently of the package."""

NEVER_SENT = ("template_id",)
"""Contract fields that no row of this account has."""


@dataclass(frozen=True, slots=True)
class Account:
    """The rows that the server gets, and the frame of each resource."""

    rows: dict[str, list[dict[str, Any]]]

    def loadable(self) -> dict[str, pd.DataFrame]:
        """Return the tables for the sandbox, without converting a value."""
        return {name: pd.DataFrame(rows, dtype=object) for name, rows in self.rows.items()}

    def full(self, resource: str) -> pd.DataFrame:
        """Return every row, typed, in order of (created, id)."""
        rows = sorted(self.rows[resource], key=lambda row: (row["created"], row["id"]))
        columns = {
            name: _series([row.get(name) for row in rows], dtype) for name, dtype in DTYPES[resource].items()
        }
        return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def _series(values: list[Any], dtype: Any) -> pd.Series:
    if dtype == TIME:
        whole = pd.array([None if value is None else value * 10**9 for value in values], dtype="Int64")
        return pd.Series(pd.to_datetime(whole, unit="ns", utc=True)).dt.as_unit("s")
    if dtype == "Int64":
        return pd.Series(pd.array(values, dtype="Int64"))
    return pd.Series(values, dtype=dtype)


def account() -> Account:
    """Return the account."""
    drawn = random.Random(20160229)  # noqa: S311 - the same rows every day
    return Account(
        {
            "campaigns": [_campaign(place, drawn) for place in range(CAMPAIGNS)],
            "lists": [_list(place, drawn) for place in range(LISTS)],
            "templates": [_template(place, drawn) for place in range(TEMPLATES)],
        }
    )


def _at(values: tuple[Any, ...], place: int, step: int = 1) -> Any:
    return next(islice(cycle(values), place * step % len(values), None))


def _key(drawn: random.Random) -> str:
    text = f"{drawn.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _created(place: int, drawn: random.Random) -> int:
    if place < len(INSTANTS):
        return INSTANTS[place]
    if place % 50 in {10, 11, 12}:  # three rows of one second, six times
        return INSTANTS[0] + place // 50 * 5_000_000
    return INSTANTS[0] + drawn.randrange(SPAN_S)


def _campaign(place: int, drawn: random.Random) -> dict[str, Any]:
    status = drawn.choice([*STATUSES, "finished", "finished"])
    created = _created(place, drawn)
    recipients = drawn.choice([0, 0, 1, 10, 100, 5000, 250_000])
    delivered = drawn.randint(0, recipients)
    opens = drawn.randint(0, delivered)
    return {
        "id": _key(drawn),
        "name": _at(NAMES, place),
        "subject": _at(SUBJECTS, place, 3),
        "from_name": _at(SENDERS, place),
        "from_email": f"sender{place % 7}@example.com" if place % 5 else None,
        "preview_message": None if place % 4 else f"Preview {place}",
        "list_id": f"list-{place % 9}",
        "status": status,
        "start_time": None if status == "draft" else created + 3600 * (place % 30),
        "time_zone": _at(ZONES, place),
        "recipients": recipients,
        "sent": recipients,
        "delivered": delivered,
        "opens": opens,
        "clicks": drawn.randint(0, opens),
        "bounces": recipients - delivered,
        "complaints": place % 3,
        "unsubscribes": drawn.choice([0, 0, 1, 2]),
        "created": created,
        "updated": created + drawn.randrange(90 * 86_400),
        "user_id": "user-1",
        "budget": _at(BUDGETS, place),
        "score": _at(SCORES, place),
        "open rate %": None if not delivered else opens / delivered,
        "is_test": _at((True, False, None), place),
        "vip": place % 11 == 0,
        "class": _at(("A", "B", None, "a"), place),
        "región": _at(("Norte", "Sur", "norte", None), place, 3),
        "labels": _at(LABELS, place),
    }


def _list(place: int, drawn: random.Random) -> dict[str, Any]:
    created = _created(place + 100, drawn)
    return {
        "id": _key(drawn),
        "name": _at(NAMES, place, 2),
        "description": None if place % 3 == 0 else _at(NAMES, place, 5),
        "from_name": _at(SENDERS, place),
        "from_email": f"sender{place % 7}@example.com",
        "contacts": place * place,
        "created": created,
        "updated": created + place,
        "user_id": "user-1",
    }


def _template(place: int, drawn: random.Random) -> dict[str, Any]:
    created = _created(place + 200, drawn)
    return {
        "id": _key(drawn),
        "name": _at(NAMES, place, 3),
        "subject": _at(SUBJECTS, place, 7),
        "html": f"<h1>{_at(NAMES, place * 2)}</h1>\n<p>50% off, today_only</p>",
        "text": None if place % 2 else f"{_at(NAMES, place)}\r\n-- \r\nDyno",
        "created": created,
        "updated": created,
        "user_id": "user-1",
    }
