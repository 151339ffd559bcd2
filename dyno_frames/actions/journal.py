"""What was asked of a server from this machine, and what became of it: append-only, on the disk first."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import orjson
import platformdirs

from dyno_frames.actions.intent import Intent
from dyno_frames.actions.lock import locked
from dyno_frames.actions.outcome import Outcome, OutcomeStatus
from dyno_frames.errors import ConfigError

FOLDER_VARIABLE = "DYNO_STATE_DIR"

_OUTCOME = b'{"kind":"outcome","intent":"'
_ID = re.compile(rb'"id":"([^"]*)"')

EntryStatus = Literal["open", "applied", "not_applied", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One action and what became of it so far.

    Parameters
    ----------
    intent
        What was asked for.
    status
        ``"open"`` where nothing was noted since; else the outcome's word.
    after
        The status that was read last.
    evidence
        What was seen.
    judged_at
        When the outcome was noted, in epoch seconds.
    blocks
        Whether sends of this campaign wait for it to be resolved.
    """

    intent: Intent
    status: EntryStatus = "open"
    after: str | None = None
    evidence: tuple[str, ...] = ()
    judged_at: float | None = None
    blocks: bool = True


class Journal:
    """The journal of one server: JSON lines in the user's state folder, or in ``DYNO_STATE_DIR``.

    Only its owner may read the file. It holds ids, statuses, times and hashes: no key, no address, no text.

    Parameters
    ----------
    host
        Which server.
    folder
        Where, instead of the user's state folder.
    wall
        Returns epoch seconds.
    """

    def __init__(
        self, host: str, *, folder: Path | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        self._host = host
        self._folder = folder
        self._wall = wall

    def __repr__(self) -> str:
        return f"Journal({self._host!r})"

    @property
    def path(self) -> Path:
        """Where the file is, or will be."""
        named = os.environ.get(FOLDER_VARIABLE)
        folder = self._folder or (Path(named) if named else platformdirs.user_state_path("dyno_frames"))
        return folder / f"journal-{hashlib.sha256(self._host.encode()).hexdigest()[:16]}.jsonl"

    def entries(self) -> list[Entry]:
        """Return every action, oldest first, each with its last outcome.

        Raises
        ------
        ConfigError
            The file cannot be read.
        """
        return _entries(self._lines())

    def unresolved(self, campaign_id: str) -> list[Entry]:
        """Return the actions of a campaign that block its sends, oldest first."""
        entries = _entries(_lines_of(campaign_id, self._lines()))
        return [entry for entry in entries if entry.blocks and entry.intent.campaign_id == campaign_id]

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(self.path, error) from error

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
        with _writing(self.path):
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
        with _writing(self.path):
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
        with _writing(self.path):
            written = {"kind": "intent", **intent.to_json()}
            self._append(written, self._line(intent, outcome, blocks=False))

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


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Hold the lock, and put every error of the disk in the journal's own words."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(path.with_suffix(".lock")):
            yield
    except OSError as error:
        raise _unusable(path, error) from error


def _entries(lines: Iterable[bytes]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for line in lines:
        _add(found, line)
    return list(found.values())


def _lines_of(campaign_id: str, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines that may be about a campaign: a journal grows for years, and few of it are decoded."""
    named = orjson.dumps(campaign_id)
    ids: set[bytes] = set()
    for line in lines:
        is_outcome = line.startswith(_OUTCOME)
        if not is_outcome and named in line:
            ids.update(_ID.findall(line))
            yield line
        elif is_outcome and line[len(_OUTCOME) :].partition(b'"')[0] in ids:
            yield line


def _add(found: dict[str, Entry], line: bytes) -> None:
    try:
        stored = orjson.loads(line)
        if stored["kind"] == "intent":
            intent = Intent.from_json(stored)
            found[intent.id] = Entry(intent=intent)
        else:
            status: OutcomeStatus = stored["status"]
            found[stored["intent"]] = replace(
                found[stored["intent"]],
                status=status,
                after=stored["after"],
                evidence=tuple(stored["evidence"]),
                judged_at=stored["at"],
                blocks=stored["blocks"],
            )
    except (ValueError, TypeError, KeyError):
        return  # half a line: its writer was killed before the line was synced, hence before anything left


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
