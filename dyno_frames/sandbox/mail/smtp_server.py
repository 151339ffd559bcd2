"""Read the URL of a mail server: ``smtp://host:port`` and its options."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from dyno_frames.errors import ConfigError

_FORM: Final = "smtp://[user:password@]host[:port][?tls=offered|required|none&ca=FILE] or smtps://…"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Tls(StrEnum):
    """When to encrypt the connection."""

    OFFERED = "offered"
    """With STARTTLS, if the server offers it."""
    REQUIRED = "required"
    """With STARTTLS; otherwise send nothing."""
    NONE = "none"
    """Never."""
    IMPLICIT = "implicit"
    """From the first byte, for an ``smtps`` URL."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The address of a mail server, and how to connect to it.

    Parameters
    ----------
    host, port
        The address.
    user, password
        The login; an empty user for none.
    tls
        When to encrypt the connection.
    ca
        The file of the certificate authority; empty for the system's authorities.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.OFFERED
    ca: str = ""

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        return self.host in _LOOPBACK

    def context(self) -> ssl.SSLContext:
        """Return the TLS settings. On this machine a self-signed certificate is accepted, unless ``ca`` is given."""
        context = ssl.create_default_context(cafile=self.ca or None)
        if self.is_local and not self.ca:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def parse_smtp_url(url: str) -> SmtpServer:
    """Read an ``smtp`` or ``smtps`` URL.

    Raise ConfigError if the URL is not valid. The message does not repeat it, because it may contain a password.
    """
    try:
        return _parse(url)
    except (ValueError, AttributeError, TypeError, OSError) as error:
        raise ConfigError(f"smtp is not the URL of a mail server; expected {_FORM}") from error


def _parse(url: str) -> SmtpServer:
    parts = urlsplit(url)
    options = parse_qs(parts.query, strict_parsing=bool(parts.query))
    tls = Tls.IMPLICIT if parts.scheme == "smtps" else Tls(options.pop("tls", [Tls.OFFERED])[-1])
    ca = options.pop("ca", [""])[-1]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path not in {"", "/"} or options:
        raise ValueError("not an smtp URL")
    parts.hostname.encode("idna")
    if "\0" in url:
        raise ValueError("a host name cannot contain U+0000")
    if ca:
        ssl.create_default_context(cafile=ca)
    default_port = smtplib.SMTP_SSL_PORT if tls is Tls.IMPLICIT else smtplib.SMTP_PORT
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.hostname, parts.port or default_port, user, password, tls, ca)
