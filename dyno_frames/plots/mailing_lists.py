"""Identify and label the lists that campaigns are sent to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from dyno_frames.errors import DynoError
from dyno_frames.plots.columns import require, texts

LIST_ID, LIST_NAME = "list_id", "list_name"
NO_LIST = "no list"


def list_columns(frame: pd.DataFrame, plot: str) -> pd.DataFrame:
    """Return ``list_id`` and, where the frame has names, ``list_name``, as text and without nulls.

    The name is taken from the first row of the list that has one. Without ids, lists are identified by name.

    Raises
    ------
    SchemaError
        The frame has neither ids nor names.
    """
    named = LIST_NAME in frame.columns
    require(frame, plot, *[LIST_ID] * (not named))
    keys = texts(frame, LIST_ID if LIST_ID in frame.columns else LIST_NAME).replace("", NO_LIST)
    found = pd.DataFrame({LIST_ID: keys}, index=frame.index)
    if named:
        names = texts(frame, LIST_NAME).replace("", None)
        found[LIST_NAME] = names.groupby(keys.to_numpy()).transform("first").fillna(keys)
    return found


def with_list_names(
    frame: pd.DataFrame, names: Callable[[], Mapping[str, str]] | None
) -> tuple[pd.DataFrame, list[str]]:
    """Return the frame with a column ``list_name``, and a note if the names could not be read.

    The frame is returned as it is if it has names or has no ids.

    Parameters
    ----------
    frame
        Campaigns.
    names
        Returns the name of each list by its id; None if they are not available.
    """
    if (
        names is None
        or LIST_NAME in frame.columns
        or LIST_ID not in frame.columns
        or frame[LIST_ID].isna().all()
    ):
        return frame, []
    try:
        known = names()
    except DynoError:
        return frame, ["the names of the lists could not be read; a column list_name sets them"]
    return frame.assign(**{LIST_NAME: frame[LIST_ID].astype("object").map(known)}), []


def list_labels(drawn: pd.DataFrame, keys: list[str]) -> list[str]:
    """Return the labels of these lists, in the same order."""
    called = drawn.drop_duplicates(LIST_ID).set_index(LIST_ID, drop=False)
    return list(called[LIST_NAME if LIST_NAME in called.columns else LIST_ID].loc[keys])
