"""The sandbox: a server of the whole API that starts in one call."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError
from dyno_frames.reprs import code, html_table
from dyno_frames.sandbox.accounts import DEFAULT, AccountOptions, OpenAccount, account_keys
from dyno_frames.sandbox.campaigns.sending import Sender
from dyno_frames.sandbox.campaigns.speed import SendingSpeed
from dyno_frames.sandbox.faults.fault import Fault
from dyno_frames.sandbox.faults.faults import Faults
from dyno_frames.sandbox.filters.semantics import DEFAULT_PROFILE, PAGE_LIMIT
from dyno_frames.sandbox.http.access_log import AccessLog, AccessLogEntry
from dyno_frames.sandbox.http.app import AppOptions, create_app
from dyno_frames.sandbox.http.routes import Account
from dyno_frames.sandbox.http.server import DEFAULT_HOST, HttpServer, bind_socket, create_executor, url_of
from dyno_frames.sandbox.loading import tables
from dyno_frames.sandbox.loading.contact_import import ContactReport, find_or_create_list, import_contacts
from dyno_frames.sandbox.loading.files import Source
from dyno_frames.sandbox.mail.deliveries import deliveries_frame
from dyno_frames.sandbox.mail.smtp_server import parse_smtp_url
from dyno_frames.sandbox.sample.account import user_id
from dyno_frames.sandbox.store.paths import checked_path
from dyno_frames.sandbox.store.storage import Store

if TYPE_CHECKING:
    import pandas as pd


class Sandbox:
    """A server of the API on 127.0.0.1, over SQLite.

    Parameters
    ----------
    path, sample, load, rename, port, api_key, profile, smtp, speed, page_limit, outbox, rate, accounts, faults, host
        See :func:`dyno_frames.sandbox`.
    connect
        The function that :meth:`client` calls with the URL and the key.
    clock
        A function that returns the time in epoch seconds.

    Raises
    ------
    ConfigError
        An argument is not valid.
    TableError
        Rows of ``load`` are not valid. The message names each of them, and why.

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
        load: Mapping[str, Source] | None = None,
        rename: Mapping[str, str] | None = None,
        port: int = 0,
        api_key: str | None = None,
        profile: Profile | None = None,
        smtp: str | None = None,
        speed: float = 1.0,
        page_limit: int = PAGE_LIMIT,
        connect: Callable[..., Any] | None = None,
        clock: Callable[[], float] = time.time,
        outbox: str | Path | None = None,
        rate: float | None = None,
        accounts: Mapping[str, str | None] | Iterable[str] | None = None,
        faults: Iterable[Fault | Mapping[str, Any]] | None = None,
        host: str = DEFAULT_HOST,
    ) -> None:
        keys = account_keys(api_key, accounts)
        self._connect = connect
        self._closed = False
        self._clock = clock
        self._faults = None if faults is None else Faults(faults)
        loaded = tables.read_all(load or {}, rename=rename)
        sending_speed = SendingSpeed(speed, rate)
        smtp_server = None if smtp is None else parse_smtp_url(smtp)
        with ExitStack() as undo:
            listener = bind_socket(port, host)
            undo.callback(listener.close)
            self._host, self._port = str(listener.getsockname()[0]), int(listener.getsockname()[1])
            options = AccountOptions(
                path=None if path is None else checked_path("path", path),
                outbox=None if outbox is None else checked_path("outbox", outbox),
                profile=profile or DEFAULT_PROFILE,
                page_limit=page_limit,
                speed=sending_speed,
                smtp_server=smtp_server,
                clock=clock,
                url=self.url,
            )
            self._accounts: dict[str, OpenAccount] = {}
            for name, key in keys.items():
                self._accounts[name] = opened = OpenAccount.open(name, key, options)
                undo.callback(opened.close)
            self._accounts[DEFAULT].load(loaded.rows, sample=sample and load is None)
            self._server = self._create_server(listener)
            for notice in loaded.notices:
                warnings.warn(notice, stacklevel=3)
            undo.pop_all()
        for opened in self._accounts.values():
            opened.sender.start()
        self._server.start()

    def _create_server(self, listener: Any) -> HttpServer:
        executor = create_executor()
        app = create_app(
            {
                opened.key: Account(opened.store, user_id(opened.name), self._clock, opened.name)
                for opened in self._accounts.values()
            },
            AppOptions(executor, self.url, self._faults, self._connection_of),
        )
        self._access_log = AccessLog(app, self._clock)
        return HttpServer(self._access_log, listener, executor)

    def _connection_of(self, client: tuple[str, int]) -> asyncio.Transport | None:
        return self._server.connection_of(client)

    @property
    def _store(self) -> Store:
        return self._accounts[DEFAULT].store

    @property
    def _sender(self) -> Sender:
        return self._accounts[DEFAULT].sender

    @property
    def url(self) -> str:
        """The server's URL."""
        return url_of(self._host, self._port)

    @property
    def api_key(self) -> str:
        """The API key of the default account."""
        return self._accounts[DEFAULT].key

    @property
    def keys(self) -> dict[str, str]:
        """The API key of every account by its name; the first one is ``default``."""
        return {name: opened.key for name, opened in self._accounts.items()}

    @property
    def port(self) -> int:
        """The port."""
        return self._port

    @property
    def outbox(self) -> Path:
        """The Maildir that receives mail if there is no mail server.

        It is created with the first message, unless its path was given.
        """
        return self._accounts[DEFAULT].outbox

    @property
    def requests(self) -> tuple[AccessLogEntry, ...]:
        """The latest 1,000 requests, oldest first."""
        return tuple(self._access_log.entries)

    def client(self, *, account: str = DEFAULT, **kwargs: Any) -> Any:
        """Return a client that is connected to this sandbox and knows its profile.

        Parameters
        ----------
        account
            The account's name.
        kwargs
            Arguments of :func:`dyno_frames.connect`.
        """
        if self._connect is None:
            raise ConfigError("this sandbox has no connect function; create it with dyno_frames.sandbox()")
        opened = self._account(account)
        suffix = "" if account == DEFAULT else f"-{account}"
        known = {"name": f"sandbox-{self._port}{suffix}", "profile": opened.store.profile}
        return self._connect(self.url, opened.key, **(known | kwargs))

    def add_contacts(self, list_id: str, source: Source, *, account: str = DEFAULT) -> ContactReport:
        """Add the contacts of a table to a list.

        Parameters
        ----------
        list_id
            The list's id.
        source
            A frame, or the path of a ``.csv``, ``.jsonl`` or ``.parquet`` file. The column ``email`` has the
            addresses; other columns, such as ``name``, are merge fields.
        account
            The account's name.

        Returns
        -------
        ContactReport
            How many contacts were added or already on the list, and which rows were refused.

        Raises
        ------
        ConfigError
            The list does not exist, or the table has no column ``email``.
        """
        return import_contacts(self._account(account).store, list_id, source, now=int(self._clock()))

    def ensure_list(self, name: str, *, account: str = DEFAULT) -> str:
        """Return the id of the list with this id or name. If there is none, create it.

        Raises
        ------
        ConfigError
            Several lists have the name.
        """
        store = self._account(account).store
        return find_or_create_list(store, name, now=int(self._clock()), user_id=user_id(account))

    def deliveries(self, campaign_id: str, *, account: str = DEFAULT) -> pd.DataFrame:
        """Return the recipients of a campaign, and the result of each delivery.

        Parameters
        ----------
        campaign_id
            The campaign's id.
        account
            The account's name.

        Returns
        -------
        pandas.DataFrame
            ``email``, ``outcome`` (waiting, claimed, sent, refused, invalid, unknown, withdrawn), ``reason``,
            ``attempts``, ``settled`` (the time of the result, in UTC) and ``token`` (the start of the Message-ID).
        """
        with self._account(account).store.transaction() as connection:
            return deliveries_frame(connection, campaign_id)

    def set_faults(self, faults: Iterable[Fault | Mapping[str, Any]]) -> None:
        """Replace the injected faults; an empty list ends all.

        Raises
        ------
        ConfigError
            The sandbox was created without ``faults``, or a fault is not valid.
        """
        if self._faults is None:
            raise ConfigError("this sandbox injects no faults; create it with faults=[]")
        self._faults.replace(faults)

    def backup(self, path: str | Path, *, account: str = DEFAULT) -> None:
        """Copy an account to a database file, while requests are answered. An existing file is replaced.

        Raises
        ------
        ConfigError
            The copy cannot be written.
        """
        self._account(account).store.backup(checked_path("path", path))

    def close(self) -> None:
        """Finish the current requests and stop. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._server.stop()
        for opened in self._accounts.values():
            opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Sandbox {self.url}, {self._state()}>"

    def _repr_html_(self) -> str:
        return html_table([("url", code(self.url)), ("state", self._state())], caption="Dyno sandbox")

    def _state(self) -> str:
        if self._closed:
            return "closed"
        return ", ".join(f"{count:,} {name}" for name, count in self._store.counts().items())

    def _account(self, name: str) -> OpenAccount:
        if name not in self._accounts:
            raise ConfigError(f"there is no account {name!r}; expected one of {', '.join(self._accounts)}")
        return self._accounts[name]
