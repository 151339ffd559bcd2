"""What a user does with a panel and sees of it."""

import re
import time

from front import KEY

# A notebook is ready when its kernel has answered, not when the indicator says idle: it does so before.
KERNEL_ANSWERS = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget;
  await notebook.context.ready;
  await notebook.sessionContext.ready;
  await notebook.sessionContext.session.kernel.info;
}"""


def cells(account, subject, view="CampaignPanel", before=""):
    lines = (
        "import dyno_frames as dyno",
        f"client = dyno.connect({account.url!r}, {KEY!r})",
        before,
        f"panel = dyno.{view}(client, {subject})",
        "panel",
    )
    return ("\n".join(lines),)


def press(page, words, clicks=1):
    page.get_by_role("button", name=re.compile(words)).click(click_count=clicks, delay=15)


def shows(page, words):
    page.locator(".dyno-panel").get_by_text(re.compile(words)).first.wait_for()


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.02)


AXE = """async (part) => {
  const rules = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
  const { violations } = await axe.run(part, { runOnly: rules, iframes: false });
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}"""


def violations(page, part=".dyno-panel"):
    """Return what of a page a person with a disability cannot use, by the rules of WCAG 2.2, level AA."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)
    return page.evaluate(AXE, part)


def picture(page, tmp_path, name):
    page.locator(".dyno-panel").screenshot(path=tmp_path / f"{name}.png")
