"""The control panel as a user meets it: in JupyterLab, against the practice server."""

import re

import pytest
from front import HOSTILE, KEY
from steps import cells, picture, press, shows, until

pytestmark = pytest.mark.browser

# What JupyterLab would write into the notebook: its outputs, and every widget's state.
WIDGET_STATE = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget;
  const outputs = [...notebook.content.model.cells].map(cell => cell.outputs?.toJSON());
  const kernel = notebook.sessionContext.session.kernel;
  const comm = kernel.createComm('jupyter.widget.control');
  const states = new Promise(resolve => { comm.onMsg = message => resolve(message.content.data); });
  await comm.open({}, {version: '1.0.0'}).done;
  await comm.send({method: 'request_states'}).done;
  return JSON.stringify([outputs, await states]);
}"""


def test_pause_takes_one_click_and_three_are_one(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "'campaign-running'"))
    shows(page, "300 of 800 sent")
    picture(page, tmp_path, "running")
    press(page, "^Pause$", clicks=3)
    shows(page, "Pause: applied")
    picture(page, tmp_path, "paused")
    assert account.acts() == {"pause": 1}
    assert page.get_by_role("button", name=re.compile("^Pause$")).is_disabled()


def test_a_start_is_reviewed_and_a_triple_click_sends_once(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "'campaign-draft'"))
    press(page, "^Start or schedule")
    shows(page, "Empty fields stay as they are")
    picture(page, tmp_path, "form")
    press(page, "^Review")
    shows(page, "You are about to send")
    picture(page, tmp_path, "review")
    assert account.acts() == {}
    press(page, "^Send to 800 recipients$", clicks=3)
    shows(page, "Start: applied")
    picture(page, tmp_path, "sent")
    assert account.acts() == {"init": 1}
    shows(page, "The campaign is running")


def test_the_safe_choice_has_the_focus_and_enter_sends_nothing(account, open_cells):
    page = open_cells(*cells(account, "'campaign-draft'"))
    press(page, "^Start or schedule")
    press(page, "^Review")
    shows(page, "You are about to send")
    page.wait_for_function("() => document.activeElement?.textContent === 'Keep as draft'")
    page.keyboard.press("Enter")
    shows(page, "Nothing was sent")
    assert account.acts() == {}


def test_a_large_send_wants_its_count_typed(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "'campaign-large'"))
    press(page, "^Start or schedule")
    press(page, "^Review")
    press(page, "^Send to 12,034 recipients$")
    shows(page, "type 12034 first")
    picture(page, tmp_path, "typed")
    assert account.acts() == {}
    page.get_by_placeholder("12034").fill("12034")
    press(page, "^Send to 12,034 recipients$", clicks=3)
    shows(page, "Start: applied")
    assert account.acts() == {"init": 1}


def test_hostile_names_stay_text_and_nothing_leaves_for_another_host(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "'campaign-draft'"))
    press(page, "^Start or schedule")
    press(page, "^Review")
    shows(page, "You are about to send")
    assert page.locator(".dyno-panel").get_by_text(HOSTILE).first.is_visible()
    assert page.locator(".dyno-panel").get_by_text("Readers <i>EU</i>").first.is_visible()
    assert page.locator(".dyno-panel img, .dyno-panel script").count() == 0
    assert page.evaluate("() => window.hacked") is None
    assert open_cells.outside == []


def test_a_time_is_read_in_python_whatever_the_browsers_zone(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "'campaign-draft'"))
    press(page, "^Start or schedule")
    page.get_by_text("At the time below").click()
    page.get_by_placeholder("YYYY-MM-DD HH:MM").fill("2040-03-11 02:30")
    page.get_by_label("Time zone").fill("Europe/Paris")
    press(page, "^Review")
    shows(page, "2040-03-11 02:30 Europe/Paris = 2040-03-11 01:30 UTC")
    press(page, "^Schedule to 800 recipients$", clicks=3)
    shows(page, "The campaign is scheduled")
    picture(page, tmp_path, "scheduled")
    assert account.acts() == {"init": 1}


def test_progress_moves_by_itself_while_a_campaign_runs(account, open_cells):
    page = open_cells(*cells(account, "'campaign-paused'"))
    press(page, "^Resume…$")
    press(page, "^Resume to 500 recipients$")
    shows(page, "The campaign is running")
    reads = account.seen["GET /campaigns/campaign-paused"]
    until(lambda: account.seen["GET /campaigns/campaign-paused"] >= reads + 2)


def test_neither_outputs_nor_widget_state_hold_the_key(account, open_cells):
    page = open_cells(*cells(account, "'campaign-draft'"))
    press(page, "^Start or schedule")
    press(page, "^Review")
    shows(page, "You are about to send")
    kept = page.evaluate(WIDGET_STATE)
    assert "You are about to send" in kept
    assert KEY not in kept


def test_a_frame_is_a_table_to_choose_from(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "client.campaigns.find(order_by='name')"))
    shows(page, "as of ..:..:.. UTC")
    picture(page, tmp_path, "table")
    press(page, "^Half way$")
    shows(page, "Read")
    press(page, "^Stop…$")
    shows(page, "500 have not been written to yet")
    press(page, "^Stop for good$")
    shows(page, "type stop first")
    page.get_by_placeholder("stop").fill("stop")
    press(page, "^Stop for good$", clicks=3)
    shows(page, "Stop: applied. The campaign is stopped.")
    page.get_by_text("Journal (1)").click()
    picture(page, tmp_path, "stopped")
    assert account.acts() == {"stop": 1}
