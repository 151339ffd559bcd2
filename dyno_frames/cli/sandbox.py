"""``dyno-frames sandbox``: the practice server, until it is told to stop."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dyno_frames.cli import options
from dyno_frames.contract.resources import RESOURCES

if TYPE_CHECKING:
    from types import FrameType

    from dyno_frames.sandbox.sandbox import Sandbox


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


def _rename(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str] | None:
    renames: dict[str, str] = {}
    for value in values:
        # a field's name holds no equals sign; a column's may
        old, equals, new = value.rpartition("=")
        if not equals or not old or not new:
            raise click.BadParameter(f"{value!r}; expected OLD=NEW, for example 'Title=name'")
        renames[old] = new
    return renames or None


def _contacts(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path], ...]:
    pairs = [value.partition("=") for value in values]
    for name, equals, file in pairs:
        if not equals or not name:
            raise click.BadParameter(
                f"{name}{equals}{file!r}; expected LIST=FILE with the name or id of a list"
            )
        if not Path(file).is_file():
            raise click.BadParameter(f"there is no file {file!r} with the contacts of {name}")
    return tuple((name, Path(file)) for name, _, file in pairs)


def _faults(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    try:
        text = Path(value).read_text(encoding="utf-8") if Path(value).is_file() else value
        read = json.loads(text)
    except (OSError, ValueError) as error:
        raise click.BadParameter(
            "no JSON and no file of it; expected a list of faults, such as []"
        ) from error
    if not isinstance(read, list):
        raise click.BadParameter("expected a list of faults, such as []")
    return read


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
@click.option(
    "--rename",
    multiple=True,
    metavar="OLD=NEW",
    callback=_rename,
    help="Rename a column of the loaded files, such as 'Send Date=start_time'; once for each column.",
)
@click.option(
    "--contacts",
    multiple=True,
    metavar="LIST=FILE",
    callback=_contacts,
    help="Add the people of a .csv, .jsonl or .parquet file to a list, made where it is missing.",
)
@click.option("--smtp", metavar="URL", help="Deliver mail there, such as smtp://localhost:1025.")
@click.option(
    "--outbox",
    type=click.Path(file_okay=False, path_type=Path),
    help="Without --smtp, put mail into this Maildir.",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="The most messages a second.")
@click.option(
    "--account", "accounts", multiple=True, metavar="NAME", help="A further account, with a key of its own."
)
@click.option(
    "--faults",
    metavar="JSON",
    callback=_faults,
    help="""What befalls requests: a list such as '[{"kind": "latency"}]', or a file of it.""",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; another lets others in."
)
@click.option("--log", is_flag=True, help="Write a line for each request.")
@click.option(
    "--profile",
    metavar="NAME",
    help="Filter as another server would: mysql, postgres, document, strict, or a file.",
)
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
    rename: dict[str, str] | None,
    contacts: tuple[tuple[str, Path], ...],
    smtp: str | None,
    outbox: Path | None,
    rate: float | None,
    accounts: tuple[str, ...],
    faults: list[dict[str, Any]] | None,
    host: str,
    log: bool,
    profile: str | None,
    speed: float,
) -> None:
    """Run a practice server until Ctrl-C.

    It prints its address and its key; nothing leaves this machine unless --smtp says so.
    """
    from dyno_frames.cli.profiles import profile_of
    from dyno_frames.sandbox.sandbox import Sandbox

    if log:
        logging.basicConfig(format="%(asctime)s %(message)s")
        logging.getLogger("dyno_frames.sandbox.requests").setLevel(logging.INFO)
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
            rename=rename,
            port=port,
            api_key=api_key,
            profile=answers_as,
            smtp=smtp,
            speed=speed,
            outbox=outbox,
            rate=rate,
            accounts=accounts,
            faults=faults,
            host=host,
        ) as box:
            for name, file in contacts:
                _add(box, name, file)
            _tell(box, mails_to_outbox=smtp is None)
            stop.wait()
        click.echo("The practice server has stopped.")
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _tell(box: Sandbox, *, mails_to_outbox: bool) -> None:
    click.echo(f"The practice server answers at {box.url}\nUser-Api-Key: {box.api_key}")
    for name, key in list(box.keys.items())[1:]:
        click.echo(f"Key of {name}: {key}")
    if mails_to_outbox:
        click.echo(f"Mail to real contacts goes to the Maildir {box.outbox}")
    click.echo("Ctrl-C stops it.")


def _add(box: Sandbox, name: str, file: Path) -> None:
    """Add the people of a file to a list, by its id or its name."""
    report = box.add_contacts(box.list_named(name), file)
    click.echo(f"{name}: {report}")
