"""``dyno-frames calibrate``: learn what a server's filters mean."""

from __future__ import annotations

import click

from dyno_frames.cli import options


@click.command()
@options.table_or_json
@options.account
def calibrate(*, form: str, url: str | None, api_key: str | None) -> None:
    """Learn what a server's filters mean.

    Send about 40 small requests that change nothing, and store the result. Facts that cannot be learned are
    shown as unknown, and queries do not rely on them.
    """
    import json

    with options.connected(url, api_key) as client:
        learnt = client.calibration()
    click.echo(json.dumps(learnt.profile.to_json(), indent=2) if form == "json" else str(learnt))
