"""The sandbox as a reader meets it: made in one call, asked over HTTP, closed when done."""

from __future__ import annotations

import asyncio
import html
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.accounts import DEFAULT, Opened, Terms, keys_of
from dyno_frames.sandbox.campaigns.sending import Pace, Sender
from dyno_frames.sandbox.faults.fault import Fault
from dyno_frames.sandbox.faults.faults import Faults
from dyno_frames.sandbox.filters.semantics import DEFAULT_PROFILE, PAGE_LIMIT
from dyno_frames.sandbox.http.access_log import AccessLog, AccessLogEntry
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.http.app import AppOptions, create_app
from dyno_frames.sandbox.http.routes import Account
from dyno_frames.sandbox.http.server import DEFAULT_HOST, HttpServer, bind_socket, create_executor
from dyno_frames.sandbox.loading import contact_import as people
from dyno_frames.sandbox.loading import tables
from dyno_frames.sandbox.loading.files import Rows, Source
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.mail.smtp_server import parse_smtp_url
from dyno_frames.sandbox.sample import account as owner
from dyno_frames.sandbox.store.paths import checked_path
from dyno_frames.sandbox.store.storage import Store

if TYPE_CHECKING:
    import pandas as pd


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
        named hold exactly these rows, or nothing is changed. Columns that are not fields of the API are kept as
        extra fields; a warning names those that seem to be fields under another name.
    rename
        Fields by the names that the columns of ``load`` have, such as ``{"Title": "name"}``.
    port
        The port; 0 takes a free one.
    api_key
        The key that requests must carry; None makes a random one.
    profile
        What filters mean here; None is the decided semantics.
    smtp
        Where mail to real contacts is delivered: ``smtp://host:port``, with ``user:password@`` and
        ``?tls=required&ca=FILE`` where the server wants them, or ``smtps://``. None puts it into
        :attr:`outbox`.
    speed
        How fast campaigns run: 1 is 200 messages a second, 0 keeps every campaign where it is. A message that
        a mail server defers is tried again after 5 minutes, 10, 20 and so on, divided by the speed.
    page_limit
        The largest page; another number than 1,000 stands before the profile's.
    connect
        What :meth:`client` calls with the URL and the key.
    clock
        Epoch seconds, now.
    outbox
        The folder for mail, a Maildir; None is one beside the database, or one that goes with the sandbox.
    rate
        The most messages a second that are mailed; None follows ``speed``.
    accounts
        Further accounts: names, or keys by name. They begin empty, and none sees the rows of another.
    faults
        What befalls requests: :class:`~dyno_frames.sandbox.faults.faults.Fault` or their JSON objects. With a list,
        an empty one too, ``/sandbox/faults`` changes them while the server runs.
    host
        The address it listens on. Any other than loopback lets others in, and warns.

    Raises
    ------
    ConfigError
        An argument cannot be used; nothing was started.
    TableError
        Rows of ``load`` do not fit; it names every one, and why.

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
        keys = keys_of(api_key, accounts)
        self._connect = connect
        self._closed = False
        self._clock = clock
        self._faults = None if faults is None else Faults(faults)
        loaded = tables.read_all(load or {}, rename=rename)
        pace, where = Pace(speed, rate), None if smtp is None else parse_smtp_url(smtp)
        with ExitStack() as undo:
            listener = bind_socket(port, host)
            undo.callback(listener.close)
            self._host = str(listener.getsockname()[0])
            self._port = int(listener.getsockname()[1])
            terms = Terms(
                path=None if path is None else checked_path("path", path),
                outbox=None if outbox is None else checked_path("outbox", outbox),
                profile=profile or DEFAULT_PROFILE,
                page_limit=page_limit,
                pace=pace,
                server=where,
                clock=clock,
                url=self.url,
            )
            self._accounts: dict[str, Opened] = {}
            for name, key in keys.items():
                self._accounts[name] = opened = Opened.of(name, key, terms)
                undo.callback(opened.close)
            _fill(self._store, loaded.rows, sample=sample and load is None)
            self._serving = self._server(listener)
            for notice in loaded.notices:
                warnings.warn(notice, stacklevel=3)
            undo.pop_all()
        for opened in self._accounts.values():
            opened.sender.start()
        self._serving.start()

    def _server(self, listener: Any) -> HttpServer:
        executor = create_executor()
        app = create_app(
            {
                opened.key: Account(opened.store, owner.user_id(opened.name), self._clock, opened.name)
                for opened in self._accounts.values()
            },
            options=AppOptions(executor, self._faults, self._connection),
            url=self.url,
        )
        self._access_log = AccessLog(app, self._clock)
        return HttpServer(self._access_log, listener, executor)

    def _connection(self, client: tuple[str, int]) -> asyncio.Transport | None:
        return self._serving.connection_of(client)

    @property
    def _store(self) -> Store:
        return self._accounts[DEFAULT].store

    @property
    def _sender(self) -> Sender:
        return self._accounts[DEFAULT].sender

    @property
    def url(self) -> str:
        """Where it answers."""
        host = "127.0.0.1" if self._host in {"0.0.0.0", "::"} else self._host  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def api_key(self) -> str:
        """The key that requests must carry."""
        return self._accounts[DEFAULT].key

    @property
    def keys(self) -> dict[str, str]:
        """The key of every account, by its name; the first is ``default``."""
        return {name: opened.key for name, opened in self._accounts.items()}

    @property
    def port(self) -> int:
        """The port."""
        return self._port

    @property
    def outbox(self) -> Path:
        """The folder that mail goes to where no mail server was named: a Maildir, made with the first message."""
        return self._accounts[DEFAULT].outbox

    @property
    def requests(self) -> tuple[AccessLogEntry, ...]:
        """The last thousand requests, oldest first."""
        return tuple(self._access_log.entries)

    def client(self, *, account: str = DEFAULT, **kwargs: Any) -> Any:
        """Return a client that is connected to this sandbox and knows what its filters mean.

        Parameters
        ----------
        account
            Whose key it carries.
        kwargs
            As :func:`dyno_frames.connect` takes them.
        """
        if self._connect is None:
            raise ConfigError(
                "this sandbox was made without connect; dyno_frames.sandbox() makes one with it"
            )
        opened = self._account(account)
        suffix = "" if account == DEFAULT else f"-{account}"
        known = {"name": f"sandbox-{self._port}{suffix}", "profile": opened.store.profile}
        return self._connect(self.url, opened.key, **(known | kwargs))

    def add_contacts(self, list_id: str, source: Source, *, account: str = DEFAULT) -> people.ContactReport:
        """Add the people of a table to a list.

        Parameters
        ----------
        list_id
            Which list.
        source
            A frame, or the path of a ``.csv``, ``.jsonl`` or ``.parquet`` file. It has a column ``email``; the
            others, such as ``name``, are merge fields.
        account
            Whose list it is.

        Returns
        -------
        ContactReport
            How many were added, were there already, and which rows were refused and why.

        Raises
        ------
        ConfigError
            No such list, or no table of people.
        """
        return people.add(self._account(account).store, list_id, source, now=int(self._clock()))

    def list_named(self, name: str, *, account: str = DEFAULT) -> str:
        """Return the id of the list that has this id or name, which is made where it is missing.

        Parameters
        ----------
        name
            The id or the name.
        account
            Whose list it is.

        Raises
        ------
        ConfigError
            Several lists have the name.
        """
        return people.list_named(
            self._account(account).store, name, now=int(self._clock()), user_id=owner.user_id(account)
        )

    def deliveries(self, campaign_id: str, *, account: str = DEFAULT) -> pd.DataFrame:
        """Return what became of a campaign's messages: one row for each recipient.

        Parameters
        ----------
        campaign_id
            Which campaign.
        account
            Whose it is.

        Returns
        -------
        pandas.DataFrame
            ``email``, ``outcome`` (waiting, claimed, sent, refused, invalid, unknown, withdrawn), ``reason``,
            ``attempts``, ``settled`` (UTC) and ``token``, which the message's Message-ID begins with.
        """
        import pandas as pd

        with self._account(account).store.transaction() as connection:
            rows = deliveries.list_deliveries(connection, campaign_id)
        frame = pd.DataFrame(rows, columns=list(deliveries.COLUMNS))
        settled = pd.to_datetime(frame["settled"].astype("Int64"), unit="s", utc=True)
        return frame.assign(settled=settled.dt.as_unit("s"))

    def set_faults(self, faults: Iterable[Fault | Mapping[str, Any]]) -> None:
        """Put other faults in force; none is an end of all.

        Parameters
        ----------
        faults
            What befalls requests from now on.

        Raises
        ------
        ConfigError
            The sandbox was made without ``faults``, or one is no fault.
        """
        if self._faults is None:
            raise ConfigError("this sandbox has no faults; make it with faults=[]")
        self._faults.replace(faults)

    def backup(self, path: str | Path, *, account: str = DEFAULT) -> None:
        """Copy an account into a database file of its own, while requests are answered.

        Parameters
        ----------
        path
            The copy; what stands there is replaced when the copy is whole.
        account
            Which account.

        Raises
        ------
        ConfigError
            The copy cannot be written.
        """
        self._account(account).store.backup(checked_path("path", path))

    def close(self) -> None:
        """Finish what is under way and stop; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._serving.stop()
        for opened in self._accounts.values():
            opened.close()

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

    def _account(self, name: str) -> Opened:
        if name not in self._accounts:
            raise ConfigError(f"no account is called {name!r}; expected one of {', '.join(self._accounts)}")
        return self._accounts[name]


def _fill(store: Store, rows: Mapping[str, Rows], *, sample: bool) -> None:
    try:
        with store.transaction():
            for name, loaded in rows.items():
                store.load(RESOURCES[name], loaded, replace_all=True)
    except RequestError as error:
        raise ConfigError(f"load: {error.reason}") from error
    if sample and not any(store.counts().values()):
        owner.fill(store)
