"""The query builder as a user meets it: widgets and expression in step, counted before anything is fetched."""

import re

import pytest
from front import HOSTILE, KEY
from steps import until, violations

pytestmark = pytest.mark.browser


def cells(account, expression=""):
    lines = (
        "from dyno_frames.api import connect",
        f"client = connect({account.url!r}, {KEY!r})",
        f"builder = client.campaigns.frame().dyno.builder({expression})",
        "builder",
    )
    return ("\n".join(lines),)


def shows(page, words):
    page.locator(".dyno-builder").get_by_text(re.compile(words)).first.wait_for()


def picture(page, tmp_path, name):
    page.locator(".dyno-builder").screenshot(path=tmp_path / f"{name}.png")


def condition(page, place):
    """Return the widgets of a condition."""
    return page.locator(".dyno-condition").nth(place)


def expression(page):
    return page.locator(".dyno-expression input")


def copied(page):
    """Return what select-all takes of the line of Python; a notebook may take the focus back after a click."""
    line = page.get_by_label("As Python")
    line.press("Control+a")
    return line.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")


def test_a_widget_that_changes_changes_expression_and_count(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "\"status == 'draft'\""))
    shows(page, "2 campaigns match")
    condition(page, 0).get_by_label("Value").select_option("running")
    shows(page, "1 campaign matches")
    until(lambda: expression(page).input_value() == "status == 'running'")
    page.get_by_role("button", name=re.compile("^Add condition$")).click()
    condition(page, 1).get_by_label("Column").select_option("sent")
    condition(page, 1).get_by_label("Comparison").select_option("at least")
    number = condition(page, 1).get_by_label("Value").and_(page.locator("input"))
    number.fill("400")
    number.press("Enter")
    shows(page, "0 campaigns match")
    until(lambda: expression(page).input_value() == "status == 'running' and sent >= 400")
    shows(page, r'\{"status": "running", "sent": \{"gte": 400\}\}')
    picture(page, tmp_path, "widgets")
    finds = account.seen["POST /campaigns/find"]
    page.get_by_label("Rows where").select_option("any condition holds")
    shows(page, "1 campaign matches")
    assert account.seen["POST /campaigns/find"] == finds  # counted, and not one row fetched
    page.get_by_role("button", name=re.compile("^Fetch rows$")).click()
    shows(page, "1 row fetched")
    page.get_by_text("Copy as a line of pandas").click()
    until(lambda: copied(page) == "campaigns.dyno.query(\"status == 'running' or sent >= 400\", limit=100)")
    page.get_by_text("Copy as a program").click()
    page.get_by_label("Language", exact=True).select_option("curl")
    program = page.get_by_label("Program in curl")
    program.wait_for()
    program.press("Control+a")
    selected = program.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert selected.startswith("#!/usr/bin/env bash\n# campaigns where status == 'running' or sent >= 400")
    assert KEY not in selected
    program.press("x")
    assert program.input_value() == selected
    picture(page, tmp_path, "fetched")
    assert violations(page, ".dyno-builder") == []
    assert open_cells.outside == []


def test_an_expression_that_is_typed_moves_the_widgets_or_is_kept_as_text_and_stays_text(
    account, open_cells, tmp_path
):
    page = open_cells(*cells(account))
    shows(page, "4 campaigns match")
    assert page.locator(".dyno-condition").count() == 0
    expression(page).fill("recipients > 100 and name.str.contains('news')")
    expression(page).press("Enter")
    shows(page, "1 campaign matches")
    until(lambda: condition(page, 1).get_by_label("Value").input_value() == "news")
    chosen = [condition(page, 0).get_by_label(name).input_value() for name in ("Column", "Comparison")]
    assert chosen == ["recipients", "more than"]
    picture(page, tmp_path, "typed")
    expression(page).fill("sent > 0.5 * recipients")
    expression(page).press("Enter")
    shows(page, "Kept as text, because it cannot be edited as conditions")
    assert page.locator(".dyno-condition").count() == 0
    assert page.get_by_role("button", name=re.compile("^Add condition$")).is_disabled()
    picture(page, tmp_path, "kept")
    expression(page).fill("stauts == 'draft'")
    expression(page).press("Enter")
    shows(page, "did you mean 'status'")
    until(page.get_by_role("button", name=re.compile("^Fetch rows$")).is_disabled)
    picture(page, tmp_path, "fault")
    expression(page).fill(f"name == {HOSTILE!r}")
    expression(page).press("Enter")
    shows(page, "1 campaign matches")
    page.get_by_role("button", name=re.compile("^Fetch rows$")).click()
    shows(page, "1 row fetched")
    assert page.locator(".dyno-builder").get_by_text(HOSTILE).first.is_visible()
    assert page.locator(".dyno-builder img, .dyno-builder script").count() == 0
    assert page.evaluate("() => window.hacked") is None
    picture(page, tmp_path, "hostile")
    assert open_cells.outside == []
