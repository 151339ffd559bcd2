"""How the panel looks: at every width each word of it can be read."""

import pandas as pd
import pytest
from steps import cells, picture, press, shows, violations

pytestmark = pytest.mark.browser

# What does not fit its place, and what stands on what, by the words in it.
FAULTS = """panel => {
  const box = panel.getBoundingClientRect();
  const parts = [...panel.querySelectorAll('.dyno-td, .dyno-metric, dd, button, input, select')]
    .filter(part => part.getClientRects().length && (part.textContent || part.matches('input')));
  const cut = parts.filter(part => part.scrollWidth > part.clientWidth + 1);
  const beyond = parts.filter(part => part.getBoundingClientRect().right > box.right + 1);
  const clash = (a, b) => !a.contains(b) && !b.contains(a) && (([p, q]) =>
    p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1
  )([a.getBoundingClientRect(), b.getBoundingClientRect()]);
  const overlapping = parts.flatMap((a, i) => parts.slice(i + 1).filter(b => clash(a, b)));
  return [cut, beyond, overlapping].map(found => found.map(part => part.textContent));
}"""

# Where the first and the last character of a name are.
ENDS = """row => {
  const text = document.createTreeWalker(row, NodeFilter.SHOW_TEXT).nextNode();
  return [0, text.length - 1].map(at => {
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect().left;
  });
}"""

ROWS = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "name": [
            "Winter clearance",
            "Holiday gifts, second and last reminder of the season",
            "Draft",
            "עדכון שבועי (خبر) 50%",
        ],
        "status": ["running", "scheduled", "draft", "finished"],
        "recipients": [216_714, 1_216_714, 0, 1_216_714],
        "sent": [69_436, 0, 0, 1_216_714],
        "delivered": [67_000, 0, 0, 1_200_000],
        "opens": [22_345, 0, 0, 400_000],
        "clicks": [2_345, 0, 0, 40_000],
        "bounces": [2_436, 0, 0, 16_714],
        "complaints": [99, 0, 0, 12],
        "start_time": pd.to_datetime([1793606400, 1793606400, None, 1793606400], unit="s", utc=True),
        "created": pd.Timestamp("2026-10-01", tz="UTC"),
        "updated": pd.Timestamp("2026-10-01", tz="UTC"),
        "time_zone": ["America/Argentina/Buenos_Aires", "Europe/Paris", None, "UTC"],
    }
)


@pytest.mark.parametrize("account", [ROWS], ids=["long"], indirect=True)
@pytest.mark.parametrize("view", ["CampaignPanel", "AccessiblePanel"])
def test_nothing_is_cut_or_overlaps_from_a_phone_to_a_desk(account, open_cells, tmp_path, view):
    page = open_cells(*cells(account, "client.campaigns.find(order_by='name')", view))
    shows(page, r"69,436 of 216,714 \(32%\)")
    press(page, "Winter clearance")
    shows(page, "above 2%")
    panel = page.locator(".dyno-panel")
    found = {}
    for width in (400, 640, 800, 980, 1280):
        page.set_viewport_size({"width": width, "height": 1400})
        picture(page, tmp_path, f"{view}-{width}")
        found[width] = panel.evaluate(FAULTS)
    first, last = page.get_by_role("button", name="עדכון").evaluate(ENDS)
    assert last < first
    assert violations(page) == []
    assert found == {width: [[], [], []] for width in found}
