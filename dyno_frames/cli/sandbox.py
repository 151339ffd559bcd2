"""``dyno-frames sandbox``: the practice server, until it is told to stop."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dyno_frames.cli import options
from dyno_frames.contract.resources import RESOURCES

if TYPE_CHECKING:
    from types import FrameType


def _loads(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, Path] | None:
    loads: dict[str, Path] = {}
    for value in values:
        name, equals, file = value.partition("=")
        if not equals or name not in RESOURCES:
            raise click.BadParameter(f"{value!r}; expected RESOURCE=FILE with one of {', '.join(RESOURCES)}")
        if name in loads:
            raise click.BadParameter(f"{name} is loaded twice; put its rows into one file")
        if not Path(file).is_file():
            raise click.BadParameter(f"there is no file {file!r} to load {name} from")
        loads[name] = Path(file)
    return loads or None


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free port."
)
@click.option("--api-key", help="The key that is let in; a random one without.")
@click.option("--db", type=click.Path(dir_okay=False, path_type=Path), help="Keep the account in this file.")
@click.option("--sample/--no-sample", default=True, show_default=True, help="Begin with a sample account.")
@click.option(
    "--load",
    multiple=True,
    metavar="RESOURCE=FILE",
    callback=_loads,
    help="Load rows from .parquet, .csv or .jsonl; once for each resource.",
)
@click.option("--smtp", metavar="URL", help="Deliver mail there, such as smtp://localhost:1025.")
@click.option("--profile", metavar="NAME", help="Filter as another server would: a name or a file.")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=1.0, show_default=True, help="How fast time goes."
)
@options.debug
def sandbox(
    *,
    port: int,
    api_key: str | None,
    db: Path | None,
    sample: bool,
    load: dict[str, Path] | None,
    smtp: str | None,
    profile: str | None,
    speed: float,
) -> None:
    """Run a practice server until Ctrl-C.

    It prints its address and its key; nothing leaves this machine unless --smtp says so.
    """
    from dyno_frames.cli.profiles import profile_of
    from dyno_frames.sandbox.serve import Sandbox

    answers_as = None if profile is None else profile_of(profile)
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Sandbox(
            db,
            sample=sample,
            load=load,
            port=port,
            api_key=api_key,
            profile=answers_as,
            smtp=smtp,
            speed=speed,
        ) as box:
            click.echo(
                f"The practice server answers at {box.url}\nUser-Api-Key: {box.api_key}\nCtrl-C stops it."
            )
            stop.wait()
        click.echo("The practice server has stopped.")
    finally:
        for number, was in before.items():
            signal.signal(number, was)
