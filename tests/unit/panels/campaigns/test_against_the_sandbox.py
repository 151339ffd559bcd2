"""The panel with the real client against the practice server."""

import os
import subprocess
import sys
import time

import requests

from dyno_frames.actions.intent import Intent
from dyno_frames.api import connect
from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.campaign import COLUMNS, Campaign
from dyno_frames.panels.campaigns.control import CampaignControl
from dyno_frames.panels.campaigns.frame import campaigns_of
from dyno_frames.panels.campaigns.phases import Review
from dyno_frames.panels.campaigns.review_text import review_lines
from dyno_frames.panels.campaigns.wording import disabled_lines


def made(kit, client, frame):
    return CampaignControl(client, frame, watch=False, spawn=kit.here)


def test_a_page_of_a_found_frame_is_read_in_one_query_in_order_of_urgency(kit, client):
    frame = client.campaigns.find(order_by="created", ascending=False, limit=30)
    panel = made(kit, client, frame)
    panel.dispatch(on.RefreshRequested())
    assert panel.state.notice is None
    assert [row.read_at is not None for row in panel.state.visible] == [True] * 10
    order = ["running", "scheduled", "paused", "draft", "finished", "stopped"]
    ranks = [order.index(row.status) for row in panel.state.visible]
    assert ranks == sorted(ranks)
    scheduled = [row.start_time for row in panel.state.visible if row.status == "scheduled"]
    assert scheduled == sorted(scheduled)
    assert set(COLUMNS) <= set(frame.columns)


def test_a_draft_is_scheduled_moved_and_cancelled_and_the_server_agrees(kit, client):
    key = client.campaigns.find("status == 'draft'", order_by="created", limit=1)["id"].iloc[0]
    panel = made(kit, client, key)
    for verb, when in ((Action.START, "2040-07-01 09:30"), (Action.RESCHEDULE, "2040-07-02 09:30")):
        panel.dispatch(on.ActionChosen(verb))
        panel.dispatch(
            on.FormSubmitted(panel.state.phase.serial, panel.clock(), when=when, time_zone="Europe/Paris")
        )
        confirmed(panel)
        assert panel.state.open_campaign.status == "scheduled"
        assert f"{client.campaigns.get(key)['start_time']:%Y-%m-%d %H:%M}" == when.replace("09:30", "07:30")
    panel.dispatch(on.ActionChosen(Action.CANCEL_SCHEDULE))
    confirmed(panel)
    assert client.campaigns.get(key)["status"] == "draft"
    assert panel.journal["action"].tolist() == ["start", "reschedule", "cancel_schedule"]


def test_a_review_is_a_program_that_sends_the_same_action(kit, client, sandbox, tmp_path):
    key = client.campaigns.find("status == 'draft'", order_by="created", limit=1)["id"].iloc[0]
    panel = made(kit, client, key)
    panel.dispatch(on.ActionChosen(Action.START))
    form = on.FormSubmitted(
        panel.state.phase.serial, panel.clock(), when="2040-07-01 09:30", time_zone="Europe/Paris",
        overrides=(("subject", "It's $5 & `more`"),),
    )  # fmt: skip
    panel.dispatch(form)
    program = tmp_path / "program.py"
    program.write_text(panel.program(panel.state.phase, "python"))
    assert client.campaigns.get(key)["status"] == "draft"
    environment = {**os.environ, "DYNO_API_KEY": sandbox.api_key}
    subprocess.run([sys.executable, str(program)], env=environment, check=True)
    campaign = client.campaigns.get(key)
    assert (campaign["status"], campaign["subject"]) == ("scheduled", "It's $5 & `more`")
    assert f"{campaign['start_time']:%Y-%m-%d %H:%M}" == "2040-07-01 07:30"


def test_a_paused_campaign_is_updated_resumed_paused_and_stopped(kit, client):
    key = client.campaigns.find("status == 'paused'", order_by="created", limit=1)["id"].iloc[0]
    panel = made(kit, client, key)
    panel.dispatch(on.ActionChosen(Action.UPDATE_AND_RESUME))
    panel.dispatch(
        on.FormSubmitted(panel.state.phase.serial, panel.clock(), overrides=(("subject", "A new subject"),))
    )
    assert "→ “A new subject”" in "".join(review_lines(panel.state.phase))
    confirmed(panel)
    assert client.campaigns.get(key)["subject"] == "A new subject"
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert client.campaigns.get(key)["status"] == "paused"
    panel.dispatch(on.ActionChosen(Action.STOP))
    confirmed(panel, "stop")
    assert disabled_lines(panel.state) == ("No action is possible: a stopped campaign cannot be changed.",)


