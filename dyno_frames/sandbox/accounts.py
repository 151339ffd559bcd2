"""The accounts of one sandbox: each with its key, its rows in a database of its own, its mail and its outbox."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.campaigns.sending import Pace, Sender
from dyno_frames.sandbox.http.public import UNSUBSCRIBE
from dyno_frames.sandbox.mail.maildir import Maildir
from dyno_frames.sandbox.mail.smtp import SmtpTransport
from dyno_frames.sandbox.mail.smtp_server import SmtpServer
from dyno_frames.sandbox.mail.transports import MailTransport
from dyno_frames.sandbox.store.storage import Store

DEFAULT: Final = "default"
"""The name of the first account."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def keys_of(api_key: Any, accounts: Any) -> dict[str, str]:
    """Return the key of every account by its name, the first one ``default``.

    Parameters
    ----------
    api_key
        The first account's key; None makes a random one.
    accounts
        The others: names, or keys by name, where None makes a random one.

    Raises
    ------
    ConfigError
        A name or a key cannot be used; no key is in the message.
    """
    others = _others(accounts)
    keys = {DEFAULT: _key(api_key)} | {name: _key(key, f"accounts[{name!r}]") for name, key in others.items()}
    if len(set(keys.values())) < len(keys):
        raise ConfigError("two accounts have the same key; give each its own, or leave keys out")
    return keys


def _others(accounts: Any) -> dict[str, Any]:
    if accounts is None:
        return {}
    if isinstance(accounts, str) or not isinstance(accounts, Iterable):
        raise ConfigError(f"accounts is a {type(accounts).__name__}; expected names, or keys by name")
    others = dict(accounts) if isinstance(accounts, Mapping) else dict.fromkeys(accounts)
    for name in others:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name == DEFAULT:
            raise ConfigError(
                f"an account is called {name!r}; expected letters, digits, - and _, and not {DEFAULT!r}"
            )
    return others


def _key(api_key: Any, name: str = "api_key") -> str:
    if api_key is None:
        return secrets.token_urlsafe(24)
    if not isinstance(api_key, str) or not api_key:
        raise ConfigError(f"{name} is no text or empty; leave it out to get a random one")
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise ConfigError(f"{name} cannot stand in a header; expected ASCII letters, digits and signs")
    return api_key


@dataclass(frozen=True, slots=True)
class Terms:
    """What all accounts of a sandbox have in common.

    Parameters
    ----------
    path, outbox
        The first account's database and outbox, where they were named.
    profile, page_limit
        What filters mean.
    pace
        How fast campaigns run.
    server
        The mail server, or None for the outbox.
    clock
        Epoch seconds, now.
    url
        Where the sandbox answers.
    """

    path: Path | None
    outbox: Path | None
    profile: Profile
    page_limit: int
    pace: Pace
    server: SmtpServer | None
    clock: Callable[[], float]
    url: str


@dataclass(slots=True)
class Opened:
    """One account that is open.

    Parameters
    ----------
    name, key
        What it is called, and who is let in.
    store, sender
        Its rows, and what moves its campaigns.
    """

    name: str
    key: str = field(repr=False)
    store: Store
    sender: Sender
    _outbox: Path
    _temporary: Path | None

    @classmethod
    def of(cls, name: str, key: str, terms: Terms) -> Opened:
        """Open an account.

        Raises
        ------
        ConfigError
            Its database cannot be used.
        """
        path = _beside(terms.path, name)
        store = Store(path, profile=terms.profile, page_limit=terms.page_limit)
        temporary = None
        outbox = terms.outbox
        if outbox is not None:
            outbox = outbox if name == DEFAULT else outbox / name
        elif path is not None:
            outbox = path.with_suffix(".outbox")
        else:
            temporary = Path(tempfile.mkdtemp(prefix="dyno-sandbox-"))
            outbox = temporary / "outbox"
        sender = Sender(store, clock=terms.clock, speed=terms.pace.speed)
        sender.mail(
            _transport(terms.server, outbox, durable=temporary is None),
            pace=terms.pace,
            unsubscribe_url=f"{terms.url}{UNSUBSCRIBE}",
        )
        return cls(name, key, store, sender, outbox, temporary)

    @property
    def outbox(self) -> Path:
        """The folder that mail goes to where no mail server was named: a Maildir."""
        return self._outbox

    def close(self) -> None:
        """Finish the message that is under way, close the database, and remove what was for the while."""
        self.sender.stop()
        self.store.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def _beside(path: Path | None, name: str) -> Path | None:
    return path if path is None or name == DEFAULT else path.with_name(f"{path.stem}-{name}{path.suffix}")


def _transport(
    server: SmtpServer | None, outbox: Path, *, durable: bool
) -> Callable[[threading.Event], MailTransport]:
    def of(stopping: threading.Event) -> MailTransport:
        return Maildir(outbox, durable=durable) if server is None else SmtpTransport(server, stopping)

    return of
