"""Trace an expression by evaluating it on tracers, with pandas' own parser and operators."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from numbers import Real
from typing import Any

import pandas as pd

from dyno_frames.query.names import Names
from dyno_frames.query.predicate import Column
from dyno_frames.query.trace_notes import TraceNotes, UntraceableError
from dyno_frames.query.tracer import Tracer


def trace_callable(expression: Any, empty: pd.DataFrame, notes: TraceNotes) -> Any:
    """Trace a ``pd.col`` expression or a function of the frame, and return its result."""
    frame = FrameTracer(empty, notes)
    if not isinstance(expression, pd.api.typing.Expression):
        return expression(frame)
    assign: Any = pd.DataFrame.assign  # unbound: the frame tracer has all methods that assign calls
    assign(frame, _=expression)
    notes.touched.clear()  # assign itself reads only the columns of the expression
    return frame.captured


def trace_query(
    text: str,
    empty: pd.DataFrame,
    notes: TraceNotes,
    *,
    local_dict: Mapping[str, Any],
    global_dict: Mapping[str, Any],
) -> Any:
    """Trace a query string with pandas' parser, and return the result."""
    # The only private import: how pandas spells a name in backticks.
    from pandas.core.computation.parsing import clean_column_name  # type: ignore[import-not-found]  # has no stubs

    notes.in_query = True
    notes.named = {
        value: isinstance(value, int | float)
        for name in re.findall(r"@(\w+)", text)
        if isinstance(value := local_dict.get(name, global_dict.get(name)), Real)
    }
    names = {clean_column_name(name): Tracer(Column(name), empty[name], notes) for name in empty.columns}
    return pd.eval(
        text,
        parser="pandas",
        engine="python",
        level=1,  # not the top of the stack, where pandas rejects @names; both dictionaries are passed
        local_dict=Names(local_dict),
        global_dict=Names(global_dict),
        resolvers=[{"index": _Rows(), "ilevel_0": _Rows()}, names],
    )


class FrameTracer:
    """Record column access in place of the frame that ``assign`` or a function of a query receives.

    Parameters
    ----------
    empty
        Zero rows of the schema.
    notes
        Where to note what was met.
    """

    __slots__ = ("_empty", "_notes", "captured")

    def __init__(self, empty: pd.DataFrame, notes: TraceNotes) -> None:
        self._empty = empty
        self._notes = notes
        self.captured: Any = None

    def copy(self, deep: bool = True) -> FrameTracer:  # noqa: ARG002, FBT001, FBT002 - the signature of DataFrame.copy
        """Return itself: assign works on a copy."""
        return self

    @property
    def columns(self) -> pd.Index[Any]:
        """The columns of the schema."""
        self._notes.touched.update(self._empty.columns)
        return self._empty.columns

    def __getitem__(self, name: Hashable) -> Tracer:
        if not isinstance(name, str) or name not in self._empty.columns:
            if isinstance(name, str):
                raise KeyError(name)
            raise UntraceableError("a selection of several columns, or of rows")
        self._notes.touched.add(name)
        return Tracer(Column(name), self._empty[name], self._notes)

    def __setitem__(self, name: str, value: Any) -> None:
        self.captured = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._empty.columns and not hasattr(pd.DataFrame, name):
            return self[name]
        if hasattr(pd.DataFrame, name):
            raise UntraceableError(f"the frame's own .{name}")
        raise AttributeError(f"'DataFrame' object has no attribute {name!r}")

    def __len__(self) -> int:
        raise UntraceableError("len() of the frame")


class _Rows:
    """Represents the index, which exists only when every row is fetched."""

    def __getattr__(self, name: str) -> Any:
        raise UntraceableError("the index is known only when every row is here")
