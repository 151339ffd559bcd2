"""Holds a panel's state: the one place where it changes, whatever thread an action comes from."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dyno_frames.panels.actions import PanelAction
from dyno_frames.panels.effects import Effect
from dyno_frames.panels.reduce import reduce
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
        Where effects run.
    """

    def __init__(
        self, state: State, run: Callable[[Effect], PanelAction | None], *, spawn: Spawn = on_a_thread
    ) -> None:
        self._state = state
        self._run = run
        self._spawn = spawn
        self._changing = threading.Lock()
        self._telling = threading.RLock()
        self._listeners: list[Callable[[State], None]] = []

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    def subscribe(self, listener: Callable[[State], None]) -> None:
        """Tell a listener of every new state, one call at a time."""
        self._listeners.append(listener)

    def silence(self) -> None:
        """Tell nobody any more."""
        self._listeners.clear()

    def dispatch(self, action: PanelAction) -> None:
        """Apply an action, tell the listeners, and start what it asks for."""
        with self._changing:
            self._state, effects = reduce(self._state, action)
        with self._telling:
            for listener in tuple(self._listeners):
                listener(self._state)
        for effect in effects:
            self._spawn(lambda effect=effect: self._settle(effect))  # type: ignore[misc]  # bound per effect

    def _settle(self, effect: Effect) -> None:
        answer = self._run(effect)
        if answer is not None:
            self.dispatch(answer)
