"""What was asked of a server from this machine, and what became of it: append-only, on the disk first."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import platformdirs

from dyno_frames.actions.entry import Entry, entries_of, lines_about
from dyno_frames.actions.intent import Intent
from dyno_frames.actions.lock import locked
from dyno_frames.actions.outcome import Outcome
from dyno_frames.errors import ConfigError

FOLDER_VARIABLE = "DYNO_STATE_DIR"


class Journal:
    """The journal of one account of a server: JSON lines in the user's state folder, or in ``DYNO_STATE_DIR``.

    Only its owner may read the file. It holds ids, statuses, times and hashes: no key, no address, no text.

    Parameters
    ----------
    host
        Which server.
    account
        What tells the account from others of the server, and from those that had its address before: see
        :attr:`~dyno_frames.transport.session.Session.account`. Nothing is the journal of all, as it once was kept.
    folder
        Where, instead of the user's state folder.
    wall
        Returns epoch seconds.

    Notes
    -----
    A key may be replaced while an action is open, and the account is then another to this journal. What is
    unresolved is therefore looked for in the journals of all accounts of the server, and shown by each.
    """

    def __init__(
        self,
        host: str,
        *,
        account: str = "",
        folder: Path | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._host = host
        self._account = account
        self._folder = folder
        self._wall = wall

    def __repr__(self) -> str:
        return f"Journal({self._host!r})"

    @property
    def path(self) -> Path:
        """Where the file is, or will be."""
        account = f"-{self._account}" if self._account else ""
        return self._parent / f"{self._stem}{account}.jsonl"

    @property
    def _parent(self) -> Path:
        named = os.environ.get(FOLDER_VARIABLE)
        return self._folder or (Path(named) if named else platformdirs.user_state_path("dyno_frames"))

    @property
    def _stem(self) -> str:
        """The beginning of the names of all that belongs to the server."""
        return f"journal-{hashlib.sha256(self._host.encode()).hexdigest()[:16]}"

    def entries(self) -> list[Entry]:
        """Return every action, oldest first, each with its last outcome; of other accounts what is unresolved.

        Raises
        ------
        ConfigError
            A file cannot be read.
        """
        found = [
            entry
            for account in self._accounts()
            for entry in entries_of(self._lines(account), account=account)
            if entry.blocks or account == self._account
        ]
        return sorted(found, key=lambda entry: entry.intent.at)

    def unresolved(self, campaign_id: str) -> list[Entry]:
        """Return the actions of a campaign that block its sends, oldest first, whichever account asked for them."""
        found = [
            entry
            for account in self._accounts()
            for entry in entries_of(lines_about(campaign_id, self._lines(account)), account=account)
            if entry.blocks and entry.intent.campaign_id == campaign_id
        ]
        return sorted(found, key=lambda entry: entry.intent.at)

    def keeper(self, entry: Entry) -> Journal:
        """Return the journal that an entry stands in: what becomes of it is noted there."""
        return self.of(entry.account)

    def of(self, account: str) -> Journal:
        """Return the journal of another account of the server."""
        return Journal(self._host, account=account, folder=self._folder, wall=self._wall)

    def _accounts(self) -> list[str]:
        """Return the accounts of the server that have a journal here, and this one."""
        try:
            names = sorted(path.stem for path in self._parent.iterdir() if path.suffix == ".jsonl")
        except FileNotFoundError:
            names = []
        except OSError as error:
            raise _unusable(self.path, error) from error
        kept = [name[len(self._stem) :].removeprefix("-") for name in names if name.startswith(self._stem)]
        return list(dict.fromkeys([*kept, self._account]))

    def _lines(self, account: str) -> list[bytes]:
        path = self.of(account).path
        try:
            return path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(path, error) from error

    def intend(self, intent: Intent, *, alone: bool) -> list[Entry]:
        """Write an intent down, synced to the disk, before its request leaves.

        Parameters
        ----------
        intent
            The action.
        alone
            Whether it must not be written where another action of the campaign is unresolved. Looking and
            writing are one step, for all processes of this machine.

        Returns
        -------
        list of Entry
            What stands in its way; where there is any, nothing was written.

        Raises
        ------
        ConfigError
            The journal cannot be written.
        """
        with self._writing():
            blockers = self.unresolved(intent.campaign_id) if alone else []
            if not blockers:
                self._append({"kind": "intent", **intent.to_json()})
        return blockers

    def conclude(self, intent: Intent, outcome: Outcome, *, blocks: bool = False) -> None:
        """Note what became of an action.

        Parameters
        ----------
        intent
            The action.
        outcome
            What became of it.
        blocks
            Whether sends of the campaign are to wait until it is resolved.
        """
        with self._writing():
            self._append(self._line(intent, outcome, blocks=blocks))

    def refuse(self, intent: Intent, outcome: Outcome) -> None:
        """Note an action that was refused here and never left.

        Parameters
        ----------
        intent
            The action.
        outcome
            Why.
        """
        with self._writing():
            written = {"kind": "intent", **intent.to_json()}
            self._append(written, self._line(intent, outcome, blocks=False))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the server's lock, and put every error of the disk in the journal's own words."""
        try:
            self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._parent / f"{self._stem}.lock"):
                yield
        except OSError as error:
            raise _unusable(self.path, error) from error

    def _line(self, intent: Intent, outcome: Outcome, *, blocks: bool) -> dict[str, Any]:
        return {
            "kind": "outcome",
            "intent": intent.id,
            "status": outcome.status,
            "after": outcome.after,
            "evidence": list(outcome.evidence),
            "at": self._wall(),
            "blocks": blocks,
        }

    def _append(self, *lines: Mapping[str, Any]) -> None:
        fresh = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            # A process that was killed may have left half a line: what follows must not continue it.
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            torn = size > 0 and file.read(1) != b"\n"
            file.write(
                (b"\n" if torn else b"") + b"".join(orjson.dumps(dict(line)) + b"\n" for line in lines)
            )
            os.fsync(file.fileno())
        if fresh:
            _sync_folder(self.path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"the journal {path} cannot be used ({error.strerror}), and nothing is sent without it; name "
        f"another folder in the environment variable {FOLDER_VARIABLE}"
    )
