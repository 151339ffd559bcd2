"""The actions in the lines of a journal, each with its latest outcome."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from dyno_frames.actions.intent import Intent
from dyno_frames.actions.outcome import OutcomeStatus
from dyno_frames.errors import ConfigError

_OUTCOME = b'{"kind":"outcome","intent":"'
_ID = re.compile(rb'"id":"([^"]*)"')

EntryStatus = Literal["open", "applied", "not_applied", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One action and its outcome so far.

    Parameters
    ----------
    intent
        The action.
    status
        The status of the outcome; ``"open"`` if none was recorded.
    after, evidence
        The campaign's status as last read, and what was observed.
    judged_at
        When the outcome was recorded, in epoch seconds.
    blocks
        Whether sends of the campaign wait until it is resolved.
    account
        The account whose journal has the entry.
    """

    intent: Intent
    status: EntryStatus = "open"
    after: str | None = None
    evidence: tuple[str, ...] = ()
    judged_at: float | None = None
    blocks: bool = True
    account: str = ""


def entries_of(lines: Iterable[bytes], *, account: str = "") -> list[Entry]:
    """Return the actions in the intact lines of an account, oldest first, each with its last outcome.

    Raise ConfigError if a line was written by another version of this package.
    """
    found: dict[str, Entry] = {}
    for line in lines:
        try:
            _add(found, orjson.loads(line), account)
        except (ValueError, TypeError, KeyError):
            raise ConfigError(
                "The journal has a line that this version of dyno_frames cannot read: another version wrote it. "
                "Nothing was sent. Use the newest version that is installed on this machine."
            ) from None
    return list(found.values())


def lines_about(campaign_id: str, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines that may be about a campaign. The others are not decoded, because a journal grows for years."""
    named = orjson.dumps(campaign_id)
    ids: set[bytes] = set()
    for line in lines:
        is_outcome = line.startswith(_OUTCOME)
        if not is_outcome and named in line:
            ids.update(_ID.findall(line))
            yield line
        elif is_outcome and line[len(_OUTCOME) :].partition(b'"')[0] in ids:
            yield line


def _add(found: dict[str, Entry], stored: dict[str, Any], account: str) -> None:
    if stored["kind"] == "intent":
        intent = Intent.from_json(stored)
        entry = Entry(intent=intent, account=account)
        found[intent.id] = _concluded(entry, stored["refusal"]) if "refusal" in stored else entry
    elif stored["intent"] in found:  # else the line of its intent was damaged, and the damage accepted
        found[stored["intent"]] = _concluded(found[stored["intent"]], stored)


def _concluded(entry: Entry, stored: Mapping[str, Any]) -> Entry:
    status: OutcomeStatus = stored["status"]
    return replace(
        entry,
        status=status,
        after=stored["after"],
        evidence=tuple(stored["evidence"]),
        judged_at=stored["at"],
        blocks=stored["blocks"],
    )
