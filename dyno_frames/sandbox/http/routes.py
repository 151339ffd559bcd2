"""The 25 operations: a function for each, from the id and the body of a request to the payload of the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from dyno_frames.contract.envelope import Code
from dyno_frames.contract.lifecycle import DELETABLE, EDITABLE, RULES, Rule, Status
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import CAMPAIGNS, ID_FIELD, RESOURCES, Resource
from dyno_frames.sandbox.campaigns import edits, lifecycle
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.store.storage import Store

Handler: TypeAlias = Callable[[str, Mapping[str, Any]], Any]
"""A function from an object's id and a body to the payload of the envelope."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that an operation reads and changes. New rows have its ``user_id``; the name is for the log."""

    store: Store
    user_id: str
    clock: Callable[[], float]
    name: str = "default"

    @property
    def now(self) -> int:
        """The time in whole epoch seconds."""
        return int(self.clock())


def handlers(account: Account) -> dict[str, Handler]:
    """Return the handler of every operation, by the operation's name."""
    table = {
        operation(resource.name, verb).name: handler
        for resource in RESOURCES.values()
        for verb, handler in _resource_handlers(account, resource).items()
    }
    return table | {
        operation(CAMPAIGNS.name, rule.action).name: _action_handler(account, rule) for rule in RULES.values()
    }


def _resource_handlers(account: Account, resource: Resource) -> dict[str, Handler]:
    store = account.store

    def get(key: str, body: Mapping[str, Any]) -> Any:
        del body
        row = store.get_json(resource, key)
        if row is None:
            raise RequestError(Code.NOT_FOUND)
        return orjson.Fragment(row)

    def create(key: str, body: Mapping[str, Any]) -> Any:
        del key
        row = edits.new_row(resource, body, now=account.now, user_id=account.user_id)
        return {ID_FIELD: store.insert(resource, row)}

    def update(key: str, body: Mapping[str, Any]) -> Any:
        changes = edits.changes(resource, body)
        statuses = EDITABLE if resource is CAMPAIGNS else None
        if not store.update(resource, key, changes, now=account.now, statuses=statuses):
            raise _not_allowed(store, resource, key, "change info", EDITABLE)
        return {ID_FIELD: key}

    def delete(key: str, body: Mapping[str, Any]) -> Any:
        del body
        statuses = DELETABLE if resource is CAMPAIGNS else None
        if not store.delete(resource, key, statuses=statuses):
            raise _not_allowed(store, resource, key, "delete", DELETABLE)
        return {ID_FIELD: key}

    def find(key: str, body: Mapping[str, Any]) -> Any:
        del key
        return orjson.Fragment(store.find_json(resource, body))

    def count(key: str, body: Mapping[str, Any]) -> Any:
        del key
        return {"count": store.count(resource, body)}

    return {"get": get, "create": create, "update": update, "delete": delete, "find": find, "count": count}


def _action_handler(account: Account, rule: Rule) -> Handler:
    def act(key: str, body: Mapping[str, Any]) -> Any:
        del key
        return lifecycle.act(account.store, rule, body, now=account.now)

    return act


def _not_allowed(
    store: Store, resource: Resource, key: str, operation_name: str, statuses: frozenset[Status]
) -> RequestError:
    """Return why an update or a delete found no row: the row does not exist, or its status does not allow it."""
    row = store.get(resource, key) if resource is CAMPAIGNS else None
    if row is None:
        return RequestError(Code.NOT_FOUND)
    allowed = ", ".join(status for status in Status if status in statuses)
    return RequestError(
        Code.ILLEGAL_TRANSITION,
        f"{operation_name} is not allowed from {row.get('status')}; it is allowed from {allowed}",
    )
