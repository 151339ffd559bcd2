"""The plan of an action: what it would change, how many recipients it reaches, when, and the request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from dyno_frames.actions.action_request import ActionRequest, why_not
from dyno_frames.actions.context import RESOURCE, read
from dyno_frames.actions.intent import number
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.journal_damage import CURE, told
from dyno_frames.actions.times import StartTime
from dyno_frames.contract.envelope import Code
from dyno_frames.contract.lifecycle import DELETABLE, EDITABLE, FINAL, OVERRIDES, RULES, Action, Rule, Status
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import LISTS
from dyno_frames.contract.times import zone
from dyno_frames.errors import ApiError, ConfigError, ContractError, IllegalTransitionError
from dyno_frames.query.copy_html import programs
from dyno_frames.reprs import html_table, text_table
from dyno_frames.transport.session import Session

_COMPARED = ("status", "name", *OVERRIDES, "list_id", "template_id", "start_time", "time_zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlan:
    """What an action would do. Making a plan only reads.

    Parameters
    ----------
    action, campaign_id, name
        The action, and the campaign's id and name.
    before, after
        The status before and after it.
    recipients, counted
        How many recipients it sends to, and what is counted; None if that is not known.
    at
        The start time; None for now.
    changes
        Field, old value, new value.
    locks
        Whether the fields can be edited afterwards.
    notes
        What to know before sending.
    verb, path, body_json
        The exact request.
    planned, as_of
        The campaign's fields as read, and when, in UTC.
    write_code
        Writes the request as a program.
    """

    action: Action
    campaign_id: str
    name: str
    before: str
    after: str
    recipients: int | None
    counted: str
    at: StartTime | None
    changes: tuple[tuple[str, str, str], ...]
    locks: str
    notes: tuple[str, ...]
    verb: str
    path: str
    body_json: str
    planned: tuple[tuple[str, Any], ...]
    as_of: datetime
    write_code: Callable[..., str] | None = field(default=None, compare=False)

    def to_code(self, language: str) -> str:
        """Return the action as a complete program, which sends the request once.

        The program does not check whether the campaign has changed since the plan was made. It sends nothing after the
        start time.

        Parameters
        ----------
        language
            ``"curl"``, ``"python"``, ``"java"`` or ``"php"``.
        """
        if self.write_code is None:
            raise ConfigError(
                "this plan was made without a connection; call to_code() on client.campaigns.plan(…)"
            )
        until_s = None if self.at is None else self.at.epoch_s
        return self.write_code(language, operation(RESOURCE, self.action), body=self.body, until_s=until_s)

    @property
    def body(self) -> dict[str, str]:
        """The request's body."""
        decoded: dict[str, str] = json.loads(self.body_json)
        return decoded

    @property
    def when(self) -> str:
        """The start time in its zone and in UTC, as text."""
        return "at once" if self.at is None else _when(self.at)

    def lines(self) -> list[tuple[str, str]]:
        """Return the plan as pairs of label and text."""
        reach = "?" if self.recipients is None else f"{self.recipients:,}"
        return [
            ("campaign", f"{_plain(self.name)} ({_plain(self.campaign_id)})"),
            ("status", f"{_plain(self.before)} → {self.after}"),
            ("recipients", f"{reach}: {_plain(self.counted)}"),
            ("when", self.when),
            *(("changes", f"{name}: {_plain(old)!r} → {_plain(new)!r}") for name, old, new in self.changes),
            ("editing", self.locks),
            *(("note", _plain(note)) for note in self.notes),
            ("request", f"{self.verb} {self.path}"),
            ("", self.body_json),
            ("read", f"{self.as_of:%Y-%m-%d %H:%M:%S} UTC; nothing was sent"),
        ]

    def __getstate__(self) -> list[Any]:
        """Return the values to pickle: not the connection of ``write_code``."""
        return [None if item.name == "write_code" else getattr(self, item.name) for item in fields(self)]

    def __str__(self) -> str:
        return text_table(self.lines(), width=11, title=f"plan: {self.action}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = html_table(self.lines(), caption=f"Plan: {self.action}")
        return table + programs(None if self.write_code is None else self.to_code)


def planned(
    session: Session, journal: Journal, request: ActionRequest, campaign_id: str, *, now: float
) -> ActionPlan:
    """Read a campaign and its list, and return what an action would do.

    Raise IllegalTransitionError if the campaign's status does not allow it. Raise NotFoundError if there is no such
    campaign.
    """
    row = read(session, campaign_id)
    before = str(row["status"])
    reason = why_not(request.action, before)
    if reason:
        raise IllegalTransitionError(
            f"campaign {campaign_id}: {reason}", code=Code.ILLEGAL_TRANSITION, sent=False
        )
    rule, asked = RULES[request.action], operation(RESOURCE, request.action)
    after = rule.target(future=request.at is not None and request.at.epoch_s > now)
    contacts, list_note = _contacts(session, row)
    reached, counted = _reach(rule, row, contacts)
    return ActionPlan(
        action=request.action,
        campaign_id=campaign_id,
        name=str(row.get("name", "")),
        before=before,
        after=str(after),
        recipients=reached,
        counted=counted,
        at=request.at,
        changes=tuple((name, str(row.get(name) or ""), text) for name, text in request.texts.items()),
        locks=_locks(before, after),
        notes=(*list_note, *_notes(request, row, now=now), *_blocked(journal, request.action, campaign_id)),
        verb=asked.verb,
        path=asked.path,
        body_json=json.dumps({rule.id_key: campaign_id, **request.body()}, ensure_ascii=False),
        planned=tuple((name, row.get(name)) for name in _COMPARED),
        as_of=datetime.fromtimestamp(now, UTC),
    )


def recipients(session: Session, action: Action, row: Mapping[str, Any]) -> tuple[int | None, str]:
    """Return how many recipients an action of a campaign sends to, and what is counted."""
    return _reach(RULES[action], row, _contacts(session, row)[0])


def _contacts(session: Session, row: Mapping[str, Any]) -> tuple[int | None, tuple[str, ...]]:
    key = row.get("list_id")
    if not isinstance(key, str) or not key:
        return None, ("the campaign names no list",)
    try:
        found = session.send(operation(LISTS.name, "get"), key=key).data
    except (ApiError, ContractError) as error:
        return None, (f"its list could not be read: {error.message}",)
    contacts = number(found.get("contacts")) if isinstance(found, Mapping) else None
    return (None if contacts is None else int(contacts)), ()


def _reach(rule: Rule, row: Mapping[str, Any], contacts: int | None) -> tuple[int | None, str]:
    total, sent = number(row.get("recipients")), number(row.get("sent")) or 0
    left = int(max(total - sent, 0)) if total else None
    if rule.sends and Status.PAUSED in rule.sources:
        return (contacts if left is None else left), "recipients who have not received it yet"
    if rule.sends:
        return contacts, "contacts on its list now; it is sent to those on the list when it starts"
    if rule.now is Status.PAUSED:
        return 0, f"{_count(left)} who have not received it wait until it is resumed"
    if rule.now in FINAL:
        never = contacts if row.get("status") == Status.SCHEDULED else left
        return 0, f"{_count(never)} who have not received it never will"
    return 0, f"{_count(contacts)} on its list do not receive it"


def _count(number_of: int | None) -> str:
    return "an unknown number" if number_of is None else f"{number_of:,}"


def _locks(before: str, after: Status) -> str:
    if after in FINAL:
        return f"its fields cannot be changed any more: {after} is final"
    if after in EDITABLE:
        again = "can be changed again" if before not in EDITABLE else "can still be changed"
        until = " until it starts" if after is Status.SCHEDULED else ""
        gone = "; it cannot be deleted" if before in DELETABLE and after not in DELETABLE else ""
        return f"its fields {again}{until}{gone}"
    return f"its fields cannot be changed, and it cannot be deleted, while it is {after}; pause it to change them"


def _notes(request: ActionRequest, row: Mapping[str, Any], *, now: float) -> Iterator[str]:
    at = request.at
    if at is None:
        if request.action is Action.RESCHEDULE:
            yield "without a time it starts now"
        if row.get("status") == Status.RUNNING:
            yield "it keeps sending until the server accepts this"
        return
    if at.note:
        yield at.note
    if at.epoch_s <= now:
        yield "that time has just passed: it starts now"
    there = zone(at.time_zone)
    then_offset = datetime.fromtimestamp(at.epoch_s, there).strftime("%z")
    now_offset = datetime.fromtimestamp(now, there).strftime("%z")
    if then_offset != now_offset:
        yield f"clocks in {at.time_zone} change before then: {now_offset} now, {then_offset} at that time"


def _blocked(journal: Journal, action: Action, campaign_id: str) -> Iterator[str]:
    if not RULES[action].sends:
        return
    for entry in journal.unresolved(campaign_id):
        yield (
            f"the outcome of {entry.intent.action} is not known, and no action that sends mail is sent before it is: "
            f"client.campaigns.resolve({campaign_id!r})"
        )
    damage = journal.damage()
    if damage:
        yield f"no action that sends mail is sent: {told(damage)} {CURE}"


def _when(at: StartTime) -> str:
    there = datetime.fromtimestamp(at.epoch_s, zone(at.time_zone))
    utc = f"{there.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return utc if at.time_zone == "UTC" else f"{there:%Y-%m-%d %H:%M:%S%z} {at.time_zone} = {utc}"


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text)
