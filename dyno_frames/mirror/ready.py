"""Decide whether a mirror is fresh enough for an answer, and refresh it if not."""

from __future__ import annotations

from dyno_frames.errors import ConfigError, DynoError, StaleError
from dyno_frames.mirror.freshness import Freshness
from dyno_frames.mirror.record import Check
from dyno_frames.mirror.refresh import Refresher
from dyno_frames.reprs import age_text

CLOCK_STEPS_S = 1.0
"""A version from the future by more than this is refreshed: the clock was set back."""


def ready(refresher: Refresher, wanted: Freshness) -> tuple[Check, int]:
    """Return the check of the version to read, and how many requests were sent to make it fresh enough.

    Raises
    ------
    StaleError
        The mirror is too old and cannot be refreshed, or is empty and no request may be sent.
    ConfigError
        There is no version ``as_of``.
    """
    check = refresher.record.newest
    if wanted.as_of is not None:
        return _of_version(refresher, wanted.as_of), 0
    if wanted.offline:
        if check is None or check.as_of < wanted.not_before:
            state = "empty" if check is None else "older than the rows whose names are looked up in it"
            raise StaleError(
                f"the mirror {refresher.store.url!r} is {state}, and offline=True sends no request. While the server "
                f"can be reached, call client.{refresher.resource.name}.mirror({refresher.store.url!r}).refresh()",
                age_s=None if check is None else refresher.now() - check.as_of,
            )
        return check, 0
    if check is not None and _is_young(check, wanted, refresher.now()):
        return check, 0
    try:
        return _refreshed(refresher, wanted, before=check)
    except DynoError as error:
        if check is None:
            raise
        age_s = refresher.now() - check.as_of
        limit = "fresh=True" if wanted.fresh else f"max_age allows {age_text(wanted.max_age_s)}"
        raise StaleError(
            f"the mirror is {age_text(age_s)} old, {limit}, and it cannot be refreshed: {str(error).rstrip('.')}. "
            "offline=True reads the rows of that moment",
            age_s=age_s,
        ) from error


def _of_version(refresher: Refresher, version: int) -> Check:
    checks = {one.version: one for one in refresher.record.checks}
    if version not in checks:
        there = ", ".join(map(str, checks)) or "none"
        raise ConfigError(f"as_of={version!r}: there is no such version of the mirror (versions: {there})")
    return checks[version]


def _is_young(check: Check, wanted: Freshness, now: float) -> bool:
    is_late = check.as_of >= wanted.not_before
    return not wanted.fresh and is_late and -CLOCK_STEPS_S <= now - check.as_of <= wanted.max_age_s


def _refreshed(refresher: Refresher, wanted: Freshness, *, before: Check | None) -> tuple[Check, int]:
    """Refresh the mirror, unless another process does so while this one waits for it.

    The check that was there before does not count, even if its time is later: the clock may have been set back.
    """
    asked = refresher.now()
    with refresher.alone():
        other = refresher.record.newest
        if other is not None and other != before:
            is_fresh_enough = (
                other.as_of > asked if wanted.fresh else _is_young(other, wanted, refresher.now())
            )
            if is_fresh_enough:
                return other, 0
        made = refresher.run()
        return made, made.requests
