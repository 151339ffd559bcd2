"""The journal: actions requested from this machine, recorded on the disk before they are sent, and their outcomes."""

from __future__ import annotations

import hashlib
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from dyno_frames.actions.entry import Entry, entries_of, lines_about
from dyno_frames.actions.intent import Intent
from dyno_frames.actions.journal_damage import JournalDamage
from dyno_frames.actions.journal_file import JournalFile
from dyno_frames.actions.journal_lines import Contents
from dyno_frames.actions.outcome import Outcome
from dyno_frames.errors import ConfigError

FOLDER_VARIABLE = "DYNO_STATE_DIR"
_LOCK_S = 10.0


def journal_folder() -> Path:
    """Return the folder of all journals: ``DYNO_STATE_DIR``, or the user's state folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else platformdirs.user_state_path("dyno_frames")


def all_damage() -> list[JournalDamage]:
    """Return what is damaged in the journals of all servers. Raise OSError if a file cannot be read."""
    folder = journal_folder()
    paths = {
        path.with_suffix(".jsonl") for kind in ("jsonl", "count") for path in folder.glob(f"journal-*.{kind}")
    }
    found = ((path, JournalFile(path).read().faults) for path in sorted(paths))
    return [JournalDamage(path, faults) for path, faults in found if faults]


class Journal:
    """The journal of one account of a server: JSON lines in the user's state folder, or in ``DYNO_STATE_DIR``.

    Only its owner can read the file. It contains ids, statuses, times and hashes: no keys, addresses or texts.

    Parameters
    ----------
    server, account
        See :class:`~dyno_frames.transport.session.Session`. Without an account, the journal is for all accounts.
    folder
        The folder of the files (default: the user's state folder).
    wall
        A function that returns epoch seconds.

    Notes
    -----
    If a key is replaced while an action is open, the account gets another journal. So unresolved actions and damage
    are searched in the journals of all accounts of the server.
    """

    def __init__(
        self,
        server: str,
        *,
        account: str = "",
        folder: Path | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._server = server
        self._account = account
        self._folder = folder
        self._wall = wall

    def __repr__(self) -> str:
        return f"Journal({self._server!r})"

    @property
    def path(self) -> Path:
        """The path of the file."""
        account = f"-{self._account}" if self._account else ""
        return self._parent / f"{self._stem}{account}.jsonl"

    @property
    def _parent(self) -> Path:
        return self._folder or journal_folder()

    @property
    def _stem(self) -> str:
        """The common beginning of the names of the server's files."""
        return f"journal-{hashlib.sha256(self._server.encode()).hexdigest()[:16]}"

    def entries(self) -> list[Entry]:
        """Return every action with its last outcome, oldest first; of other accounts only those that are unresolved.

        Raise ConfigError if a file cannot be read.
        """
        found = [
            entry
            for account, contents in self._contents()
            for entry in entries_of(contents.lines, account=account)
            if entry.blocks or account == self._account
        ]
        return sorted(found, key=lambda entry: entry.intent.at)

    def unresolved(self, campaign_id: str) -> list[Entry]:
        """Return the actions of a campaign that block its sends, oldest first, from all accounts."""
        found = [
            entry
            for account, contents in self._contents()
            for entry in entries_of(lines_about(campaign_id, contents.lines), account=account)
            if entry.blocks and entry.intent.campaign_id == campaign_id
        ]
        return sorted(found, key=lambda entry: entry.intent.at)

    def count_lines(self, campaign_id: str) -> int:
        """Return how many lines are about a campaign, from all accounts; each action adds some."""
        return sum(
            sum(1 for _ in lines_about(campaign_id, contents.lines)) for _, contents in self._contents()
        )

    def damage(self) -> list[JournalDamage]:
        """Return what is damaged in the journals of the server, of all accounts."""
        return [
            JournalDamage(self.of(account).path, contents.faults)
            for account, contents in self._contents()
            if contents.faults
        ]

    def accept_damage(self) -> list[JournalDamage]:
        """Remove what is damaged in the journals of the server, keep a copy of each file, and return what was removed.

        Raise ConfigError if a file cannot be written.
        """
        accepted = []
        with self._writing():
            for one in self.damage():
                kept = self._unused(one.path)
                JournalFile(one.path).repair(kept)
                accepted.append(replace(one, kept=kept))
        return accepted

    def keeper(self, entry: Entry) -> Journal:
        """Return the journal that has an entry, in which its outcome is recorded."""
        return self.of(entry.account)

    def of(self, account: str) -> Journal:
        """Return the journal of another account of the server."""
        return Journal(self._server, account=account, folder=self._folder, wall=self._wall)

    def _accounts(self) -> list[str]:
        """Return the accounts of the server that have a journal on this machine, and this one."""
        try:
            paths = list(self._parent.iterdir())
        except FileNotFoundError:
            paths = []
        except OSError as error:
            raise _unusable(self.path, error) from error
        names = sorted(path.stem for path in paths if path.suffix in {".jsonl", ".count"})
        kept = [name[len(self._stem) :].removeprefix("-") for name in names if name.startswith(self._stem)]
        return list(dict.fromkeys([*kept, self._account]))

    def _contents(self) -> list[tuple[str, Contents]]:
        """Return the content of the journal of each account of the server."""
        found = []
        for account in self._accounts():
            path = self.of(account).path
            try:
                found.append((account, JournalFile(path).read()))
            except OSError as error:
                raise _unusable(path, error) from error
        return found

    def _unused(self, path: Path) -> Path:
        """Return an unused path in the folder of a file, for a copy of it."""
        moment = f"{datetime.fromtimestamp(self._wall(), UTC):%Y%m%dT%H%M%SZ}"
        names = (f"{path.stem}.{moment}-{number}.damaged" for number in itertools.count(1))
        return next(path.with_name(name) for name in names if not path.with_name(name).exists())

    def intend(
        self, intent: Intent, *, alone: bool, known_lines: int | None = None
    ) -> list[Entry | JournalDamage] | None:
        """Record an intent, synced to the disk, before its request is sent.

        Parameters
        ----------
        intent
            The action.
        alone
            Whether to record it only if no other action of the campaign is unresolved and no journal of the server is
            damaged. Checking and writing are one step for all processes of this machine.
        known_lines
            The result of :meth:`count_lines` before the campaign was read; None ignores later lines.

        Returns
        -------
        list or None
            The unresolved actions and the damage that block it. If there are any, nothing is recorded. None if lines
            about the campaign were added after ``known_lines``: what was read may be out of date, and nothing is
            recorded.
        """
        with self._writing():
            blockers: list[Entry | JournalDamage] = []
            if alone:
                blockers = [*self.damage(), *self.unresolved(intent.campaign_id)]
            if not blockers and known_lines not in {None, self.count_lines(intent.campaign_id)}:
                return None
            if not blockers:
                JournalFile(self.path).append({"kind": "intent", **intent.to_json()}, count=True)
        return blockers

    def conclude(self, intent: Intent, outcome: Outcome, *, blocks: bool = False) -> None:
        """Record the outcome of an action; ``blocks`` keeps later sends of the campaign waiting."""
        with self._writing():
            JournalFile(self.path).append(self._line(intent, outcome, blocks=blocks), count=False)

    def refuse(self, intent: Intent, outcome: Outcome) -> None:
        """Record an action that was refused here and never sent."""
        refusal = self._line(intent, outcome, blocks=False)
        with self._writing():  # one line, so that a crash while writing does not leave an open intent
            JournalFile(self.path).append(
                {"kind": "intent", **intent.to_json(), "refusal": refusal}, count=False
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the server's lock. Raise errors of the disk as ConfigError."""
        lock = self._parent / f"{self._stem}.lock"
        try:
            self._parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(lock, mode=0o600).acquire(timeout=_LOCK_S, poll_interval=0.01):
                yield
        except Timeout:
            raise ConfigError(
                f"Another process has held {lock} for {_LOCK_S:g} s. Nothing was sent. Check for a process that "
                "hangs."
            ) from None
        except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
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


def _unusable(path: Path, error: OSError | NotImplementedError) -> ConfigError:
    reason = getattr(error, "strerror", None) or error
    return ConfigError(
        f"The journal {path} cannot be written or read: {reason}. Nothing was sent, because an action must be in the "
        "journal first. Free some space, correct the file's permissions, or set another folder in the environment "
        f"variable {FOLDER_VARIABLE}."
    )
