"""``dyno-frames journal`` and ``resolve``: the actions sent from this machine, and unknown outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dyno_frames.cli import options
from dyno_frames.cli.actions import outcome_line
from dyno_frames.cli.exits import printable
from dyno_frames.cli.forms import print_frame
from dyno_frames.cli.reference import object_id
from dyno_frames.errors import OutcomeUnknownError

if TYPE_CHECKING:
    from dyno_frames.actions.resolve import Decided
    from dyno_frames.client.client import Client


@click.command()
@click.option("--limit", type=click.IntRange(min=1), help="Number of latest actions to print (default: all).")
@click.option(
    "--accept-damage",
    is_flag=True,
    help="Accept that lines of the journal are damaged or missing; actions that send mail are possible again.",
)
@options.form
@options.account
def journal(
    *, limit: int | None, accept_damage: bool, form: str, formulas: bool, url: str | None, api_key: str | None
) -> None:
    """Print the actions sent with this key from this machine, and their outcomes.

    The journal prevents an action from being sent twice. Before --accept-damage, look on the server at the campaigns
    that you started, resumed or rescheduled lately.
    """
    with options.connected(url, api_key) as client:
        if accept_damage:
            for damage in client.campaigns.accept_journal_damage():
                click.echo(printable(f"accepted: {damage}"), err=True)
        actions = client.journal
    print_frame(actions if limit is None else actions.tail(limit), form, formulas=formulas)


@click.command()
@click.argument("campaign", required=False)
@click.option(
    "--decision",
    type=click.Choice(["applied", "not_applied"]),
    help="The outcome, if you know it and the campaign does not show it.",
)
@options.account
def resolve(*, campaign: str | None, decision: Decided | None, url: str | None, api_key: str | None) -> None:
    """Find the outcome of actions whose outcome is unknown. Only read requests are sent.

    CAMPAIGN is the id or the unique name of a campaign (default: all campaigns with such an action). Exit with 3 if an
    outcome is still unknown.
    """
    if decision and campaign is None:
        raise click.UsageError("--decision needs CAMPAIGN. Give the campaign whose outcome you know.")
    with options.connected(url, api_key) as client:
        actions = client.journal
        keys = actions.loc[actions["blocks"], "campaign_id"].dropna().unique().tolist()
        if campaign is not None:
            keys = [campaign if campaign in keys else object_id(client.campaigns, campaign)]
        errors = [error for key in keys if (error := _resolve(client, key, decision)) is not None]
    if not keys:
        click.echo("The outcome of every action is known.")
    for error in errors[:-1]:
        click.echo(printable(error.message), err=True)
    if errors:
        raise errors[-1]


def _resolve(client: Client, key: str, decision: Decided | None) -> OutcomeUnknownError | None:
    try:
        outcome = client.campaigns.resolve(key, decision=decision)
    except OutcomeUnknownError as error:
        return error
    click.echo(printable(f"{key}: no action is unresolved") if outcome is None else outcome_line(outcome))
    return None
