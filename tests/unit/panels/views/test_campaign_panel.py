"""The panel's ipywidgets, without a browser."""

import json

import ipywidgets
import pandas as pd
import pytest

from dyno_frames.errors import ConnectError, SchemaError
from dyno_frames.panels.views import markup
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


def visible(panel):
    """Return the labels of the buttons that can be seen."""
    found, boxes = [], [panel]
    while boxes:
        box = boxes.pop()
        if box.layout.display != "none":
            boxes += getattr(box, "children", ())
            found += [box.description] if isinstance(box, ipywidgets.Button) else []
    return found


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


def test_a_large_send_is_confirmed_only_after_its_number_was_typed_into_an_empty_field(kit, show):
    client = kit.scripted(kit.row(), contacts=12_034)
    panel = show(client)
    button(panel, "Start").click()
    button(panel, "Review").click()
    confirm = button(panel, "Send to 12,034 recipients")
    field = next(w for w in everything(panel) if getattr(w, "description", "") == "Type 12034 to confirm")
    assert (field.value, field.placeholder.strip("\u200b"), confirm.disabled) == ("", "", True)
    field.value = "12,03"
    assert confirm.disabled
    confirm.click()
    assert client.campaigns.sent == []
    field.value = "12,034"
    assert not confirm.disabled
    for _ in range(3):
        confirm.click()
    assert client.campaigns.sent == [("start", "c1", {})]


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("draft", ["Start or schedule…"]),
        ("running", ["Pause", "Stop…"]),
        ("paused", ["Resume…", "Update and resume…", "Stop…"]),
        ("scheduled", ["Reschedule…", "Cancel schedule…", "Stop…"]),
        ("finished", []),
    ],
)
def test_only_possible_actions_are_shown_with_one_main_action_and_danger_for_stop(kit, show, status, shown):
    panel = show(kit.scripted(kit.row(status=status, recipients=10, sent=1)))
    assert sorted(visible(panel)) == sorted([*shown, "Refresh"])
    for name in shown:
        classes = button(panel, name)._dom_classes
        assert ("dyno-main" in classes, "dyno-danger" in classes) == (name == shown[0], name == "Stop…")
    unavailable = [w for w in everything(panel) if "Why are others" in getattr(w, "value", "")]
    assert len(unavailable) == 1
    if not shown:
        assert "No action is possible: a finished campaign cannot be changed." in html(panel)


def test_rates_are_shown_and_marked_where_providers_object(kit, show):
    figures = {"recipients": 10_000, "sent": 10_000, "delivered": 9_700, "opens": 2_910, "clicks": 291}
    rows = [
        kit.row("c1", status="running", bounces=300, complaints=10, unsubscribes=97, **figures),
        kit.row("c2", status="finished", bounces=200, complaints=9, unsubscribes=0, **figures),
        kit.row("c3"),
    ]
    panel = show(kit.scripted(*rows), frame_of(*rows))
    first, third, second = (row._cells.value for row in panel._table._rows[:3])
    assert "30.0%" in first
    assert '<span class="dyno-flag">high</span>3.0%' in first
    assert '<span class="dyno-flag">high</span>0.10%' in first
    assert "dyno-high" not in second
    assert "%" not in third
    button(panel, "Campaign c1").click()
    shown = html(panel)
    for part in ("300 of 10,000", "above 2%", "10 of 9,700", "above 0.1%", "Unsubscribes", "97 of 9,700"):
        assert part in shown


def test_marks_that_reverse_text_are_removed_from_names(kit, show):
    row = kit.row(name="Sale\u202e0001 ot\u2066", subject="\u200fשלום")
    panel = show(kit.scripted(row, kit.row("c2")), frame_of(row, kit.row("c2")))
    assert "Sale0001 ot" in buttons(panel)
    button(panel, "Sale0001").click()
    assert not set("\u202e\u2066\u200f") & set(html(panel) + repr(panel))
    assert "שלום" in html(panel)


def test_the_safe_choice_stands_first(kit, show):
    panel = show(kit.scripted(kit.row(status="paused", recipients=10, sent=2)))
    button(panel, "Resume…").click()
    names = list(buttons(panel))
    assert names.index("Keep paused") < names.index("Resume to 8 recipients")


def test_buttons_follow_the_status_and_say_why_not(kit, show):
    panel = show(kit.scripted(kit.row(status="running", recipients=10, sent=1)))
    enabled = {name for name, w in buttons(panel).items() if not w.disabled and w.layout.display != "none"}
    assert {"Pause", "Stop…"} <= enabled
    assert "Start or schedule…" not in enabled
    assert button(panel, "Start").disabled
    assert "Why are others unavailable?" in html(panel)
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
    assert sum(name.startswith("Issue") for name in buttons(panel)) == 10
    assert (
        sum(row.read_at is not None for row in map(panel.control.state.campaign, panel.control.state.rows))
        == 20
    )
    search = next(w for w in everything(panel) if isinstance(w, ipywidgets.Text))
    search.value = "issue 2"
    assert [name for name in buttons(panel) if name.startswith("Issue")] == [
        f"Issue {i}" for i in (21, 23, 2, 20, 22, 24)
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
    assert "Connection lost at 12:00 UTC. Refresh tries again." in html(panel)
    assert "dyno-running" not in html(panel).replace(markup.CSS, "")
    assert "dyno-lost" in panel._dom_classes


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
    assert "No campaigns yet." in html(panel)
    assert not any(name.startswith(("Select", "Next")) for name in visible(panel))


def test_a_frame_of_one_campaign_shows_it_at_once_and_fresh(kit, show):
    panel = show(kit.scripted(kit.row("c1", status="running")), frame_of(kit.row("c1", status="draft")))
    assert not button(panel, "Pause").disabled
    assert "as of 12:00:00 UTC" in html(panel)
