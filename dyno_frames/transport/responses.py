"""From status and body to a reply or to the error that says what went wrong."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass, field
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
from dyno_frames.transport.exchange import Lost, Received
from dyno_frames.transport.retry import Event


@dataclass(frozen=True, slots=True)
class Reply:
    """What the application answered.

    Parameters
    ----------
    data
        The envelope's payload, decoded.
    content
        The whole body as it came, decompressed and without a byte order mark.
    request
        What was asked, fit to be shown.
    attempts
        How often it was sent.
    elapsed_s
        How long it took with all attempts, in seconds.
    """

    data: Any = field(repr=False)
    content: bytes = field(repr=False)
    request: RequestSummary
    attempts: int
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one attempt amounts to.

    Parameters
    ----------
    event
        Its kind.
    detail
        It in words, for people.
    data
        The payload of an answer.
    content
        The body of an answer.
    refusal
        What the application refused.
    retry_after
        The ``Retry-After`` header as it came.
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
"""Takes a whole body and gives its payload in a form of the caller's, or None where it is not sure of it."""


def judge(
    result: Received | Lost,
    *,
    reader: Reader | None = None,
    shown: Callable[[str], str] = redact.message,
) -> Verdict:
    """Tell what an attempt amounts to.

    Parameters
    ----------
    result
        What came back from the wire.
    reader
        Reads the body of an answer first; what it is not sure of is decoded as JSON.
    shown
        Makes the server's words fit to be shown.
    """
    if isinstance(result, Lost):
        return Verdict(event=result.event, detail=result.detail)
    content = result.content.removeprefix(BOM_UTF8)
    if reader is not None and result.status == 200:
        payload = reader(content)
        if payload is not None:
            return Verdict(event=Event.ANSWER, data=payload, content=content)
    body = _decoded(content)
    retry_after = result.headers.get("Retry-After")
    known = is_envelope(body)
    no = refusal(body) if known else None
    if no is None and not (known and result.status < 300):
        return _not_an_answer(result, body, retry_after, shown)
    if no is None:
        return Verdict(event=Event.ANSWER, data=body.get("data"), content=content)
    no = Refusal(code=shown(no.code), message=shown(no.message))
    slow = no.code == Code.SLOW_DOWN or result.status == 429
    return Verdict(
        event=Event.SLOW_DOWN if slow else Event.REFUSAL,
        detail=f"the server refused with code {no.code}",
        refusal=no,
        retry_after=retry_after,
    )


def _not_an_answer(
    result: Received, body: Any, retry_after: str | None, shown: Callable[[str], str]
) -> Verdict:
    status = result.status
    kind = "JSON that is not the application's envelope"
    if body is _MALFORMED:
        kind = "a body that is not JSON"
    elif is_envelope(body):
        kind = "an envelope that reports success"
    detail = f"HTTP status {status} with {kind}"
    if 300 <= status < 400:
        target = shown(_target(result.headers.get("Location", "")))
        return Verdict(event=Event.REDIRECT, detail=f"HTTP status {status} points to {target}")
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
    return Verdict(event=event, detail=detail, retry_after=retry_after)


def _target(location: str) -> str:
    """Return the host that a redirect points to; its path and query may hold secrets."""
    try:
        return urlsplit(location).hostname or "the same host"
    except ValueError:  # such as http://[x
        return "an address that cannot be read"


def _decoded(content: bytes) -> Any:
    """Decode JSON, which is UTF-8 whatever a header says (RFC 8259).

    orjson alone would make floats of the widest integers, and refuse half of a surrogate pair in a value.
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
    if not all(is_whole(name) for name, _ in pairs):
        raise ValueError(f"a name holds {HALF}")
    return dict(pairs)


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
    NotFoundError: "Is the id right, and may this key see it?",
    IllegalTransitionError: "Read it again; client.campaigns.plan(…) shows what an action would do.",
    AuthenticationError: "Give connect() the key as api_key=, or set DYNO_API_KEY.",
    RateLimitError: "Wait a little, or connect with fewer workers=.",
}


def refused(no: Refusal, request: RequestSummary, *, slow: bool = False, attempts: int = 1) -> ApiError:
    """Return the error of a refusal, by its code; a code outside the contract gives a plain ApiError.

    Parameters
    ----------
    no
        What the application said.
    request
        What was asked.
    slow
        Whether the answer says: too many requests, whatever its code.
    attempts
        How often it was sent.
    """
    kind = RateLimitError if slow else _KINDS.get(no.code, ApiError)
    cure = _CURES.get(kind, "")
    return kind(no.message, code=no.code, request=request, cure=cure, attempts=attempts)


def says_nothing_changed(error: ApiError) -> bool:
    """Tell whether the application refused a request before it changed anything, for a reason of the contract.

    Any other error may come after the request was carried out, and so may the answer that there are too many requests.
    """
    return error.code in REFUSALS and not isinstance(error, RateLimitError)


def slowed_down(message: str, request: RequestSummary, *, attempts: int = 1) -> RateLimitError:
    """Return the error of a read that was told to slow down, in no envelope, until patience ended."""
    cure = _CURES[RateLimitError]
    return RateLimitError(message, code=Code.SLOW_DOWN, request=request, cure=cure, attempts=attempts)
