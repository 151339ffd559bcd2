"""What a screen reader is told of the panel, held against what it was told before.

``DYNO_GOLDEN=write pytest tests/browser/test_reader.py`` writes the files anew; read the difference before keeping it.
"""

import os
import re
from pathlib import Path

import pytest
from steps import cells, press, shows, violations

pytestmark = pytest.mark.browser

GOLDEN = Path(__file__).with_name("golden")
VARIES = {
    r"\d\d:\d\d:\d\d UTC": "a time",
    r"\d+ seconds": "some seconds",
    r"dyno-\w+-\d+-\w+": "an id",
}


def told(page):
    """Return the panel as a reader has it, without what differs from run to run."""
    text = page.locator(".dyno-panel").aria_snapshot()
    for pattern, word in VARIES.items():
        text = re.sub(pattern, word, text)
    return text + "\n"


def same_as_before(page, name):
    path, now = GOLDEN / f"{name}.yml", told(page)
    if os.environ.get("DYNO_GOLDEN") == "write":
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8")
    assert violations(page) == []


@pytest.mark.parametrize("view", ["CampaignPanel", "AccessiblePanel"])
def test_a_reader_is_told_what_the_eye_sees(account, open_cells, view):
    page = open_cells(*cells(account, "client.campaigns.find(order_by='name')", view))
    press(page, "^To many$")
    shows(page, "12,034 recipients")
    shows(page, "Why are others unavailable")
    shows(page, r"as of \d")
    same_as_before(page, f"{view}-chosen")
    press(page, "^Start or schedule")
    shows(page, "Leave a field empty to keep its value")
    same_as_before(page, f"{view}-form")
    press(page, "^Review…$")
    shows(page, "You are about to send")
    shows(page, "expires in")
    same_as_before(page, f"{view}-review")
