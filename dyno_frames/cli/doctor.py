"""``dyno-frames doctor``: check the installation, the account and the folders."""

from __future__ import annotations

import json

import click

from dyno_frames.cli import options
from dyno_frames.cli.arguments import options_of, with_options
from dyno_frames.cli.exits import Exit, printable


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@options.account
@click.pass_context
def doctor(context: click.Context, *, as_json: bool, url: str | None, api_key: str | None) -> None:
    """Check the installation, the account and the folders.

    Each check that does not succeed names its cure. Exit with 1 if a check failed. Without an account, nothing is
    sent; else one small request is sent that changes nothing.
    """
    from dyno_frames.doctor.check import Status
    from dyno_frames.doctor.doctor import diagnose, report

    checks = diagnose(url, api_key, connection=options.named())
    is_ok = all(check.status is not Status.FAILED for check in checks)
    names = options_of(context.command)
    if as_json:
        shown = [
            {name: with_options(text, names) for name, text in check.to_json().items()} for check in checks
        ]
        click.echo(json.dumps({"ok": is_ok, "checks": shown}))
    else:
        click.echo("\n".join(printable(with_options(line, names)) for line in report(checks).splitlines()))
    if not is_ok:
        context.exit(Exit.SERVER)
