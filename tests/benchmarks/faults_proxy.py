"""A proxy, in a process of its own, that meets one request of a call with a fault at a chosen point, and keeps a record.

Every worker speaks through a lane: a port of its own. Before a call it says which fault the action's request is to
meet, and which faults the readings around it; after the call it asks what came through.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

PAGE = b"<html><body>Bad Gateway</body></html>"
ENDINGS = ("reset", "close", "stall", "page")
"""How a client is let go while its request is still on its way."""


class Cut(Exception):  # noqa: N818 - an end, and no error
    """This connection is over."""


class Lane:
    """One worker's road to the server.

    Attributes
    ----------
    delivered, applied
        By campaign: action requests that reached the server whole, and those it accepted; creates by name.
    """

    def __init__(self, server_port: int, number: int) -> None:
        self._server_port = server_port
        self.number = number
        self.delivered: Counter[str] = Counter()
        self.applied: Counter[str] = Counter()
        self.events: list[dict[str, Any]] = []
        self._act: dict[str, Any] | None = None
        self._reads: list[dict[str, Any]] = []
        self._pid = 0
        self._answered_reads = 0
        self._act_came = False
        self._lag_s = self._lags_until_s = 0.0
        self._old: dict[str, bytes] = {}
        self._late: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen, on the port it had before if it had one."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    def script(self, asked: dict[str, Any]) -> None:
        """Begin a call."""
        self.events = []
        self._act, self._reads, self._pid = (
            asked.get("act"),
            list(asked.get("reads", ())),
            asked.get("pid", 0),
        )
        self._answered_reads, self._act_came = int(asked.get("create", False)), False
        self._lag_s, self._lags_until_s, self._old = asked.get("lag", 0.0), 0.0, {}

    async def idle(self) -> None:
        """Wait until nothing is on its way to the server any more."""
        while self._late:
            await asyncio.wait(set(self._late))

    def note(self, kind: str, **facts: Any) -> None:
        self.events.append({"kind": kind, "at": time.time(), **facts})

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._late.add(task)
        try:
            await self._exchange(reader, writer)
        except (Cut, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._late.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        act = self._act if self._answered_reads and not self._act_came else None
        if act is not None and act["kind"] in {"reset_accept", "reset_request"}:
            self._act_came = True
            self._kill(act, "came")
            try:
                came = await reader.readexactly(act.get("bytes", 0))
            except asyncio.IncompleteReadError as cut:
                came = cut.partial
            if came and not came.startswith(b"GET "):  # a read that was asked for again may come first
                self.note("touched")
            raise self._reset(writer)
        head, body = await _message(reader)
        line = head.split(b"\r\n", 1)[0]
        if b"/campaign_process/" in line or line.startswith(b"POST /lists "):
            await self._act_on(head + body, body, reader, writer)
        else:
            await self._read_on(head + body, line.decode(), reader, writer)

    # --- readings

    async def _read_on(
        self, request: bytes, path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        fault = self._reads.pop(0) if self._reads else {"kind": "pass"}
        began = time.monotonic()
        if fault["kind"] == "drop":
            raise self._reset(writer)
        if fault["kind"] == "stall":
            await reader.read()
            raise Cut
        answer = await self._seen(path, request)
        act = self._act
        if act is not None and act["kind"] == "refuse" and not self._act_came and fault["kind"] == "pass":
            self._refuse(act["seconds"])
        if fault["kind"] == "page":
            await _say(writer, _http(502, PAGE))
            return
        if fault["kind"] == "cut":
            await _say(writer, answer[: int(len(answer) * fault["share"])])
            raise Cut
        self._answered_reads += 1  # before the answer leaves, for the next connection may be the action's
        await _say(writer, answer * (2 if fault["kind"] == "twice" else 1))
        data = _envelope(answer).get("data")
        self.note("reading", path=path, row=data, seconds=time.monotonic() - began)

    async def _seen(self, path: str, request: bytes) -> bytes:
        """Return what the server answers, or what it answered before the action, as a replica that lags."""
        if time.monotonic() < self._lags_until_s and path in self._old:
            return self._old[path]
        answer = self._old[path] = await self._ask(request)
        return answer

    def _refuse(self, seconds: float) -> None:
        """Let nobody in for a while."""
        self._act_came = True
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.close()

        async def again() -> None:
            await asyncio.sleep(seconds)
            await self.open()

        task = asyncio.get_running_loop().create_task(again())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    # --- actions

    async def _act_on(
        self, request: bytes, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        asked = json.loads(body)
        campaign = asked.get("campaign_id") or asked.get("id") or asked["name"]
        fault = self._act if self._act is not None and not self._act_came else {"kind": "pass"}
        self._act_came = True
        self.note("asked", campaign=campaign)
        self._kill(fault, "came")
        kind = fault["kind"]
        if kind == "partial":
            await self._deliver_part(request, fault["share"])
            await self._let_go(fault["ending"], reader, writer)
        elif kind == "late":
            await self._let_go(fault["ending"], reader, writer, wait=False)
            await asyncio.sleep(fault["seconds"])
            await self._deliver(request, campaign)
        elif kind == "lost":
            await self._let_go(fault["ending"], reader, writer)
        elif kind == "instead":
            await _say(writer, _answer(fault))
        else:
            answer = await self._deliver(request, campaign)
            self._kill(fault, "answered")
            await self._after(fault, answer, reader, writer)

    async def _after(
        self, fault: dict[str, Any], answer: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        kind = fault["kind"]
        if kind == "applied_lost":
            await self._let_go(fault["ending"], reader, writer)
        elif kind == "applied_instead":
            await _say(writer, _answer(fault))
        elif kind == "applied_cut":
            await _say(writer, answer[: int(len(answer) * fault["share"])])
            if fault["ending"] == "reset":
                raise self._reset(writer)
        elif kind == "applied_delayed":
            await asyncio.sleep(fault["seconds"])
            await _say(writer, answer)
        elif kind == "applied_twice":
            await _say(writer, answer * 2)
        elif kind == "applied_dripped":
            for place in range(0, len(answer), 16):
                await _say(writer, answer[place : place + 16])
                await asyncio.sleep(fault["seconds"])
        else:
            await _say(writer, answer)

    async def _deliver(self, request: bytes, campaign: str) -> bytes:
        self.delivered[campaign] += 1
        self.note("delivered", campaign=campaign)
        self._lags_until_s = time.monotonic() + self._lag_s
        answer = await self._ask(request)
        accepted = _envelope(answer).get("has_error") is False
        self.applied[campaign] += accepted
        self.note("applied" if accepted else "refused", campaign=campaign)
        return answer

    async def _deliver_part(self, request: bytes, share: float) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        await _say(writer, request[: min(len(request) - 1, int(len(request) * share))])
        writer.close()

    async def _let_go(
        self,
        ending: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        wait: bool = True,
    ) -> None:
        if ending == "reset":
            self._reset(writer)
        elif ending == "close":
            writer.close()
        elif ending == "page":
            await _say(writer, _http(504, PAGE))
            writer.close()
        elif wait:
            await reader.read()

    def _reset(self, writer: asyncio.StreamWriter) -> Cut:
        with suppress(OSError, AttributeError):
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        return Cut()

    def _kill(self, fault: dict[str, Any], point: str) -> None:
        """End the client, if it is to end at this point."""
        if fault.get("kill") == point and self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    async def _ask(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            await _say(writer, request)
            head, body = await _message(reader)
        finally:
            writer.close()
        return head + body


async def _say(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)
    await writer.drain()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    return head, await reader.readexactly(int(lengths[0]) if lengths else 0)


def _envelope(answer: bytes) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return decoded


def _http(status: int, content: bytes) -> bytes:
    return f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


def _answer(fault: dict[str, Any]) -> bytes:
    bodies = {
        "page": PAGE,
        "nothing": b"",
        "json": b'{"message": "upstream"}',
        "envelope": b'{"has_error": true, "error_code": "%d", "error message": "INTERNAL ERROR"}'
        % fault["status"],
    }
    return _http(fault["status"], bodies[fault["form"]])


async def _control(lanes: list[Lane], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a worker's questions, one line of JSON each."""

    async def script(lane: Lane, asked: dict[str, Any]) -> Any:
        lane.script(asked)

    async def events(lane: Lane, asked: dict[str, Any]) -> Any:
        del asked
        return lane.events

    async def idle(lane: Lane, asked: dict[str, Any]) -> Any:
        del asked
        await lane.idle()

    async def counts(lane: Lane, asked: dict[str, Any]) -> Any:
        return [lane.delivered[asked["campaign"]], lane.applied[asked["campaign"]]]

    async def totals(lane: Lane, asked: dict[str, Any]) -> Any:
        del asked
        return [dict(lane.delivered), dict(lane.applied)]

    answers: dict[str, Callable[[Lane, dict[str, Any]], Awaitable[Any]]] = {
        one.__name__: one for one in (script, events, idle, counts, totals)
    }
    with suppress(OSError):
        while line := await reader.readline():
            asked = json.loads(line)
            answer = await answers[asked["op"]](lanes[asked["lane"]], asked)
            await _say(writer, json.dumps(answer).encode() + b"\n")
    writer.close()


async def _run(server_port: int, lanes: int, pipe: Connection) -> None:
    made = [Lane(server_port, number) for number in range(lanes)]
    for lane in made:
        await lane.open()
    control = await asyncio.start_server(lambda r, w: _control(made, r, w), "127.0.0.1", 0, limit=1 << 24)
    pipe.send((control.sockets[0].getsockname()[1], [lane.port for lane in made]))
    await asyncio.get_running_loop().run_in_executor(None, pipe.poll, None)


def main(server_port: int, lanes: int, pipe: Connection) -> None:
    """Run until the pipe says something or its other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_run(server_port, lanes, pipe))


class Control:
    """A worker's side of its lane."""

    def __init__(self, port: int, lane: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._file = self._socket.makefile("rwb")
        self._lane = lane

    def ask(self, op: str, **facts: Any) -> Any:
        self._file.write(json.dumps({"op": op, "lane": self._lane, **facts}).encode() + b"\n")
        self._file.flush()
        return json.loads(self._file.readline())

    def close(self) -> None:
        self._file.close()
        self._socket.close()
