"""State that all panels of one connection share, and which of them reads what changes by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakSet

SharedT = TypeVar("SharedT")
StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True)
class Watched:
    """Ids to read again: in every round, and in every eighth one."""

    often: tuple[str, ...] = ()
    seldom: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.often or self.seldom)


class Subscriber:
    """One panel among those that share a state.

    Parameters
    ----------
    on_change
        Is called when another panel has changed the shared state.
    wake
        Is called when another panel has stopped watching something.
    """

    def __init__(self, on_change: Callable[[], None], wake: Callable[[], None] = lambda: None) -> None:
        self.on_change = on_change
        self.wake = wake
        self.watches: frozenset[str] = frozenset()


class SharedState(Generic[SharedT]):
    """A value that several panels read and change.

    Attributes
    ----------
    value
        The value; read and replaced only while ``change_lock`` is held.
    change_lock
        Held while a new state is computed.
    draw_lock
        Held while listeners are called, so that only one thread draws at a time, over all panels.
    """

    def __init__(self, value: SharedT) -> None:
        self.value = value
        self.change_lock = threading.RLock()
        self.draw_lock = threading.RLock()
        self._subscribers: WeakSet[Subscriber] = WeakSet()
        self._released: frozenset[str] = frozenset()

    def add(self, subscriber: Subscriber) -> None:
        """Add a panel."""
        with self.change_lock:
            self._subscribers.add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Remove a panel; the others take over what it watched."""
        with self.change_lock:
            self._subscribers.discard(subscriber)
        self.claim(subscriber, Watched())
        self.wake_others(subscriber)

    def others(self, subscriber: Subscriber) -> tuple[Subscriber, ...]:
        """Return all panels but one."""
        with self.change_lock:
            return tuple(other for other in self._subscribers if other is not subscriber)

    def claim(self, subscriber: Subscriber, watched: Watched) -> Watched:
        """Return what a panel has to read itself: what no other panel reads."""
        with self.change_lock:
            taken = {key for other in self.others(subscriber) for key in other.watches}
            mine = Watched(
                often=tuple(key for key in watched.often if key not in taken),
                seldom=tuple(key for key in watched.seldom if key not in taken),
            )
            before, subscriber.watches = subscriber.watches, frozenset((*mine.often, *mine.seldom))
            self._released |= before - subscriber.watches
        return mine

    def wake_others(self, subscriber: Subscriber) -> None:
        """Wake the other panels if something is left to watch."""
        with self.change_lock:
            released, self._released = self._released, frozenset()
        if released:
            for other in self.others(subscriber):
                other.wake()


@dataclass(frozen=True, slots=True)
class Sharing(Generic[StateT, SharedT]):
    """How a panel's state contains the shared value.

    Parameters
    ----------
    shared
        The shared value.
    adopt
        Returns a panel's state with another shared value in it.
    extract
        Returns the shared value in a panel's state.
    """

    shared: SharedState[SharedT]
    adopt: Callable[[StateT, SharedT], StateT]
    extract: Callable[[StateT], SharedT]


def nothing_shared() -> Sharing[StateT, None]:
    """Return the sharing of a panel that stands alone."""
    return Sharing(SharedState(None), lambda state, _none: state, lambda _state: None)
