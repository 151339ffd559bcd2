"""What all panels of one connection share: what is known, and who reads what moves by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from weakref import WeakKeyDictionary, WeakSet

from dyno_frames.panels.facts import Facts
from dyno_frames.panels.watch import Watched

_NOTHING = Facts()


class Seat:
    """One panel's place at the desk.

    Parameters
    ----------
    learn
        Is called when another panel has changed what is known.
    wake
        Is called when another panel has left something to watch.
    """

    def __init__(self, learn: Callable[[], None], wake: Callable[[], None] = lambda: None) -> None:
        self.learn = learn
        self.wake = wake
        self.watches: frozenset[str] = frozenset()


class Desk:
    """Facts that every panel of a connection sees, changed by one at a time.

    Attributes
    ----------
    facts
        What is known; read and replaced only while ``changing`` is held.
    changing
        Held while a state is made of another.
    telling
        Held while views are told, one at a time over all panels.
    """

    def __init__(self, facts: Facts = _NOTHING) -> None:
        self.facts = facts
        self.changing = threading.RLock()
        self.telling = threading.RLock()
        self._seats: WeakSet[Seat] = WeakSet()
        self._left: frozenset[str] = frozenset()

    def join(self, seat: Seat) -> None:
        """Take a place."""
        with self.changing:
            self._seats.add(seat)

    def leave(self, seat: Seat) -> None:
        """Give a place up, and what it watched to the others."""
        with self.changing:
            self._seats.discard(seat)
        self.claim(seat, Watched())
        self.pass_on(seat)

    def others(self, seat: Seat) -> tuple[Seat, ...]:
        """Return all places but one."""
        with self.changing:
            return tuple(other for other in self._seats if other is not seat)

    def claim(self, seat: Seat, watched: Watched) -> Watched:
        """Return what a panel is to read itself: what no other panel reads already."""
        with self.changing:
            others = self.others(seat)
            taken = {key for other in others for key in other.watches}
            mine = Watched(
                often=tuple(key for key in watched.often if key not in taken),
                seldom=tuple(key for key in watched.seldom if key not in taken),
            )
            before, seat.watches = seat.watches, frozenset((*mine.often, *mine.seldom))
            self._left |= before - seat.watches
        return mine

    def pass_on(self, seat: Seat) -> None:
        """Wake the other panels where something is left to watch."""
        with self.changing:
            left, self._left = self._left, frozenset()
        if left:
            for other in self.others(seat):
                other.wake()


_DESKS: WeakKeyDictionary[object, Desk] = WeakKeyDictionary()
_GUARD = threading.Lock()


def desk_of(client: object, unresolved: Callable[[], Mapping[str, str]] = dict) -> Desk:
    """Return the desk of a connection: the same one for every panel, for as long as the connection lives.

    Parameters
    ----------
    client
        The connection.
    unresolved
        Tells, for the first panel, of which campaigns an earlier action's outcome is unknown, and what is known.
    """
    with _GUARD:
        known = _DESKS.get(client)
        if known is None:
            known = _DESKS[client] = Desk(Facts(locked=unresolved()))
        return known
