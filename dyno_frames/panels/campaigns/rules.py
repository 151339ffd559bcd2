"""Which action a campaign allows, what has to be reviewed or typed first, and the reason if it is not allowed."""

from __future__ import annotations

from datetime import timedelta

from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.panels.campaigns.campaign import DELETED, Audience, Campaign
from dyno_frames.panels.campaigns.confirmation import COUNT_TYPED_ABOVE
from dyno_frames.panels.campaigns.state import State

REVIEW_LASTS = timedelta(seconds=60)
"""How long a review can be confirmed."""

WITH_FORM = frozenset({Action.START, Action.RESCHEDULE, Action.UPDATE_AND_RESUME})
"""The actions that have something to fill in."""

IRREVERSIBLE = frozenset({Action.STOP})
"""The actions that no other action reverses. Views show their buttons as dangerous."""

BULK_ACTIONS = (Action.PAUSE, Action.STOP)
"""The actions that can be sent for several campaigns at once. They do not send mail."""

MAX_BULK = 100
"""The most campaigns in one bulk review, where each is a line."""

REVIEWED_FIELDS = (
    "status",
    "name",
    "subject",
    "from_name",
    "from_email",
    "preview_message",
    "list_id",
    "recipients",
)
REVIEWED_TIMES = ("start_time", "time_zone")
"""The fields that must not have changed between the review and the action."""


def disabled_reason(state: State, action: Action) -> str:
    """Return why the open campaign does not allow an action now. Empty if it does."""
    campaign = state.open_campaign
    return "choose a campaign first" if campaign is None else not_allowed_reason(state, campaign, action)


def not_allowed_reason(state: State, campaign: Campaign, action: Action) -> str:
    """Return why a campaign does not allow an action now. Empty if it does."""
    if campaign.id in state.facts.unresolved:
        return "the outcome of the last action is unknown; check again first"
    if campaign.id in state.facts.in_flight:
        return "an action is under way"
    if state.facts.lost_at is not None:
        return "the connection to the server is lost"
    if not campaign.current:
        return "the campaign is not loaded yet"
    if campaign.status == DELETED:
        return "the campaign was deleted"
    if campaign.status not in {status.value for status in Status}:
        return f"the status is {campaign.status!r}, which this panel does not know"
    if campaign.status not in RULES[action].sources:
        needed = " or ".join(status.value for status in Status if status in RULES[action].sources)
        return f"only for {needed} campaigns; this one is {campaign.status}"
    return ""


def bulk_disabled_reason(state: State, action: Action) -> str:
    """Return why an action cannot be sent for the selected campaigns. Empty if it can."""
    if action not in BULK_ACTIONS:
        return "only for one campaign at a time"
    if not state.selected_ids:
        return "select campaigns in the table first"
    if state.facts.lost_at is not None:
        return "the connection to the server is lost"
    if len(state.selected_ids) > MAX_BULK:
        return (
            f"{len(state.selected_ids)} campaigns are selected; at most {MAX_BULK} can be reviewed together"
        )
    return ""


def audience_size(campaign: Campaign, contacts: int | None) -> int | None:
    """Return how many recipients an action will send mail to. None if that is unknown.

    Parameters
    ----------
    contacts
        How many contacts the list has now. None if it could not be read.
    """
    if campaign.status in {Status.PAUSED, Status.RUNNING}:
        return max(campaign.recipients - campaign.sent, 0) if campaign.recipients else contacts
    return contacts if contacts is not None else campaign.recipients or None


def required_text(action: Action, audience: Audience) -> str:
    """Return what the user has to type before an action is sent. Empty if a click is enough."""
    if action is Action.STOP:
        return "stop"
    if not RULES[action].sends:
        return ""
    if audience.count is None:
        return "send"
    return str(audience.count) if audience.count > COUNT_TYPED_ABOVE else ""


def matches_required(typed: str, required: str, name: str) -> bool:
    """Return whether the typed text is the required one. The campaign's name also confirms a stop."""
    if not required:
        return True
    text = typed.strip().casefold()
    if required.isdigit():
        return text.replace(",", "").replace(" ", "") == required
    return text == required or (required == "stop" and text == name.strip().casefold() != "")


def changes_since(reviewed: Campaign, now: Campaign) -> tuple[str, ...]:
    """Return what has changed in a campaign since its review, one phrase per field."""
    if now.status == DELETED:
        return ("the campaign was deleted",)
    names: tuple[str, ...] = REVIEWED_FIELDS if reviewed.status != Status.RUNNING else REVIEWED_FIELDS[:1]
    names += REVIEWED_TIMES if reviewed.status == Status.SCHEDULED else ()
    return tuple(
        f"{name} was {getattr(reviewed, name)!s}, is {getattr(now, name)!s}"
        for name in names
        if getattr(reviewed, name) != getattr(now, name)
    )
