"""Whether a request may be sent again: one table, and the arithmetic of waiting. Nothing here does I/O."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import assert_never

from dyno_frames.contract.operations import Effect


class Event(StrEnum):
    """What became of one attempt."""

    ANSWER = "answer"
    """An envelope without error."""
    REFUSAL = "refusal"
    """An envelope with an error: the application said no."""
    SLOW_DOWN = "slow_down"
    """An envelope that says: too many requests."""
    NO_CONNECTION = "no_connection"
    """No byte of the request left."""
    UNTRUSTED = "untrusted"
    """The server's certificate was not accepted; no byte of the request left."""
    TIMEOUT = "timeout"
    """The request may have left; nothing came in time."""
    RESET = "reset"
    """The request may have left; the connection broke before an answer began."""
    CUT_BODY = "cut_body"
    """An answer began and broke off."""
    NOT_JSON = "not_json"
    """A status of success with a body that is not JSON."""
    FOREIGN = "foreign"
    """JSON that is not the application's envelope."""
    TOO_MANY = "too_many"
    """Status 429 without an envelope."""
    GATEWAY = "gateway"
    """Status 408 or 502 to 504 without an envelope."""
    SERVER_ERROR = "server_error"
    """Another status of 500 and above without an envelope."""
    CLIENT_ERROR = "client_error"
    """Another status of 400 and above without an envelope."""
    REDIRECT = "redirect"
    """A status that points elsewhere; it is never followed."""
    OVERSIZE = "oversize"
    """The body is larger than is read."""


class Decision(StrEnum):
    """What to do after an attempt."""

    ACCEPT = "accept"
    """Return the answer."""
    REFUSE = "refuse"
    """Raise what the application said."""
    SEND_AGAIN = "send_again"
    """Wait and send once more, where attempts, time and budget allow."""
    GIVE_UP = "give_up"
    """Raise; a repetition would not help, and none could have done harm."""
    UNKNOWN = "unknown"
    """Raise; the request may have taken effect, so it is not sent again."""


NO_BYTE_LEFT = frozenset({Event.NO_CONNECTION, Event.UNTRUSTED})
"""The events after which the server certainly has seen nothing."""

_ACCEPT, _REFUSE = Decision.ACCEPT, Decision.REFUSE
_AGAIN, _GIVE_UP, _UNKNOWN = Decision.SEND_AGAIN, Decision.GIVE_UP, Decision.UNKNOWN

TABLE: dict[Event, tuple[Decision, Decision]] = {
    Event.ANSWER: (_ACCEPT, _ACCEPT),
    Event.REFUSAL: (_REFUSE, _REFUSE),
    Event.SLOW_DOWN: (_AGAIN, _REFUSE),
    Event.NO_CONNECTION: (_AGAIN, _AGAIN),
    Event.UNTRUSTED: (_GIVE_UP, _GIVE_UP),
    Event.TIMEOUT: (_AGAIN, _UNKNOWN),
    Event.RESET: (_AGAIN, _UNKNOWN),
    Event.CUT_BODY: (_AGAIN, _UNKNOWN),
    Event.NOT_JSON: (_AGAIN, _UNKNOWN),
    Event.FOREIGN: (_GIVE_UP, _UNKNOWN),
    Event.TOO_MANY: (_AGAIN, _UNKNOWN),
    Event.GATEWAY: (_AGAIN, _UNKNOWN),
    Event.SERVER_ERROR: (_AGAIN, _UNKNOWN),
    Event.CLIENT_ERROR: (_GIVE_UP, _UNKNOWN),
    Event.REDIRECT: (_GIVE_UP, _UNKNOWN),
    Event.OVERSIZE: (_GIVE_UP, _UNKNOWN),
}
"""For each event: what follows where a repetition does no harm, and what follows where it may."""


def decide(effect: Effect, event: Event) -> Decision:
    """Return what may follow an event, given what sending the operation twice would do.

    Examples
    --------
    >>> decide(Effect.READ, Event.TIMEOUT)
    <Decision.SEND_AGAIN: 'send_again'>
    >>> decide(Effect.ACT, Event.TIMEOUT)
    <Decision.UNKNOWN: 'unknown'>
    """
    harmless, harmful = TABLE[event]
    match effect:
        case Effect.READ | Effect.IDEMPOTENT_WRITE:
            return harmless
        case Effect.CREATE | Effect.ACT:
            return harmful
        case _:
            assert_never(effect)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How patient a session is.

    Parameters
    ----------
    attempts
        How often one call is sent before it may be given up.
    outlast_s
        For how long a server may be away, at least, before a call is given up, whatever the number of
        attempts; counted in pauses, in seconds.
    first_s, longest_s
        The bound of the first pause, which doubles with every attempt, and the bound of any pause that the
        server did not ask for; in seconds.
    longest_unconnected_s
        The latter where there was no connection: trying again costs the server nothing.
    deadline_s
        How long one call may take with all its attempts, in seconds; None is four times the time-out.
    budget
        How many retries a session may make beyond what its successes earn.
    body_limit_bytes
        The largest body that is read, in bytes, after decompression.
    """

    attempts: int = 5
    outlast_s: float = 6.0
    first_s: float = 0.2
    longest_s: float = 10.0
    longest_unconnected_s: float = 1.0
    deadline_s: float | None = None
    budget: float = 30.0
    body_limit_bytes: int = 256 * 2**20


def pause_s(
    attempt: int,
    policy: Policy,
    *,
    event: Event,
    random: Callable[[], float],
    retry_after_s: float | None = None,
) -> float:
    """Return how long to wait after a failed attempt, in seconds.

    Full jitter: a uniform share of a bound that doubles. What the server asked for is never undercut.

    Parameters
    ----------
    attempt
        Which attempt failed, from 1.
    policy
        The bounds.
    event
        How it failed.
    random
        Returns a number in [0, 1).
    retry_after_s
        What the server asked for, in seconds.
    """
    longest_s = policy.longest_unconnected_s if event in NO_BYTE_LEFT else policy.longest_s
    bound = min(longest_s, policy.first_s * 2.0 ** min(attempt - 1, 60))
    jitter = random() * bound
    return jitter if retry_after_s is None else retry_after_s + min(jitter, policy.first_s)


def retry_after_s(header: str | None, *, now: float) -> float | None:
    """Read a ``Retry-After`` header in either of its forms.

    Parameters
    ----------
    header
        Seconds, or an HTTP date.
    now
        The present, in epoch seconds.

    Returns
    -------
    float or None
        Seconds from now, never negative; None where there is no such header or it cannot be read.

    Examples
    --------
    >>> retry_after_s("3", now=0.0)
    3.0
    >>> retry_after_s("Thu, 01 Jan 1970 00:00:10 GMT", now=4.0)
    6.0
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


class Budget:
    """How many retries a session has left: each costs one, each success earns a tenth back.

    A server that fails everything is then met with few retries, whatever the number of threads. A retry after
    an attempt that never reached the server costs nothing.
    """

    def __init__(self, size: float, *, earn: float = 0.1) -> None:
        self._size = size
        self._left = size
        self._earn = earn
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Take one retry; False where none is left."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True

    def earn(self) -> None:
        """Note a success."""
        with self._lock:
            self._left = min(self._size, self._left + self._earn)
