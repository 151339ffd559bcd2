"""The same panel in other hosts: Notebook 7, and Voilà, which shows no code."""

import pytest
from steps import KERNEL_ANSWERS, cells, picture, press, shows

pytestmark = pytest.mark.browser

RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


@pytest.mark.parametrize("host", ["notebook", "voila"])
def test_pause_takes_one_click_and_a_start_is_reviewed_and_sent_once(account, open_cells, tmp_path, host):
    page = open_cells(*cells(account, "client.campaigns.find(order_by='name')"), host=host)
    press(page, "^Weekly news$")
    shows(page, "needs status draft; this one is running")
    press(page, "^Pause$", clicks=3)
    shows(page, "Pause: applied")
    picture(page, tmp_path, f"{host}-paused")
    press(page, "^<img src=x")
    press(page, "^Start or schedule")
    press(page, "^Review")
    shows(page, "You are about to send")
    picture(page, tmp_path, f"{host}-review")
    assert account.acts() == {"pause": 1}
    press(page, "^Send to 800 recipients$", clicks=3)
    shows(page, "Start: applied. The campaign is running")
    assert account.acts() == {"pause": 1, "init": 1}
    assert page.evaluate("() => window.hacked") is None
    if host != "voila":  # its own page asks a public host for its icons
        assert open_cells.outside == []


@pytest.mark.parametrize("host", ["lab", "notebook"])
def test_a_panel_whose_kernel_was_restarted_is_grey_and_takes_no_click(account, open_cells, tmp_path, host):
    page = open_cells(*cells(account, "'campaign-running'"), host=host)
    shows(page, "300 of 800 sent")
    page.evaluate(RESTART)
    panel = page.locator(".dyno-panel.jupyter-widgets-disconnected")
    panel.wait_for()
    picture(page, tmp_path, f"{host}-restarted")
    assert panel.evaluate("panel => getComputedStyle(panel).pointerEvents") == "none"
    panel.locator("button", has_text="Pause").click(force=True)
    panel.locator("button", has_text="Pause").dispatch_event("click")
    page.evaluate(KERNEL_ANSWERS)
    assert account.acts() == {}
