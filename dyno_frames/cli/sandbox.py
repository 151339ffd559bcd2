"""``dyno-frames sandbox``: run a sandbox server until it is stopped."""

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
            raise click.BadParameter(f"{name} is loaded twice; combine its rows in one file")
        if not Path(file).is_file():
            raise click.BadParameter(f"there is no file {file!r} to load {name} from")
        loads[name] = Path(file)
    return loads or None


def _rename(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str] | None:
    renames: dict[str, str] = {}
    for value in values:
        # a column's name may contain an equals sign; a field's name does not
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
            "not JSON and not a JSON file; expected a list of faults, such as []"
        ) from error
    if not isinstance(read, list):
        raise click.BadParameter("expected a list of faults, such as []")
    return read


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port to listen on; 0 picks a free port.",
)
@click.option("--api-key", help="API key to accept (default: random).")
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file of the account (default: in memory).",
)
@click.option(
    "--sample/--no-sample", default=True, show_default=True, help="Fill an empty account with sample rows."
)
@click.option(
    "--load",
    multiple=True,
    metavar="RESOURCE=FILE",
    callback=_loads,
    help="Load rows from a .parquet, .csv or .jsonl file; once per resource.",
)
@click.option(
    "--rename",
    multiple=True,
    metavar="OLD=NEW",
    callback=_rename,
    help="Rename a column of the loaded files, such as 'Send Date=start_time'; once per column.",
)
@click.option(
    "--contacts",
    multiple=True,
    metavar="LIST=FILE",
    callback=_contacts,
    help="Add the contacts of a .csv, .jsonl or .parquet file to a list. The list is created if it does not exist.",
)
@click.option(
    "--smtp",
    metavar="URL",
    help="Mail server for mail to real contacts, such as smtp://localhost:1025 (default: none).",
)
@click.option(
    "--outbox",
    type=click.Path(file_okay=False, path_type=Path),
    help="Maildir that receives mail without --smtp (default: beside the database, or temporary).",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Maximum real messages per second (default: follows --speed).",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="Further account with its own key and rows; once per account.",
)
@click.option(
    "--faults",
    metavar="JSON",
    callback=_faults,
    help="""Faults to inject: a JSON list such as '[{"kind": "latency"}]', or a file with it (default: none).""",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--log", is_flag=True, help="Write a line for each request to stderr.")
@click.option(
    "--profile",
    metavar="NAME",
    help="Semantics of filters: mysql, postgres, document, strict, or a JSON file (default: the contract's).",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Sending speed (1 = 200 messages per second, 0 = paused).",
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
    """Run a sandbox server until Ctrl-C.

    Print its URL and API key. Mail leaves this machine only with --smtp.
    """
    from dyno_frames.cli.profiles import profile_of
    from dyno_frames.sandbox.sandbox import Sandbox

    if log:
        logging.basicConfig(format="%(asctime)s %(message)s")
        logging.getLogger("dyno_frames.sandbox.requests").setLevel(logging.INFO)
    semantics = None if profile is None else profile_of(profile)
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Sandbox(
            db,
            sample=sample,
            load=load,
            rename=rename,
            port=port,
            api_key=api_key,
            profile=semantics,
            smtp=smtp,
            speed=speed,
            outbox=outbox,
            rate=rate,
            accounts=accounts,
            faults=faults,
            host=host,
        ) as box:
            for name, file in contacts:
                _add_contacts(box, name, file)
            _print_account(box, mails_to_outbox=smtp is None)
            stop.wait()
        click.echo("The sandbox server has stopped.")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_account(box: Sandbox, *, mails_to_outbox: bool) -> None:
    click.echo(f"The sandbox server runs at {box.url}\nUser-Api-Key: {box.api_key}")
    for name, key in list(box.keys.items())[1:]:
        click.echo(f"Key of {name}: {key}")
    if mails_to_outbox:
        click.echo(f"Mail to real contacts is written to the Maildir {box.outbox}")
    click.echo("Press Ctrl-C to stop it.")


def _add_contacts(box: Sandbox, name: str, file: Path) -> None:
    """Add the contacts of a file to the list with this id or name."""
    report = box.add_contacts(box.ensure_list(name), file)
    click.echo(f"{name}: {report}")
