"""The 25 operations, their envelopes and their errors, over HTTP."""

from __future__ import annotations

import json

import pytest

from dyno_frames.contract.lifecycle import RULES
from dyno_frames.contract.operations import OPERATIONS
from dyno_frames.contract.resources import COUNTERS, RESOURCES

MISSING = "00000000-0000-0000-0000-000000000000"
RESOURCE = pytest.mark.parametrize("resource", list(RESOURCES))


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_every_operation_exists(shared, name):
    operation = OPERATIONS[name]
    path = operation.url_path(MISSING)
    body = {"name": "x"}
    if operation.name.split(".")[1] in RULES:
        body = {RULES[operation.name.split(".")[1]].id_key: MISSING}
    elif operation.path.endswith(("find", "count")):
        body = {}
    response = shared.ask(operation.verb, path, body if operation.verb in {"POST", "PUT"} else None)
    told = response.json()
    assert response.headers["content-type"] == "application/json"
    if "{id}" in operation.path or operation.path.startswith("/campaign_process"):
        assert (response.status_code, told["error_code"]) == (500, "404")
        assert told["error message"] == "RESOURCE NOT FOUND"
    else:
        assert (response.status_code, told["has_error"]) == (200, False)


@RESOURCE
def test_a_created_object_is_returned_by_get_find_and_count(serve, resource):
    api = serve()
    key = api.create(resource, name="Hello, world")
    row = api.data("GET", f"/{resource}/{key}")
    assert (row["id"], row["name"]) == (key, "Hello, world")
    assert row["created"] == row["updated"]
    assert api.data("POST", f"/{resource}/find", {}) == [row]
    assert api.data("POST", f"/{resource}/count", {}) == {"count": 1}
    assert set(row) == set(RESOURCES[resource].names)


def test_a_new_campaign_is_a_draft_with_counters_at_zero(shared):
    row = shared.data("GET", f"/campaigns/{shared.create('campaigns')}")
    assert row["status"] == "draft"
    assert [row[name] for name in COUNTERS] == [0] * len(COUNTERS)
    assert row["user_id"]


@RESOURCE
def test_an_update_changes_the_given_fields_and_updated(serve, resource):
    clock = [100.0]
    api = serve(clock=lambda: clock[0])
    key = api.create(resource, name="a")
    clock[0] = 200.5
    assert api.data("PUT", f"/{resource}/{key}", {"name": "b"}) == {"id": key}
    row = api.data("GET", f"/{resource}/{key}")
    assert (row["name"], row["created"], row["updated"]) == ("b", 100, 200)
    clock[0] = 150.0
    api.data("PUT", f"/{resource}/{key}", {"name": "c"})
    assert api.data("GET", f"/{resource}/{key}")["updated"] == 200


@RESOURCE
def test_a_deleted_object_does_not_exist(shared, resource):
    key = shared.create(resource)
    assert shared.data("DELETE", f"/{resource}/{key}") == {"id": key}
    assert shared.refused("GET", f"/{resource}/{key}")[0] == "404"
    assert shared.refused("DELETE", f"/{resource}/{key}")[0] == "404"


@RESOURCE
def test_a_request_cannot_set_fields_that_the_server_sets(shared, resource):
    key = shared.create(resource)
    for name in RESOURCES[resource].server_set:
        for verb, path in (("POST", f"/{resource}"), ("PUT", f"/{resource}/{key}")):
            code, words = shared.refused(verb, path, {"name": "n", name: 1})
            assert code == "400"
            assert name in words


def test_a_name_is_required_and_is_a_string(shared):
    assert "name" in shared.refused("POST", "/lists", {})[1]
    for wrong in (None, 5, "", ["x"]):
        code, words = shared.refused("POST", "/lists", {"name": wrong})
        assert (code, "name" in words) == ("400", True)
    assert shared.refused("PUT", f"/lists/{shared.create('lists')}", {})[0] == "400"


