"""Eight clients at once, reads and writes, with one SIGKILL and a restart: nothing acknowledged is lost.

``python -m tests.benchmarks.sandbox_clients [--seconds 60] [--clients 8] [--rows 10000 1000000]``, once over
each number of campaigns: how long requests took, and the ratio of the longer finds.
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.benchmarks.sandbox_scale import FIRST_S, filled

KEY = "benchmark"


@dataclass
class Told:
    """What one client was told, by a server of so many campaigns."""

    campaigns: int
    rows: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    times_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answers: Counter[str] = field(default_factory=Counter)


class Server:
    def __init__(self, database: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.line = [
            *(sys.executable, "-m", "dyno_frames.cli", "sandbox", "--no-sample", "--db", str(database)),
            *("--port", str(self.port), "--api-key", KEY, "--speed", "0"),
        ]

    def start(self) -> None:
        self.process = subprocess.Popen(self.line, stdout=subprocess.PIPE, text=True)
        assert "http://" in self.process.stdout.readline()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def one(session: requests.Session, url: str, told: Told, rng: random.Random) -> None:
    """Ask once, and remember what was acknowledged."""
    kind = rng.choices(["find", "count", "get", "create", "update", "delete"], [40, 10, 15, 20, 10, 5])[0]
    mine = sorted(told.rows) if kind in {"get", "update", "delete"} else []
    if kind in {"get", "update", "delete"} and not mine:
        kind = "create"
    key, body, name = (rng.choice(mine) if mine else ""), None, f"n{rng.random()}"
    match kind:
        case "find":
            body = {"status": "finished", "application_order_by": "created", "application_limit": 100}
            body["created"] = {"gte": FIRST_S + rng.randrange(told.campaigns) * 60}
            verb, path = "POST", "/campaigns/find"
        case "count":
            verb, path, body = "POST", "/lists/count", {"name": {"like": "n0"}}
        case "get":
            verb, path = "GET", f"/lists/{key}"
        case "create":
            verb, path, body = "POST", "/lists", {"name": name}
        case "update":
            verb, path, body = "PUT", f"/lists/{key}", {"name": name}
        case _:
            verb, path = "DELETE", f"/lists/{key}"
    began = time.perf_counter()
    try:
        answer = session.request(verb, url + path, json=body, timeout=30)
        envelope = answer.json()
    except requests.RequestException:
        told.answers["no answer"] += 1
        if kind in {"update", "delete"}:
            told.rows.pop(key)
            told.unsure.add(key)
        time.sleep(0.05)
        return
    told.times_ms[kind].append((time.perf_counter() - began) * 1000)
    told.answers[
        str(answer.status_code if "has_error" in envelope else f"{answer.status_code} without envelope")
    ] += 1
    if answer.status_code != 200:
        print(kind, envelope)
        return
    remember(told, kind, key, name, envelope["data"])


def remember(told: Told, kind: str, key: str, name: str, payload: Any) -> None:
    if kind == "create":
        told.rows[payload["id"]] = name
    elif kind == "update":
        told.rows[key] = name
    elif kind == "delete":
        del told.rows[key]
        told.gone.add(key)
    elif kind == "get":
        assert payload["name"] == told.rows[key]


def run(folder: Path, rows: int, *, clients: int, seconds: float) -> tuple[list[Told], int]:
    """Ask for a while, with a kill in the middle; return what was told, and how much of it was lost."""
    filled(folder, rows).close()
    server = Server(folder / f"{rows}.db")
    server.start()
    told = [Told(rows) for _ in range(clients)]
    end = time.monotonic() + seconds

    def ask(number: int) -> None:
        rng = random.Random(number)  # noqa: S311 - a mix of requests
        with requests.Session() as session:
            session.headers["User-Api-Key"] = KEY
            while time.monotonic() < end:
                one(session, server.url, told[number], rng)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 2)
    server.kill()
    server.start()
    for thread in threads:
        thread.join()
    lost = check(server.url, told)
    server.kill()
    return told, lost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000])
    given = parser.parse_args()
    failed, finds_ms = False, []
    for rows in given.rows:
        with tempfile.TemporaryDirectory() as folder:
            told, lost = run(Path(folder), rows, clients=given.clients, seconds=given.seconds)
        show(told, given.seconds, lost)
        finds_ms.append(tail_ms(told, "find"))
        strange = {word for one_told in told for word in one_told.answers} - {"200", "no answer"}
        failed |= bool(lost or strange)
    print(f"p95 of find by rows, as a ratio to the first: {[round(ms / finds_ms[0], 2) for ms in finds_ms]}")
    return 1 if failed else 0


def tail_ms(told: list[Told], kind: str) -> float:
    took = sorted(time_ms for one_told in told for time_ms in one_told.times_ms[kind])
    return took[int(len(took) * 0.95)]


def check(url: str, told: list[Told]) -> int:
    """Return how much of what was acknowledged is not so."""
    lost = 0
    with requests.Session() as session:
        session.headers["User-Api-Key"] = KEY
        for one_told in told:
            for key, name in one_told.rows.items():
                data = session.get(f"{url}/lists/{key}", timeout=30).json().get("data") or {}
                lost += data.get("name") != name
            lost += sum(
                session.get(f"{url}/lists/{key}", timeout=30).status_code == 200 for key in one_told.gone
            )
    return lost


def show(told: list[Told], seconds: float, lost: int) -> None:
    answers = sum((one_told.answers for one_told in told), Counter())
    kept = sum(len(one_told.rows) + len(one_told.gone) for one_told in told)
    print(f"{sum(answers.values())} requests in {seconds:.0f} s, answers {dict(answers)}")
    print(f"acknowledged rows checked {kept}, lost {lost}")
    for kind in ("find", "count", "get", "create", "update", "delete"):
        took = sorted(time_ms for one_told in told for time_ms in one_told.times_ms[kind])
        print(
            f"{kind:8}{len(took):>8}  p50 {took[len(took) // 2]:7.1f} ms  p95 {took[int(len(took) * 0.95)]:7.1f} ms"
        )


if __name__ == "__main__":
    sys.exit(main())
