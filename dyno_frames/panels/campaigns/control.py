"""A campaign panel without a screen: state, client and threads put together. Scripts and all views use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import pandas as pd

from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.client_effects import ClientEffects, arguments
from dyno_frames.panels.campaigns.effects import Effect
from dyno_frames.panels.campaigns.facts import Facts, JournalEntry
from dyno_frames.panels.campaigns.frame import campaigns_of
from dyno_frames.panels.campaigns.phases import BulkReview, Review
from dyno_frames.panels.campaigns.plain_text import full_text
from dyno_frames.panels.campaigns.ports import Client
from dyno_frames.panels.campaigns.reducer import adopt, reduce
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.campaigns.watch import INTERVAL_S, watch_thread, watched
from dyno_frames.panels.runtime.periodic import PeriodicThread
from dyno_frames.panels.runtime.runner import Spawn, on_a_thread
from dyno_frames.panels.runtime.shared_state import SharedState, Sharing
from dyno_frames.panels.runtime.store import Store

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


class CampaignControl:
    """What a campaign panel does, without showing it. ``print`` it to see its state.

    All controls of one connection share what they know: what one of them reads, the others show, and while one of
    them sends an action for a campaign, no other can.

    Parameters
    ----------
    client
        The connection.
    subject
        A campaign's id, or a frame of campaigns with a column ``id``.
    watch
        Whether to read campaigns again by itself: running ones on the visible page every two seconds, scheduled
        ones every sixteen. Also counts down an open review.
    clock, spawn, interval_s
        The time, where effects run, and the seconds between two reads; for tests.

    Raises
    ------
    SchemaError
        The frame has no ids, or is not one of campaigns.
    DynoError
        The campaign with this id cannot be read.

    Examples
    --------
    >>> control = CampaignControl(client, "84830ba7-…")  # doctest: +SKIP
    >>> print(control)  # doctest: +SKIP
    Campaign control · 1 campaign · as of 12:00:00 UTC
    """

    def __init__(
        self,
        client: Client,
        subject: str | pd.DataFrame,
        *,
        watch: bool = True,
        clock: Clock = utc_now,
        spawn: Spawn = on_a_thread,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self.clock, self._client = clock, client
        effects = ClientEffects(client, clock)
        self._shared = shared_facts(client, effects.unresolved)
        if isinstance(subject, str):
            read = effects.read_existing(subject)
        else:
            read = on.CampaignsRead(campaigns_of(subject), (), clock())
        self.store: Store[State, on.PanelAction, Effect] = Store(
            replace(State.of(read.campaigns, facts=self._shared.value), retries=watch),
            reduce,
            effects,
            spawn=spawn,
            sharing=Sharing(self._shared, adopt, lambda state: state.facts),
        )
        if isinstance(subject, str):
            self.store.dispatch(read)
        self.watcher = watch_thread(
            lambda: self._shared.claim(self.store.subscriber, watched(self.state)),
            lambda ids: self.store.dispatch(effects.read_again(ids)),
            lambda message: self.store.dispatch(on.WatchStopped(message)),
            interval_s=interval_s,
        )
        self.countdown = PeriodicThread(
            lambda: isinstance(self.state.phase, Review | BulkReview),
            lambda: self.store.dispatch(on.ClockTicked(clock())),
            interval_s=min(1.0, interval_s),
            name="dyno-countdown",
        )
        if watch:
            self.store.subscriber.wake = self.watcher.wake
            self.store.subscribe(self._wake)

    def _wake(self, _state: State) -> None:
        self.watcher.wake()
        self.countdown.wake()
        self._shared.wake_others(self.store.subscriber)

    @property
    def state(self) -> State:
        """The panel's state now."""
        return self.store.state

    def dispatch(self, action: on.PanelAction) -> None:
        """Apply an action, as if the user had done it."""
        self.store.dispatch(action)

    def program(self, review: Review, language: str) -> str:
        """Return the action of a review as a program in a language, for example ``"curl"``. Nothing is sent."""
        request = review.request
        write = self._client.campaigns.to_code
        return write(request.action.value, request.campaign_id, language=language, **arguments(request))

    @property
    def journal(self) -> pd.DataFrame:
        """The actions sent for these campaigns in this interpreter, one row per action, with its outcome."""
        names = list(JournalEntry.__dataclass_fields__)
        frame = pd.DataFrame([asdict(entry) for entry in self.state.journal], columns=names)
        frame["at"] = pd.to_datetime(frame["at"], utc=True).astype("datetime64[s, UTC]")
        return frame.astype({name: "str" for name in names if name != "at"})

    def close(self) -> None:
        """Stop the threads, and draw no view any more."""
        self.watcher.close()
        self.countdown.close()
        self.store.close()

    def __str__(self) -> str:
        return full_text(self.state)

    def __repr__(self) -> str:
        return f"CampaignControl of {len(self.state.rows):,} campaigns"


_SHARED: WeakKeyDictionary[object, SharedState[Facts]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def shared_facts(client: object, unresolved: Callable[[], Mapping[str, str]] = dict) -> SharedState[Facts]:
    """Return the facts of a connection: the same for every panel, for as long as the connection lives.

    Parameters
    ----------
    client
        The connection.
    unresolved
        Is called for the first panel. Returns the campaigns whose last action has an unknown outcome, with what is
        known about it.
    """
    with _LOCK:
        known = _SHARED.get(client)
        if known is None:
            known = _SHARED[client] = SharedState(Facts(unresolved=unresolved()))
        return known
