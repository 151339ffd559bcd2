"""What a reading can tell of an action, worked out from the lifecycle alone, apart from the code under test.

Nobody else acts on these campaigns. A reading tells what became of an action where only one of two worlds could
have shown it: the one in which the request was carried out before, and the one in which it was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dyno_frames.contract.lifecycle import OVERRIDES, RULES, Action

BY_ITSELF = {
    "draft": {"draft"},
    "scheduled": {"scheduled", "running", "finished"},
    "running": {"running", "finished"},
    "paused": {"paused"},
    "finished": {"finished"},
    "stopped": {"stopped"},
}
"""Where a campaign gets to with nobody's help."""


def without(before: Mapping[str, Any], reading: Mapping[str, Any], texts: Mapping[str, str]) -> bool:
    """Tell whether a campaign may look like this if the action was not carried out."""
    return (
        reading["status"] in BY_ITSELF[before["status"]]
        and (reading["status"] != before["status"] or reading["start_time"] == before["start_time"])
        and (before["status"] != "scheduled" or reading["start_time"] == before["start_time"])
        and all(reading.get(name) == before.get(name) for name in texts)
    )


def within(
    action: Action, wanted: int | None, reading: Mapping[str, Any], texts: Mapping[str, str], *, read_s: float
) -> bool:
    """Tell whether a campaign may look like this if the action was carried out.

    A server need not say when a campaign began that was to begin at once.
    """
    rule, start = RULES[action], reading["start_time"]
    reached = set(BY_ITSELF[rule.now])
    if wanted is not None:
        reached |= BY_ITSELF[str(rule.later)]
        if start != wanted and (wanted > read_s or reading["status"] == rule.later):
            return False
    return reading["status"] in reached and all(reading.get(name) == text for name, text in texts.items())


def tells(
    action: Action,
    body: Mapping[str, str],
    wanted: int | None,
    before: Mapping[str, Any],
    reading: Mapping[str, Any],
    *,
    read_s: float,
) -> str | None:
    """Return the outcome that a reading proves, or None where it proves none.

    Parameters
    ----------
    action, body, wanted
        What was asked for, and the time it names, in epoch seconds.
    before
        The campaign before.
    reading
        The campaign after the request left.
    read_s
        When it was read, in epoch seconds.
    """
    texts = {name: body[name] for name in OVERRIDES if name in body}
    may_be_without = without(before, reading, texts)
    may_be_within = within(action, wanted, reading, texts, read_s=read_s)
    if may_be_within and not may_be_without:
        return "applied"
    if may_be_without and not may_be_within and reading["status"] not in RULES[action].sources:
        return "not_applied"
    return None
