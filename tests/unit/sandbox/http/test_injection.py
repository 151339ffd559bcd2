"""Attempts to inject SQL, patterns, templates, paths and headers. None has an effect."""

from __future__ import annotations

import http.client
import time

import pytest

from dyno_frames.contract.operations import OPERATIONS
from dyno_frames.messages.merge_fields import MergeError
from dyno_frames.messages.message import CampaignMessage, Contact

SQL = [
    "' OR '1'='1",
    "'; DROP TABLE lists; --",
    '" OR ""="',
    "x' UNION SELECT email FROM contacts --",
    "x'; UPDATE campaigns SET status='running'; --",
    "1; ATTACH DATABASE 'x' AS y",
    "id) OR (1=1",
    "name] FROM lists; --",
    "`name` OR 1",
    "x1",
    "position",
    "rowid",
    "sqlite_schema",
    "lists.name",
    "name COLLATE NOCASE",
    "name DESC; DELETE FROM lists",
    "(SELECT email FROM contacts LIMIT 1)",
    "load_extension('x')",
    "json_each('[1]')",
    "?1",
    ":name",
    "/* */ 1 --",
    "\0' OR 1=1 --",
    "%' OR '1'='1",
    "x' || (SELECT group_concat(email) FROM contacts) || '",
]
PATTERNS = [
    "(a+)+$",
    "(a|aa)+$",
    "(.*a){25}",
    "a{1000}{1000}",
    "(?R)",
    "(?{system('ls')})",
    "(?<=a)b",
    r"\1",
    "[[:alpha:",
    "(" * 500,
    "x{99999}",
    "(?P<n>a)(?P=n)",
]
TEMPLATES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ name.__class__ }}",
    "{{ name['__class__'] }}",
    "{{ config }}{{ self.__init__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum() }}",
    "{{ range(10**9) }}",
    "{% for a in range(9) %}{% endfor %}",
    "{{ 'a' * 10**10 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{% set x = 1 %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call x() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{{ name | attr('__class__') }}",
    "{{ name | map('upper') | list }}",
    "{{ name | format }}",
    "{{ name | safe }}",
    "{{ ['a'] | join }}",
    "{{ name.upper() }}",
    "{{ {'a': 1} }}",
    "{{ name[0:5] }}",
    "{{ name | pprint }}",
    "{{ -name }}",
    "{% block x %}{% endblock %}",
    "{% with a = 1 %}{% endwith %}",
]


def test_there_are_enough_attempts():
    assert len({*SQL, *PATTERNS, *TEMPLATES}) >= 60


@pytest.fixture(scope="module")
def api(shared):
    key = shared.create("lists", name="safe", emails=["hidden@example.com"])
    shared.key = key
    return shared


@pytest.mark.parametrize("attempt", SQL)
def test_nothing_in_a_filter_or_a_row_is_sql(api, attempt):
    mine = {"id": api.key}
    for wire in (
        {"name": attempt},
        {"name": {"like": attempt}},
        {"name": {"in": attempt}},
        {"id": attempt},
        {"name": {"like_ignore_case": attempt}},
    ):
        found = api.data("POST", "/lists/find", wire)
        assert [row for row in found if row["id"] == api.key] == []
    for wire in (
        {attempt: "x", **mine},
        {attempt: {"gt": 1}, **mine},
        {attempt: {"not_like": "x"}, **mine},
        {"application_order_by": attempt, **mine},
        {"application_fields": ["id", attempt], **mine},
    ):
        answer = api.ask("POST", "/lists/find", wire)
        assert answer.json()["error_code"] in {"", "400"}
        assert "hidden@example.com" not in answer.text
    path = OPERATIONS["lists.get"].url_path(attempt)
    assert api.refused("GET", path)[0] == "404"
    code, _ = api.refused("POST", "/campaign_process/pause", {"id": attempt})
    assert code == "404"
    assert api.data("POST", "/lists/count", {"name": "safe"}) == {"count": 1}
    key = api.create("templates", **{attempt or "x": attempt})
    assert api.data("GET", f"/templates/{key}")[attempt] == attempt


@pytest.mark.parametrize("attempt", PATTERNS)
def test_no_pattern_takes_long_or_fails(serve, attempt):
    api = serve()
    api.create("lists", name="a" * 50_000 + "!")
    began = time.monotonic()
    answer = api.ask("POST", "/lists/find", {"name": {"like_regex": attempt}}).json()
    assert answer["error_code"] in {"", "400"}
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("attempt", TEMPLATES)
@pytest.mark.parametrize("part", ["subject", "preview", "text", "html"])
def test_no_template_reads_more_than_its_fields(attempt, part):
    words = {
        "subject": "s",
        "preview": "p",
        "text": "t",
        "html": "h",
        "from_name": "",
        "from_email": "s@x.org",
    }
    contact = Contact("jo@example.com", {}, "t")
    began = time.monotonic()
    with pytest.raises(MergeError):
        CampaignMessage(**words | {part: attempt}).render(contact, now=0)
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("attempt", [*TEMPLATES, *SQL])
def test_a_contacts_own_fields_are_never_a_template(attempt):
    contact = Contact("jo@example.com", {"name": attempt}, "t")
    message = CampaignMessage("s", "", "{{ name }}|", "", "", "s@x.org").render(contact, now=0)
    assert message.get_content().replace("\n", "") == f"{attempt}|".replace("\n", "")


@pytest.mark.parametrize("name", ["Bearer", "User-Api-Key", "X-User-Api-Key", "Cookie"])
@pytest.mark.parametrize("value", ["", "*", "null", "' OR 1=1 --", "true"])
def test_no_other_header_replaces_the_key(api, name, value):
    headers = {"User-Api-Key": None} | {name: value}
    assert api.refused("POST", "/lists/find", {}, headers=headers)[0] == "401"


@pytest.mark.parametrize(
    "path", ["//", "/./lists/find", "/healthz/../lists/x", "/unsubscribe", "/sandbox/faults", "/%2e%2e/"]
)
def test_no_path_bypasses_the_key(api, path):
    line = http.client.HTTPConnection("127.0.0.1", api.box.port, timeout=20)
    line.request("GET", path)
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    assert '"error_code":"401"' in text
