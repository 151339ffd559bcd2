"""What people ask about their campaigns, in every form that can say it, and what becomes of each question.

Each row is one question: as a query string, and as Python over ``c``. The Python form is asked twice, with ``c`` the
frame (a function of it) and with ``c`` a maker of ``pd.col`` expressions. The verdict is that of the whole plan on a
server of the decided profile; where pandas itself reads the two forms differently, the query string has its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

EXACT = "exact"
"""The server's rows are the answer."""
WIDER = "wider"
"""Fewer than all rows come, and pandas judges them."""
LOCAL = "local"
"""Every row comes, and pandas judges them."""
EMPTY = "empty"
"""No row can match, and nothing is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question.

    Parameters
    ----------
    query
        As a query string; None where none can say it.
    python
        As Python over ``c``; None where it cannot be said so.
    plan, query_plan
        The verdict, and the query string's own where it is another.
    resource
        Whom it is asked of.
    column
        Whether a ``pd.col`` expression can say it.
    reads
        What is answered where pandas raises: the same question in words that pandas reads.
    warns
        A part of the warning that comes with it, in the forms of ``warned``.
    warned
        The forms that warn.
    """

    query: str | None
    python: Callable[[Any], Any] | None
    plan: str
    query_plan: str | None = None
    resource: str = "campaigns"
    column: bool = True
    reads: Callable[[Any], Any] | None = None
    warns: str = ""
    warned: tuple[str, ...] = ("query", "column", "function")

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms it is asked in."""
        found = ("query",) if self.query is not None else ()
        if self.python is not None:
            found += ("column", "function") if self.column else ("function",)
        return found

    def expected(self, form: str) -> str:
        """The verdict in one form."""
        return self.query_plan or self.plan if form == "query" else self.plan


def utc(text: str) -> pd.Timestamp:
    """Return an instant in UTC."""
    return pd.Timestamp(text, tz="UTC")


class Window:
    """A period, to be reached by attributes in a query string."""

    start = utc("2016-01-01")
    end = utc("2016-04-01")


LIVE = ["scheduled", "running", "paused"]
LEAST = 100
RATES = {"low": 0.1, "high": 0.3}
DAY = dt.date(2016, 2, 29)
NOON = utc("2016-06-01T12:00")
OSLO = pd.Timestamp("2016-01-01T00:00", tz="Europe/Oslo")
SINCE = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
NOTHING = None
WORD = "Weekly"
GREAT = 2**53 + 1
MANY = [f"no such name {number}" for number in range(900)]

BY_LABEL = pd.Series(range(300))

LOCALS: dict[str, Any] = {
    "live": LIVE, "least": LEAST, "rates": RATES, "day": DAY, "noon": NOON, "oslo": OSLO, "since": SINCE,
    "nothing": NOTHING, "word": WORD, "great": GREAT, "window": Window, "many": MANY, "NaT": pd.NaT, "NA": pd.NA,
    "live_set": set(LIVE), "live_tuple": tuple(LIVE), "live_series": pd.Series(LIVE, index=[9, 8, 7]),
    "live_array": np.array(LIVE), "live_index": pd.Index(LIVE), "live_keys": dict.fromkeys(LIVE).keys(),
    "least64": np.int64(100), "third": np.float64(0.3), "some": range(1, 6), "longer": len, "half": lambda x: x / 2,
    "top": pd.Series([0, 10, 100], index=[7, 8, 9]), "above_mean": lambda x: x > x.mean(),
}  # fmt: skip
"""What ``@names`` stand for."""


def ask(query: str | None, python: Callable[[Any], Any] | None = None, plan: str = EXACT, **more: Any) -> Row:
    """Return a row."""
    return Row(query=query, python=python, plan=plan, **more)


def of_lists(query: str | None, python: Callable[[Any], Any] | None, plan: str, **more: Any) -> Row:
    """Return a row that is asked of lists."""
    return Row(query=query, python=python, plan=plan, resource="lists", **more)


def of_templates(query: str | None, python: Callable[[Any], Any] | None, plan: str, **more: Any) -> Row:
    """Return a row that is asked of templates."""
    return Row(query=query, python=python, plan=plan, resource="templates", **more)


STATUS = [
    ask("status == 'finished'", lambda c: c.status == "finished", EXACT),
    ask("status != 'finished'", lambda c: c.status != "finished", EXACT),
    ask("not status == 'finished'", lambda c: ~(c.status == "finished"), EXACT),
    ask("~(status != 'finished')", lambda c: ~(c.status != "finished"), EXACT),
    ask("'finished' == status", lambda c: "finished" == c.status, EXACT),  # noqa: SIM300 - as some write it
    ask("status == 'Finished'", lambda c: c.status == "Finished", EXACT),
    ask("status == 'no such word'", lambda c: c.status == "no such word", EXACT),
    ask("status in ['finished', 'stopped']", lambda c: c.status.isin(["finished", "stopped"]), EXACT),
    ask("status in ('finished', 'stopped')", lambda c: c.status.isin(("finished", "stopped")), EXACT),
    ask("status not in ['finished', 'stopped']", lambda c: ~c.status.isin(["finished", "stopped"]), EXACT),
    ask("status == ['finished', 'stopped']", None, EXACT),
    ask("status != ['finished', 'stopped']", None, EXACT),
    ask("['finished', 'stopped'] in status", None, EXACT),
    ask("'finished' in status", None, EXACT),
    ask("status in 'finished'", None, EXACT),
    ask("status.isin(['finished', 'stopped'])", lambda c: c.status.isin(["finished", "stopped"]), EXACT),
    ask("~status.isin(['draft'])", lambda c: ~c.status.isin(["draft"]), EXACT),
    ask("status in []", lambda c: c.status.isin([]), EMPTY),
    ask("status not in []", lambda c: ~c.status.isin([]), EXACT),
    ask("status in @live", lambda c: c.status.isin(LIVE), EXACT),
    ask("status == @live", None, EXACT),
    ask("status not in @live", lambda c: ~c.status.isin(LIVE), EXACT),
    ask("status in @live_set", lambda c: c.status.isin(set(LIVE)), EXACT),
    ask("status.isin(@live_tuple)", lambda c: c.status.isin(tuple(LIVE)), EXACT),
    ask(None, lambda c: c.status.isin(frozenset(LIVE)), EXACT),
    ask("status.isin(@live_series)", lambda c: c.status.isin(LOCALS["live_series"]), EXACT),
    ask("status.isin(@live_array)", lambda c: c.status.isin(LOCALS["live_array"]), EXACT),
    ask("status.isin(@live_index)", lambda c: c.status.isin(LOCALS["live_index"]), EXACT),
    ask("status.isin(@live_keys)", lambda c: c.status.isin(LOCALS["live_keys"]), EXACT),
    ask(None, lambda c: c.status.isin({"draft": 1, "running": 2}), EXACT),
    ask(None, lambda c: c.status.isin(word for word in LIVE), EXACT, column=False),
    ask(
        "status == 'draft' or status == 'scheduled'",
        lambda c: (c.status == "draft") | (c.status == "scheduled"),
        EXACT,
    ),
    ask(
        "status == 'draft' | status == 'paused' | status == 'running'",
        lambda c: (c.status == "draft") | (c.status == "paused") | (c.status == "running"),
        EXACT,
    ),
    ask(
        "status != 'draft' and status != 'scheduled'",
        lambda c: (c.status != "draft") & (c.status != "scheduled"),
        EXACT,
    ),
    ask(
        "status == 'draft' and status == 'finished'",
        lambda c: (c.status == "draft") & (c.status == "finished"),
        EMPTY,
    ),
    ask(
        "status != 'draft' or status != 'finished'",
        lambda c: (c.status != "draft") | (c.status != "finished"),
        EXACT,
    ),
    ask(
        "status in ['draft', 'paused'] and status != 'draft'",
        lambda c: c.status.isin(["draft", "paused"]) & (c.status != "draft"),
        EXACT,
    ),
    ask(
        "status in ['draft', 'paused'] and status not in ['draft', 'paused']",
        lambda c: c.status.isin(["draft", "paused"]) & ~c.status.isin(["draft", "paused"]),
        EMPTY,
    ),
    ask("status.isna()", lambda c: c.status.isna(), EMPTY),
    ask("status.notna()", lambda c: c.status.notna(), EXACT),
    ask("status == None", lambda c: c.status == NOTHING, LOCAL, warns="is false for every row"),
    ask("status.eq('draft')", lambda c: c.status.eq("draft"), EXACT),
    ask("status.ne('draft')", lambda c: c.status.ne("draft"), EXACT),
    ask("status.str.startswith('s')", lambda c: c.status.str.startswith("s"), EXACT),
    ask("status.str.contains('ed')", lambda c: c.status.str.contains("ed"), EXACT),
    ask("status.cat.codes > 2", lambda c: c.status.cat.codes > 2, LOCAL),
    ask("status.astype('str') > 'p'", lambda c: c.status.astype("str") > "p", LOCAL),
]

NAMES_AND_SUBJECTS = [
    ask("name == 'Weekly news'", lambda c: c["name"] == "Weekly news", EXACT),
    ask("name == 'Weekly, special'", lambda c: c["name"] == "Weekly, special", EXACT),
    ask("name == ''", lambda c: c["name"] == "", EXACT),
    ask("name == ' lead'", lambda c: c["name"] == " lead", EXACT),
    ask("name == 'trail'", lambda c: c["name"] == "trail", EXACT),
    ask("name == 'café'", lambda c: c["name"] == "café", EXACT),
    ask("name == 'cafe\u0301'", lambda c: c["name"] == "cafe\u0301", EXACT),
    ask("name == 'kelvin'", lambda c: c["name"] == "kelvin", EXACT),
    ask("name == '50%_off'", lambda c: c["name"] == "50%_off", EXACT),
    ask(r"name == 'back\\slash'", lambda c: c["name"] == r"back\slash", EXACT),
    ask(r"name == 'new\nline'", lambda c: c["name"] == "new\nline", EXACT),
    ask("name == 'null'", lambda c: c["name"] == "null", EXACT),
    ask("name == '0'", lambda c: c["name"] == "0", EXACT),
    ask('name == "What\'s new"', lambda c: c["name"] == "What's new", EXACT),
    ask("name != 'Sale'", lambda c: c["name"] != "Sale", EXACT),
    ask("name != ''", lambda c: c["name"] != "", EXACT),
    ask("name != 'a,b'", lambda c: c["name"] != "a,b", LOCAL),
    ask("name in ['a,b', 'a']", lambda c: c["name"].isin(["a,b", "a"]), EXACT),
    ask("name in ['a', 'b', '']", lambda c: c["name"].isin(["a", "b", ""]), EXACT),
    ask("name in [',', 'a,b', 'a']", lambda c: c["name"].isin([",", "a,b", "a"]), EXACT),
    ask("name in [' lead', 'trail ']", lambda c: c["name"].isin([" lead", "trail "]), EXACT),
    ask("name not in ['a', 'b']", lambda c: ~c["name"].isin(["a", "b"]), EXACT),
    ask("name not in ['a,b', 'Sale']", lambda c: ~c["name"].isin(["a,b", "Sale"]), WIDER),
    ask("name not in ['', 'Sale']", lambda c: ~c["name"].isin(["", "Sale"]), EXACT),
    ask("name.isin(['Sale', 'SALE', 'sale'])", lambda c: c["name"].isin(["Sale", "SALE", "sale"]), EXACT),
    ask("name == @word", lambda c: c["name"] == WORD, EXACT),
    ask("name in @many", lambda c: c["name"].isin(MANY), EXACT),
    ask("name > 'M'", lambda c: c["name"] > "M", LOCAL),
    ask("'A' <= name < 'N'", lambda c: (c["name"] >= "A") & (c["name"] < "N"), LOCAL),
    ask("name.between('A', 'N')", lambda c: c["name"].between("A", "N"), LOCAL),
    ask("subject == 'Last chance'", lambda c: c.subject == "Last chance", EXACT),
    ask("subject != 'Last chance'", lambda c: c.subject != "Last chance", EXACT),
    ask("not subject == 'Last chance'", lambda c: ~(c.subject == "Last chance"), EXACT),
    ask("~(subject != 'Last chance')", lambda c: ~(c.subject != "Last chance"), EXACT),
    ask("subject in ['Sale', 'sale']", lambda c: c.subject.isin(["Sale", "sale"]), EXACT),
    ask("subject not in ['Sale', 'sale']", lambda c: ~c.subject.isin(["Sale", "sale"]), EXACT),
    ask("subject.isin(['Sale', @nothing])", lambda c: c.subject.isin(["Sale", None]), LOCAL),
    ask("~subject.isin(['Sale', @nothing])", lambda c: ~c.subject.isin(["Sale", None]), EXACT),
    ask("subject == subject", lambda c: c.subject == c.subject, LOCAL),
    ask("subject != subject", lambda c: c.subject != c.subject, LOCAL),
    ask("subject == None", lambda c: c.subject == NOTHING, LOCAL, warns="is false for every row"),
    ask("subject.isna()", lambda c: c.subject.isna(), LOCAL),
    ask("subject.isnull()", lambda c: c.subject.isnull(), LOCAL),  # noqa: PD003 - as some write it
    ask("subject.notna()", lambda c: c.subject.notna(), EXACT),
    ask("not subject.isna()", lambda c: ~c.subject.isna(), EXACT),
    ask("subject.notna() and subject != ''", lambda c: c.subject.notna() & (c.subject != ""), EXACT),
    ask("subject.isna() or subject == ''", lambda c: c.subject.isna() | (c.subject == ""), LOCAL),
    ask("subject.fillna('') == ''", lambda c: c.subject.fillna("") == "", LOCAL),
    ask("name.isna()", lambda c: c["name"].isna(), EMPTY),
    ask("name.notna()", lambda c: c["name"].notna(), EXACT),
    ask("name.isna() and opens > 5", lambda c: c["name"].isna() & (c.opens > 5), EMPTY),
    ask("from_name == 'Dyno' or from_name == 'dyno'", lambda c: c.from_name.isin(["Dyno", "dyno"]), EXACT),
    ask("from_name == 'Ann, from Dyno'", lambda c: c.from_name == "Ann, from Dyno", EXACT),
    ask("from_name != 'Ann, from Dyno'", lambda c: c.from_name != "Ann, from Dyno", LOCAL),
    ask("from_email == 'sender3@example.com'", lambda c: c.from_email == "sender3@example.com", EXACT),
    ask("time_zone in ['UTC', 'Europe/Oslo']", lambda c: c.time_zone.isin(["UTC", "Europe/Oslo"]), EXACT),
    ask(
        "time_zone != 'UTC' and status != 'draft'",
        lambda c: (c.time_zone != "UTC") & (c.status != "draft"),
        EXACT,
    ),
    ask("list_id == 'list-3'", lambda c: c.list_id == "list-3", EXACT),
    ask("template_id == 'never sent'", lambda c: c.template_id == "never sent", EXACT),
    ask("template_id.notna()", lambda c: c.template_id.notna(), EXACT),
    ask("template_id.isna()", lambda c: c.template_id.isna(), LOCAL),
    ask("id == 'no such id'", lambda c: c.id == "no such id", EXACT),
    ask("id.isin(['no such id', 'nor this'])", lambda c: c.id.isin(["no such id", "nor this"]), EXACT),
    ask("name == 5", lambda c: c["name"] == 5, LOCAL),
    ask("name != 5", lambda c: c["name"] != 5, LOCAL),
    ask("name.isin([5, 'a'])", lambda c: c["name"].isin([5, "a"]), LOCAL),
]

TEXT_TESTS = [
    ask("name.str.contains('Weekly')", lambda c: c["name"].str.contains("Weekly"), EXACT),
    ask("name.str.contains('sale', case=False)", lambda c: c["name"].str.contains("sale", case=False), WIDER),
    ask("name.str.contains('SALE', case=False)", lambda c: c["name"].str.contains("SALE", case=False), WIDER),
    ask(
        "name.str.contains('kelvin', case=False)",
        lambda c: c["name"].str.contains("kelvin", case=False),
        WIDER,
    ),
    ask(
        "name.str.contains('STRASSE', case=False)",
        lambda c: c["name"].str.contains("STRASSE", case=False),
        WIDER,
    ),
    ask(
        "name.str.contains('straße', case=False)",
        lambda c: c["name"].str.contains("straße", case=False),
        WIDER,
    ),
    ask("name.str.contains('i', case=False)", lambda c: c["name"].str.contains("i", case=False), LOCAL),
    ask("name.str.contains('é', case=False)", lambda c: c["name"].str.contains("é", case=False), LOCAL),
    ask(
        "name.str.contains('istanbul', case=False)",
        lambda c: c["name"].str.contains("istanbul", case=False),
        WIDER,
    ),
    ask(
        "name.str.contains('50%', case=False, regex=False)",
        lambda c: c["name"].str.contains("50%", case=False, regex=False),
        WIDER,
    ),
    ask(
        "~name.str.contains('sale', case=False)", lambda c: ~c["name"].str.contains("sale", case=False), LOCAL
    ),
    ask(None, lambda c: c["name"].str.contains("sale", flags=2), LOCAL),
    ask("name.str.contains('50%')", lambda c: c["name"].str.contains("50%"), EXACT),
    ask("name.str.contains('50%_off')", lambda c: c["name"].str.contains("50%_off"), EXACT),
    ask("name.str.contains('_')", lambda c: c["name"].str.contains("_"), EXACT),
    ask("name.str.contains(',')", lambda c: c["name"].str.contains(","), EXACT),
    ask(r"name.str.contains('\\', regex=False)", lambda c: c["name"].str.contains("\\", regex=False), EXACT),
    ask(
        r"name.str.contains('k\\s', regex=False)",
        lambda c: c["name"].str.contains("k\\s", regex=False),
        EXACT,
    ),
    ask("name.str.contains('a.b', regex=False)", lambda c: c["name"].str.contains("a.b", regex=False), EXACT),
    ask("name.str.contains('a.b')", lambda c: c["name"].str.contains("a.b"), EXACT),
    ask(
        "name.str.contains('(offer)', regex=False)",
        lambda c: c["name"].str.contains("(offer)", regex=False),
        EXACT,
    ),
    ask(
        "name.str.contains('[draft]', regex=False)",
        lambda c: c["name"].str.contains("[draft]", regex=False),
        EXACT,
    ),
    ask(
        "name.str.contains('end$', regex=False)", lambda c: c["name"].str.contains("end$", regex=False), EXACT
    ),
    ask("name.str.contains('é')", lambda c: c["name"].str.contains("é"), EXACT),
    ask("name.str.contains('😀')", lambda c: c["name"].str.contains("😀"), EXACT),
    ask(
        r"name.str.contains('w\nl', regex=False)",
        lambda c: c["name"].str.contains("w\nl", regex=False),
        EXACT,
    ),
    ask("name.str.contains('')", lambda c: c["name"].str.contains(""), EXACT),
    ask("subject.str.contains('')", lambda c: c.subject.str.contains(""), EXACT),
    ask("name.str.contains(@word)", lambda c: c["name"].str.contains(WORD), EXACT),
    ask("name.str.contains(pat='Weekly')", lambda c: c["name"].str.contains(pat="Weekly"), EXACT),
    ask("not name.str.contains('Weekly')", lambda c: ~c["name"].str.contains("Weekly"), EXACT),
    ask("subject.str.contains('ale')", lambda c: c.subject.str.contains("ale"), EXACT),
    ask("~subject.str.contains('ale')", lambda c: ~c.subject.str.contains("ale"), EXACT),
    ask("subject.str.contains('ale') == False", lambda c: c.subject.str.contains("ale") == False, LOCAL),  # noqa: E712
    ask("subject.str.contains('ale', na=False)", lambda c: c.subject.str.contains("ale", na=False), EXACT),
    ask("~subject.str.contains('ale', na=False)", lambda c: ~c.subject.str.contains("ale", na=False), EXACT),
    ask("subject.str.contains('ale', na=True)", lambda c: c.subject.str.contains("ale", na=True), LOCAL),
    ask("~subject.str.contains('ale', na=True)", lambda c: ~c.subject.str.contains("ale", na=True), EXACT),
    ask("name.str.startswith('Weekly')", lambda c: c["name"].str.startswith("Weekly"), EXACT),
    ask("name.str.startswith('50%')", lambda c: c["name"].str.startswith("50%"), EXACT),
    ask("name.str.startswith('^')", lambda c: c["name"].str.startswith("^"), EXACT),
    ask("name.str.startswith('<b>')", lambda c: c["name"].str.startswith("<b>"), EXACT),
    ask("name.str.startswith('')", lambda c: c["name"].str.startswith(""), EXACT),
    ask(None, lambda c: c["name"].str.startswith(("Week", "Cyber")), EXACT),
    ask("~name.str.startswith('Weekly')", lambda c: ~c["name"].str.startswith("Weekly"), EXACT),
    ask("subject.str.startswith('S')", lambda c: c.subject.str.startswith("S"), EXACT),
    ask("~subject.str.startswith('S')", lambda c: ~c.subject.str.startswith("S"), EXACT),
    ask("name.str.endswith('news')", lambda c: c["name"].str.endswith("news"), EXACT),
    ask("name.str.endswith('%')", lambda c: c["name"].str.endswith("%"), EXACT),
    ask("name.str.endswith('$')", lambda c: c["name"].str.endswith("$"), EXACT),
    ask(r"name.str.endswith('\n')", lambda c: c["name"].str.endswith("\n"), EXACT),
    ask("name.str.endswith(' ')", lambda c: c["name"].str.endswith(" "), EXACT),
    ask("~name.str.endswith('sale')", lambda c: ~c["name"].str.endswith("sale"), EXACT),
    ask("name.str.match('Week')", lambda c: c["name"].str.match("Week"), EXACT),
    ask("name.str.match('[A-Z]+ [A-Z]+')", lambda c: c["name"].str.match("[A-Z]+ [A-Z]+"), EXACT),
    ask("name.str.match('a|b')", lambda c: c["name"].str.match("a|b"), EXACT),
    ask("name.str.fullmatch('Weekly')", lambda c: c["name"].str.fullmatch("Weekly"), EXACT),
    ask("name.str.fullmatch('Weekly.*')", lambda c: c["name"].str.fullmatch("Weekly.*"), WIDER),
    ask("name.str.contains('^Weekly')", lambda c: c["name"].str.contains("^Weekly"), EXACT),
    ask("name.str.contains('news$')", lambda c: c["name"].str.contains("news$"), WIDER),
    ask("name.str.contains('Sale|SALE')", lambda c: c["name"].str.contains("Sale|SALE"), EXACT),
    ask("name.str.contains('Week.*news')", lambda c: c["name"].str.contains("Week.*news"), EXACT),
    ask("name.str.contains('[0-9]+')", lambda c: c["name"].str.contains("[0-9]+"), EXACT),
    ask("name.str.contains('[0-9]{2}')", lambda c: c["name"].str.contains("[0-9]{2}"), EXACT),
    ask("name.str.contains('[^a-z]x')", lambda c: c["name"].str.contains("[^a-z]x"), EXACT),
    ask("name.str.contains('(?:Black|Cyber) ')", lambda c: c["name"].str.contains("(?:Black|Cyber) "), EXACT),
    ask("~name.str.contains('[0-9]')", lambda c: ~c["name"].str.contains("[0-9]"), EXACT),
    ask(r"name.str.contains('\\d')", lambda c: c["name"].str.contains(r"\d"), LOCAL),
    ask(r"name.str.contains('\\bsale\\b')", lambda c: c["name"].str.contains(r"\bsale\b"), WIDER),
    ask(
        r"name.str.contains('Newsletter #\\d+')", lambda c: c["name"].str.contains(r"Newsletter #\d+"), WIDER
    ),
    ask(r"name.str.contains('Weekly\\s')", lambda c: c["name"].str.contains(r"Weekly\s"), WIDER),
    ask("name.str.contains('(?i)weekly')", lambda c: c["name"].str.contains("(?i)weekly"), LOCAL),
    ask("name.str.contains('(?=W)Weekly')", lambda c: c["name"].str.contains("(?=W)Weekly"), LOCAL),
    ask(r"name.str.contains(r'a\.b')", lambda c: c["name"].str.contains(r"a\.b"), EXACT),
    ask("name.str.contains('[[:alpha:]]')", lambda c: c["name"].str.contains("[[:alpha:]]"), LOCAL),
    ask("name.str.lower() == 'sale'", lambda c: c["name"].str.lower() == "sale", WIDER),
    ask("'kelvin' == name.str.lower()", lambda c: c["name"].str.lower() == "kelvin", WIDER),
    ask("name.str.lower() != 'sale'", lambda c: c["name"].str.lower() != "sale", LOCAL),
    ask(None, lambda c: ~c["name"].str.startswith(("Week", "Cyber")), WIDER),
    ask(None, lambda c: c.subject.str.endswith(("e", "E", "%")), EXACT),
    ask("name.str.upper() == 'STRASSE'", lambda c: c["name"].str.upper() == "STRASSE", LOCAL),
    ask(
        "name.str.lower().str.contains('weekly')",
        lambda c: c["name"].str.lower().str.contains("weekly"),
        LOCAL,
    ),
    ask("name.str.len() > 20", lambda c: c["name"].str.len() > 20, LOCAL),
    ask("subject.str.len() != 1", lambda c: c.subject.str.len() != 1, LOCAL),
    ask("name.str.strip() != name", lambda c: c["name"].str.strip() != c["name"], LOCAL),
    ask("name.str[0] == 'W'", lambda c: c["name"].str[0] == "W", LOCAL),
    ask("name.str[:4] == 'Week'", lambda c: c["name"].str[:4] == "Week", LOCAL),
    ask("name.str.slice(0, 3) == 'Re:'", lambda c: c["name"].str.slice(0, 3) == "Re:", LOCAL),
    ask("name.str.count('e') >= 3", lambda c: c["name"].str.count("e") >= 3, LOCAL),
    ask("name.str.isdigit()", lambda c: c["name"].str.isdigit(), LOCAL),
    ask("name.str.isupper()", lambda c: c["name"].str.isupper(), LOCAL),
    ask(
        "name.str.isupper() and status == 'finished'",
        lambda c: c["name"].str.isupper() & (c.status == "finished"),
        WIDER,
    ),
    ask(
        "name.str.replace(' ', '') == 'Weeklynews'",
        lambda c: c["name"].str.replace(" ", "") == "Weeklynews",
        LOCAL,
    ),
    ask("name.str.split(' ').str.len() > 2", lambda c: c["name"].str.split(" ").str.len() > 2, LOCAL),
    ask(None, lambda c: c["name"] + "!" == "Sale!", LOCAL),
    ask(
        "name.str.contains('Weekly') and name.str.contains('news')",
        lambda c: c["name"].str.contains("Weekly") & c["name"].str.contains("news"),
        EXACT,
    ),
    ask(
        "name.str.contains('Weekly') and not name.str.contains('news')",
        lambda c: c["name"].str.contains("Weekly") & ~c["name"].str.contains("news"),
        EXACT,
    ),
    ask(
        "name.str.contains('Weekly') or name.str.contains('Sale')",
        lambda c: c["name"].str.contains("Weekly") | c["name"].str.contains("Sale"),
        EXACT,
    ),
    ask(
        "name.str.contains('e') and name.str.contains('a') and name.str.contains('l')",
        lambda c: c["name"].str.contains("e") & c["name"].str.contains("a") & c["name"].str.contains("l"),
        WIDER,
    ),
    ask(
        "name.str.startswith('W') and name.str.endswith('s')",
        lambda c: c["name"].str.startswith("W") & c["name"].str.endswith("s"),
        WIDER,
    ),
    ask(
        "name == 'Weekly' and name.str.contains('Week')",
        lambda c: (c["name"] == "Weekly") & c["name"].str.contains("Week"),
        EXACT,
    ),
    ask(
        "name == 'Weekly' and name.str.contains('Sale')",
        lambda c: (c["name"] == "Weekly") & c["name"].str.contains("Sale"),
        EMPTY,
    ),
    ask(
        "name in ['Sale', 'sale', 'trail'] and name.str.startswith('s')",
        lambda c: c["name"].isin(["Sale", "sale", "trail"]) & c["name"].str.startswith("s"),
        EXACT,
    ),
]

NUMBERS = [
    ask("opens > 100", lambda c: c.opens > 100, EXACT),
    ask("opens >= 100", lambda c: c.opens >= 100, EXACT),
    ask("opens < 100", lambda c: c.opens < 100, EXACT),
    ask("opens <= 100", lambda c: c.opens <= 100, EXACT),
    ask("opens == 0", lambda c: c.opens == 0, EXACT),
    ask("opens != 0", lambda c: c.opens != 0, EXACT),
    ask("100 < opens", lambda c: 100 < c.opens, EXACT),  # noqa: SIM300 - as some write it
    ask("~(opens > 100)", lambda c: ~(c.opens > 100), EXACT),
    ask("not opens > 100", lambda c: ~(c.opens > 100), EXACT),
    ask("not (opens > 100 and clicks > 10)", lambda c: ~((c.opens > 100) & (c.clicks > 10)), EXACT),
    ask("not (opens > 100 or clicks > 10)", lambda c: ~((c.opens > 100) | (c.clicks > 10)), EXACT),
    ask("opens > 99.5", lambda c: c.opens > 99.5, EXACT),
    ask("opens >= 100.0", lambda c: c.opens >= 100.0, EXACT),
    ask("opens == 1.5", lambda c: c.opens == 1.5, EMPTY),
    ask("opens != 1.5", lambda c: c.opens != 1.5, EXACT),
    ask("opens > 5 and opens < 3", lambda c: (c.opens > 5) & (c.opens < 3), EMPTY),
    ask("opens > 5 and opens < 6", lambda c: (c.opens > 5) & (c.opens < 6), EMPTY),
    ask("opens > 5 or opens <= 5", lambda c: (c.opens > 5) | (c.opens <= 5), EXACT),
    ask("opens < -1e18", lambda c: c.opens < -1e18, LOCAL),
    ask("opens > -1", lambda c: c.opens > -1, EXACT),
    ask("opens > -(2 + 3)", lambda c: c.opens > -(2 + 3), EXACT),
    ask("opens > 10 * 10", lambda c: c.opens > 10 * 10, EXACT),
    ask("opens > 1e2", lambda c: c.opens > 1e2, EXACT),
    ask("10 < opens <= 1000", lambda c: (c.opens > 10) & (c.opens <= 1000), EXACT),
    ask("1 <= clicks < 10 <= opens", lambda c: (c.clicks >= 1) & (c.clicks < 10) & (c.opens >= 10), EXACT),
    ask("opens.between(10, 1000)", lambda c: c.opens.between(10, 1000), EXACT),
    ask(
        "opens.between(10, 1000, inclusive='left')",
        lambda c: c.opens.between(10, 1000, inclusive="left"),
        EXACT,
    ),
    ask("opens.between(10, 1000, 'right')", lambda c: c.opens.between(10, 1000, "right"), EXACT),
    ask("opens.between(10, 1000, 'neither')", lambda c: c.opens.between(10, 1000, "neither"), EXACT),
    ask("opens.between(left=10, right=20)", lambda c: c.opens.between(left=10, right=20), EXACT),
    ask("~opens.between(10, 1000)", lambda c: ~c.opens.between(10, 1000), EXACT),
    ask("opens.between(1000, 10)", lambda c: c.opens.between(1000, 10), EMPTY),
    ask("opens in [0, 1, 2]", lambda c: c.opens.isin([0, 1, 2]), EXACT),
    ask("opens in [0, 10, 20]", lambda c: c.opens.isin([0, 10, 20]), EXACT),
    ask("opens in (0, 10, @least)", lambda c: c.opens.isin([0, 10, LEAST]), EXACT),
    ask("opens not in [0, 1]", lambda c: ~c.opens.isin([0, 1]), EXACT),
    ask("opens.isin(@some)", lambda c: c.opens.isin(range(1, 6)), EXACT),
    ask(None, lambda c: c.complaints.isin(np.array([1, 2])), EXACT),
    ask(None, lambda c: c.complaints.isin(pd.Series([1, 2])), EXACT),
    ask(None, lambda c: c.opens.isin([]), EMPTY),
    ask("opens == [0, 1]", None, EXACT),
    ask("opens.isin(['0'])", lambda c: c.opens.isin(["0"]), LOCAL),
    ask("opens == '0'", lambda c: c.opens == "0", LOCAL),
    ask("complaints == True", lambda c: c.complaints == True, EXACT),  # noqa: E712 - 1 for pandas
    ask("opens == None", lambda c: c.opens == NOTHING, LOCAL, warns="is false for every row"),
    ask("opens >= @least", lambda c: c.opens >= LEAST, EXACT),
    ask("opens >= @least64", lambda c: c.opens >= np.int64(100), EXACT),
    ask("score > @third", lambda c: c.score > np.float64(0.3), EXACT),
    ask(None, lambda c: np.int64(100) < c.opens, EXACT),
    ask(None, lambda c: np.float64(0.3) < c.score, EXACT),
    ask("opens > @rates['high'] * 100", lambda c: c.opens > RATES["high"] * 100, EXACT),
    ask("opens.gt(100)", lambda c: c.opens.gt(100), EXACT),
    ask("opens.le(100) & clicks.ge(5)", lambda c: c.opens.le(100) & c.clicks.ge(5), EXACT),
    ask("opens.isna()", lambda c: c.opens.isna(), EMPTY),
    ask("opens.notna()", lambda c: c.opens.notna(), EXACT),
    ask(
        "opens == 5 or opens == 10 or opens > 1000",
        lambda c: (c.opens == 5) | (c.opens == 10) | (c.opens > 1000),
        EXACT,
    ),
    ask("opens >= 0", lambda c: c.opens >= 0, EXACT),
    ask("opens > 2 ** 62", lambda c: c.opens > 2**62, EXACT),
    ask("opens < 2 ** 63", lambda c: c.opens < 2**63, LOCAL),
]

EXTRA_COLUMNS = [
    ask("budget == 9007199254740993", lambda c: c.budget == 2**53 + 1, EXACT),
    ask("budget == @great", lambda c: c.budget == GREAT, EXACT),
    ask("budget > 9007199254740992", lambda c: c.budget > 2**53, EXACT),
    ask("budget == 9007199254740992.0", lambda c: c.budget == float(2**53), LOCAL),
    ask("budget == 9223372036854775807", lambda c: c.budget == 2**63 - 1, EXACT),
    ask("budget >= -9223372036854775807", lambda c: c.budget >= -(2**63) + 1, EXACT),
    ask("budget == 0", lambda c: c.budget == 0, EXACT),
    ask("budget != 0", lambda c: c.budget != 0, EXACT),
    ask("~(budget == 0)", lambda c: ~(c.budget == 0), EXACT),
    ask("budget > 0", lambda c: c.budget > 0, EXACT),
    ask("~(budget > 0)", lambda c: ~(c.budget > 0), EXACT),
    ask("budget in [0, 1, 500]", lambda c: c.budget.isin([0, 1, 500]), EXACT),
    ask("budget not in [0, 1, 500]", lambda c: ~c.budget.isin([0, 1, 500]), LOCAL),
    ask("budget.isin([9007199254740993, 0.5])", lambda c: c.budget.isin([2**53 + 1, 0.5]), LOCAL),
    ask("budget.isna()", lambda c: c.budget.isna(), LOCAL),
    ask("budget.notna()", lambda c: c.budget.notna(), EXACT),
    ask("budget.notna() and budget != 0", lambda c: c.budget.notna() & (c.budget != 0), EXACT),
    ask("budget.fillna(0) == 0", lambda c: c.budget.fillna(0) == 0, LOCAL),
    ask("budget.isna() or budget > 5", lambda c: c.budget.isna() | (c.budget > 5), LOCAL),
    ask("score > 0.3", lambda c: c.score > 0.3, EXACT),
    ask("score == 0.3", lambda c: c.score == 0.3, EXACT),
    ask("score == 0.30000000000000004", lambda c: c.score == 0.1 + 0.2, EXACT),
    ask("score == 0", lambda c: c.score == 0, EXACT),
    ask("score != 0", lambda c: c.score != 0, EXACT),
    ask("~(score >= 0)", lambda c: ~(c.score >= 0), EXACT),
    ask("score.between(0, 1.5)", lambda c: c.score.between(0, 1.5), EXACT),
    ask("score in [0.1, 1.5]", lambda c: c.score.isin([0.1, 1.5]), EXACT),
    ask("score >= 1e300", lambda c: c.score >= 1e300, LOCAL),
    ask("score < inf", lambda c: c.score < float("inf"), LOCAL),
    ask("score.isna()", lambda c: c.score.isna(), LOCAL),
    ask("score.round() == 0", lambda c: c.score.round() == 0, LOCAL),
    ask("abs(score) > 1", lambda c: abs(c.score) > 1, LOCAL),
    ask("`open rate %` > 0.5", lambda c: c["open rate %"] > 0.5, EXACT),
    ask("`open rate %`.between(0.2, 0.4)", lambda c: c["open rate %"].between(0.2, 0.4), EXACT),
    ask("`open rate %`.isna()", lambda c: c["open rate %"].isna(), LOCAL),
    ask("`class` == 'A'", lambda c: c["class"] == "A", EXACT),
    ask("`class` != 'A'", lambda c: c["class"] != "A", EXACT),
    ask("`class`.notna() and opens > 10", lambda c: c["class"].notna() & (c.opens > 10), EXACT),
    ask("región == 'Norte'", lambda c: c["región"] == "Norte", EXACT),
    ask("región in ['Norte', 'norte']", lambda c: c["región"].isin(["Norte", "norte"]), EXACT),
    ask("vip", lambda c: c.vip, LOCAL),
    ask("~vip", lambda c: ~c.vip, LOCAL),
    ask("vip == True", lambda c: c.vip == True, LOCAL),  # noqa: E712 - as people write it
    ask("is_test", lambda c: c.is_test, LOCAL),
    ask("not is_test", lambda c: ~c.is_test, LOCAL),
    ask("is_test == False", lambda c: c.is_test == False, LOCAL),  # noqa: E712 - as people write it
    ask("is_test != True", lambda c: c.is_test != True, LOCAL),  # noqa: E712 - as people write it
    ask("is_test.isna()", lambda c: c.is_test.isna(), LOCAL),
    ask("is_test.fillna(False)", lambda c: c.is_test.fillna(value=False), LOCAL),
    ask("is_test and status == 'draft'", lambda c: c.is_test & (c.status == "draft"), WIDER),
    ask("labels.notna()", lambda c: c.labels.notna(), LOCAL),
    ask("labels.str.len() > 1", lambda c: c.labels.str.len() > 1, LOCAL),
    ask("labels.isna() and opens > 10", lambda c: c.labels.isna() & (c.opens > 10), WIDER),
]

TIMES = [
    ask(
        "created >= '2016-01-01'",
        lambda c: c.created >= "2016-01-01",
        EXACT,
        reads=lambda c: c.created >= utc("2016-01-01"),
    ),
    ask(
        "created < '2016'", lambda c: c.created < "2016", EXACT, reads=lambda c: c.created < utc("2016-01-01")
    ),
    ask(
        "created >= '2016-03'",
        lambda c: c.created >= "2016-03",
        EXACT,
        reads=lambda c: c.created >= utc("2016-03-01"),
    ),
    ask("created >= '2016-01-01T00:00Z'", lambda c: c.created >= "2016-01-01T00:00Z", EXACT),
    ask("created > '2016-01-01T00:00:00+02:00'", lambda c: c.created > "2016-01-01T00:00:00+02:00", EXACT),
    ask(
        "created > '2016-01-01 12:30:15'",
        lambda c: c.created > "2016-01-01 12:30:15",
        EXACT,
        reads=lambda c: c.created > utc("2016-01-01 12:30:15"),
    ),
    ask(
        "'2016-01-01' <= created < '2017-01-01'",
        lambda c: (c.created >= "2016-01-01") & (c.created < "2017-01-01"),
        EXACT,
        reads=lambda c: (c.created >= utc("2016-01-01")) & (c.created < utc("2017-01-01")),
    ),
    ask(
        "created >= 1439054168",
        lambda c: c.created >= 1439054168,
        EXACT,
        reads=lambda c: c.created >= pd.Timestamp(1439054168, unit="s", tz="UTC"),
    ),
    ask(
        "created > 1439054168.5",
        lambda c: c.created > 1439054168.5,
        EXACT,
        reads=lambda c: c.created > pd.Timestamp(1439054168.5, unit="s", tz="UTC"),
    ),
    ask(
        "1439054168 < created <= 1483228800",
        lambda c: (c.created > 1439054168) & (c.created <= 1483228800),
        EXACT,
        reads=lambda c: (
            (c.created > pd.Timestamp(1439054168, unit="s", tz="UTC"))
            & (c.created <= pd.Timestamp(1483228800, unit="s", tz="UTC"))
        ),
    ),
    ask("created == '2016-01-01'", None, LOCAL, warns="is a time column"),
    ask("created != '2016-01-01'", None, LOCAL, warns="is a time column"),
    ask(None, lambda c: c.created == "2016-01-01", EXACT),
    ask(None, lambda c: c.created != "2016-01-01", EXACT),
    ask(
        "created.isin(['2016-01-01'])",
        lambda c: c.created.isin(["2016-01-01"]),
        LOCAL,
        warns="is a time column",
    ),
    ask("created.isin([@since])", lambda c: c.created.isin([SINCE]), EXACT),
    ask(None, lambda c: c.created == 1451606400, LOCAL, warns="compares a time with a number"),
    ask("created == @since", lambda c: c.created == SINCE, EXACT),
    ask("created != @since", lambda c: c.created != SINCE, EXACT),
    ask("created > @since", lambda c: c.created > SINCE, EXACT),
    ask("created >= @noon", lambda c: c.created >= NOON, EXACT),
    ask("created >= @oslo", lambda c: c.created >= OSLO, EXACT),
    ask(
        "@window.start <= created < @window.end",
        lambda c: (c.created >= Window.start) & (c.created < Window.end),
        EXACT,
    ),
    ask(
        "created.between(@window.start, @window.end)",
        lambda c: c.created.between(Window.start, Window.end),
        EXACT,
    ),
    ask(
        "created.between('2016-01-01', '2016-04-01')",
        lambda c: c.created.between("2016-01-01", "2016-04-01"),
        EXACT,
    ),
    ask(
        "~created.between(@window.start, @window.end)",
        lambda c: ~c.created.between(Window.start, Window.end),
        EXACT,
    ),
    ask(None, lambda c: c.created > utc("2016-01-01T00:00:00.5"), EXACT),
    ask(None, lambda c: c.created == utc("2016-01-01T00:00:00.5"), EMPTY),
    ask("created.dt.year == 2016", lambda c: c.created.dt.year == 2016, EXACT),
    ask("created.dt.year != 2016", lambda c: c.created.dt.year != 2016, EXACT),
    ask("created.dt.year >= 2016", lambda c: c.created.dt.year >= 2016, EXACT),
    ask("created.dt.year < 2016", lambda c: c.created.dt.year < 2016, EXACT),
    ask("created.dt.year in [2015, 2017]", lambda c: c.created.dt.year.isin([2015, 2017]), EXACT),
    ask("created.dt.year.between(2015, 2016)", lambda c: c.created.dt.year.between(2015, 2016), LOCAL),
    ask(
        "created.dt.year == 2016 and created.dt.month == 2",
        lambda c: (c.created.dt.year == 2016) & (c.created.dt.month == 2),
        WIDER,
    ),
    ask("created.dt.month == 12", lambda c: c.created.dt.month == 12, LOCAL),
    ask("created.dt.month in [6, 7, 8]", lambda c: c.created.dt.month.isin([6, 7, 8]), LOCAL),
    ask("created.dt.quarter == 4", lambda c: c.created.dt.quarter == 4, LOCAL),
    ask("created.dt.day_of_week < 5", lambda c: c.created.dt.day_of_week < 5, LOCAL),
    ask("created.dt.hour.between(9, 17)", lambda c: c.created.dt.hour.between(9, 17), LOCAL),
    ask("created.dt.day_name() == 'Friday'", lambda c: c.created.dt.day_name() == "Friday", LOCAL),
    ask("created.dt.is_month_end", lambda c: c.created.dt.is_month_end, LOCAL),
    ask("created.dt.date == @day", lambda c: c.created.dt.date == DAY, EXACT),
    ask("created.dt.date >= @day", lambda c: c.created.dt.date >= DAY, EXACT),
    ask("created.dt.normalize() == @window.start", lambda c: c.created.dt.normalize() == Window.start, EXACT),
    ask("created.dt.floor('D') <= @window.start", lambda c: c.created.dt.floor("D") <= Window.start, EXACT),
    ask("created.dt.floor('h') == @noon", lambda c: c.created.dt.floor("h") == NOON, EXACT),
    ask(
        "created.dt.strftime('%Y-%m') == '2016-02'",
        lambda c: c.created.dt.strftime("%Y-%m") == "2016-02",
        LOCAL,
    ),
    ask(
        "created.dt.tz_convert('Europe/Oslo').dt.hour == 9",
        lambda c: c.created.dt.tz_convert("Europe/Oslo").dt.hour == 9,
        LOCAL,
    ),
    ask("start_time > @noon", lambda c: c.start_time > NOON, EXACT),
    ask("~(start_time > @noon)", lambda c: ~(c.start_time > NOON), LOCAL),
    ask("start_time <= @noon", lambda c: c.start_time <= NOON, EXACT),
    ask("start_time != @noon", lambda c: c.start_time != NOON, LOCAL),
    ask("start_time.isna()", lambda c: c.start_time.isna(), LOCAL),
    ask("start_time.notna()", lambda c: c.start_time.notna(), EXACT),
    ask(
        "start_time.isna() and status == 'draft'",
        lambda c: c.start_time.isna() & (c.status == "draft"),
        WIDER,
    ),
    ask(
        "start_time.isna() or start_time > @noon",
        lambda c: c.start_time.isna() | (c.start_time > NOON),
        LOCAL,
    ),
    ask("start_time.dt.year == 2016", lambda c: c.start_time.dt.year == 2016, EXACT),
    ask("start_time.dt.year != 2016", lambda c: c.start_time.dt.year != 2016, LOCAL),
    ask("start_time.isin([@noon, @NaT])", lambda c: c.start_time.isin([NOON, pd.NaT]), LOCAL),
    ask("start_time == @NaT", lambda c: c.start_time == pd.NaT, LOCAL, warns="is false for every row"),
    ask("updated > created", lambda c: c.updated > c.created, LOCAL),
    ask("updated - created > '30 days'", lambda c: c.updated - c.created > "30 days", LOCAL),
    ask("start_time - created >= '1h'", lambda c: c.start_time - c.created >= "1h", LOCAL),
    ask(
        "created > '2016-01-01T00:00Z' and created < '2015-01-01T00:00Z'",
        lambda c: (c.created > "2016-01-01T00:00Z") & (c.created < "2015-01-01T00:00Z"),
        EMPTY,
    ),
    ask(
        "created < '2015-01-02T00:00Z' or created > '2017-12-01T00:00Z'",
        lambda c: (c.created < "2015-01-02T00:00Z") | (c.created > "2017-12-01T00:00Z"),
        EXACT,
    ),
    ask("created <= created.max()", lambda c: c.created <= c.created.max(), LOCAL),
]

RATES_AND_COLUMNS = [
    ask("opens / delivered > 0.3", lambda c: c.opens / c.delivered > 0.3, LOCAL),
    ask(
        "delivered > 0 and opens / delivered > 0.3",
        lambda c: (c.delivered > 0) & (c.opens / c.delivered > 0.3),
        WIDER,
    ),
    ask(
        "clicks / opens >= 0.1 and status == 'finished'",
        lambda c: (c.clicks / c.opens >= 0.1) & (c.status == "finished"),
        WIDER,
    ),
    ask("100 * opens > 30 * delivered", lambda c: 100 * c.opens > 30 * c.delivered, LOCAL),
    ask("opens * 2 > 100", lambda c: c.opens * 2 > 100, LOCAL),
    ask("opens + clicks == 0", lambda c: c.opens + c.clicks == 0, LOCAL),
    ask("opens - clicks > 10", lambda c: c.opens - c.clicks > 10, LOCAL),
    ask("opens // 100 == 1", lambda c: c.opens // 100 == 1, LOCAL),
    ask("opens % 2 == 0", lambda c: c.opens % 2 == 0, LOCAL),
    ask("opens ** 2 > 10000", lambda c: c.opens**2 > 10000, LOCAL),
    ask("-opens < -100", lambda c: -c.opens < -100, LOCAL),
    ask("+opens > 100", lambda c: +c.opens > 100, LOCAL),
    ask("bounces / sent > 0.05", lambda c: c.bounces / c.sent > 0.05, LOCAL),
    ask("opens > clicks", lambda c: c.opens > c.clicks, LOCAL),
    ask("opens == clicks", lambda c: c.opens == c.clicks, LOCAL),
    ask("opens != delivered and opens > 0", lambda c: (c.opens != c.delivered) & (c.opens > 0), WIDER),
    ask("subject == name", lambda c: c.subject == c["name"], LOCAL),
    ask("`open rate %` > score", lambda c: c["open rate %"] > c.score, LOCAL),
    ask("budget > opens", lambda c: c.budget > c.opens, LOCAL),
    ask("sqrt(opens) > 10", lambda c: np.sqrt(c.opens) > 10, LOCAL),
    ask("log1p(opens) > 5", lambda c: np.log1p(c.opens) > 5, LOCAL),
    ask("abs(opens - delivered) < 5", lambda c: abs(c.opens - c.delivered) < 5, LOCAL),
    ask("@half(opens) > 50", lambda c: c.opens / 2 > 50, LOCAL),
    ask(None, lambda c: np.where(c.opens > 5, True, False), LOCAL, column=False),
    ask(None, lambda c: np.logical_and(c.opens > 5, c.clicks > 1), EXACT),
    ask(None, lambda c: np.greater(c.opens, 100), EXACT),
    ask("opens.clip(0, 10) == 10", lambda c: c.opens.clip(0, 10) == 10, LOCAL),
    ask("opens.astype('float') > 99.5", lambda c: c.opens.astype("float") > 99.5, LOCAL),
    ask("opens.add(clicks) > 100", lambda c: c.opens.add(c.clicks) > 100, LOCAL),
]

WHOLE_COLUMN = [
    ask("opens > opens.mean()", lambda c: c.opens > c.opens.mean(), LOCAL),
    ask(
        "status == 'finished' and opens > opens.mean()",
        lambda c: (c.status == "finished") & (c.opens > c.opens.mean()),
        LOCAL,
    ),
    ask("opens == opens.max()", lambda c: c.opens == c.opens.max(), LOCAL),
    ask("opens >= opens.quantile(0.9)", lambda c: c.opens >= c.opens.quantile(0.9), LOCAL),
    ask("opens.rank(ascending=False) <= 10", lambda c: c.opens.rank(ascending=False) <= 10, LOCAL),
    ask("opens.diff() > 0", lambda c: c.opens.diff() > 0, LOCAL),
    ask("opens > opens.shift(1)", lambda c: c.opens > c.opens.shift(1), LOCAL),
    ask("name.duplicated()", lambda c: c["name"].duplicated(), LOCAL),
    ask(
        "not name.duplicated() and status == 'finished'",
        lambda c: ~c["name"].duplicated() & (c.status == "finished"),
        LOCAL,
    ),
    ask("opens.cumsum() < 100000", lambda c: c.opens.cumsum() < 100_000, LOCAL),
    ask("clicks.rolling(3).sum() > 10", lambda c: c.clicks.rolling(3).sum() > 10, LOCAL),
    ask("name.map(@longer) > 12", lambda c: c["name"].map(len) > 12, LOCAL),
    ask("name.apply(@longer) > 12", lambda c: c["name"].apply(len) > 12, LOCAL),
    ask(None, lambda c: c["name"].apply(lambda text: text.isascii()), LOCAL),
    ask(None, lambda c: c["name"].map(lambda text: "a" in text) & (c.status == "finished"), LOCAL),
    ask(None, lambda c: c[["opens", "clicks"]].sum(axis=1) > 100, LOCAL, column=False),
    ask(None, lambda c: c.index < 10, LOCAL, column=False),
    ask(None, lambda c: c.index % 7 == 0, LOCAL, column=False),
    ask("index < 10", None, LOCAL),
    ask("index % 2 == 0 and status == 'draft'", None, LOCAL),
    ask("ilevel_0 in [0, 5]", None, LOCAL),
    ask(None, lambda c: c.opens.groupby(c.status).transform("max") == c.opens, LOCAL, column=False),
    ask(None, lambda c: c.eval("opens > 100 and clicks > 5"), LOCAL, column=False),
    ask(None, lambda c: [value > 100 for value in c.opens], LOCAL, column=False),
    ask("score.fillna(score.median()) > 0", lambda c: c.score.fillna(c.score.median()) > 0, LOCAL),
    ask("opens.where(opens > 10, 0) > 0", lambda c: c.opens.where(c.opens > 10, 0) > 0, LOCAL),
    ask("opens in clicks", lambda c: c.opens.isin(c.clicks), LOCAL),
    ask(
        "opens in clicks and status == 'draft'",
        lambda c: c.opens.isin(c.clicks) & (c.status == "draft"),
        LOCAL,
    ),
    ask(None, lambda c: c.opens.isin(values=c.clicks + 1), LOCAL),
    ask(None, lambda c: c.opens.isin([c.clicks.max(), 0]), LOCAL, column=False),
    ask("opens in @top", lambda c: c.opens.isin(LOCALS["top"]), EXACT),
    ask(None, lambda c: c.opens.isin(c.opens.nlargest(5)), LOCAL),
    ask(None, lambda c: c.opens.add(BY_LABEL) > 150, LOCAL),
    ask(None, lambda c: (c.opens > 5) & (BY_LABEL > 150), LOCAL, column=False),
    ask(None, lambda c: c.score.fillna(BY_LABEL) > 100, LOCAL),
    ask("score.fillna(opens) > 100", lambda c: c.score.fillna(c.opens) > 100, LOCAL),
    ask("opens.between(clicks, delivered)", lambda c: c.opens.between(c.clicks, c.delivered), LOCAL),
    ask("opens > opens.iloc[0]", lambda c: c.opens > c.opens.iloc[0], LOCAL),
    ask("opens > opens[0]", lambda c: c.opens > c.opens[0], LOCAL),
    ask("status == status.mode()[0]", lambda c: c.status == c.status.mode()[0], LOCAL),
    ask(None, lambda c: c.opens == max(c.opens), LOCAL, column=False),
    ask(None, lambda c: c.index == c.opens.idxmax(), LOCAL, column=False),
    ask(None, lambda c: c.opens > 5 if c.opens.max() > 3 else c.opens < 3, LOCAL, column=False),
    ask(None, lambda c: c.apply(lambda row: row.opens > 100, axis=1), LOCAL, column=False),
    ask(None, lambda c: (c[["opens", "clicks"]] > 100).any(axis=1), LOCAL, column=False),
    ask(None, lambda c: np.isin(c.opens, [0, 1]), LOCAL, column=False),
    ask(None, lambda c: pd.isna(c.subject), LOCAL, column=False),
    ask(None, lambda c: np.select([c.opens > 5], [True], False), LOCAL, column=False),
    ask(None, lambda c: pd.cut(c.opens, [-1, 10, 100, 10**9]) == pd.Interval(10, 100), LOCAL, column=False),
    ask(None, lambda c: pd.to_datetime(c.created).dt.year == 2016, LOCAL, column=False),
    ask("opens.values > 5", lambda c: c.opens.values > 5, LOCAL),  # noqa: PD011 - as people write it
    ask(None, lambda c: c.opens.to_numpy() > 5, LOCAL),
    ask(None, lambda c: c.get("opens") > 5, LOCAL, column=False),
    ask(None, lambda c: c.loc[:, "opens"] > 5, LOCAL, column=False),
    ask("opens.pipe(@above_mean)", lambda c: c.opens.pipe(LOCALS["above_mean"]), LOCAL),
    ask("opens > opens.agg('mean')", lambda c: c.opens > c.opens.agg("mean"), LOCAL),
    ask("opens.astype('str').str.len() > 2", lambda c: c.opens.astype("str").str.len() > 2, LOCAL),
    ask(
        "name.str.cat(from_email, na_rep='-').str.len() > 40",
        lambda c: c["name"].str.cat(c.from_email, na_rep="-").str.len() > 40,
        LOCAL,
    ),
    ask(r"name.str.contains('(?i)\\bı')", lambda c: c["name"].str.contains(r"(?i)\bı"), LOCAL),
    ask(r"name.str.contains('\\w+$')", lambda c: c["name"].str.contains(r"\w+$"), LOCAL),
    ask("name.str.contains('a(?!l)')", lambda c: c["name"].str.contains("a(?!l)"), LOCAL),
]

TOGETHER = [
    ask("status == 'finished' and opens > 100", lambda c: (c.status == "finished") & (c.opens > 100), EXACT),
    ask("status == 'finished' & opens > 100", None, EXACT),
    ask(
        "(status == 'finished') & (opens > 100)", lambda c: (c.status == "finished") & (c.opens > 100), EXACT
    ),
    ask("status == 'finished' or opens > 100", lambda c: (c.status == "finished") | (c.opens > 100), EXACT),
    ask(
        "status == 'draft' or name.str.contains('Sale')",
        lambda c: (c.status == "draft") | c["name"].str.contains("Sale"),
        EXACT,
    ),
    ask("status == 'draft' or opens > clicks", lambda c: (c.status == "draft") | (c.opens > c.clicks), LOCAL),
    ask("vip or status == 'draft'", lambda c: c.vip | (c.status == "draft"), LOCAL),
    ask(
        "(vip or opens > 100) and status == 'finished'",
        lambda c: (c.vip | (c.opens > 100)) & (c.status == "finished"),
        WIDER,
    ),
    ask(
        "(status == 'draft' or status == 'paused') and (opens > 10 or clicks > 5)",
        lambda c: ((c.status == "draft") | (c.status == "paused")) & ((c.opens > 10) | (c.clicks > 5)),
        EXACT,
    ),
    ask(
        "(status == 'draft' and opens == 0) or (status == 'finished' and opens > 100)",
        lambda c: ((c.status == "draft") & (c.opens == 0)) | ((c.status == "finished") & (c.opens > 100)),
        EXACT,
    ),
    ask(
        "status == 'finished' and created >= '2016-01-01T00:00Z' and name.str.contains('Weekly')",
        lambda c: (
            (c.status == "finished") & (c.created >= "2016-01-01T00:00Z") & c["name"].str.contains("Weekly")
        ),
        EXACT,
    ),
    ask(
        "status in @live and opens >= @least and subject.notna()",
        lambda c: c.status.isin(LIVE) & (c.opens >= LEAST) & c.subject.notna(),
        EXACT,
    ),
    ask(
        "not (status == 'finished' and subject.notna())",
        lambda c: ~((c.status == "finished") & c.subject.notna()),
        LOCAL,
    ),
    ask(
        "not (status == 'finished' or name == 'Sale')",
        lambda c: ~((c.status == "finished") | (c["name"] == "Sale")),
        EXACT,
    ),
    ask(
        None,
        lambda c: (c.status == "finished") ^ (c.opens > 100),
        EXACT,
    ),
    ask(
        "status == 'finished' and status == 'finished'",
        lambda c: (c.status == "finished") & (c.status == "finished"),
        EXACT,
    ),
    ask(
        "opens > 5 and opens > 50 and opens > 500",
        lambda c: (c.opens > 5) & (c.opens > 50) & (c.opens > 500),
        EXACT,
    ),
    ask(
        "(opens > 5 or opens > 50) and clicks >= 1",
        lambda c: ((c.opens > 5) | (c.opens > 50)) & (c.clicks >= 1),
        EXACT,
    ),
    ask(
        "opens == 1 and opens == 2 or status == 'draft'",
        lambda c: ((c.opens == 1) & (c.opens == 2)) | (c.status == "draft"),
        EXACT,
    ),
    ask("status == 'draft' and opens in []", lambda c: (c.status == "draft") & c.opens.isin([]), EMPTY),
    ask(
        "not (opens in [] or status == 'draft')", lambda c: ~(c.opens.isin([]) | (c.status == "draft")), EXACT
    ),
    ask(
        " or ".join(f"opens == {number}" for number in range(0, 60, 3)),
        lambda c: c.opens.isin([*range(0, 60, 3)]),
        WIDER,
    ),
    ask(
        "status == 'draft' or opens > 9000 or clicks > 900 or bounces > 5000 or subject == 'Sale'",
        lambda c: (
            (c.status == "draft")
            | (c.opens > 9000)
            | (c.clicks > 900)
            | (c.bounces > 5000)
            | (c.subject == "Sale")
        ),
        EXACT,
    ),
    ask(
        "status == 'finished' and subject != 'Sale' and subject != 'sale' and not name.str.contains('Re: ')",
        lambda c: (
            (c.status == "finished")
            & (c.subject != "Sale")
            & (c.subject != "sale")
            & ~c["name"].str.contains("Re: ")
        ),
        EXACT,
    ),
    ask(
        "subject != 'Sale' and not subject.str.contains('Weekly') and subject.notna()",
        lambda c: (c.subject != "Sale") & ~c.subject.str.contains("Weekly") & c.subject.notna(),
        EXACT,
    ),
    ask("opens > 10 # only those that were read", None, EXACT),
    ask("status == 'finished' and True", None, EXACT),
]

OTHER_RESOURCES = [
    of_lists("contacts > 100", lambda c: c.contacts > 100, EXACT),
    of_lists("contacts == 0", lambda c: c.contacts == 0, EXACT),
    of_lists(
        "contacts.between(10, 500) and name != 'Sale'",
        lambda c: c.contacts.between(10, 500) & (c["name"] != "Sale"),
        EXACT,
    ),
    of_lists("description.isna()", lambda c: c.description.isna(), LOCAL),
    of_lists("description.notna()", lambda c: c.description.notna(), EXACT),
    of_lists("description.str.contains('ee')", lambda c: c.description.str.contains("ee"), EXACT),
    of_lists("~description.str.contains('ee')", lambda c: ~c.description.str.contains("ee"), EXACT),
    of_lists("from_name in ['Dyno', '']", lambda c: c.from_name.isin(["Dyno", ""]), EXACT),
    of_lists("contacts > contacts.mean()", lambda c: c.contacts > c.contacts.mean(), LOCAL),
    of_lists(
        "created.dt.year == 2016 and contacts > 5",
        lambda c: (c.created.dt.year == 2016) & (c.contacts > 5),
        EXACT,
    ),
    of_lists("contacts in [1, 4, 9]", lambda c: c.contacts.isin([1, 4, 9]), EXACT),
    of_templates("html.str.contains('50% off')", lambda c: c.html.str.contains("50% off"), EXACT),
    of_templates("html.str.contains('today_only')", lambda c: c.html.str.contains("today_only"), EXACT),
    of_templates("html.str.startswith('<h1>Weekly')", lambda c: c.html.str.startswith("<h1>Weekly"), EXACT),
    of_templates("html.str.contains('<b>bold</b>')", lambda c: c.html.str.contains("<b>bold</b>"), EXACT),
    of_templates("text.isna()", lambda c: c.text.isna(), LOCAL),
    of_templates("text.notna() and subject.notna()", lambda c: c.text.notna() & c.subject.notna(), EXACT),
    of_templates(r"text.str.endswith('\r\nDyno')", lambda c: c.text.str.endswith("\r\nDyno"), EXACT),
    of_templates("not text.str.contains('Weekly')", lambda c: ~c.text.str.contains("Weekly"), EXACT),
    of_templates("html.str.len() > 60", lambda c: c.html.str.len() > 60, LOCAL),
    of_templates("name == subject", lambda c: c["name"] == c.subject, LOCAL),
]

ROWS: tuple[Row, ...] = (
    *STATUS,
    *NAMES_AND_SUBJECTS,
    *TEXT_TESTS,
    *NUMBERS,
    *EXTRA_COLUMNS,
    *TIMES,
    *RATES_AND_COLUMNS,
    *WHOLE_COLUMN,
    *TOGETHER,
    *OTHER_RESOURCES,
)
"""The table."""

KNOWN: dict[tuple[str, str], str] = {}
"""Rows of the table that do not hold yet, by question and form, with the reason."""
