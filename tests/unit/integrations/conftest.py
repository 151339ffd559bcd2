"""A cluster of two processes, and practice servers that its workers have the keys of."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dask
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.sandbox.sandbox import Sandbox

KEYS = {"main": "c4n4ry-of-the-cluster", "other": "0ther-key-of-the-cluster", "unknown": "unkn0wn-key"}
"""The workers find the first one in DYNO_API_KEY, and the second one where a plugin says."""

VARIABLE = "DYNO_TEST_CLUSTER_KEY"
EVENTS = 60
"""Events of a topic that the scheduler keeps; 1,000 by default."""

SECRET = "s3cret-of-the-object-store"

MANY = pd.DataFrame(
    {
        "name": [f"row {number}" for number in range(4_000)],
        "status": [("draft", "finished", "running")[number % 3] for number in range(4_000)],
        "opens": [number % 97 for number in range(4_000)],
        "created": [1_450_000_000 + 60 * number for number in range(4_000)],
        "updated": [1_460_000_000 + number for number in range(4_000)],
    }
)


@pytest.fixture(scope="session")
def cluster_keys() -> dict[str, str]:
    return KEYS


@pytest.fixture(scope="session")
def most_events() -> int:
    """Events of a topic that the scheduler of the cluster keeps."""
    return EVENTS


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    """Two workers of one thread."""
    with (
        pytest.MonkeyPatch.context() as patch,  # the configuration of Dask would be in the dump of a cluster
        dask.config.set(
            {"distributed.scheduler.worker-ttl": None, "distributed.admin.low-level-log-length": EVENTS}
        ),
    ):
        patch.setenv("DYNO_API_KEY", KEYS["main"])
        patch.setenv(VARIABLE, KEYS["other"])
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


@pytest.fixture(scope="module")
def many(cluster: Client) -> Iterator[Sandbox]:
    """A server of 4,000 campaigns."""
    with Sandbox(load={"campaigns": MANY}, speed=0, api_key=KEYS["main"], faults=[]) as box:
        yield box


@pytest.fixture
def many_client(many: Sandbox) -> Iterator[Any]:
    with connect(many.url, KEYS["main"], page_size=100, profile=Profile()) as client:
        yield client


@pytest.fixture
def changing(cluster: Client) -> Iterator[tuple[Sandbox, Any]]:
    """A server of 4,000 campaigns for one test, and a client."""
    with (
        Sandbox(load={"campaigns": MANY}, speed=0, api_key=KEYS["main"], faults=[]) as box,
        connect(box.url, KEYS["main"], page_size=100, profile=Profile()) as client,
    ):
        yield box, client


@pytest.fixture(scope="session")
def injected() -> Callable[..., AbstractContextManager[None]]:
    """Let a server have faults for a while."""

    @contextmanager
    def injected(box: Sandbox, *faults: object) -> Iterator[None]:
        box.set_faults(faults)
        try:
            yield
        finally:
            box.set_faults([])

    return injected


@pytest.fixture(scope="session")
def kill_one() -> Callable[[Client, float], None]:
    """Kill a worker; its nanny starts another one."""

    def kill(cluster: Client, share: float) -> None:
        workers = list(cluster.scheduler_info()["workers"])
        if workers:
            address = workers[int(share * len(workers))]
            cluster.run(_end, workers=[address], wait=False, on_error="ignore")

    return kill


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
