"""A campaign that was deleted shows as deleted, whatever it was before and whichever read finds out."""

import pandas as pd
import pytest

from dyno_frames.contract.lifecycle import Action, Status
from dyno_frames.errors import NotFoundError
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.phases import Idle
from dyno_frames.panels.campaigns.wording import disabled_lines

ALL = [status.value for status in Status]


@pytest.mark.parametrize("status", ALL)
def test_a_deleted_campaign_shows_as_deleted_after_a_refresh(kit, status):
    client = kit.scripted(kit.row(status=status))
    panel = kit.control(client)
    del client.campaigns.rows["c1"]
    panel.dispatch(on.RefreshRequested())
    assert panel.state.open_campaign.status == "deleted"
    assert panel.state.open_campaign.name == "Campaign c1"
    assert disabled_lines(panel.state) == ("No action is possible: the campaign was deleted.",)


@pytest.mark.parametrize("status", ALL)
def test_a_row_that_a_table_no_longer_finds_shows_as_deleted(kit, status):
    rows = [kit.row("a", status=status), kit.row("b")]
    client = kit.scripted(*rows)
    panel = kit.control(client, pd.DataFrame(rows))
    panel.dispatch(on.RefreshRequested())
    del client.campaigns.rows["a"]
    panel.dispatch(on.RefreshRequested())
    assert [row.status for row in panel.state.visible] == ["draft", "deleted"]


@pytest.mark.parametrize("status", ALL)
def test_a_late_answer_does_not_bring_a_deleted_campaign_back(kit, status):
    client = kit.scripted(kit.row(status=status))
    panel = kit.control(client)
    old = panel.state.open_campaign
    panel.clock.forward(5)
    del client.campaigns.rows["c1"]
    panel.dispatch(on.RefreshRequested())
    panel.dispatch(on.CampaignsRead((old,), ("c1",), old.read_at))
    assert panel.state.open_campaign.status == "deleted"


def test_a_finished_campaign_is_still_not_revived_by_another_status(kit):
    client = kit.scripted(kit.row(status="finished"))
    panel = kit.control(client)
    client.campaigns.rows["c1"]["status"] = "running"
    panel.dispatch(on.RefreshRequested())
    assert panel.state.open_campaign.status == "finished"


def test_a_review_of_a_campaign_that_was_deleted_says_so(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    del client.campaigns.rows["c1"]
    kit.ask(panel, "start")
    assert isinstance(panel.state.phase, Idle)
    assert "the campaign was deleted. Nothing was sent." in panel.state.notice.text
    assert panel.state.open_campaign.status == "deleted"


def test_a_campaign_that_was_deleted_since_its_review_is_not_acted_on_and_shows_as_deleted(kit):
    client = kit.scripted(kit.row())
    panel = kit.control(client)
    kit.ask(panel, "start")
    del client.campaigns.rows["c1"]
    kit.confirm(panel)
    assert client.campaigns.sent == []
    assert "Changed since the review: the campaign was deleted." in panel.state.notice.text
    assert panel.state.open_campaign.status == "deleted"


def test_a_pause_of_a_campaign_that_was_deleted_is_refused_and_it_shows_as_deleted(kit):
    client = kit.scripted(kit.row(status="running"))
    panel = kit.control(client)
    del client.campaigns.rows["c1"]
    client.campaigns.failing = NotFoundError("RESOURCE NOT FOUND", code="404")
    panel.dispatch(on.ActionChosen(Action.PAUSE))
    assert panel.state.open_campaign.status == "deleted"
    assert panel.journal["outcome"].tolist() == ["refused"]


def test_a_campaign_deleted_on_the_sandbox_shows_as_deleted(kit, client):
    from dyno_frames.panels.campaigns.control import CampaignControl

    key = client.campaigns.find("status == 'stopped'", order_by="created", limit=1)["id"].iloc[0]
    panel = CampaignControl(client, key, watch=False, spawn=kit.here)
    client.campaigns.delete(key)
    panel.dispatch(on.RefreshRequested())
    assert panel.state.open_campaign.status == "deleted"
