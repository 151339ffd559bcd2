"""Mail to real contacts: one message each, whatever goes wrong."""

from __future__ import annotations

import re
import time

import pytest
from mailed_campaign import Campaign, addresses

from dyno_frames.contract.resources import CAMPAIGNS, LISTS
from dyno_frames.errors import ConfigError
from dyno_frames.messages.message import Contact
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.mail.transports import DeliveryStatus
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.storage import Store


def test_mail_reaches_each_contact_once_with_both_parts(serve, until, mail_server):
    inbox, mail = mail_server()
    campaign = Campaign(
        serve(smtp=mail.url, speed=5.0),
        addresses(7),
        subject=None,
        from_name="Çorner",
        template={
            "subject": "Hi {{ name }}",
            "html": "<p>{{ name }}, {{ email }}</p>",
            "text": "Dear {{ name }}",
        },
    )
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (7, 7, 7, 0)
    assert sorted(inbox.recipients) == addresses(7)
    assert inbox.sessions == 1
    message = next(message for message in inbox.received if message["To"] == "jo.3@example.com")
    assert (message["Subject"], message["From"]) == ("Hi Jo 3", "Çorner <s@example.com>")
    assert message.get_body(("plain",)).get_content().strip() == "Dear Jo 3"
    assert message.get_body(("html",)).get_content().strip() == "<p>Jo 3, jo.3@example.com</p>"
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", message["Message-ID"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len({message["Message-ID"] for message in inbox.received}) == 7


def test_a_refused_contact_bounces_and_the_others_are_reached(serve, until, mail_server):
    inbox, mail = mail_server()
    inbox.answers = {"^jo.1@": "550 nobody here"}
    campaign = Campaign(serve(smtp=mail.url), addresses(3))
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (3, 3, 2, 1)
    told = campaign.api.box.deliveries(campaign.key).set_index("email")
    assert told.loc["jo.1@example.com", "outcome"] == "refused"
    assert "550" in told.loc["jo.1@example.com", "reason"]


@pytest.mark.parametrize(
    "email", ["a..b@example.com", "@b.c@example.com", "(x)@example.com", "dü@example.com"]
)
def test_an_invalid_address_bounces_without_being_sent(serve, until, mail_server, email):
    inbox, mail = mail_server()
    campaign = Campaign(serve(smtp=mail.url), ["good@example.com", email])
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (2, 2, 1, 1)
    assert campaign.outcomes() == {"sent": 1, "invalid": 1}
    assert inbox.recipients == ["good@example.com"]


def test_an_international_domain_is_sent_in_its_ascii_form(serve, until, mail_server):
    inbox, mail = mail_server()
    campaign = Campaign(serve(smtp=mail.url), ["jo@bücher.example"])
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (1, 1, 1, 0)
    assert inbox.recipients == ["jo@xn--bcher-kva.example"]


def test_an_unreachable_mail_server_pauses_with_a_reason_and_nothing_is_lost(serve, until, mail_server):
    inbox, mail = mail_server()
    url = mail.url
    mail.stop()
    campaign = Campaign(serve(smtp=url), addresses(4))
    until(lambda: campaign["status"] == "paused")
    assert "cannot be reached" in campaign["pause_reason"]
    assert "example.com" not in campaign["pause_reason"]
    assert (campaign.figures(), campaign.outcomes()) == ((4, 0, 0, 0), {"waiting": 4})
    assert inbox.received == []


def test_a_sender_that_the_server_refuses_pauses_with_a_reason(serve, until, mail_server):
    inbox, mail = mail_server()
    inbox.sender_answer = "550 not you"
    campaign = Campaign(serve(smtp=mail.url), addresses(2))
    until(lambda: campaign["status"] == "paused")
    assert "from_email" in campaign["pause_reason"]
    inbox.sender_answer = ""
    campaign.act("update_and_resume", from_email="other@example.com")
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (2, 2, 2, 0)
    assert {message["From"] for message in inbox.received} == {"other@example.com"}


@pytest.mark.parametrize(
    "case",
    [
        ({"text": "{{ name."}, {}, "expected"),
        ({"text": "{% for x in y %}{% endfor %}"}, {}, "For"),
        ({"html": "{{ name.__class__ }}"}, {}, "Getattr"),
        ({"text": "{{ x | nothing }}"}, {}, "nothing"),
        ({}, {"from_email": "no address"}, "from_email"),
    ],
)
def test_a_template_error_pauses_with_a_reason_and_sends_no_mail(serve, until, mail_server, case):
    template, fields, word = case
    inbox, mail = mail_server()
    campaign = Campaign(serve(smtp=mail.url), addresses(1), template=template, **fields)
    until(lambda: campaign["status"] == "paused")
    assert word in campaign["pause_reason"]
    assert campaign.figures() == (1, 0, 0, 0)
    assert inbox.received == []


