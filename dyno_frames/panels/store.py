"""Hold a panel's state: the one place where it changes, whatever thread an action comes from.

An action is handled in a fixed order: the state changes, its effects start, and only then the listeners are
called. A listener that raises therefore loses neither an effect nor another listener's call.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dyno_frames.panels.desk import Desk, Seat

StateT = TypeVar("StateT")
ActionT = TypeVar("ActionT")
EffectT = TypeVar("EffectT")

Spawn = Callable[[Callable[[], None]], None]
"""Runs a piece of work somewhere else, or here and now."""

_LOG = logging.getLogger("dyno_frames.panels")


def on_a_thread(work: Callable[[], None]) -> None:
    """Run work on a daemon thread: a click never blocks the kernel, and no thread outlives it."""
    threading.Thread(target=work, name="dyno-panel", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Effects(Generic[ActionT, EffectT]):
    """What a store does outside itself, and how it tells of failures.

    Parameters
    ----------
    perform
        Performs one effect and returns the action that answers it, or None.
    failed
        Returns the action that answers an effect whose ``perform`` raised.
    not_started
        Returns the action that answers an effect that could not be started; nothing was performed.
    """

    perform: Callable[[EffectT], ActionT | None]
    failed: Callable[[EffectT, Exception], ActionT]
    not_started: Callable[[EffectT, Exception], ActionT]


@dataclass(frozen=True, slots=True)
class Share(Generic[StateT]):
    """The part of a state that a store shares with the other stores at a desk.

    Parameters
    ----------
    desk
        Where the shared part is.
    take
        Returns a state with the shared part put in.
    give
        Returns the shared part of a state.
    """

    desk: Desk
    take: Callable[[StateT, Any], StateT]
    give: Callable[[StateT], Any]


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
        Where effects run; those of one action run one after the other.
    share
        What is shared with other stores (default: nothing).
    """

    def __init__(
        self,
        state: StateT,
        reduce: Callable[[StateT, ActionT], tuple[StateT, tuple[EffectT, ...]]],
        effects: Effects[ActionT, EffectT],
        *,
        spawn: Spawn = on_a_thread,
        share: Share[StateT] | None = None,
    ) -> None:
        self._state = state
        self._reduce = reduce
        self._effects = effects
        self._spawn = spawn
        self._share = share or Share(Desk(), lambda state, _shared: state, lambda _state: None)
        self._listeners: list[Callable[[StateT], None]] = []
        self.seat = Seat(self._learn)
        self._share.desk.join(self.seat)

    @property
    def state(self) -> StateT:
        """The state now."""
        return self._state

    def subscribe(self, listener: Callable[[StateT], None]) -> None:
        """Call a listener with the state now and with every new one, one call at a time.

        The first call waits for its turn like every other: a view that is drawn by two threads at once takes
        what one of them draws for the user's input.
        """
        with self._share.desk.telling:
            self._listeners.append(listener)
            self._call(listener)

    def silence(self) -> None:
        """Call no listener any more, and leave the desk."""
        self._listeners.clear()
        self._share.desk.leave(self.seat)

    def dispatch(self, action: ActionT) -> None:
        """Apply an action, start its effects, and call the listeners."""
        desk = self._share.desk
        with desk.changing:
            before = desk.facts
            state = self._share.take(self._state, before)
            self._state, effects = self._reduce(state, action)
            desk.facts = self._share.give(self._state)
            learnt = desk.facts is not before
        self.start(effects)
        self._tell()
        if learnt:
            for seat in desk.others(self.seat):
                seat.learn()

    def start(self, effects: Sequence[EffectT]) -> None:
        """Start effects; those that cannot be started are answered as such."""
        if not effects:
            return
        try:
            self._spawn(lambda: self._run(effects))
        except Exception as error:  # noqa: BLE001 - an effect without an answer would be waited for for ever
            for effect in effects:
                self.dispatch(self._effects.not_started(effect, error))

    def _run(self, effects: Sequence[EffectT]) -> None:
        for effect in effects:
            answer: ActionT | None
            try:
                answer = self._effects.perform(effect)
            except Exception as error:  # noqa: BLE001 - the same
                answer = self._effects.failed(effect, error)
            if answer is not None:
                self.dispatch(answer)

    def _learn(self) -> None:
        with self._share.desk.changing:
            self._state = self._share.take(self._state, self._share.desk.facts)
        self._tell()

    def _tell(self) -> None:
        with self._share.desk.telling:
            for listener in tuple(self._listeners):
                self._call(listener)

    def _call(self, listener: Callable[[StateT], None]) -> None:
        try:
            listener(self._state)
        except Exception as error:  # noqa: BLE001 - one view's fault must not reach the others
            _LOG.warning("A panel could not show its state (%s).", type(error).__name__)
