"""Perform a reducer's effects away from the kernel's thread, and answer every one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

ActionT = TypeVar("ActionT")
EffectT = TypeVar("EffectT")
ActionT_co = TypeVar("ActionT_co", covariant=True)
EffectT_contra = TypeVar("EffectT_contra", contravariant=True)

Spawn = Callable[[Callable[[], None]], None]
"""Runs a piece of work on a thread, or at once in tests."""


def on_a_thread(work: Callable[[], None]) -> None:
    """Run work on a daemon thread, so that a click never blocks the kernel and no thread outlives it."""
    threading.Thread(target=work, name="dyno-panel", daemon=True).start()


class Effects(Protocol[ActionT_co, EffectT_contra]):
    """What a panel can do outside itself, and the actions that answer failures."""

    def run(self, effect: EffectT_contra) -> ActionT_co | None:
        """Perform an effect and return the action that answers it, or None. May raise."""

    def failed(self, effect: EffectT_contra, error: Exception) -> ActionT_co:
        """Return the action that answers an effect whose :meth:`run` raised."""

    def not_started(self, effect: EffectT_contra, error: Exception) -> ActionT_co:
        """Return the action that answers an effect that never ran."""


class EffectRunner(Generic[ActionT, EffectT]):
    """Runs effects and dispatches the action that answers each.

    Parameters
    ----------
    effects
        Performs one effect.
    spawn
        Where effects run; those of one action run one after the other.
    """

    def __init__(self, effects: Effects[ActionT, EffectT], spawn: Spawn) -> None:
        self._effects = effects
        self._spawn = spawn

    def start(self, effects: Sequence[EffectT], dispatch: Callable[[ActionT], None]) -> None:
        """Start effects; those that cannot be started are answered at once."""
        if not effects:
            return
        try:
            self._spawn(lambda: self._run(effects, dispatch))
        except Exception as error:  # noqa: BLE001 - an effect without an answer would be waited for forever
            for effect in effects:
                dispatch(self._effects.not_started(effect, error))

    def _run(self, effects: Sequence[EffectT], dispatch: Callable[[ActionT], None]) -> None:
        for effect in effects:
            answer: ActionT | None
            try:
                answer = self._effects.run(effect)
            except Exception as error:  # noqa: BLE001 - the same
                answer = self._effects.failed(effect, error)
            if answer is not None:
                dispatch(answer)
