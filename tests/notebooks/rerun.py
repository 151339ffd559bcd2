"""Runs the notebooks and the README's example again and stores what they print: nobody edits an output by hand.

``python tests/notebooks/rerun.py`` from the root of the checkout; then read the difference and look at the pictures.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```\n\n```text\n(?P<printed>.*?)```", re.DOTALL)
"""The README's example and, below it, what it prints."""

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = {"click_rates.png": ("01_first_query.ipynb", ".plot.compare(")}
"""Pictures that the README shows: from which notebook, drawn by the cell that holds these words."""


def printed_by(code: str) -> str:
    """Return what a program prints, run on its own with warnings as errors."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command,
        cwd=ROOT,
        check=False,  # the error shows what it said
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )
    if done.returncode:
        raise AssertionError(f"the README's example fails:\n{done.stderr}")
    return done.stdout


def stored(notebook: Any) -> Any:
    """Return an executed notebook without what differs from run to run, or only its own kernel can show."""
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
            output.get("data", {}).pop(WIDGET, None)
    return notebook


def picture(notebook: Any, words: str) -> bytes:
    """Return the PNG that the cell with these words drew."""
    [cell] = [cell for cell in notebook.cells if cell.cell_type == "code" and words in cell.source]
    [drawn] = [one.data["image/png"] for one in cell.outputs if "image/png" in one.get("data", {})]
    return base64.b64decode(drawn)


def rerun(path: Path) -> None:
    """Execute one notebook and store it with its outputs, and its pictures that the README shows."""
    from nbclient import NotebookClient  # comes with JupyterLab; the tests that share this file do without

    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False).execute()
    nbformat.write(stored(notebook), path)
    for name, (source, words) in PICTURES.items():
        if source == path.name:
            (ROOT / "notebooks" / "pictures" / name).write_bytes(picture(notebook, words))


def main() -> None:
    """Run everything with state and cache of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {"DYNO_STATE_DIR": scratch, "DYNO_CACHE_DIR": scratch}
        for path in NOTEBOOKS:
            rerun(path)
        text = README.read_text(encoding="utf-8")
        found = EXAMPLE.search(text)
        if found is None:
            raise SystemExit("README.md holds no ```python block with a ```text block below it")
        start, end = found.span("printed")
        README.write_text(text[:start] + printed_by(found["code"]) + text[end:], encoding="utf-8")


if __name__ == "__main__":
    main()
