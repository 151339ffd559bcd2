"""The lists that campaigns went to: what tells them apart, and what they are called."""

from __future__ import annotations

import pandas as pd

from dyno_frames.plots.figures import require, texts

LIST_ID, LIST_NAME = "list_id", "list_name"
NO_LIST = "no list"


def list_columns(frame: pd.DataFrame, picture: str) -> pd.DataFrame:
    """Return ``list_id`` and, where the frame has names, ``list_name``, as text and without nulls.

    A name is that of the list's first row that has one. Without ids, the names tell lists apart.

    Raises
    ------
    SchemaError
        There are neither ids nor names.
    """
    named = LIST_NAME in frame.columns
    require(frame, picture, *[LIST_ID] * (not named))
    keys = texts(frame, LIST_ID if LIST_ID in frame.columns else LIST_NAME).replace("", NO_LIST)
    found = pd.DataFrame({LIST_ID: keys}, index=frame.index)
    if named:
        names = texts(frame, LIST_NAME).replace("", None)
        found[LIST_NAME] = names.groupby(keys.to_numpy()).transform("first").fillna(keys)
    return found


def list_labels(drawn: pd.DataFrame, keys: list[str]) -> list[str]:
    """Return what the lists of these keys are called, in their order."""
    called = drawn.drop_duplicates(LIST_ID).set_index(LIST_ID, drop=False)
    return list(called[LIST_NAME if LIST_NAME in called.columns else LIST_ID].loc[keys])
