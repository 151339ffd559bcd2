"""The panel of one piece of HTML: what it is told to show, and what it makes of what the page says."""

import json
import subprocess
import sys

import pandas as pd
import pytest

from dyno_frames.errors import ConfigError
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.phases import FormOpen, Idle, Review
from dyno_frames.panels.views.accessible import AccessiblePanel


@pytest.fixture
def show(kit):
    pytest.importorskip("anywidget", reason="anywidget is not installed: it comes with the extra 'test'")
    panels = []

    def make(client, subject="c1", **options):
        panel = AccessiblePanel(client, subject, watch=False, clock=kit.Clock(), spawn=kit.here, **options)
        panels.append(panel)
        return panel

    yield make
    for panel in panels:
        panel.close()


def says(panel, kind, **parts):
    panel._receive(panel, {"kind": kind, **parts}, [])


def form(panel, **parts):
    whole = {
        "when": "",
        "time_zone": "UTC",
        "fold": None,
        "overrides": [],
        "serial": panel.view["form"]["serial"],
    }
    says(panel, "form", **whole | parts)


def test_a_start_is_reviewed_and_three_confirms_send_once(kit, show):
    client = kit.scripted(kit.row())
    panel = show(client)
    says(panel, "press", button="start")
    form(panel, overrides=[["subject", "Spring is here"]])
    review = panel.view["review"]
    assert review["changes"] == [["Subject", "Spring", "Spring is here"]]
    assert (review["keep"], review["confirm"]) == ("Keep as draft", "Send to 100 recipients")
    for _ in range(3):
        says(panel, "confirm", serial=review["serial"], typed="")
    assert client.campaigns.sent == [("start", "c1", {"subject": "Spring is here"})]
    assert panel.view["notice"]["text"] == "Start: applied. The campaign is running."
    assert panel.journal["outcome"].tolist() == ["applied"]


def test_the_programs_of_a_review_are_sent_once_and_say_why_one_cannot_be_written(kit, show):
    client = kit.scripted(kit.row())
    panel = show(client)
    assert panel.programs["texts"] == []
    says(panel, "press", button="start")
    form(panel)
    assert panel.programs["serial"] == panel.view["review"]["serial"]
    assert panel.programs["texts"][0] == ["curl", "curl: start c1 {}", ""]
    assert [label for label, _, _ in panel.programs["texts"]] == ["curl", "Python", "Java", "PHP"]
    says(panel, "dismiss")
    client.campaigns.unwritable = ConfigError("a value contains the API key")
    says(panel, "press", button="start")
    form(panel)
    assert panel.programs["texts"][0] == ["curl", "", "a value contains the API key"]


def test_a_large_send_is_confirmed_only_after_its_number_was_typed(kit, show):
    client = kit.scripted(kit.row(), contacts=12_034)
    panel = show(client)
    says(panel, "press", button="start")
    form(panel)
    serial = panel.view["review"]["serial"]
    for typed, ready in (("", 0), ("1203", 0), ("12,034", serial), ("12034x", 0), (" 12034 ", serial)):
        says(panel, "typed", serial=serial, typed=typed)
        assert panel.ready == ready
    says(panel, "typed", serial=serial + 1, typed="12034")
    assert panel.ready == 0


def test_the_number_of_another_review_confirms_nothing(kit, show):
    client = kit.scripted(kit.row())
    panel = show(client)
    says(panel, "press", button="start")
    form(panel)
    for serial in (0, panel.view["review"]["serial"] + 1):
        says(panel, "confirm", serial=serial, typed="")
    assert client.campaigns.sent == []
    assert isinstance(panel.control.state.phase, Review)


@pytest.mark.parametrize(
    "said",
    [
        None,
        "confirm",
        [],
        {},
        {"kind": "press"},
        {"kind": "press", "button": "explode"},
        {"kind": "confirm", "serial": "x", "typed": ""},
        {"kind": "form", "serial": 1},
        {"kind": "sort", "key": "price"},
        {"kind": "page", "page": None},
        {"kind": "select", "ids": None, "selected": True},
        {"kind": "drop table"},
    ],
)
def test_what_is_not_understood_does_nothing(kit, show, said):
    client = kit.scripted(kit.row())
    panel = show(client)
    panel._receive(panel, said, [])
    assert isinstance(panel.control.state.phase, Idle)
    assert client.campaigns.sent == []