def test_fields_outside_the_contract_are_kept_as_they_are(shared):
    extras = {"flag": True, "many": [1, {"a": None}], "deep": {"x": [2.5]}, "big": 2**63 + 1, "né, \"'": "ü"}
    key = shared.create("templates", **extras)
    row = shared.data("GET", f"/templates/{key}")
    assert {name: row[name] for name in extras} == extras
    raw = shared.ask("POST", "/templates/find", {"id": key}).text
    assert str(2**63 + 1) in raw


def test_addresses_are_counted_once_and_never_returned(serve):
    api = serve()
    key = api.create("lists", emails=["a@example.com", "b@example.com", "a@example.com "])
    response = api.ask("GET", f"/lists/{key}")
    assert response.json()["data"]["contacts"] == 2
    assert "example.com" not in response.text
    api.data("PUT", f"/lists/{key}", {"emails": ["c@example.com"]})
    assert api.data("GET", f"/lists/{key}")["contacts"] == 1
    assert "emails" not in api.data("POST", "/lists/find", {})[0]


@pytest.mark.parametrize("emails", ["a@example.com", ["secret.example"], [5], ["two@x.org y@x.org"], [None]])
def test_an_invalid_address_is_refused_and_not_repeated(shared, emails):
    code, words = shared.refused("POST", "/lists", {"name": "n", "emails": emails})
    assert code == "400"
    assert "emails" in words
    assert "secret" not in words
    assert "x.org" not in words


@pytest.mark.parametrize("key", [None, "", "wrong", "wrong-key-of-any-length" * 20])
@pytest.mark.parametrize("path", ["/campaigns/x", "/nowhere"])
def test_without_the_key_nothing_is_answered(shared, key, path):
    headers = {"User-Api-Key": key}
    assert shared.refused("GET", path, headers=headers) == ("401", "UNAUTHORIZED")
    assert shared.refused("POST", path, {"a": 1}, headers=headers) == ("401", "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("verb", "path"),
    [("GET", "/nowhere"), ("POST", "/campaigns/"), ("PATCH", "/campaigns/x"), ("GET", "/campaigns/find/x/y")],
)
def test_a_path_outside_the_contract_is_not_found(shared, verb, path):
    assert shared.refused(verb, path)[0] == "404"


@pytest.mark.parametrize("key", ["a/b", "ü ?#%", "..", "' OR 1=1 --", "find", "x" * 2000])
def test_an_id_may_be_any_text(serve, key):
    import pandas as pd

    api = serve(load={"lists": pd.DataFrame({"id": [key], "name": ["n"]})})
    path = OPERATIONS["lists.get"].url_path(key)
    if key != "..":
        assert api.data("GET", path)["id"] == key
    assert api.data("POST", "/lists/find", {"id": key})[0]["id"] == key


@pytest.mark.parametrize(
    "hostile", ["x'; DROP TABLE lists; --", 'x" OR ""="', "x) OR 1=1 --", "x]", "`x`", ""]
)
def test_no_name_or_value_is_ever_sql(serve, hostile):
    api = serve()
    key = api.create("lists", name="safe")
    assert api.data("POST", "/lists/find", {hostile: "a"}) == []
    assert api.data("POST", "/lists/find", {"name": hostile}) == []
    assert api.data("POST", "/lists/find", {"name": {"like": hostile + "'"}}) == []
    assert api.data("POST", "/lists/count", {"name": {"in": f"{hostile},zzz"}}) == {"count": 0}
    assert len(api.data("POST", "/lists/find", {"application_order_by": hostile})) == 1
    assert api.data("POST", "/lists/find", {"application_fields": ["id", hostile]}) == [{"id": key}]
    api.data("PUT", f"/lists/{key}", {hostile: hostile})
    assert api.data("POST", "/lists/find", {hostile: hostile})[0][hostile] == hostile
    assert api.data("POST", "/lists/count", {}) == {"count": 1}


def test_a_refused_change_adds_no_field(serve):
    api = serve()
    key = api.campaign_in("running")
    assert api.refused("PUT", f"/campaigns/{key}", {"novel": 1})[0] == "409"
    assert "novel" not in api.data("GET", f"/campaigns/{key}")


def test_an_error_is_json_with_the_documented_names(shared):
    told = json.loads(shared.ask("GET", "/lists/nope").content)
    assert set(told) == {"has_error", "error_code", "error message"}
