"""Say the options of a command where an error's message says arguments and calls of Python."""

from __future__ import annotations

import re
from collections.abc import Mapping

import click

_ARGUMENT = re.compile(
    r"\"[^\"]*\"|(?<![\w=])'[^']*'|\b(?P<name>[a-z_]+)=(?P<value>'[^']*'|\[[^\[\]]*\]|\w+(?:\.\w+)*)?"
    r"|(?:^|(?<=; ))(?P<first>[a-z_]+)(?=: )"
)
"""A quoted text of the user, which stays as it is; an argument with its value; or an argument at the start."""
_NAME = re.compile(r"'([^']*)'")

_CALLS = (
    (r"dyno_frames\.sandbox\(\)", "dyno-frames sandbox"),
    (r"Give it longer with connect\(…, timeout_s=…\)\.", "Try again later."),
    (r"leave port out to", "leave --port out to"),
    (r"\bhost must be\b", "--host must be"),
    (r", or connect with a smaller page_size=", ""),
    (r"Wait, or connect with fewer workers=", "Wait, then try again"),
    (r" ?If the server refuses pages of this size, connect\(…, page_size=…\) with less\.", ""),
    (r" ?If the server keeps milliseconds, declare it: connect\(…, schema=\{.*\}\)", ""),
    (r"; if the server keeps another unit, declare it with connect\(…, schema=.*'epoch_ns'", ""),
    (r"; declare a(?:nother)? type with connect\(…, schema=.*", ""),
    (r"Declare (?:it|the types) with connect\(…, schema=\{[^}]*\}\)(?:, or| and) replace", "Replace"),
    (r"Read an older version(?: with version=…| \(version=\d+\)),? or replace", "Replace"),
    (r", or see \.dyno\.certificate; strict=True raises instead", "; strict=True fails instead"),
    (r"was interrupted; call it again$", "was interrupted; run it again"),
    (r"client\.campaigns\.resolve\('([^']*)'\)", r"dyno-frames resolve \1"),
    (r"client\.campaigns\.resolve\('([^']*)', decision=…\)", r"dyno-frames resolve \1 --decision …"),
    (r"client\.campaigns\.accept_journal_damage\(\)", "dyno-frames journal --accept-damage"),
    (r"client\.campaigns\.(start|resume)\(…\)", r"dyno-frames \1"),
    (
        r"client\.(\w+)\.look_for\(\), or client\.\w+\.find\((\"[^\"]*\")\)",
        r"dyno-frames find \1 --where \2",
    ),
    (r"an aware datetime or pandas\.Timestamp, or ISO text", "a time in ISO format"),
    (r"an aware time, such as pd\.Timestamp\(…, tz='Europe/Paris'\)", "give the time with its offset"),
    (r"; client\.campaigns\.plan\(…\) shows the effect of an action", ""),
    (r",? ascending=True\b", ""),
    (r",? ascending=False\b", " descending=True"),
)
"""Calls and arguments of Python, and what to say instead."""


def options_of(command: click.Command) -> dict[str, str]:
    """Return the options of a command and of its subcommands by their names as arguments of Python.

    Examples
    --------
    >>> options_of(click.Command("find", params=[click.Option(["--order-by"])]))
    {'order_by': '--order-by'}
    """
    options = {
        str(option.name): max(option.opts, key=len)
        for option in command.params
        if isinstance(option, click.Option)
    }
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        options |= options_of(inner)
    return options


def with_options(text: str, options: Mapping[str, str]) -> str:
    """Return an error's message with options instead of arguments.

    Parameters
    ----------
    text
        The message.
    options
        The options by their names as arguments of Python.

    Examples
    --------
    >>> with_options("mode='sync' needs the column id. Add it to columns=", {"mode": "--mode", "columns": "--columns"})
    '--mode sync needs the column id. Add it to --columns'
    """
    for pattern, words in _CALLS:
        text = re.sub(pattern, words, text)
    return _ARGUMENT.sub(lambda found: _option(found, options), text)


def _option(found: re.Match[str], options: Mapping[str, str]) -> str:
    option = options.get(found["name"] or found["first"] or "")
    if option is None:
        return found[0]
    value = found["value"] or ""
    value = ",".join(_NAME.findall(value)) if value.startswith("[") else value
    plain = value.strip("'")
    value = value if re.search(r"\s", plain) or not plain else plain
    return option if value in {"", "True"} else f"{option} {value}"