def test_no_token_and_no_key_stands_in_what_the_page_is_told(kit, show):
    client = kit.scripted(kit.row())
    client.api_key = "canary-key"
    panel = show(client)
    says(panel, "press", button="start")
    form(panel)
    told = json.dumps(panel.get_state(["view", "time_hint", "zones"]))
    assert panel.control.state.phase.token not in told
    assert "canary-key" not in told


def test_a_time_is_explained_while_it_is_typed_and_asked_about_if_it_happens_twice(kit, show):
    panel = show(kit.scripted(kit.row()))
    says(panel, "press", button="start")
    assert panel.time_hint == {"text": "", "readings": []}
    says(panel, "time", when="2026-10-25 02:30", zone="Europe/Paris", shown=True)
    assert panel.time_hint["readings"] == [
        "the earlier, 2026-10-25 00:30 UTC",
        "the later, 2026-10-25 01:30 UTC",
    ]
    form(panel, when="2026-10-25 02:30", time_zone="Europe/Paris")
    assert isinstance(panel.control.state.phase, FormOpen)
    assert "choose which one" in panel.view["form"]["errors"][0]
    form(panel, when="2026-10-25 02:30", time_zone="Europe/Paris", fold="1")
    assert "2026-10-25 01:30 UTC" in panel.view["review"]["headline"]


def test_the_table_is_shown_with_its_selection_and_narrows(kit, show):
    rows = [kit.row(f"c{i}", name=f"Issue {i}", status="running") for i in range(12)]
    panel = show(kit.scripted(*rows), pd.DataFrame(rows))
    assert len(panel.view["table"]["rows"]) == 10
    says(panel, "page", page=1)
    assert [row["name"] for row in panel.view["table"]["rows"]] == ["Issue 10", "Issue 11"]
    says(panel, "select", ids=["c10", "c11"], selected=True)
    assert panel.view["bulk"]["buttons"] == [
        ["pause", "Pause 2 selected campaigns…", ""],
        ["stop", "Stop 2 selected campaigns…", "danger"],
    ]
    says(panel, "press_bulk", button="pause")
    assert panel.view["review"]["rows"] == [["Issue 10", "running", ""], ["Issue 11", "running", ""]]
    says(panel, "dismiss")
    says(panel, "filter", search="issue 3", status="")
    assert [row["id"] for row in panel.view["table"]["rows"]] == ["c3"]
    says(panel, "open", id="c3")
    assert panel.view["details"]["name"] == "Issue 3"


def test_an_unknown_outcome_is_a_box_of_its_own(kit, show):
    client = kit.scripted(kit.row())
    client.campaigns.failing = RuntimeError("cut")
    panel = show(client)
    says(panel, "press", button="start")
    form(panel)
    says(panel, "confirm", serial=panel.view["review"]["serial"], typed="")
    assert panel.view["unresolved"][0] == "Outcome unknown"
    assert panel.view["buttons"] == []
    says(panel, "resolve")
    assert panel.view["unresolved"] == []


def test_printing_a_control_shows_what_the_panel_shows(kit, show):
    panel = show(kit.scripted(kit.row(name="Sale\x1b[31m")))
    panel.control.dispatch(on.RefreshRequested())
    says(panel, "press", button="start")
    form(panel, overrides=[["subject", "Spring is here"]])
    said = str(panel.control)
    for part in (
        "Campaign control · 1 campaign · as of 12:00:00 UTC",
        "“Sale [31m” [draft]",
        "To           Readers · 100 recipients",
        "Now          Start or schedule…",
        "Pause: only for running campaigns; this one is draft.",
        "Changed: Subject “Spring” → “Spring is here”",
        "This review expires in 60 seconds.",
        "[Keep as draft]  [Send to 100 recipients]",
    ):
        assert part in said
    assert "\x1b" not in said


def test_without_anywidget_the_line_that_installs_it_is_shown():
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "import dyno_frames as dyno\n"
        "try: dyno.AccessiblePanel(None, 'c1')\n"
        "except dyno.DynoError as error: print(type(error).__name__, error)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.stdout.endswith("pip install 'dyno_frames[anywidget]'\n"), ended.stderr
    assert ended.stdout.startswith("MissingExtraError")
