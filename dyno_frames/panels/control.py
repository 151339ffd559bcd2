"""A panel without a screen: state, client and watcher put together; scripts and every view stand on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, KEY
from dyno_frames.errors import SchemaError
from dyno_frames.panels import actions as on
from dyno_frames.panels.campaign import COUNTS, READ, Campaign
from dyno_frames.panels.desk import desk_of
from dyno_frames.panels.effects import Effect
from dyno_frames.panels.facts import Entry
from dyno_frames.panels.phases import BulkReview, Review
from dyno_frames.panels.ports import Client
from dyno_frames.panels.reduce import adopt, reduce
from dyno_frames.panels.runner import Runner
from dyno_frames.panels.state import State
from dyno_frames.panels.store import Effects, Share, Spawn, Store, on_a_thread
from dyno_frames.panels.watch import INTERVAL_S, PeriodicThread, Watched, watching

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


class CampaignControl:
    """What a panel does, without showing it. ``print`` it to see where it stands.

    All controls of one connection know the same of a campaign: what one reads, another shows; while one acts
    on a campaign, no other can.

    Parameters
    ----------
    client
        The connection.
    subject
        A campaign's id, or a frame of campaigns with a column ``id``.
    watch
        Whether it moves by itself: running campaigns on the page shown are read again every two seconds,
        scheduled ones every sixteen, for they begin by themselves; and a review counts its last minute.
    clock, spawn, interval_s
        The time, where effects run, and the watcher's pause; for tests.

    Raises
    ------
    SchemaError
        The frame has no ids, or is not one of campaigns.
    DynoError
        The one campaign asked for cannot be read.
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
        self.clock = clock
        runner = Runner(client, clock)
        desk = self._desk = desk_of(client, runner.unresolved)
        came = runner.opened(subject) if isinstance(subject, str) else on.CampaignsRead((), (), clock())
        rows = came.campaigns if isinstance(subject, str) else campaigns(subject)
        self.store: Store[State, on.PanelAction, Effect] = Store(
            State.about(rows, facts=desk.facts),
            reduce,
            Effects(runner.run, runner.failed, runner.not_started),
            spawn=spawn,
            share=Share(desk, adopt, lambda state: state.facts),
        )
        self.store.dispatch(came)
        self.watcher = watching(
            lambda: desk.claim(self.store.seat, watched(self.store.state)),
            lambda ids: self.store.dispatch(runner.read(ids)),
            lambda message: self.store.dispatch(on.WatchStopped(message)),
            interval_s=interval_s,
        )
        self.ticker = PeriodicThread(
            lambda: isinstance(self.store.state.phase, Review | BulkReview),
            lambda: self.store.dispatch(on.Ticked(clock())),
            interval_s=min(1.0, interval_s),
            name="dyno-countdown",
        )
        if watch:
            self.store.seat.wake = self.watcher.wake
            self.store.subscribe(lambda _state: self._wake())

    def _wake(self) -> None:
        self.watcher.wake()
        self.ticker.wake()
        self._desk.pass_on(self.store.seat)

    @property
    def state(self) -> State:
        """What the panel knows now."""
        return self.store.state

    def dispatch(self, action: on.PanelAction) -> None:
        """Tell the panel that something happened."""
        self.store.dispatch(action)

    @property
    def journal(self) -> pd.DataFrame:
        """What was done to these campaigns in this interpreter: one row per action, with its outcome."""
        names = list(Entry.__dataclass_fields__)
        frame = pd.DataFrame([asdict(entry) for entry in self.state.journal], columns=names)
        frame["at"] = pd.to_datetime(frame["at"], utc=True).astype("datetime64[s, UTC]")
        return frame.astype({name: "str" for name in names if name != "at"})

    def close(self) -> None:
        """Stop watching and tell no view any more."""
        self.watcher.close()
        self.ticker.close()
        self.store.silence()

    def __str__(self) -> str:
        from dyno_frames.panels.views.text import page

        return "\n".join(page(self.state))

    def __repr__(self) -> str:
        return f"CampaignControl of {len(self.state.rows):,} campaigns"


def campaigns(frame: pd.DataFrame) -> tuple[Campaign, ...]:
    """Return a frame's campaigns, each once, as values that still have to be read.

    Raises
    ------
    SchemaError
        There are no ids, or the frame is not one of campaigns.
    """
    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(f"a panel shows a campaign's id or a DataFrame of campaigns, got {frame!r:.80}")
    resource = (frame.attrs.get("dyno") or {}).get("resource", CAMPAIGNS.name)
    if resource != CAMPAIGNS.name:
        raise SchemaError(f"a panel controls campaigns; this frame holds {resource}")
    if KEY not in frame.columns:
        raise SchemaError(
            f"a panel needs the column {KEY!r}; this frame has {[str(name) for name in frame.columns]}"
        )
    rows = frame[frame[KEY].notna()].drop_duplicates(KEY)
    columns = {name: _values(rows[name], _KINDS.get(name, str)) for name in READ if name in rows.columns}
    names = tuple(columns)
    return tuple(
        Campaign(**{name: value for name, value in zip(names, values, strict=True) if value is not None})
        for values in zip(*columns.values(), strict=True)
    )


_KINDS: dict[str, Callable[[Any], Any]] = dict.fromkeys(COUNTS, int) | {"start_time": lambda value: value}


def _values(column: pd.Series[Any], kind: Callable[[Any], Any]) -> list[Any]:
    """Return a column's values, None for nulls: at once, since a table may have thousands of rows."""
    known = column.notna().to_numpy()
    return [kind(value) if is_known else None for value, is_known in zip(column.tolist(), known, strict=True)]


def watched(state: State) -> Watched:
    """Return what is worth watching of those shown: what runs, or will; nothing where it was given up."""
    if state.watch_note:
        return Watched()
    shown = {row.id: row.status for row in (*state.visible, *filter(None, [state.chosen]))}
    quiet = {key: status for key, status in shown.items() if key not in state.facts.busy}
    return Watched(
        often=tuple(key for key, status in quiet.items() if status == Status.RUNNING),
        seldom=tuple(key for key, status in quiet.items() if status == Status.SCHEDULED),
    )
