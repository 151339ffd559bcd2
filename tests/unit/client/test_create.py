"""Creates that cannot double in silence: what is unknown is looked for before it is asked for again."""

from __future__ import annotations

import json
import logging
import pickle

import pytest

from dyno_frames.api import connect
from dyno_frames.errors import ApiError, ConfigError, ContractError, OutcomeUnknownError, ReadTimeoutError
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.transport.retry import Policy

FIELDS = {"name": "Friends", "description": "all of them"}


@pytest.fixture
def broken(client, monkeypatch):
    """A client whose creates lose the answer, or the request; tells how many left."""
    real = client.connection.session.send

    class Broken:
        lose, sent = "answer", 0

    def send(operation, **kwargs):
        if not operation.name.endswith(".create") or Broken.lose is None:
            return real(operation, **kwargs)
        Broken.sent += 1
        if Broken.lose == "interrupted":
            real(operation, **kwargs)
            raise KeyboardInterrupt
        if Broken.lose == "answer":
            real(operation, **kwargs)
        raise ReadTimeoutError("127.0.0.1: no answer within 5 s")

    monkeypatch.setattr(client.connection.session, "send", send)
    Broken.client = client
    return Broken


def lost(broken, **fields) -> OutcomeUnknownError:
    with pytest.raises(OutcomeUnknownError) as caught:
        broken.client.lists.create(**(FIELDS | fields))
    return caught.value


def test_a_create_whose_answer_is_lost_is_found(broken):
    error = lost(broken, name="lost answer", emails=["ann@example.com"])
    key = broken.client.lists.look_for()
    assert broken.client.lists.get(key)["name"] == "lost answer"
    assert broken.client.lists.look_for(error) is None  # it is known by now, and there is no second one
    assert "client.lists.look_for()" in str(error)
    assert "ann@" not in str(error) + repr(vars(error))


def test_a_create_whose_request_is_lost_is_not_found(broken):
    broken.lose = "request"
    error = lost(broken, name="lost request")
    assert broken.client.lists.look_for(error, settle_s=0.3) is None


def test_the_same_create_is_not_sent_again_before_someone_has_looked(broken):
    lost(broken, name="again")
    broken.lose = None
    with pytest.raises(OutcomeUnknownError, match="nothing was sent: whether the same list"):
        broken.client.lists.create(**(FIELDS | {"name": "again"}))
    assert broken.client.lists.count("name == 'again'") == 1
    assert broken.client.lists.create(**(FIELDS | {"name": "another"}))
    assert broken.client.lists.look_for() is not None
    assert broken.client.lists.create(**(FIELDS | {"name": "again"}))
    assert broken.client.lists.count("name == 'again'") == 2


def test_an_interrupted_create_is_unknown(broken):
    broken.lose = "interrupted"
    with pytest.raises(KeyboardInterrupt):
        broken.client.lists.create(name="interrupted")
    broken.lose = None
    with pytest.raises(OutcomeUnknownError):
        broken.client.lists.create(name="interrupted")
    assert broken.client.lists.look_for() is not None


def test_objects_that_differ_or_were_made_knowingly_are_not_taken_for_it(broken):
    broken.lose = None
    lists = broken.client.lists
    known = lists.create(name="twin", description="all of them")
    lists.create(name="twin", description="others")
    broken.lose = "answer"
    lost(broken, name="twin")
    found = lists.look_for()
    assert found not in {None, known}
    assert lists.get(found)["description"] == "all of them"


def test_several_that_are_alike_are_named(broken, box):
    error = lost(broken, name="three")
    with connect(box.url, box.api_key, name="other") as other:
        second = other.lists.create(**(FIELDS | {"name": "three"}))
    with pytest.raises(OutcomeUnknownError, match=f"2 lists are like.*{second}"):
        broken.client.lists.look_for(error)


def test_the_error_can_be_looked_for_by_another_client_after_a_pickle(broken, box):
    error = pickle.loads(pickle.dumps(lost(broken, name="travels")))  # noqa: S301 - our own bytes
    with connect(box.url, box.api_key, name="other") as other:
        assert other.lists.get(other.lists.look_for(error))["name"] == "travels"
        with pytest.raises(ConfigError, match=r"client\.lists\.look_for"):
            other.campaigns.look_for(error)


def test_without_an_unknown_create_there_is_nothing_to_look_for(client):
    with pytest.raises(ConfigError, match="nothing to look for"):
        client.lists.look_for()


def test_an_unknown_create_is_a_warning_in_the_log_without_addresses(broken, caplog):
    caplog.set_level(logging.DEBUG)
    lost(broken, name="logged", emails=["ann@example.com"])
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.name == "dyno_frames.client"
    assert "outcome unknown" in record.getMessage()
    assert "ann@" not in caplog.text


