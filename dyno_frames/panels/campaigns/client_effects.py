"""Perform the campaign panel's effects with a client; every answer comes back as an action."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never

from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    NotFoundError,
    OutcomeUnknownError,
    QueryError,
    SchemaError,
    TransportError,
)
from dyno_frames.panels.campaigns import actions as on
from dyno_frames.panels.campaigns.actions import ActionResult
from dyno_frames.panels.campaigns.campaign import COLUMNS, ActionRequest, Audience, Campaign, action_name
from dyno_frames.panels.campaigns.effects import (
    Effect,
    ReadCampaigns,
    ReadForBulkReview,
    ReadForReview,
    ResolveOutcome,
    SendAction,
)
from dyno_frames.panels.campaigns.ports import Client
from dyno_frames.panels.campaigns.rules import audience_size, changes_since
from dyno_frames.panels.runtime.failures import error_text

_MAYBE = "It is not known yet whether it happened."
_NEVER_SENT = (ConfigError, QueryError, SchemaError, ValueError)


class ClientEffects:
    """Performs a panel's effects with a client.

    Parameters
    ----------
    client
        The connection.
    clock
        Returns the time now, in UTC.
    new_token
        Returns a token that was never used before.
    """

    def __init__(
        self,
        client: Client,
        clock: Callable[[], datetime],
        *,
        new_token: Callable[[], str] = secrets.token_hex,
    ) -> None:
        self._client = client
        self._clock = clock
        self._new_token = new_token
        self._used: set[str] = set()
        self._lock = threading.Lock()

    def run(self, effect: Effect) -> on.PanelAction | None:
        """Perform an effect and return the action that answers it, or None if it was performed before."""
        match effect:
            case ReadCampaigns():
                return self._read_page(effect)
            case ReadForBulkReview():
                read = self.read(effect.ids)
                return on.BulkReviewReady(effect.serial, self._new_token(), read.campaigns, self._clock())
            case ReadForReview():
                campaign = self._read_one(effect.request.campaign_id)
                audience = self._audience(campaign)
                return on.ReviewReady(effect.serial, self._new_token(), campaign, audience, self._clock())
            case SendAction():
                return self._send_reviewed(effect) if self._use(effect.token) else None
            case ResolveOutcome(key):
                return self._resolve(key)
            case _:
                assert_never(effect)

    def failed(self, effect: Effect, error: Exception) -> on.PanelAction:
        """Return the action that answers an effect that raised. A process action may have been sent by then."""
        if isinstance(effect, SendAction):
            return self._without_outcome(effect, ActionResult.UNKNOWN, f"{error_text(error)} {_MAYBE}")
        return self._read_failed(effect, error)

    def not_started(self, effect: Effect, error: Exception) -> on.PanelAction:
        """Return the action that answers an effect that never ran. Nothing was sent."""
        if isinstance(effect, SendAction):
            text = f"{error_text(error)} Nothing was sent."
            return self._without_outcome(effect, ActionResult.NOT_STARTED, text)
        return self._read_failed(effect, error)

    def read(self, ids: Sequence[str]) -> on.CampaignsRead:
        """Read campaigns. Raises as the client does."""
        at = self._clock()
        if len(ids) == 1:
            return on.CampaignsRead((self._read_one(ids[0]),), tuple(ids), at)
        frame = self._client.campaigns.find(f"id in {list(ids)!r}", columns=list(COLUMNS))
        rows = frame.to_dict("records")
        return on.CampaignsRead(tuple(Campaign.from_row(row, read_at=at) for row in rows), tuple(ids), at)

    def read_again(self, ids: Sequence[str]) -> on.PanelAction:
        """Read campaigns. A server that does not answer is an answer too; any other error is raised."""
        try:
            return self.read(ids)
        except TransportError as error:
            return self.failed(ReadCampaigns(tuple(ids)), error)

    def read_existing(self, key: str) -> on.CampaignsRead:
        """Read one campaign and its audience. Raises NotFoundError if there is no such campaign."""
        at = self._clock()
        campaign = Campaign.from_row({**self._client.campaigns.get(key), "id": key}, read_at=at)
        return on.CampaignsRead((campaign,), (key,), at, ((key, self._audience(campaign)),))

    def unresolved(self) -> dict[str, str]:
        """Return the campaigns whose last action has an unknown outcome, each with what is known."""
        journal = self._client.journal
        blocking = journal[journal["blocks"] & journal["action"].notna()]
        columns = (blocking["campaign_id"], blocking["action"], blocking["at"])
        return {
            key: f"{action_name(Action(action))} was requested at {at:%Y-%m-%d %H:%M:%S} UTC. {_MAYBE}"
            for key, action, at in zip(*columns, strict=True)
        }

    def _read_one(self, key: str) -> Campaign:
        at = self._clock()
        try:
            return Campaign.from_row({**self._client.campaigns.get(key), "id": key}, read_at=at)
        except NotFoundError:
            return Campaign.deleted(key, read_at=at)

    def _read_page(self, effect: ReadCampaigns) -> on.PanelAction:
        read = self.read(effect.ids)
        found = [row for row in read.campaigns if row.id == effect.audience_of]
        return replace(read, audiences=tuple((row.id, self._audience(row)) for row in found))

    def _audience(self, campaign: Campaign) -> Audience:
        found: Mapping[str, Any] = {}
        if campaign.list_id:
            try:
                found = self._client.lists.get(campaign.list_id)
            except NotFoundError:
                found = {}
        contacts = found.get("contacts")
        count = audience_size(campaign, None if contacts is None else int(contacts))
        return Audience(count, str(found.get("name") or ""))

    def _use(self, token: str) -> bool:
        """Use up a review's token. Return False if it was used before."""
        with self._lock:
            unused = token not in self._used
            self._used |= {token} if token else set()
        return unused

    def _send_reviewed(self, effect: SendAction) -> on.ActionFinished:
        if effect.reviewed is not None:
            try:
                changes = changes_since(effect.reviewed, self._read_one(effect.request.campaign_id))
            except Exception as error:  # noqa: BLE001 - nothing was sent yet, and the answer says so
                text = f"{error_text(error)} Nothing was sent."
                return self._finished(effect, ActionResult.NOT_APPLIED, text)
            if changes:
                text = f"Changed since the review: {'; '.join(changes)}. Nothing was sent; review again."
                return self._finished(effect, ActionResult.CHANGED, text)
        return self._finished(effect, *self._send(effect.request))

    def _send(self, request: ActionRequest) -> tuple[ActionResult, str]:
        send = getattr(self._client.campaigns, request.action.value)
        name = action_name(request.action)
        try:
            outcome = send(request.campaign_id, **arguments(request))
        except OutcomeUnknownError as error:
            return ActionResult.UNKNOWN, f"{name}: {error_text(error)}"
        except ApiError as error:
            return ActionResult.REFUSED, f"{name}: {error_text(error)} Nothing was done."
        except TransportError as error:
            return ActionResult.NOT_APPLIED, f"{name}: {error_text(error)} It did not happen."
        except _NEVER_SENT as error:
            return ActionResult.NOT_APPLIED, f"{name}: {error_text(error)} Nothing was sent."
        except Exception as error:  # noqa: BLE001 - whatever it is, the action may have been sent
            return ActionResult.UNKNOWN, f"{name}: {error_text(error)} {_MAYBE}"
        result = _result(outcome)
        return result, f"{name}: {result.value}."

    def _finished(self, effect: SendAction, result: ActionResult, message: str) -> on.ActionFinished:
        fresh = self._read_again(effect.request.campaign_id)
        if result is ActionResult.APPLIED and fresh is not None:
            message += f" The campaign is {fresh.status}."
        return on.ActionFinished(effect.serial, effect.request, result, message, self._clock(), fresh)

    def _resolve(self, key: str) -> on.OutcomeResolved:
        try:
            outcome = self._client.campaigns.resolve(key)
            result = ActionResult.NOTHING_OPEN if outcome is None else _result(outcome)
            message = _RESOLVED[result]
        except Exception as error:  # noqa: BLE001 - the campaign is still worth a read
            result, message = ActionResult.UNKNOWN, f"The outcome is still unknown: {error_text(error)}"
        return on.OutcomeResolved(key, result, message, self._clock(), self._read_again(key))

    def _read_again(self, key: str) -> Campaign | None:
        try:
            return self._read_one(key)
        except Exception:  # noqa: BLE001 - the campaign is then shown as not loaded
            return None

    def _without_outcome(self, effect: SendAction, result: ActionResult, message: str) -> on.ActionFinished:
        text = f"{action_name(effect.request.action)}: {message}"
        return on.ActionFinished(effect.serial, effect.request, result, text, self._clock())

    def _read_failed(
        self, effect: ReadCampaigns | ReadForReview | ReadForBulkReview | ResolveOutcome, error: Exception
    ) -> on.PanelAction:
        lost_at = self._clock() if isinstance(error, TransportError) else None
        match effect:
            case ReadCampaigns():
                return on.ReadFailed(error_text(error), lost_at)
            case ReadForReview(serial) | ReadForBulkReview(serial):
                return on.ReviewFailed(serial, error_text(error), lost_at)
            case ResolveOutcome(key):
                text = f"The outcome is still unknown: {error_text(error)}"
                return on.OutcomeResolved(key, ActionResult.UNKNOWN, text, self._clock())
            case _:
                assert_never(effect)


def arguments(request: ActionRequest) -> dict[str, str]:
    """Return the keyword arguments for the client's method."""
    time = {"at": request.at, "time_zone": request.time_zone} if request.at else {}
    return {**time, **dict(request.overrides)}


_RESOLVED = {
    ActionResult.APPLIED: "The last action was applied.",
    ActionResult.NOT_APPLIED: "The last action was not applied; nothing was done.",
    ActionResult.NOTHING_OPEN: "No action is unresolved; the status shown is the server's own.",
    ActionResult.UNKNOWN: "The outcome is still unknown; check again later.",
}


def _result(outcome: Any) -> ActionResult:
    """Return an outcome's result; a word that is not known counts as unknown."""
    word = str(getattr(outcome, "status", ""))
    return ActionResult(word) if word in {"applied", "not_applied"} else ActionResult.UNKNOWN
