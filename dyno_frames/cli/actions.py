"""The seven process actions as commands, made from the rules of the contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dyno_frames.cli import confirm, options
from dyno_frames.cli.exits import printable
from dyno_frames.cli.reference import object_id
from dyno_frames.cli.values import print_request
from dyno_frames.contract.lifecycle import OVERRIDES, RULES, TIMES, Action
from dyno_frames.contract.operations import operation
from dyno_frames.errors import ConfigError, OutcomeUnknownError
from dyno_frames.panels.campaigns.confirmation import COUNT_TYPED_ABOVE, WITHOUT_REVIEW

if TYPE_CHECKING:
    from dyno_frames.actions.action_request import ActionRequest
    from dyno_frames.actions.outcome import Outcome
    from dyno_frames.actions.plan import ActionPlan
    from dyno_frames.client.client import Client
    from dyno_frames.panels.campaigns.phases import Review

_TIME = (
    click.option(
        "--at",
        metavar="TIME",
        help="Start time in ISO format, such as 2026-07-01T09:30:00+02:00 (default: now).",
    ),
    click.option(
        "--time-zone",
        metavar="NAME",
        help="Time zone of --at, such as Europe/Paris; required if --at has no offset.",
    ),
)
_RECIPIENTS = click.option(
    "--recipients",
    type=click.IntRange(min=0),
    metavar="N",
    help="Number of recipients that you expect; the command fails if it is another.",
)
_UNUSED_YES = click.option(
    "--yes", is_flag=True, help="Accepted as by the other actions; this command does not ask."
)
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the outcome as one line of JSON.")

_CAMPAIGN = (
    "CAMPAIGN is the id of a campaign, or a name that only one campaign has. An id is looked up first."
)
_QUESTION = "The command shows what will happen and asks for confirmation."
_NUMBER = f"With more than {COUNT_TYPED_ABOVE:,} recipients, type their number, or give it as --recipients."


def command_name(action: Action) -> str:
    """Return the name of an action's command.

    Examples
    --------
    >>> command_name(Action.CANCEL_SCHEDULE)
    'cancel-schedule'
    """
    return action.replace("_", "-")


def outcome_line(outcome: Outcome) -> str:
    """Return an outcome as a line of text."""
    states = f"{outcome.before} → {outcome.after or '?'}"
    return printable(f"{command_name(outcome.action)} {outcome.campaign_id}: {outcome.status}, {states}")


def _command(action: Action) -> click.Command:
    run: Callable[..., None] = partial(_run, action)
    for add in reversed(_parameters(action)):
        run = add(run)
    sentences = [
        _CAMPAIGN,
        *([_QUESTION] if _asks(action) else []),
        *([_NUMBER] if RULES[action].sends else []),
    ]
    text = f"{RULES[action].summary}\n\n{' '.join(sentences)}"
    return click.command(command_name(action), help=text)(run)


def _parameters(action: Action) -> list[Callable[[Any], Any]]:
    rule = RULES[action]
    return [
        click.argument("campaign"),
        *(_TIME if set(TIMES) <= set(rule.optional) else ()),
        *(_text_option(name) for name in OVERRIDES if name in rule.optional),
        *((_RECIPIENTS,) if rule.sends else ()),
        confirm.yes if _asks(action) else _UNUSED_YES,
        confirm.dry_run,
        _AS_JSON,
        options.account,
    ]


def _text_option(name: str) -> Callable[[Any], Any]:
    words = name.replace("_", " ")
    return click.option(
        f"--{words.replace(' ', '-')}", name, metavar="TEXT", help=f"New {words} (default: unchanged)."
    )


def _asks(action: Action) -> bool:
    return action not in WITHOUT_REVIEW


def _run(
    action: Action,
    *,
    campaign: str,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    url: str | None,
    api_key: str | None,
    recipients: int | None = None,
    **arguments: str | None,
) -> None:
    from dyno_frames.actions.action_request import checked_request

    request = checked_request(action, **arguments)
    if _asks(action):
        confirm.require_answer(command_name(action), confirmed=yes or dry_run)
    with options.connected(url, api_key) as client:
        plan = client.campaigns.plan(action, object_id(client.campaigns, campaign), **arguments)
        if dry_run:
            print_request(client, operation("campaigns", action), plan.body)
            return
        _require_known_outcomes(client, plan)
        if _asks(action):
            _confirm(_review(client, plan, request), plan, confirmed=yes, recipients=recipients)
        outcome = client.campaigns.apply(plan)
    click.echo(_json(outcome) if as_json else outcome_line(outcome))


def _require_known_outcomes(client: Client, plan: ActionPlan) -> None:
    """Raise OutcomeUnknownError if an earlier action has to be resolved before this one is sent."""
    actions = client.journal
    blocking = actions[actions["blocks"] & actions["campaign_id"].isin([None, plan.campaign_id])]
    if RULES[plan.action].sends and len(blocking):
        damaged = bool(blocking["campaign_id"].isna().any())
        raise OutcomeUnknownError(
            f"{command_name(plan.action)} was not sent: "
            + ("the journal is damaged." if damaged else "the outcome of an earlier action is unknown."),
            cure=f"See: dyno-frames {'journal --help' if damaged else f'resolve {plan.campaign_id}'}",
        )


def _review(client: Client, plan: ActionPlan, request: ActionRequest) -> Review:
    """Return the review that the panel shows, from a fresh read."""
    from dyno_frames.panels.campaigns.campaign import ActionRequest as Reviewed
    from dyno_frames.panels.campaigns.client_effects import ClientEffects
    from dyno_frames.panels.campaigns.control import utc_now
    from dyno_frames.panels.campaigns.phases import Review
    from dyno_frames.panels.campaigns.rules import REVIEW_LASTS, required_text

    reviewed = Reviewed(
        plan.action,
        plan.campaign_id,
        time_zone="" if plan.at is None else plan.at.time_zone,
        epoch_s=None if plan.at is None else plan.at.epoch_s,
        overrides=tuple(request.texts.items()),
    )
    read = ClientEffects(client, utc_now).read_existing(plan.campaign_id)
    [(_, audience)] = read.audiences
    return Review(
        serial=0,
        token="",
        request=reviewed,
        campaign=read.campaigns[0],
        audience=audience,
        required_text=required_text(plan.action, audience),
        read_at=read.at,
        expires_at=read.at + REVIEW_LASTS,
    )


def _confirm(review: Review, plan: ActionPlan, *, confirmed: bool, recipients: int | None) -> None:
    from dyno_frames.panels.campaigns.review_text import (
        confirm_label,
        is_confirmed_by,
        required_line,
        review_lines,
    )

    confirm.show([*review_lines(review), *(f"Note: {note}." for note in plan.notes)])
    must_type = _must_type(review, recipients=recipients, confirmed=confirmed)
    if confirmed:
        return
    if must_type:
        confirm.ask_for_text(required_line(review), partial(is_confirmed_by, review))
    else:
        confirm.ask(f"{confirm_label(review)}?")


def _must_type(review: Review, *, recipients: int | None, confirmed: bool) -> bool:
    """Return whether a text has to be typed; raise ConfigError if the options confirm another number, or too few."""
    count = review.audience.count
    if recipients is not None and recipients != count:
        known = "is unknown" if count is None else f"is {count:,}"
        raise ConfigError(
            f"nothing was sent: --recipients {recipients}, and the number of recipients {known}"
        )
    if recipients is not None or not review.required_text.isdigit():
        return bool(review.required_text) and recipients is None
    if confirmed:
        raise ConfigError(
            f"nothing was sent: --yes alone does not confirm an action for {count:,} recipients. "
            f"Add --recipients {count}"
        )
    return True


def _json(outcome: Outcome) -> str:
    names = ("action", "campaign_id", "status", "before", "after", "evidence")
    return json.dumps({name: getattr(outcome, name) for name in names})


ACTIONS = tuple(_command(action) for action in Action)
"""The commands of the seven actions."""