def test_a_refusal_outside_the_contract_says_how_to_look(answer, http):
    url, seen = answer(http('{"has_error": true, "error_code": "77", "error message": "LATE"}', 500))
    with connect(url, "k") as client, pytest.raises(ApiError, match=r"LATE.*client\.lists\.look_for\(\)"):
        client.lists.create(name="x")
    assert len(seen) == 1


@pytest.mark.parametrize("data", ['{"rows": 3}', "null"])
def test_an_answer_that_is_no_rows_is_outside_the_contract(answer, http, data):
    from dyno_frames.client.pending_create import PendingCreate, find_created
    from dyno_frames.contract.resources import LISTS

    url, _ = answer(http('{"has_error": false, "error_code": "", "data": ' + data + "}"))
    with connect(url, "k") as client:
        client.connection.session.policy = Policy(attempts=1, outlast_s=0)
        pending = PendingCreate.of(LISTS, {"name": "x"}, now_s=0.0)
        with pytest.raises(ContractError, match="array"):
            find_created(client.connection.session, LISTS, pending, settle_s=0)


def test_a_look_that_finds_nothing_does_not_let_the_same_be_created_again(broken, box):
    """The request may still arrive: what commits after the look must not meet a second create."""
    broken.lose = "request"
    error = lost(broken, name="late")
    lists = broken.client.lists
    assert lists.look_for(error, settle_s=0.3) is None
    broken.lose = None
    with pytest.raises(OutcomeUnknownError, match=r"nothing was sent.*decision='not_created'"):
        lists.create(**(FIELDS | {"name": "late"}))
    with connect(box.url, box.api_key, name="late") as late:
        key = late.lists.create(**(FIELDS | {"name": "late"}))
    with pytest.raises(OutcomeUnknownError):
        lists.create(**(FIELDS | {"name": "late"}))
    assert lists.look_for(error) == key
    assert lists.count("name == 'late'") == 1


@pytest.mark.parametrize("decision", ["created", "not_created"])
def test_a_person_who_knows_lets_the_same_be_created_again(broken, decision):
    broken.lose = "request"
    error = lost(broken, name=decision)
    broken.lose = None
    lists = broken.client.lists
    with pytest.raises(ConfigError, match="decision= is 'gone'; expected 'created', 'not_created' or None"):
        lists.look_for(error, decision="gone")
    assert lists.look_for(error, decision=decision) is None
    assert lists.create(**(FIELDS | {"name": decision}))
    assert lists.count(f"name == {decision!r}") == 1


@pytest.fixture
def capped():
    """A client of a practice server that gives three rows of a page, whatever is asked for."""
    with Sandbox(sample=False, speed=0, page_limit=3) as box, connect(box.url, box.api_key) as client:
        yield client


def test_every_page_is_looked_at(capped, monkeypatch):
    for number in range(10):
        capped.lists.create(name="many", description=str(number))
    with connect(capped.url, capped.connection.session.key.reveal(), name="losing") as losing:
        real = losing.connection.session.send

        def send(operation, **kwargs):
            reply = real(operation, **kwargs)
            if operation.name == "lists.create":
                raise ReadTimeoutError("no answer")
            return reply

        losing.connection.session.send = send
        with pytest.raises(OutcomeUnknownError) as caught:
            losing.lists.create(name="many", description="mine")
        for number in range(10, 20):
            capped.lists.create(name="many", description=str(number))
        found = losing.lists.look_for(caught.value)
        assert losing.lists.get(found)["description"] == "mine"
        second = capped.lists.create(name="many", description="mine")
        for number in range(20, 24):
            capped.lists.create(name="many", description=str(number))
        with (
            connect(capped.url, capped.connection.session.key.reveal(), name="another") as another,
            pytest.raises(OutcomeUnknownError, match="2 lists are like") as several,
        ):
            another.lists.look_for(caught.value)
        assert second in str(several.value)
        assert found in str(several.value)


@pytest.mark.parametrize(
    ("code", "status"), [("77", 500), ("500", 500), ("", 500), ("429", 429), ("409", 429)]
)
def test_a_create_that_ended_with_an_error_that_proves_nothing_is_not_sent_again(answer, http, code, status):
    refusal = {"has_error": True, "error_code": code, "error message": "LATE"}
    url, seen = answer(http(json.dumps(refusal), status))
    with connect(url, "k") as client:
        with pytest.raises(ApiError, match=r"LATE.*look_for\(\)") as caught:
            client.lists.create(name="x")
        assert not caught.value.retryable
        with pytest.raises(OutcomeUnknownError, match=r"nothing was sent.*look_for\(\)"):
            client.lists.create(name="x")
    assert len(seen) == 1


def test_a_create_whose_answer_names_no_id_is_not_sent_again(answer, http):
    url, seen = answer(http('{"has_error": false, "error_code": "", "data": {}}'))
    with connect(url, "k") as client:
        with pytest.raises(ContractError, match="does not name its id"):
            client.lists.create(name="x")
        with pytest.raises(OutcomeUnknownError, match="nothing was sent"):
            client.lists.create(name="x")
    assert len(seen) == 1
