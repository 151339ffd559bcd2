"""Draw the pictures of panel and builder that README and notebooks show: ``python tests/browser/pictures.py``.

The account is the sample one of the practice server, so every name and figure is simulated.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))

from front import Front
from steps import press, shows

import dyno_frames as dyno
from dyno_frames.cli import page as pages
from dyno_frames.cli.jupyter import write_notebook

PICTURES = Path(__file__).parents[2] / "notebooks" / "pictures"
CHROMIUM = os.environ.get("DYNO_CHROMIUM", "/usr/bin/chromium")
CELLS = """\
import dyno_frames as dyno
from dataclasses import replace

client = dyno.connect()
client.campaigns.poll_policy = replace(client.campaigns.poll_policy, settle_s=0.1)
client.campaigns.find("status in ['running', 'paused', 'scheduled']", order_by="created", ascending=False).dyno.panel()"""


BUILDER_CELLS = """\
import dyno_frames as dyno

client = dyno.connect()
question = "status == 'finished' and recipients > 100_000 and subject.str.contains('sale', case=False)"
client.campaigns.frame().dyno.builder(question)"""


@contextmanager
def account():
    """The sample account, behind a front that can lose an answer."""
    with dyno.sandbox(speed=0) as box:
        front = Front(urlsplit(box.url).netloc)
        thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield front, box
        finally:
            front.shutdown()
            thread.join()
            front.server_close()


@contextmanager
def served(front, box, folder, cells):
    """A notebook as a page; returns its address."""
    folder.mkdir()
    write_notebook(folder / "panel.ipynb", [("code", cells)])
    given = {"DYNO_URL": front.url, "DYNO_API_KEY": box.api_key, "DYNO_STATE_DIR": str(folder)}
    program = subprocess.Popen(
        pages.command_line(folder / "panel.ipynb", None),
        env=pages.page_environment("pictures", given),
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield (
            next(found[0] for line in program.stderr if (found := re.search(r"http://127\S+/", line)))
            + "?token=pictures"
        )
    finally:
        program.terminate()
        program.communicate(timeout=60)


def plain(box):
    """Take a sign out of the subject that few fonts can draw."""
    with box.client() as client:
        paused = client.campaigns.find("status == 'paused'", order_by="created", ascending=False, limit=1)
        client.campaigns.update(paused["id"].iloc[0], subject="Gifts under $25")


def draw(page, front, box):
    """Go through what is worth a picture."""
    panel = page.locator(".dyno-panel")

    def keep(name):
        page.mouse.move(0, 0)
        panel.screenshot(path=PICTURES / f"{name}.png")

    shows(page, r"as of \d")
    page.locator(".dyno-row").first.click()
    shows(page, "Why are others unavailable")
    press(page, "^Pause$")
    shows(page, "Pause: applied")
    plain(box)
    press(page, "^Refresh$")
    page.locator(".dyno-panel dd").get_by_text("Gifts under $25", exact=True).wait_for()
    press(page, "^Update and resume")
    page.get_by_label("subject").fill("Gifts under $25, still in time")
    press(page, "^Review…$")
    shows(page, "You are about to resume")
    keep("panel")
    front.losing.add("update_and_resume")
    number = re.search(r"remaining ([\d,]+)", panel.inner_text())[1]
    page.get_by_label(re.compile("to confirm$")).fill(number)
    press(page, "^Resume to")
    shows(page, "Outcome unknown")
    keep("panel_unknown")
    front.let_go()
    press(page, "^Check again$")
    shows(page, "The last action was applied")
    press(page, "^Select this page$")
    press(page, "^Stop .* selected campaigns")
    shows(page, "You are about to stop")
    keep("panel_many")


def draw_builder(page):
    """Fetch what the builder begins with."""
    builder = page.locator(".dyno-builder")
    builder.get_by_text(re.compile("must be downloaded")).first.wait_for()
    press(page, "^Fetch rows$")
    builder.get_by_text("rows fetched").wait_for()
    page.mouse.move(0, 0)
    builder.screenshot(path=PICTURES / "builder.png")


def main():
    from playwright.sync_api import sync_playwright

    with (
        tempfile.TemporaryDirectory() as folder,
        account() as (front, box),
        served(front, box, Path(folder, "panel"), CELLS) as panel,
        served(front, box, Path(folder, "builder"), BUILDER_CELLS) as builder,
        sync_playwright() as driver,
    ):
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1100, "height": 1400})
        page.set_default_timeout(60_000)
        page.goto(builder)
        draw_builder(page)
        page.goto(panel)
        draw(page, front, box)
        chromium.close()


if __name__ == "__main__":
    main()
