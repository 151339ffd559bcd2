"""Hold a panel's state: the one place where it changes, whatever thread an action comes from.

Every action is handled in the same order: the state changes, its effects start, and then the listeners are called.
A listener that raises therefore loses neither an effect nor another listener's call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from dyno_frames.panels.runtime.runner import EffectRunner, Effects, Spawn, on_a_thread
from dyno_frames.panels.runtime.shared_state import Sharing, Subscriber, nothing_shared

StateT = TypeVar("StateT")
ActionT = TypeVar("ActionT")
EffectT = TypeVar("EffectT")

_LOG = logging.getLogger("dyno_frames.panels")


class Store(Generic[StateT, ActionT, EffectT]):
    """State, and the listeners that are called when it changes.

    Parameters
    ----------
    state
        The first state.
    reduce
        Returns the state after an action, and the effects to perform.
    effects
        Performs them.
    spawn
        Where effects run.
    sharing
        What is shared with other stores (default: nothing).
    first
        The effects that the first state asks for.
    """

    def __init__(
        self,
        state: StateT,
        reduce: Callable[[StateT, ActionT], tuple[StateT, tuple[EffectT, ...]]],
        effects: Effects[ActionT, EffectT],
        *,
        spawn: Spawn = on_a_thread,
        sharing: Sharing[StateT, Any] | None = None,
        first: tuple[EffectT, ...] = (),
    ) -> None:
        self._state = state
        self._reduce = reduce
        self._runner = EffectRunner(effects, spawn)
        self._sharing: Sharing[StateT, Any] = nothing_shared() if sharing is None else sharing
        self._listeners: list[Callable[[StateT], None]] = []
        self.subscriber = Subscriber(self._adopt)
        self._sharing.shared.add(self.subscriber)
        self._runner.start(first, self.dispatch)

    @property
    def state(self) -> StateT:
        """The state now."""
        return self._state

    def subscribe(self, listener: Callable[[StateT], None]) -> None:
        """Call a listener with the state now and with every new one, one call at a time.

        The first call takes the lock like every other. If two threads drew one view at once, what one of them
        draws would be taken for the user's input.
        """
        with self._sharing.shared.draw_lock:
            self._listeners.append(listener)
            self._call(listener)

    def close(self) -> None:
        """Call no listener any more, and stop sharing."""
        self._listeners.clear()
        self._sharing.shared.remove(self.subscriber)

    def dispatch(self, action: ActionT) -> None:
        """Apply an action, start its effects, and call the listeners."""
        sharing, shared = self._sharing, self._sharing.shared
        with shared.change_lock:
            before = shared.value
            self._state, effects = self._reduce(sharing.adopt(self._state, before), action)
            shared.value = sharing.extract(self._state)
            changed = shared.value is not before
        self._runner.start(effects, self.dispatch)
        self._call_listeners()
        if changed:
            for other in shared.others(self.subscriber):
                other.on_change()

    def _adopt(self) -> None:
        shared = self._sharing.shared
        with shared.change_lock:
            self._state = self._sharing.adopt(self._state, shared.value)
        self._call_listeners()

    def _call_listeners(self) -> None:
        with self._sharing.shared.draw_lock:
            for listener in tuple(self._listeners):
                self._call(listener)

    def _call(self, listener: Callable[[StateT], None]) -> None:
        try:
            listener(self._state)
        except Exception as error:  # noqa: BLE001 - one view's failure must not reach the others
            _LOG.warning("A panel could not show its state (%s).", type(error).__name__)
