"""One server as requests reach it: its address, the headers that every request has, and the connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.call import Call
from dyno_frames.transport.exchange import Failure, Limits, Received, environment_settings, exchange
from dyno_frames.transport.injected import InjectedAdapter, TransportAdapter
from dyno_frames.transport.secret import Veiled
from dyno_frames.transport.server_name import is_loopback
from dyno_frames.transport.wire import Adapter, CancelToken, Message

_AGENT = "dyno_frames"


class Endpoint:
    """A server and the connections to it. It sends a request once, and interprets nothing.

    Parameters
    ----------
    url
        The address of the server, without a slash at its end.
    auth
        The API key that goes with every request, and its header.
    connections
        Maximum number of connections that threads share.
    transport
        An adapter that sends the requests (default: connections of this package).
    """

    def __init__(
        self, url: str, auth: ApiKeyAuth, *, connections: int, transport: TransportAdapter | None
    ) -> None:
        parts = urlsplit(url)
        self.url = url
        self.is_loopback = is_loopback(parts.hostname or "")
        self.is_plain = parts.scheme == "http"
        self._auth = auth
        self._settings = environment_settings(url, direct=self.is_loopback)
        self._injected = None if transport is None else InjectedAdapter(transport)
        self._adapter = self._injected or Adapter(pool_connections=2, pool_maxsize=connections)

    def attempt(self, call: Call, limits: Limits, *, cancels: tuple[CancelToken, ...]) -> Received | Failure:
        """Send a call once, on a connection of its own if it asks for one."""
        operation = call.operation
        message = Message(operation.verb, operation.url_path(call.key), self._headers(call), call.content)
        with self._connections(fresh=call.fresh) as adapter:
            return exchange(
                adapter, message, url=self.url, limits=limits, settings=self._settings, cancels=cancels
            )

    def close(self) -> None:
        """Close every connection."""
        self._adapter.close()

    @contextmanager
    def _connections(self, *, fresh: bool) -> Iterator[Adapter | InjectedAdapter]:
        if self._injected is not None or not fresh:
            yield self._adapter
            return
        with closing(Adapter(pool_connections=1, pool_maxsize=1)) as adapter:
            yield adapter

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {
            self._auth.header: Veiled(self._auth.secret.reveal()),
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": _AGENT,
        }
        if call.operation.verb in {"POST", "PUT"}:
            headers["Content-Type"] = "application/json"
        if call.fresh:
            headers["Connection"] = "close"
        return headers
