"""What a resource can be asked, and what is refused before a byte is sent."""

from __future__ import annotations

import json
import pickle
import threading
import traceback

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import (
    ConfigError,
    ContractError,
    LiteralTypeError,
    QueryError,
    QuerySyntaxError,
    UnknownFieldError,
)
from dyno_frames.sandbox.sandbox import Sandbox


@pytest.fixture(scope="module")
def client(sandbox):
    """A client of the sample account."""
    with connect(sandbox.url, sandbox.api_key) as client:
        yield client


@pytest.fixture
def asked(client, monkeypatch):
    """The paths that are asked from here on; the schemas have been learnt."""
    for name in RESOURCES:
        getattr(client, name).frame()
    paths = []
    send = type(client.connection.session).send

    def noted(session, operation, **kwargs):
        paths.append(operation.name)
        return send(session, operation, **kwargs)

    monkeypatch.setattr(type(client.connection.session), "send", noted)
    return paths


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": "opens"}, r"columns='opens'; expected a list of names, such as \['name'\]"),
        ({"columns": ["opens", "id", "opens"]}, "twice"),
        ({"columns": []}, "is empty"),
        ({"columns": ["opns"]}, "columns: no column is called 'opns'; did you mean 'opens'"),
        ({"order_by": "opns"}, "order_by: no column is called 'opns'; did you mean 'opens'"),
        ({"order_by": ["opens", "nowhere"]}, "no column is called 'nowhere'"),
        ({"order_by": "opens", "ascending": [True, False]}, "2 directions for 1 columns"),
        ({"ascending": [True]}, "1 directions for 0 columns"),
        ({"limit": -1}, "limit=-1; expected a whole number from 0, or None"),
        ({"limit": 1.5}, "limit=1.5"),
        ({"limit": True}, "limit=True"),
        ({"limit": "5"}, "limit='5'"),
        ({"offset": -1}, "offset=-1; expected a whole number from 0"),
        ({"max_rows": -1}, "max_rows=-1"),
        ({"max_requests": 0.5}, "max_requests=0.5"),
    ],
)
def test_an_argument_that_cannot_be_used_is_refused_before_any_request(client, asked, arguments, message):
    with pytest.raises(QueryError, match=message):
        client.campaigns.find(**arguments)
    assert asked == []


