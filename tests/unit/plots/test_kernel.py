"""Pictures in a notebook's kernel, where the backend is picked by the first of them."""

import nbformat
import pytest

SET_UP = """\
import pandas as pd
from dyno_frames.plots.plotter import Plotter
names = ["sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes"]
plot = Plotter(pd.DataFrame({name: [90, 10] for name in names} | {"name": ["One", "Two 🎁"]}))"""
DRAW = ("_ = plot.funnel()", "_ = plot.compare()")


def test_every_picture_is_shown_without_a_magic_command():
    client = pytest.importorskip("nbclient", reason="nbclient comes with JupyterLab")
    cells = [nbformat.v4.new_code_cell(source) for source in (SET_UP, *DRAW)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [[output.output_type for output in cell.outputs] for cell in notebook.cells]
    assert shown == [[], *[["display_data"]] * len(DRAW)]
    assert all("image/png" in cell.outputs[0].data for cell in notebook.cells[1:])
