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
        learnt = client.calibrate().to_json()
    if form == "json":
        click.echo(json.dumps(learnt, indent=2))
        return
    width = max(map(len, learnt))
    for name, value in learnt.items():
        click.echo(f"{name:{width}}  {'unknown' if value is None else value}")
