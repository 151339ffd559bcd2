"""A plan as text and HTML: what is sent, what stays, why; and nothing a question holds can become markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from dyno_frames.contract.profile import Profile

ATTACK = "<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.met = set()
        self.attributes = []

    def handle_starttag(self, tag, attrs):
        self.met.add(tag)
        self.attributes += attrs


def tags(html):
    parser = Tags()
    parser.feed(html)
    return parser


def test_an_exact_plan_shows_its_request_and_that_nothing_is_asked_here(planned):
    text = str(planned("status == 'finished' and opens >= 100"))
    assert text.splitlines()[0] == "campaigns where status == 'finished' and opens >= 100"
    assert text.count("pushed exactly") == 2
    assert 'request 1      {"status": "finished", "opens": {"gte": 100}}' in text
    assert 'each with      {"application_order_by": "created"' in text
    assert "the server's rows are the answer" in text
    assert "local filter  " not in text


def test_a_wider_plan_shows_what_is_asked_here_and_why(planned):
    plan = planned("status == 'finished' and opens / delivered > 0.3")
    text = str(plan)
    assert "kept local" in text
    assert "compares columns" in text
    assert "local filter   status == 'finished' and opens / delivered > 0.3" in text
    assert plan.reasons == ("(opens / delivered) > 0.3: compares columns",)


def test_a_part_pushed_wider_says_so(planned):
    text = str(planned("name.str.contains('sale', case=False)"))
    assert "pushed wider" in text
    assert "like_ignore_case" in text


def test_a_contradiction_says_that_nothing_is_sent(planned):
    plan = planned("opens > 5 and opens < 3")
    assert "no request is sent" in str(plan)
    assert "no request is sent" in plan._repr_html_()
    assert plan.requests == ()


def test_every_row_is_a_plan_without_conditions(planned):
    plan = planned(None)
    assert str(plan).startswith("campaigns where every row")
    assert plan.exact
    assert plan.conjuncts == ()
    assert [name for name in plan.requests[0] if not name.startswith("application_")] == []


def test_a_question_about_all_rows_at_once_says_so(planned):
    text = str(planned("status == 'finished' and opens > opens.mean()"))
    assert "may look at more than one row" in text
    assert "(on every row at once)" in text
    assert "every row is fetched" in text


def test_several_requests_are_numbered(planned):
    text = str(planned("status == 'draft' or opens > 100"))
    assert "2 filters, merged by id, pages of " in text
    assert "request 1" in text
    assert "request 2" in text


def test_the_order_and_the_limit_are_shown(planned):
    plan = planned("opens > 5", order_by=("clicks", "name"), ascending=(False, True), limit=10, offset=20)
    assert "order          clicks descending, name ascending, then id, at most 10 rows after 20" in str(plan)
    assert "clicks descending, name ascending, then id, at most 10 rows after 20" in plan._repr_html_()


def test_columns_are_asked_for_with_what_the_order_and_the_query_read(planned):
    exact = planned("opens > 5", columns=("subject",), order_by=("clicks",), ascending=(True,))
    local = planned("opens > delivered", columns=("subject",))
    assert set(exact.fields) == {"id", "created", "subject", "clicks", "opens"}
    assert set(local.fields) == {"id", "created", "subject", "opens", "delivered"}
    assert json.loads(json.dumps(exact.requests[0]))["application_fields"] == list(exact.fields)


def test_after_a_run_the_figures_are_shown(planned):
    plan = replace(planned("opens > 5"), rows_moved=1234, rows_returned=1000)
    assert "1,234 rows moved for 1,000 returned" in str(plan)
    assert "1,234 rows moved for 1,000 returned" in plan._repr_html_()


def test_a_trap_is_shown_as_a_warning(planned):
    plan = planned("created == '2016-01-01'")
    assert "beware" in str(plan)
    assert ">beware</th>" in plan._repr_html_()
    assert "matches nothing" in str(plan)


@pytest.mark.parametrize(
    "question",
    [
        f"name == '{ATTACK}'",
        f"name.str.contains('{ATTACK}')",
        f"name.str.contains('{ATTACK}', case=False) and opens > clicks",
        f"name in ['{ATTACK}', '</code><script>alert(2)</script>']",
        f"created == '{ATTACK}'",
        lambda c: c["name"] != ATTACK,
        pd.col("name") == ATTACK,
        lambda c: c["name"].map(lambda text: ATTACK in text),
    ],
)
def test_no_literal_becomes_markup(question, planned):
    html = planned(question)._repr_html_()
    found = tags(html)
    assert found.met <= {
        "div",
        "p",
        "b",
        "br",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "caption",
    }
    assert set(found.attributes) <= {("style", "text-align:left")}
    assert "<img" not in html
    if not callable(question):
        assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_a_column_name_does_not_become_markup(schema, planned):
    plan = replace(planned("opens > 5"), expression=f"`{ATTACK}` > 5", resource=ATTACK)
    assert tags(plan._repr_html_()).met.isdisjoint({"img"})


def test_html_and_text_say_the_same(planned):
    plan = planned(
        "status == 'finished' and opens / delivered > 0.3 and name.str.contains('sale', case=False)"
    )
    html = re.sub(r"<[^>]+>", " ", plan._repr_html_())
    for part in plan.conjuncts:
        assert str(part.placement) in html
        assert str(part.placement) in str(plan)


@pytest.mark.parametrize("profile", [Profile(), Profile.unknown()])
def test_a_plan_of_any_server_is_written_without_an_error(profile, planned):
    for question in (
        "opens.between(1, 5)",
        "subject != 'a'",
        "not subject.str.contains('a')",
        "vip",
        None,
        "subject.notna()",
    ):
        plan = planned(question, profile)
        assert str(plan)
        assert plan._repr_html_()
        json.dumps(plan.requests, allow_nan=False)


def test_long_lists_and_texts_are_shortened_in_the_parts_and_whole_in_the_request(planned):
    plan = planned(lambda c: c["name"].isin([f"name {number}" for number in range(50)]))
    assert "50 in all" in plan.conjuncts[0].text
    assert "name 49" in json.dumps(plan.requests)


def test_a_plan_with_a_connection_shows_its_programs_to_copy(client, sandbox):
    shown = client.campaigns.explain("name == '</textarea><img>'")._repr_html_()
    assert shown.count("<textarea readonly") == 4
    assert "<img" not in shown
    assert sandbox.api_key not in shown
    local = client.campaigns.explain("opens > clicks")._repr_html_()
    assert local.count("<textarea readonly") == 1
    assert "the server cannot evaluate this" in local
