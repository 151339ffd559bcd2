"""Every action of a campaign's life through the panel, in every host; the practice server's log is the witness."""

import re

import pytest
from front import HOSTILE, KEY
from steps import cells, picture, press, shows

pytestmark = pytest.mark.browser

ACCESSIBLE = "AccessiblePanel"


def schedule(page, when):
    page.get_by_text("At the time below").click()
    page.get_by_placeholder("YYYY-MM-DD HH:MM").fill(when)
    page.get_by_label("Time zone").fill("Europe/Paris")
    page.get_by_label("Time zone").blur()


def thrice(page, words, then):
    """Press a button that acts three times, and wait for what it leads to."""
    press(page, words, clicks=3)
    shows(page, then)


def is_scheduled_moved_and_cancelled(page, shot):
    press(page, "^Start or schedule")
    schedule(page, "2040-03-25 02:30")
    shows(page, "does not exist in Europe/Paris: clocks skip it; try 01:30 or 03:30")
    page.get_by_placeholder("YYYY-MM-DD HH:MM").fill("2040-10-28 02:30")
    page.get_by_text("the later, 2040-10-28 01:30 UTC").click()
    shot("form")
    press(page, "^Review…$")
    shows(page, "2040-10-28 02:30 Europe/Paris = 2040-10-28 01:30 UTC")
    shows(page, "expires in [1-6]")
    thrice(page, "^Schedule to 800 recipients$", "Start: applied. The campaign is scheduled")
    shot("scheduled")
    press(page, "^Reschedule…$")
    schedule(page, "2040-07-01 09:30")
    shows(page, "= 2040-07-01 07:30 UTC")
    press(page, "^Review…$")
    thrice(page, "^Schedule to 800 recipients$", "Reschedule: applied. The campaign is scheduled")
    press(page, "^Cancel schedule…$")
    thrice(page, "^Cancel the schedule$", "Cancel schedule: applied. The campaign is draft")


def copies_the_program(page):
    """Open the program of the review in curl: it has the request and not the key."""
    page.get_by_text("Copy as a program").click()
    shows(page, "A program sends the action once")
    for choice in page.get_by_label("Language", exact=True).all():  # the panel of ipywidgets
        choice.select_option("curl")
    for fold in page.get_by_text("Copy as curl").all():
        fold.click()
    program = page.get_by_label("Program in curl").input_value()
    assert program.startswith("#!/usr/bin/env bash\n# The operation campaigns.start\n")
    assert "/campaign_process/init" in program
    assert KEY not in program


def is_sent_paused_changed_and_resumed(page, shot):
    press(page, "^Start or schedule")
    press(page, "^Review…$")
    shows(page, "NOW to 800 recipients of the list “Readers <i>EU</i>”")
    copies_the_program(page)
    shot("review")
    thrice(page, "^Send to 800 recipients$", "Start: applied. The campaign is running")
    shot("running")
    thrice(page, "^Pause$", "Pause: applied. The campaign is paused")
    press(page, "^Update and resume…$")
    page.get_by_label("subject").fill("Second <b>try</b>")
    press(page, "^Review…$")
    shows(page, "^Second <b>try</b>$")
    shot("changes")
    thrice(page, "^Resume to 800 recipients$", "Update and resume: applied. The campaign is running")
    press(page, "^Pause$")
    shows(page, "Pause: applied")
    press(page, "^Resume…$")
    thrice(page, "^Resume to 800 recipients$", "Resume: applied. The campaign is running")


def open_journal(page, line):
    """Open the journal until a line of it shows: one of three clicks may have opened it already."""
    from playwright.sync_api import TimeoutError as NotSeen

    for _ in range(3):
        try:
            line.wait_for(timeout=2_000)
        except NotSeen:
            page.locator(".dyno-panel summary").filter(has_text="Journal").click()
        else:
            return
    line.wait_for()


