"""Deliver messages to a Maildir folder, which mail programs can read. This is the default."""

from __future__ import annotations

import os
from pathlib import Path

from dyno_frames.durable import flush, sync
from dyno_frames.sandbox.mail.transports import DeliveryResult, DeliveryStatus, Envelope, MailTransportError

_SUBFOLDERS = ("tmp", "new", "cur")


class Maildir:
    """A folder that receives messages.

    Parameters
    ----------
    path
        The folder.
    durable
        Whether to flush each message to the disk before it counts as delivered.

    Notes
    -----
    A message is written to ``tmp`` and then moved to ``new``, so a reader never sees an incomplete file. The file
    name is the token, so the folder shows after a crash whether a message was delivered.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable

    def open(self) -> None:
        """Create the folder if it does not exist. Raise MailTransportError if the folder cannot be created."""
        try:
            for name in _SUBFOLDERS:
                (self.path / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise MailTransportError(f"cannot write to the outbox: {error.strerror}") from error

    def send(self, envelope: Envelope) -> DeliveryResult:
        """Write one message. Raise MailTransportError if the file cannot be written."""
        try:
            content = envelope.content("\n")
        except (ValueError, UnicodeError, LookupError) as error:
            reason = f"the message cannot be encoded: {type(error).__name__}"
            return DeliveryResult(DeliveryStatus.INVALID, reason)
        try:
            self._write(envelope.token, content)
        except OSError as error:
            raise MailTransportError(f"cannot write to the outbox: {error.strerror}") from error
        return DeliveryResult(DeliveryStatus.SENT)

    def _write(self, name: str, content: bytes) -> None:
        draft = self.path / "tmp" / name
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            if self._durable:
                file.flush()
                flush(file.fileno())
        draft.replace(self.path / "new" / name)
        if self._durable:
            sync(self.path / "new")

    def has_delivered(self, token: str) -> bool:
        """Return whether the message with this token is in the folder, read or unread."""
        if (self.path / "new" / token).exists():
            return True
        # a mail program moves messages that were read, and appends flags to the name
        return any((self.path / "cur").glob(f"{token}*"))

    def close(self) -> None:
        """Do nothing; no file stays open."""
