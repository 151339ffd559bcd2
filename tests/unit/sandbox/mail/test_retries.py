"""Messages that a mail server defers, or that remain without an answer."""

from __future__ import annotations

import pytest
from mailed_campaign import Campaign, addresses, attempts, looked_again

from dyno_frames.contract.resources import CAMPAIGNS, LISTS
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.storage import Store

IMMEDIATE = 1e9
"""A speed at which a deferred message is due again at once."""


def claimed_by_an_earlier_process(path):
    with Store(path) as store:
        store.load(LISTS, [{"id": "l", "name": "n", "emails": addresses(2)}])
        store.load(
            CAMPAIGNS,
            [{"id": "c", "status": "running", "list_id": "l", "subject": "x", "recipients": 2, "sent": 0}],
        )
        with store.transaction() as connection:
            deliveries.create_deliveries(connection, "c")
            return deliveries.claim(connection, "c", now_s=1)


def test_a_deferred_contact_is_tried_again_and_finally_refused(serve, until, mail_server):
    inbox, mail = mail_server()
    inbox.answers = {"^jo.1@": "451 later"}
    campaign = Campaign(serve(smtp=mail.url, speed=IMMEDIATE), addresses(3))
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (3, 3, 2, 1)
    assert sorted(inbox.recipients) == ["jo.0@example.com", "jo.2@example.com"]


def test_a_greylisted_contact_is_tried_again_minutes_later_without_connections_in_between(
    serve, until, mail_server
):
    inbox, mail = mail_server()
    inbox.answers = {"^jo.1@": "451 greylisted, try again later"}
    now = [1_700_000_000.0]
    api = serve(smtp=mail.url, speed=1.0, clock=lambda: now[0])
    campaign = Campaign(api, addresses(2))
    until(lambda: campaign["sent"] == 1)
    until(lambda: attempts(campaign) == [0, 1])
    assert "451" in campaign.api.box.deliveries(campaign.key)["reason"].tolist()[1]
    for tried, pause_s in enumerate((300, 600, 1200, 2400, 4800, 9600, 14_400, 14_400), start=1):
        assert inbox.sessions == tried
        now[0] += pause_s - 1
        looked_again(api, until)
        assert (inbox.sessions, attempts(campaign)) == (tried, [0, tried])
        assert campaign.figures() == (2, 1, 1, 0)
        if tried == 8:
            inbox.answers = {}
        now[0] += 2
        until(lambda tried=tried: attempts(campaign) == [0, tried + 1] or campaign["sent"] == 2)
        assert inbox.sessions == tried + 1
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (2, 2, 2, 0)
    assert inbox.recipients == ["jo.0@example.com", "jo.1@example.com"]


def test_a_deferred_message_is_given_up_after_three_days_and_only_then_bounces(serve, until, mail_server):
    inbox, mail = mail_server()
    inbox.answers = {"@": "450 mailbox busy"}
    now = [1_700_000_000.0]
    campaign = Campaign(serve(smtp=mail.url, speed=1.0, clock=lambda: now[0]), addresses(1))
    began = now[0]
    tried = 0
    while campaign["status"] != "finished":
        assert campaign["bounces"] == 0
        until(lambda tried=tried: attempts(campaign) != [tried] or campaign["status"] == "finished")
        tried += 1
        now[0] += 4 * 3600
    assert campaign.figures() == (1, 1, 0, 1)
    assert 2.5 * 86_400 < now[0] - began < 5 * 86_400
    assert campaign.outcomes() == {"refused": 1}


@pytest.mark.parametrize(("speed", "pause_s"), [(10.0, 30), (0.5, 600)])
def test_the_pauses_follow_the_speed(serve, until, mail_server, speed, pause_s):
    inbox, mail = mail_server()
    inbox.answers = {"@": "451 greylisted"}
    now = [1_700_000_000.0]
    api = serve(smtp=mail.url, speed=speed, clock=lambda: now[0])
    campaign = Campaign(api, addresses(1))
    until(lambda: attempts(campaign) == [1])
    now[0] += pause_s - 1
    looked_again(api, until)
    assert inbox.sessions == 1
    now[0] += 2
    until(lambda: attempts(campaign) == [2])
    assert inbox.sessions == 2


def test_a_message_is_sent_again_if_the_server_disconnects_before_it(serve, until, mail_server):
    inbox, mail = mail_server()
    inbox.answers = {"^jo.1@": "421 not today"}
    campaign = Campaign(serve(smtp=mail.url, speed=IMMEDIATE), addresses(3))
    until(lambda: campaign["status"] == "finished")
    assert sorted(inbox.recipients) == ["jo.0@example.com", "jo.2@example.com"]
    assert campaign.figures() == (3, 3, 2, 1)


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_message_without_an_answer_is_unknown_and_never_sent_again(serve, until, mail_server, dies):
    inbox, mail = mail_server()
    inbox.dies = dies
    campaign = Campaign(serve(smtp=mail.url), addresses(10))
    until(lambda: campaign["status"] == "paused")
    row = campaign.row()
    assert (row["sent"], row["delivered"], row["unknown"]) == (3, 0, 3)
    assert "without an answer" in row["pause_reason"]
    assert len(inbox.received) == (3 if dies == "after" else 0)
    inbox.dies = ""
    campaign.act("resume")
    until(lambda: campaign["status"] == "finished")
    assert campaign["pause_reason"] is None
    assert campaign.outcomes() == {"unknown": 3, "sent": 7}
    assert campaign.figures() == (10, 10, 7, 0)
    assert len(set(inbox.recipients)) == len(inbox.recipients)


def test_a_message_that_may_have_been_sent_is_never_sent_again(tmp_path, until, mail_server):
    inbox, mail = mail_server()
    claimed_by_an_earlier_process(tmp_path / "box.db")
    with Sandbox(tmp_path / "box.db", smtp=mail.url) as box:
        until(lambda: box._store.get(CAMPAIGNS, "c")["status"] == "finished")
        row = box._store.get(CAMPAIGNS, "c")
        assert box.deliveries("c")["outcome"].tolist() == ["unknown", "sent"]
    assert inbox.recipients == ["jo.1@example.com"]
    assert (row["sent"], row["delivered"], row["unknown"]) == (2, 1, 1)


def test_the_outbox_shows_whether_a_message_was_delivered(tmp_path, until):
    claim = claimed_by_an_earlier_process(tmp_path / "box.db")
    folder = tmp_path / "box.outbox"
    (folder / "new").mkdir(parents=True)
    (folder / "new" / claim.token).write_text("From: s@example.com\n\nhere\n")
    with Sandbox(tmp_path / "box.db") as box:
        until(lambda: box._store.get(CAMPAIGNS, "c")["status"] == "finished")
        assert box.deliveries("c")["outcome"].tolist() == ["sent", "sent"]
