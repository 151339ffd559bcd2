"""Read running and scheduled campaigns again and again, because they change by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.runtime.periodic import FAILURES, PeriodicThread
from dyno_frames.panels.runtime.shared_state import Watched

INTERVAL_S = 2.0
"""Seconds between two reads of running campaigns."""

SELDOM = 8
"""Scheduled campaigns are read in every eighth round."""

_GAVE_UP = f"Stopped watching after {FAILURES} failed reads; Refresh starts it again."


def watched(state: State) -> Watched:
    """Return the visible campaigns to read again: running ones often, scheduled ones seldom.

    While the connection is lost all of them are read often, until the server answers again.
    """
    if state.watch_note:
        return Watched()
    visible = {row.id: row for row in (*state.visible, *filter(None, [state.open_campaign]))}
    quiet = [row for key, row in visible.items() if key not in state.facts.in_flight]
    lost = state.facts.lost_at is not None
    often = tuple(row.id for row in quiet if lost or row.outdated or row.status == Status.RUNNING)
    seldom = tuple(row.id for row in quiet if row.status == Status.SCHEDULED and row.id not in often)
    return Watched(often, seldom)


def watch_thread(
    wanted: Callable[[], Watched],
    read: Callable[[Sequence[str]], None],
    gave_up: Callable[[str], None],
    *,
    interval_s: float = INTERVAL_S,
) -> PeriodicThread:
    """Return a thread that reads campaigns while there are any to watch.

    Parameters
    ----------
    wanted
        Returns what to read. The thread ends if there is nothing.
    read
        Reads campaigns. May raise.
    gave_up
        Is called with a sentence after three failed rounds in a row.
    interval_s
        Seconds between two rounds.
    """
    rounds = 0

    def tick() -> None:
        nonlocal rounds
        rounds += 1
        now = wanted()
        ids = now.often + (now.seldom if rounds % SELDOM == 0 else ())
        if ids:
            read(ids)

    return PeriodicThread(
        wanted, tick, interval_s=interval_s, gave_up=lambda: gave_up(_GAVE_UP), name="dyno-watch"
    )
