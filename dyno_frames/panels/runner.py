"""Does what the reducer asks for, with a client, and brings every answer back as an action."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, assert_never

from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    DynoError,
    NotFoundError,
    OutcomeUnknownError,
    QueryError,
    SchemaError,
    TransportError,
)
from dyno_frames.panels import actions as on
from dyno_frames.panels.campaign import READ, Campaign, Reach, Request
from dyno_frames.panels.effects import Act, Effect, ReadCampaigns, ReadForBulk, ReadForReview, Resolve
from dyno_frames.panels.ports import Client
from dyno_frames.panels.rules import changes, reach

_NOBODY_CAN_TELL = "Nobody can tell yet whether it happened."
_NEVER_LEFT = (ConfigError, QueryError, SchemaError, ValueError)


class Runner:
    """Perform a panel's effects with a client.

    Parameters
    ----------
    client
        The connection.
    clock
        The time now, UTC.
    mint
        Makes a token that was never there before.
    """

    def __init__(
        self, client: Client, clock: Callable[[], datetime], *, mint: Callable[[], str] = secrets.token_hex
    ) -> None:
        self._client = client
        self._clock = clock
        self._mint = mint
        self._spent: set[str] = set()
        self._guard = threading.Lock()

    def run(self, effect: Effect) -> on.PanelAction | None:
        """Return the action that answers an effect; None for one that was run before.

        What this raises is answered by :meth:`failed`.
        """
        match effect:
            case ReadCampaigns():
                return self._page(effect)
            case ReadForBulk():
                return self._bulk(effect)
            case ReadForReview():
                return self._review(effect)
            case Act():
                return self._act(effect) if self._spend(effect.token) else None
            case Resolve(key):
                return self._resolve(key)
            case _:
                assert_never(effect)

    def failed(self, effect: Effect, error: Exception) -> on.PanelAction:
        """Return the action that answers an effect that raised; an action may have left by then."""
        match effect:
            case Act():
                text = f"{spoken(effect.request.verb)}: {told(error)} {_NOBODY_CAN_TELL}"
                return self._unanswered(effect, on.Result.UNKNOWN, text)
            case _:
                return self._unread(effect, error)

    def not_started(self, effect: Effect, error: Exception) -> on.PanelAction:
        """Return the action that answers an effect that could not be started; nothing was sent."""
        match effect:
            case Act():
                text = f"{spoken(effect.request.verb)}: {told(error)} Nothing was sent."
                return self._unanswered(effect, on.Result.NOT_STARTED, text)
            case _:
                return self._unread(effect, error)

    def _unanswered(self, effect: Act, result: on.Result, message: str) -> on.Settled:
        return on.Settled(effect.serial, effect.request, result, message, datetime.now(UTC))

    def _unread(
        self, effect: ReadCampaigns | ReadForReview | ReadForBulk | Resolve, error: Exception
    ) -> on.PanelAction:
        match effect:
            case ReadCampaigns():
                return on.ReadFailed(told(error))
            case ReadForReview(serial) | ReadForBulk(serial):
                return on.ReviewFailed(serial, told(error))
            case Resolve(key):
                text = f"The outcome is still unknown: {told(error)}"
                return on.Resolved(key, on.Result.UNKNOWN, text, datetime.now(UTC))
            case _:
                assert_never(effect)

    def read(self, ids: Sequence[str]) -> on.CampaignsRead:
        """Read campaigns; raises as the client does."""
        at = self._clock()
        if len(ids) == 1:
            return on.CampaignsRead((self._one(ids[0]),), tuple(ids), at)
        frame = self._client.campaigns.find(f"id in {list(ids)!r}", columns=list(READ))
        rows = frame.to_dict("records")
        return on.CampaignsRead(tuple(Campaign.of(row, read_at=at) for row in rows), tuple(ids), at)

    def _one(self, key: str) -> Campaign:
        """Read one campaign; one that is not found was deleted."""
        at = self._clock()
        try:
            return Campaign.of({**self._client.campaigns.get(key), "id": key}, read_at=at)
        except NotFoundError:
            return Campaign.deleted(key, read_at=at)

    def unresolved(self) -> dict[str, str]:
        """Return the campaigns whose sends wait for an earlier action to be resolved, each with what is known."""
        journal = self._client.journal
        waiting = journal[journal["blocks"] & journal["action"].notna()]
        return {
            key: f"{spoken(Action(verb))} was asked for at {at:%Y-%m-%d %H:%M:%S} UTC. "
            "Nobody can tell yet whether it happened."
            for key, verb, at in zip(waiting["campaign_id"], waiting["action"], waiting["at"], strict=True)
        }

    def opened(self, key: str) -> on.CampaignsRead:
        """Read one campaign and how many it would write to; raises as the client does."""
        at = self._clock()
        campaign = Campaign.of({**self._client.campaigns.get(key), "id": key}, read_at=at)
        return on.CampaignsRead((campaign,), (key,), at, ((key, self._reach(campaign)),))

    def _page(self, effect: ReadCampaigns) -> on.PanelAction:
        came = self.read(effect.ids)
        found = [row for row in came.campaigns if row.id == effect.reach_of]
        return replace(came, reaches=tuple((row.id, self._reach(row)) for row in found))

    def _bulk(self, effect: ReadForBulk) -> on.PanelAction:
        came = self.read(effect.ids)
        return on.BulkRead(effect.serial, self._mint(), came.campaigns, self._clock())

    def _review(self, effect: ReadForReview) -> on.PanelAction:
        campaign = self._one(effect.request.campaign_id)
        reached = self._reach(campaign)
        return on.ReviewRead(effect.serial, self._mint(), campaign, reached, self._clock())

    def _reach(self, campaign: Campaign) -> Reach:
        found: Mapping[str, Any] = {}
        if campaign.list_id:
            try:
                found = self._client.lists.get(campaign.list_id)
            except NotFoundError:
                found = {}
        contacts = found.get("contacts")
        count = reach(campaign, None if contacts is None else int(contacts))
        return Reach(count, str(found.get("name") or ""))

    def _spend(self, token: str) -> bool:
        """Take a review's token; False where it was taken before."""
        with self._guard:
            fresh = token not in self._spent
            self._spent |= {token} if token else set()
        return fresh

    def _act(self, effect: Act) -> on.Settled:
        if effect.reviewed is not None:
            try:
                differing = changes(effect.reviewed, self._one(effect.request.campaign_id))
            except Exception as error:  # noqa: BLE001 - nothing has left yet, and the answer says so
                return self._settled(effect, on.Result.NOT_APPLIED, f"{told(error)} Nothing was sent.")
            if differing:
                text = f"Changed since the review: {'; '.join(differing)}. Nothing was sent; review again."
                return self._settled(effect, on.Result.CHANGED, text)
        return self._settled(effect, *self._send(effect.request))

    def _send(self, request: Request) -> tuple[on.Result, str]:
        verb = getattr(self._client.campaigns, request.verb.value)
        said = spoken(request.verb)
        try:
            outcome = verb(request.campaign_id, **arguments(request))
        except OutcomeUnknownError as error:
            return on.Result.UNKNOWN, f"{said}: {told(error)}"
        except ApiError as error:
            return on.Result.REFUSED, f"{said}: {told(error)} Nothing was done."
        except TransportError as error:
            return on.Result.NOT_APPLIED, f"{said}: {told(error)} It did not happen."
        except _NEVER_LEFT as error:
            return on.Result.NOT_APPLIED, f"{said}: {told(error)} Nothing was sent."
        except Exception as error:  # noqa: BLE001 - whatever it is, the action may have left
            return on.Result.UNKNOWN, f"{said}: {told(error)} {_NOBODY_CAN_TELL}"
        result = _result(outcome)
        return result, f"{said}: {result.value}."

    def _settled(self, effect: Act, result: on.Result, message: str) -> on.Settled:
        fresh = self._reread(effect.request.campaign_id)
        if result is on.Result.APPLIED and fresh is not None:
            message += f" The campaign is {fresh.status}."
        return on.Settled(effect.serial, effect.request, result, message, self._clock(), fresh)

    def _resolve(self, key: str) -> on.Resolved:
        try:
            outcome = self._client.campaigns.resolve(key)
            result = on.Result.CLEAR if outcome is None else _result(outcome)
            message = _FOUND[result]
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            result, message = on.Result.UNKNOWN, f"The outcome is still unknown: {told(error)}"
        return on.Resolved(key, result, message, self._clock(), self._reread(key))

    def _reread(self, key: str) -> Campaign | None:
        try:
            return self._one(key)
        except Exception:  # noqa: BLE001 - the row is then shown as not read
            return None


