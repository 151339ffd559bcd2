"""How faults befall a request: before it is carried out, in what it answers, and on the wire."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from dyno_frames.contract.filters import Key
from dyno_frames.contract.operations import Operation
from dyno_frames.contract.resources import CREATED, KEY, RESOURCES, UPDATED
from dyno_frames.sandbox.campaigns.edits import creation
from dyno_frames.sandbox.faults.faults import Fault, Faults, Kind
from dyno_frames.sandbox.http.routes import Account, Answer

Wire: TypeAlias = Callable[[tuple[str, int]], asyncio.Transport | None]
"""From a client's address to the connection it has."""

_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>proxy</body></html>"
_INSTEAD = frozenset({Kind.SLOW_DOWN, Kind.REFUSAL, Kind.ERROR, Kind.RESET})
_IN_ROWS = frozenset({Kind.PAGE_CAP, Kind.SHUFFLE, Kind.REPEAT, Kind.WRITERS})


async def suffer(
    struck: tuple[Fault, ...],
    *,
    refuse: Callable[[Fault], Response],
    carry_out: Callable[[], Awaitable[Response]],
    wire: Wire,
) -> Response:
    """Return the answer to a request that these faults befall.

    Parameters
    ----------
    struck
        The faults; of several that answer in the request's place the first counts.
    refuse
        Makes the envelope of a fault that has one.
    carry_out
        Does what was asked.
    wire
        Finds the connection.
    """
    for fault in struck:
        if fault.kind is Kind.LATENCY:
            await asyncio.sleep(fault.delay_s)
    instead = next((fault for fault in struck if fault.kind in _INSTEAD), None)
    if instead is not None:
        if instead.kind is Kind.RESET:
            return Severed(b"", wire)
        if instead.kind is Kind.ERROR:
            return HTMLResponse(_PAGE.format(f"{instead.status} from the proxy"), instead.status)
        return refuse(instead)
    response = await carry_out()
    kinds = {fault.kind for fault in struck}
    if Kind.DROP in kinds:
        return Severed(b"", wire)
    return Severed(bytes(response.body), wire) if Kind.CUT in kinds else response


class Severed(Response):
    """An answer whose connection ends in the middle, or before it.

    Parameters
    ----------
    body
        What would be answered; empty for not a byte of it.
    wire
        Finds the connection.
    """

    def __init__(self, body: bytes, wire: Wire) -> None:
        super().__init__(body, media_type="application/json")
        self._wire = wire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of it, and hang up."""
        transport = self._wire(tuple(scope["client"]))
        if self.body:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            half = self.body[: len(self.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
        if transport is not None:
            if self.body:
                transport.close()
            else:
                _reset(transport)
        # until the server has noticed, it would complain that there is no answer
        while (await receive())["type"] != "http.disconnect":
            pass


def _reset(transport: asyncio.Transport) -> None:
    line = transport.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def spoilt(
    answer: Answer,
    struck: tuple[Fault, ...],
    *,
    faults: Faults,
    account: Account,
    operation: Operation,
) -> Answer:
    """Return what answers a find under the faults that change rows; another operation is left as it is."""
    mine = [fault for fault in struck if fault.kind in _IN_ROWS]
    resource, _, verb = operation.name.partition(".")
    if verb != "find" or not mine:
        return answer

    def worse(key: str, body: Mapping[str, Any]) -> Any:
        del key
        asked = dict(body)
        for fault in mine:
            if fault.kind is Kind.WRITERS:
                write_between(account, resource, fault)
            if fault.kind is Kind.PAGE_CAP:
                limit = asked.get(Key.LIMIT, account.store.profile.default_limit)
                asked[Key.LIMIT] = min(limit, fault.rows) if isinstance(limit, int) else limit
        # the slower reader and writer: no integer loses a digit
        rows = json.loads(bytes(account.store.find_json(RESOURCES[resource], asked)))
        for fault in mine:
            if fault.kind is Kind.SHUFFLE:
                rows = faults.shuffled(rows)
            if fault.kind is Kind.REPEAT:
                rows = rows + rows[-fault.rows :]
        return orjson.Fragment(json.dumps(rows, ensure_ascii=False).encode())

    return worse


def write_between(account: Account, resource: str, fault: Fault) -> None:
    """Delete and insert rows as somebody else would, so that every later page moves."""
    kind = RESOURCES[resource]
    first = {Key.ORDER_BY: CREATED, Key.FIELDS: [KEY], Key.LIMIT: max(fault.deletes, 1)}
    with account.store.transaction():
        if fault.deletes:
            for row in account.store.find(kind, {str(name): value for name, value in first.items()}):
                account.store.delete(kind, row[KEY])
        for _ in range(fault.inserts):
            row = creation(kind, {"name": "written meanwhile"}, now=account.now, user_id=account.user_id)
            account.store.insert(kind, row | {KEY: str(uuid.uuid4()), CREATED: 0, UPDATED: account.now})
