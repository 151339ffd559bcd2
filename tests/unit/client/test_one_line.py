"""A line end in a text that becomes a header is refused, by the client before sending and by the practice server."""

from __future__ import annotations

from typing import Any

import pytest

from dyno_frames.api import connect
from dyno_frames.contract.operations import operation
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError, RejectedError
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.session import Session

ADDRESS = "ursula@kunde.example"
INJECTED = f"Shop\r\nBcc: {ADDRESS}"
CONTROLS = ["\r\n", "\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029"]


@pytest.fixture(scope="module")
def unheard():
    """A client of a server that is gone: a request would fail as a ConnectError."""
    with Sandbox(sample=False, speed=0) as served:
        connected = connect(served.url, served.api_key, name="one line", profile=Profile(), timeout_s=0.5)
    with connected:
        yield connected


@pytest.fixture(scope="module")
def account():
    """A practice server with one template, one list and one campaign, and a session that checks no field."""
    with Sandbox(sample=False, speed=0) as served, connect(served.url, served.api_key) as client:
        keys = {
            "templates": client.templates.create(name="t", subject="s", text="t", html="h"),
            "lists": client.lists.create(name="l", from_email="a@b.example"),
            "campaigns": client.campaigns.create(name="c", subject="s"),
        }
        with Session(served.url, ApiKeyAuth(served.api_key), timeout_s=10.0) as session:
            yield session, keys


VERBS = {
    "create a list, from_email": lambda c, v: c.lists.create(name="x", from_email=v),
    "create a list, from_name": lambda c, v: c.lists.create(name="x", from_name=v),
    "create a list, name": lambda c, v: c.lists.create(name=v),
    "update a list": lambda c, v: c.lists.update("1", from_email=v),
    "create a template": lambda c, v: c.templates.create(name="x", subject=v),
    "update a campaign": lambda c, v: c.campaigns.update("1", from_name=v),
    "start": lambda c, v: c.campaigns.start("1", subject=v),
    "reschedule": lambda c, v: c.campaigns.reschedule("1", from_email=v),
    "update_and_resume": lambda c, v: c.campaigns.update_and_resume("1", from_name=v),
    "plan": lambda c, v: c.campaigns.plan("start", "1", subject=v),
}


@pytest.mark.parametrize("use", VERBS.values(), ids=VERBS)
def test_a_line_end_is_refused_before_anything_is_sent(use, unheard):
    with pytest.raises(ConfigError, match="expected one line of text") as raised:
        use(unheard, INJECTED)
    assert "Shop Bcc: <address>" in " ".join(str(raised.value).split())
    assert ADDRESS not in str(raised.value)


def test_an_update_and_an_action_refuse_a_line_end_in_the_same_words(unheard):
    said = []
    for use in (VERBS["create a template"], VERBS["start"]):
        with pytest.raises(ConfigError) as raised:
            use(unheard, INJECTED)
        said.append(str(raised.value).partition(": ")[2])
    assert said[0] == said[1]


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_character_is_refused_and_named(control, unheard):
    with pytest.raises(ConfigError) as raised:
        unheard.lists.create(name=f"a{control}b")
    assert repr(control[0]) in str(raised.value)
    with pytest.raises(ConfigError) as raised:
        unheard.campaigns.start("1", subject=f"a{control}b")
    assert repr(control[0]) in str(raised.value)


@pytest.mark.parametrize(
    "use", [lambda c, v: c.lists.create(name="x", emails=v), lambda c, v: c.lists.update("1", emails=v)]
)
def test_a_line_end_in_an_address_is_refused_by_its_place(use, unheard):
    with pytest.raises(
        ConfigError, match="emails holds line ends or other control characters, at index 1"
    ) as raised:
        use(unheard, ["ann@kunde.example", f"{ADDRESS}\r\nBcc: x@y.example"])
    assert "@" not in str(raised.value)


def test_texts_of_several_lines_stay_possible(account):
    session, keys = account
    body: dict[str, Any] = {"text": "one\ntwo", "html": "<p>\r\n</p>"}
    session.send(operation("templates", "update"), key=keys["templates"], body=body)
    session.send(operation("lists", "update"), key=keys["lists"], body={"description": "one\ntwo"})


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize(
    ("resource", "field"),
    [("templates", "subject"), ("lists", "from_email"), ("lists", "name"), ("campaigns", "from_name")],
)
def test_the_practice_server_refuses_control_characters_as_a_real_one_does(control, resource, field, account):
    session, keys = account
    for verb, key, more in (("update", keys[resource], {}), ("create", None, {"name": "x"})):
        with pytest.raises(RejectedError, match=f"{field}.*expected one line of text") as raised:
            session.send(operation(resource, verb), key=key, body=more | {field: f"a{control}{ADDRESS}"})
        assert ADDRESS not in str(raised.value)


@pytest.mark.parametrize("field", ["subject", "from_name", "from_email"])
def test_the_practice_server_refuses_them_in_an_action(field, account):
    session, keys = account
    with pytest.raises(RejectedError, match=f"{field}.*expected one line of text"):
        session.send(
            operation("campaigns", "start"), body={"campaign_id": keys["campaigns"], field: INJECTED}
        )
