"""Mail to real contacts: once each, to a real mail server on loopback or into the outbox, whatever goes wrong."""

from __future__ import annotations

import mailbox
import re
import ssl
import subprocess
import time

import pytest
from aiosmtpd.smtp import AuthResult

from dyno_frames.contract.resources import CAMPAIGNS, LISTS
from dyno_frames.errors import ConfigError
from dyno_frames.messages.message import Contact
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.mail.maildir import Maildir
from dyno_frames.sandbox.mail.smtp_server import Tls, parse_smtp_url
from dyno_frames.sandbox.mail.transports import DeliveryStatus
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.storage import Store


def authenticator(server, session, envelope, mechanism, data):
    """Let in jo with the password 'open sesame'."""
    return AuthResult(success=data.login == b"jo" and data.password == b"open sesame", handled=False)


@pytest.fixture
def serve(serve):
    """Here campaigns move."""
    return lambda path=None, **settings: serve(path, **{"speed": 5.0, **settings})


IN_NO_TIME = 1e9
"""A speed at which a deferred message is due again at once."""


def attempts(campaign):
    return campaign.api.box.deliveries(campaign.key)["attempts"].tolist()


def looked_again(api, until):
    """Wait until the mailer has had many occasions to connect."""
    seen = api.box._sender.ticks
    until(lambda: api.box._sender.ticks >= seen + 5)


def addresses(count):
    return [f"jo.{number}@example.com" for number in range(count)]


class Campaign:
    """A campaign over HTTP, started."""

    def __init__(self, api, emails, *, template=None, start=True, **fields):
        self.api = api
        self.list_id = api.create("lists", emails=emails)
        made = {"list_id": self.list_id, "subject": "x", "from_email": "s@example.com", **fields}
        if template is not None:
            made["template_id"] = api.create("templates", **template)
        self.key = api.create(
            "campaigns", **{name: value for name, value in made.items() if value is not None}
        )
        if start:
            self.act("init")

    def act(self, path, **body):
        name = "campaign_id" if path in {"init", "update_and_resume"} else "id"
        return self.api.data("POST", f"/campaign_process/{path}", {name: self.key, **body})

    def __getitem__(self, name):
        return self.row().get(name)

    def row(self):
        return self.api.data("GET", f"/campaigns/{self.key}")

    def figures(self):
        row = self.row()
        return tuple(row[name] for name in ("recipients", "sent", "delivered", "bounces"))

    def outcomes(self):
        return self.api.box.deliveries(self.key)["outcome"].value_counts().to_dict()


def test_mail_reaches_each_contact_once_with_both_parts(serve, until, office):
    post, mail = office()
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
    assert sorted(post.recipients) == addresses(7)
    assert post.sessions == 1
    message = next(message for message in post.received if message["To"] == "jo.3@example.com")
    assert (message["Subject"], message["From"]) == ("Hi Jo 3", "Çorner <s@example.com>")
    assert message.get_body(("plain",)).get_content().strip() == "Dear Jo 3"
    assert message.get_body(("html",)).get_content().strip() == "<p>Jo 3, jo.3@example.com</p>"
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.com>", message["Message-ID"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len({message["Message-ID"] for message in post.received}) == 7


def test_without_a_mail_server_mail_goes_into_a_maildir_that_a_mail_client_reads(serve, until):
    api = serve(speed=5.0)
    campaign = Campaign(api, addresses(5), template={"html": "<p>Hello {{ name }}</p>"})
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (5, 5, 5, 0)
    box = mailbox.Maildir(api.box.outbox, create=False)
    assert sorted(message["To"] for message in box) == addresses(5)
    assert not list((api.box.outbox / "tmp").iterdir())
    api.box.close()
    assert not api.box.outbox.exists()


def test_the_outbox_of_a_database_stands_beside_it_and_stays(serve, until, tmp_path):
    api = serve(tmp_path / "account.db", speed=5.0)
    campaign = Campaign(api, addresses(2))
    until(lambda: campaign["status"] == "finished")
    api.box.close()
    assert api.box.outbox == tmp_path / "account.outbox"
    assert len(list((tmp_path / "account.outbox" / "new").iterdir())) == 2
    assert (tmp_path / "account.outbox" / "new").stat().st_mode & 0o077 == 0


