"""The semantics a sandbox filters by: a profile in which nothing is left open."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from dyno_frames.contract.profile import Profile, Support
from dyno_frames.errors import ConfigError

PAGE_LIMIT: Final = 1000

DECIDED: Final = Profile()
"""The decided semantics."""

_UNBOUNDED = frozenset({"deep_offset"})


def settled(given: Profile, page_limit: int) -> Profile:
    """Return a profile that says everything, with this page.

    Raises
    ------
    ConfigError
        It leaves something unknown, or a page is no number of rows.
    """
    try:
        # a plain word is as good as its name
        profile = Profile.from_json(given.to_json())
    except ValueError as error:
        raise ConfigError(f"the profile {given.name!r} cannot be used: {error}") from error
    unknown = [
        field.name
        for field in fields(profile)
        if field.name not in _UNBOUNDED and _leaves_open(getattr(profile, field.name))
    ]
    if unknown:
        raise ConfigError(
            f"the profile {profile.name!r} leaves {', '.join(unknown)} unknown; a sandbox must know "
            "what it does: give each a value, as dataclasses.replace(Profile(), …) does"
        )
    if page_limit != PAGE_LIMIT:
        profile = replace(profile, page_limit=page_limit)
    for name in ("page_limit", "default_limit"):
        rows = getattr(profile, name)
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise ConfigError(f"{name} is {rows!r}; expected 1 or more rows")
    return profile


def _leaves_open(value: object) -> bool:
    return value is None or (isinstance(value, Support) and value.others is None)
