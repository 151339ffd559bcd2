"""Create the error of a failed call: what happened and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from dyno_frames.contract.operations import Effect
from dyno_frames.errors import (
    ConnectError,
    ContractError,
    DynoError,
    ReadTimeoutError,
    RequestSummary,
    RetriesExhaustedError,
    TransportError,
)
from dyno_frames.transport import responses
from dyno_frames.transport.responses import AttemptResult
from dyno_frames.transport.retry import NO_BYTE_LEFT, Decision, Event, decide

_START_IT = "Is the server running? To start a sandbox on this machine: dyno_frames.sandbox()."

_PASSING = frozenset(
    {
        Event.NO_CONNECTION,
        Event.UNRESOLVED,
        Event.TIMEOUT,
        Event.RESET,
        Event.CUT_BODY,
        Event.NOT_JSON,
        Event.GATEWAY,
        Event.SERVER_ERROR,
    }
)

_CURES = {
    Event.NO_CONNECTION: _START_IT,
    Event.UNRESOLVED: "Are you online, and is the host name right?",
    Event.UNTRUSTED: "Name the right host in url=, or add the authority with REQUESTS_CA_BUNDLE.",
    Event.TIMEOUT: "Give it longer with connect(…, timeout_s=…).",
    Event.REDIRECT: "A redirect is not followed, for the key must not go elsewhere; name the right url=.",
    Event.CLIENT_ERROR: "Is the path in url= right, and is it a Dyno server?",
    Event.NOT_JSON: "A proxy or a login page may have answered, or the server writes what JSON does not allow: NaN?",
    Event.OVERSIZE: "Ask for fewer columns, or connect with a smaller page_size=",
}


def failure(
    result: AttemptResult, events: Sequence[Event], *, effect: Effect, host: str, request: RequestSummary
) -> DynoError:
    """Return the error of a call whose last attempt failed.

    Parameters
    ----------
    result
        The result of the last attempt.
    events
        The result of each attempt, in order.
    effect
        The effect of sending the operation twice.
    host
        The host and port of the server.
    request
        The request.
    """
    if result.refusal is not None:
        slow = result.event is Event.SLOW_DOWN
        return responses.refused(result.refusal, request, slow=slow, attempts=len(events))
    harmless = decide(effect, result.event) is not Decision.UNKNOWN
    if result.event is Event.TOO_MANY and harmless:
        return responses.slowed_down(f"{host}: {result.detail}", request, attempts=len(events))
    if result.event is Event.FOREIGN:
        return ContractError(
            f"{host} answered {result.detail}; check that url= is a Dyno server", request=request
        )
    cure = _CURES.get(result.event, "The server or a proxy failed; see its log.")
    named = result.event in {Event.NO_CONNECTION, Event.UNRESOLVED}
    error = _kind(events)(
        result.detail if named else f"{host}: {result.detail}",
        request=request,
        attempts=len(events),
        cure=cure,
        tried=_tried(events),
    )
    error.retryable = harmless and result.event in _PASSING
    return error


def _tried(events: Sequence[Event]) -> str:
    """Return a description of the attempts if their results differ."""
    if len(set(events)) < 2:
        return ""
    runs = [(event, len(list(run))) for event, run in groupby(events)]
    return ", ".join(
        event.replace("_", " ") + (f" {count} times" if count > 1 else "") for event, count in runs
    )


def _kind(events: Sequence[Event]) -> type[TransportError]:
    if NO_BYTE_LEFT.issuperset(events):
        return ConnectError
    if len(events) > 1:
        return RetriesExhaustedError
    return ReadTimeoutError if events[-1] is Event.TIMEOUT else TransportError