def test_a_refused_contact_bounces_and_the_others_are_reached(serve, until, office):
    post, mail = office()
    post.answers = {"^jo.1@": "550 nobody here"}
    campaign = Campaign(serve(smtp=mail.url), addresses(3))
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (3, 3, 2, 1)
    told = campaign.api.box.deliveries(campaign.key).set_index("email")
    assert told.loc["jo.1@example.com", "outcome"] == "refused"
    assert "550" in told.loc["jo.1@example.com", "reason"]


def test_a_contact_that_is_deferred_is_tried_again_and_at_last_refused(serve, until, office):
    post, mail = office()
    post.answers = {"^jo.1@": "451 later"}
    campaign = Campaign(serve(smtp=mail.url, speed=IN_NO_TIME), addresses(3))
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (3, 3, 2, 1)
    assert sorted(post.recipients) == ["jo.0@example.com", "jo.2@example.com"]


def test_a_greylisted_contact_is_tried_minutes_later_and_nobody_is_called_in_between(serve, until, office):
    post, mail = office()
    post.answers = {"^jo.1@": "451 greylisted, try again later"}
    now = [1_700_000_000.0]
    api = serve(smtp=mail.url, speed=1.0, clock=lambda: now[0])
    campaign = Campaign(api, addresses(2))
    until(lambda: campaign["sent"] == 1)
    until(lambda: attempts(campaign) == [0, 1])
    assert "451" in campaign.api.box.deliveries(campaign.key)["reason"].tolist()[1]
    for tried, pause_s in enumerate((300, 600, 1200, 2400, 4800, 9600, 14_400, 14_400), start=1):
        assert post.sessions == tried
        now[0] += pause_s - 1
        looked_again(api, until)
        assert (post.sessions, attempts(campaign)) == (tried, [0, tried])
        assert campaign.figures() == (2, 1, 1, 0)
        if tried == 8:
            post.answers = {}
        now[0] += 2
        until(lambda tried=tried: attempts(campaign) == [0, tried + 1] or campaign["sent"] == 2)
        assert post.sessions == tried + 1
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (2, 2, 2, 0)
    assert post.recipients == ["jo.0@example.com", "jo.1@example.com"]


def test_a_deferred_message_is_given_up_after_three_days_and_only_then_bounces(serve, until, office):
    post, mail = office()
    post.answers = {"@": "450 mailbox busy"}
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
def test_the_pauses_follow_the_speed(serve, until, office, speed, pause_s):
    post, mail = office()
    post.answers = {"@": "451 greylisted"}
    now = [1_700_000_000.0]
    api = serve(smtp=mail.url, speed=speed, clock=lambda: now[0])
    campaign = Campaign(api, addresses(1))
    until(lambda: attempts(campaign) == [1])
    now[0] += pause_s - 1
    looked_again(api, until)
    assert post.sessions == 1
    now[0] += 2
    until(lambda: attempts(campaign) == [2])
    assert post.sessions == 2


@pytest.mark.parametrize(
    "email", ["a..b@example.com", "@b.c@example.com", "(x)@example.com", "dü@example.com"]
)
def test_an_address_nobody_can_write_to_bounces_without_leaving(serve, until, office, email):
    post, mail = office()
    campaign = Campaign(serve(smtp=mail.url), ["good@example.com", email])
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (2, 2, 1, 1)
    assert campaign.outcomes() == {"sent": 1, "invalid": 1}
    assert post.recipients == ["good@example.com"]


def test_a_domain_beyond_ascii_is_written_to_in_its_ascii_form(serve, until, office):
    post, mail = office()
    campaign = Campaign(serve(smtp=mail.url), ["jo@bücher.example"])
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (1, 1, 1, 0)
    assert post.recipients == ["jo@xn--bcher-kva.example"]


