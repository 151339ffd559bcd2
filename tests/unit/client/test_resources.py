"""Get, create, update and delete against the practice server."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    ConnectError,
    ContractError,
    NotFoundError,
    OutcomeUnknownError,
)
from dyno_frames.sandbox.sandbox import Sandbox

KEY = "k"


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_is_created_can_be_got_changed_and_deleted(client, resource):
    verbs = getattr(client, resource)
    key = verbs.create(name="first")
    row = verbs.get(key)
    assert (row["id"], row["name"]) == (key, "first")
    assert verbs.update(key, name="second") is None
    assert verbs.get(key)["name"] == "second"
    assert verbs.delete(key) is None
    for ask in (verbs.get, verbs.delete, lambda k: verbs.update(k, name="x")):
        with pytest.raises(NotFoundError):
            ask(key)


def test_times_are_timestamps_in_utc_to_the_second_and_none_stays_none(client):
    row = client.campaigns.get(client.campaigns.create(name="x"))
    for name in ("created", "updated"):
        assert isinstance(row[name], pd.Timestamp)
        assert str(row[name].tz) == "UTC"
        assert row[name].unit == "s"
        assert abs(row[name] - pd.Timestamp.now("UTC")) < pd.Timedelta(minutes=1)
    assert row["start_time"] is None
    assert type(row["opens"]) is int


def test_recipients_are_counted_and_never_returned(client):
    for emails in (
        ["a@example.com", "b@example.com"],
        ("a@example.com",),
        pd.Series(["a@example.com"]),
        np.array(["a@example.com"]),
    ):
        row = client.lists.get(client.lists.create(name="x", emails=emails))
        assert row["contacts"] == len(emails)
        assert "emails" not in row


def test_fields_outside_the_contract_are_sent_as_they_are(client):
    key = client.templates.create(
        name="x", colour="blue", weight=np.int64(3), share=np.float64(0.5), deep={"a": [1, None]}
    )
    row = client.templates.get(key)
    assert (row["colour"], row["weight"], row["share"]) == ("blue", 3, 0.5)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id": "mine"}, "id is set by the server alone"),
        ({"created": 3}, "created is set by the server alone"),
        ({"status": "running"}, "status is set by the server alone"),
        ({"opens": 3}, "opens is set by the server alone"),
        ({"user_id": "u"}, "user_id is set by the server alone"),
        ({"nmae": "x"}, "did you mean name?"),
        ({"subjekt": "x"}, "did you mean subject?"),
        ({"name": None}, "name is None, and is never null"),
        ({"name": 3}, "name is of type int; expected a text"),
        ({"subject": ["x"]}, "subject is of type list; expected a text"),
        ({"application_limit": 3}, "a word of filters"),
        ({"extra": object()}, "extra is of type object"),
        ({"extra": float("nan")}, "extra is of type float"),
        ({"extra": {1: "x"}}, "extra is of type dict"),
        ({"extra": pd.Timestamp(0)}, "extra is of type Timestamp"),
        ({"extra": pd.NA}, "extra is of type NAType"),
        ({"extra": {"x": {1, 2}}}, "extra is of type dict"),
    ],
)
def test_a_field_that_cannot_be_sent_is_refused_before_sending(fields, said):
    with connect("http://127.0.0.1:9", KEY) as client:
        with pytest.raises(ConfigError) as created:
            client.campaigns.create(**fields)
        assert said in str(created.value)
        if "id" not in fields:
            with pytest.raises(ConfigError) as updated:
                client.campaigns.update("1", **fields)
            assert said in str(updated.value)


def test_all_faults_of_a_request_are_said_at_once_and_no_address():
    with connect("http://127.0.0.1:9", KEY) as client, pytest.raises(ConfigError) as caught:
        client.lists.create(name=3, created=1, emails=["ann@example.com", "annexample.com", None, 7])
    text = str(caught.value)
    assert "name is" in text
    assert "created is" in text
    assert "3 values that are not valid e-mail addresses, at index 1, 2, 3" in text
    assert "ann" not in text


@pytest.mark.parametrize("emails", ["ann@example.com", 3, None, {"a@b.c": 1}])
def test_emails_are_a_list(emails):
    with (
        connect("http://127.0.0.1:9", KEY) as client,
        pytest.raises(ConfigError, match="expected a list of addresses"),
    ):
        client.lists.create(name="x", emails=emails)


@pytest.mark.parametrize("key", ["", " ", None, 3, 1.5, ["a"], ".", "..", {"id": "x"}])
def test_an_id_is_a_text_that_is_not_empty(key):
    with connect("http://127.0.0.1:9", KEY) as client:
        for ask in (
            client.lists.get,
            client.lists.delete,
            lambda k: client.lists.update(k, name="x"),
            client.campaigns.start,
            client.campaigns.stop,
            client.campaigns.resolve,
        ):
            with pytest.raises(ConfigError, match="expected a text that is not empty"):
                ask(key)


def test_any_text_is_an_id_and_stays_in_its_place(client):
    for key in ("a/b", "../lists", "%2e%2e", "ü?x=1#y", "a b", "x" * 300):
        with pytest.raises(NotFoundError):
            client.templates.get(key)


def test_an_update_of_nothing_is_refused():
    with connect("http://127.0.0.1:9", KEY) as client, pytest.raises(ConfigError, match="names no field"):
        client.lists.update("1")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>",
        b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"hey": "you"}',
        b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"has_error": false',
    ],
)
def test_a_create_without_an_answer_is_sent_once_and_says_how_to_look(answer, content):
    url, seen = answer(content)
    with connect(url, KEY) as client, pytest.raises(OutcomeUnknownError) as caught:
        client.lists.create(name="Friends", emails=["ann@example.com"])
    text = str(caught.value)
    assert len(seen) == 1
    assert """client.lists.find("name == 'Friends' and created >= '""" in text
    assert "not sent again" in text
    assert "ann@example.com" not in text
    assert caught.value.request is not None


def test_a_create_without_a_connection_certainly_made_nothing():
    with connect("http://127.0.0.1:9", KEY) as client:
        client.connection.session._sleep = lambda _: None
        with pytest.raises(ConnectError):
            client.lists.create(name="x")


@pytest.mark.parametrize(
    ("data", "key"),
    [('{"id": "7"}', "7"), ('{"list_id": "7"}', "7"), ('{"id": 7}', "7"), ("[]", None), ("null", None)],
)
def test_the_created_id_is_read_where_servers_put_it(answer, http, data, key):
    url, _ = answer(http('{"has_error": false, "error_code": "", "data": ' + data + "}"))
    with connect(url, KEY) as client:
        if key is not None:
            assert client.lists.create(name="x") == key
            return
        with pytest.raises(ContractError, match=r"was created.*client\.lists\.look_for\(\)"):
            client.lists.create(name="x")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("[]", "expected one campaign, got list"),
        ("null", "expected one campaign"),
        ('{"id": "8", "name": "other"}', "returned another"),
        ('{"id": "7", "created": "2016-01-01"}', "expected epoch seconds (field 'created', row 7"),
        ('{"id": "7", "updated": true}', "field 'updated'"),
        ('{"id": "7", "start_time": 1e300}', "field 'start_time'"),
    ],
)
def test_a_get_outside_the_contract_says_where(answer, http, data, said):
    url, _ = answer(http('{"has_error": false, "error_code": "", "data": ' + data + "}"))
    with connect(url, KEY) as client, pytest.raises(ContractError) as caught:
        client.campaigns.get("7")
    assert said in str(caught.value)


