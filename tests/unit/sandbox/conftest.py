"""Sandboxes on loopback, a caller, and mail servers."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from aiosmtpd.smtp import SMTP

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.sandbox.store.storage import Store

NOW = 1_700_000_000


class Caller:
    """A session with one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.session = requests.Session()
        self.session.headers["User-Api-Key"] = box.api_key

    def ask(self, verb: str, path: str, body: Any = None, **kwargs: Any) -> requests.Response:
        if body is not None:
            kwargs["json"] = body
        return self.session.request(verb, self.box.url + path, timeout=20, **kwargs)

    def data(self, verb: str, path: str, body: Any = None) -> Any:
        """Return the payload of an answer that must be accepted."""
        response = self.ask(verb, path, body)
        envelope = response.json()
        assert response.status_code == 200, envelope
        assert envelope["has_error"] is False
        assert envelope["error_code"] == ""
        return envelope["data"]

    def refused(self, verb: str, path: str, body: Any = None, **kwargs: Any) -> tuple[str, str]:
        """Return the code and the message of an answer that must be an error."""
        response = self.ask(verb, path, body, **kwargs)
        envelope = response.json()
        assert response.status_code == 500, envelope
        assert envelope["has_error"] is True
        return envelope["error_code"], envelope["error message"]

    def create(self, resource: str, **fields: Any) -> str:
        return self.data("POST", f"/{resource}", {"name": "n", **fields})["id"]

    def campaign_in(self, status: str) -> str:
        """Create a campaign and give it this status without the API."""
        key = self.create("campaigns", subject="s")
        with self.box._store.transaction() as connection:
            connection.execute("UPDATE campaigns SET status = ? WHERE id = ?", (status, key))
        return key

    def close(self) -> None:
        self.session.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Caller]]:
    """Start sandboxes; by default they are empty and their campaigns do not move."""
    with ExitStack() as stack:

        def start(path: Any = None, **settings: Any) -> Caller:
            box = stack.enter_context(Sandbox(path, **{"sample": False, "speed": 0, **settings}))
            caller = Caller(box)
            stack.callback(caller.close)
            return caller

        yield start


@pytest.fixture(scope="module")
def shared() -> Iterator[Caller]:
    """An empty sandbox whose clock and campaigns do not move, for tests that add what they need."""
    with Sandbox(sample=False, speed=0, clock=lambda: float(NOW)) as box:
        caller = Caller(box)
        yield caller
        caller.close()


@pytest.fixture
def ids() -> Iterator[Callable[..., list[str]]]:
    """Load rows under a profile, find, and return the ids in order."""
    with ExitStack() as stack:

        def ask(rows: list[dict[str, Any]], wire: dict[str, Any], **profile: Any) -> list[str]:
            store = stack.enter_context(Store(profile=Profile(**profile)))
            store.load(CAMPAIGNS, [{"id": str(place), **row} for place, row in enumerate(rows)])
            found = [row["id"] for row in store.find(CAMPAIGNS, wire)]
            assert store.count(CAMPAIGNS, wire) >= len(found)
            return found

        yield ask


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition, with a deadline."""

    def wait(condition: Callable[[], bool], deadline_s: float = 20.0) -> None:
        end = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            time.sleep(0.005)

    return wait


class Inbox:
    """The messages that a mail server accepted, and how it answers others.

    ``answers`` maps patterns of recipients to answers. ``dies`` ends the connection when a message has been
    received, before or after it is stored.
    """

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        self.sender_answer = ""
        self.data_answer = ""
        self.dies = ""
        self.sessions = 0
        self.tls: list[bool] = []
        self.logins: list[bool] = []

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        for pattern, answer in self.answers.items():
            if re.search(pattern, address):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        if self.dies == "before":
            server.transport.abort()
            return "421 gone"
        if self.data_answer:
            return self.data_answer
        self.received.append(email.message_from_bytes(envelope.original_content, policy=email.policy.default))
        self.recipients += envelope.rcpt_tos
        self.tls.append(session.ssl is not None)
        self.logins.append(session.authenticated)
        if self.dies == "after":
            server.transport.abort()
            return "421 gone"
        return "250 taken"


class MailServer:
    """A mail server on loopback, in its own thread."""

    def __init__(self, inbox: Inbox, **settings: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.server = self._in_loop(
            self.loop.create_server(
                lambda: SMTP(inbox, hostname="mail.invalid", loop=self.loop, **settings), "127.0.0.1", 0
            )
        )
        self.url = f"smtp://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def _in_loop(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def stop(self) -> None:
        if self.loop.is_closed():
            return
        self._in_loop(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _end(self) -> None:
        self.server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@pytest.fixture
def mail_server() -> Iterator[Callable[..., tuple[Inbox, MailServer]]]:
    """Start mail servers."""
    with ExitStack() as stack:

        def start(**settings: Any) -> tuple[Inbox, MailServer]:
            inbox = Inbox()
            mail = MailServer(inbox, **settings)
            stack.callback(mail.stop)
            return inbox, mail

        yield start
