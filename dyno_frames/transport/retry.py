"""Decide whether a request can be sent again, and how long to wait. Pure functions and one table."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import assert_never

from dyno_frames.contract.operations import Effect


class Event(StrEnum):
    """The result of one attempt."""

    ANSWER = "answer"
    """An envelope that reports success."""
    REFUSAL = "refusal"
    """An envelope with an error."""
    SLOW_DOWN = "slow_down"
    """An envelope with the error for too many requests."""
    NO_CONNECTION = "no_connection"
    """No byte of the request was sent."""
    UNRESOLVED = "unresolved"
    """The host name cannot be resolved; no byte of the request was sent."""
    UNTRUSTED = "untrusted"
    """The server's certificate was not accepted; no byte of the request was sent."""
    TIMEOUT = "timeout"
    """The request may have been sent; no response in time."""
    RESET = "reset"
    """The request may have been sent; the connection broke before a response started."""
    CUT_BODY = "cut_body"
    """A response started and ended early."""
    NOT_JSON = "not_json"
    """A status of success with a body that is not JSON."""
    FOREIGN = "foreign"
    """JSON that is not the API's envelope."""
    TOO_MANY = "too_many"
    """Status 429 without an envelope."""
    GATEWAY = "gateway"
    """Status 408 or 502 to 504 without an envelope."""
    SERVER_ERROR = "server_error"
    """Another status of 500 and above without an envelope."""
    CLIENT_ERROR = "client_error"
    """Another status of 400 and above without an envelope."""
    REDIRECT = "redirect"
    """A redirect, which is never followed."""
    OVERSIZE = "oversize"
    """The body is larger than the limit."""


class Decision(StrEnum):
    """The decision after an attempt."""

    ACCEPT = "accept"
    """Return the response."""
    REFUSE = "refuse"
    """Raise the API's error."""
    SEND_AGAIN = "send_again"
    """Wait and send again if attempts, time and budget allow."""
    GIVE_UP = "give_up"
    """Raise; sending again would not help, and the request had no effect."""
    UNKNOWN = "unknown"
    """Raise; the request may have taken effect, so it is not sent again."""


NO_BYTE_LEFT = frozenset({Event.NO_CONNECTION, Event.UNRESOLVED, Event.UNTRUSTED})
"""The events after which the server certainly received nothing."""

_ACCEPT, _REFUSE = Decision.ACCEPT, Decision.REFUSE
_AGAIN, _GIVE_UP, _UNKNOWN = Decision.SEND_AGAIN, Decision.GIVE_UP, Decision.UNKNOWN

TABLE: dict[Event, tuple[Decision, Decision]] = {
    Event.ANSWER: (_ACCEPT, _ACCEPT),
    Event.REFUSAL: (_REFUSE, _REFUSE),
    Event.SLOW_DOWN: (_AGAIN, _REFUSE),
    Event.NO_CONNECTION: (_AGAIN, _AGAIN),
    Event.UNRESOLVED: (_AGAIN, _AGAIN),
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
"""For each event: the decision if sending twice is harmless, and the decision if it is not."""


def decide(effect: Effect, event: Event) -> Decision:
    """Return the decision after an event, given the effect of sending the operation twice.

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
    """Limits of retries and time.

    Parameters
    ----------
    attempts
        Minimum number of attempts before a call fails.
    outlast_s
        Minimum total of pauses before a call fails, in seconds, so that a server can restart meanwhile.
    unreached_s, recent_s
        Maximum time of a call that cannot connect, in seconds. It does not apply if the server was reached in the
        last ``recent_s`` before the call, because such a server may be restarting.
    first_s, longest_s
        The bound of the first pause, which doubles with every attempt, and the bound of any pause without
        ``Retry-After``; in seconds.
    longest_unconnected_s
        The bound of any pause after a failed connection, which costs the server nothing.
    deadline_s
        Maximum time of one call with all attempts, in seconds; None is four times the timeout.
    budget
        Number of retries of a session in addition to those earned by successes.
    body_limit_bytes
        Maximum size of a body after decompression, in bytes.
    """

    attempts: int = 5
    outlast_s: float = 6.0
    unreached_s: float = 1.0
    recent_s: float = 10.0
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

    Full jitter: a uniform fraction of a bound that doubles, but at least the server's ``Retry-After``.

    Parameters
    ----------
    attempt
        The number of the failed attempt, from 1.
    policy
        The bounds.
    event
        The result of the attempt.
    random
        Returns a number in [0, 1).
    retry_after_s
        The server's ``Retry-After``, in seconds.
    """
    longest_s = policy.longest_unconnected_s if event in NO_BYTE_LEFT else policy.longest_s
    bound = min(longest_s, policy.first_s * 2.0 ** min(attempt - 1, 60))
    jitter = random() * bound
    return jitter if retry_after_s is None else retry_after_s + min(jitter, policy.first_s)


def unreached_s(policy: Policy, *, event: Event, reached_s: float, spent_s: float) -> float:
    """Return how long a call may still try to connect, in seconds; infinite if the server was reached recently.

    Parameters
    ----------
    policy
        The limits.
    event
        The result of the last attempt.
    reached_s
        Time between the last contact with the server and the call, in seconds.
    spent_s
        How long the call has tried, in seconds.

    Examples
    --------
    >>> unreached_s(Policy(), event=Event.NO_CONNECTION, reached_s=3600.0, spent_s=0.25)
    0.75
    """
    if event not in NO_BYTE_LEFT or reached_s <= policy.recent_s:
        return math.inf
    return min(policy.unreached_s, policy.outlast_s) - spent_s


def retry_after_s(header: str | None, *, now: float) -> float | None:
    """Read a ``Retry-After`` header in either of its forms.

    Parameters
    ----------
    header
        Seconds, or an HTTP date.
    now
        The current time, in epoch seconds.

    Returns
    -------
    float or None
        Seconds from now, at least 0; None if the header is missing or malformed.

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
    """The retries that a session has left. Each retry costs one, and each success adds a tenth.

    The budget bounds the load on a failing server, for any number of threads. A retry after an attempt that did not
    reach the server is free.
    """

    def __init__(self, size: float, *, earn: float = 0.1) -> None:
        self._size = size
        self._left = size
        self._earn = earn
        self._lock = threading.Lock()

    def spend(self) -> bool:
        """Take one retry, or return False if the budget is empty."""
        with self._lock:
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True

    def earn(self) -> None:
        """Count a success."""
        with self._lock:
            self._left = min(self._size, self._left + self._earn)
