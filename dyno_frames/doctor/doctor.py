"""Run all checks and report them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from dyno_frames.client.connections import CONNECTION_VARIABLE, URL_VARIABLE
from dyno_frames.client.credentials import KEY_VARIABLE
from dyno_frames.doctor import account, folders, installation
from dyno_frames.doctor.account import Account
from dyno_frames.doctor.check import Check, Status
from dyno_frames.errors import ConfigError

_VARIABLES = (URL_VARIABLE, KEY_VARIABLE, CONNECTION_VARIABLE)


def diagnose(
    url: str | None = None, api_key: str | None = None, *, connection: str | None = None
) -> tuple[Check, ...]:
    """Return the result of each check.

    Parameters
    ----------
    url, api_key, connection
        The account, as in :func:`dyno_frames.connect`. Without one, the checks of the server are skipped.

    Examples
    --------
    >>> [check.name for check in diagnose()][:2]
    ['python', 'packages']
    """
    given = any(value is not None for value in (url, api_key, connection))
    found = _found(url, api_key, connection)
    del api_key
    configured = given or any(os.environ.get(name) for name in _VARIABLES)
    return (
        _checked("python", installation.python),
        _checked("packages", installation.packages),
        _checked("connections", folders.connections),
        *_account_checks(found, is_configured=configured),
        _checked("cache", folders.cache),
        _checked("journal", folders.journal),
        _checked("widgets", installation.widgets),
        _checked("fonts", installation.fonts),
    )


def report(checks: Sequence[Check]) -> str:
    """Return the checks as text, with a line of the result at the end."""
    failed = [check.name for check in checks if check.status is Status.FAILED]
    result = (
        f"{len(failed)} of {len(checks)} checks failed: {', '.join(failed)}" if failed else "No check failed"
    )
    return "\n".join([*map(str, checks), result])


def _found(url: str | None, api_key: str | None, connection: str | None) -> Account | ConfigError:
    try:
        return account.find_account(url, api_key, connection)
    except ConfigError as error:
        return error.with_traceback(None)


def _account_checks(found: Account | ConfigError, *, is_configured: bool) -> Iterator[Check]:
    yield account.key(found, is_configured=is_configured)
    if not isinstance(found, Account):
        for name in ("encryption", "server", "clock", "profile"):
            yield Check(name, Status.SKIPPED, "there is no account to check")
        return
    answer = account.ask(found)
    yield _checked("encryption", partial(account.encryption, found))
    yield _checked("server", partial(account.server, found, answer))
    yield _checked("clock", partial(account.clock, answer))
    yield _checked("profile", partial(account.profile, found))


def _checked(name: str, check: Callable[[], Check]) -> Check:
    """Return the result of a check; an error that it does not expect is a failed check, not the end of the report."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever is broken, the other checks are reported
        finding = f"the check raised {type(error).__name__}"
        return Check(name, Status.FAILED, finding, "Install the package again, and report the error")
