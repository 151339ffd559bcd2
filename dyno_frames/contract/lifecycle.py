"""The lifecycle of a campaign: statuses, the seven process actions, and the statuses that allow each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The values of a campaign's ``status``, in lifecycle order."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class Action(StrEnum):
    """The process actions, named as the client's methods."""

    START = "start"
    UPDATE_AND_RESUME = "update_and_resume"
    RESCHEDULE = "reschedule"
    CANCEL_SCHEDULE = "cancel_schedule"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


OVERRIDES = ("subject", "from_name", "from_email", "preview_message")
"""Fields that start, reschedule and update_and_resume can change in the same request."""

TIMES = ("iso_start_time", "time_zone")
"""The send time of start and reschedule (default: now)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The request of an action, and its effect.

    Parameters
    ----------
    action
        The action.
    summary
        One sentence about it, for help texts.
    path
        The last path segment under ``/campaign_process``.
    id_key
        The name of the campaign's id in the body.
    sources
        The statuses that allow the action.
    now
        The new status if the action takes effect at once.
    later
        The new status if a future time is given; None if the action takes no time.
    optional
        The optional names in the body.
    sends
        Whether the action can send mail.
    """

    action: Action
    summary: str
    path: str
    id_key: str
    sources: frozenset[Status]
    now: Status
    later: Status | None = None
    optional: tuple[str, ...] = ()
    sends: bool = False

    def target(self, *, future: bool) -> Status:
        """Return the new status, given whether the action has a future time."""
        return self.later if future and self.later is not None else self.now


RULES = {
    rule.action: rule
    for rule in (
        Rule(
            Action.START,
            "Start a draft campaign, at once or at a time.",
            "init",
            "campaign_id",
            frozenset({Status.DRAFT}),
            Status.RUNNING,
            Status.SCHEDULED,
            (*TIMES, *OVERRIDES),
            sends=True,
        ),
        Rule(
            Action.UPDATE_AND_RESUME,
            "Change a paused campaign and resume it, in one request.",
            "update_and_resume",
            "campaign_id",
            frozenset({Status.PAUSED}),
            Status.RUNNING,
            None,
            OVERRIDES,
            sends=True,
        ),
        Rule(
            Action.RESCHEDULE,
            "Move a scheduled campaign to another time, or start it at once.",
            "reschedule",
            "campaign_id",
            frozenset({Status.SCHEDULED}),
            Status.RUNNING,
            Status.SCHEDULED,
            (*TIMES, *OVERRIDES),
            sends=True,
        ),
        Rule(
            Action.CANCEL_SCHEDULE,
            "Cancel the schedule of a campaign, which becomes a draft again.",
            "cancel_schedule",
            "id",
            frozenset({Status.SCHEDULED}),
            Status.DRAFT,
        ),
        Rule(
            Action.STOP,
            "Stop a campaign for good.",
            "stop",
            "id",
            frozenset({Status.RUNNING, Status.PAUSED, Status.SCHEDULED}),
            Status.STOPPED,
        ),
        Rule(
            Action.PAUSE,
            "Pause a running campaign, without a question.",
            "pause",
            "id",
            frozenset({Status.RUNNING}),
            Status.PAUSED,
        ),
        Rule(
            Action.RESUME,
            "Resume a paused campaign.",
            "resume",
            "id",
            frozenset({Status.PAUSED}),
            Status.RUNNING,
            sends=True,
        ),
    )
}
"""The rules by action."""

EDITABLE = frozenset({Status.DRAFT, Status.SCHEDULED, Status.PAUSED})
"""The statuses in which a campaign's fields can be changed."""

DELETABLE = frozenset({Status.DRAFT, Status.STOPPED, Status.FINISHED})
"""The statuses in which a campaign can be deleted."""

FINAL = frozenset({Status.FINISHED, Status.STOPPED})
"""The statuses that no action leaves."""


def allowed(status: str) -> tuple[Action, ...]:
    """Return the actions that a status allows. An unknown status allows no actions."""
    return tuple(action for action, rule in RULES.items() if status in rule.sources)
