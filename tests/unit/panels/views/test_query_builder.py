"""The query builder's ipywidgets, without a browser, against the practice server."""

import json

import ipywidgets
import pandas as pd
import pytest

from dyno_frames.errors import QueryError
from dyno_frames.panels.builder import actions as on
from dyno_frames.panels.views.widgets.builder import QueryBuilder


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def html(builder):
    return "\n".join(w.value for w in everything(builder) if isinstance(w, ipywidgets.HTML))


def button(builder, name):
    return next(w for w in everything(builder) if isinstance(w, ipywidgets.Button) and w.description == name)


def box(builder, place):
    """Return column, operator and value of a condition."""
    line = builder._rows_box.children[place].children[0]
    return line.children[1:4]


@pytest.fixture
def show(client):
    shown = []

    def make(expression=None, resource="campaigns", **options):
        builder = QueryBuilder(getattr(client, resource), expression, spawn=lambda work: work(), **options)
        shown.append(builder)
        return builder

    yield make
    for builder in shown:
        builder.close()


def test_a_builder_counts_before_it_fetches_and_says_what_is_sent(show, client):
    builder = show("status == 'finished' and opens > 20_000")
    rows = client.campaigns.count(builder.query)
    assert f"{rows} campaigns match" in html(builder)
    assert "{&quot;status&quot;: &quot;finished&quot;, &quot;opens&quot;: {&quot;gte&quot;: 20001}}" in html(
        builder
    )
    assert "On the server" in html(builder)
    assert builder.frame is None
    button(builder, "Fetch rows").click()
    pd.testing.assert_frame_equal(builder.frame, client.campaigns.find(builder.query, limit=100))
    assert f"{rows} rows fetched" in html(builder)


def test_widgets_follow_the_text_and_the_text_follows_the_widgets(show, client):
    builder = show()
    assert builder.query == ""
    assert "400 campaigns match" in html(builder)
    builder._text.value = "status in ['draft', 'running'] and created >= '2026-01-01'"
    column, operator, value = box(builder, 0)
    assert (column.value, operator.value, value.value) == ("status", "is one of", ("draft", "running"))
    column, operator, value = box(builder, 1)
    assert (column.value, operator.label, value.value) == ("created", "at or after", "2026-01-01")
    box(builder, 0)[2].value = ("draft",)
    assert builder.query == "status in ['draft'] and created >= '2026-01-01'"
    assert builder._text.value == builder.query
    assert f"{client.campaigns.count(builder.query)} campaigns match" in html(builder)


def test_a_condition_is_put_together_by_hand(show, client):
    builder = show()
    button(builder, "Add condition").click()
    box(builder, 0)[0].value = "subject"
    box(builder, 0)[1].value = "contains"
    box(builder, 0)[2].value = "sale"
    assert builder.query == "subject.str.contains('sale')"
    button(builder, "Add condition").click()
    box(builder, 1)[2].value = "running"
    builder._condition_tools._join.value = "or"
    assert builder.query == "subject.str.contains('sale') or status == 'running'"
    assert f"{client.campaigns.count(builder.query)} campaigns match" in html(builder)
    button(builder, "Remove").click()
    assert builder.query == "status == 'running'"


def test_a_query_that_cannot_be_edited_as_conditions_is_kept_and_no_click_overwrites_it(show):
    builder = show("opens > 30 * clicks")
    assert "Kept as text, because it cannot be edited as conditions" in html(builder)
    assert "400 campaigns must be downloaded" in html(builder)
    assert "Evaluated locally with pandas: opens &gt; 30 * clicks" in html(builder)
    assert button(builder, "Add condition").disabled
    assert builder.query == "opens > 30 * clicks"
    button(builder, "Count (downloads rows)").click()
    assert "30 campaigns match" in html(builder)
    builder._text.value = "opens > 29 * clicks"
    assert "400 campaigns must be downloaded" in html(builder)
    button(builder, "Fetch rows").click()
    assert f"{len(builder.frame)} campaigns match" in html(
        builder
    )  # fewer came than were wanted: all are here
    button(builder, "Start over").click()
    assert builder.query == ""
    assert not button(builder, "Add condition").disabled


