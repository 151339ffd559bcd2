"""What takes a message off the sandbox's hands, and the three ways it may answer."""

from __future__ import annotations

from dataclasses import dataclass
from email.generator import BytesGenerator
from email.message import EmailMessage
from enum import StrEnum
from io import BytesIO
from typing import Protocol

from dyno_frames.messages.mime_policy import WIRE


class Fate(StrEnum):
    """What became of one message."""

    SENT = "sent"
    """It was taken."""
    REFUSED = "refused"
    """It was refused for good: a bounce."""
    INVALID = "invalid"
    """The address cannot be written to: a bounce that never left."""
    UNKNOWN = "unknown"
    """It left, and no answer came: it may have been taken."""
    DEFERRED = "deferred"
    """It was not taken now, and may be later."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a carrier says of one message.

    Parameters
    ----------
    fate
        What became of it.
    reason
        Why, where it was not taken; never an address.
    """

    fate: Fate
    reason: str = ""


class CarrierDownError(Exception):
    """No message can leave: the campaign is paused, and this says why."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message ready to leave.

    Parameters
    ----------
    message
        The message.
    sender, recipient
        Between whom.
    token
        What identifies it among all messages of the sandbox.
    """

    message: EmailMessage
    sender: str
    recipient: str
    token: str

    @property
    def is_international(self) -> bool:
        """Whether an address has letters beyond ASCII, which only some servers take."""
        return not (self.sender.isascii() and self.recipient.isascii())

    def content(self, linesep: str = "\r\n") -> bytes:
        """Return the message as it is written: in seven bits, but for international addresses."""
        written = BytesIO()
        policy = WIRE.clone(utf8=self.is_international, linesep=linesep)
        BytesGenerator(written, policy=policy).flatten(self.message)
        return written.getvalue()


class Carrier(Protocol):
    """Takes messages, one at a time, from one thread."""

    def open(self) -> None:
        """Be ready for a message.

        Raises
        ------
        CarrierDownError
            It cannot be.
        """

    def take(self, parcel: Parcel) -> Receipt:
        """Take one message.

        Raises
        ------
        CarrierDownError
            This one was not taken, and none will be.
        """

    def has(self, token: str) -> bool:
        """Tell whether the message of this token was certainly taken."""

    def close(self) -> None:
        """Let go of what is open; it may be opened again."""
