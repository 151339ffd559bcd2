"""The 25 operations: what each reads from a request, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.lifecycle import DELETABLE, EDITABLE, RULES, Rule, Status
from dyno_frames.contract.operations import OPERATIONS, Operation, operation
from dyno_frames.contract.resources import CAMPAIGNS, KEY, RESOURCES, Resource
from dyno_frames.sandbox.campaigns import edits, lifecycle
from dyno_frames.sandbox.http.api_errors import Refused
from dyno_frames.sandbox.store.storage import Store

Answer: TypeAlias = Callable[[str, Mapping[str, Any]], Any]
"""From an object's id and a body to the payload of the envelope."""


@dataclass(frozen=True, slots=True)
class Account:
    """What an operation works on.

    Parameters
    ----------
    store
        The rows.
    user_id
        Whose they are.
    clock
        Epoch seconds, now.
    name
        What it is called in logs.
    """

    store: Store
    user_id: str
    clock: Callable[[], float]
    name: str = "default"

    @property
    def now(self) -> int:
        """Whole epoch seconds."""
        return int(self.clock())


def answers(account: Account) -> dict[str, tuple[Operation, Answer]]:
    """Return every operation with what answers it, by the operation's name."""
    table = {
        operation(resource.name, verb).name: bound
        for resource in RESOURCES.values()
        for verb, bound in _of_resource(account, resource).items()
    }
    table |= {operation(CAMPAIGNS.name, rule.action).name: _action(account, rule) for rule in RULES.values()}
    return {name: (OPERATIONS[name], table[name]) for name in OPERATIONS}


def _of_resource(account: Account, resource: Resource) -> dict[str, Answer]:
    store = account.store

    def get(key: str, body: Mapping[str, Any]) -> Any:
        del body
        row = store.get_json(resource, key)
        if row is None:
            raise Refused(Code.NOT_FOUND)
        return orjson.Fragment(row)

    def create(key: str, body: Mapping[str, Any]) -> Any:
        del key
        row = edits.creation(resource, body, now=account.now, user_id=account.user_id)
        return {KEY: store.insert(resource, row)}

    def update(key: str, body: Mapping[str, Any]) -> Any:
        changes = edits.change(resource, body)
        statuses = EDITABLE if resource is CAMPAIGNS else None
        if not store.update(resource, key, changes, now=account.now, statuses=statuses):
            raise _unchanged(store, resource, key, "change info", EDITABLE)
        return {KEY: key}

    def delete(key: str, body: Mapping[str, Any]) -> Any:
        del body
        statuses = DELETABLE if resource is CAMPAIGNS else None
        if not store.delete(resource, key, statuses=statuses):
            raise _unchanged(store, resource, key, "delete", DELETABLE)
        return {KEY: key}

    def find(key: str, body: Mapping[str, Any]) -> Any:
        del key
        return orjson.Fragment(store.find_json(resource, body))

    def count(key: str, body: Mapping[str, Any]) -> Any:
        del key
        return {"count": store.count(resource, body)}

    return {"get": get, "create": create, "update": update, "delete": delete, "find": find, "count": count}


def _action(account: Account, rule: Rule) -> Answer:
    def act(key: str, body: Mapping[str, Any]) -> Any:
        del key
        return lifecycle.act(account.store, rule, body, now=account.now)

    return act


def _unchanged(store: Store, resource: Resource, key: str, deed: str, statuses: frozenset[Status]) -> Refused:
    row = store.get(resource, key) if resource is CAMPAIGNS else None
    if row is None:
        return Refused(Code.NOT_FOUND)
    words = ", ".join(status for status in Status if status in statuses)
    return Refused(
        Code.ILLEGAL_TRANSITION, f"{deed} is not allowed from {row.get('status')}; it is in {words}"
    )