def test_a_pause_is_immediate_an_update_changes_the_rest_and_a_stop_is_final(serve, until, mail_server):
    inbox, mail = mail_server()
    campaign = Campaign(serve(smtp=mail.url, rate=200.0), addresses(300), subject="first")
    until(lambda: len(inbox.received) > 5)
    campaign.act("pause")
    answered = time.monotonic()
    halted = len(inbox.received)
    until(lambda: "claimed" not in campaign.outcomes())
    assert time.monotonic() - answered < 1.0
    # the one that was under way when the answer was given
    assert len(inbox.received) <= halted + 1
    campaign.act("update_and_resume", subject="second")
    until(lambda: len(inbox.received) > halted + 5)
    campaign.act("stop")
    # the one that was under way settles
    until(lambda: "claimed" not in campaign.outcomes())
    subjects = [str(message["Subject"]) for message in inbox.received]
    assert subjects == sorted(subjects)
    assert set(subjects) == {"first", "second"}
    left = 300 - len(inbox.received)
    assert campaign.outcomes() == {"sent": len(inbox.received), "waiting": left}
    assert campaign.api.refused("POST", "/campaign_process/resume", {"id": campaign.key})[0] == "409"


def test_mail_is_sent_no_faster_than_the_rate(serve, until, mail_server):
    inbox, mail = mail_server()
    campaign = Campaign(serve(smtp=mail.url, rate=50.0), addresses(30))
    began = time.monotonic()
    until(lambda: campaign["status"] == "finished")
    assert time.monotonic() - began > 0.4
    assert len(inbox.received) == 30


def test_recipients_are_those_on_the_list_at_the_start_and_later_changes_do_not_count(
    serve, until, mail_server
):
    inbox, mail = mail_server()
    api = serve(smtp=mail.url, rate=100.0)
    campaign = Campaign(api, addresses(40))
    api.data("PUT", f"/lists/{campaign.list_id}", {"emails": ["new@example.com"]})
    until(lambda: campaign["status"] == "finished")
    assert sorted(inbox.recipients) == sorted(addresses(40))
    assert campaign.figures() == (40, 40, 40, 0)


def test_a_scheduled_campaign_is_mailed_at_its_time(serve, until, mail_server):
    inbox, mail = mail_server()
    campaign = Campaign(serve(smtp=mail.url), addresses(2), start=False)
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 2))
    campaign.act("init", iso_start_time=soon)
    assert campaign["status"] == "scheduled"
    until(lambda: campaign["status"] == "finished")
    assert len(inbox.received) == 2


def test_a_campaign_loaded_half_sent_is_paused_instead_of_sent_again(tmp_path, until):
    path = tmp_path / "box.db"
    with Store(path) as store:
        store.load(LISTS, [{"id": "l", "name": "n", "emails": addresses(4)}])
        rows = {"list_id": "l", "subject": "x", "status": "running", "recipients": 4}
        store.load(CAMPAIGNS, [{"id": "half", "sent": 2, **rows}, {"id": "fresh", "sent": 0, **rows}])
    with Sandbox(path) as box:
        until(lambda: box._store.get(CAMPAIGNS, "fresh")["status"] == "finished")
        half = box._store.get(CAMPAIGNS, "half")
    assert (half["status"], half["sent"]) == ("paused", 2)
    assert "half sent" in half["pause_reason"]


def test_one_click_unsubscribes_counts_once_and_withdraws_waiting_messages(serve, until, mail_server):
    inbox, mail = mail_server()
    api = serve(smtp=mail.url)
    first = Campaign(api, addresses(2))
    until(lambda: first["status"] == "finished")
    link = next(message for message in inbox.received if message["To"] == "jo.0@example.com")[
        "List-Unsubscribe"
    ]
    path = str(link).strip(" <>").removeprefix(api.box.url)
    second = api.create("campaigns", list_id=first.list_id, subject="y")
    with api.box._store.transaction() as connection:
        deliveries.create_deliveries(connection, second)
    nobody = {"User-Api-Key": None}
    assert "Unsubscribe" in api.ask("GET", path, headers=nobody).text
    assert first["unsubscribes"] == 0
    for _ in range(2):
        assert api.ask("POST", path, headers=nobody, data="List-Unsubscribe=One-Click").status_code == 200
    assert first["unsubscribes"] == 1
    assert api.data("GET", f"/lists/{first.list_id}")["contacts"] == 1
    assert api.box.deliveries(second)["outcome"].tolist() == ["withdrawn", "waiting"]
    assert api.data("GET", f"/campaigns/{second}")["recipients"] == 1
    assert api.ask("POST", "/unsubscribe/nonsense", headers=nobody).status_code == 404


def test_no_address_is_in_the_log(serve, until, mail_server, caplog):
    caplog.set_level("DEBUG")
    inbox, mail = mail_server()
    inbox.answers = {"^jo.0@": "550 jo.0@example.com is unknown"}
    campaign = Campaign(serve(smtp=mail.url), [*addresses(2), "a..b@example.com"])
    until(lambda: campaign["status"] == "finished")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("dyno_frames")]
    assert ours
    assert not any("example.com" in line for line in ours)
    assert not any("@" in str(reason) for reason in campaign.api.box.deliveries(campaign.key)["reason"])


@pytest.mark.parametrize("rate", [0, -1, "fast", float("inf"), True])
def test_a_rate_that_is_not_a_positive_number_is_refused(rate):
    with pytest.raises(ConfigError, match="rate"):
        Sandbox(rate=rate)


def test_a_name_is_guessed_from_the_address_unless_it_is_known():
    assert Contact("jo.ann_lee+x@example.com", {}, "t").merge_fields["name"] == "Jo Ann Lee X"
    assert Contact("jo@example.com", {"name": "Joanna"}, "t").merge_fields["name"] == "Joanna"
    assert DeliveryStatus.SENT == "sent"
