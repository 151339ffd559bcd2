"""Which columns a server does not filter by as its profile says, told by rows that should not have come."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.query.predicate import Node, columns, conjuncts
from dyno_frames.query.question import Question
from dyno_frames.query.replay import replay


def excluding_columns(question: Question, frame: pd.DataFrame) -> frozenset[str]:
    """Return the columns whose conditions some of these rows do not meet.

    Rows that a server returned for filters that say the query exactly meet every condition, if the filters mean what
    the profile says.

    Parameters
    ----------
    question
        The query; without a tree nothing can be told.
    frame
        Rows that came, with the columns that the query reads.

    Returns
    -------
    frozenset of str
        The columns of each part of the query that is not true for every row.
    """
    if question.node is None:
        return frozenset()
    failed = (part for part in conjuncts(question.node) if not matches(part, frame).all())
    return frozenset(name for part in failed for name in columns(part))


def matches(node: Node, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which rows of a frame a condition is true for."""
    mask: np.ndarray[Any, np.dtype[np.bool_]] = (
        pd.Series(replay(node, frame)).fillna(value=False).to_numpy(dtype=bool)
    )
    return mask
