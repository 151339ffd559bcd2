"""A campaign's life: its statuses, the seven process actions, and which status allows which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The words a campaign's ``status`` may hold, in lifecycle order."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"


class Action(StrEnum):
    """The process actions, by the names of the client's verbs."""

    START = "start"
    UPDATE_AND_RESUME = "update_and_resume"
    RESCHEDULE = "reschedule"
    CANCEL_SCHEDULE = "cancel_schedule"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


OVERRIDES = ("subject", "from_name", "from_email", "preview_message")
"""What start, reschedule and update and resume may change in the same request."""

TIMES = ("iso_start_time", "time_zone")
"""How start and reschedule say when; without them, now."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one action is asked for and what it does.

    Parameters
    ----------
    action
        Which.
    path
        Its last path segment under ``/campaign_process``.
    id_key
        The body's name for the campaign's id.
    sources
        The statuses it is allowed in.
    now
        The status it leads to when it takes effect at once.
    later
        The status it leads to when a future time is given, or None where it takes no time.
    optional
        The optional names in the body.
    sends
        Whether mail may leave because of it.
    """

    action: Action
    path: str
    id_key: str
    sources: frozenset[Status]
    now: Status
    later: Status | None = None
    optional: tuple[str, ...] = ()
    sends: bool = False

    def target(self, *, future: bool) -> Status:
        """Return the status the action leads to, given whether it names a future time."""
        return self.later if future and self.later is not None else self.now


RULES = {
    rule.action: rule
    for rule in (
        Rule(
            Action.START,
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
            "cancel_schedule",
            "id",
            frozenset({Status.SCHEDULED}),
            Status.DRAFT,
        ),
        Rule(
            Action.STOP,
            "stop",
            "id",
            frozenset({Status.RUNNING, Status.PAUSED, Status.SCHEDULED}),
            Status.STOPPED,
        ),
        Rule(Action.PAUSE, "pause", "id", frozenset({Status.RUNNING}), Status.PAUSED),
        Rule(Action.RESUME, "resume", "id", frozenset({Status.PAUSED}), Status.RUNNING, sends=True),
    )
}
"""The rule of every action."""

EDITABLE = frozenset({Status.DRAFT, Status.SCHEDULED, Status.PAUSED})
"""The statuses in which a campaign's own fields may be changed."""

DELETABLE = frozenset({Status.DRAFT, Status.STOPPED, Status.FINISHED})
"""The statuses in which a campaign may be deleted."""

FINAL = frozenset({Status.FINISHED, Status.STOPPED})
"""The statuses that nothing leads out of."""


def allowed(status: str) -> tuple[Action, ...]:
    """Return the actions that a campaign in this status allows; none for a word outside the contract."""
    return tuple(action for action, rule in RULES.items() if status in rule.sources)
