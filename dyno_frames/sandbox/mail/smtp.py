"""Deliver messages to a mail server, one SMTP command at a time.

After every failure it is known whether the server can have received the message.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from typing import Final

from dyno_frames.sandbox.mail.smtp_server import SmtpServer, Tls
from dyno_frames.sandbox.mail.transports import DeliveryResult, DeliveryStatus, Envelope, MailTransportError

_TIMEOUT_S: Final = 10.0
_PAUSES_S: Final = (0.2, 0.8)
"""The pauses between the attempts to connect. After the last attempt the server counts as down."""

_SMTPUTF8: Final = "smtputf8"


class SmtpTransport:
    """A connection to a mail server. Every exception of smtplib is an ``OSError``."""

    def __init__(self, server: SmtpServer, stopping: threading.Event) -> None:
        self._server = server
        self._stopping = stopping
        self._session: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect, unless connected.

        Raise MailTransportError if several attempts failed, or the server refused the login.
        """
        if self._session is not None:
            return
        for pause_s in (*_PAUSES_S, None):
            try:
                self._session = self._connect()
            except OSError as error:
                final = isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError)
                if (
                    pause_s is None
                    or final
                    or isinstance(error, ssl.SSLError)
                    or self._stopping.wait(pause_s)
                ):
                    raise MailTransportError(self._reason(error)) from error
            else:
                return

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        # a fixed name: looking up this machine's name may take seconds
        name = "[127.0.0.1]"
        session: smtplib.SMTP
        if server.tls is Tls.IMPLICIT:
            session = smtplib.SMTP_SSL(
                server.host, server.port, local_hostname=name, timeout=_TIMEOUT_S, context=server.context()
            )
        else:
            session = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=_TIMEOUT_S)
        try:
            self._greet(session)
        except BaseException:
            session.close()
            raise
        return session

    def _greet(self, session: smtplib.SMTP) -> None:
        server = self._server
        session.ehlo_or_helo_if_needed()
        encrypted = server.tls is Tls.IMPLICIT
        if server.tls is Tls.REQUIRED or (server.tls is Tls.OFFERED and session.has_extn("starttls")):
            session.starttls(context=server.context())
            session.ehlo_or_helo_if_needed()
            encrypted = True
        if server.user:
            if not encrypted and not server.is_local:
                raise smtplib.SMTPNotSupportedError("a password is not sent to another machine without TLS")
            session.login(server.user, server.password)

    def _reason(self, error: Exception) -> str:
        server = f"the mail server at {self._server.host}:{self._server.port}"
        match error:
            case smtplib.SMTPAuthenticationError():
                return f"{server} refuses the user or the password"
            case smtplib.SMTPNotSupportedError():
                return f"{server} does not support this login: {error}"
            case ssl.SSLError():
                return f"{server} has a certificate that is not trusted, or does not support TLS"
            case _:
                return f"{server} cannot be reached ({type(error).__name__}); resume the campaign when it is back"

    def send(self, envelope: Envelope) -> DeliveryResult:
        """Deliver one message; see :class:`~dyno_frames.sandbox.mail.transports.MailTransport`."""
        session = self._session
        if session is None:
            return DeliveryResult(DeliveryStatus.DEFERRED, "no connection")
        try:
            refusal = self._announce(session, envelope)
        except OSError as error:
            # the server did not receive the message
            self.close()
            return DeliveryResult(DeliveryStatus.DEFERRED, type(error).__name__)
        except (UnicodeError, ValueError):
            refusal = DeliveryResult(DeliveryStatus.INVALID, "the server does not support this address")
        if refusal is not None:
            self._reset(session)
            return refusal
        try:
            session.send(_payload(envelope))
            code, _ = session.getreply()
        except OSError:
            self.close()
            return DeliveryResult(DeliveryStatus.UNKNOWN, "the connection broke before the server answered")
        if code == 250:
            return DeliveryResult(DeliveryStatus.SENT)
        self._reset(session)
        return _refusal(code, "the message")

    def _announce(self, session: smtplib.SMTP, envelope: Envelope) -> DeliveryResult | None:
        """Send the commands before the message. Return the refusal, or None if the server accepts a message."""
        options: list[str] = []
        if envelope.is_international:
            if not session.has_extn(_SMTPUTF8):
                reason = "the server supports ASCII addresses only"
                return DeliveryResult(DeliveryStatus.INVALID, reason)
            options = [_SMTPUTF8.upper(), "BODY=8BITMIME"]
            session.command_encoding = "utf-8"
        code, _ = session.mail(envelope.sender, options)
        if 500 <= code < 600:
            self._reset(session)
            raise MailTransportError(
                f"the mail server refuses the sender ({code}); change from_email and resume the campaign"
            )
        if code != 250:
            return _refusal(code, "the sender")
        code, _ = session.rcpt(envelope.recipient)
        if code not in {250, 251}:
            return _refusal(code, "the recipient")
        session.putcmd("data")
        code, _ = session.getreply()
        return None if code == 354 else _refusal(code, "the message")

    def _reset(self, session: smtplib.SMTP) -> None:
        """Reset the session. If the server does not confirm, close the connection."""
        try:
            code, _ = session.rset()
        except OSError:
            code = 421
        if code != 250:
            self.close()

    def has_delivered(self, token: str) -> bool:
        """Return False: a mail server does not tell which messages it accepted."""
        del token
        return False

    def close(self) -> None:
        """Disconnect."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.quit()
        except OSError:
            session.close()


def _refusal(code: int, what: str) -> DeliveryResult:
    if 500 <= code < 600:
        return DeliveryResult(DeliveryStatus.REFUSED, f"the server refuses {what} ({code})")
    return DeliveryResult(DeliveryStatus.DEFERRED, f"the server refuses {what} for now ({code})")


def _payload(envelope: Envelope) -> bytes:
    # a line that is a single dot would end the message
    lines = envelope.content().removesuffix(b"\r\n").split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b"\r\n.\r\n"