def is_stopped(page, shot):
    press(page, "^Stop…$")
    assert page.get_by_role("button", name="Stop for good").is_disabled()
    page.get_by_role("button", name="Stop for good").dispatch_event("click")
    page.get_by_label("Type stop to confirm").fill("stop")
    shot("stop")
    thrice(page, "^Stop for good$", "a stopped campaign cannot be changed")
    line = page.locator(".dyno-panel").get_by_text("running → stopped")
    open_journal(page, line)
    shot("stopped")


@pytest.mark.parametrize(
    ("host", "view"),
    [
        ("lab", "CampaignPanel"),
        ("lab", ACCESSIBLE),
        ("notebook", "CampaignPanel"),
        ("voila", "CampaignPanel"),
    ],
)
def test_a_campaign_goes_through_its_whole_life_and_three_clicks_are_one(
    account, open_cells, tmp_path, host, view
):
    page = open_cells(*cells(account, "'campaign-draft'", view), host=host)
    shows(page, "Why are others unavailable")
    page.get_by_text("Why are others unavailable?").click()
    shows(page, "Pause: only for running campaigns; this one is draft|Pause, Stop: only for")
    for part in (is_scheduled_moved_and_cancelled, is_sent_paused_changed_and_resumed, is_stopped):
        part(page, lambda name: picture(page, tmp_path, f"{host}-{view}-{name}"))
    assert account.acts() == {
        "init": 2,
        "reschedule": 1,
        "cancel_schedule": 1,
        "pause": 2,
        "update_and_resume": 1,
        "resume": 1,
        "stop": 1,
    }
    panel = page.locator(".dyno-panel")
    assert panel.get_by_text(HOSTILE).first.is_visible()
    assert panel.locator("img, script").count() == 0
    assert page.evaluate("() => window.hacked") is None
    if host != "voila":  # its own page asks a public host for its icons
        assert open_cells.outside == []


HIT_AFTER_SHOWN = """async (name) => {
  const buttons = [...document.querySelectorAll(".dyno-panel button")];
  const button = buttons.find((one) => one.textContent === name);
  const { left, top, width, height } = button.getBoundingClientRect();
  const hit = () => button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  const hits = [hit()];
  button.style.display = "none";
  hits.push(hit());
  button.style.display = "";
  hits.push(hit());
  await Promise.all(button.getAnimations().map((animation) => animation.finished));
  return [...hits, hit()];
}"""


def test_a_button_that_comes_in_the_place_of_another_takes_no_second_click_meant_for_that(
    account, open_cells
):
    page = open_cells(*cells(account, "'campaign-running'"))
    shows(page, "^Pause$")
    page.get_by_role("button", name="Pause", exact=True).click()
    shows(page, "Pause: applied")
    page.get_by_role("button", name="Resume…", exact=True).click(trial=True)
    assert page.evaluate(HIT_AFTER_SHOWN, "Resume…") == [True, False, False, True]


@pytest.mark.parametrize("view", ["CampaignPanel", ACCESSIBLE])
def test_a_lost_answer_is_an_outcome_of_its_own_and_nothing_more_is_sent(account, open_cells, tmp_path, view):
    impatient = "from dataclasses import replace; client.campaigns.poll_policy = replace(client.campaigns.poll_policy, settle_s=0.1)"
    page = open_cells(*cells(account, "'campaign-draft'", view, before=impatient))
    account.losing.add("init")
    press(page, "^Start or schedule")
    press(page, "^Review…$")
    thrice(page, "^Send to 800 recipients$", "Nothing is sent again")
    picture(page, tmp_path, f"{view}-unknown")
    shows(page, "the outcome of the last action is unknown; check again first")
    for words in ("Start or schedule…", "Pause", "Stop…"):
        for button in page.locator(".dyno-panel button").get_by_text(words, exact=True).all():
            assert not button.is_visible()
            button.dispatch_event("click")
    assert account.acts() == {"init": 1}
    account.let_go()
    press(page, "^Check again$")
    shows(page, "The last action was applied")
    assert page.get_by_role("button", name=re.compile("^Pause$")).is_enabled()
    assert account.acts() == {"init": 1}
