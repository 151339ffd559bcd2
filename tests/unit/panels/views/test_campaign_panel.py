"""The panel's ipywidgets, without a browser."""

import json

import ipywidgets
import pandas as pd
import pytest

from dyno_frames.errors import ConnectError, SchemaError
from dyno_frames.panels.views.widgets.panel import CampaignPanel


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def buttons(panel):
    return {w.description: w for w in everything(panel) if isinstance(w, ipywidgets.Button)}


def button(panel, start):
    return next(w for name, w in buttons(panel).items() if name.startswith(start))


def html(panel):
    return "\n".join(w.value for w in everything(panel) if isinstance(w, ipywidgets.HTML))


@pytest.fixture
def show(kit):
    panels = []

    def make(client, subject="c1", **options):
        panel = CampaignPanel(client, subject, watch=False, clock=kit.Clock(), spawn=kit.here, **options)
        panels.append(panel)
        return panel

    yield make
    for panel in panels:
        panel.close()


def frame_of(*rows):
    return pd.DataFrame(rows)


def test_a_start_is_reviewed_and_three_clicks_send_once(kit, show):
    client = kit.scripted(kit.row(name="Sale"))
    panel = show(client)
    button(panel, "Start").click()
    button(panel, "Review").click()
    confirm = button(panel, "Send to 100 recipients")
    for _ in range(3):
        confirm.click()
    assert client.campaigns.sent == [("start", "c1", {})]
    assert "Start: applied. The campaign is running." in html(panel)
    assert panel.journal["outcome"].tolist() == ["applied"]


def test_every_review_has_a_confirm_button_of_its_own(kit, show):
    client = kit.scripted(kit.row())
    panel = show(client)
    button(panel, "Start").click()
    button(panel, "Review").click()
    old = button(panel, "Send to")
    button(panel, "Keep as draft").click()
    button(panel, "Start").click()
    button(panel, "Review").click()
    assert button(panel, "Send to") is not old
    old.click()
    assert client.campaigns.sent == []


def test_the_safe_choice_stands_first(kit, show):
    panel = show(kit.scripted(kit.row(status="paused", recipients=10, sent=2)))
    button(panel, "Resume…").click()
    names = list(buttons(panel))
    assert names.index("Keep paused") < names.index("Resume to 8 recipients")


def test_buttons_follow_the_status_and_say_why_not(kit, show):
    panel = show(kit.scripted(kit.row(status="running", recipients=10, sent=1)))
    enabled = {name for name, w in buttons(panel).items() if not w.disabled and w.layout.display != "none"}
    assert {"Pause", "Stop…"} <= enabled
    assert button(panel, "Start").disabled
    assert "Start or schedule: only for draft campaigns; this one is running." in html(panel)


def test_a_click_on_a_disabled_button_that_arrives_all_the_same_does_nothing(kit, show):
    client = kit.scripted(kit.row(status="finished"))
    panel = show(client)
    button(panel, "Pause").click()
    assert client.campaigns.sent == []


def test_hostile_text_never_becomes_markup(kit, show):
    hostile = kit.row(
        name=kit.HOSTILE,
        subject=kit.HOSTILE,
        from_name=kit.HOSTILE,
        status=kit.HOSTILE,
        time_zone=kit.HOSTILE,
    )
    client = kit.scripted(hostile, kit.row("c2"))
    panel = show(client, frame_of(hostile, kit.row("c2")))
    button(panel, "<img").click()
    client.campaigns.rows["c1"]["status"] = "draft"
    button(panel, "Refresh").click()
    button(panel, "Start").click()
    button(panel, "Review").click()
    client.campaigns.failing = ConnectError(kit.HOSTILE)
    button(panel, "Send to").click()
    for said in (html(panel), panel._repr_mimebundle_()["text/html"]):
        assert "<img" not in said
        assert "&lt;img src=x onerror=alert(1)&gt;, &quot;quoted&quot;" in said


def test_the_table_pages_by_ten_filters_and_reads_what_it_shows(kit, show):
    rows = [kit.row(f"c{i}", name=f"Issue {i}", status="running" if i % 2 else "draft") for i in range(25)]
    client = kit.scripted(*rows)
    panel = show(client, frame_of(*rows))
    assert sum(name.startswith("Issue") for name in buttons(panel)) == 10
    assert "page 1 of 3, 25 campaigns" in html(panel)
    button(panel, "Next").click()
    assert "Issue 10" in buttons(panel)
    assert (
        sum(row.read_at is not None for row in map(panel.control.state.campaign, panel.control.state.rows))
        == 20
    )
    search = next(w for w in everything(panel) if isinstance(w, ipywidgets.Text))
    search.value = "issue 2"
    assert [name for name in buttons(panel) if name.startswith("Issue")] == [
        f"Issue {i}" for i in (2, 20, 21, 22, 23, 24)
    ]
    status = next(w for w in everything(panel) if isinstance(w, ipywidgets.Dropdown))
    status.value = "running"
    assert [name for name in buttons(panel) if name.startswith("Issue")] == ["Issue 21", "Issue 23"]


