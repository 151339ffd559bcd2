"""The OpenAPI document of the sandbox, checked with generated requests to every operation."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.operations import OPERATIONS
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.sandbox.http.openapi import openapi_document
from dyno_frames.sandbox.sandbox import Sandbox

CASES = 2600 if "DYNO_THOROUGH" in os.environ else 250
"""The number of generated requests, for all operations together."""

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE

SCHEMA = schemathesis.openapi.from_dict(openapi_document())
DRAWN = {
    mode: {
        result.ok().label: result.ok().as_strategy(generation_mode=mode)
        for result in SCHEMA.get_all_operations()
    }
    for mode in (POSITIVE, NEGATIVE)
}
LABELS = sorted(DRAWN[POSITIVE])
ADDRESSES = ["a@example.com", "b@example.com"]


@pytest.fixture(scope="module")
def box():
    with Sandbox(sample=True, speed=0) as box:
        yield box


@pytest.fixture(scope="module")
def met():
    """The number of answers, by operation and status."""
    return Counter[tuple[str, str]]()


class KeyHolder(requests.Session):
    """Add the key to every request: without it, a case would not test its operation."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def send(self, request, **kwargs):
        request.headers["User-Api-Key"] = self.key
        return super().send(request, **kwargs)


def rows_of(box: Sandbox) -> dict[str, list[str]]:
    return {
        name: [row["id"] for row in box._store.find(resource, {"application_fields": ["id"]})]
        for name, resource in RESOURCES.items()
    }


def aimed(case: Any, keys: dict[str, list[str]], place: int) -> None:
    """Use the id of an existing row in some requests."""
    resource = case.path.split("/")[1].replace("campaign_process", "campaigns")
    if place % 3 == 0 or not keys[resource]:
        return
    key = keys[resource][place % len(keys[resource])]
    if case.path_parameters and "id" in case.path_parameters:
        case.path_parameters["id"] = key
    elif isinstance(case.body, dict):
        for name in ("id", "campaign_id"):
            if isinstance(case.body.get(name), str) and case.path.startswith("/campaign_process"):
                case.body[name] = key


def asked(case: Any, box: Sandbox, session: requests.Session) -> requests.Response:
    response = case.call(base_url=box.url, session=session, timeout=30)
    case.validate_response(response, checks=CHECKS)
    return response


def told(response: Any) -> dict[str, Any]:
    envelope = response.json()
    assert isinstance(envelope["has_error"], bool)
    assert (response.status_code == 200) is not envelope["has_error"]
    if envelope["has_error"]:
        assert set(envelope) == {"has_error", "error_code", "error message"}
        assert envelope["error_code"] in set(Code)
        assert "Traceback" not in envelope["error message"]
    return envelope


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("mode", [POSITIVE, NEGATIVE], ids=["fitting", "unfitting"])
def test_every_answer_is_in_the_document(box, met, label, mode):
    keys = rows_of(box)
    session = KeyHolder(box.api_key)

    @settings(
        max_examples=max(2, CASES // (2 * len(LABELS))),
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=DRAWN[mode][label], place=st.integers(0, 10_000))
    def ask(case, place):
        aimed(case, keys, place)
        response = asked(case, box, session)
        envelope = told(response)
        met[label, envelope["error_code"] or "200"] += 1
        if mode is POSITIVE and label.endswith(("find", "count")):
            # every filter that the document allows is answered, except texts that are not patterns
            assert response.status_code == 200 or "like_regex" in envelope["error message"], envelope

    with session:
        ask()
    assert requests.get(f"{box.url}/healthz", timeout=20).json()["status"] == "ok"


def test_enough_requests_were_sent_and_accepted(met):
    if len({label for label, _ in met}) < len(LABELS):
        pytest.skip("only some operations were asked in this run")
    assert sum(met.values()) >= CASES * 0.9
    assert sum(count for (_, code), count in met.items() if code == "401") == 0
    assert sum(count for (_, code), count in met.items() if code == "200") > sum(met.values()) * 0.1
    accepted = {label for label, code in met if code == "200"}
    assert {label for label in LABELS if label.endswith(("find", "count"))} <= accepted
    assert {f"POST /{name}" for name in RESOURCES} <= accepted
    print(f"{sum(met.values())} requests: {Counter(code for (_, code) in met.elements())}")


def test_the_document_has_every_operation_and_no_other():
    paths = openapi_document()["paths"]
    written = {(verb.upper(), path) for path, verbs in paths.items() for verb in verbs}
    assert written == {(operation.verb, operation.path) for operation in OPERATIONS.values()}
    assert len(written) == 25
    ids = [told["operationId"] for verbs in paths.values() for told in verbs.values()]
    assert sorted(ids) == sorted(OPERATIONS)


def test_every_reference_exists():
    whole = openapi_document()

    def references(node: Any):
        if isinstance(node, dict):
            yield from [node["$ref"]] if "$ref" in node else []
            for child in node.values():
                yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    for reference in set(references(whole)):
        node = whole
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_the_page_needs_no_key_no_script_and_nothing_from_elsewhere(box):
    answer = requests.get(f"{box.url}/", timeout=20)
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.findall(r"<script|<link|<img|src=|@import|url\(", answer.text)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert box.api_key not in answer.text
    for operation in OPERATIONS.values():
        assert f'id="{operation.name}"' in answer.text
        assert operation.path in answer.text
    served = requests.get(f"{box.url}/openapi.json", timeout=20).json()
    assert served == openapi_document(box.url)


def test_the_health_check_needs_no_key_and_shows_no_rows(box):
    answer = requests.get(f"{box.url}/healthz", timeout=20)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "accounts": 1})


@pytest.mark.parametrize(("verb", "path"), [("POST", "/"), ("PUT", "/healthz"), ("DELETE", "/openapi.json")])
def test_public_pages_are_read_only(box, verb, path):
    assert requests.request(verb, box.url + path, timeout=20).json()["error_code"] == "401"
