"""``dyno-frames panel``: the control panel of an account, as a web page or in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import click

from dyno_frames.cli import options


def cells(campaign: str | None, where: str | None) -> tuple[tuple[str, str], ...]:
    """Return the cells of a notebook that shows the panel of one campaign, or of those that match a query."""
    chosen = (
        f"dyno.CampaignPanel(client, {campaign!r})"
        if campaign
        else f"client.campaigns.find({where!r}, order_by='created', ascending=False, limit=50).dyno.panel()"
    )
    return (
        (
            "markdown",
            "# Control panel\n\nThe account comes from the environment; this notebook contains no key.",
        ),
        ("code", "import dyno_frames as dyno\n\nclient = dyno.connect()"),
        ("code", chosen),
    )


def account_variables(
    client_url: str, *, url: str | None, api_key: str | None, connection: str | None
) -> dict[str, str]:
    """Return the variables with which ``connect()`` in another process uses the account of these options.

    Parameters
    ----------
    client_url
        The url that this process is connected to.
    url, api_key, connection
        The options of the command line.
    """
    if api_key:
        return {"DYNO_URL": client_url, "DYNO_API_KEY": api_key, "DYNO_CONNECTION": ""}
    if connection:
        return {"DYNO_CONNECTION": connection}
    return {"DYNO_URL": url} if url else {}


@click.command()
@click.argument("campaign", required=False)
@options.where
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dyno-panel"),
    show_default=True,
    help="Folder for the panel's notebook; files in it are never overwritten.",
)
@click.option("--lab", "in_lab", is_flag=True, help="Open the panel as a notebook in JupyterLab.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: a free port).")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser.")
@options.account
@click.pass_context
def panel(
    context: click.Context,
    *,
    campaign: str | None,
    where: str | None,
    folder: Path,
    in_lab: bool,
    port: int | None,
    browser: bool,
    url: str | None,
    api_key: str | None,
) -> None:
    """Open the control panel as a web page.

    The panel shows CAMPAIGN, or the campaigns that match --where. The page is served to this machine only, and its
    address contains the token that opens it. The command reads from the account first, to report a wrong key or query
    at once.
    """
    from dyno_frames.cli.jupyter import require_jupyterlab, run_jupyterlab, write_new_notebook
    from dyno_frames.cli.page import require_voila, run_page

    if campaign and where:
        raise click.UsageError("CAMPAIGN and --where cannot be used together. Give one of them.")
    (require_jupyterlab if in_lab else require_voila)()
    with options.connected(url, api_key) as client:
        if campaign:
            client.campaigns.get(campaign)
        else:
            client.campaigns.count(where, scope=options.NO_NAMES)
        environment = account_variables(client.url, url=url, api_key=api_key, connection=options.named())
    root = folder.resolve()
    opens = write_new_notebook(root, "campaign" if campaign else "campaigns", cells(campaign, where))
    if not in_lab:
        context.exit(run_page(opens, port=port, browser=browser, environment=environment))
    click.echo(f"The panel is {opens}; run its cells")
    context.exit(run_jupyterlab(root, opens=opens, port=port, browser=browser, environment=environment))
