"""The panel of many campaigns: order, marks, and one review for several."""

import re

import pytest
from steps import cells, picture, press, shows

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("view", ["CampaignPanel", "AccessiblePanel"])
def test_several_are_selected_reviewed_by_name_and_acted_on_once_each(account, open_cells, tmp_path, view):
    page = open_cells(*cells(account, "client.campaigns.find(order_by='name')", view))
    for place, name in enumerate(("Weekly news", "Half way")):  # what runs comes first
        page.locator(".dyno-row").nth(place).filter(has_text=name).wait_for()
    press(page, "^Campaign$")
    page.locator(".dyno-row").nth(1).filter(has_text="Half way").wait_for()
    for name in ("Half way", "Weekly news"):
        page.get_by_label(f"Select {name}").check()
    picture(page, tmp_path, f"{view}-selected")
    press(page, "^Pause 2 selected campaigns…$")
    shows(page, "You are about to pause 1 campaign")
    shows(page, "Left out: Half way: only for running campaigns; this one is paused")
    press(page, "^Keep them as they are$")
    shows(page, "Nothing was sent")
    press(page, "^Stop 2 selected campaigns…$")
    shows(page, "You are about to stop 2 campaigns for good")
    page.get_by_label("Type stop to confirm").fill("stop")
    picture(page, tmp_path, f"{view}-review-of-two")
    assert account.acts() == {}
    press(page, "^Stop 2 campaigns$", clicks=3)
    shows(page, "Stop: 2 applied")
    assert account.acts() == {"stop": 2}
    assert page.get_by_label(re.compile("^Select (?!this)")).filter(visible=True).count() == 4
    page.get_by_label("Find").fill("many")
    page.get_by_label("Find").press("Enter")
    shows(page, "page 1 of 1, 1 campaign")
    picture(page, tmp_path, f"{view}-filtered")
