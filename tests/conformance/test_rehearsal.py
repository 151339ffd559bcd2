"""A campaign sends mail to a real server in its own process, while the sandbox is killed repeatedly.

``python -m pytest -m thorough tests/conformance/test_rehearsal.py`` is the long form.
Run as a program, this file is the mail server: ``python test_rehearsal.py FOLDER`` keeps each message there.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.smtp import SMTP

KEY = "rehearsal"
FIRST, SECOND = "First words", "Second words"
STATED_S = 0.02


class Keeper:
    """Store every message in its own file, before accepting it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0

    async def handle_DATA(self, server, session, envelope):
        self.number += 1
        draft = self.folder / f"{self.number}.part"
        draft.write_bytes(b"X-To: " + envelope.rcpt_tos[0].encode() + b"\r\n" + envelope.original_content)
        draft.replace(self.folder / f"{self.number}.eml")
        return "250 taken"


async def keep_mail(folder: Path) -> None:
    keeper = Keeper(folder)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(keeper), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def until(condition: Callable[[], Any], deadline_s: float = 60.0) -> None:
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(STATED_S)


@pytest.fixture
def mail(tmp_path) -> Iterator[tuple[str, Path]]:
    """A mail server in its own process, and the folder with the messages that it accepted."""
    folder = tmp_path / "mail"
    folder.mkdir()
    with subprocess.Popen([sys.executable, __file__, folder], stdout=subprocess.PIPE, text=True) as server:
        yield f"smtp://127.0.0.1:{int(server.stdout.readline())}", folder
        server.kill()


class Worker:
    """The sandbox in its own process, on one database. It can be killed and started again."""

    def __init__(self, database: Path, smtp: str, rate: float) -> None:
        self.line = [
            *(sys.executable, "-m", "dyno_frames.cli", "sandbox", "--no-sample", "--api-key", KEY),
            *("--db", str(database), "--smtp", smtp, "--rate", str(rate)),
        ]
        self.process: subprocess.Popen[str] | None = None
        self.session = requests.Session()
        self.session.headers["User-Api-Key"] = KEY
        self.url = ""

    def start(self) -> None:
        self.process = subprocess.Popen(self.line, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        assert "http://" in first, first
        self.url = first.split()[-1]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0
        self.process.stdout.close()

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(verb, self.url + path, json=body, timeout=30).json()
        assert answer["has_error"] is False, answer
        return answer["data"]

    def close(self) -> None:
        self.session.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()


@contextmanager
def rehearsed(tmp_path: Path, smtp: str, *, recipients: int, rate: float) -> Iterator[tuple[Worker, str]]:
    worker = Worker(tmp_path / "account.db", smtp, rate)
    try:
        worker.start()
        emails = [f"jo.{number}@example.com" for number in range(recipients)]
        template = worker.ask(
            "POST", "/templates", {"name": "t", "html": "<p>Hello {{ name }}, {{ email }}</p>"}
        )
        mailing = worker.ask("POST", "/lists", {"name": "l", "emails": emails, "from_email": "s@example.com"})
        fields = {"name": "c", "subject": FIRST, "list_id": mailing["id"], "template_id": template["id"]}
        key = worker.ask("POST", "/campaigns", fields)["id"]
        worker.ask("POST", "/campaign_process/init", {"campaign_id": key})
        yield worker, key
    finally:
        worker.close()


def interrupted(
    worker: Worker, key: str, folder: Path, *, recipients: int, kills: int, rng: random.Random
) -> int:
    """Kill at random times, pause, update and resume. Return how many messages were sent before the pause."""

    def row() -> Any:
        return worker.ask("GET", f"/campaigns/{key}")

    def taken() -> int:
        return sum(name.suffix == ".eml" for name in folder.iterdir())

    moments = sorted(rng.uniform(0.05, 0.85) for _ in range(kills))
    at_pause = 0
    for place, moment in enumerate(moments):
        until(lambda moment=moment: taken() >= moment * recipients or row()["status"] == "finished", 300)
        # anywhere between two messages
        end = time.monotonic() + rng.uniform(0, 0.02)
        until(lambda end=end: time.monotonic() >= end)
        worker.kill()
        worker.start()
        if place == kills // 2:
            worker.ask("POST", "/campaign_process/pause", {"id": key})
            answered = time.monotonic()
            until(lambda: row()["sent"] >= taken())
            assert time.monotonic() - answered < 2.0
            at_pause = taken()
            worker.kill()
            worker.start()
            assert row()["status"] == "paused"
            worker.ask("POST", "/campaign_process/update_and_resume", {"campaign_id": key, "subject": SECOND})
    until(lambda: row()["status"] == "finished", 300)
    return at_pause


def check(worker: Worker, key: str, folder: Path, database: Path, *, recipients: int, at_pause: int) -> int:
    """Compare the counters of the sandbox with the messages that the mail server has."""
    from dyno_frames.sandbox.mail import deliveries
    from dyno_frames.sandbox.store.storage import Store

    row = worker.ask("GET", f"/campaigns/{key}")
    worker.end()
    with Store(database) as store, store.transaction() as connection:
        told = deliveries.deliveries_frame(connection, key)
    outcomes = dict(zip(told["email"], told["outcome"], strict=True))
    assert len(outcomes) == recipients
    assert set(outcomes.values()) <= {"sent", "unknown"}
    unknown = {address for address, outcome in outcomes.items() if outcome == "unknown"}
    kept = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"), key=lambda path: int(path.stem))
    ]
    messages = Counter(str(message["X-To"]) for message in kept)
    assert max(messages.values()) == 1
    assert {address for address, outcome in outcomes.items() if outcome == "sent"} <= set(messages)
    assert set(outcomes) - set(messages) <= unknown
    assert row["recipients"] == row["sent"] == recipients
    assert row["delivered"] == recipients - len(unknown)
    assert row["bounces"] == 0
    assert (row.get("unknown") or 0) == len(unknown)
    subjects = [str(message["Subject"]) for message in kept]
    assert subjects == [FIRST] * subjects.count(FIRST) + [SECOND] * subjects.count(SECOND)
    assert subjects.count(SECOND) > 0
    assert abs(subjects.count(FIRST) - at_pause) <= 1
    return len(unknown)


def rehearse(
    tmp_path: Path, mail: tuple[str, Path], *, recipients: int, kills: int, rate: float, seed: int
) -> int:
    smtp, folder = mail
    rng = random.Random(seed)  # noqa: S311 - moments, not secrets
    with rehearsed(tmp_path, smtp, recipients=recipients, rate=rate) as (worker, key):
        at_pause = interrupted(worker, key, folder, recipients=recipients, kills=kills, rng=rng)
        return check(worker, key, folder, tmp_path / "account.db", recipients=recipients, at_pause=at_pause)


def test_a_campaign_that_is_killed_paused_updated_and_resumed_reaches_everybody_once(tmp_path, mail):
    assert rehearse(tmp_path, mail, recipients=300, kills=3, rate=150.0, seed=1) <= 4


@pytest.mark.thorough
@pytest.mark.skipif("DYNO_THOROUGH" not in os.environ, reason="minutes long: set DYNO_THOROUGH=1")
def test_five_thousand_recipients_and_five_kills(tmp_path, mail):
    seed = int(time.time())
    print(f"seed {seed}")
    unknown = rehearse(tmp_path, mail, recipients=5000, kills=5, rate=400.0, seed=seed)
    print(f"unknown in flight: {unknown}")
    assert unknown <= 6


if __name__ == "__main__":
    asyncio.run(keep_mail(Path(sys.argv[1])))