def test_a_campaign_that_is_gone_says_so_and_allows_nothing(kit, show):
    client = kit.scripted(kit.row("c1"), kit.row("c2"))
    rows = frame_of(kit.row("c1"), kit.row("c2"))
    del client.campaigns.rows["c2"]
    panel = show(client, rows)
    button(panel, "Campaign c2").click()
    assert "deleted" in html(panel)
    assert "No action is possible: the campaign was deleted." in html(panel)


def test_values_of_an_old_frame_are_not_acted_on_before_they_were_read(kit, show):
    client = kit.scripted(kit.row("c1", status="running"))
    client.campaigns.reading_fails = ConnectError("no connection")
    panel = show(client, frame_of(kit.row("c1", status="draft")))
    assert button(panel, "Start").disabled
    assert "not loaded yet" in html(panel)
    assert "no connection. Nothing was sent." in html(panel)


def test_an_unknown_outcome_offers_only_looking_again(kit, show):
    client = kit.scripted(kit.row())
    client.campaigns.failing = RuntimeError("cut")
    panel = show(client)
    button(panel, "Start").click()
    button(panel, "Review").click()
    button(panel, "Send to").click()
    again = button(panel, "Check again")
    box = next(w for w in everything(panel) if "dyno-unknown" in w._dom_classes)
    assert box.layout.display is None
    assert all(button(panel, name).disabled for name in ("Start", "Pause", "Stop"))
    again.click()
    assert box.layout.display == "none"


def test_the_text_form_is_stable_and_names_no_address_id_or_time(kit, show):
    rows = [
        kit.row("c1", name="Sale", status="running", recipients=200, sent=50),
        kit.row("c2", name="a\nb" * 30),
    ]
    panel = show(kit.scripted(*rows), frame_of(*rows))
    first = repr(panel)
    assert first.splitlines()[:2] == [
        "CampaignPanel of 2 campaigns",
        f"  running    {'Sale':<40}  50 of 200 sent (25%)",
    ]
    assert len(first.splitlines()) == 3
    assert "@" not in first
    assert "c1" not in first
    button(panel, "Refresh").click()
    assert repr(panel) == first
    bundle = panel._repr_mimebundle_()
    assert bundle["text/plain"] == first
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_what_was_typed_is_closed_with_its_form(kit, show):
    panel = show(kit.scripted(kit.row()))
    button(panel, "Start").click()
    subject = next(w for w in everything(panel) if getattr(w, "description", "") == "Subject")
    subject.value = "typed by the user"
    button(panel, "Back").click()
    assert subject.comm is None


def test_no_key_and_no_token_stands_in_any_widget(kit, show):
    client = kit.scripted(kit.row())
    client.api_key = "canary-key"
    panel = show(client)
    button(panel, "Start").click()
    button(panel, "Review").click()
    token = panel.control.state.phase.token
    saved = json.dumps([w.get_state() for w in everything(panel)], default=str)
    assert "canary-key" not in saved
    assert token not in saved


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (pd.DataFrame({"name": ["x"]}), "needs the column 'id'"),
        (7, "a campaign's id or a DataFrame"),
    ],
)
def test_what_is_no_frame_of_campaigns_is_refused(kit, subject, words):
    with pytest.raises(SchemaError, match=words):
        CampaignPanel(kit.scripted(), subject)


def test_a_frame_of_lists_is_refused(kit):
    frame = pd.DataFrame({"id": ["x"]})
    frame.attrs["dyno"] = {"resource": "lists"}
    with pytest.raises(SchemaError, match="this frame holds lists"):
        CampaignPanel(kit.scripted(), frame)


def test_an_empty_frame_shows_an_empty_panel(kit, show):
    panel = show(kit.scripted(), frame_of(kit.row()).iloc[:0])
    assert repr(panel) == "CampaignPanel of 0 campaigns"
    assert "no campaigns match" in html(panel)


def test_a_frame_of_one_campaign_shows_it_at_once_and_fresh(kit, show):
    panel = show(kit.scripted(kit.row("c1", status="running")), frame_of(kit.row("c1", status="draft")))
    assert not button(panel, "Pause").disabled
    assert "as of 12:00:00 UTC" in html(panel)
