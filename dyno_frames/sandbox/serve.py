"""The sandbox as a reader meets it: made in one call, asked over HTTP, closed when done."""

from __future__ import annotations

import html
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox import load as tables
from dyno_frames.sandbox import sample as account
from dyno_frames.sandbox.app import application
from dyno_frames.sandbox.refusals import Refused
from dyno_frames.sandbox.routes import Account
from dyno_frames.sandbox.sending import Sender
from dyno_frames.sandbox.serving import HOST, Serving, bind, workers
from dyno_frames.sandbox.storage import DECIDED, PAGE_LIMIT, Store


class Sandbox:
    """A real server of the API on 127.0.0.1, over SQLite.

    Parameters
    ----------
    path
        The database file, made where it is missing; one that has rows is kept. None keeps all in memory.
    sample
        Begin with the sample account. It is left out where ``load`` is given or the database has rows.
    load
        Tables by resource: a frame, or the path of a ``.parquet``, ``.csv`` or ``.jsonl`` file. The resources
        named hold exactly these rows.
    port
        The port; 0 takes a free one.
    api_key
        The key that requests must carry; None makes a random one.
    profile
        What filters mean here; None is the decided semantics.
    smtp
        ``smtp://host:port``, where mail is delivered; None counts it only.
    speed
        How fast campaigns run: 1 is 200 messages a second, 0 keeps every campaign where it is.
    page_limit
        The largest page; another number than 1,000 stands before the profile's.
    connect
        What :meth:`client` calls with the URL and the key.
    clock
        Epoch seconds, now.

    Raises
    ------
    ConfigError
        An argument cannot be used; nothing was started.

    Examples
    --------
    >>> with Sandbox(speed=0) as box:
    ...     box.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        sample: bool = True,
        load: Mapping[str, tables.Source] | None = None,
        port: int = 0,
        api_key: str | None = None,
        profile: Profile | None = None,
        smtp: str | None = None,
        speed: float = 1.0,
        page_limit: int = PAGE_LIMIT,
        connect: Callable[..., Any] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api_key = _key(api_key)
        self._connect = connect
        self._closed = False
        rows = tables.read_all(load or {})
        sender_of = Sender.configured(smtp=smtp, speed=speed, clock=clock)
        listener = bind(port)
        self._port = int(listener.getsockname()[1])
        try:
            self._store = Store(
                None if path is None else Path(path), profile=profile or DECIDED, page_limit=page_limit
            )
        except BaseException:
            listener.close()
            raise
        try:
            _fill(self._store, rows, sample=sample and load is None)
        except BaseException:
            listener.close()
            self._store.close()
            raise
        executor = workers()
        answering = application(
            Account(self._store, account.USER_ID, clock), self._api_key, executor=executor
        )
        self._serving = Serving(answering, listener, executor)
        self._sender = sender_of(self._store)
        self._sender.start()
        self._serving.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._port}"

    @property
    def api_key(self) -> str:
        """The key that requests must carry."""
        return self._api_key

    @property
    def port(self) -> int:
        """The port."""
        return self._port

    def client(self, **kwargs: Any) -> Any:
        """Return a client that is connected to this sandbox and knows what its filters mean.

        Parameters
        ----------
        kwargs
            As :func:`dyno_frames.connect` takes them.
        """
        if self._connect is None:
            raise ConfigError(
                "this sandbox was made without connect; dyno_frames.sandbox() makes one with it"
            )
        known = {"name": f"sandbox-{self._port}", "profile": self._store.profile}
        return self._connect(self.url, self._api_key, **(known | kwargs))

    def close(self) -> None:
        """Finish what is under way and stop; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._serving.stop()
        self._sender.stop()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Sandbox {self.url}, {self._state()}>"

    def _repr_html_(self) -> str:
        url = html.escape(self.url)
        return f"<p><strong>Dyno sandbox</strong> <code>{url}</code><br>{html.escape(self._state())}</p>"

    def _state(self) -> str:
        if self._closed:
            return "closed"
        return ", ".join(f"{count:,} {name}" for name, count in self._store.counts().items())


def _key(api_key: Any) -> str:
    if api_key is None:
        return secrets.token_urlsafe(24)
    if not isinstance(api_key, str) or not api_key:
        raise ConfigError("api_key is no text or empty; leave it out to get a random one")
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise ConfigError("api_key cannot stand in a header; expected ASCII letters, digits and signs")
    return api_key


def _fill(store: Store, rows: Mapping[str, tables.Rows], *, sample: bool) -> None:
    try:
        for name, loaded in rows.items():
            store.load(RESOURCES[name], loaded, replace_all=True)
    except Refused as error:
        raise ConfigError(f"load: {error.reason}") from error
    if sample and not any(store.counts().values()):
        account.fill(store)
