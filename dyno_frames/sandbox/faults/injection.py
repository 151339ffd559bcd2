"""Inject faults into a request: before it is processed, into the rows of the answer, and into the connection."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from dyno_frames.contract.filters import FilterKey
from dyno_frames.contract.operations import Operation
from dyno_frames.contract.resources import CREATED, ID_FIELD, RESOURCES, UPDATED
from dyno_frames.sandbox.campaigns.edits import new_row
from dyno_frames.sandbox.faults.fault import Fault, Kind
from dyno_frames.sandbox.faults.faults import Faults
from dyno_frames.sandbox.filters.semantics import DEFAULT_LIMIT
from dyno_frames.sandbox.http.access_log import RECORD
from dyno_frames.sandbox.http.routes import Account, Handler

FindConnection: TypeAlias = Callable[[tuple[str, int]], asyncio.Transport | None]
"""A function from a client's address to its connection."""

_PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>proxy</body></html>"
_REPLACE_ANSWER: Final = frozenset({Kind.SLOW_DOWN, Kind.REFUSAL, Kind.ERROR, Kind.RESET})
_CHANGE_ROWS: Final = frozenset({Kind.PAGE_CAP, Kind.SHUFFLE, Kind.REPEAT, Kind.WRITERS})


async def inject(
    triggered: tuple[Fault, ...],
    *,
    error_response: Callable[[Fault], Response],
    run: Callable[[], Awaitable[Response]],
    find_connection: FindConnection,
) -> Response:
    """Return the answer to a request that triggered faults. Of several that replace the answer, the first one does."""
    for fault in triggered:
        if fault.kind is Kind.LATENCY:
            await asyncio.sleep(fault.delay_s)
    replacing = next((fault for fault in triggered if fault.kind in _REPLACE_ANSWER), None)
    if replacing is not None:
        if replacing.kind is Kind.RESET:
            return DroppedResponse(b"", find_connection)
        if replacing.kind is Kind.ERROR:
            return HTMLResponse(_PAGE.format(f"{replacing.status} from the proxy"), replacing.status)
        return error_response(replacing)
    response = await run()
    kinds = {fault.kind for fault in triggered}
    if Kind.DROP in kinds:
        return DroppedResponse(b"", find_connection)
    return DroppedResponse(bytes(response.body), find_connection) if Kind.CUT in kinds else response


class DroppedResponse(Response):
    """An answer whose connection ends in the middle; with an empty body, before the first byte."""

    def __init__(self, body: bytes, find_connection: FindConnection) -> None:
        super().__init__(body, media_type="application/json")
        self._find_connection = find_connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the answer and end the connection."""
        connection = self._find_connection(tuple(scope["client"]))
        if self.body:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            half = self.body[: len(self.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
        scope[RECORD]()
        if connection is not None:
            if self.body:
                connection.close()
            else:
                _reset(connection)
        # return when uvicorn has noticed; otherwise it logs that the answer is missing
        while (await receive())["type"] != "http.disconnect":
            pass


def _reset(connection: asyncio.Transport) -> None:
    handle = connection.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.abort()


def with_row_faults(
    handler: Handler,
    triggered: tuple[Fault, ...],
    *,
    faults: Faults,
    account: Account,
    operation: Operation,
) -> Handler:
    """Return the handler of a find whose rows change as the faults say. Other handlers are returned as they are."""
    changing = [fault for fault in triggered if fault.kind in _CHANGE_ROWS]
    resource, _, verb = operation.name.partition(".")
    if verb != "find" or not changing:
        return handler

    def find(key: str, body: Mapping[str, Any]) -> Any:
        del key
        wire = dict(body)
        for fault in changing:
            if fault.kind is Kind.WRITERS:
                _write_concurrently(account, resource, fault)
            if fault.kind is Kind.PAGE_CAP:
                limit = wire.get(FilterKey.LIMIT, DEFAULT_LIMIT)
                wire[FilterKey.LIMIT] = min(limit, fault.rows) if isinstance(limit, int) else limit
        # json instead of orjson, which would lose digits of large integers
        rows = json.loads(bytes(account.store.find_json(RESOURCES[resource], wire)))
        for fault in changing:
            if fault.kind is Kind.SHUFFLE:
                rows = faults.shuffled(rows)
            if fault.kind is Kind.REPEAT:
                rows = rows + rows[-fault.rows :]
        return orjson.Fragment(json.dumps(rows, ensure_ascii=False).encode())

    return find


def _write_concurrently(account: Account, resource_name: str, fault: Fault) -> None:
    """Delete and insert rows as another client would, so that the rows of every later page shift."""
    resource = RESOURCES[resource_name]
    first = {
        FilterKey.ORDER_BY: CREATED,
        FilterKey.FIELDS: [ID_FIELD],
        FilterKey.LIMIT: max(fault.deletes, 1),
    }
    with account.store.transaction():
        if fault.deletes:
            for row in account.store.find(resource, {str(name): value for name, value in first.items()}):
                account.store.delete(resource, row[ID_FIELD])
        for _ in range(fault.inserts):
            row = new_row(resource, {"name": "written meanwhile"}, now=account.now, user_id=account.user_id)
            account.store.insert(
                resource, row | {ID_FIELD: str(uuid.uuid4()), CREATED: 0, UPDATED: account.now}
            )
