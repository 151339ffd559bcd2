"""The creates of one resource: each is sent once, and kept while its outcome is unknown."""

from __future__ import annotations

import logging
from typing import Literal, TypeAlias

from dyno_frames.client.connection import Connection
from dyno_frames.client.pending_create import PendingCreate, find_created
from dyno_frames.contract import envelope
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import Resource
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    ConnectError,
    ContractError,
    OutcomeUnknownError,
    TransportError,
    short_interrupt,
)
from dyno_frames.transport.redact import Body
from dyno_frames.transport.responses import says_nothing_changed

CreateDecision: TypeAlias = Literal["created", "not_created"]

_LOG = logging.getLogger("dyno_frames.client")


class Creates:
    """The creates of one resource.

    Parameters
    ----------
    connection
        The server and the account.
    resource
        Templates, lists or campaigns.
    """

    def __init__(self, connection: Connection, resource: Resource) -> None:
        self._connection = connection
        self._resource = resource
        self._created: set[str] = set()
        self._pending: dict[str, PendingCreate] = {}
        self._latest: PendingCreate | None = None

    def create(self, body: Body) -> str:
        """Send a create, unless the outcome of an earlier one with the same body is unknown, and return the new id."""
        pending = PendingCreate.of(self._resource, body, now_s=self._connection.settings.clock())
        earlier = self._pending.get(pending.fingerprint)
        if earlier is not None:
            raise self._unresolved(earlier)
        try:
            with short_interrupt(
                f"the {self._resource.singular} may have been created. {self._cure(pending)}",
                perhaps_sent=True,
            ):
                key = self._send(body, pending)
        except KeyboardInterrupt:
            self._keep(pending)
            raise
        self._created.add(key)
        return key

    def look_for(
        self, error: OutcomeUnknownError | None, *, settle_s: float, decision: CreateDecision | None
    ) -> str | None:
        """Search for the object of a create, or take a decision; see :meth:`ResourceClient.look_for`."""
        if decision not in {None, "created", "not_created"}:
            raise ConfigError(f"decision= is {decision!r}; expected 'created', 'not_created' or None")
        pending = self._pending_of(error)
        if decision is not None:
            self._pending.pop(pending.fingerprint, None)
            return None
        with short_interrupt("look_for was interrupted; call it again"):
            found = find_created(
                self._connection.session,
                self._resource,
                pending,
                known=frozenset(self._created),
                settle_s=settle_s,
                page_size=self._connection.settings.page_size,
            )
        if len(found) > 1:
            raise OutcomeUnknownError(
                f"{len(found)} {self._resource.name} are like the one that was to be created: {', '.join(found)}.",
                pending=pending,
                cure=f"Compare them, and delete those that you do not need: client.{self._resource.name}.get(…)",
            )
        if found:
            self._pending.pop(pending.fingerprint, None)
            self._created.update(found)
        return found[0] if found else None

    def _send(self, body: Body, pending: PendingCreate) -> str:
        resource = self._resource
        try:
            reply = self._connection.session.send(operation(resource.name, "create"), body=body)
        except ConnectError:
            raise
        except ApiError as error:
            if not says_nothing_changed(error):
                self._keep(pending)
                error.retryable = False
                error.cure = (
                    f"The error does not say whether the {resource.singular} was created. Look for it before you "
                    f"create it again: client.{resource.name}.look_for()"
                )
            raise
        except (TransportError, ContractError) as error:
            raise self._perhaps_created(pending, error) from error
        key = envelope.created_id(reply.data, resource.singular)
        if key is None:
            self._keep(pending)
            raise ContractError(
                f"the {resource.singular} was created, and the answer does not name its id; look: "
                f"client.{resource.name}.look_for()",
                request=reply.request,
            )
        return key

    def _keep(self, pending: PendingCreate) -> PendingCreate:
        """Keep a create that may have created its object; the same is not sent again."""
        late = pending.until(self._connection.settings.clock())
        self._latest = self._pending[pending.fingerprint] = late
        return late

    def _perhaps_created(
        self, pending: PendingCreate, error: TransportError | ContractError
    ) -> OutcomeUnknownError:
        late = self._keep(pending)
        _LOG.warning("create of a %s: outcome unknown: %s", self._resource.singular, error.message)
        return OutcomeUnknownError(
            f"the request to create a {self._resource.singular} was sent, and no answer tells its outcome "
            f"({error.message}). It was not sent again. If it exists, it was created {late.window} or soon after.",
            request=error.request,
            pending=late,
            cure=self._cure(late),
        )

    def _unresolved(self, pending: PendingCreate) -> OutcomeUnknownError:
        self._latest = pending
        return OutcomeUnknownError(
            f"nothing was sent: whether the same {self._resource.singular}, sent {pending.window}, was created is not "
            "known yet.",
            pending=pending,
            cure=f"{self._cure(pending)}. If it does not exist and cannot be created late any more: "
            f"client.{self._resource.name}.look_for(decision='not_created')",
        )

    def _cure(self, pending: PendingCreate) -> str:
        verbs = f"client.{self._resource.name}"
        return f"Look before you try again: {verbs}.look_for(), or {verbs}.find({pending.query!r})"

    def _pending_of(self, error: OutcomeUnknownError | None) -> PendingCreate:
        pending = self._latest if error is None else getattr(error, "pending", None)
        if pending is None:
            raise ConfigError(
                "there is nothing to look for: no create of this client ended without an answer"
            )
        if not isinstance(pending, PendingCreate) or pending.resource != self._resource.name:
            raise ConfigError(
                f"this error came from {pending.resource}; call client.{pending.resource}.look_for()"
            )
        return pending
