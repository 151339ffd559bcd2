"""A load server of campaigns that are encoded beforehand, so that the client's cost is what is measured.

It answers finds by offset and by ``created``, and counts by ``created``, in the order of ``created``: a page is a
slice of one long text, found by arithmetic. It also knows the newest changes. Run it as ``python -m tests.benchmarks.scans_server``; it prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import uuid
from itertools import accumulate
from typing import Any

COUNTERS = ("recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes")
COLUMNS = ("id", "name", "subject", "status", "created", "updated", *COUNTERS)
FIRST_S = 1_400_000_000
STEP_S = 60
CAP = 1000
STATUSES = ("finished", "stopped", "draft", "running")

HEAD, TAIL = b'{"has_error":false,"error_code":"","data":[', b"]}"


def row(at: int) -> str:
    """Return one campaign of 14 columns as JSON."""
    counters = ",".join(f'"{name}":{at * step * 37 % 99_991}' for step, name in enumerate(COUNTERS, 1))
    return (
        f'{{"id":"{uuid.UUID(int=at * 7919 + 1)}","name":"Weekly news {at % 53} for list {at % 11}",'
        f'"subject":"What is new in week {at % 53}: offers and more","status":"{STATUSES[at % 4]}",'
        f'"created":{FIRST_S + STEP_S * at},"updated":{FIRST_S + STEP_S * at + at % 997},{counters}}}'
    )


class Rows:
    """All the campaigns as one text, and where each begins."""

    def __init__(self, number: int) -> None:
        encoded = [row(at).encode() + b"," for at in range(number)]
        self.number = number
        self.starts = [0, *accumulate(map(len, encoded))]
        self.text = memoryview(b"".join(encoded))

    def within(self, body: dict[str, Any]) -> tuple[int, int]:
        """Return the first and the last but one of the rows that a body asks for."""
        bounds = body.get("created", {})
        low = max(bounds.get("gte", 0), bounds.get("gt", -1) + 1)
        high = min(bounds.get("lt", 1 << 60), bounds.get("lte", (1 << 60) - 1) + 1)
        first, last = (min(max(-(-(edge - FIRST_S) // STEP_S), 0), self.number) for edge in (low, high))
        return first, max(first, last)

    def find(self, body: dict[str, Any]) -> list[bytes | memoryview]:
        """Return the parts of a find's answer."""
        first, last = self.within(body)
        size, offset = min(body.get("application_limit", 100), CAP), body.get("application_offset", 0)
        if body.get("application_order_by") == "updated":  # the newest changes, of which exports ask for one
            newest = sorted(
                range(max(last - CAP, first), last), key=lambda at: STEP_S * at + at % 997, reverse=True
            )
            return [HEAD, ",".join(map(row, newest[offset : offset + size])).encode(), TAIL]
        if body.get("application_order_direction") == "desc":
            stop = max(last - offset, first)
            if size > 1:
                return [
                    HEAD,
                    ",".join(row(at) for at in reversed(range(max(stop - size, first), stop))).encode(),
                    TAIL,
                ]
            start = max(stop - size, first)
        else:
            start = min(first + offset, last)
            stop = min(start + size, last)
        if start == stop:
            return [HEAD, TAIL]
        return [HEAD, self.text[self.starts[start] : self.starts[stop] - 1], TAIL]

    def count(self, body: dict[str, Any]) -> list[bytes | memoryview]:
        """Return the parts of a count's answer."""
        first, last = self.within(body)
        number = last - first
        if "updated" in body:  # of the newest changes
            ends = body["updated"]
            low, high = ends.get("gt", ends.get("gte", 0) - 1), ends.get("lt", 1 << 60)
            number = sum(
                low < FIRST_S + STEP_S * at + at % 997 < high for at in range(max(last - CAP, first), last)
            )
        return [b'{"has_error":false,"error_code":"","data":{"count":%d}}' % number]


class Connection(asyncio.Protocol):
    """One connection, kept alive; requests come one after the other."""

    def __init__(self, rows: Rows, latency_s: float, served: dict[str, int]) -> None:
        self.rows, self.latency_s, self.served = rows, latency_s, served
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self.transport.set_write_buffer_limits(high=1 << 22)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        size = 0
        if b"content-length:" in lower:
            size = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(rest) < size:
            return
        self.buffer = rest[size:]
        verb, path, _ = head.split(b" ", 2)
        if self.latency_s and verb == b"POST":
            asyncio.get_running_loop().call_later(self.latency_s, self.answer, path, rest[:size])
        else:
            self.answer(path, rest[:size])

    def answer(self, path: bytes, content: bytes) -> None:
        kind = path.rpartition(b"/")[2].decode()
        if kind == "served":
            parts: list[bytes | memoryview] = [json.dumps(self.served).encode()]
            self.served.update(find=0, count=0)
        else:
            self.served[kind] += 1
            parts = getattr(self.rows, kind)(json.loads(content))
        size = sum(map(len, parts))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % size
        if not self.transport.is_closing():
            self.transport.writelines([head, *parts])


async def serve(rows: Rows, latency_s: float) -> None:
    served = {"find": 0, "count": 0}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(rows, latency_s, served), "127.0.0.1", 0, backlog=256
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--latency-ms", type=float, default=0)
    given = parser.parse_args()
    asyncio.run(serve(Rows(given.rows), given.latency_ms / 1000))


if __name__ == "__main__":
    main()
