"""Lists: how large they are, and how they grew by what their campaigns remember."""

import re
from html.parser import HTMLParser

import ipywidgets
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dyno_frames as dyno
from dyno_frames.errors import ConnectError
from dyno_frames.panels.lists.growth import ListGrowth, growth_frame, list_growth
from dyno_frames.panels.views.widgets.lists import ListPanel, row_html, table


def mailed(*rows):
    names = ["list_id", "start_time", "created", "recipients", "sent", "unsubscribes"]
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names)
    for name in ("start_time", "created"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[s, UTC]")
    return frame.astype(dict.fromkeys(names[3:], "Int64"))


LISTS = pd.DataFrame({"id": ["a", "b", "c"], "name": ["Small", "Large", None], "contacts": [100, 900, 0]})


def test_growth_is_from_the_first_month_of_a_year_and_a_month_is_as_large_as_its_largest_campaign():
    campaigns = mailed(
        ("a", "2024-01-05", "2024-01-01", 7, 7, 1),  # more than a year before the last
        ("a", "2025-12-05", "2025-12-01", 40, 40, 2),
        ("a", "2025-12-20", "2025-12-01", 50, 50, 3),
        ("a", None, "2026-11-02", 90, 90, None),
        ("a", "2026-11-10", "2026-11-01", 95, 0, 0),  # not sent
    )
    [large, small, unnamed] = list_growth(LISTS, campaigns)
    assert (small.name, small.contacts, small.campaigns, small.unsubscribes) == ("Small", 100, 3, 5)
    assert small.sizes == (("2025-12", 50), ("2026-11", 90))
    assert small.change == pytest.approx(1.0)
    assert small.last_at == pd.Timestamp("2026-11-02", tz="UTC")
    assert (large.sizes, large.change, large.last_at) == ((), None, None)
    assert unnamed == ListGrowth("c", "", 0)


def test_no_campaigns_and_no_lists_have_tables_too():
    assert [one.campaigns for one in list_growth(LISTS, mailed())] == [0, 0, 0]
    empty, full = (
        growth_frame(list_growth(LISTS.iloc[:0], mailed())),
        growth_frame(list_growth(LISTS, mailed())),
    )
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert "<svg" not in table(list_growth(LISTS, mailed()))


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)


@settings(deadline=None)
@given(st.text(alphabet="<>&\"'ab/=", max_size=20))
def test_no_name_becomes_markup(name):
    reader = Reader()
    reader.feed(table([ListGrowth("a", name, 5, sizes=((name, 3), (name, 4)))]))
    tables = {"table", "thead", "tbody", "tr", "th", "td", "p"}
    assert reader.tags == tables | {"svg", "title", "polyline", "circle"}
    reader.feed(row_html(ListGrowth("a", name, 5, sizes=((name, 3), (name, 4)))))
    assert reader.tags == tables | {"div", "span", "svg", "title", "polyline", "circle"}


def heading(panel, words):
    return next(one for one in panel._headings.box.children if getattr(one, "description", "") == words)


def test_lists_have_a_panel_with_its_numbers(client):
    panel = client.lists.panel()
    assert isinstance(panel, ListPanel)
    assert repr(panel) == "ListPanel of 8 lists"
    lists = client.lists.find().set_index("id")
    assert panel.frame.set_index("id")["contacts"].to_dict() == lists["contacts"].to_dict()
    assert panel.frame["contacts"].is_monotonic_decreasing
    heading(panel, "List").click()
    assert panel.frame["name"].str.casefold().is_monotonic_increasing
    heading(panel, "List ▲").click()
    assert panel.frame["name"].str.casefold().is_monotonic_decreasing
    heading(panel, "Change in 12 months").click()
    known = panel.frame["change"].dropna()
    assert known.is_monotonic_decreasing
    assert panel.frame["change"].iloc[: len(known)].notna().all()
    assert "<svg" in panel._rows.value
    saved = panel._repr_mimebundle_()["text/html"]
    assert "<svg" in saved
    assert "Unsubscribes" in saved
    panel.close()


def test_without_a_server_lists_turn_gray_keep_what_was_read_and_recover_on_refresh(client):
    class Lost:
        def __getattr__(self, name):
            raise ConnectError("no connection")

    panel = client.lists.panel()
    sources, panel._sources = panel._sources, (Lost(), Lost())
    button = next(w for w in panel.children[1].children[1].children if isinstance(w, ipywidgets.Button))
    button.click()
    assert re.search(r"Connection lost at \d\d:\d\d UTC. Refresh tries again.", panel._notice.value)
    assert "dyno-lost" in panel._dom_classes
    assert "Weekly digest" in panel._rows.value
    panel._sources = sources
    button.click()
    assert panel._notice.value == ""
    assert "dyno-lost" not in panel._dom_classes
    panel.close()


def test_an_account_without_lists_says_how_to_create_one():
    with dyno.sandbox(load={}, speed=0) as empty, empty.client() as client:
        panel = client.lists.panel()
        assert "No lists yet." in panel._note.value
        assert panel._table.layout.display == "none"
        panel.close()


def test_a_failed_refresh_keeps_what_was_read(sandbox):
    from dyno_frames.api import connect

    with connect(sandbox.url, sandbox.api_key, name="lists") as connected:
        panel = connected.lists.panel()
    panel._refresh()
    assert "The table shows what was read before" in panel._notice.value
    assert "Weekly digest" in panel._rows.value
    panel.close()
