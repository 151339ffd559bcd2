"""The accounts of a sandbox. Each has its own key, database, mail thread and outbox."""

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
from dyno_frames.contract.resources import RESOURCES
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.campaigns.sending import Sender
from dyno_frames.sandbox.campaigns.speed import SendingSpeed
from dyno_frames.sandbox.http.api_errors import RequestError
from dyno_frames.sandbox.http.public import UNSUBSCRIBE
from dyno_frames.sandbox.loading.files import Rows
from dyno_frames.sandbox.mail.maildir import Maildir
from dyno_frames.sandbox.mail.mailing import Mailer
from dyno_frames.sandbox.mail.smtp import SmtpTransport
from dyno_frames.sandbox.mail.smtp_server import SmtpServer
from dyno_frames.sandbox.mail.transports import MailTransportError
from dyno_frames.sandbox.sample import account as sample_account
from dyno_frames.sandbox.store.storage import Store

DEFAULT: Final = "default"
"""The name of the first account."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def account_keys(api_key: Any, accounts: Any) -> dict[str, str]:
    """Return the key of every account by its name. The first account is ``default``.

    Parameters
    ----------
    api_key
        The key of the first account; None for a random one.
    accounts
        The names of the other accounts, or their keys by name, with None for a random key.

    Raises
    ------
    ConfigError
        A name or a key is not valid. The message contains no key.
    """
    others = _others(accounts)
    keys = {DEFAULT: _key(api_key)} | {name: _key(key, f"accounts[{name!r}]") for name, key in others.items()}
    if len(set(keys.values())) < len(keys):
        raise ConfigError("two accounts have the same key; give each its own key, or leave the keys out")
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
                f"{name!r} is not a valid account name; expected letters, digits, - and _, but not {DEFAULT!r}"
            )
    return others


def _key(api_key: Any, name: str = "api_key") -> str:
    if api_key is None:
        return secrets.token_urlsafe(24)
    if not isinstance(api_key, str) or not api_key:
        raise ConfigError(f"{name} is not text, or is empty; leave it out to get a random key")
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        raise ConfigError(f"{name} cannot be sent in a header; expected printable ASCII without spaces")
    return api_key


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """Options that all accounts of a sandbox share.

    ``path`` and ``outbox`` are those of the first account. Without an SMTP server, mail goes to the outbox. The clock
    returns epoch seconds.
    """

    path: Path | None
    outbox: Path | None
    profile: Profile
    page_limit: int
    speed: SendingSpeed
    smtp_server: SmtpServer | None
    clock: Callable[[], float]
    url: str


@dataclass(slots=True)
class OpenAccount:
    """One account that is open, with the threads that move its campaigns forward."""

    name: str
    key: str = field(repr=False)
    store: Store
    sender: Sender
    outbox: Path
    _temporary: Path | None

    @classmethod
    def open(cls, name: str, key: str, options: AccountOptions) -> OpenAccount:
        """Open an account. Raise ConfigError if the database or the outbox cannot be used."""
        path = _path_of(name, options.path)
        outbox, temporary = options.outbox, None
        if outbox is not None:
            outbox = outbox if name == DEFAULT else outbox / name
            if options.smtp_server is None:
                _create_outbox(outbox)
        store = Store(path, profile=options.profile, page_limit=options.page_limit)
        if outbox is None and path is not None:
            outbox = path.with_suffix(".outbox")
        elif outbox is None:
            temporary = Path(tempfile.mkdtemp(prefix="dyno-sandbox-"))
            outbox = temporary / "outbox"
        stopping, mailer = threading.Event(), None
        if options.speed.speed > 0:
            server, durable = options.smtp_server, temporary is None
            mailer = Mailer(
                store,
                Maildir(outbox, durable=durable) if server is None else SmtpTransport(server, stopping),
                clock=options.clock,
                speed=options.speed,
                stopping=stopping,
                unsubscribe_url=f"{options.url}{UNSUBSCRIBE}",
            )
        speed = options.speed.speed
        sender = Sender(store, clock=options.clock, speed=speed, mailer=mailer, stopping=stopping)
        return cls(name, key, store, sender, outbox, temporary)

    def load(self, tables: Mapping[str, Rows], *, sample: bool) -> None:
        """Replace the rows of these resources; with ``sample``, fill an empty account with the sample rows.

        Raise ConfigError if the rows cannot be stored. Nothing is changed.
        """
        try:
            with self.store.transaction():
                for name, rows in tables.items():
                    self.store.load(RESOURCES[name], rows, replace_all=True)
        except RequestError as error:
            raise ConfigError(f"load: {error.reason}") from error
        if sample and not any(self.store.counts().values()):
            sample_account.fill(self.store)

    def close(self) -> None:
        """Finish the current message, close the database, and delete temporary files."""
        self.sender.stop()
        self.store.close()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def _create_outbox(outbox: Path) -> None:
    try:
        Maildir(outbox).open()
    except MailTransportError as error:
        raise ConfigError(
            f"outbox is {str(outbox)!r}: {error}; give the path of a folder that exists or can be created"
        ) from error


def _path_of(name: str, path: Path | None) -> Path | None:
    return path if path is None or name == DEFAULT else path.with_name(f"{path.stem}-{name}{path.suffix}")