def test_a_campaign_in_the_wrong_status_is_not_deleted(client):
    of = client.lists.create(name="x", emails=["a@example.com"])
    by = client.templates.create(name="x", html="x", subject="s")
    key = client.campaigns.create(name="x", list_id=of, template_id=by)
    client.campaigns.start(key)
    with pytest.raises(ApiError):
        client.campaigns.delete(key)
    client.campaigns.stop(key)
    client.campaigns.delete(key)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"time_zone": "Europe/Paris"}, "there is no at="),
        ({"at": "2016-01-01T00:00:00Z"}, "which is over"),
        ({"at": "2030-01-01T00:00:00"}, "time_zone="),
        ({"subject": 3, "from_name": []}, "subject, from_name must be text"),
    ],
)
def test_an_action_s_arguments_are_checked_before_any_request(given, said):
    with connect("http://127.0.0.1:9", KEY) as client:
        for verb in (client.campaigns.start, client.campaigns.reschedule):
            with pytest.raises(ConfigError, match=said):
                verb("1", **given)


def test_the_journal_shows_every_action(client):
    assert client.journal.empty
    of = client.lists.create(name="x", emails=["a@example.com"])
    by = client.templates.create(name="x", html="x", subject="s")
    key = client.campaigns.create(name="x", list_id=of, template_id=by)
    client.campaigns.start(key)
    client.campaigns.stop(key)
    journal = client.journal
    assert list(journal["action"]) == ["start", "stop"]
    assert list(journal["after"]) == ["running", "stopped"]
    assert str(journal["at"].dtype) == "datetime64[s, UTC]"


def test_a_practice_server_on_a_port_that_another_had_begins_with_an_empty_journal():
    with Sandbox(sample=True, speed=0, connect=connect) as box, box.client() as first:
        key = first.campaigns.find("status == 'draft'", limit=1)["id"].iloc[0]
        first.campaigns.start(key)
        assert len(first.journal) == 1
        port = box.port
    with Sandbox(sample=True, speed=0, port=port, connect=connect) as box, box.client() as second:
        assert second.journal.empty
        assert second.campaigns.start(key).status == "applied"
        assert len(second.journal) == 1
