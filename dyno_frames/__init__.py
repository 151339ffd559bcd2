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
from dyno_frames.scan import exits

if TYPE_CHECKING:
    import pandas as pd

    from dyno_frames.accessor import DynoAccessor
    from dyno_frames.client.connect import connect
    from dyno_frames.export.dataset import read_dataset
    from dyno_frames.panels.views.accessible import AccessiblePanel
    from dyno_frames.panels.views.widgets.panel import CampaignPanel
    from dyno_frames.sandbox.serve import Sandbox

__version__ = "0.1.0"

__all__ = [
    "AccessiblePanel",
    "CampaignPanel",
    "DynoError",
    "Profile",
    "Sandbox",
    "connect",
    "read_dataset",
    "sandbox",
]

_LAZY = {
    "AccessiblePanel": "dyno_frames.panels.views.accessible",
    "CampaignPanel": "dyno_frames.panels.views.widgets.panel",
    "DynoAccessor": "dyno_frames.accessor",
    "Sandbox": "dyno_frames.sandbox.serve",
    "connect": "dyno_frames.client.connect",
    "read_dataset": "dyno_frames.export.dataset",
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
    """Start a Dyno server of your own on this machine: the whole API over HTTP on 127.0.0.1.

    Parameters
    ----------
    path
        The SQLite file that holds the account; None is memory, gone when it closes.
    sample
        Whether to make a sample account of simulated campaigns where there are no rows yet.
    load
        Rows to begin with, by resource: frames, or paths of .parquet, .csv or .jsonl files.
    port
        Where to listen; 0 is any that is free.
    api_key
        The key it accepts; None makes one.
    profile
        What its filters mean; None is the decided semantics.
    smtp
        Where campaigns are delivered to, such as ``smtp://127.0.0.1:2525``; None writes to the outbox.
    speed
        How fast campaigns run; 0 is not at all.
    page_limit
        The largest page, in rows.
    outbox
        The Maildir folder that mail is written to where there is no ``smtp``; None is a temporary one.
    rate
        The most messages a second; None follows ``speed``.
    accounts
        Names of further accounts, or names with their keys; each sees its own rows alone.
    faults
        What goes wrong, for rehearsals; an empty list lets faults be set while it runs.
    host
        The address it listens on; another than loopback is warned of.

    Returns
    -------
    Sandbox
        With ``.url``, ``.api_key``, ``.client()`` and ``.close()``; also a context manager.

    Examples
    --------
    >>> with sandbox() as box:
    ...     box.client().campaigns.count()
    400
    """
    from dyno_frames.client.connect import connect
    from dyno_frames.sandbox.serve import Sandbox

    return Sandbox(
        path,
        sample=sample,
        load=load,
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


def _late(module: str, name: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    return call


def _accessor(frame: pd.DataFrame) -> DynoAccessor:
    """Ask the account that a frame came from; see :class:`dyno_frames.accessor.DynoAccessor`."""
    # What most programs import and some never use is loaded at its first use: importing pandas is slow enough.
    from dyno_frames.accessor import DynoAccessor

    return DynoAccessor(frame)


def _put_together() -> None:
    """Give scans, templates and previews what lies above them or beside them, and frames their accessor."""
    import pandas as pd

    exits.register("parquet", _late("dyno_frames.export.write", "write"))
    exits.register("list_panel", _late("dyno_frames.panels.views.widgets.lists", "ListPanel"))
    exits.register("preview", _late("dyno_frames.panels.views.widgets.preview", "TemplatePreview"))
    exits.register("letter", _late("dyno_frames.sandbox.specimen", "specimen"))
    register: Callable[[Any], Any] = pd.api.extensions.register_dataframe_accessor("dyno")
    register(_accessor)


_put_together()