def arguments(request: Request) -> dict[str, str]:
    """Return the keyword arguments of the client's verb."""
    timed = {"at": request.at, "time_zone": request.time_zone} if request.at else {}
    return {**timed, **dict(request.overrides)}


def spoken(verb: Action) -> str:
    """Return an action's name as words."""
    return verb.value.replace("_", " ").capitalize()


def told(error: Exception) -> str:
    """Return an error in one sentence; of errors that are not ours only the kind, for they quote anything."""
    if not isinstance(error, DynoError):
        return f"{type(error).__name__}."
    # Of an unknown outcome the panel tells the rest itself: what to press, not what to call.
    shown = getattr(error, "message", "") if isinstance(error, OutcomeUnknownError) else ""
    text = " ".join(str(shown or error).split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


_FOUND = {
    on.Result.APPLIED: "The last action was applied.",
    on.Result.NOT_APPLIED: "The last action was not applied; nothing was done.",
    on.Result.CLEAR: "No action is unresolved; the status shown is the server's own.",
    on.Result.UNKNOWN: "The outcome is still unknown; look again later.",
}


def _result(outcome: Any) -> on.Result:
    """Read an outcome; a word that is not known is an outcome that is not known."""
    word = str(getattr(outcome, "status", ""))
    return on.Result(word) if word in {"applied", "not_applied"} else on.Result.UNKNOWN
