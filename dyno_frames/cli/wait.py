"""``dyno-frames wait``: wait until a campaign has a status."""

from __future__ import annotations

import click

from dyno_frames.cli import options
from dyno_frames.cli.exits import printable
from dyno_frames.cli.reference import object_id
from dyno_frames.contract.lifecycle import Status


@click.command(epilog='Example: dyno-frames wait "Spring sale" --until finished --timeout 3600')
@click.argument("campaign")
@click.option(
    "--until",
    type=click.Choice([status.value for status in Status]),
    default=Status.FINISHED.value,
    show_default=True,
    help="Status to wait for; a status that a campaign has only after this one counts too.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Maximum time to wait (default: no limit).",
)
@click.option(
    "--stuck",
    "stuck_s",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="Fail after this time without progress of a campaign that should make some.",
)
@options.account
def wait(
    *,
    campaign: str,
    until: str,
    timeout_s: float | None,
    stuck_s: float,
    url: str | None,
    api_key: str | None,
) -> None:
    """Wait until a campaign has a status, with a progress bar on a terminal.

    CAMPAIGN is the id of a campaign, or a name that only one campaign has. An id is looked up first. Exit with 1 if the
    time is over, the campaign makes no progress, or it cannot reach the status.
    """
    with options.connected(url, api_key) as client:
        key = object_id(client.campaigns, campaign)
        row = client.campaigns.wait(key, until, timeout_s=timeout_s, stuck_s=stuck_s)
    click.echo(printable(f"{key}: {row['status']}, {row['sent']:,} of {row['recipients']:,} sent"))
