"""How things show themselves: short text, and HTML that any page may hold and any theme can colour."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from dyno_frames.actions.outcome import Outcome
from dyno_frames.contract.lifecycle import Action
from dyno_frames.contract.profile import Like, Profile
from dyno_frames.scan.certificate import Certificate, Completeness

HOSTILE = "<img src=x onerror=alert(1)><script>alert(1)</script>"
PLAIN = {
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "p",
    "b",
    "br",
    "code",
    "div",
    "span",
    "ol",
    "ul",
    "li",
    "progress",
    "details",
    "summary",
    "textarea",
}
AREA = "width:100%;box-sizing:border-box;font-family:monospace;white-space:pre;overflow:auto"
"""The style of the text area with a program to copy."""


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def things(client):
    return {
        "plan": client.campaigns.explain(f"name == {HOSTILE!r} and status == 'draft'"),
        "scan": client.campaigns.scan(f"name == {HOSTILE!r} and status == 'draft'"),
        "certificate": Certificate(
            verdict=Completeness.UNCERTIFIED, reasons=(HOSTILE,), rows_returned=7, requests=1
        ),
        "outcome": Outcome(
            status="applied",
            action=Action.PAUSE,
            campaign_id=HOSTILE,
            before="running",
            after="paused",
            evidence=(HOSTILE,),
            at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        "profile": Profile(name=HOSTILE, like=Like.SQL, regex=None),
        "client": client,
        "campaigns": client.campaigns,
        "lists": client.lists,
    }


@pytest.fixture
def shown(client, request):
    return things(client)[request.param]


EVERY = pytest.mark.parametrize(
    "shown",
    ["plan", "scan", "certificate", "outcome", "profile", "client", "campaigns", "lists"],
    indirect=True,
)


@EVERY
def test_html_has_no_script_no_id_and_no_colour_of_its_own(shown):
    html = shown._repr_html_()
    reader = Reader()
    reader.feed(html)
    assert reader.tags <= PLAIN
    names = {name for name, _ in reader.attributes}
    assert names <= {"style", "readonly", "rows", "aria-label", "data-lm-suppress-shortcuts"}
    assert {value for name, value in reader.attributes if name == "style"} <= {"text-align:left", AREA}
    assert html == shown._repr_html_()


@EVERY
def test_text_is_short_stable_and_says_no_place_in_memory(shown):
    text = repr(shown)
    assert text == repr(shown)
    assert not re.search(r"0x[0-9a-f]{6,}", text)
    assert len(text.splitlines()) == 1 or str(shown).startswith("campaigns where")
    assert max(map(len, text.splitlines())) < 260


def test_html_says_what_the_text_says(client):
    found = things(client)
    certificate = found["certificate"]._repr_html_()
    for part in ("uncertified", "7 returned", "why not better"):
        assert part in certificate
    plan = found["plan"]._repr_html_()
    table, copies = plan[: plan.index("<details>")], plan[plan.index("<details>") :]
    assert found["scan"]._repr_html_() == table
    assert [copies.count(f"Copy as {name}") for name in ("curl", "Python", "Java", "PHP")] == [1, 1, 1, 1]
    assert "pause" in found["outcome"]._repr_html_()
    assert "2026-01-01 00:00:00 UTC" in found["outcome"]._repr_html_()
    assert "<b>sql</b>" in found["profile"]._repr_html_()
    assert "<b>not known</b>" in found["profile"]._repr_html_()
    assert "unsubscribes" in found["campaigns"]._repr_html_()
    assert client.url in found["lists"]._repr_html_()


def test_a_scan_shows_its_plan(client):
    scan = client.campaigns.scan("opens > 3 and opens > clicks", limit=5)
    assert repr(scan) == str(scan.explain())
    assert len(repr(scan).splitlines()) < 12


def test_the_names_of_a_frame_s_queries_are_public(client):
    dyno = client.campaigns.frame().dyno
    assert {"query", "count", "certificate", "plot", "to_parquet", "groupby"} <= set(dir(dyno))
    assert not [name for name in dir(dyno) if name.startswith("_")]


def test_an_outcome_shows_times_and_not_seconds(client):
    draft = client.campaigns.find("status == 'draft'", columns=["id"]).id[0]
    outcome = client.campaigns.start(draft, at="2100-01-01T10:00:00+02:00")
    shown = outcome._repr_html_()
    assert "start_time 2100-01-01 08:00:00 UTC" in shown
    assert f"{outcome.at:%Y-%m-%d %H:%M:%S} UTC" in shown
    assert not re.search(r"\d{10}", re.sub(r"<code>.*?</code>", "", shown))


def test_a_profile_says_only_where_it_differs():
    assert repr(Profile()) == "Profile('decided': as decided)"
    assert repr(Profile.unknown()) == "Profile('unknown': nothing is known)"
    mine = Profile(name="mine", like=Like.SQL, regex=None, page_limit=5_000)
    assert repr(mine) == "Profile('mine': as decided, but like=sql, page_limit=5000; not known: regex)"
