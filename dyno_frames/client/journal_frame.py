"""The journal as a frame: the same columns and dtypes whether it is empty or full."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dyno_frames.actions.entry import Entry

_WORDS = ["applied", "not_applied", "unknown", "open"]


def frame(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return the journal's entries as a frame.

    Parameters
    ----------
    entries
        Oldest first.

    Returns
    -------
    DataFrame
        One row for each action: ``at`` and ``judged_at`` (UTC, to the second), ``campaign_id``, ``action``,
        ``before``, ``after``, ``outcome`` (``"open"`` where none was noted), ``blocks``, ``evidence``.
    """
    return pd.DataFrame(
        {
            "at": _times([entry.intent.at for entry in entries]),
            "campaign_id": _texts([entry.intent.campaign_id for entry in entries]),
            "action": _texts([str(entry.intent.action) for entry in entries]),
            "before": _texts([entry.intent.before for entry in entries]),
            "after": _texts([entry.after for entry in entries]),
            "outcome": pd.Categorical([entry.status for entry in entries], categories=_WORDS),
            "judged_at": _times([entry.judged_at for entry in entries]),
            "blocks": pd.array([entry.blocks for entry in entries], dtype="bool"),
            "evidence": _texts(["; ".join(entry.evidence) for entry in entries]),
        }
    )


def _times(seconds: Sequence[float | None]) -> pd.Series:
    whole = [pd.NaT if value is None else pd.Timestamp(int(value), unit="s", tz="UTC") for value in seconds]
    return pd.Series(whole, dtype="datetime64[s, UTC]")


def _texts(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")
