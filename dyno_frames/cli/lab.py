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


def copy_examples(source: Path, folder: Path) -> list[Path]:
    """Copy the notebooks and their pictures to a folder, and return the existing files that are different.

    Existing files are not changed.

    Parameters
    ----------
    source
        The folder of the examples.
    folder
        The user's folder; created if it does not exist.
    """
    from dyno_frames.cli.jupyter import write_file

    different = []
    for example in sorted([*source.glob("*.ipynb"), *source.glob("pictures/*.png")]):
        mine, content = folder / example.relative_to(source), example.read_bytes()
        if not write_file(mine, content) and not (mine.is_file() and mine.read_bytes() == content):
            different.append(mine)
    return different


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/dyno-notebooks"),
    show_default=True,
    help="Folder for your copies of the notebooks; files in it are never overwritten.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on (default: chosen by JupyterLab)."
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open a browser.")
@options.debug
@click.pass_context
def lab(context: click.Context, *, folder: Path, port: int | None, browser: bool) -> None:
    """Open JupyterLab with your copies of the example notebooks.

    The first call copies the examples; later calls open your copies as you saved them. If the examples are not
    installed, a starter notebook is written.
    """
    from dyno_frames.cli.jupyter import require_jupyterlab, run_jupyterlab, write_notebook

    require_jupyterlab()
    folder = folder.expanduser().resolve()
    found = examples()
    if found is None:
        opens = folder / "start.ipynb"
        write_notebook(opens, STARTER)
    else:
        different = copy_examples(found, folder)
        opens = folder / min(path.name for path in found.glob("*.ipynb"))
        if different:
            names = ", ".join(path.name for path in different)
            click.echo(
                f"Kept your files, which differ from the examples: {names}. Rename a file to get the example."
            )
    click.echo(f"Your notebooks are in {folder}")
    context.exit(run_jupyterlab(folder, opens=opens, port=port, browser=browser))
