"""Campaigns in motion: counts, times, pauses, and real mail to a real mail server on loopback."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading

import pandas as pd
import pytest

from dyno_frames.contract.resources import CAMPAIGNS, LISTS
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.lifecycle import IN_MOTION
from dyno_frames.sandbox.sending import Sender
from dyno_frames.sandbox.serve import Sandbox
from dyno_frames.sandbox.storage import Store

NOW = 1_700_000_000


@pytest.fixture
def store():
    with Store() as store:
        yield store


def campaign(store, **fields):
    store.load(CAMPAIGNS, [{"id": "c", "status": "running", "sent": 0, "delivered": 0, **fields}])
    return lambda: store.get(CAMPAIGNS, "c")


def test_a_tick_sends_at_the_rate_until_all_are_reached(store):
    row = campaign(store, recipients=450)
    sender = Sender(store, clock=lambda: NOW, speed=2.0)
    assert sender.tick(0.5) == 0
    assert (row()["sent"], row()["delivered"], row()["status"]) == (200, 200, "running")
    assert row()["updated"] == NOW
    sender.tick(100.0)
    assert (row()["sent"], row()["delivered"], row()["status"]) == (450, 450, "finished")


def test_what_is_left_of_a_message_is_carried(store):
    row = campaign(store, recipients=10)
    sender = Sender(store, clock=lambda: NOW, speed=0.005)
    carried = 0.0
    for _ in range(10):
        carried = sender.tick(0.25, carried)
    assert row()["sent"] == 2


def test_a_scheduled_campaign_begins_when_its_time_has_come(store):
    store.load(LISTS, [{"id": "l", "contacts": 5}])
    row = campaign(store, status="scheduled", start_time=NOW, recipients=0, list_id="l")
    Sender(store, clock=lambda: NOW - 1).tick(0.0)
    assert row()["status"] == "scheduled"
    Sender(store, clock=lambda: NOW).tick(0.0)
    assert (row()["status"], row()["recipients"]) == ("running", 5)


def test_a_campaign_to_nobody_finishes_at_once(store):
    row = campaign(store, recipients=0)
    Sender(store, clock=lambda: NOW).tick(0.0)
    assert row()["status"] == "finished"


@pytest.mark.parametrize("status", ["draft", "paused", "stopped", "finished"])
def test_nothing_else_moves(store, status):
    row = campaign(store, status=status, recipients=10, updated=5)
    before = row()
    Sender(store, clock=lambda: NOW).tick(100.0)
    assert row() == before


def test_a_campaign_without_counters_is_left_alone(store):
    store.load(CAMPAIGNS, [{"id": "c", "status": "running"}])
    before = store.get(CAMPAIGNS, "c")
    Sender(store, clock=lambda: NOW).tick(100.0)
    assert store.get(CAMPAIGNS, "c") == before
    assert "sent" not in before


def test_a_pause_stops_the_counters_and_a_resume_moves_them(serve, until):
    table = pd.DataFrame(
        {
            "id": ["c"],
            "name": ["n"],
            "status": ["running"],
            "recipients": [10**9],
            "sent": [0],
            "delivered": [0],
        }
    )
    api = serve(load={"campaigns": table}, speed=1.0)

    def sent():
        return api.data("GET", "/campaigns/c")["sent"]

    until(lambda: sent() > 0)
    api.data("POST", "/campaign_process/pause", {"id": "c"})
    halted = sent()
    before = api.box._sender.ticks
    until(lambda: api.box._sender.ticks > before + 2)
    assert sent() == halted
    api.data("POST", "/campaign_process/resume", {"id": "c"})
    until(lambda: sent() > halted)


def test_a_tick_looks_at_campaigns_in_motion_only(store):
    with store.transaction() as connection:
        plan = connection.execute(
            f"EXPLAIN QUERY PLAN UPDATE campaigns SET sent = 1 WHERE {IN_MOTION} AND status = 'running'"  # noqa: S608 - SQL from constants
        ).fetchall()
    assert "campaigns_in_motion" in plan[0][3]


def test_a_still_sandbox_has_no_sender(serve):
    before = {thread.name for thread in threading.enumerate()}
    serve(speed=0)
    new = {thread.name for thread in threading.enumerate()} - before
    assert not any("sending" in name for name in new)


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP to take mail, and keeps it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Mailbox)
        self.received = []
        self.refuses = ""

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class Mailbox(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 here")
        for raw in self.rfile:
            word = raw.decode().strip()
            if word.upper().startswith("QUIT"):
                self.say("221 bye")
                return
            if word.upper() == "DATA":
                self.say("354 go on")
                self.take()
            elif self.server.refuses and word.upper().startswith("RCPT") and self.server.refuses in word:
                self.say("550 nobody here")
            else:
                self.say("250 ok")

    def take(self):
        lines = []
        for raw in self.rfile:
            if raw == b".\r\n":
                break
            lines.append(raw.removeprefix(b"."))
        self.server.received.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
        self.say("250 taken")


@pytest.fixture
def mail():
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_mail_reaches_each_contact_once_with_both_parts(serve, until, mail):
    api = serve(smtp=mail.url, speed=5.0)
    template = api.create(
        "templates", subject="Hi {{ name }}", html="<p>{{ name }}, {{ email }}</p>", text="Dear {{ name }}"
    )
    list_id = api.create("lists", emails=[f"jo.{n}@example.com" for n in range(7)])
    key = api.create(
        "campaigns", list_id=list_id, template_id=template, from_name="Çorner", from_email="s@example.com"
    )
    api.data("POST", "/campaign_process/init", {"campaign_id": key})
    until(lambda: api.data("GET", f"/campaigns/{key}")["status"] == "finished")
    row = api.data("GET", f"/campaigns/{key}")
    assert (row["recipients"], row["sent"], row["delivered"], row["bounces"]) == (7, 7, 7, 0)
    assert sorted(message["To"] for message in mail.received) == [f"jo.{n}@example.com" for n in range(7)]
    message = next(message for message in mail.received if message["To"] == "jo.3@example.com")
    assert (message["Subject"], message["From"]) == ("Hi Jo 3", "Çorner <s@example.com>")
    assert message.get_body(("plain",)).get_content().strip() == "Dear Jo 3"
    assert message.get_body(("html",)).get_content().strip() == "<p>Jo 3, jo.3@example.com</p>"


def test_a_refused_contact_bounces_and_the_others_are_reached(serve, until, mail):
    mail.refuses = "b@"
    api = serve(smtp=mail.url, speed=1.0)
    list_id = api.create("lists", emails=["a@example.com", "b@example.com", "c@example.com"])
    key = api.create("campaigns", list_id=list_id, subject="x")
    api.data("POST", "/campaign_process/init", {"campaign_id": key})
    until(lambda: api.data("GET", f"/campaigns/{key}")["status"] == "finished")
    row = api.data("GET", f"/campaigns/{key}")
    assert (row["sent"], row["delivered"], row["bounces"]) == (3, 2, 1)


def test_a_template_that_does_not_work_pauses_the_campaign(serve, until, mail):
    api = serve(smtp=mail.url, speed=1.0)
    template = api.create("templates", text="{{ name.", subject="x")
    list_id = api.create("lists", emails=["a@example.com"])
    key = api.create("campaigns", list_id=list_id, template_id=template)
    api.data("POST", "/campaign_process/init", {"campaign_id": key})
    until(lambda: api.data("GET", f"/campaigns/{key}")["status"] == "paused")
    assert api.data("GET", f"/campaigns/{key}")["sent"] == 0
    assert mail.received == []


def test_a_message_that_may_have_left_never_leaves_again(tmp_path, until, mail):
    path = tmp_path / "box.db"
    with Store(path) as store:
        store.load(LISTS, [{"id": "l", "name": "n", "emails": ["a@example.com", "b@example.com"]}])
        store.load(
            CAMPAIGNS,
            [{"id": "c", "status": "running", "list_id": "l", "subject": "x", "recipients": 2, "sent": 0}],
        )
        with store.transaction() as connection:
            connection.execute("INSERT INTO deliveries VALUES ('c', 'a@example.com', 'claimed', 1, NULL)")
    with Sandbox(path, smtp=mail.url) as box:
        until(lambda: box._store.get(CAMPAIGNS, "c")["status"] == "finished")
        row = box._store.get(CAMPAIGNS, "c")
    assert [message["To"] for message in mail.received] == ["b@example.com"]
    assert (row["sent"], row["delivered"]) == (2, 1)


@pytest.mark.parametrize("smtp", ["localhost:25", "http://x", "smtp://", "smtp://a:b@x", "smtp://x:port", 5])
def test_another_address_than_smtp_is_refused_before_anything_starts(smtp):
    with pytest.raises(ConfigError, match="smtp://host:port"):
        Sandbox(smtp=smtp)


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf"), "fast", True, None])
def test_another_speed_than_a_number_is_refused(speed):
    with pytest.raises(ConfigError, match="speed"):
        Sandbox(speed=speed)