@pytest.mark.parametrize(
    ("expr", "kind", "message"),
    [
        ("opens >", QuerySyntaxError, r"opens >"),
        ("opns > 5", UnknownFieldError, "did you mean 'opens'"),
        (pd.col("opns") > 5, UnknownFieldError, "did you mean 'opens'"),
        (lambda c: c.opns > 5, UnknownFieldError, "did you mean 'opens'"),
        ("opens", QueryError, "opens"),
        ("opens + 1", QueryError, "compare"),
        ("name > 5", LiteralTypeError, "name"),
        (5, QueryError, "is not a condition on rows"),
        (["opens"], QueryError, "columns="),
        (pd.Series([True, False]), QueryError, "mask of some other frame"),
        ({"form": "what"}, QueryError, "is not a stored query"),
        (lambda c: (c.opens > 5) and (c.clicks > 3), QueryError, "&"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_request(client, asked, expr, kind, message):
    for ask in (client.campaigns.find, client.campaigns.count, client.campaigns.scan):
        with pytest.raises(kind, match=message):
            ask(expr)
    assert asked == []


def test_every_resource_is_asked_the_same_way(client):
    for name in RESOURCES:
        verbs = getattr(client, name)
        full = verbs.find()
        assert len(full) == verbs.count() > 0
        assert list(verbs.frame().columns) == list(full.columns)
        assert len(verbs.find("name.str.contains('a')")) == verbs.count("name.str.contains('a')")
        assert verbs.scan("name == 'x'").explain().resource == name


def test_a_schema_is_learnt_once_whoever_asks_first(sandbox):
    with connect(sandbox.url, sandbox.api_key, name="once", profile=Profile()) as client:
        sent, send = [], client.connection.session.send

        def noting(operation, **kwargs):
            sent.append(operation.name)
            return send(operation, **kwargs)

        client.connection.session.send = noting
        threads = [threading.Thread(target=client.campaigns.frame) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        client.campaigns.frame()
    assert sent == ["campaigns.find"]


def test_names_are_looked_up_where_the_verb_is_called(client):
    least = 100
    expected = client.campaigns.find("opens > 100")
    pd.testing.assert_frame_equal(client.campaigns.find("opens > @least"), expected)
    assert client.campaigns.count("opens > @least") == len(expected)
    assert client.campaigns.scan("opens > @least").count() == len(expected)
    assert least == 100


def test_a_trap_of_pandas_warns_at_the_callers_line(client):
    with pytest.warns(UserWarning, match="matches nothing") as caught:
        answer = client.campaigns.find("created == '2016-01-01'")
    assert len(answer) == 0
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="matches nothing") as caught:
        client.campaigns.frame().dyno.query("created == '2016-01-01'")
    assert caught[0].filename == __file__


ROWS = pd.DataFrame(
    {"id": ["a", "b"], "name": ["n", "m"], "created": [1, 2], "updated": [1, 2], "score": ["5", "x"]}
)


@pytest.fixture
def own():
    with Sandbox(load={"campaigns": ROWS, "lists": ROWS}, speed=0) as box:
        yield box


def test_a_declared_schema_types_what_a_resource_sends(own):
    declared = {"campaigns": {"score": "object"}, "lists": {"mood": "int"}}
    with connect(own.url, own.api_key, schema=declared) as client:
        assert str(client.campaigns.frame()["score"].dtype) == "object"
        assert client.campaigns.find()["score"].tolist() == ["5", "x"]
        assert "mood" not in client.campaigns.frame()
        assert str(client.lists.frame()["score"].dtype) == "str"
        assert str(client.lists.find()["mood"].dtype) == "Int64"
        with pytest.raises(QueryError, match=r"order_by: score holds values of several types"):
            client.campaigns.find(order_by="score")


def test_a_declared_schema_that_is_none_is_refused_with_what_would_be_one(own):
    with pytest.raises(ConfigError, match=r"'decimal'.*expected one of"):
        connect(own.url, own.api_key, schema={"score": "decimal"})
    for schema in ({"created": "object"}, {"lists": {"created": "int"}}, {"id": "object"}):
        with pytest.raises(ConfigError, match="its type cannot be changed"):
            connect(own.url, own.api_key, schema=schema)


def test_an_account_without_rows_has_every_column_and_answers(own):
    with Sandbox(sample=False, speed=0) as box, connect(box.url, box.api_key) as client:
        for name, resource in RESOURCES.items():
            verbs = getattr(client, name)
            assert tuple(verbs.find().columns) == resource.names
            assert verbs.count() == verbs.count("name == 'x'") == len(verbs.find("name == 'x'")) == 0
            assert verbs.find().dyno.certificate.verdict == "exact"


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_an_empty_answer_has_the_dtypes_of_a_full_one(sandbox, backend):
    with connect(
        sandbox.url, sandbox.api_key, name=str(backend), dtype_backend=backend, profile=Profile()
    ) as client:
        for name in RESOURCES:
            verbs = getattr(client, name)
            full = verbs.find()
            for expr in ("name == 'nobody is called so'", "name == 'a' and name == 'b'"):
                empty = verbs.find(expr)
                assert len(empty) == 0
                pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
                assert isinstance(empty.index, pd.RangeIndex)


def test_a_field_that_only_old_rows_hold_is_typed_by_them_and_one_that_none_holds_takes_anything():
    rows = pd.DataFrame(
        {
            "id": [f"c{number}" for number in range(300)],
            "name": "a",
            "created": range(1_500_000_000, 1_500_000_300),
            "mood": pd.array([7] + [None] * 299, dtype="Int64"),
            "late": [None] * 150 + ["only in the middle"] + [None] * 149,
        }
    )
    with Sandbox(load={"campaigns": rows}, speed=0) as box, connect(box.url, box.api_key) as client:
        found = client.campaigns.find()
        assert found["mood"].dtype == "Int64"
        assert found["mood"].iloc[0] == 7
        assert found["late"].dtype == object
        assert found["late"].iloc[150] == "only in the middle"
        assert client.campaigns.count("late == 'only in the middle'") == 1


ODD_PAYLOADS = {
    "rows without an id": [{"email": "ann@example.com", "key": "k3y-that-must-not-show"}],
    "an object": {"k3y-that-must-not-show": "ann@example.com"},
    "a text": "ann\u200b@example.com k3y-that-must-not-show",
    "a text that is cut within the key": "x" * 70 + "k3y-that-must-not-show",
    "a value outside its type": [{"id": "1", "name": "x", "created": "ann@example.com", "updated": 1}],
    "a time that is the key": [{"id": "1", "name": "x", "created": "k3y-that-must-not-show", "updated": 1}],
    "a count that is the key": [
        {"id": "1", "name": "x", "created": 1, "updated": 1, "contacts": "K3Y-THAT-MUST-NOT-SHOW"}
    ],
    "an id that is the key": [{"id": "k3y-that-must-not-show", "name": "x", "created": "soon"}],
    "a field that is the key": [{"id": "1", "name": "x", "created": {"k3y-that-must-not-show": 1}}],
    "an id that is an address": [{"id": "ann@example.com", "name": "x", "created": "soon"}],
}


@pytest.mark.parametrize("payload", ODD_PAYLOADS.values(), ids=ODD_PAYLOADS)
@pytest.mark.parametrize("verb", ["find", "count"])
def test_an_answer_outside_the_contract_is_shown_without_addresses_and_key(answer, http, payload, verb):
    url, _ = answer(http(json.dumps({"has_error": False, "error_code": "", "data": payload})))
    with connect(url, "k3y-that-must-not-show", name="odd") as client, pytest.raises(ContractError) as caught:
        getattr(client.lists, verb)()
    error = caught.value
    shown = str(error) + str(error.facts()) + error._repr_html_() + repr(vars(error)) + frames_of(error)
    assert "ann@" not in shown.replace("\\u200b", "")
    assert "k3y" not in shown.lower()
    assert error.value
    assert "k3y" not in str(pickle.dumps(error)).lower()


def frames_of(error: BaseException) -> str:
    """Return the traceback of an error with the local variables of the package, and those of its causes."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    told.stack[:] = [frame for frame in told.stack if frame.filename != __file__]
    assert error.__cause__ is None
    assert error.__context__ is None
    return "".join(told.format())


@pytest.mark.parametrize(
    "row", [{"created": "k3y-that-must-not-show"}, {"created": 1, "id": "another"}, "k3y"]
)
def test_a_get_that_is_outside_the_contract_shows_the_key_in_no_frame(answer, http, row):
    data = {"id": "1", "name": "k3y-that-must-not-show"} | row if isinstance(row, dict) else row
    url, _ = answer(http(json.dumps({"has_error": False, "error_code": "", "data": data})))
    with connect(url, "k3y-that-must-not-show", name="odd") as client, pytest.raises(ContractError) as caught:
        client.lists.get("1")
    shown = str(caught.value) + str(caught.value.facts()) + repr(vars(caught.value)) + frames_of(caught.value)
    assert "k3y" not in shown


def test_a_time_of_a_get_that_is_an_address_is_shown_without_it(answer, http):
    row = {"id": "1", "name": "x", "created": "ann@example.com"}
    url, _ = answer(http(json.dumps({"has_error": False, "error_code": "", "data": row})))
    with connect(url, "k", name="odd") as client, pytest.raises(ContractError) as caught:
        client.lists.get("1")
    assert "ann" not in str(caught.value) + str(caught.value.facts())
