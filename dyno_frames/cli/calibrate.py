"""``dyno-frames calibrate``: learn what a server's filters mean."""

from __future__ import annotations

import click

from dyno_frames.cli import options


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@options.account
def calibrate(*, form: str, url: str | None, api_key: str | None) -> None:
    """Learn what a server's filters mean.

    It takes a few read-only requests, and what was learnt is remembered. What could not be learnt is
    shown as unknown, and no query relies on it.
    """
    import json

    with options.connected(url, api_key) as client:
        learnt = client.calibration()
    click.echo(json.dumps(learnt.profile.to_json(), indent=2) if form == "json" else str(learnt))
