"""Send one HTTP request and read its response, without interpreting it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3.exceptions
from urllib3 import Timeout

from dyno_frames.transport.injected import InjectedAdapter, InjectedAnswer
from dyno_frames.transport.retry import Event
from dyno_frames.transport.wire import Adapter, CancelToken, Message, Watch, watched

_CHUNK_BYTES = 1 << 18
_CONNECT_S = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    """A complete response.

    Parameters
    ----------
    status
        The HTTP status.
    headers
        The headers; names are case-insensitive.
    content
        The body, decompressed.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """No response, or an incomplete one.

    Parameters
    ----------
    event
        What happened.
    detail
        A description, without key and addresses.
    """

    event: Event
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of time and size.

    Parameters
    ----------
    timeout_s
        Maximum time without data, in seconds.
    remaining_s
        Returns the remaining time of the call, in seconds.
    body_bytes
        Maximum size of a body, in bytes.
    """

    timeout_s: float
    remaining_s: Callable[[], float]
    body_bytes: int


def exchange(
    adapter: Adapter | InjectedAdapter,
    message: Message,
    *,
    url: str,
    limits: Limits,
    settings: Mapping[str, Any],
    cancels: tuple[CancelToken, ...] = (),
) -> Received | Failure:
    """Send a request and read the whole response.

    Parameters
    ----------
    adapter
        The connections to use.
    message
        The request.
    url
        The server's address.
    limits
        Limits of time and size.
    settings
        ``verify``, ``cert`` and ``proxies`` as requests takes them.
    cancels
        Tokens that end the request when another thread calls them.

    Raises
    ------
    KeyboardInterrupt
        The user interrupted the request. The traceback starts at this function.

    Notes
    -----
    Errors of urllib3 and stack frames of http.client refer to the request's headers, and so to the key. Neither leaves
    this function.
    """
    silence_s = max(0.001, min(limits.timeout_s, limits.remaining_s()))
    with watched(Watch(silence_s, limits.remaining_s, cancels)) as watch:
        try:
            return _exchanged(adapter, message, url=url, limits=limits, settings=settings, watch=watch)
        except KeyboardInterrupt:
            pass
    raise KeyboardInterrupt


def environment_settings(url: str, *, direct: bool) -> Mapping[str, Any]:
    """Return ``verify``, ``cert`` and ``proxies`` as the environment sets them now.

    Requests to this machine use no proxy, whatever the environment says.
    """
    settings = requests.Session().merge_environment_settings(url, {}, True, None, None)
    return {**settings, "proxies": {}} if direct else settings


def _exchanged(
    adapter: Adapter | InjectedAdapter,
    message: Message,
    *,
    url: str,
    limits: Limits,
    settings: Mapping[str, Any],
    watch: Watch,
) -> Received | Failure:
    timeout = Timeout(connect=min(watch.silence_s, _CONNECT_S), read=watch.silence_s)
    try:
        raw = adapter.open(message, url=url, timeout=timeout, settings=settings)
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        return _not_answered(error, watch, urlsplit(url))
    try:
        content = _body(raw, limits)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raw.close()
        return _cut(error, watch)
    except BaseException:
        raw.close()
        raise
    if isinstance(content, Failure):
        raw.close()
        return content
    raw.release_conn()
    return Received(raw.status, raw.headers, content)


def _body(raw: urllib3.response.BaseHTTPResponse | InjectedAnswer, limits: Limits) -> bytes | Failure:
    parts = bytearray()
    while part := raw.read1(_CHUNK_BYTES, decode_content=True):
        parts += part
        if len(parts) > limits.body_bytes:
            return Failure(Event.OVERSIZE, f"the response is larger than {limits.body_bytes:,} bytes")
        if limits.remaining_s() <= 0:
            return Failure(
                Event.TIMEOUT, f"the response was still arriving at the deadline, after {len(parts):,} bytes"
            )
    return bytes(parts)


def _not_answered(error: BaseException, watch: Watch, server: SplitResult) -> Failure:
    reasons = list(_reasons(error))
    if any(isinstance(reason, ssl.SSLCertVerificationError) for reason in reasons):
        return Failure(Event.UNTRUSTED, "its TLS certificate was not accepted")
    if not watch.has_left:
        return _not_connected(reasons, server)
    if any(map(_is_timeout, reasons)):
        return Failure(Event.TIMEOUT, _silence(watch, f"no response within {watch.silence_s:g} s"))
    if watch.is_cancelled:
        return Failure(Event.RESET, "the call was canceled before a response arrived")
    return Failure(Event.RESET, _words(reasons, "the connection broke"))


def _cut(error: BaseException, watch: Watch) -> Failure:
    if any(map(_is_timeout, _reasons(error))):
        stopped = f"no data for {watch.silence_s:g} s"
        return Failure(Event.TIMEOUT, _silence(watch, stopped))
    by_us = ", because the call was canceled" if watch.is_cancelled else ""
    return Failure(Event.CUT_BODY, f"the response ended early{by_us}")


def _silence(watch: Watch, otherwise: str) -> str:
    return "the response was still arriving at the deadline" if watch.remaining_s() <= 0 else otherwise


def _is_timeout(reason: BaseException) -> bool:
    return isinstance(reason, TimeoutError | urllib3.exceptions.ReadTimeoutError | requests.Timeout)


def _reasons(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, which requests and urllib3 store in several attributes."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        reason = waiting.pop()
        if isinstance(reason, BaseException) and id(reason) not in seen:
            seen.add(id(reason))
            yield reason
            inner = (getattr(reason, name, None) for name in ("reason", "original_error", "__cause__"))
            waiting += [*inner, *reason.args]


def _not_connected(reasons: list[BaseException], server: SplitResult) -> Failure:
    kinds = {type(reason) for reason in reasons}
    if urllib3.exceptions.ProxyError not in kinds:
        if urllib3.exceptions.NameResolutionError in kinds:
            return Failure(Event.UNRESOLVED, f"cannot resolve {server.hostname}")
        if ConnectionRefusedError in kinds:
            return Failure(Event.NO_CONNECTION, f"nothing listens at {server.netloc}")
    why = _words(reasons, "timed out" if any(map(_is_timeout, reasons)) else "no connection")
    return Failure(Event.NO_CONNECTION, f"cannot connect to {server.netloc}: {why}")


def _words(reasons: list[BaseException], otherwise: str) -> str:
    texts = (reason.strerror for reason in reversed(reasons) if isinstance(reason, OSError))
    via = ", through a proxy" if any(isinstance(r, urllib3.exceptions.ProxyError) for r in reasons) else ""
    return next((text.lower() for text in texts if isinstance(text, str)), otherwise) + via