def test_a_server_that_hangs_up_before_the_message_gets_it_again(serve, until, office):
    post, mail = office()
    post.answers = {"^jo.1@": "421 not today"}
    campaign = Campaign(serve(smtp=mail.url, speed=IN_NO_TIME), addresses(3))
    until(lambda: campaign["status"] == "finished")
    assert sorted(post.recipients) == ["jo.0@example.com", "jo.2@example.com"]
    assert campaign.figures() == (3, 3, 2, 1)


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_message_without_an_answer_is_unknown_and_never_leaves_again(serve, until, office, dies):
    post, mail = office()
    post.dies = dies
    campaign = Campaign(serve(smtp=mail.url), addresses(10))
    until(lambda: campaign["status"] == "paused")
    row = campaign.row()
    assert (row["sent"], row["delivered"], row["unknown"]) == (3, 0, 3)
    assert "without an answer" in row["pause_reason"]
    assert len(post.received) == (3 if dies == "after" else 0)
    post.dies = ""
    campaign.act("resume")
    until(lambda: campaign["status"] == "finished")
    assert campaign["pause_reason"] is None
    assert campaign.outcomes() == {"unknown": 3, "sent": 7}
    assert campaign.figures() == (10, 10, 7, 0)
    assert len(set(post.recipients)) == len(post.recipients)


def test_a_dead_mail_server_pauses_with_a_reason_and_nothing_is_lost(serve, until, office):
    post, mail = office()
    url = mail.url
    mail.stop()
    campaign = Campaign(serve(smtp=url), addresses(4))
    until(lambda: campaign["status"] == "paused")
    assert "cannot be reached" in campaign["pause_reason"]
    assert "example.com" not in campaign["pause_reason"]
    assert (campaign.figures(), campaign.outcomes()) == ((4, 0, 0, 0), {"waiting": 4})
    assert post.received == []


def test_a_sender_that_the_server_refuses_pauses_with_a_reason(serve, until, office):
    post, mail = office()
    post.sender_answer = "550 not you"
    campaign = Campaign(serve(smtp=mail.url), addresses(2))
    until(lambda: campaign["status"] == "paused")
    assert "from_email" in campaign["pause_reason"]
    post.sender_answer = ""
    campaign.act("update_and_resume", from_email="other@example.com")
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (2, 2, 2, 0)
    assert {message["From"] for message in post.received} == {"other@example.com"}


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
def test_words_that_do_not_work_pause_with_a_reason_and_no_mail(serve, until, office, case):
    template, fields, word = case
    post, mail = office()
    campaign = Campaign(serve(smtp=mail.url), addresses(1), template=template, **fields)
    until(lambda: campaign["status"] == "paused")
    assert word in campaign["pause_reason"]
    assert campaign.figures() == (1, 0, 0, 0)
    assert post.received == []


def test_a_pause_holds_at_once_an_update_reaches_the_rest_and_a_stop_is_final(serve, until, office):
    post, mail = office()
    campaign = Campaign(serve(smtp=mail.url, rate=200.0), addresses(300), subject="first")
    until(lambda: len(post.received) > 5)
    campaign.act("pause")
    answered = time.monotonic()
    halted = len(post.received)
    until(lambda: "claimed" not in campaign.outcomes())
    assert time.monotonic() - answered < 1.0
    # the one that was under way when the answer was given
    assert len(post.received) <= halted + 1
    campaign.act("update_and_resume", subject="second")
    until(lambda: len(post.received) > halted + 5)
    campaign.act("stop")
    # the one that was under way settles
    until(lambda: "claimed" not in campaign.outcomes())
    subjects = [str(message["Subject"]) for message in post.received]
    assert subjects == sorted(subjects)
    assert set(subjects) == {"first", "second"}
    left = 300 - len(post.received)
    assert campaign.outcomes() == {"sent": len(post.received), "waiting": left}
    assert campaign.api.refused("POST", "/campaign_process/resume", {"id": campaign.key})[0] == "409"


