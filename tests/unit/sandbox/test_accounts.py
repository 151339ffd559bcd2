"""Several accounts in one sandbox: separate rows, and a record of every request."""

from __future__ import annotations

import logging

import pytest

from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import ConfigError, InsecureTransportWarning
from dyno_frames.sandbox.sandbox import Sandbox


def as_(api, name):
    return {"headers": {"User-Api-Key": api.box.keys[name]}}


def test_rows_of_one_account_are_invisible_to_the_other(serve):
    api = serve(accounts=["other"], sample=True)
    for resource in RESOURCES:
        key = api.create(resource, name="mine")
        for verb, path, body in (
            ("GET", f"/{resource}/{key}", None),
            ("PUT", f"/{resource}/{key}", {"name": "theirs"}),
            ("DELETE", f"/{resource}/{key}", None),
        ):
            assert api.refused(verb, path, body, **as_(api, "other"))[0] == "404"
        assert api.ask("POST", f"/{resource}/find", {}, **as_(api, "other")).json()["data"] == []
        assert api.ask("POST", f"/{resource}/count", {}, **as_(api, "other")).json()["data"] == {"count": 0}
        assert api.data("GET", f"/{resource}/{key}")["name"] == "mine"
    made = api.ask("POST", "/lists", {"name": "theirs"}, **as_(api, "other")).json()["data"]["id"]
    assert api.refused("GET", f"/lists/{made}")[0] == "404"
    theirs = api.ask("GET", f"/lists/{made}", **as_(api, "other")).json()["data"]
    assert theirs["user_id"] != api.data("GET", f"/lists/{api.create('lists')}")["user_id"]


def test_accounts_are_kept_in_files_of_their_own(serve, tmp_path):
    for _ in range(2):
        api = serve(tmp_path / "box.db", accounts={"other": "their-key"})
        api.ask("POST", "/lists", {"name": "theirs"}, **as_(api, "other"))
        api.box.close()
    assert (tmp_path / "box-other.db").is_file()
    api = serve(tmp_path / "box.db", accounts=["other"])
    assert api.ask("POST", "/lists/count", {}, **as_(api, "other")).json()["data"] == {"count": 2}


def test_a_client_of_an_account_carries_its_key(serve):
    calls = []
    box = serve(accounts=["other"], connect=lambda *given, **more: calls.append((given, more))).box
    box.client(account="other")
    assert calls[0][0] == (box.url, box.keys["other"])
    assert calls[0][1]["name"] == f"sandbox-{box.port}-other"
    with pytest.raises(ConfigError, match="nobody"):
        box.client(account="nobody")


@pytest.mark.parametrize(
    "accounts", ["other", 5, [""], ["a/b"], ["default"], [5], {"a": ""}, {"a": "two words"}]
)
def test_invalid_accounts_are_refused(accounts):
    with pytest.raises(ConfigError, match="account"):
        Sandbox(accounts=accounts)


def test_two_accounts_with_one_key_are_refused_and_the_key_not_shown():
    with pytest.raises(ConfigError, match="same key") as refused:
        Sandbox(api_key="sesame", accounts={"other": "sesame"})
    assert "sesame" not in str(refused.value)


def test_every_request_is_recorded_without_key_body_or_query(serve, caplog):
    caplog.set_level(logging.INFO, logger="dyno_frames.sandbox.requests")
    api = serve(accounts=["other"])
    api.create("lists", name="hidden name", emails=["hidden@example.com"])
    api.ask("GET", "/lists/x%0Ay?secret=1", **as_(api, "other"))
    api.ask("GET", "/lists/x", headers={"User-Api-Key": "wrong"})
    told = [(one.account, one.verb, one.path, one.status) for one in api.box.requests]
    assert told == [
        ("default", "POST", "/lists", 200),
        ("other", "GET", "/lists/x%0Ay", 500),
        ("", "GET", "/lists/x", 500),
    ]
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert len(text.splitlines()) == 3
    for hidden in (*api.box.keys.values(), "hidden", "secret", "wrong"):
        assert hidden not in text


EVERYWHERE = "0.0.0.0"  # noqa: S104 - that is what is tested


def test_only_loopback_is_bound_unless_asked_and_then_with_a_warning():
    with (
        pytest.warns(InsecureTransportWarning, match="other machines"),
        Sandbox(sample=False, host=EVERYWHERE) as box,
    ):
        assert box.url.startswith("http://127.0.0.1:")
    with Sandbox(sample=False) as box:
        assert box._server._listener.getsockname()[0] == "127.0.0.1"
