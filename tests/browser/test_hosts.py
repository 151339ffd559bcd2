"""What passes in a host without a click: live reading, and the loss of the kernel."""

import pytest
from steps import KERNEL_ANSWERS, cells, picture, shows, until

pytestmark = pytest.mark.browser

RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


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
