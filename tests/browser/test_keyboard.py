"""The panel without a mouse, in JupyterLab, whose own shortcuts take single letters and digits."""

import pytest
from steps import cells, picture, shows

pytestmark = pytest.mark.browser

FOCUSED = "() => document.activeElement?.textContent || document.activeElement?.placeholder || ''"
SOURCES = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
  .map(cell => [cell.type, cell.sharedModel.getSource()])"""


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


def test_a_large_send_needs_no_mouse_and_the_focus_lands_on_the_safe_choice(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "'campaign-large'"))
    shows(page, "Start or schedule")
    before = page.evaluate(SOURCES)
    tab_to(page, "Start or schedule…")
    page.keyboard.press("Space")
    shows(page, "Empty fields stay as they are")
    tab_to(page, "Review…")
    page.keyboard.press("Space")
    holds_focus(page, "Keep as draft")
    picture(page, tmp_path, "keyboard-safe")
    tab_to(page, "12034", key="Shift+Tab", most=1)
    page.keyboard.type("12034")
    tab_to(page, "Keep as draft", most=1)
    tab_to(page, "Send to 12,034 recipients", most=1)
    picture(page, tmp_path, "keyboard-send")
    assert account.acts() == {}
    page.keyboard.press("Space")
    shows(page, "Start: applied. The campaign is running")
    assert account.acts() == {"init": 1}
    tab_to(page, "Pause")
    page.keyboard.press("Enter")
    shows(page, "Pause: applied. The campaign is paused")
    assert account.acts() == {"init": 1, "pause": 1}
    assert page.evaluate(SOURCES) == before
