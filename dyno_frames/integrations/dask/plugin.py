"""Tell the workers of a cluster where their key is, without sending it."""

from __future__ import annotations

from typing import Any

from dyno_frames.client.connections import NamedConnection
from dyno_frames.errors import MissingExtraError
from dyno_frames.integrations.dask.sessions import register

try:
    from distributed.diagnostics.plugin import WorkerPlugin
except ImportError:
    raise MissingExtraError.of("distributed", "dask") from None


class WorkerConnection(WorkerPlugin):
    """Names the place of a server's API key on the workers of a Dask cluster.

    Parameters
    ----------
    name
        The name of the connection: letters, digits, ``-`` and ``_``.
    url
        The address of the server.
    key
        ``"env:NAME"`` for the environment variable NAME of the workers, or ``"keyring"``.

    Raises
    ------
    ConfigError
        An argument is not valid. The message does not show the key.

    Examples
    --------
    >>> plugin = WorkerConnection("production", "https://mail.example.com", "env:MAIL_KEY")
    >>> dask_client.register_plugin(plugin)  # doctest: +SKIP
    """

    idempotent = False

    def __init__(self, name: str, url: str, key: str) -> None:
        self._named = NamedConnection(name, url, key)
        self.name = f"dyno_frames-connection-{name}"

    def setup(self, worker: Any) -> None:  # noqa: ARG002 - the signature is Dask's
        """Let the worker find the key there."""
        register(self._named)
