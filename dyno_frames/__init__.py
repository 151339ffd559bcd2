"""pandas and Jupyter over the Dyno e-mail marketing API.

>>> import dyno_frames as dyno
>>> with dyno.sandbox() as box:
...     client = box.client()
...     campaigns = client.campaigns.frame()
...     weekly = campaigns.dyno.query("status == 'finished' and name.str.contains('Weekly')")
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyno_frames.contract.profile import Profile
from dyno_frames.errors import DynoError

if TYPE_CHECKING:
    import pandas as pd

    from dyno_frames.accessor import DynoAccessor
    from dyno_frames.api import connect
    from dyno_frames.export.dataset import open_dataset, open_delta, read_dataset
    from dyno_frames.integrations.dask.collection import certificate_of
    from dyno_frames.integrations.polars import scan_polars
    from dyno_frames.panels.views.accessible import AccessiblePanel
    from dyno_frames.panels.views.widgets.panel import CampaignPanel
    from dyno_frames.sandbox.sandbox import Sandbox
    from dyno_frames.transport.auth import ApiKeyAuth

__version__ = "0.1.0"

__all__ = [
    "AccessiblePanel",
    "ApiKeyAuth",
    "CampaignPanel",
    "DynoAccessor",
    "DynoError",
    "Profile",
    "Sandbox",
    "certificate_of",
    "connect",
    "open_dataset",
    "open_delta",
    "read_dataset",
    "sandbox",
    "scan_polars",
]

_LAZY = {
    "AccessiblePanel": "dyno_frames.panels.views.accessible",
    "ApiKeyAuth": "dyno_frames.transport.auth",
    "CampaignPanel": "dyno_frames.panels.views.widgets.panel",
    "DynoAccessor": "dyno_frames.accessor",
    "Sandbox": "dyno_frames.sandbox.sandbox",
    "certificate_of": "dyno_frames.integrations.dask.collection",
    "connect": "dyno_frames.api",
    "open_dataset": "dyno_frames.export.dataset",
    "open_delta": "dyno_frames.export.dataset",
    "read_dataset": "dyno_frames.export.dataset",
    "scan_polars": "dyno_frames.integrations.polars",
}

# The sub-package of this name is loaded first, so that loading it later cannot hide the function below.
importlib.import_module("dyno_frames.sandbox")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'dyno_frames' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def sandbox(
    path: str | Path | None = None,
    *,
    sample: bool = True,
    load: Mapping[str, pd.DataFrame | str | Path] | None = None,
    rename: Mapping[str, str] | None = None,
    port: int = 0,
    api_key: str | None = None,
    profile: Profile | None = None,
    smtp: str | None = None,
    speed: float = 1.0,
    page_limit: int = 1000,
    outbox: str | Path | None = None,
    rate: float | None = None,
    accounts: Mapping[str, str | None] | Iterable[str] | None = None,
    faults: Iterable[Mapping[str, Any]] | None = None,
    host: str = "127.0.0.1",
) -> Sandbox:
    """Start a server of the whole API on this machine, over HTTP on 127.0.0.1.

    Parameters
    ----------
    path
        The SQLite file of the account. It is created if it does not exist; existing rows are kept. None keeps the
        rows in memory.
    sample
        Whether to fill an empty account with a sample of simulated campaigns. It is ignored if ``load`` is given.
    load
        Tables by resource: a frame, or the path of a ``.parquet``, ``.csv`` or ``.jsonl`` file. They replace the
        rows of these resources; if a row is not valid, nothing is changed. Columns that are not fields of the API
        are kept as extra fields; a warning names those that seem to be fields under another name.
    rename
        The field of each loaded column that has another name, such as
        ``{"Title": "name", "Send Date": "start_time"}``.
    port
        The port to listen on; 0 for a free one.
    api_key
        The API key to accept; None for a random one.
    profile
        What filters mean (default: the semantics of the contract).
    smtp
        The mail server that delivers mail to real contacts: ``smtp://host:port``, optionally with
        ``user:password@`` and ``?tls=required&ca=FILE``, or ``smtps://``. None writes mail to the outbox.
    speed
        How fast campaigns are sent: 1 is 200 messages per second, 0 stops everything. A message that a mail server
        defers is sent again after 5, 10, 20, … minutes, divided by the speed.
    page_limit
        The largest page, in rows. A value other than 1,000 takes precedence over the profile's.
    outbox
        The folder that receives mail if there is no ``smtp``, a Maildir (default: beside the database, or a
        temporary folder).
    rate
        The maximum number of real messages per second (default: follows ``speed``).
    accounts
        Further accounts: names, or API keys by name. They are empty, and each sees its own rows only.
    faults
        Faults to inject, such as ``[{"kind": "latency", "delay_s": 0.2}]``. With a list, even an empty one, faults
        can be changed while the server runs.
    host
        The address to listen on. A warning is issued if other machines can reach it.

    Returns
    -------
    Sandbox
        A context manager with ``url``, ``api_key``, ``client()`` and ``close()``.

    Raises
    ------
    ConfigError
        An argument is not valid.
    TableError
        Rows of ``load`` are not valid. The message names each of them, and why.

    Examples
    --------
    >>> with sandbox() as box:
    ...     box.client().campaigns.count()
    400
    """
    from dyno_frames.api import connect
    from dyno_frames.sandbox.sandbox import Sandbox

    return Sandbox(
        path,
        sample=sample,
        load=load,
        rename=rename,
        port=port,
        api_key=api_key,
        profile=profile,
        smtp=smtp,
        speed=speed,
        page_limit=page_limit,
        connect=connect,
        outbox=outbox,
        rate=rate,
        accounts=accounts,
        faults=faults,
        host=host,
    )


def load_ipython_extension(shell: Any) -> None:
    """Add ``%dyno``, ``%%dyno`` and the completion of columns to IPython: ``%load_ext dyno_frames``."""
    from dyno_frames.api import connect
    from dyno_frames.doctor.doctor import diagnose, report
    from dyno_frames.integrations.magics import register

    register(shell, connect=connect, diagnose=lambda: report(diagnose()))


def unload_ipython_extension(shell: Any) -> None:
    """Remove what :func:`load_ipython_extension` added: ``%unload_ext dyno_frames``."""
    from dyno_frames.integrations.magics import unregister

    unregister(shell)


def _accessor(frame: pd.DataFrame) -> DynoAccessor:
    """Query the account that a frame came from; see :class:`dyno_frames.accessor.DynoAccessor`."""
    # What most programs import and some never use is loaded at its first use: importing pandas is slow enough.
    from dyno_frames.accessor import DynoAccessor

    return DynoAccessor(frame)


def _register_accessor() -> None:
    import pandas as pd

    register: Callable[[Any], Any] = pd.api.extensions.register_dataframe_accessor("dyno")
    register(_accessor)


_register_accessor()