def test_a_fault_is_shown_where_it_is_and_nothing_is_asked(show):
    builder = show("opens > 5")
    box(builder, 0)[2].value = "many"
    assert "&#x27;many&#x27; is not a number; expected a number such as 1000 or 0.5" in html(builder)
    assert "Not counted" in html(builder)
    assert button(builder, "Fetch rows").disabled
    box(builder, 0)[2].value = "7"
    assert builder.query == "opens > 7"
    builder._text.value = "opens > 7 and"
    assert "the query cannot be parsed" in html(builder)
    assert button(builder, "Fetch rows").disabled


def test_hostile_text_never_becomes_markup(show):
    hostile = "<img src=x onerror=alert(1)>"
    builder = show(f"name == {hostile!r}")
    builder._text.value = f"name == {hostile!r} and nothing == 1"
    builder._text.value = f"name.str.contains({hostile!r}) or opens > clicks"
    for said in (html(builder), builder._repr_mimebundle_()["text/html"]):
        assert "<img" not in said
        assert "&lt;img" in said


def test_a_failure_is_shown_and_the_key_is_not(show, sandbox):
    from dyno_frames.api import connect

    with connect(sandbox.url, sandbox.api_key, name="gone") as gone:
        builder = QueryBuilder(gone.campaigns, "opens > 5", spawn=lambda work: work())
    button(builder, "Fetch rows").click()
    assert "Failed" in html(builder)
    assert sandbox.api_key not in json.dumps([w.get_state() for w in everything(builder)], default=str)
    builder.close()


def test_a_frame_opens_a_builder_with_the_question_it_answers(client):
    frame = client.campaigns.find("created >= '2026-01-01'", order_by="opens", ascending=False, limit=7)
    builder = frame.dyno.builder()
    assert builder.query == "created >= '2026-01-01'"
    assert builder.code == (
        "campaigns.dyno.query(\"created >= '2026-01-01'\", order_by='opens', ascending=False, limit=7)"
    )
    assert repr(builder) == "QueryBuilder of campaigns where created >= '2026-01-01'"
    builder.close()
    chosen = client.lists.frame().dyno[lambda c: c.contacts > 5]
    assert chosen.dyno.builder().query == "contacts > 5"
    everything_ = client.templates.frame().dyno.builder()
    assert repr(everything_) == "QueryBuilder of templates where every row"


def test_other_forms_of_a_question_begin_a_builder_where_the_widgets_can_say_them(client):
    campaigns = client.campaigns.frame()
    most = 5
    assert campaigns.dyno.builder(pd.col("opens") <= 5).query == "opens <= 5"
    builder = campaigns.dyno.builder("opens <= @most")
    assert "uses a variable" in html(builder)
    assert builder.query == "opens <= @most"
    with pytest.raises(QueryError, match="Give the query as a string"):
        campaigns.dyno.builder(lambda c: c.opens > c.clicks + most)
    with pytest.raises(QueryError, match="did you mean 'status'"):
        campaigns.dyno.builder("stauts == 'draft'")


def test_a_question_that_no_text_says_is_not_replaced_by_another(client):
    frame = client.campaigns.find(lambda c: c.opens > 2 * c.clicks, limit=1)
    builder = frame.dyno.builder()
    assert client.campaigns.count(builder.query) == client.campaigns.count(lambda c: c.opens > 2 * c.clicks)
    builder.close()
    frame = client.campaigns.find(
        lambda c: c.name.isin([f"name {i} of many" for i in range(9)]) & (c.opens > c.clicks)
    )
    with pytest.raises(QueryError, match="begin with one"):
        frame.dyno.builder()


def test_another_screen_changes_nothing_of_what_is_being_typed(show):
    builder = show("opens > 5 and name == 'a'")
    values = [box(builder, place)[2] for place in (0, 1)]
    box(builder, 0)[2].value = "6"
    assert [box(builder, place)[2] for place in (0, 1)] == values


def test_a_builder_shows_its_query_as_a_program_without_the_key(show, sandbox):
    builder = show("status == 'finished'")
    languages = next(
        w for w in everything(builder) if isinstance(w, ipywidgets.Dropdown) and w.description == "Language"
    )
    assert "<textarea" not in html(builder)
    for language in ("curl", "python", "java", "php"):
        languages.value = language
        assert "<textarea readonly" in html(builder)
        assert "campaigns where status ==" in html(builder)
    builder.session.dispatch(on.ExpressionTyped("opens > clicks"))
    assert "the server cannot evaluate this" in html(builder)
    states = json.dumps([widget.get_state() for widget in everything(builder)], default=str)
    assert sandbox.api_key not in states
