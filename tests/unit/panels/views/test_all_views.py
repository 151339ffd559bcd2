"""What all views have in common: one draw at a time, and no failure that nobody sees."""

import sys
import threading
import time

import ipywidgets
import pandas as pd
import pytest

from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.views.accessible import AccessiblePanel
from dyno_frames.panels.views.widgets.builder import QueryBuilder
from dyno_frames.panels.views.widgets.lists import ListPanel
from dyno_frames.panels.views.widgets.panel import CampaignPanel


def waits_or_draws(thread, draws):
    """Wait until a thread draws too, or waits in the store for its turn."""
    deadline = time.monotonic() + 30
    while thread.ident not in draws:
        frame = sys._current_frames().get(thread.ident)
        if frame is not None and frame.f_code.co_name == "_call_listeners":
            return
        assert time.monotonic() < deadline
        time.sleep(0.001)


def overlapping(view, answer):
    """Return a view whose first draw lets an answer arrive, and the threads that drew while another one did."""

    class Slow(view):
        draws, overlaps, answered = {}, [], None

        def _draw(self, state):
            mine = threading.get_ident()
            self.overlaps.extend(other for other in self.draws if other != mine)
            self.draws[mine] = True
            if self.answered is None:
                Slow.answered = threading.Thread(target=answer)
                self.answered.start()
                waits_or_draws(self.answered, self.draws)
            super()._draw(state)
            del self.draws[mine]

    return Slow


@pytest.mark.parametrize("view", [CampaignPanel, AccessiblePanel])
def test_an_answer_that_comes_while_a_panel_is_built_waits_for_its_turn(kit, view):
    client = kit.scripted(kit.row())
    other = kit.control(client)
    slow = overlapping(view, lambda: other.dispatch(on.RefreshRequested()))
    client.campaigns.rows["c1"]["subject"] = "Summer"
    panel = slow(client, pd.DataFrame([kit.row()]), watch=False, clock=kit.Clock(), spawn=kit.here)
    slow.answered.join(10)
    assert slow.overlaps == []
    assert panel.control.state.open_campaign.subject == "Summer"
    panel.close()


def test_an_answer_that_comes_while_a_builder_is_built_waits_for_its_turn_and_types_nothing(client):
    question = "name.str.startswith('W') and created < '2026-06-01' and opens.isna()"
    held = []

    def answer():
        held.pop()()

    slow = overlapping(QueryBuilder, answer)
    builder = slow(client.campaigns, question, spawn=held.append)
    slow.answered.join(30)
    assert slow.overlaps == []
    assert builder.query == question
    assert builder.session.state.serial == 1, "nobody typed anything"
    assert builder.session.state.planned is not None
    builder.close()


def shown(panel):
    if isinstance(panel, AccessiblePanel):
        return f"{panel.view['notice']['word']}: {panel.view['notice']['text']}"
    return "\n".join(w.value for w in everything(panel) if isinstance(w, ipywidgets.HTML))


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def refresh(panel):
    if isinstance(panel, AccessiblePanel):
        panel._receive(panel, {"kind": "refresh"}, [])
    else:
        next(w for w in everything(panel) if getattr(w, "description", "") == "Refresh").click()


@pytest.mark.parametrize("view", [CampaignPanel, AccessiblePanel])
def test_a_state_that_a_panel_cannot_draw_is_said_and_the_next_one_is_drawn(kit, view):
    client = kit.scripted(kit.row())
    panel = view(client, "c1", watch=False, clock=kit.Clock(), spawn=kit.here)
    client.campaigns.rows["c1"]["start_time"] = "key=hunter2"
    refresh(panel)
    assert "the panel itself failed (AttributeError); check the campaign before you act." in shown(panel)
    assert "hunter2" not in shown(panel)
    client.campaigns.rows["c1"]["start_time"] = pd.NaT
    refresh(panel)
    assert "failed" not in shown(panel)
    panel.close()


def test_a_message_of_the_page_that_breaks_the_panel_itself_is_said(kit):
    class Clock(kit.Clock):
        broken = False

        def __call__(self):
            if self.broken:
                raise OSError("no clock")
            return self.now

    clock = Clock()
    panel = AccessiblePanel(kit.scripted(kit.row()), "c1", watch=False, clock=clock, spawn=kit.here)
    panel._receive(panel, {"kind": "press", "button": "start"}, [])
    serial = panel.view["form"]["serial"]
    clock.broken = True
    said = {"kind": "form", "serial": serial, "when": "", "time_zone": "", "fold": None, "overrides": []}
    panel._receive(panel, said, [])
    assert "the panel itself failed (OSError); check the campaign before you act." in shown(panel)
    panel.close()


def test_a_refresh_of_lists_that_fails_in_any_way_is_said(client):
    panel = client.lists.panel()
    assert isinstance(panel, ListPanel)

    class Broken:
        def __getattr__(self, name):
            raise RuntimeError("key=hunter2")

    panel._sources = Broken(), Broken()
    panel._refresh()
    assert "Failed" in shown(panel)
    assert "RuntimeError" in shown(panel)
    assert "hunter2" not in shown(panel)
    panel.close()
