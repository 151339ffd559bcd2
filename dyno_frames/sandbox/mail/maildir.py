"""Mail into a folder: a Maildir that any mail client reads, which is where mail goes unless a server is named."""

from __future__ import annotations

import os
from pathlib import Path

from dyno_frames.sandbox.mail.transports import CarrierDownError, Fate, Parcel, Receipt

_PARTS = ("tmp", "new", "cur")


class Maildir:
    """A folder that takes messages.

    Parameters
    ----------
    path
        The folder, made with the first message.
    durable
        Whether a message is on the disk, and not only in the system's memory, before it counts as taken.

    Notes
    -----
    A message is written under ``tmp`` and moved to ``new``, so a reader never sees half of one. Its name is its
    token: after a crash the folder itself says whether it was taken.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable

    def open(self) -> None:
        """Make the folder.

        Raises
        ------
        CarrierDownError
            It cannot be made.
        """
        try:
            for part in _PARTS:
                (self.path / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CarrierDownError(f"the outbox cannot be written: {error.strerror}") from error

    def take(self, parcel: Parcel) -> Receipt:
        """Write one message.

        Raises
        ------
        CarrierDownError
            The disk does not take it.
        """
        try:
            content = parcel.content("\n")
        except (ValueError, UnicodeError, LookupError) as error:
            return Receipt(Fate.INVALID, f"the message cannot be written: {type(error).__name__}")
        try:
            self._write(parcel.token, content)
        except OSError as error:
            raise CarrierDownError(f"the outbox cannot be written: {error.strerror}") from error
        return Receipt(Fate.SENT)

    def _write(self, name: str, content: bytes) -> None:
        draft = self.path / "tmp" / name
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            if self._durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(self.path / "new" / name)
        if self._durable:
            _sync_folder(self.path / "new")

    def has(self, token: str) -> bool:
        """Tell whether the message of this token is in the folder, read or unread."""
        if (self.path / "new" / token).exists():
            return True
        # a mail client moves what was read, and adds flags behind a colon
        return any((self.path / "cur").glob(f"{token}*"))

    def close(self) -> None:
        """Nothing is held open."""


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # pragma: no cover - other systems cannot open a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
