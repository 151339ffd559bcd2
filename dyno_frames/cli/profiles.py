"""Other servers to practise against: profiles by name, or from a file."""

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
"""``mysql`` and ``postgres`` filter as those databases do by default; ``strict`` refuses what it may."""


def profile_of(name: str) -> Profile:
    """Return the profile of this name, or the one in this file.

    Parameters
    ----------
    name
        A key of :data:`PROFILES`, or the path of a JSON file as ``Profile.to_json`` has it. What the file
        leaves unknown is as in the decided profile.

    Raises
    ------
    ConfigError
        Neither is there, or the file is no profile.

    Examples
    --------
    >>> profile_of("postgres").like
    <Like.SQL_ESCAPED: 'sql_escaped'>
    """
    if name in PROFILES:
        return PROFILES[name]
    file = Path(name)
    if not file.is_file():
        raise ConfigError(f"no profile and no file is called {name!r}; profiles: {', '.join(PROFILES)}")
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        known = {field: value for field, value in stored.items() if value is not None}
        return Profile.from_json(asdict(Profile()) | known)
    except (ValueError, AttributeError) as error:
        raise ConfigError(
            f"{name!r} holds no profile ({error}); expected JSON as Profile.to_json has it"
        ) from error
