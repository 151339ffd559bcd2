"""Interpret status and body of a response, and create errors for refused requests."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import orjson

from dyno_frames.contract.envelope import REFUSALS, Code, Refusal, is_envelope, refusal
from dyno_frames.contract.texts import HALF, is_whole
from dyno_frames.errors import (
    ApiError,
    AuthenticationError,
    IllegalTransitionError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    RequestSummary,
)
from dyno_frames.transport import redact
from dyno_frames.transport.exchange import Failure, Received
from dyno_frames.transport.retry import Event


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful response of the API.

    Parameters
    ----------
    data
        The envelope's payload, decoded.
    content
        The body, decompressed and without a byte order mark.
    request
        The request, for messages.
    attempts
        The number of attempts.
    elapsed_s
        The time of all attempts, in seconds.
    """

    data: Any = field(repr=False)
    content: bytes = field(repr=False)
    request: RequestSummary
    attempts: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """The result of one attempt.

    Parameters
    ----------
    event
        The kind of result.
    detail
        A description.
    data
        The payload of a successful response.
    content
        The body of a successful response.
    refusal
        The error in the envelope.
    retry_after
        The ``Retry-After`` header.
    """

    event: Event
    detail: str = ""
    data: Any = field(default=None, repr=False)
    content: bytes = field(default=b"", repr=False)
    refusal: Refusal | None = None
    retry_after: str | None = None


_MALFORMED = object()
_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_WIDE = b"0" * 19


Reader = Callable[[bytes], Any]
"""Converts a body to a payload, or returns None to have the body decoded as JSON."""


def date_of(headers: Mapping[str, str]) -> float | None:
    """Return when a response was sent, by the server's clock in epoch seconds, or None if it does not say so."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def interpret(
    answer: Received | Failure,
    *,
    reader: Reader | None = None,
    shown: Callable[[str], str] = redact.message,
) -> AttemptResult:
    """Return the result of an attempt.

    Parameters
    ----------
    answer
        The response, or the failure.
    reader
        Converts the body of a response. If it returns None, the body is decoded as JSON.
    shown
        Shortens and masks the server's texts.
    """
    if isinstance(answer, Failure):
        return AttemptResult(event=answer.event, detail=answer.detail)
    content = answer.content.removeprefix(BOM_UTF8)
    if reader is not None and answer.status == 200:
        payload = reader(content)
        if payload is not None:
            return AttemptResult(event=Event.ANSWER, data=payload, content=content)
    body = _decoded(content)
    retry_after = answer.headers.get("Retry-After")
    known = is_envelope(body)
    no = refusal(body) if known else None
    if no is None and not (known and answer.status < 300):
        return _not_an_answer(answer, body, retry_after, shown)
    if no is None:
        return AttemptResult(event=Event.ANSWER, data=body.get("data"), content=content)
    no = Refusal(code=shown(no.code), message=shown(no.message))
    slow = no.code == Code.SLOW_DOWN or answer.status == 429
    return AttemptResult(
        event=Event.SLOW_DOWN if slow else Event.REFUSAL,
        detail=f"the server refused with code {no.code}",
        refusal=no,
        retry_after=retry_after,
    )


def _not_an_answer(
    answer: Received, body: Any, retry_after: str | None, shown: Callable[[str], str]
) -> AttemptResult:
    status = answer.status
    kind = "JSON that is not the application's envelope"
    if body is _MALFORMED:
        kind = "a body that is not JSON"
    elif is_envelope(body):
        kind = "an envelope that reports success"
    detail = f"HTTP status {status} with {kind}"
    if 300 <= status < 400:
        target = shown(_target(answer.headers.get("Location", "")))
        return AttemptResult(event=Event.REDIRECT, detail=f"HTTP status {status} points to {target}")
    if status == 429:
        event = Event.TOO_MANY
    elif status == 408 or 502 <= status <= 504:
        event = Event.GATEWAY
    elif status >= 500:
        event = Event.SERVER_ERROR
    elif body is not _MALFORMED:
        event = Event.FOREIGN
    else:
        event = Event.CLIENT_ERROR if status >= 400 else Event.NOT_JSON
    return AttemptResult(event=event, detail=detail, retry_after=retry_after)


def _target(location: str) -> str:
    """Return the host of a redirect, without path and query, which may contain secrets."""
    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:  # such as http://[x
        return "an address that cannot be read"


def _decoded(content: bytes) -> Any:
    """Decode JSON as UTF-8, regardless of the headers (RFC 8259).

    The standard library is used if orjson fails or would lose digits of a large integer.
    """
    try:
        if _WIDE not in content.translate(_AS_ZEROS):
            return orjson.loads(content)
    except orjson.JSONDecodeError:
        if b"\\u" not in content:
            return _MALFORMED
    try:
        return json.loads(content.decode(), parse_constant=_refuse_constant, object_pairs_hook=_named)
    except (ValueError, RecursionError):
        return _MALFORMED


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _named(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if not is_whole("".join(named)):
        raise ValueError(f"a name holds {HALF}")
    return named


_KINDS: dict[str, type[ApiError]] = {
    Code.NOT_FOUND: NotFoundError,
    Code.UNAUTHORIZED: AuthenticationError,
    "403": AuthenticationError,
    Code.ILLEGAL_TRANSITION: IllegalTransitionError,
    Code.SLOW_DOWN: RateLimitError,
    Code.REJECTED: RejectedError,
    Code.TOO_LARGE: RejectedError,
}

_CURES: dict[type[ApiError], str] = {
    NotFoundError: "Check the id, and whether this key can access the object.",
    IllegalTransitionError: "Read the campaign again; client.campaigns.plan(…) shows the effect of an action.",
    AuthenticationError: "Check api_key= or DYNO_API_KEY.",
    RateLimitError: "Wait, or connect with fewer workers=.",
}


def refused(no: Refusal, request: RequestSummary, *, slow: bool = False, attempts: int = 1) -> ApiError:
    """Return the exception for an error code. An unknown code gives ApiError.

    Parameters
    ----------
    no
        The error in the envelope.
    request
        The request.
    slow
        Whether the error means too many requests.
    attempts
        The number of attempts.
    """
    kind = RateLimitError if slow else _KINDS.get(no.code, ApiError)
    cure = _CURES.get(kind, "")
    return kind(no.message, code=no.code, request=request, cure=cure, attempts=attempts)


def says_nothing_changed(error: ApiError) -> bool:
    """Return whether an error proves that the request changed nothing.

    Other errors, and the error for too many requests, may be sent after a change.
    """
    return error.code in REFUSALS and not isinstance(error, RateLimitError)


def slowed_down(message: str, request: RequestSummary, *, attempts: int = 1) -> RateLimitError:
    """Return the error of a read whose attempts all failed with status 429 without an envelope."""
    cure = _CURES[RateLimitError]
    return RateLimitError(message, code=Code.SLOW_DOWN, request=request, cure=cure, attempts=attempts)
