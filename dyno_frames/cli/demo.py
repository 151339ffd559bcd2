"""``dyno-frames demo``: query, export and plot a sample account, without an account of your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dyno_frames.cli import options

if TYPE_CHECKING:
    import pandas as pd

QUESTION = "status == 'finished' and opens > 100"
COLUMNS = ["name", "status", "created", "sent", "opens", "clicks"]


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dyno-demo"),
    show_default=True,
    help="Folder to write the Parquet file and the plot to.",
)
@options.debug
def demo(*, folder: Path) -> None:
    """Show the main features on a sandbox server.

    Run a query, print its rows and types, export Parquet and draw a plot. The demo needs no account and sends
    nothing to other machines.
    """
    from dyno_frames.api import connect
    from dyno_frames.sandbox.sandbox import Sandbox

    folder.mkdir(parents=True, exist_ok=True)
    dataset, drawing = folder / "campaigns.parquet", folder / "timeline.png"
    with Sandbox(sample=True) as box, connect(box.url, box.api_key) as client:
        click.echo(f"A sandbox server with a sample account runs at {box.url}\n")
        _heading(f"client.campaigns.find({QUESTION!r}, order_by='created')")
        finished = client.campaigns.find(QUESTION, order_by="created")
        _show(finished)
        _heading(f"client.campaigns.scan({QUESTION!r}).explain()")
        click.echo(f"{str(client.campaigns.scan(QUESTION).explain()).rstrip()}\n")
        client.campaigns.scan(None).to_parquet(dataset, mode="overwrite")
    _draw(finished, drawing)
    click.echo(
        f"Every campaign, as Parquet:   {dataset.resolve()}\n"
        f"Rates over time, as a plot:   {drawing.resolve()}\n\n"
        "Next: dyno-frames lab          the example notebooks, in JupyterLab\n"
        "      dyno-frames sandbox      a sandbox server for your own code\n"
        "      dyno-frames find --help  your own account, with DYNO_URL and DYNO_API_KEY"
    )


def _heading(call: str) -> None:
    click.echo(click.style(f">>> {call}", bold=True))


def _show(frame: pd.DataFrame) -> None:
    from dyno_frames.cli.forms import written

    columns = [name for name in COLUMNS if name in frame]
    click.echo(written(frame[columns].tail(5), "table"), nl=False)
    click.echo(f"the last of {len(frame):,}; the types of all {frame.shape[1]} columns:\n")
    click.echo(f"{frame.dtypes.to_string()}\n")


def _draw(frame: pd.DataFrame, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib.figure import Figure

    from dyno_frames.plots.timeline import timeline

    figure = Figure(figsize=(9, 4.5), layout="constrained")
    timeline(frame, freq="month", ax=figure.subplots())
    figure.savefig(path, dpi=144)
