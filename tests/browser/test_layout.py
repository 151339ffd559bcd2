"""How the panel looks: at every width each word of the table can be read."""

import pandas as pd
import pytest
from steps import cells, picture, press, shows

pytestmark = pytest.mark.browser

# What does not fit its place, and what stands on what, by the words in it.
FAULTS = """panel => {
  const box = panel.getBoundingClientRect();
  const parts = [...panel.querySelectorAll('.dyno-cell, .dyno-bar, .dyno-row, .dyno-tools > *')]
    .filter(part => part.getClientRects().length && part.textContent);
  const cut = parts.filter(part => !part.matches('.dyno-row') && part.scrollWidth > part.clientWidth);
  const beyond = parts.filter(part => part.getBoundingClientRect().right > box.right + 1);
  const clash = (a, b) => !a.contains(b) && !b.contains(a) && (([p, q]) =>
    p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1
  )([a.getBoundingClientRect(), b.getBoundingClientRect()]);
  const overlapping = parts.flatMap((a, i) => parts.slice(i + 1).filter(b => clash(a, b)));
  return [cut, beyond, overlapping].map(found => found.map(part => part.textContent));
}"""

ROWS = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "name": ["Winter clearance", "Holiday gifts, second and last reminder of the season", "Draft", "Dé"],
        "status": ["running", "scheduled", "draft", "finished"],
        "recipients": [216_714, 1_216_714, 0, 1_216_714],
        "sent": [69_436, 0, 0, 1_216_714],
        "start_time": pd.to_datetime([1793606400, 1793606400, None, 1793606400], unit="s", utc=True),
        "created": pd.Timestamp("2026-10-01", tz="UTC"),
        "updated": pd.Timestamp("2026-10-01", tz="UTC"),
        "time_zone": ["America/Argentina/Buenos_Aires", "Europe/Paris", None, "UTC"],
    }
)


@pytest.mark.parametrize("account", [ROWS], ids=["long"], indirect=True)
def test_nothing_in_the_table_is_cut_or_stands_on_something_else(account, open_cells, tmp_path):
    page = open_cells(*cells(account, "client.campaigns.find(order_by='name')"))
    shows(page, r"69,436 of 216,714 \(32%\)")
    press(page, "Winter clearance")
    panel = page.locator(".dyno-panel")
    found = {}
    for width in (800, 980, 1400):
        page.set_viewport_size({"width": width, "height": 1000})
        picture(page, tmp_path, f"wide-{width}")
        found[width] = panel.evaluate(FAULTS)
    assert found == {width: [[], [], []] for width in found}
