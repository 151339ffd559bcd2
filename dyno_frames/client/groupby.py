"""Group the rows of a query as ``DataFrame.groupby`` does, without keeping them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar, cast

import pandas as pd
import pyarrow as pa
from pandas.api.types import is_list_like

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.errors import QueryError
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.groups import MERGED_BY, PERIODS, GroupedRows, GroupKey, Part, parts_of
from dyno_frames.frames.provenance import ATTRIBUTE
from dyno_frames.frames.schema import Schema
from dyno_frames.query.options import check_column
from dyno_frames.query.trial import few_rows, refused
from dyno_frames.scan.scan import Scan

T = TypeVar("T", pd.DataFrame, "pd.Series[Any]")

ScanColumns: TypeAlias = Callable[[list[str]], Scan]
"""Returns the scan of a query with these columns."""

_EXPECTED = "expected functions by column, such as agg({'opens': 'sum'}) or agg(total=('opens', 'sum'))"


@dataclass(frozen=True, slots=True)
class _Output:
    """One column of the result."""

    column: str
    function: Any


class GroupBy:
    """The groups of the rows of a query; nothing is fetched before :meth:`agg` or :meth:`size`.

    Parameters
    ----------
    by
        A column, or a period of a time column such as ``"created:month"``, or a list of them.
    schema
        The columns of the resource.
    scan
        Returns the scan of the query with some columns.

    Raises
    ------
    QueryError
        ``by`` names no column, or no period of a time column.

    Examples
    --------
    >>> monthly = campaigns.dyno.groupby("created:month")  # doctest: +SKIP
    >>> monthly.agg(sent=("sent", "sum"), opens=("opens", "sum"))  # doctest: +SKIP
    """

    def __init__(self, by: str | Sequence[str], schema: Schema, scan: ScanColumns) -> None:
        self._keys = _keys(by, schema.columns)
        self._schema = schema
        self._scan = scan

    def __repr__(self) -> str:
        return f"GroupBy({', '.join(self._labels)})"

    def size(self) -> pd.Series[Any]:
        """Return the number of rows in each group, as ``DataFrame.groupby(by).size()`` does.

        Returns
        -------
        pandas.Series
            int64; the index has one level per key. Rows whose key is null are left out.
        """
        frame, rows = self._combined([], self._scan(self._columns([])))
        return _with_source(frame["rows"].rename(None).astype("int64"), rows)

    def agg(self, func: Mapping[str, Any] | None = None, /, **named: tuple[str, Any]) -> pd.DataFrame:
        """Return what ``DataFrame.groupby(by).agg(…)`` returns on the rows of the query.

        Parameters
        ----------
        func
            Functions by column: ``{"opens": "sum", "clicks": ["sum", "max"]}``.
        **named
            Columns of the result: ``total=("opens", "sum")``.

        Returns
        -------
        pandas.DataFrame
            The index has one level per key; a period is its first instant. Rows whose key is null are left out.

        Raises
        ------
        QueryError
            pandas would refuse the aggregation. Nothing was sent.

        Notes
        -----
        ``sum``, ``mean``, ``count``, ``min`` and ``max`` are computed while the rows stream, and memory does not grow
        with rows. For other functions, and for sums of floats, the columns that they read are kept until all rows
        have come.

        Examples
        --------
        >>> campaigns.dyno.groupby("status").agg({"opens": "sum"})  # doctest: +SKIP
        """
        outputs = _outputs(func, named, self._schema.columns)
        columns = self._columns([output.column for output in outputs])
        template = self._trial_result(outputs, func, named)
        parts = None if template is None else self._parts(outputs)
        if template is None or parts is None:
            table = self._scan(columns).to_arrow()
            return _with_source(
                _aggregated(self._with_periods(table), self._labels, func, named), table.num_rows
            )
        frame, rows = self._combined(parts, self._scan(columns))
        pairs = zip(outputs, template.dtypes, strict=True)
        values = [_merged_output(output, frame, parts).astype(dtype) for output, dtype in pairs]
        result = pd.concat(values, axis="columns")
        result.columns = template.columns
        return _with_source(result, rows)

    @property
    def _labels(self) -> list[str]:
        return [key.label for key in self._keys]

    def _columns(self, outputs: Sequence[str]) -> list[str]:
        return list(dict.fromkeys([*(key.column for key in self._keys), *outputs]))

    def _parts(self, outputs: Sequence[_Output]) -> list[Part] | None:
        """Return the partial results that the outputs need, or None if one needs every value."""
        found: dict[Part, None] = {}
        for output in outputs:
            parts = parts_of(output.function, self._schema.columns[output.column].kind)
            if parts is None:
                return None
            found |= {(output.column, part): None for part in parts}
        return list(found)

    def _with_periods(self, table: pa.Table) -> pd.DataFrame:
        """Return rows as a frame, with a column for each key that is a period."""
        fields = list(self._schema.select(table.schema.names).fields)
        for key in self._keys:
            if key.period is not None:
                table = table.append_column(key.label, key.values(table))
                fields.append(replace(self._schema.columns[key.column], name=key.label))
        return to_frame(table, replace(self._schema, fields=tuple(fields)))

    def _trial_result(
        self, outputs: Sequence[_Output], func: Any, named: Mapping[str, Any]
    ) -> pd.DataFrame | None:
        """Return the result of pandas on a few sample rows, for the labels and dtypes of the result.

        None if a function that the caller wrote raises an error on them.
        """
        columns = self._columns([output.column for output in outputs])
        few = few_rows(self._schema.select(columns).empty())
        few = few.assign(**{key.label: few[key.column] for key in self._keys})
        try:
            return _aggregated(few, self._labels, func, named)
        except Exception as error:
            if not all(isinstance(output.function, str) for output in outputs):
                return None
            raise QueryError(refused(f"groupby({self._labels}).agg(…)", error)) from error

    def _combined(self, parts: Sequence[Part], scan: Scan) -> tuple[pd.DataFrame, int]:
        """Return the partial results, one row per group with its keys in the index, and the number of rows read."""
        groups, rows = GroupedRows(self._keys, parts), 0
        for batch in scan.to_batches():
            groups.add(pa.Table.from_batches([batch]))
            rows += batch.num_rows
        known = self._schema.columns
        keys = [replace(known[key.column], name=f"k{at}") for at, key in enumerate(self._keys)]
        held = [_part_field(f"p{at}", known[column], part) for at, (column, part) in enumerate(parts)]
        schema = replace(self._schema, fields=(*keys, Field("rows", Kind.COUNT, nullable=False), *held))
        table = groups.result()
        frame = schema.empty() if table is None else to_frame(table, schema)
        merged = {"rows": "sum"} | {f"p{at}": MERGED_BY[part] for at, (_, part) in enumerate(parts)}
        combined = frame.groupby([key.name for key in keys]).agg(merged)
        combined.index = combined.index.set_names(self._labels)
        return combined, rows


def _part_field(name: str, source: Field, part: str) -> Field:
    if part == "count":
        return Field(name, Kind.COUNT, nullable=False)
    return replace(source, name=name)


def _merged_output(output: _Output, frame: pd.DataFrame, parts: Sequence[Part]) -> pd.Series[Any]:
    """Return one column of the result from the partial results."""
    found = {part: frame[f"p{at}"] for at, (column, part) in enumerate(parts) if column == output.column}
    if output.function != "mean":
        return found[output.function]
    count = found["count"]
    return (found["sum"].astype("Float64") / count).where(count > 0)


def _aggregated(frame: pd.DataFrame, labels: list[str], func: Any, named: Mapping[str, Any]) -> pd.DataFrame:
    groups = frame.groupby(labels)
    result: pd.DataFrame = groups.agg(func) if func is not None else groups.agg(**named)
    return result


def _with_source(result: T, rows: int) -> T:
    """Store on a result how many rows it was computed from."""
    result.attrs[ATTRIBUTE] = {"source": "rows", "rows": rows}
    return result


def _outputs(func: Any, named: Mapping[str, Any], fields: Mapping[str, Field]) -> list[_Output]:
    """Return the columns of the result."""
    if (func is None) == (not named) or (func is not None and (not isinstance(func, Mapping) or not func)):
        given = "nothing" if func is None and not named else "both" if named else repr(func)
        raise QueryError(f"agg() was given {given}; {_EXPECTED}")
    outputs = []
    for name, value in (func or {}).items():
        functions = list(value) if is_list_like(value) else [value]
        outputs += [_Output(name, function) for function in functions]
    for name, given in named.items():
        value = given
        if isinstance(given, pd.NamedAgg):
            column, function, *arguments = cast("Iterable[Any]", given)
            value = given if any(arguments) else (column, function)
        if not isinstance(value, tuple) or len(value) != 2:
            raise QueryError(
                f"agg({name}={value!r}); expected a column and a function, such as {name}=('opens', 'sum')"
            )
        outputs.append(_Output(*value))
    for output in outputs:
        check_column(output.column, fields, "agg")
    return outputs


def _keys(by: Any, fields: Mapping[str, Field]) -> list[GroupKey]:
    names = [by] if isinstance(by, str) else list(by) if is_list_like(by) else None
    if not names or not all(isinstance(name, str) for name in names):
        raise QueryError(
            f"by={by!r}; expected a column such as 'status', a period such as 'created:month', or a list of them"
        )
    return [_key(name, fields) for name in names]


def _key(name: str, fields: Mapping[str, Field]) -> GroupKey:
    column, _, period = name.rpartition(":")
    if name in fields or not column:
        check_column(name, fields, "by")
        if fields[name].kind is Kind.JSON:
            raise QueryError(
                f"by={name!r}: the column holds values of several types, which cannot be grouped"
            )
        return GroupKey(name)
    check_column(column, fields, "by")
    if period not in PERIODS or fields[column].kind is not Kind.TIME:
        raise QueryError(f"by={name!r}; expected a time column and one of the periods {', '.join(PERIODS)}")
    return GroupKey(column, period)
