"""What the proof stands on: a practice server and the proxy, each in a process of its own, and the server's own record.

The record is written by the database itself, by a trigger: every change of a campaign's status, in order.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import faults_proxy

KEY = "a-key-of-the-proof"
LISTS = {"few": 40, "some": 500, "many": 1_000_000}
"""Lists by how many are on them; two hundred are sent to in a second."""

_RECORD = """
CREATE TABLE record (number INTEGER PRIMARY KEY, id TEXT, was TEXT, now TEXT, start_was INTEGER, start_now INTEGER);
CREATE TRIGGER record_status AFTER UPDATE OF status ON campaigns BEGIN
    INSERT INTO record (id, was, now, start_was, start_now)
    VALUES (old.id, old.status, new.status, old.start_time, new.start_time);
END;
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things are.

    Parameters
    ----------
    server_url
        The practice server, with no proxy before it.
    control_port
        Where the proxy is told what to do.
    lane_urls
        The server through the proxy, one for each worker.
    state
        The folder of the journals.
    """

    server_url: str
    control_port: int
    lane_urls: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a campaign's status, as the database wrote it down."""

    id: str
    was: str
    now: str
    start_was: int | None
    start_now: int | None


def _serve(path: Path, pipe: Connection) -> None:
    from dyno_frames.sandbox.sandbox import Sandbox

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()  # requests that end half-way are what this is about
    with Sandbox(path, sample=False, api_key=KEY) as box:
        pipe.send(box.port)
        pipe.poll(None)


def _prepare(path: Path) -> None:
    import pandas as pd

    from dyno_frames.sandbox.sandbox import Sandbox

    lists = pd.DataFrame({"id": list(LISTS), "name": list(LISTS), "contacts": list(LISTS.values())})
    lists["created"] = lists["updated"] = 1
    Sandbox(path, load={"lists": lists}, speed=0, api_key=KEY).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(_RECORD)


@contextmanager
def ground(folder: Path, lanes: int) -> Iterator[Ground]:
    """Run a server and a proxy for the length of a with-block.

    Parameters
    ----------
    folder
        Where the database and the journals are kept.
    lanes
        How many workers there will be.
    """
    context = multiprocessing.get_context("spawn")
    _prepare(folder / "box.db")
    box_here, box_there = context.Pipe()
    server = context.Process(target=_serve, args=(folder / "box.db", box_there))
    server.start()
    server_port = _heard(box_here)
    proxy_here, proxy_there = context.Pipe()
    proxy = context.Process(target=faults_proxy.main, args=(server_port, lanes, proxy_there))
    proxy.start()
    control_port, lane_ports = _heard(proxy_here)
    try:
        yield Ground(
            f"http://127.0.0.1:{server_port}",
            control_port,
            tuple(f"http://127.0.0.1:{port}" for port in lane_ports),
            str(folder / "state"),
        )
    finally:
        for pipe, child in ((proxy_here, proxy), (box_here, server)):
            pipe.send("end")
            child.join(30)
            if child.is_alive():
                child.kill()
                child.join()
            child.close()
            pipe.close()


def _heard(pipe: Connection) -> object:
    if not pipe.poll(60):
        raise RuntimeError("a process of the ground did not come up")
    return pipe.recv()


def record(folder: Path) -> list[Change]:
    """Return what the server's database wrote down, once the ground is closed."""
    with closing(sqlite3.connect(folder / "box.db")) as connection:
        rows = connection.execute("SELECT id, was, now, start_was, start_now FROM record ORDER BY number")
        return [Change(*row) for row in rows]
