"""A panel where no kernel answers: in a notebook that was saved, and that nobody said to trust."""

import secrets

import nbformat
import pytest
from front import HOSTILE, KEY

import dyno_frames as dyno

pytestmark = pytest.mark.browser


def saved(client):
    """Return what a notebook keeps of a panel: its output, and not the state of its widgets."""
    panel = dyno.CampaignPanel(client, client.campaigns.find(order_by="name"), watch=False)
    bundle = panel._repr_mimebundle_()
    panel.close()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    output = nbformat.v4.new_output("execute_result", data=data, execution_count=1)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("panel", outputs=[output])])


def test_a_saved_panel_is_a_table_without_scripts(account, lab, window, tmp_path):
    window.outside.clear()
    with dyno.connect(account.url, KEY) as client:
        notebook = saved(client)
    assert KEY not in str(notebook)
    name = f"{secrets.token_hex(6)}.ipynb"
    nbformat.write(notebook, lab.notebooks / name)
    page = window.context.new_page()
    page.goto(f"{lab.url}/doc/tree/{name}?token={lab.token}")
    output = page.locator(".jp-OutputArea-output").first
    output.get_by_text("Control panel of 4 campaigns; run the cell to use it.").wait_for()
    assert output.locator("tr").count() == 5
    assert output.get_by_text("300 of 800 sent (38%)").count() == 2
    assert output.get_by_text(HOSTILE[:20]).first.is_visible()
    assert output.locator("img, script, button").count() == 0
    assert page.evaluate("() => window.hacked") is None
    output.screenshot(path=tmp_path / "saved.png")
    page.close()
    assert window.outside == []
    assert account.acts() == {}
