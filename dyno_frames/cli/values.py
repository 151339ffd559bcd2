"""The fields of an object on the command line: ``--set``, ``--set-json`` and ``--from``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

import click

from dyno_frames.cli.exits import printable
from dyno_frames.cli.options import Command
from dyno_frames.contract.operations import Operation
from dyno_frames.contract.resources import RESOURCES, Resource
from dyno_frames.contract.texts import fit
from dyno_frames.errors import ConfigError

if TYPE_CHECKING:
    from dyno_frames.client.client import Client
    from dyno_frames.transport.redact import Body

_LONGEST = 60
_LARGEST_BYTES = 64 * 2**20
_MOST_DIGITS = 4_300


def fields(command: Command) -> Command:
    """Add ``--set``, ``--set-json`` and ``--from``."""
    for option in (
        click.option(
            "--from",
            "source",
            type=click.File("rb"),
            metavar="FILE",
            help="JSON object with fields, from a file or - for stdin. Options take precedence.",
        ),
        click.option(
            "--set-json",
            "set_json",
            multiple=True,
            metavar="FIELD=JSON",
            help="Set a field to a JSON value, such as null or 'emails=[\"ann@example.com\"]'; once per field.",
        ),
        click.option(
            "--set",
            "set_text",
            multiple=True,
            metavar="FIELD=TEXT",
            help="Set a field to a text, such as 'name=Spring sale'; once per field.",
        ),
    ):
        command = option(command)
    return command


def given_fields(
    resource: str, *, set_text: tuple[str, ...], set_json: tuple[str, ...], source: IO[bytes] | None
) -> Body:
    """Return the fields of a request, checked against the contract.

    Raises
    ------
    click.BadParameter
        An option is not valid; the message names it.
    ConfigError
        A field is not valid; the message names each.
    """
    from dyno_frames.client.fields import checked

    values = {} if source is None else _object(source)
    options = [
        *(_pair(one, "--set", RESOURCES[resource]) for one in set_text),
        *(_json_pair(one, RESOURCES[resource]) for one in set_json),
    ]
    names = [name for name, _ in options]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise click.BadParameter(
            f"{', '.join(twice)} is set twice; set each field once", param_hint="--set, --set-json"
        )
    body = checked(RESOURCES[resource], values | dict(options))
    if not body:
        raise click.UsageError(
            f"There is no field to set. Use --set, --set-json or --from, for example --set '{_example(resource)}'."
        )
    return body


def print_request(
    client: Client, operation: Operation, body: Mapping[str, Any] | None = None, *, key: str | None = None
) -> None:
    """Print a request, as :func:`request_text` writes it; raise ConfigError if it contains the API key."""
    text = request_text(operation, body, key=key)
    if client.connection.session.key.is_in(text):
        raise ConfigError("the request is not printed, because a value contains the API key; remove it")
    click.echo(text)


def request_text(
    operation: Operation, body: Mapping[str, Any] | None = None, *, key: str | None = None
) -> str:
    """Return a request as method, path and JSON body. Addresses of recipients are counted.

    Examples
    --------
    >>> from dyno_frames.contract.operations import operation
    >>> request_text(operation("lists", "delete"), key="6f1c")
    'DELETE /lists/6f1c'
    """
    head = printable(f"{operation.verb} {operation.url_path(key)}")
    if body is None:
        return head
    shown = {
        name: f"<{len(value)} addresses>" if name == "emails" and isinstance(value, list) else value
        for name, value in body.items()
    }
    return f"{head}\n{printable(json.dumps(shown, ensure_ascii=False))}"


def _example(resource: str) -> str:
    return f"name=New {RESOURCES[resource].singular}"


def _pair(given: str, option: str, resource: Resource) -> tuple[str, str]:
    name, equals, text = given.partition("=")
    if not equals or not name:
        raise click.BadParameter(
            f"{fit(given, _LONGEST)!r}; expected FIELD=VALUE, such as '{_example(resource.name)}'",
            param_hint=option,
        )
    if option == "--set" and name in resource.write_only:
        raise click.BadParameter(
            f"{name} is a list, and --set takes a text. Use --set-json '{name}=[…]' or --from",
            param_hint=option,
        )
    return name, text


def _json_pair(given: str, resource: Resource) -> tuple[str, Any]:
    name, text = _pair(given, "--set-json", resource)
    try:
        return name, _read_json(text)
    except ValueError as error:
        raise click.BadParameter(
            f"the value of {name} is {fit(text, _LONGEST)!r}, which {error}. Use --set for a text",
            param_hint="--set-json",
        ) from None


def _object(source: IO[bytes]) -> dict[str, Any]:
    name = getattr(source, "name", "<stdin>")
    content = source.read(_LARGEST_BYTES + 1)
    try:
        read = _read_json(_decoded(content))
    except ValueError as error:
        raise click.BadParameter(f"{name!r} {error}; expected a JSON object", param_hint="--from") from None
    if not isinstance(read, dict):
        raise click.BadParameter(
            f"""{name!r} is not a JSON object; expected one such as {{"name": "Spring sale"}}""",
            param_hint="--from",
        )
    return read


def _decoded(content: bytes) -> str:
    if len(content) > _LARGEST_BYTES:
        raise ValueError(f"is larger than {_LARGEST_BYTES // 2**20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte {error.start:,})") from None


def _read_json(text: str) -> Any:
    """Return the value of a JSON text; raise ValueError with a predicate, such as ``is not JSON (…)``."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"contains the key {fit(twice, _LONGEST)!r} twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"contains a number with more than {_MOST_DIGITS:,} digits")
    return int(digits)
