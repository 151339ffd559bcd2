"""The journal as a frame. The columns and dtypes are the same for an empty journal."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dyno_frames.actions.entry import Entry
from dyno_frames.actions.journal_damage import CURE, JournalDamage

_WORDS = ["applied", "not_applied", "unknown", "open", "damaged"]


def frame(entries: Sequence[Entry], damage: Sequence[JournalDamage] = ()) -> pd.DataFrame:
    """Return the journal's entries as a frame.

    Parameters
    ----------
    entries
        Oldest first.
    damage
        The damaged files of the journal.

    Returns
    -------
    DataFrame
        One row for each action: ``at`` and ``judged_at`` (UTC, to the second), ``campaign_id``, ``action``,
        ``before``, ``after``, ``outcome`` (``"open"`` if none was noted), ``blocks``, ``evidence``. At the end one row
        for each damaged file, with the outcome ``"damaged"`` and no action.
    """
    intents = [entry.intent for entry in entries]
    none = [None] * len(damage)
    told = [f"{one}. {CURE}" for one in damage]
    return pd.DataFrame(
        {
            "at": _times([*(intent.at for intent in intents), *none]),
            "campaign_id": _texts([*(intent.campaign_id for intent in intents), *none]),
            "action": _texts([*(str(intent.action) for intent in intents), *none]),
            "before": _texts([*(intent.before for intent in intents), *none]),
            "after": _texts([*(entry.after for entry in entries), *none]),
            "outcome": pd.Categorical(
                [*(entry.status for entry in entries), *("damaged" for _ in damage)], categories=_WORDS
            ),
            "judged_at": _times([*(entry.judged_at for entry in entries), *none]),
            "blocks": pd.array([*(entry.blocks for entry in entries), *(True for _ in damage)], dtype="bool"),
            "evidence": _texts([*("; ".join(entry.evidence) for entry in entries), *told]),
        }
    )


def _times(seconds: Sequence[float | None]) -> pd.Series:
    whole = [pd.NaT if value is None else pd.Timestamp(int(value), unit="s", tz="UTC") for value in seconds]
    return pd.Series(whole, dtype="datetime64[s, UTC]")


def _texts(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")