def test_what_a_process_left_open_is_shown_by_the_first_panel_after_it(kit, sandbox):
    client = connect(sandbox.url, sandbox.api_key, name="after")
    key = client.campaigns.find("status == 'draft'", order_by="created", limit=1)["id"].iloc[0]
    now = time.time()
    row = client.campaigns.get(key)
    left = Intent.of(Action.START, row, {"campaign_id": key}, campaign_id=key, now=now - 60, until=now - 30)
    with connect(client.url, sandbox.api_key, name="before") as killed:
        assert killed.connection.journal.intend(left, alone=True) == []
    panel = made(kit, client, key)
    assert "Start was requested at" in panel.state.facts.unresolved[key]
    assert "not known yet" in str(panel)
    panel.dispatch(on.ActionChosen(Action.START))
    assert not isinstance(panel.state.phase, Review)
    headers = {"User-Api-Key": sandbox.api_key}
    requests.post(
        f"{client.url}/campaign_process/init", json={"campaign_id": key}, headers=headers, timeout=30
    )
    panel.dispatch(on.ResolveRequested())
    assert key not in panel.state.facts.unresolved, "the request was carried out late, and that explains it"
    assert panel.state.open_campaign.status == "running"
    client.close()


def test_a_panel_opens_beside_a_damaged_journal_and_a_start_is_refused_with_the_cure(kit, sandbox, own_state):
    with connect(sandbox.url, sandbox.api_key, name="damaged") as client:
        key = client.campaigns.create(name="beside")
        client.campaigns.start(client.campaigns.create(name="other"))
        client.connection.journal.path.write_bytes(b"")
        panel = made(kit, client, key)
        panel.dispatch(on.ActionChosen(Action.START))
        panel.dispatch(on.FormSubmitted(panel.state.phase.serial, panel.clock()))
        review = panel.state.phase
        panel.dispatch(on.ConfirmPressed(review.token, panel.clock(), review.required_text))
        assert "accept_journal_damage()" in panel.state.facts.unresolved[key]
        assert client.campaigns.get(key)["status"] == "draft"
        panel.dispatch(on.ResolveRequested())
        assert key in panel.state.facts.unresolved
        client.campaigns.accept_journal_damage()
        panel.dispatch(on.ResolveRequested())
        assert key not in panel.state.facts.unresolved
        panel.dispatch(on.ActionChosen(Action.START))
        panel.dispatch(on.FormSubmitted(panel.state.phase.serial, panel.clock()))
        confirmed(panel)
        assert client.campaigns.get(key)["status"] == "running"


def confirmed(panel, typed=""):
    review = panel.state.phase
    assert isinstance(review, Review), panel.state.notice
    panel.dispatch(on.ConfirmPressed(review.token, panel.clock(), review.required_text or typed))
    assert panel.state.notice.text.count("applied") == 1, panel.state.notice


def test_a_frame_gives_the_campaigns_that_its_rows_give(client):
    for backend in (None, "pyarrow", "numpy_nullable"):
        frame = client.campaigns.find(order_by="created", ascending=False, limit=40)
        frame = frame if backend is None else frame.convert_dtypes(dtype_backend=backend)
        rows = frame[[name for name in COLUMNS if name in frame]].to_dict("records")
        assert campaigns_of(frame) == tuple(Campaign.from_row(row, read_at=None) for row in rows)
        assert any(row.start_time is None for row in campaigns_of(frame))
        assert any(row.start_time is not None for row in campaigns_of(frame))
    assert campaigns_of(frame.iloc[:0]) == ()


def test_a_frame_opens_either_panel(client):
    frame = client.campaigns.find(limit=3)
    for accessible, kind in ((False, "CampaignPanel"), (True, "AccessiblePanel")):
        panel = frame.dyno.panel(accessible=accessible)
        assert type(panel).__name__ == kind
        assert repr(panel).startswith("CampaignPanel of 3 campaigns")
        panel.close()
