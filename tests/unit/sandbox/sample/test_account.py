"""The sample account: the same every day, with consistent counters."""

from __future__ import annotations

import hashlib
import random

import orjson
import pytest

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, COUNTERS, RESOURCES, TEMPLATES
from dyno_frames.messages.message import CampaignMessage, Contact
from dyno_frames.sandbox.sample import account as sample
from dyno_frames.sandbox.store.storage import Store

ROWS = {"templates": sample.templates(), "lists": sample.lists(), "campaigns": sample.campaigns()}
DIGEST = "76a9ad7dba3bce41a2e9a54e64493c48af23986767da778e60fc0e68d73ef45d"


def test_it_is_the_same_on_every_machine_and_every_day():
    random.seed()
    again = {"templates": sample.templates(), "lists": sample.lists(), "campaigns": sample.campaigns()}
    assert again == ROWS
    assert hashlib.sha256(orjson.dumps([ROWS["lists"], ROWS["campaigns"]])).hexdigest() == DIGEST


def test_it_has_three_templates_eight_lists_and_four_hundred_campaigns(serve):
    api = serve(sample=True)
    counts = {name: api.data("POST", f"/{name}/count", {})["count"] for name in RESOURCES}
    assert counts == {"templates": 3, "lists": 8, "campaigns": 400}
    assert {row["status"] for row in ROWS["campaigns"]} == set(Status)


@pytest.mark.parametrize("name", list(RESOURCES))
def test_every_row_has_every_field_of_the_contract(name):
    for row in ROWS[name]:
        assert set(RESOURCES[name].names) <= set(row)
        assert all(row[field.name] is not None for field in RESOURCES[name].fields if not field.nullable)


def test_the_figures_add_up():
    for row in ROWS["campaigns"]:
        assert row["delivered"] == row["sent"] - row["bounces"]
        assert row["clicks"] <= row["opens"] <= row["delivered"] <= row["sent"] <= row["recipients"]
        assert min(row[name] for name in COUNTERS) >= 0
        if row["status"] in {"draft", "scheduled"}:
            assert not any(row[name] for name in COUNTERS)
        elif row["status"] == "finished":
            assert row["sent"] == row["recipients"] > 0
        else:
            assert 0 < row["sent"] < row["recipients"]


def test_its_times_make_sense():
    for row in ROWS["campaigns"]:
        assert row["created"] <= row["updated"] <= sample.REFERENCE_S
        assert (row["start_time"] is None) == (row["status"] == "draft")
        if row["status"] == "scheduled":
            assert row["start_time"] > sample.REFERENCE_S
        elif row["start_time"] is not None:
            assert row["created"] < row["start_time"] <= row["updated"]
    days = (
        max(row["created"] for row in ROWS["campaigns"]) - min(row["created"] for row in ROWS["campaigns"])
    ) / 86400
    assert 1000 < days < 1100


def test_it_says_that_it_is_simulated():
    assert all(row["simulated"] is True for row in ROWS["campaigns"])
    assert all("Sample list" in row["description"] for row in ROWS["lists"])
    assert all("(sample)" in row["name"] for row in ROWS["templates"])


def test_its_references_exist():
    lists, templates = ({row["id"] for row in ROWS[name]} for name in ("lists", "templates"))
    assert {row["list_id"] for row in ROWS["campaigns"]} == lists
    assert {row["template_id"] for row in ROWS["campaigns"]} == templates | {None}
    assert len({row["id"] for row in ROWS["campaigns"]}) == 400


@pytest.mark.parametrize("piece", [",", "'", "%", "é", "🎁", "<b>Bold</b>, really", "&", "\\", '"'])
def test_its_texts_contain_special_characters(piece):
    assert any(piece in (row["name"] + (row["subject"] or "")) for row in ROWS["campaigns"])


@pytest.mark.parametrize("name", ["subject", "preview_message", "template_id", "start_time"])
def test_some_fields_are_null(name):
    nulls = sum(row[name] is None for row in ROWS["campaigns"])
    assert 0 < nulls < 200


def test_its_templates_become_messages_with_both_parts():
    with Store() as store:
        sample.fill(store)
        for template in store.find(TEMPLATES, {}):
            campaign_message = CampaignMessage.of(store.find(CAMPAIGNS, {})[0], template, {})
            message = campaign_message.render(
                Contact("jo@example.com", {}, "t", "http://127.0.0.1:1/leave"), now=0
            )
            for part in ("html", "plain"):
                words = message.get_body((part,)).get_content()
                assert "jo@example.com" in words
                assert "http://127.0.0.1:1/leave" in words
            assert "{{" not in message.as_string()
            assert "max-width: 480px" in template["html"]


def test_running_campaigns_last_for_minutes():
    running = [row for row in ROWS["campaigns"] if row["status"] == "running"]
    assert all(row["recipients"] - row["sent"] > 200 * 600 for row in running)
