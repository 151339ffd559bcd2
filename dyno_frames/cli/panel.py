"""``dyno-frames panel``: the control panel of an account, in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import click

from dyno_frames.cli import options


def cells(campaign: str | None, where: str | None) -> tuple[tuple[str, str], ...]:
    """Return the notebook that shows the panel of one campaign, or of those that answer a query."""
    chosen = (
        f"dyno.CampaignPanel(client, {campaign!r})"
        if campaign
        else f"client.campaigns.find({where!r}, order_by='created', ascending=False, limit=50).dyno.panel()"
    )
    return (
        (
            "markdown",
            "# Control panel\n\nThe account is `DYNO_URL` and `DYNO_API_KEY`; no key stands here.",
        ),
        ("code", "import dyno_frames as dyno\n\nclient = dyno.connect()"),
        ("code", chosen),
    )


@click.command()
@click.argument("campaign", required=False)
@options.where
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dyno-panel"),
    show_default=True,
    help="Where the notebook is written.",
)
@click.option("--port", type=click.IntRange(0, 65535), help="Where JupyterLab answers.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Whether to open a browser.")
@options.account
@click.pass_context
def panel(
    context: click.Context,
    *,
    campaign: str | None,
    where: str | None,
    folder: Path,
    port: int | None,
    browser: bool,
    url: str | None,
    api_key: str | None,
) -> None:
    """Open the control panel in JupyterLab.

    It shows CAMPAIGN, or the campaigns that --where chooses. The account is asked once before JupyterLab
    starts, so that a wrong key or query shows here.
    """
    from dyno_frames.cli.jupyter import require_jupyterlab, run_jupyterlab, write_notebook

    if campaign and where:
        raise click.UsageError("CAMPAIGN and --where are two choices; give one of them")
    require_jupyterlab()
    with options.connected(url, api_key) as client:
        if campaign:
            client.campaigns.get(campaign)
        else:
            client.campaigns.count(where, scope=options.NO_NAMES)
    root = folder.resolve()
    opens = root / ("campaign.ipynb" if campaign else "campaigns.ipynb")
    opens.unlink(missing_ok=True)
    write_notebook(opens, cells(campaign, where))
    click.echo(f"The panel is {opens}; run its cells")
    secrets = {"DYNO_URL": url, "DYNO_API_KEY": api_key}
    environment = {name: value for name, value in secrets.items() if value}
    context.exit(run_jupyterlab(root, opens=opens, port=port, browser=browser, environment=environment))
