"""``dyno-frames get``, ``create``, ``update`` and ``delete``: one template, list or campaign."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from dyno_frames.cli import confirm, options, values
from dyno_frames.cli.exits import printable
from dyno_frames.cli.reference import object_id
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import RESOURCES, Resource
from dyno_frames.errors import (
    ConnectError,
    ContractError,
    OutcomeUnknownError,
    TransportError,
    short_interrupt,
)

if TYPE_CHECKING:
    from dyno_frames.client.resources import ResourceClient
    from dyno_frames.transport.redact import Body

_LONGEST = 200
_LABEL_WIDTH = 16

named_object = click.argument("reference", metavar="ID_OR_NAME")
"""The object of a command."""


@click.command(epilog='Example: dyno-frames get campaigns "Spring sale" --format json')
@options.resource
@named_object
@options.table_or_json
@options.account
def get(*, resource: str, reference: str, form: str, url: str | None, api_key: str | None) -> None:
    """Print one object.

    ID_OR_NAME is the id of the object, or a name that only one object has. An id is looked up first.
    """
    with options.connected(url, api_key) as client:
        verbs: ResourceClient = getattr(client, resource)
        found = verbs.get(object_id(verbs, reference))
    click.echo(json.dumps(found, default=_json_value) if form == "json" else _table(found))


@click.command(epilog="Example: dyno-frames create lists --set 'name=Friends' --from list.json")
@options.resource
@values.fields
@confirm.dry_run
@options.account
def create(*, resource: str, dry_run: bool, url: str | None, api_key: str | None, **given: Any) -> None:
    """Create an object and print its id.

    The request is sent once. If no answer arrives, the command looks for the new object before it fails.
    """
    body = values.given_fields(resource, **given)
    with options.connected(url, api_key) as client:
        if dry_run:
            values.print_request(client, operation(resource, "create"), body)
            return
        click.echo(printable(_created(getattr(client, resource), body)))


@click.command(epilog="Example: dyno-frames update campaigns \"Spring sale\" --set 'subject=Spring is here'")
@options.resource
@named_object
@values.fields
@confirm.dry_run
@options.account
def update(
    *, resource: str, reference: str, dry_run: bool, url: str | None, api_key: str | None, **given: Any
) -> None:
    """Change fields of an object.

    ID_OR_NAME is the id of the object, or a name that only one object has. An id is looked up first. --set-json
    FIELD=null makes a field null.
    """
    body = values.given_fields(resource, **given)
    with options.connected(url, api_key) as client:
        verbs: ResourceClient = getattr(client, resource)
        key = object_id(verbs, reference)
        if dry_run:
            values.print_request(client, operation(resource, "update"), body, key=key)
            return
        with _change(RESOURCES[resource], key, "updated"):
            verbs.update(key, **body)
    click.echo(printable(f"updated {RESOURCES[resource].singular} {key}: {', '.join(body)}"))


@click.command(epilog='Example: dyno-frames delete lists "Old friends"')
@options.resource
@named_object
@confirm.yes
@confirm.dry_run
@options.account
def delete(
    *, resource: str, reference: str, yes: bool, dry_run: bool, url: str | None, api_key: str | None
) -> None:
    """Delete an object, after a question.

    ID_OR_NAME is the id of the object, or a name that only one object has. An id is looked up first.
    """
    confirm.require_answer("delete", confirmed=yes or dry_run)
    with options.connected(url, api_key) as client:
        verbs: ResourceClient = getattr(client, resource)
        key = object_id(verbs, reference)
        if dry_run:
            values.print_request(client, operation(resource, "delete"), key=key)
            return
        confirm.show([_headline(RESOURCES[resource].singular, key, verbs.get(key))])
        if not yes:
            confirm.ask("Delete it?")
        with _change(RESOURCES[resource], key, "deleted"):
            verbs.delete(key)
    click.echo(printable(f"deleted {RESOURCES[resource].singular} {key}"))


@contextmanager
def _change(resource: Resource, key: str, done: str) -> Iterator[None]:
    """Raise OutcomeUnknownError if no answer tells whether the server made a change."""
    text = f"the {resource.singular} may have been {done}"
    cure = f"Look: dyno-frames get {resource.name} {key}"
    try:
        with short_interrupt(f"{text}. {cure}", perhaps_sent=True):
            yield
    except ConnectError:
        raise
    except (TransportError, ContractError) as error:
        raise OutcomeUnknownError(f"{text} ({error.message}).", request=error.request, cure=cure) from error


def _created(verbs: ResourceClient, body: Body) -> str:
    try:
        return verbs.create(**body)
    except OutcomeUnknownError as error:
        with short_interrupt(str(error), perhaps_sent=True):
            found = verbs.look_for(error)
        if found is None:
            raise
        click.echo("No answer arrived, but the server has the new object.", err=True)
        return found


def _headline(singular: str, key: str, row: Mapping[str, Any]) -> str:
    facts = [f"{name} {row[name]}" for name in ("status", "contacts") if row.get(name) is not None]
    known = f" ({', '.join([key, *facts])})"
    return f"You are about to delete the {singular} “{row.get('name')}”{known}. It cannot be restored."


def _table(found: Mapping[str, Any]) -> str:
    lines = (f"{name:<{_LABEL_WIDTH}} {_cell(value)}".rstrip() for name, value in found.items())
    return "\n".join(printable(line) for line in lines)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text):,} characters; --format json prints all)"


def _json_value(value: Any) -> str:
    """Return a time as ISO text."""
    return str(value.strftime("%Y-%m-%dT%H:%M:%SZ"))
