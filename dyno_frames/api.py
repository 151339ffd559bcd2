"""``dyno_frames.connect``: settings, checked, and a client with the packages above it passed in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dyno_frames.client.client import Client
from dyno_frames.client.connection import Connection, Extensions
from dyno_frames.client.connections import NamedConnection, chosen, default_url
from dyno_frames.client.credentials import stored_key
from dyno_frames.client.queries import Queries
from dyno_frames.client.settings import DtypeBackend, Settings
from dyno_frames.contract.operations import Operation
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS, LISTS, Resource
from dyno_frames.errors import ConfigError
from dyno_frames.transport.auth import ApiKeyAuth, secret_of, usable
from dyno_frames.transport.injected import TransportAdapter
from dyno_frames.transport.secret import Secret
from dyno_frames.transport.session import Session

if TYPE_CHECKING:
    from dyno_frames.export.dataset import Dataset
    from dyno_frames.mirror.mirror import Mirror
    from dyno_frames.panels.views.widgets.lists import ListPanel
    from dyno_frames.panels.views.widgets.preview import TemplatePreview
    from dyno_frames.scan.scan import Scan


def connect(
    url: str | None = None,
    api_key: str | None = None,
    *,
    name: str = "default",
    timeout_s: float = 30.0,
    page_size: int = 1000,
    workers: int | None = None,
    dtype_backend: DtypeBackend | None = None,
    schema: Any = None,
    profile: Profile | Literal["auto"] = "auto",
    auth: ApiKeyAuth | None = None,
    transport: TransportAdapter | None = None,
    clock: Callable[[], float] = time.time,
    connection: str | None = None,
) -> Client:
    """Connect to a Dyno server. Nothing is sent yet.

    ``url=`` and ``api_key=`` take precedence over a named connection, which takes precedence over ``DYNO_URL`` and
    ``DYNO_API_KEY``. The key of a named connection is sent to its own url only.

    Parameters
    ----------
    url
        The address of the server (default: that of the connection, else ``DYNO_URL`` in the environment, else the
        production service).
    api_key
        The API key (default: that of the connection; without a connection ``DYNO_API_KEY`` in the environment, else,
        if the package keyring is installed, the key in the user's keyring: service ``dyno_frames``, user the host and
        port of the url).
    name
        The name of the client. A frame finds its client by this name, the url and the account.
    timeout_s
        Maximum time without a byte from the server, in seconds. One call with all its retries takes at most four
        times as long.
    page_size
        Rows per request; a server may return fewer.
    workers
        Maximum number of concurrent requests (default: chosen by each scan).
    dtype_backend
        As in pandas' readers: None, ``"numpy_nullable"`` or ``"pyarrow"``.
    schema
        Types of fields outside the contract, by resource and name. Numbers and flags are nullable: ``"float64"`` gives
        a ``Float64`` column. For times that the server does not keep in seconds: ``"epoch_ms"``.
    profile
        What the server's filters mean; ``"auto"`` learns it from the server.
    auth
        The API key with the name of its header, instead of ``api_key``:
        ``ApiKeyAuth("my-key", header="X-Gateway-Key")``. The default header is ``User-Api-Key``.
    transport
        A transport adapter of requests that sends the requests, for TLS settings, proxies or tests of your own. It is
        used by several threads and closed with the client. Each request has a connection of its own. A request that
        fails in the adapter may have reached the server: reads are sent again, and the outcome of an action is unknown.
    clock
        Returns the time in epoch seconds.
    connection
        The name of a connection in ``connections.toml`` (default: ``DYNO_CONNECTION`` in the environment, if it is
        set). ``dyno-frames connections add`` writes the file.

    Returns
    -------
    Client
        A context manager; close it when you are done.

    Raises
    ------
    ConfigError
        A setting is missing or not valid; the message shows it and what was expected.

    Warns
    -----
    InsecureTransportWarning
        The key will travel over plain HTTP to another machine.

    Examples
    --------
    >>> client = connect("http://127.0.0.1:8080", "my key".replace(" ", "-"), name="practice")
    >>> client
    Client('http://127.0.0.1:8080', name='practice')
    >>> client.close()
    """
    given = None if api_key is None else secret_of(api_key)
    del api_key  # no traceback from here on holds it
    named = chosen(connection, url_given=url is not None, key_given=given is not None or auth is not None)
    settings = _settings(
        url=default_url(named) if url is None else url,
        name=name,
        timeout_s=timeout_s,
        page_size=page_size,
        workers=workers,
        dtype_backend=dtype_backend,
        schema=schema,
        profile=profile,
        clock=clock,
    )
    del url  # for a key may have been given in its place
    if isinstance(settings, ConfigError):
        raise settings
    session = Session(
        settings.url,
        _auth(settings.url, given, auth, named),
        timeout_s=float(timeout_s),
        connections=max(16, workers or 0),
        transport=transport,
        wall=clock,
    )
    return Client(Connection(settings, session, EXTENSIONS))


def _settings(**given: Any) -> Settings | ConfigError:
    """Return the settings, or what is wrong with them: an error without a traceback, and so without the values."""
    try:
        return Settings(**given)
    except ConfigError as error:
        return error.with_traceback(None)


def _auth(url: str, key: Secret | str | None, auth: object, named: NamedConnection | None) -> ApiKeyAuth:
    if auth is None:
        if key is not None:
            return ApiKeyAuth(usable(key, "api_key="))
        return ApiKeyAuth(stored_key(url, named).secret)
    if not isinstance(auth, ApiKeyAuth):
        raise ConfigError(
            f"auth= is of type {type(auth).__name__}; expected dyno_frames.ApiKeyAuth('my-key', header='…')"
        )
    if key is not None:
        raise ConfigError("api_key= and auth= both give a key; expected one of them")
    return auth


@dataclass(frozen=True, slots=True)
class _Outputs:
    """The outputs of the scans of a connection.

    Parameters
    ----------
    prepare
        Plans a scan again after learning whether the server takes two bounds on one field.
    """

    prepare: Callable[[Scan], Scan]

    def parquet(self, scan: Scan, path: str | Path, /, **options: Any) -> Dataset:
        """Write the rows as Parquet and return the dataset."""
        from dyno_frames.export.write import write

        return write(scan, path, **self._on_cluster(**options))

    def delta(self, scan: Scan, path: str | Path, /, **options: Any) -> Dataset:
        """Write the rows to a Delta table and return the dataset."""
        from dyno_frames.export.write import write_delta

        return write_delta(scan, path, **self._on_cluster(**options))

    def _on_cluster(
        self, *, client: Any, max_requests_per_second: float | None, **options: Any
    ) -> dict[str, Any]:
        """Return the options of an export, with the cluster of a Dask client if there is one."""
        if client is None and max_requests_per_second is None:
            return options
        from dyno_frames.integrations.dask.cluster import DaskCluster

        return options | {"cluster": DaskCluster.of(client, self.prepare, max_requests_per_second)}

    def dask(self, scan: Scan, /, **options: Any) -> Any:
        """Return the rows as a Dask frame."""
        from dyno_frames.integrations.dask.collection import to_dask

        return to_dask(scan, prepare=self.prepare, **options)

    def code(self, scan: Scan, language: str, /, *, wider: bool, counts: bool) -> str:
        """Return the query as a program."""
        from dyno_frames.codegen.code import query_code

        return query_code(scan, language, wider=wider, counts=counts)


def _request_code(session: Session, language: str, asked: Operation, /, **options: Any) -> str:
    from dyno_frames.codegen.code import request_code

    return request_code(session, language, asked, **options)


def _list_panel(connection: Connection) -> ListPanel:
    from dyno_frames.panels.views.widgets.lists import ListPanel

    return ListPanel(Queries(connection, LISTS), Queries(connection, CAMPAIGNS))


def _template_preview(template: Mapping[str, Any], /, **options: Any) -> TemplatePreview:
    from dyno_frames.panels.views.widgets.preview import TemplatePreview

    return TemplatePreview(template, **options)


def _show_frame_notes() -> None:
    if (ipython := sys.modules.get("IPython")) is not None:
        from dyno_frames.integrations.ipython import show_frame_notes

        show_frame_notes(ipython.get_ipython())


def _mirror(connection: Connection, resource: Resource, /, path: str | Path | None, **options: Any) -> Mirror:
    from dyno_frames.mirror.mirror import open_mirror

    return open_mirror(connection, resource, path, **options)


EXTENSIONS = Extensions(
    outputs=_Outputs,
    request_code=_request_code,
    list_panel=_list_panel,
    template_preview=_template_preview,
    show_frame_notes=_show_frame_notes,
    mirror=_mirror,
)
"""What the client does with packages above it. Each is loaded at its first use."""
