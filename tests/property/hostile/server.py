"""A server in this process whose rows are written between requests, and whose pages are capped, cut, and worse."""

from __future__ import annotations

import operator
import threading
from dataclasses import dataclass, fields
from typing import Any

import orjson
from law.choices import Choices
from law.in_process import AUTH, URL, InProcess

from dyno_frames.contract import envelope
from dyno_frames.scan.budget import max_finds
from dyno_frames.transport.exchange import Failure, Received
from dyno_frames.transport.retry import Event, Policy
from dyno_frames.transport.session import Session

FIRST_S = 1_400_000_000
COMPARE = {"eq": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}

Row = dict[str, Any]

FAULTS = (
    Failure(Event.RESET, "the connection broke"),
    Failure(Event.CUT_BODY, "the response ended early"),
    Failure(Event.TIMEOUT, "no answer"),
    Failure(Event.NO_CONNECTION, "connection refused"),
    Received(503, {}, b"<html>busy</html>"),
    Received(429, {"Retry-After": "1"}, b"slow down"),
    Received(200, {}, b"<html>the proxy's own page</html>"),
    Received(200, {}, b'{"has_error": false, "data": [{"id": "cut of'),
    Received(500, {}, b""),
)


@dataclass(frozen=True, slots=True)
class Manners:
    """What a server does to its pages.

    Parameters
    ----------
    cap
        The most rows of a page.
    lowers_cap
        Whether the cap falls by half in the middle of a run.
    mixes_ties
        Whether rows that share a time come in another order on each page.
    repeats
        Whether the last row of a page may stand in it twice.
    cuts
        Whether a page may end early.
    mixes
        Whether the rows of a page may come in any order.
    ignores_order
        Whether it has an order of its own.
    ignores_other_orders
        Whether it has an order of its own where another field than ``created`` and ``id`` is to order it.
    ignores_offset
        Whether it always begins with the first row.
    fails
        Whether it may not answer.
    """

    cap: int = 1000
    lowers_cap: bool = False
    mixes_ties: bool = False
    repeats: bool = False
    cuts: bool = False
    mixes: bool = False
    ignores_order: bool = False
    ignores_other_orders: bool = False
    ignores_offset: bool = False
    fails: bool = False

    @property
    def keeps_order(self) -> bool:
        """Whether rows come in the order and from the place that was asked for."""
        return not (self.mixes or self.ignores_order or self.ignores_offset)

    def __str__(self) -> str:
        does = [item.name for item in fields(self) if getattr(self, item.name) is True]
        return ", ".join([f"cap {self.cap}", *does])


class EndlessError(AssertionError):
    """A scan goes on and on."""


