"""Holds a panel's state: the one place where it changes, whatever thread an action comes from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from dyno_frames.panels.actions import PanelAction
from dyno_frames.panels.desk import Desk, Seat
from dyno_frames.panels.effects import Effect
from dyno_frames.panels.reduce import adopt, reduce
from dyno_frames.panels.state import State

Spawn = Callable[[Callable[[], None]], None]
"""Runs a piece of work somewhere else, or here and now."""


def on_a_thread(work: Callable[[], None]) -> None:
    """Run work on a daemon thread: a click never blocks the kernel, and no thread outlives it."""
    threading.Thread(target=work, name="dyno-panel", daemon=True).start()


class Store:
    """State, and those who are told when it changes.

    Parameters
    ----------
    state
        Where it begins.
    run
        Performs one effect and returns the action that answers it.
    spawn
        Where effects run; those of one action run one after the other.
    desk
        What is shared with other panels; without, nothing is.
    """

    def __init__(
        self,
        state: State,
        run: Callable[[Effect], PanelAction | None],
        *,
        spawn: Spawn = on_a_thread,
        desk: Desk | None = None,
    ) -> None:
        self._state = state
        self._run = run
        self._spawn = spawn
        self._desk = desk or Desk()
        self._listeners: list[Callable[[State], None]] = []
        self.seat = Seat(self._learn)
        self._desk.join(self.seat)

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    def subscribe(self, listener: Callable[[State], None]) -> None:
        """Tell a listener of every new state, one call at a time."""
        self._listeners.append(listener)

    def silence(self) -> None:
        """Tell nobody any more, and leave the desk to the other panels."""
        self._listeners.clear()
        self._desk.leave(self.seat)

    def dispatch(self, action: PanelAction) -> None:
        """Apply an action, tell the listeners, and start what it asks for."""
        desk = self._desk
        with desk.changing:
            before = desk.facts
            self._state, effects = reduce(adopt(self._state, before), action)
            desk.facts = self._state.facts
            learnt = desk.facts is not before
        self._tell()
        if learnt:
            for seat in desk.others(self.seat):
                seat.learn()
        if effects:
            self._spawn(lambda: self._settle(effects))

    def _learn(self) -> None:
        with self._desk.changing:
            self._state = adopt(self._state, self._desk.facts)
        self._tell()

    def _tell(self) -> None:
        with self._desk.telling:
            for listener in tuple(self._listeners):
                listener(self._state)

    def _settle(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            answer = self._run(effect)
            if answer is not None:
                self.dispatch(answer)