def test_mail_leaves_no_faster_than_the_rate(serve, until, office):
    post, mail = office()
    campaign = Campaign(serve(smtp=mail.url, rate=50.0), addresses(30))
    began = time.monotonic()
    until(lambda: campaign["status"] == "finished")
    assert time.monotonic() - began > 0.4
    assert len(post.received) == 30


def test_who_is_on_the_list_when_it_begins_gets_it_and_later_changes_do_not_reach_it(serve, until, office):
    post, mail = office()
    api = serve(smtp=mail.url, rate=100.0)
    campaign = Campaign(api, addresses(40))
    api.data("PUT", f"/lists/{campaign.list_id}", {"emails": ["new@example.com"]})
    until(lambda: campaign["status"] == "finished")
    assert sorted(post.recipients) == sorted(addresses(40))
    assert campaign.figures() == (40, 40, 40, 0)


def test_a_campaign_whose_time_has_come_is_mailed(serve, until, office):
    post, mail = office()
    campaign = Campaign(serve(smtp=mail.url), addresses(2), start=False)
    soon = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 2))
    campaign.act("init", iso_start_time=soon)
    assert campaign["status"] == "scheduled"
    until(lambda: campaign["status"] == "finished")
    assert len(post.received) == 2


def test_a_campaign_loaded_half_sent_is_paused_rather_than_sent_again(tmp_path, until):
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


def claimed_before_the_end(path):
    with Store(path) as store:
        store.load(LISTS, [{"id": "l", "name": "n", "emails": addresses(2)}])
        store.load(
            CAMPAIGNS,
            [{"id": "c", "status": "running", "list_id": "l", "subject": "x", "recipients": 2, "sent": 0}],
        )
        with store.transaction() as connection:
            deliveries.create_deliveries(connection, "c")
            return deliveries.claim(connection, "c", now_s=1)


def test_a_message_that_may_have_left_never_leaves_again(tmp_path, until, office):
    post, mail = office()
    claimed_before_the_end(tmp_path / "box.db")
    with Sandbox(tmp_path / "box.db", smtp=mail.url) as box:
        until(lambda: box._store.get(CAMPAIGNS, "c")["status"] == "finished")
        row = box._store.get(CAMPAIGNS, "c")
        assert box.deliveries("c")["outcome"].tolist() == ["unknown", "sent"]
    assert post.recipients == ["jo.1@example.com"]
    assert (row["sent"], row["delivered"], row["unknown"]) == (2, 1, 1)


def test_the_outbox_itself_says_whether_a_message_was_taken(tmp_path, until):
    claim = claimed_before_the_end(tmp_path / "box.db")
    folder = tmp_path / "box.outbox"
    (folder / "new").mkdir(parents=True)
    (folder / "new" / claim.token).write_text("From: s@example.com\n\nhere\n")
    with Sandbox(tmp_path / "box.db") as box:
        until(lambda: box._store.get(CAMPAIGNS, "c")["status"] == "finished")
        assert box.deliveries("c")["outcome"].tolist() == ["sent", "sent"]


