"""How long a panel of 10,000 campaigns takes to appear, and to filter, sort and turn a page, seen by the browser.

``python -m tests.benchmarks.panel_table`` prints a table; beside it stands the same for a panel of ten campaigns.
Times are of JupyterLab with a page that is loaded and a kernel that is idle: from the call that makes the panel
to the frame in which its rows are painted, and from the event to the frame in which the answer is.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import requests

import dyno_frames as dyno

ROUNDS = 7
CHROMIUM = os.environ.get("DYNO_CHROMIUM", "/usr/bin/chromium")

READY = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget;
  await notebook.context.ready;
  await notebook.sessionContext.ready;
  await notebook.sessionContext.session.kernel.info;
}"""
RUN = "index => { const n = window.jupyterapp.shell.currentWidget.content; n.activeCellIndex = index; return window.jupyterapp.commands.execute('notebook:run-cell'); }"

# Resolves with the time at which a condition was first true in a painted frame.
SEEN = """condition => new Promise(resolve => {
  const holds = new Function('panel', 'return ' + condition);
  const look = () => {
    const panel = [...document.querySelectorAll('.dyno-panel')].pop();
    if (panel && holds(panel)) requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
    else requestAnimationFrame(look);
  };
  look();
})"""
SHOWS = "[...panel.querySelectorAll('.dyno-cell')].some(cell => cell.textContent === {words!r})"
FILTER = """text => {
  const panel = [...document.querySelectorAll('.dyno-panel')].pop();
  const box = panel.querySelector('input[placeholder^="name"]');
  box.value = text;
  box.dispatchEvent(new Event('change', {bubbles: true}));
  return Date.now();
}"""
PRESS = """words => {
  const panel = [...document.querySelectorAll('.dyno-panel')].pop();
  [...panel.querySelectorAll('button')].find(button => button.textContent.startsWith(words)).click();
  return Date.now();
}"""


def campaigns(number: int) -> pd.DataFrame:
    """Return so many campaigns, of every status."""
    rng = np.random.default_rng(8)
    at = pd.Timestamp("2026-01-01", tz="UTC")
    return pd.DataFrame(
        {
            "id": [f"campaign-{i:05}" for i in range(number)],
            "name": [f"Issue {i:05} of the letter" for i in range(number)],
            "subject": [f"What is new, number {i}" for i in range(number)],
            "status": rng.choice(["draft", "scheduled", "paused", "finished", "stopped"], number),
            "created": at,
            "updated": at,
            "recipients": rng.integers(0, 100_000, number),
            "sent": 0,
        }
    )


@contextmanager
def jupyter(folder: Path) -> Iterator[str]:
    """Run JupyterLab in a folder, with nothing of this user's in it."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, url = secrets.token_hex(16), f"http://127.0.0.1:{port}"
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "s"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "w")}
    command = [sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", "--ip=127.0.0.1"]
    command += [f"--port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **own})
        try:
            while True:
                try:
                    requests.get(f"{url}/api/status?token={token}", timeout=1).raise_for_status()
                    break
                except requests.RequestException:
                    time.sleep(0.1)
            yield f"{url}/doc/tree/panel.ipynb?token={token}"
        finally:
            server.terminate()
            server.wait(30)


def counted(number: int) -> str:
    """Return the words below a table of so many campaigns, on its first page."""
    return f"page 1 of {max(-(-number // 10), 1)}, {number:,} campaign{'' if number == 1 else 's'}"


def measured(page: Any, number: int) -> dict[str, list[float]]:
    """Return the times of every step in milliseconds, over the rounds."""
    times: dict[str, list[float]] = {name: [] for name in ("first paint", "filter", "sort", "page")}
    wide = sum("number 3" in f"number {i}" for i in range(number))

    def after(since: float, words: str) -> float:
        return float(page.evaluate(SEEN, SHOWS.format(words=words)) - since)

    for _ in range(ROUNDS):
        page.evaluate(f"index => {{ ({RUN})(index); }}", 1)
        painted = page.evaluate(SEEN, SHOWS.format(words=counted(number)))
        began = page.evaluate(
            "() => [...window.jupyterapp.shell.currentWidget.content.model.cells][1].outputs.toJSON()[0].text"
        )
        times["first paint"].append(painted - float("".join(began)))
        for text, left in (("issue 00003", 1), ("", number), ("number 3", wide), ("", number)):
            times["filter"].append(after(page.evaluate(FILTER, text), counted(left)))
        since = page.evaluate(PRESS, "Campaign")
        times["sort"].append(page.evaluate(SEEN, "panel.textContent.includes('Campaign ▲')") - since)
        if number > 10:
            since = page.evaluate(PRESS, "Next")
            times["page"].append(after(since, counted(number).replace("page 1", "page 2")))
        page.evaluate(f"index => {{ ({RUN})(index); }}", 2)
        page.wait_for_function("() => !document.querySelector('.dyno-panel')")
    return times


def run(number: int) -> dict[str, list[float]]:
    """Return the times for a panel of so many campaigns."""
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as name,
        dyno.sandbox(load={"campaigns": campaigns(number)}, speed=0) as box,
    ):
        folder = Path(name)
        cells = (
            (
                f"import time\nimport dyno_frames as dyno\nclient = dyno.connect({box.url!r}, {box.api_key!r})\n"
                "frame = client.campaigns.find()"
            ),
            "print(1000 * time.time())\npanel = dyno.CampaignPanel(client, frame)\npanel",
            "panel.close()",
        )
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, folder / "panel.ipynb")
        with jupyter(folder) as url, sync_playwright() as driver:
            chromium = driver.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = chromium.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(120_000)
            page.goto(url)
            page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context")
            page.evaluate(READY)
            page.evaluate(RUN, 0)
            found = measured(page, number)
            chromium.close()
    return found


def main() -> None:
    """Measure both panels and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs=2, default=[10, 10_000])
    numbers = parser.parse_args().rows
    few, many = map(run, numbers)
    fewest, most = (f"{number:,} campaigns" for number in numbers)
    print(f"{'step':<12} {most:>28} {fewest:>20} {'ratio':>7}")
    for step, values in many.items():
        middle, worst = statistics.median(values), max(values)
        small = statistics.median(few[step]) if few[step] else float("nan")
        print(
            f"{step:<12} {middle:>12.0f} ms, at most {worst:>5.0f} {small:>17.0f} ms {middle / small:>7.2f}"
        )


if __name__ == "__main__":
    main()
