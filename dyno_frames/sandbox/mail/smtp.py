"""Mail to a real mail server, spoken step by step, so that after every failure it is known what may have left."""

from __future__ import annotations

import smtplib
import ssl
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.mail.transports import CarrierDownError, Fate, Parcel, Receipt

_TIMEOUT_S: Final = 10.0
_PAUSES_S: Final = (0.2, 0.8)
"""Between the attempts to connect; after the last one the server is down."""

_FORM: Final = "smtp://[user:password@]host[:port][?tls=offered|required|none&ca=FILE] or smtps://…"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_EVERY_LETTER: Final = "smtputf8"


class Tls(StrEnum):
    """When the connection is encrypted."""

    OFFERED = "offered"
    """By STARTTLS, where the server offers it."""
    REQUIRED = "required"
    """By STARTTLS, or no mail leaves."""
    NONE = "none"
    """Never."""
    AT_ONCE = "at once"
    """From the first byte, as ``smtps`` says."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mail server listens, and how it is spoken to.

    Parameters
    ----------
    host, port
        Where.
    user, password
        Who is let in; an empty user means nobody asks.
    tls
        When the connection is encrypted.
    ca
        The file of the authority that signed its certificate; empty for the system's.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.OFFERED
    ca: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return self.host in _LOOPBACK

    def context(self) -> ssl.SSLContext:
        """Return what checks its certificate; on this machine one that nobody signed will do."""
        context = ssl.create_default_context(cafile=self.ca or None)
        if self.is_local and not self.ca:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def server(url: str) -> Server:
    """Read ``smtp://host:port`` and its further forms.

    Raises
    ------
    ConfigError
        It is none; the message does not repeat it, since it may hold a password.
    """
    try:
        return _read(url)
    except (ValueError, AttributeError, TypeError, OSError) as error:
        raise ConfigError(f"smtp is no address of a mail server; expected {_FORM}") from error


def _read(url: str) -> Server:
    parts = urlsplit(url)
    asked = parse_qs(parts.query, strict_parsing=bool(parts.query))
    tls = Tls.AT_ONCE if parts.scheme == "smtps" else Tls(asked.pop("tls", [Tls.OFFERED])[-1])
    ca = asked.pop("ca", [""])[-1]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path not in {"", "/"} or asked:
        raise ValueError("another form")
    parts.hostname.encode("idna")
    if "\0" in url:
        raise ValueError("no host's name holds U+0000")
    if ca:
        ssl.create_default_context(cafile=ca)
    usual = smtplib.SMTP_SSL_PORT if tls is Tls.AT_ONCE else smtplib.SMTP_PORT
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname, parts.port or usual, user, password, tls, ca)


class Smtp:
    """A mail server that takes messages. All that smtplib raises is an ``OSError``.

    Parameters
    ----------
    server
        Where it listens.
    stopping
        Set when nobody waits any more.
    """

    def __init__(self, server: Server, stopping: threading.Event) -> None:
        self._server = server
        self._stopping = stopping
        self._session: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, unless it is connected.

        Raises
        ------
        CarrierDownError
            Several attempts failed, or the server lets nobody in.
        """
        if self._session is not None:
            return
        for pause_s in (*_PAUSES_S, None):
            try:
                self._session = self._connected()
            except OSError as error:
                final = isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError)
                if (
                    pause_s is None
                    or final
                    or isinstance(error, ssl.SSLError)
                    or self._stopping.wait(pause_s)
                ):
                    raise CarrierDownError(self._why(error)) from error
            else:
                return

    def _connected(self) -> smtplib.SMTP:
        where = self._server
        # a name of its own: to look one up may take seconds
        name = "[127.0.0.1]"
        session: smtplib.SMTP
        if where.tls is Tls.AT_ONCE:
            session = smtplib.SMTP_SSL(
                where.host, where.port, local_hostname=name, timeout=_TIMEOUT_S, context=where.context()
            )
        else:
            session = smtplib.SMTP(where.host, where.port, local_hostname=name, timeout=_TIMEOUT_S)
        try:
            self._greet(session)
        except BaseException:
            session.close()
            raise
        return session

    def _greet(self, session: smtplib.SMTP) -> None:
        where = self._server
        session.ehlo_or_helo_if_needed()
        encrypted = where.tls is Tls.AT_ONCE
        if where.tls is Tls.REQUIRED or (where.tls is Tls.OFFERED and session.has_extn("starttls")):
            session.starttls(context=where.context())
            session.ehlo_or_helo_if_needed()
            encrypted = True
        if where.user:
            if not encrypted and not where.is_local:
                raise smtplib.SMTPNotSupportedError("no password without TLS to another machine")
            session.login(where.user, where.password)

    def _why(self, error: Exception) -> str:
        where = f"the mail server at {self._server.host}:{self._server.port}"
        match error:
            case smtplib.SMTPAuthenticationError():
                return f"{where} refuses the user or the password"
            case smtplib.SMTPNotSupportedError():
                return f"{where} lets nobody in so: {error}"
            case ssl.SSLError():
                return f"{where} has a certificate that is not trusted, or speaks no TLS"
            case _:
                return f"{where} cannot be reached ({type(error).__name__}); resume when it is back"

    def take(self, parcel: Parcel) -> Receipt:
        """Hand one message over; see :class:`~dyno_frames.sandbox.mail.transports.Carrier`."""
        session = self._session
        if session is None:
            return Receipt(Fate.DEFERRED, "no connection")
        try:
            refusal = self._announce(session, parcel)
        except OSError as error:
            # the server never had the message
            self.close()
            return Receipt(Fate.DEFERRED, type(error).__name__)
        except (UnicodeError, ValueError):
            return self._after_refusal(session, Receipt(Fate.INVALID, "the server takes no such address"))
        if refusal is not None:
            return self._after_refusal(session, refusal)
        try:
            session.send(_payload(parcel))
            code, _ = session.getreply()
        except OSError:
            self.close()
            return Receipt(Fate.UNKNOWN, "the connection broke before the server answered")
        if code == 250:
            return Receipt(Fate.SENT)
        return self._after_refusal(session, _refusal(code, "the message"))

    def _announce(self, session: smtplib.SMTP, parcel: Parcel) -> Receipt | None:
        """Name sender and recipient, and ask for leave to send; return what is in the way."""
        options: list[str] = []
        if parcel.is_international:
            if not session.has_extn(_EVERY_LETTER):
                return Receipt(Fate.INVALID, "the server takes no address with letters beyond ASCII")
            options = [_EVERY_LETTER.upper(), "BODY=8BITMIME"]
            session.command_encoding = "utf-8"
        code, _ = session.mail(parcel.sender, options)
        if 500 <= code < 600:
            self._reset(session)
            raise CarrierDownError(f"the mail server refuses the sender ({code}); give another from_email")
        if code != 250:
            return _refusal(code, "the sender")
        code, _ = session.rcpt(parcel.recipient)
        if code not in {250, 251}:
            return _refusal(code, "the recipient")
        session.putcmd("data")
        code, _ = session.getreply()
        return None if code == 354 else _refusal(code, "the message")

    def _after_refusal(self, session: smtplib.SMTP, receipt: Receipt) -> Receipt:
        self._reset(session)
        return receipt

    def _reset(self, session: smtplib.SMTP) -> None:
        """Begin anew; a server that has had enough is connected to again."""
        try:
            code, _ = session.rset()
        except OSError:
            code = 421
        if code != 250:
            self.close()

    def has(self, token: str) -> bool:
        """Tell nothing: a mail server does not say what it took."""
        del token
        return False

    def close(self) -> None:
        """Say good-bye, where that is still possible."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.quit()
        except OSError:
            session.close()


def _refusal(code: int, what: str) -> Receipt:
    if 500 <= code < 600:
        return Receipt(Fate.REFUSED, f"the server refuses {what} ({code})")
    return Receipt(Fate.DEFERRED, f"the server does not take {what} now ({code})")


def _payload(parcel: Parcel) -> bytes:
    # a line that is a dot alone would end the message
    lines = parcel.content().removesuffix(b"\r\n").split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"
