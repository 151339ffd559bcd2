"""Find columns that a server does not filter as its profile says, by rows that it should not have returned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dyno_frames.query.predicate import Node, columns, conjuncts
from dyno_frames.query.query import Query
from dyno_frames.query.replay import replay


def excluding_columns(query: Query, frame: pd.DataFrame) -> frozenset[str]:
    """Return the columns whose conditions some of these rows do not meet.

    If the profile is right, all rows returned for exact filters meet every condition.

    Parameters
    ----------
    query
        The query. Without a tree, the result is empty.
    frame
        The returned rows, with the columns that the query reads.

    Returns
    -------
    frozenset of str
        The columns of each part of the query that is not true for every row.
    """
    if query.node is None:
        return frozenset()
    failed = (part for part in conjuncts(query.node) if not matches(part, frame).all())
    return frozenset(name for part in failed for name in columns(part))


def matches(node: Node, frame: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return the rows of a frame for which a condition is true, as a mask."""
    mask: np.ndarray[Any, np.dtype[np.bool_]] = (
        pd.Series(replay(node, frame)).fillna(value=False).to_numpy(dtype=bool)
    )
    return mask
