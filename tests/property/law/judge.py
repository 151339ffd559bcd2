"""What pandas itself answers on all rows, and where the house promises to be friendlier than pandas."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import pandas as pd
import pyarrow as pa

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.decode import decode
from dyno_frames.frames.schema import learn
from dyno_frames.query.options import QueryOptions
from law.writing import Asked, Tree, below, replaced


def whole(rows: Sequence[dict[str, Any]], *, dtype_backend: Any) -> pd.DataFrame:
    """Return the typed frame of all rows in the order of ``created`` and ``id``, made apart from any scan."""
    in_order = sorted(rows, key=lambda row: (row["created"], row["id"]))
    schema = learn(CAMPAIGNS, in_order, dtype_backend=dtype_backend)
    return to_frame(pa.Table.from_batches([decode(in_order, schema)]), schema)


def shaped(frame: pd.DataFrame, options: QueryOptions) -> pd.DataFrame:
    """Return a frame in an order, cut, and with some columns, as pandas does it; ties go by ``id``."""
    if options.order_by:
        ways = dict(zip((*options.order_by, "id"), (*options.ascending, True), strict=True))
        if "id" in options.order_by:
            ways = dict(zip(options.order_by, options.ascending, strict=True))
        frame = frame.sort_values([*ways], ascending=[*ways.values()], na_position="last", kind="stable")
    end = None if options.limit is None else options.offset + options.limit
    frame = frame.iloc[options.offset : end]
    return (frame if options.columns is None else frame[list(options.columns)]).reset_index(drop=True)


def plainly_equal(found: pd.DataFrame, expected: pd.DataFrame) -> bool:
    """Tell whether frames are equal at a glance; what this leaves open is looked at in full."""
    if not isinstance(found.index, pd.RangeIndex) or not found.index.equals(expected.index):
        return False
    if list(found.columns) != list(expected.columns):
        return False
    columns = zip(_without_attrs(found).items(), _without_attrs(expected).items(), strict=True)
    return all(_equal_column(one.array, other.array) for (_, one), (_, other) in columns)


def check_equal(found: pd.DataFrame, expected: pd.DataFrame, question: str = "DataFrame") -> None:
    """Raise the error of pandas where frames differ; equal frames are recognized without its slow comparison."""
    if not plainly_equal(found, expected):
        pd.testing.assert_frame_equal(found, expected, obj=question)


def _without_attrs(frame: pd.DataFrame) -> pd.DataFrame:
    """The same columns; pandas would copy the attrs for each of them."""
    bare = frame.copy(deep=False)
    bare.attrs = {}
    return bare


def _equal_column(found: Any, expected: Any) -> bool:
    if found.dtype != expected.dtype:
        return False
    if found.dtype == object:
        values, wanted = [*found], [*expected]
        return [*map(type, values)] == [*map(type, wanted)] and values == wanted
    if isinstance(found.dtype, pd.CategoricalDtype):
        ordered = [*found.categories] == [*expected.categories]
        return ordered and [*found.codes] == [*expected.codes]
    return bool(found.equals(expected))


def verdict(tree: Tree, form: str, full: pd.DataFrame) -> tuple[pd.DataFrame | Exception, bool]:
    """Return the rows that pandas keeps, or why it refuses, and whether a time was read where only we read it.

    Parameters
    ----------
    tree, form
        The question.
    full
        Every row.
    """
    answer = _asked(tree, form, full)
    if isinstance(answer, pd.DataFrame):
        return answer, False
    swaps = _readings(tree, form, full)
    return (_asked(replaced(tree, swaps), form, full), True) if swaps else (answer, False)


def lacks_values(tree: Tree, form: str, full: pd.DataFrame) -> bool:
    """Tell whether pandas answers only because there is no row, or no value at all in a column of texts or times.

    What it refuses as soon as a value is there is refused by us before any request.
    """
    if not len(full):
        plain = {name: pd.Series([_plain(dtype)], dtype=dtype) for name, dtype in full.dtypes.items()}
        full = pd.DataFrame(plain)
    void = [name for name, dtype in full.dtypes.items() if full[name].isna().all() and _picky(dtype)]
    filled = full.assign(
        **{
            name: pd.Series(_plain(full[name].dtype), index=full.index, dtype=full[name].dtype)
            for name in void
        }
    )
    return isinstance(verdict(tree, form, filled)[0], Exception)


def _picky(dtype: Any) -> bool:
    """Tell whether pandas looks at values of a dtype one by one before it refuses to compare them."""
    return pd.api.types.is_string_dtype(dtype) or getattr(dtype, "kind", "") == "M"


def _plain(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return dtype.categories[0]
    if getattr(dtype, "kind", "") == "M":
        return pd.Timestamp(0, tz="UTC")
    return "a" if pd.api.types.is_string_dtype(dtype) else 0


def _asked(tree: Tree, form: str, full: pd.DataFrame) -> pd.DataFrame | Exception:
    try:
        answer = Asked.of(tree, form).on(full)
    except Exception as error:  # noqa: BLE001 - whatever pandas raises is its answer
        return error
    rows = isinstance(answer, pd.DataFrame) and list(answer.columns) == list(full.columns)
    return answer if rows else TypeError("no choice of rows")


def _readings(tree: Tree, form: str, full: pd.DataFrame) -> dict[int, Tree]:
    """Return times in UTC for the literals that pandas refuses beside a time column."""
    swaps: dict[int, Tree] = {}
    for part in below(tree):
        if part[0] in {"compare", "chain"} and any(_is_time(side) for side in part):
            if isinstance(_asked(part, form, full), pd.DataFrame):
                continue
            equality = part[1] in {"eq", "ne"}
            for side in filter(_is_time, part):
                stamp = None if equality and isinstance(side[1], str) else _instant(side[1])
                if stamp is not None:
                    swaps[id(side)] = ("val", stamp)
    return swaps


def _is_time(part: Any) -> bool:
    return isinstance(part, tuple) and part[0] == "time"


def _instant(value: Any) -> pd.Timestamp | None:
    try:
        if isinstance(value, str):
            stamp = pd.Timestamp(value)
            return None if pd.isna(stamp) else stamp.tz_localize("UTC") if stamp.tz is None else stamp
        if isinstance(value, Real) and not isinstance(value, bool):
            return pd.Timestamp(value, unit="s", tz="UTC")
    except (ValueError, OverflowError, TypeError):
        pass
    return None
