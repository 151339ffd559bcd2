"""Requests through a transport adapter of requests that the caller passed to ``connect``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from requests import PreparedRequest, Request, Response
from requests.adapters import BaseAdapter
from urllib3 import Timeout

from dyno_frames.errors import ConfigError
from dyno_frames.transport.wire import Message, mark_left

TransportAdapter: TypeAlias = BaseAdapter
"""The type of the adapters that :func:`dyno_frames.connect` takes."""

_CHUNK_BYTES = 1 << 14


class InjectedAdapter:
    """Sends through an adapter whose connections are not known here.

    So every request counts as sent once the adapter has it, closing a session does not interrupt the adapter, and
    only the adapter's timeouts bound the time until an answer begins.

    Parameters
    ----------
    adapter
        The adapter of the caller.

    Raises
    ------
    ConfigError
        It is not an adapter, or it sends requests again by itself: an action could then be sent twice.
    """

    def __init__(self, adapter: object) -> None:
        if not isinstance(adapter, BaseAdapter):
            raise ConfigError(
                f"transport= is of type {type(adapter).__name__}; expected a transport adapter of requests, such as "
                "requests.adapters.HTTPAdapter()"
            )
        retries = getattr(adapter, "max_retries", 0)
        if getattr(retries, "total", retries) != 0:
            raise ConfigError(
                "transport= sends requests again by itself; expected an adapter with max_retries=0. The client sends "
                "again what may be sent twice, and never an action"
            )
        self._adapter = adapter

    def open(
        self, message: Message, *, url: str, timeout: Timeout, settings: Mapping[str, Any]
    ) -> InjectedAnswer:
        """Send a request and return its answer; see :meth:`dyno_frames.transport.wire.Adapter.open`."""
        request = _prepared(message, url)
        mark_left()
        response = self._adapter.send(
            request,
            stream=True,
            timeout=cast("tuple[float, float]", (timeout.connect_timeout, timeout.read_timeout)),
            verify=settings["verify"],
            cert=settings["cert"],
            proxies=settings["proxies"],
        )
        return InjectedAnswer(response)

    def close(self) -> None:
        """Close the adapter."""
        self._adapter.close()


class InjectedAnswer:
    """An answer of an adapter, read as the answers of urllib3 are."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._chunks = response.iter_content(_CHUNK_BYTES)
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def read1(self, _amount: int, *, decode_content: bool) -> bytes:
        """Return the next part of the body, decompressed; an empty one at its end."""
        del decode_content  # requests always decompresses
        part: bytes = next(self._chunks, b"")
        return part

    def close(self) -> None:
        """Close the connection."""
        self._response.close()

    release_conn = close


def _prepared(message: Message, url: str) -> PreparedRequest:
    """Return a request whose connection is used once: no answer to an earlier request can be taken for its own."""
    headers = {**message.headers, "Connection": "close"}
    return Request(message.verb, url + message.path, headers=headers, data=message.content).prepare()
