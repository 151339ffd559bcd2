"""Draw the pictures of panel and builder that README and notebooks show: ``python tests/browser/pictures.py``.

Each has a frame that says that it is a screenshot. Those of the README have a dark variant.
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
from PIL import Image, ImageDraw, ImageFont, ImageOps
from steps import press, shows

import dyno_frames as dyno
from dyno_frames.cli import page as pages
from dyno_frames.cli.jupyter import write_notebook

PICTURES = Path(__file__).parents[2] / "notebooks" / "pictures"
CHROMIUM = os.environ.get("DYNO_CHROMIUM", "/usr/bin/chromium")
DARK = {"builder", "panel"}
"""The pictures of the README."""

FRAME, WORDS = "#8c959f", "white"
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


def keep(shown, name, theme):
    """Store a framed picture of a widget."""
    if theme == "dark" and name not in DARK:
        return
    path = PICTURES / f"{name}{'-dark' * (theme == 'dark')}.png"
    shown.page.mouse.move(0, 0)
    shown.screenshot(path=path)
    with Image.open(path) as drawn:
        framed = ImageOps.expand(drawn.convert("RGB"), (6, 30, 6, 6), fill=FRAME)
    ImageDraw.Draw(framed).text((12, 6), "Screenshot", fill=WORDS, font=ImageFont.load_default(14))
    framed.quantize(256).save(path, optimize=True)


def plain(box):
    """Take a sign out of the subject that few fonts can draw."""
    with box.client() as client:
        paused = client.campaigns.find("status == 'paused'", order_by="created", ascending=False, limit=1)
        client.campaigns.update(paused["id"].iloc[0], subject="Gifts under $25")


def draw(page, front, box, theme):
    """Go through what is worth a picture."""
    panel = page.locator(".dyno-panel")
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
    keep(panel, "panel", theme)
    front.losing.add("update_and_resume")
    number = re.search(r"remaining ([\d,]+)", panel.inner_text())[1]
    page.get_by_label(re.compile("to confirm$")).fill(number)
    press(page, "^Resume to")
    shows(page, "Outcome unknown")
    keep(panel, "panel_unknown", theme)
    front.let_go()
    press(page, "^Check again$")
    shows(page, "The last action was applied")
    press(page, "^Select this page$")
    press(page, "^Stop .* selected campaigns")
    shows(page, "You are about to stop")
    keep(panel, "panel_many", theme)


def draw_builder(page, theme):
    """Fetch what the builder begins with."""
    builder = page.locator(".dyno-builder")
    builder.get_by_text(re.compile("must be downloaded")).first.wait_for()
    press(page, "^Fetch rows$")
    builder.get_by_text("rows fetched").wait_for()
    keep(builder, "builder", theme)


def draw_all(chromium, theme):
    """Draw the pictures of one theme."""
    with (
        tempfile.TemporaryDirectory() as folder,
        account() as (front, box),
        served(front, box, Path(folder, "panel"), CELLS) as panel,
        served(front, box, Path(folder, "builder"), BUILDER_CELLS) as builder,
    ):
        page = chromium.new_page(viewport={"width": 1100, "height": 1800})
        page.set_default_timeout(60_000)
        page.goto(f"{builder}&theme={theme}")
        draw_builder(page, theme)
        page.goto(f"{panel}&theme={theme}")
        draw(page, front, box, theme)
        page.close()


def main():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for theme in ("light", "dark"):
            draw_all(chromium, theme)
        chromium.close()


if __name__ == "__main__":
    main()
