"""``dyno-frames lab``: JupyterLab with the example notebooks."""

from __future__ import annotations

from pathlib import Path

import click

from dyno_frames.cli import options

_WELCOME = """\
# Dyno in a notebook

This notebook uses a sandbox server on this machine; no account is needed.
For your own account, set `DYNO_URL` and `DYNO_API_KEY` and use `dyno.connect()`."""

_CONNECT = """\
import dyno_frames as dyno

box = dyno.sandbox()
client = box.client()
campaigns = client.campaigns.frame()"""

_ASK = """\
finished = campaigns.dyno.query("status == 'finished' and opens > 0", order_by="created")
finished.head()"""

_EXPLAIN = """\
campaigns.dyno.explain(lambda c: (c.status == "finished") & c.name.str.contains("Weekly"))"""

STARTER = (
    ("markdown", _WELCOME),
    ("code", _CONNECT),
    ("code", _ASK),
    ("code", _EXPLAIN),
    ("code", "_ = finished.dyno.plot.timeline()"),
    ("code", "finished.tail(3).dyno.panel()"),
)
"""The cells of the notebook that is written if the examples are not installed."""


def examples() -> Path | None:
    """Return the folder of the example notebooks, or None if this is not a checkout."""
    checkout = Path(__file__).resolve().parents[2]
    folder = checkout / "notebooks"
    return folder if (checkout / "pyproject.toml").is_file() and any(folder.glob("*.ipynb")) else None


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to work in (default: the example notebooks of the checkout, or ./dyno-notebooks).",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on (default: chosen by JupyterLab)."
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser.")
@options.debug
@click.pass_context
def lab(context: click.Context, *, folder: Path | None, port: int | None, browser: bool) -> None:
    """Open JupyterLab with the example notebooks.

    If the examples are not installed, a starter notebook is written. Existing files are never overwritten.
    """
    from dyno_frames.cli.jupyter import require_jupyterlab, run_jupyterlab, write_notebook

    require_jupyterlab()
    found = examples() if folder is None else None
    opens = None
    if found is None:
        found = (folder or Path("dyno-notebooks")).resolve()
        opens = found / "start.ipynb"
        write_notebook(opens, STARTER)
    click.echo(f"The notebooks are in {found}")
    context.exit(run_jupyterlab(found, opens=opens, port=port, browser=browser))
