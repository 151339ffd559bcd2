"""Connect a worker to the account of a graph: the key is looked up on the worker, and is never sent to it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

from dyno_frames.client.client import open_client
from dyno_frames.client.connections import NamedConnection, load
from dyno_frames.client.credentials import KEY_VARIABLE, stored_key
from dyno_frames.errors import ConfigError
from dyno_frames.integrations.dask.frozen import FrozenScan
from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.limiter import Limiter
from dyno_frames.transport.session import Session

_REGISTERED: dict[str, NamedConnection] = {}
_SESSIONS: dict[tuple[object, ...], Session] = {}
_LOCK = threading.Lock()

LEASE_SHARE = 0.9
"""A request ends before its lease does, so that the number of concurrent requests stays within the budget."""


def register(named: NamedConnection) -> None:
    """Let this process find a key where a connection says it is."""
    _REGISTERED[named.name] = named


def session_of(frozen: FrozenScan) -> Session:
    """Return a connection to the account of a scan: one for each process, cluster and budget.

    Raises
    ------
    ConfigError
        This process has no key of the account.
    """
    origin, cluster = frozen.origin, cluster_of_task()
    with _LOCK:
        key = (origin.client, origin.url, origin.account, frozen.budget, cluster, os.getpid())
        if key not in _SESSIONS or _SESSIONS[key].closed:
            _SESSIONS[key] = _connected(frozen, is_worker=cluster is not None)
        return _SESSIONS[key]


def cluster_of_task() -> str | None:
    """Return the address of the scheduler whose task this code runs in; None outside a cluster."""
    distributed = sys.modules.get("distributed")
    try:
        return None if distributed is None else str(distributed.get_worker().scheduler.address)
    except ValueError:
        return None


def connected_cluster() -> Any:
    """Return the client of the cluster that this process is connected to, or None."""
    distributed = sys.modules.get("distributed")
    try:
        return None if distributed is None else distributed.default_client()
    except ValueError:
        return None


def check_worker(client: Any, frozen: FrozenScan) -> None:
    """Ask one worker of a cluster, if there is one, whether it has the key.

    Raises
    ------
    ConfigError
        It has no key of the account, or cannot import this package.
    """
    addresses = [] if client is None else list(client.scheduler_info()["workers"])[:1]
    if not addresses:
        return
    try:
        found = client.run(_missing_key, frozen, workers=addresses)
    except ImportError as error:
        raise ConfigError(
            f"a worker of the Dask cluster cannot import a package: {error}. Install dyno_frames on the workers"
        ) from None
    for reason in filter(None, found.values()):
        raise ConfigError(reason)


def _missing_key(frozen: FrozenScan) -> str:
    """Return why this process cannot connect to the account of a scan; an empty text if it can."""
    try:
        _auth(frozen)
    except ConfigError as error:
        return str(error)
    return ""


def _connected(frozen: FrozenScan, *, is_worker: bool) -> Session:
    origin = frozen.origin
    if not is_worker:
        try:
            return open_client(origin.client, origin.url, origin.account).connection.session
        except ConfigError:
            pass
    auth = _auth(frozen)
    if not is_worker:
        return Session(origin.url, auth, timeout_s=frozen.timeout_s)
    return Session(origin.url, auth, timeout_s=_timeout_s(frozen), limiter=_limiter(frozen))


def _limiter(frozen: FrozenScan) -> Limiter:
    from dyno_frames.integrations.dask.limiter import ClusterLimiter

    return ClusterLimiter(frozen.origin.account, frozen.budget)


def _timeout_s(frozen: FrozenScan) -> float:
    import dask
    from dask.utils import parse_timedelta

    lease_s = parse_timedelta(dask.config.get("distributed.scheduler.locks.lease-timeout"), default="s")
    return min(frozen.timeout_s, LEASE_SHARE * float(lease_s))


def _auth(frozen: FrozenScan) -> ApiKeyAuth:
    """Return the key of the account, from the first place that has it."""
    origin, looked = frozen.origin, list[str]()
    for named in _places(origin.url):
        try:
            found = stored_key(origin.url, named)
        except ConfigError:
            looked.append(
                "no usable key in "
                + (f"connection {named.name!r}" if named else f"{KEY_VARIABLE} or the keyring")
            )
            continue
        auth = ApiKeyAuth(found.secret, header=frozen.header)
        if _account(origin.url, auth) == origin.account:
            return auth
        looked.append(f"the key of another account in {found.source}")
    try:
        client = open_client(origin.client, origin.url, origin.account)
    except ConfigError:
        raise ConfigError(
            f"this Dask worker has no API key of the account of {origin.url} of this query. Found: "
            f"{'; '.join(looked)}. Set {KEY_VARIABLE} on the workers, give them a connections.toml, or name the place "
            "of the key: dask_client.register_plugin(WorkerConnection('production', url, 'env:NAME'))"
        ) from None
    return ApiKeyAuth(client.connection.session.key, header=frozen.header)


def _places(url: str) -> Iterator[NamedConnection | None]:
    known = load() | _REGISTERED
    yield from (named for named in known.values() if named.url == url)
    yield None


def _account(url: str, auth: ApiKeyAuth) -> str:
    with Session(url, auth) as session:
        return session.account
