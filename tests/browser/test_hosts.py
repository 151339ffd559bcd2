"""What passes in a host without a click: live reading, and the loss of the server and of the kernel."""

import pytest
from steps import KERNEL_ANSWERS, cells, picture, shows, until

pytestmark = pytest.mark.browser

RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


@pytest.mark.parametrize("view", ["CampaignPanel", "AccessiblePanel"])
def test_without_a_server_a_panel_turns_gray_keeps_its_values_and_recovers_by_itself(
    account, open_cells, tmp_path, view
):
    page = open_cells(*cells(account, "client.campaigns.find(order_by='name')", view))
    panel = page.locator(".dyno-panel")
    panel.locator(".dyno-row").filter(has_text="Weekly news").click()
    shows(page, "300 of 800 sent")
    shows(page, r"as of \d")
    account.dead = True
    shows(page, r"Connection lost at \d\d:\d\d UTC, retrying")
    shows(page, r"last values from \d\d:\d\d:\d\d UTC")
    shows(page, "No action is possible: the connection to the server is lost")
    assert panel.get_by_text("300 of 800 sent").first.is_visible()
    assert panel.locator(".dyno-badge.dyno-running").count() == 0
    gray = "part => getComputedStyle(part).filter"
    assert panel.locator(".dyno-table").evaluate(gray) == "grayscale(1)"
    picture(page, tmp_path, f"{view}-lost")
    account.dead = False
    panel.locator(".dyno-badge.dyno-running").first.wait_for()
    assert panel.get_by_text("Connection lost").filter(visible=True).count() == 0
    assert panel.locator(".dyno-table").evaluate(gray) == "none"
    assert account.acts() == {}


@pytest.mark.parametrize(("host", "view"), [("lab", "AccessiblePanel"), ("notebook", "CampaignPanel")])
def test_a_panel_watches_by_itself_and_is_grey_and_takes_no_click_once_its_kernel_was_restarted(
    account, open_cells, tmp_path, host, view
):
    page = open_cells(*cells(account, "'campaign-running'", view), host=host)
    shows(page, "300 of 800 sent")
    reads = account.seen["GET /campaigns/campaign-running"]
    until(lambda: account.seen["GET /campaigns/campaign-running"] >= reads + 2)  # it watches by itself
    page.evaluate(RESTART)
    panel = page.locator(".dyno-panel:is(.jupyter-widgets-disconnected, .dyno-disconnected)")
    panel.wait_for()
    picture(page, tmp_path, f"{host}-restarted")
    assert panel.evaluate("panel => getComputedStyle(panel).pointerEvents") == "none"
    assert float(panel.evaluate("panel => getComputedStyle(panel).opacity")) < 1
    panel.locator("button", has_text="Pause").click(force=True)
    panel.locator("button", has_text="Pause").dispatch_event("click")
    page.evaluate(KERNEL_ANSWERS)
    assert account.acts() == {}
