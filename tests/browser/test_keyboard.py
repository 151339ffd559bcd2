"""The panel without a mouse, in hosts whose own shortcuts take single letters and digits."""

import pytest
from front import KEY
from steps import cells, picture, shows

pytestmark = pytest.mark.browser

FOCUSED = "() => document.activeElement?.textContent || document.activeElement?.placeholder || ''"
SOURCES = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
  .map(cell => [cell.type, cell.sharedModel.getSource()])"""

# What can be used in the panel and what the focus was on, by the place in the page.
USABLE = """() => [...document.querySelectorAll('.dyno-panel :is(button, input, select, summary, textarea)')]
  .map((node, place) => [node, place]).filter(([node]) => !node.disabled && node.getClientRects().length)
  .map(([, place]) => place)"""
FOCUSED_PLACE = """() => [...document.querySelectorAll('.dyno-panel :is(button, input, select, summary, textarea)')]
  .indexOf(document.activeElement)"""

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


def tab_to(page, words, key="Tab", most=40):
    """Move the focus as a keyboard does, and fail where it never gets there."""
    passed = []
    for _ in range(most):
        page.keyboard.press(key)
        passed.append(page.evaluate(FOCUSED)[:40])
        if passed[-1].strip() == words:
            return
    pytest.fail(f"{key} never came to {words!r}; it passed {passed}")


def holds_focus(page, words):
    page.wait_for_function(f"words => ({FOCUSED})().trim() === words", arg=words)


def everything_is_reached(page):
    """Go through the panel with Tab and come by everything that can be used."""
    wanted = set(page.evaluate(USABLE))
    first = page.locator(".dyno-panel :is(button, input)").filter(visible=True).first
    first.focus()
    passed = {page.evaluate(FOCUSED_PLACE)}
    for _ in range(len(wanted)):
        page.keyboard.press("Tab")
        passed.add(page.evaluate(FOCUSED_PLACE))
    # Of radio buttons that belong together the keyboard reaches one, and the arrows the others.
    assert len(wanted - passed) <= 1, (wanted, passed)


@pytest.mark.parametrize("view", ["CampaignPanel", "AccessiblePanel"])
def test_a_large_send_needs_no_mouse_and_the_focus_lands_on_the_safe_choice(
    account, open_cells, tmp_path, view
):
    page = open_cells(*cells(account, "'campaign-large'", view))
    shows(page, "Start or schedule")
    if view == "AccessiblePanel":  # ipywidgets cannot keep them away from its buttons
        no_letter_leaves(page)
    before = page.evaluate(SOURCES)
    tab_to(page, "Start or schedule…")
    page.keyboard.press("Space")
    shows(page, "Leave a field empty to keep its value")
    everything_is_reached(page)
    tab_to(page, "Review…", key="Shift+Tab")
    page.keyboard.press("Space")
    holds_focus(page, "Keep as draft")
    picture(page, tmp_path, f"{view}-safe")
    kept = page.evaluate(WIDGET_STATE)
    assert "You are about to send" in kept
    assert KEY not in kept
    page.keyboard.press("Enter")
    shows(page, "Nothing was sent")
    holds_focus(page, "Start or schedule…")
    page.keyboard.press("Enter")
    shows(page, "Leave a field empty to keep its value")
    tab_to(page, "Review…")
    page.keyboard.press("Enter")
    holds_focus(page, "Keep as draft")
    send = page.get_by_role("button", name="Send to 12,034 recipients")
    assert send.is_disabled()
    send.dispatch_event("click")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("12,03")
    assert send.is_disabled()
    page.keyboard.type("4")
    page.wait_for_function("""() => [...document.querySelectorAll('.dyno-panel button')].some(
      node => node.textContent.startsWith('Send to') && !node.disabled && node.ariaDisabled !== 'true')""")
    tab_to(page, "Send to 12,034 recipients", most=2)
    picture(page, tmp_path, f"{view}-send")
    assert account.acts() == {}
    page.keyboard.press("Space")
    shows(page, "Start: applied. The campaign is running")
    assert account.acts() == {"init": 1}
    tab_to(page, "Pause")
    page.keyboard.press("Enter")
    shows(page, "Pause: applied. The campaign is paused")
    assert account.acts() == {"init": 1, "pause": 1}
    assert page.evaluate(SOURCES) == before


def no_letter_leaves(page):
    """Press letters, which the host takes for commands, on everything that has the focus and takes no text."""
    before = page.evaluate(SOURCES)
    places = page.locator(".dyno-panel :is(button, summary, [type=checkbox])").filter(visible=True)
    assert places.count() > 2
    for place in range(places.count()):
        places.nth(place).focus()
        for letter in "bax":
            page.keyboard.press(letter)
    assert page.evaluate(SOURCES) == before


def test_a_letter_on_a_focused_button_stays_out_of_the_notebook(account, open_cells):
    page = open_cells(
        *cells(account, "client.campaigns.find(order_by='name')", "AccessiblePanel"), host="notebook"
    )
    shows(page, "Weekly news")
    no_letter_leaves(page)
    assert account.acts() == {}