def test_one_click_leaves_the_list_counts_once_and_stops_what_waits(serve, until, office):
    post, mail = office()
    api = serve(smtp=mail.url)
    first = Campaign(api, addresses(2))
    until(lambda: first["status"] == "finished")
    link = next(message for message in post.received if message["To"] == "jo.0@example.com")[
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


def test_no_address_is_in_the_log(serve, until, office, caplog):
    caplog.set_level("DEBUG")
    post, mail = office()
    post.answers = {"^jo.0@": "550 jo.0@example.com is unknown"}
    campaign = Campaign(serve(smtp=mail.url), [*addresses(2), "a..b@example.com"])
    until(lambda: campaign["status"] == "finished")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("dyno_frames")]
    assert ours
    assert not any("example.com" in line for line in ours)
    assert not any("@" in str(reason) for reason in campaign.api.box.deliveries(campaign.key)["reason"])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of an authority that nobody but this test knows."""
    folder = tmp_path_factory.mktemp("certificate")
    made = subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no openssl that makes a certificate")
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure(office, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return office(tls_context=context, authenticator=authenticator, auth_required=True, require_starttls=True)


def test_mail_is_encrypted_where_the_server_offers_it_and_the_password_is_given(
    serve, until, secure, certificate
):
    post, mail = secure
    host = mail.url.removeprefix("smtp://")
    api = serve(smtp=f"smtp://jo:open%20sesame@{host}?tls=required&ca={certificate[0]}")
    campaign = Campaign(api, addresses(2))
    until(lambda: campaign["status"] in {"finished", "paused"})
    assert (campaign["status"], campaign["pause_reason"]) == ("finished", None)
    assert (post.tls, post.logins) == ([True, True], [True, True])


@pytest.mark.parametrize(
    "case",
    [
        ("jo:wrong", "", "password"),
        ("", "", "refuses the sender"),
        ("jo:x", "?tls=none", "does not support this login"),
    ],
)
def test_a_server_that_lets_nobody_in_pauses_with_a_reason_without_the_password(serve, until, secure, case):
    user, more, word = case
    post, mail = secure
    host = mail.url.removeprefix("smtp://")
    campaign = Campaign(serve(smtp=f"smtp://{user}@{host}{more}" if user else mail.url), addresses(1))
    until(lambda: campaign["status"] == "paused")
    assert word in campaign["pause_reason"]
    assert "wrong" not in campaign["pause_reason"]
    assert post.received == []


def test_an_unknown_certificate_is_not_trusted_when_an_authority_is_named(serve, until, secure, tmp_path):
    _, mail = secure
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", "other.key", "-out", "other.pem", "-days", "2", "-subj", "/CN=other"),
        ],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    campaign = Campaign(serve(smtp=f"{mail.url}?ca={tmp_path / 'other.pem'}"), addresses(1))
    until(lambda: campaign["status"] == "paused")
    assert "certificate" in campaign["pause_reason"]


@pytest.mark.parametrize(
    "smtp",
    [
        "localhost:25",
        "http://x",
        "smtp://",
        "smtp://x:port",
        "smtp://x/path",
        "smtp://x?tls=perhaps",
        "smtp://x?what=1",
        "smtp://jo:secret@x?ca=missing.pem",
        5,
    ],
)
def test_another_address_than_smtp_is_refused_before_anything_starts(smtp):
    with pytest.raises(ConfigError, match="smtp://") as refused:
        Sandbox(smtp=smtp)
    assert "secret" not in str(refused.value)


def test_an_address_of_a_mail_server_is_read_and_its_password_not_shown():
    read = parse_smtp_url("smtps://a%40b:p%2Fq@mail.example")
    assert (read.host, read.port, read.user, read.password, read.tls) == (
        "mail.example",
        465,
        "a@b",
        "p/q",
        Tls.IMPLICIT,
    )
    assert "p/q" not in repr(read)
    assert parse_smtp_url("smtp://mail.example").port == 25


@pytest.mark.parametrize("rate", [0, -1, "fast", float("inf"), True])
def test_another_rate_than_a_number_is_refused(rate):
    with pytest.raises(ConfigError, match="rate"):
        Sandbox(rate=rate)


def test_a_maildir_that_cannot_be_written_pauses_with_a_reason(serve, until, tmp_path):
    (tmp_path / "file").write_text("in the way")
    campaign = Campaign(serve(outbox=tmp_path / "file"), addresses(1))
    until(lambda: campaign["status"] == "paused")
    assert "outbox" in campaign["pause_reason"]


def test_a_maildir_knows_what_was_read(tmp_path):
    folder = Maildir(tmp_path)
    folder.open()
    (tmp_path / "cur" / "abc:2,S").write_text("x")
    assert (folder.has_delivered("abc"), folder.has_delivered("abd")) == (True, False)


def test_a_name_is_guessed_from_the_address_unless_it_is_known():
    assert Contact("jo.ann_lee+x@example.com", {}, "t").merge_fields["name"] == "Jo Ann Lee X"
    assert Contact("jo@example.com", {"name": "Joanna"}, "t").merge_fields["name"] == "Joanna"
    assert DeliveryStatus.SENT == "sent"
