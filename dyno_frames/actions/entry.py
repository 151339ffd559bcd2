"""What the journal's lines say: each action, and what became of it so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from dyno_frames.actions.intent import Intent
from dyno_frames.actions.outcome import OutcomeStatus

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
    account
        In whose journal it stands.
    """

    intent: Intent
    status: EntryStatus = "open"
    after: str | None = None
    evidence: tuple[str, ...] = ()
    judged_at: float | None = None
    blocks: bool = True
    account: str = ""


def entries_of(lines: Iterable[bytes], *, account: str = "") -> list[Entry]:
    """Return every action that the lines of an account tell of, oldest first, each with its last outcome."""
    found: dict[str, Entry] = {}
    for line in lines:
        _add(found, line, account)
    return list(found.values())


def lines_about(campaign_id: str, lines: Iterable[bytes]) -> Iterator[bytes]:
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


def _add(found: dict[str, Entry], line: bytes, account: str) -> None:
    try:
        stored = orjson.loads(line)
        if stored["kind"] == "intent":
            intent = Intent.from_json(stored)
            found[intent.id] = Entry(intent=intent, account=account)
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