class Restless(Session):
    """A session whose wire ends in a table that others write to.

    Parameters
    ----------
    rows
        The rows at first.
    manners
        What it does to pages.
    choices
        Who decides what happens when.
    writes
        How restless it is: of eight requests so many are met by a write before.
    inserts, deletes
        Rows that others insert and delete before every request.
    condition
        What the scan asks for, as a filter on ``opens``.
    """

    def __init__(
        self,
        rows: list[Row],
        manners: Manners,
        choices: Choices,
        *,
        writes: int,
        condition: Row,
        inserts: int = 0,
        deletes: int = 0,
    ) -> None:
        self.page_rows = manners.cap
        super().__init__(URL, AUTH, policy=Policy(budget=10_000), sleep=lambda _: None)
        self.endpoint = InProcess(self._answered)
        self.rows = {row["id"]: row for row in rows}
        self.manners, self.choices, self.writes, self.condition = manners, choices, writes, condition
        self.inserts, self.deletes = inserts, deletes
        self.span = max((row["created"] for row in rows), default=FIRST_S) - FIRST_S + 1
        self.bodies: list[Row] = []
        self.asked = self.finds = self.sent = 0
        self.log: list[str] = []
        self.versions = {(row["id"], row["opens"]) for row in rows}
        self._lock = threading.Lock()
        self._failed = 0
        self.throughout = self.ever = self._matching()
        self.most_rows = len(self.ever)

    def _matching(self) -> frozenset[str]:
        return frozenset(key for key, row in self.rows.items() if _fits(row, self.condition))

    def _answered(self, call: Any) -> Received | Failure:
        with self._lock:
            self.sent += 1
            if self.sent > 50 * max_finds(self.most_rows, self.page_rows):
                raise EndlessError(f"{self.sent} requests were sent")
            if self.manners.fails and self._failed < 2 and self.choices.chance(1, 6):
                self._failed += 1
                return self.choices.pick(FAULTS)
            self._failed = 0
            self.asked += 1
            self._written()
            wire = orjson.loads(call.content)
            self.bodies.append(wire)
            verb = call.operation.name.partition(".")[2]
            self.finds += verb == "find"
            payload = self._find(wire) if verb == "find" else {"count": len(self._found(wire))}
            self.log.append(
                f"{verb} {wire} -> {payload if verb == 'count' else [row['id'] for row in payload]}"
            )
            return Received(200, {}, orjson.dumps(envelope.accepted(payload)))

    def _written(self) -> None:
        """Let others write."""
        for _ in range(self.inserts):
            key = f"{self.choices.below(10**6):06d}n{len(self.versions)}"
            created = FIRST_S + self.choices.below(self.span + self.choices.pick((0, 1, 50)))
            self._put({"id": key, "name": "new", "status": "draft", "created": created, "opens": 0}, "opens")
        for _ in range(min(self.deletes, len(self.rows) - 1)):
            self._delete(self.choices.pick(list(self.rows)))
        if self.inserts or self.deletes:
            self._compare()
        while self.choices.chance(self.writes, 8):
            at = self.choices.below(3)
            if at == 0:
                key = f"n{len(self.versions):03}"
                created = FIRST_S + self.choices.below(40)
                self._put(
                    {"id": key, "name": "new", "status": "draft", "created": created, "opens": 0}, "opens"
                )
            elif self.rows:
                key = self.choices.pick(sorted(self.rows))
                if at == 1:
                    self._delete(key)
                else:
                    self._put(self.rows[key], "opens")
            self._compare()

    def _compare(self) -> None:
        matching = self._matching()
        self.ever |= matching
        self.throughout &= matching
        self.most_rows = max(self.most_rows, len(matching))

    def _delete(self, key: str) -> None:
        self.log.append(f"  delete {key}")
        del self.rows[key]

    def _put(self, row: Row, changed: str) -> None:
        row = row | {changed: self.choices.below(10)}
        self.log.append(f"  put {row['id']} created +{row['created'] - FIRST_S} opens {row['opens']}")
        self.rows[row["id"]] = row
        self.versions.add((row["id"], row["opens"]))

    def _found(self, wire: Row) -> list[Row]:
        conditions = {name: value for name, value in wire.items() if not name.startswith("application_")}
        return [
            row
            for row in self.rows.values()
            if all(_fits(row, {name: value}) for name, value in conditions.items())
        ]

    def _find(self, wire: Row) -> list[Row]:
        manners, choices = self.manners, self.choices
        found = self._found(wire)
        by = wire.get("application_order_by")
        if not manners.ignores_order and (by in {"created", "id"} or not manners.ignores_other_orders):
            ties = {row["id"]: choices.below(1000) if manners.mixes_ties else 0 for row in found}
            down = wire.get("application_order_direction") == "desc"
            found.sort(key=lambda row: (ties[row["id"]], row["id"]))
            found.sort(key=lambda row: row[by], reverse=down)
        offset = 0 if manners.ignores_offset else wire.get("application_offset", 0)
        cap = max(1, manners.cap // 2) if manners.lowers_cap and self.asked > 4 else manners.cap
        page = found[offset : offset + min(wire.get("application_limit", 100), cap)]
        if manners.cuts and page and choices.chance(1, 3):
            page = page[: 1 + choices.below(len(page))]
        if manners.repeats and page and choices.chance(1, 3):
            page = [*page, page[-1]]
        if manners.mixes and choices.chance(1, 3):
            page.sort(key=lambda _: choices.below(1000))
        return page


def _fits(row: Row, condition: Row) -> bool:
    return all(
        COMPARE[name](row[field], value)
        for field, wanted in condition.items()
        for name, value in (wanted if isinstance(wanted, dict) else {"eq": wanted}).items()
    )
