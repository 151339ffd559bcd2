"""What a host does beside showing a panel: it loses the kernel, or never had one."""

import pytest
from steps import KERNEL_ANSWERS, cells, picture, shows

pytestmark = pytest.mark.browser

RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


@pytest.mark.parametrize(("host", "view"), [("lab", "AccessiblePanel"), ("notebook", "CampaignPanel")])
def test_a_panel_whose_kernel_was_restarted_is_grey_and_takes_no_click(
    account, open_cells, tmp_path, host, view
):
    page = open_cells(*cells(account, "'campaign-running'", view), host=host)
    shows(page, "300 of 800 sent")
    page.evaluate(RESTART)
    panel = page.locator(".dyno-panel:is(.jupyter-widgets-disconnected, .dyno-cut)")
    panel.wait_for()
    picture(page, tmp_path, f"{host}-restarted")
    assert panel.evaluate("panel => getComputedStyle(panel).pointerEvents") == "none"
    assert float(panel.evaluate("panel => getComputedStyle(panel).opacity")) < 1
    panel.locator("button", has_text="Pause").click(force=True)
    panel.locator("button", has_text="Pause").dispatch_event("click")
    page.evaluate(KERNEL_ANSWERS)
    assert account.acts() == {}
