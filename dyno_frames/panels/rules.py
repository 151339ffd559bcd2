"""Which action a campaign allows, and in which words it does not."""

from __future__ import annotations

from datetime import timedelta

from dyno_frames.contract.lifecycle import RULES, Action, Status
from dyno_frames.panels.campaign import DELETED, Campaign, Reach
from dyno_frames.panels.state import State

REVIEW_LASTS = timedelta(seconds=60)
"""How long a review may be confirmed."""

TYPED_ABOVE = 1_000
"""Above so many recipients the count is typed before sending."""

FORMS = frozenset({Action.START, Action.RESCHEDULE, Action.UPDATE_AND_RESUME})
"""The actions that have something to fill in."""

AT_ONCE = frozenset({Action.PAUSE})
"""The actions that need no review: only the brake."""

COMPARED = (
    "status",
    "name",
    "subject",
    "from_name",
    "from_email",
    "preview_message",
    "list_id",
    "recipients",
)
COMPARED_TIMES = ("start_time", "time_zone")
"""What must still be as reviewed when the action is sent."""


BULK = (Action.PAUSE, Action.STOP)
"""What can be asked of several campaigns at once: nothing that sends mail."""

MOST = 100
"""So many campaigns can be acted on together; each is one line of the review."""


def refusal(state: State, verb: Action) -> str:
    """Return why the selected campaign does not allow an action now; empty where it does."""
    row = state.chosen
    return "select a campaign first" if row is None else refused(state, row, verb)


def refused(state: State, row: Campaign, verb: Action) -> str:
    """Return why a campaign does not allow an action now; empty where it does."""
    if row.id in state.facts.locked:
        return "the outcome of the last action is unknown; look again first"
    if row.id in state.facts.busy:
        return "an action is under way"
    if row.read_at is None:
        return "the campaign was not read from the server yet"
    if row.status == DELETED:
        return "the campaign was deleted"
    if row.status not in {status.value for status in Status}:
        return f"the status is {row.status!r}, a word this panel does not know"
    if row.status not in RULES[verb].sources:
        needed = " or ".join(status.value for status in Status if status in RULES[verb].sources)
        return f"needs status {needed}; this one is {row.status}"
    return ""


def bulk_refusal(state: State, verb: Action) -> str:
    """Return why the marked campaigns cannot be acted on together; empty where they can."""
    if verb not in BULK:
        return "this is asked of one campaign at a time"
    if not state.marked:
        return "mark campaigns in the table first"
    if len(state.marked) > MOST:
        return f"{len(state.marked)} campaigns are marked; at most {MOST} are reviewed together"
    return ""


def reach(campaign: Campaign, contacts: int | None) -> int | None:
    """Return how many an action will write to; None where nothing says.

    Parameters
    ----------
    contacts
        How many the list holds now, None where it could not be read.
    """
    if campaign.status in {Status.PAUSED, Status.RUNNING}:
        return max(campaign.recipients - campaign.sent, 0) if campaign.recipients else contacts
    return contacts if contacts is not None else campaign.recipients or None


def demand(verb: Action, reached: Reach) -> str:
    """Return what must be typed before an action is sent; empty where a click is enough."""
    if verb is Action.STOP:
        return "stop"
    if not RULES[verb].sends:
        return ""
    if reached.count is None:
        return "send"
    return str(reached.count) if reached.count > TYPED_ABOVE else ""


def meets(typed: str, wanted: str, name: str) -> bool:
    """Tell whether what was typed is what is demanded; a stop may be confirmed by the campaign's name."""
    if not wanted:
        return True
    said = typed.strip().casefold()
    if wanted.isdigit():
        return said.replace(",", "").replace(" ", "") == wanted
    return said == wanted or (wanted == "stop" and said == name.strip().casefold() != "")


def changes(reviewed: Campaign, now: Campaign) -> tuple[str, ...]:
    """Return what differs between a campaign as reviewed and as it is, as sentences."""
    if now.status == DELETED:
        return ("the campaign was deleted",)
    names: tuple[str, ...] = COMPARED if reviewed.status != Status.RUNNING else COMPARED[:1]
    names += COMPARED_TIMES if reviewed.status == Status.SCHEDULED else ()
    return tuple(
        f"{name} was {getattr(reviewed, name)!s}, is {getattr(now, name)!s}"
        for name in names
        if getattr(reviewed, name) != getattr(now, name)
    )
