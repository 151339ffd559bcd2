"""Check the account: where the key is, encryption, the server, the clock, and what is known of the server's filters."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from dyno_frames.calibrate import cache as profiles
from dyno_frames.client.connections import chosen, default_url
from dyno_frames.client.credentials import StoredKey, stored_key
from dyno_frames.client.settings import Settings
from dyno_frames.contract.envelope import count
from dyno_frames.contract.operations import operation
from dyno_frames.contract.profile import Support
from dyno_frames.doctor.check import Check, Status
from dyno_frames.errors import (
    AuthenticationError,
    ConfigError,
    ContractError,
    DynoError,
    InsecureTransportWarning,
)
from dyno_frames.transport.auth import ApiKeyAuth, secret_of, usable
from dyno_frames.transport.responses import date_of
from dyno_frames.transport.server_name import is_loopback
from dyno_frames.transport.session import Session

KEYRING_S = 1.0
"""How long the keyring may take, in seconds."""

SERVER_S = 10.0
"""How long the server may take, in seconds."""

_NO_COUNT = "the server answered lists/count without a number"

MOST_SKEW_S = 60.0
"""How far the clocks may differ, in seconds."""


@dataclass(frozen=True, slots=True)
class Account:
    """The server and the key that a command would use.

    Parameters
    ----------
    url
        The address of the server.
    key
        The key and where it was found.
    """

    url: str
    key: StoredKey


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer to a small request.

    Parameters
    ----------
    headers
        The headers; empty if no answer came.
    error
        What went wrong, if anything.
    received_at
        When it came, in epoch seconds of this machine.
    taken_s
        How long it took, in seconds.
    """

    headers: Mapping[str, str]
    error: DynoError | None
    received_at: float
    taken_s: float


def find_account(url: str | None, api_key: str | None, connection: str | None) -> Account:
    """Return the account that the same arguments of ``connect`` would use; raises ConfigError as it does."""
    given = None if api_key is None else secret_of(api_key)
    del api_key  # no traceback from here on holds it
    named = chosen(connection, url_given=url is not None, key_given=given is not None)
    address = Settings(url=default_url(named) if url is None else url).url
    if given is not None:
        return Account(address, StoredKey(usable(given, "api_key="), "api_key="))
    return Account(address, stored_key(address, named, limit_s=KEYRING_S))


def key(account: Account | ConfigError, *, is_configured: bool) -> Check:
    """Check that there is a url and a key."""
    if isinstance(account, Account):
        return Check("key", Status.OK, f"for {account.url}: {account.key.source}")
    cure = "dyno-frames connections add NAME --url URL --key env:VARIABLE, or set DYNO_URL and DYNO_API_KEY"
    if not is_configured:
        return Check("key", Status.SKIPPED, "no account is configured; the sandbox needs none", cure)
    return Check("key", Status.FAILED, str(account), cure)


def encryption(account: Account) -> Check:
    """Check that the key is not sent as plain text to another machine."""
    parts = urlsplit(account.url)
    if parts.scheme == "https":
        return Check("encryption", Status.OK, f"{parts.netloc} is used over TLS")
    if is_loopback(parts.hostname or ""):
        return Check("encryption", Status.OK, f"{parts.netloc} is on this machine")
    finding = (
        f"{parts.netloc} is used over plain HTTP: others on the network can read the key and the campaigns"
    )
    return Check(
        "encryption",
        Status.WARNING,
        finding,
        "Use an https:// URL if there is one, or a trusted network",
    )


def ask(account: Account) -> Answer:
    """Send one small request that changes nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureTransportWarning)  # it is a check of its own
        session = Session(account.url, ApiKeyAuth(account.key.secret), timeout_s=SERVER_S)
    started = time.monotonic()
    with session:
        headers, found = session.probe(operation("lists", "count"), {}, deadline_s=SERVER_S)
    if isinstance(found, DynoError):
        error: DynoError | None = found
    else:
        error = ContractError(_NO_COUNT) if count(found.data) is None else None
    return Answer(headers, error, time.time(), time.monotonic() - started)


def server(account: Account, answer: Answer) -> Check:
    """Check that the server answers, and accepts the key."""
    if answer.error is None:
        return Check("server", Status.OK, f"{account.url} accepted the key in {answer.taken_s * 1000:.0f} ms")
    cure = str(getattr(answer.error, "cure", "") or f"Check the URL {account.url} and the network")
    if isinstance(answer.error, AuthenticationError):
        cure = f"The server refused the key from {account.key.source}. Replace it there with a valid one"
    finding = str(getattr(answer.error, "message", "") or answer.error)
    return Check("server", Status.FAILED, finding, cure)


def clock(answer: Answer) -> Check:
    """Check that the clocks of this machine and the server agree."""
    date = date_of(answer.headers)
    if date is None:
        return Check("clock", Status.SKIPPED, "the server did not send its time")
    skew_s = answer.received_at - date
    if abs(skew_s) <= MOST_SKEW_S:
        return Check("clock", Status.OK, f"within {MOST_SKEW_S:.0f} s of the server's")
    side = "ahead of" if skew_s > 0 else "behind"
    finding = f"this machine's clock is {abs(skew_s):,.0f} s {side} the server's"
    return Check(
        "clock", Status.FAILED, finding, "Set the clock, for example with NTP: start times depend on it"
    )


def profile(account: Account) -> Check:
    """Check what is known of the server's filters."""
    if profiles.is_local(account.url):
        return Check("profile", Status.SKIPPED, "profiles of servers on this machine are not stored")
    known = profiles.load(account.url)
    facts = [getattr(known, fact.name) for fact in fields(known) if fact.name != "name"]
    unknown = [fact for fact in facts if fact is None or fact == Support()]
    finding = f"{len(facts) - len(unknown)} of {len(facts)} facts about the server's filters are known"
    if unknown:
        cure = "dyno-frames calibrate; until then, queries learn what they need, or fetch more rows"
        return Check("profile", Status.WARNING, finding, cure)
    return Check("profile", Status.OK, finding)
