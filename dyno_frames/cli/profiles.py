"""Profiles for the sandbox: servers with other filter semantics, by name or from a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from dyno_frames.contract.profile import (
    Collation,
    Dialect,
    Like,
    Overlong,
    Profile,
    Several,
    UnknownField,
)
from dyno_frames.errors import ConfigError

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(),
        Profile(
            name="mysql",
            like=Like.SQL_ESCAPED,
            collation=Collation.IGNORE_CASE_AND_ACCENTS,
            pads_blanks=True,
            not_like_keeps_null=False,
            not_in_keeps_null=False,
        ),
        Profile(
            name="postgres",
            like=Like.SQL_ESCAPED,
            not_like_keeps_null=False,
            not_in_keeps_null=False,
        ),
        Profile(
            name="document",
            in_trims=True,
            several=Several.LAST,
            dialect=Dialect.PYTHON,
        ),
        Profile(
            name="strict",
            several=Several.ERROR,
            page_limit=100,
            overlong=Overlong.ERROR,
            unknown_field=UnknownField.ERROR,
        ),
    )
}
"""``mysql`` and ``postgres`` filter as these databases do by default; ``strict`` rejects as much as the API allows."""


def profile_of(name: str) -> Profile:
    """Return a profile by its name, or read it from a file.

    Parameters
    ----------
    name
        A key of :data:`PROFILES`, or the path of a JSON file as ``Profile.to_json`` writes it. Values that are
        missing or null in the file are those of the default profile.

    Raises
    ------
    ConfigError
        There is neither a profile nor a file of this name, or the file does not contain a profile.

    Examples
    --------
    >>> profile_of("postgres").like
    <Like.SQL_ESCAPED: 'sql_escaped'>
    """
    if name in PROFILES:
        return PROFILES[name]
    file = Path(name)
    if not file.is_file():
        raise ConfigError(
            f"{name!r} is neither a profile nor a file; expected one of {', '.join(PROFILES)}, or a JSON file"
        )
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        known = {field: value for field, value in stored.items() if value is not None}
        return Profile.from_json(asdict(Profile()) | known)
    except (ValueError, AttributeError) as error:
        raise ConfigError(
            f"{name!r} does not contain a profile ({error}); expected JSON as Profile.to_json writes it"
        ) from error
