"""The interface of what delivers messages: a mail server or a folder."""

from __future__ import annotations

from dataclasses import dataclass
from email.generator import BytesGenerator
from email.message import EmailMessage
from enum import StrEnum
from io import BytesIO
from typing import Protocol

from dyno_frames.messages.mime_policy import MIME_POLICY


class DeliveryStatus(StrEnum):
    """The result of one attempt to deliver a message."""

    SENT = "sent"
    """The server accepted the message."""
    REFUSED = "refused"
    """The server refused the message permanently: a bounce."""
    INVALID = "invalid"
    """The address is not valid. The message was not sent; it counts as a bounce."""
    UNKNOWN = "unknown"
    """The message was sent and no answer came. The server may have accepted it."""
    DEFERRED = "deferred"
    """The server refused the message for now."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of one attempt, and the reason, which never contains an e-mail address."""

    status: DeliveryStatus
    reason: str = ""


class MailTransportError(Exception):
    """No message can be delivered. The campaign is paused with this reason."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message with its sender and recipient. The token is its id, unique in the sandbox."""

    message: EmailMessage
    sender: str
    recipient: str
    token: str

    @property
    def is_international(self) -> bool:
        """Whether an address contains characters other than ASCII, which not every server supports."""
        return not (self.sender.isascii() and self.recipient.isascii())

    def content(self, linesep: str = "\r\n") -> bytes:
        """Return the message in seven bits; in eight bits if an address is international."""
        written = BytesIO()
        policy = MIME_POLICY.clone(utf8=self.is_international, linesep=linesep)
        BytesGenerator(written, policy=policy).flatten(self.message)
        return written.getvalue()


class MailTransport(Protocol):
    """Deliver messages one at a time, from one thread."""

    def open(self) -> None:
        """Connect, unless connected. Raise MailTransportError if no connection is possible."""

    def send(self, envelope: Envelope) -> DeliveryResult:
        """Deliver one message. Raise MailTransportError if neither this message nor any other can be delivered."""

    def has_delivered(self, token: str) -> bool:
        """Return whether the message with this token was certainly delivered."""

    def close(self) -> None:
        """Disconnect. The transport can be opened again."""
