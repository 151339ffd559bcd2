"""The profile that a sandbox filters by. Every field of it has a value."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from dyno_frames.contract.profile import Profile, Support
from dyno_frames.errors import ConfigError

PAGE_LIMIT: Final = 1000

DEFAULT_PROFILE: Final = Profile()

DEFAULT_LIMIT: Final = 100
"""The rows of a page if the filter has no limit."""


def complete_profile(given: Profile, page_limit: int) -> Profile:
    """Return a profile with this page limit, if all its fields have values.

    Raise ConfigError if a field of the profile is unknown, or the page limit is not a number of rows.
    """
    try:
        # convert plain strings to members of the enums
        profile = Profile.from_json(given.to_json())
    except ValueError as error:
        raise ConfigError(f"the profile {given.name!r} cannot be used: {error}") from error
    unknown = [field.name for field in fields(profile) if _leaves_open(getattr(profile, field.name))]
    if unknown:
        raise ConfigError(
            f"the profile {profile.name!r} has no value for {', '.join(unknown)}; a sandbox needs all values. "
            "Set them, for example with dataclasses.replace(Profile(), …)."
        )
    if page_limit != PAGE_LIMIT:
        profile = replace(profile, page_limit=page_limit)
    rows = profile.page_limit
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ConfigError(f"page_limit is {rows!r}; expected 1 or more rows")
    return profile


def _leaves_open(value: object) -> bool:
    return value is None or (isinstance(value, Support) and value.others is None)
