"""The schema of a resource on one server: the contract's fields and the server's extra fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, Literal, TypeAlias

import pandas as pd
import pyarrow as pa

from dyno_frames.contract.computed import Computed
from dyno_frames.contract.fields import Field, Kind
from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CREATED, ID_FIELD, RESOURCES, Resource
from dyno_frames.errors import SchemaError
from dyno_frames.frames.units import DECLARED_UNITS, with_units

DtypeBackend: TypeAlias = Literal["numpy_nullable", "pyarrow"] | None
"""As in pandas' readers; None means pandas' default dtypes. ``status`` is a category in all three."""

EXACT_IN_FLOAT = 2**53
"""The largest integer up to which a float holds every integer."""

_ARROW = {
    Kind.ID: pa.large_string(),
    Kind.STRING: pa.large_string(),
    Kind.STATUS: pa.large_string(),
    Kind.TIME: pa.timestamp("s", tz="UTC"),
    Kind.COUNT: pa.int64(),
    Kind.INTEGER: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.JSON: pa.large_string(),
}


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a resource on one server.

    Parameters
    ----------
    resource
        The resource's name.
    fields
        Its fields, in the order of a frame's columns.
    unseen
        Fields of the contract and declared fields that were seen in no row. Their columns are nullable and null.
    statuses
        Values of ``status`` outside the contract, sorted.
    dtype_backend
        Which family of dtypes a frame has.
    computed
        Columns that a query may read, order by or return although the API does not know them.
    """

    resource: str
    fields: tuple[Field, ...]
    unseen: frozenset[str] = frozenset()
    statuses: tuple[str, ...] = ()
    dtype_backend: DtypeBackend = None
    computed: tuple[Computed, ...] = ()

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        return {field.name: field for field in self.fields}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(field.name for field in self.fields)

    @property
    def columns(self) -> dict[str, Field]:
        """The fields and the computed columns by name; a field comes before a computed column of its name."""
        fields = self.by_name
        return fields | {one.name: one.field for one in self.computed if one.name not in fields}

    def with_computed(self, computed: Iterable[Computed]) -> Schema:
        """Return the schema with those of the computed columns that its fields allow."""
        names = set(self.names)
        possible = (
            column for column in computed if names.issuperset(column.reads) and column.name not in names
        )
        return replace(self, computed=tuple(possible))

    def read_for(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the fields to read for columns of which some are computed."""
        reads = {column.name: column.reads for column in self.computed}
        return tuple(dict.fromkeys(field for name in names for field in reads.get(name, (name,))))

    def select(self, names: Iterable[str]) -> Schema:
        """Return the schema of some of the columns, in the order given."""
        known = self.columns
        return replace(self, fields=tuple(known[name] for name in names))

    def with_fields(self, fields: Sequence[Field]) -> Schema:
        """Return the schema with more columns at the end."""
        return replace(self, fields=(*self.fields, *fields)) if fields else self

    def with_nulls(self) -> Schema:
        """Return the schema with nulls allowed in every column except ``id`` and ``created``."""
        fields = (field if field.name in _FIXED else replace(field, nullable=True) for field in self.fields)
        return replace(self, fields=tuple(fields))

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema of a record batch."""
        return pa.schema([pa.field(field.name, _ARROW[field.kind], field.nullable) for field in self.fields])

    def dtype(self, field: Field) -> Any:
        """Return the dtype of a field's column in a frame."""
        if field.kind is Kind.STATUS:
            return category((*map(str, Status), *self.statuses))
        if field.kind is Kind.JSON:
            return pd.api.types.pandas_dtype(object)
        if self.dtype_backend == "pyarrow":
            return pd.ArrowDtype(_pyarrow(field.kind))
        return _pandas(
            field.kind, nullable=field.nullable, nullable_strings=self.dtype_backend == "numpy_nullable"
        )

    @property
    def dtypes(self) -> dict[str, Any]:
        """The dtype of each field and computed column."""
        return {name: self.dtype(field) for name, field in self.columns.items()}

    def empty(self) -> pd.DataFrame:
        """Return zero rows with the full dtypes."""
        columns = {field.name: _no_values(self.dtype(field)) for field in self.fields}
        return pd.DataFrame(columns, index=pd.RangeIndex(0))


@lru_cache(maxsize=64)
def _no_values(dtype: Any) -> Any:
    """Return an array without values, cached because pandas takes longer to create it than to copy it."""
    return pd.Series(dtype=dtype).array


@lru_cache(maxsize=64)
def category(words: tuple[str, ...]) -> pd.CategoricalDtype:
    """Return the categorical dtype of these values, cached because pandas takes a millisecond to create one."""
    return pd.CategoricalDtype(list(words))


@cache
def _pyarrow(kind: Kind) -> pa.DataType:
    arrow = _ARROW[kind]
    return pa.string() if arrow == pa.large_string() else arrow


@cache
def _pandas(kind: Kind, *, nullable: bool, nullable_strings: bool) -> Any:
    match kind:
        case Kind.TIME:
            return pd.DatetimeTZDtype("s", "UTC")
        case Kind.COUNT | Kind.INTEGER:
            whole = nullable or nullable_strings
            return pd.Int64Dtype() if whole else pd.api.types.pandas_dtype("int64")
        case Kind.FLOAT:
            return pd.Float64Dtype()
        case Kind.FLAG:
            return pd.BooleanDtype()
        case _:
            return pd.StringDtype() if nullable_strings else pd.api.types.pandas_dtype("str")


def learn(
    resource: Resource,
    rows: Sequence[Mapping[str, Any]],
    *,
    declared: Mapping[str, Kind] | None = None,
    units: Mapping[str, int] | None = None,
    dtype_backend: DtypeBackend = None,
) -> Schema:
    """Return the schema of a resource on a server from a few of its rows.

    Parameters
    ----------
    resource
        The resource, with the contract's fields.
    rows
        Some unfiltered rows, as the server sent them; may be empty.
    declared
        Kinds that the caller declared. They take precedence over the rows.
    units
        Units of times that the caller declared, as :func:`declared_units` returns them.
    dtype_backend
        The dtypes of frames: None, ``"numpy_nullable"`` or ``"pyarrow"``.

    Raises
    ------
    SchemaError
        The unit of a time is not certain.
    """
    declared = declared or {}
    known = [_declared(_learnt(field, rows), declared) for field in resource.fields]
    names = list(dict.fromkeys(name for row in rows for name in row))
    names += [name for name in declared if name not in names]
    contract = set(resource.names)
    extra = [
        Field(name, declared[name]) if name in declared else learn_field(name, rows)
        for name in names
        if name not in contract
    ]
    unseen = {name for name in (*contract, *declared) if rows and not any(name in row for row in rows)}
    words = {str(row["status"]) for row in rows if isinstance(row.get("status"), str)} - set(map(str, Status))
    fields = with_units((*known, *extra), rows, units or {})
    return Schema(resource.name, fields, frozenset(unseen), tuple(sorted(words)), dtype_backend)


def _learnt(field: Field, rows: Sequence[Mapping[str, Any]]) -> Field:
    missing = any(row.get(field.name) is None for row in rows)
    return replace(field, nullable=True) if missing else field


def _declared(field: Field, declared: Mapping[str, Kind]) -> Field:
    kind = declared.get(field.name)
    if kind is None or field.name in _FIXED:
        return field
    return replace(field, kind=kind, nullable=True)


_FIXED = {ID_FIELD: (Kind.STRING, "known"), CREATED: (Kind.TIME, "ordered")}
"""The kinds that these fields can be declared as, and how the rows are used by them."""


def learn_field(name: str, rows: Sequence[Mapping[str, Any]]) -> Field:
    """Return a field outside the contract, with the type of its values in some rows."""
    values = [row[name] for row in rows if row.get(name) is not None]
    kinds = {_kind(value) for value in values}
    if kinds == {Kind.INTEGER, Kind.FLOAT} and all(
        isinstance(value, float) or abs(value) <= EXACT_IN_FLOAT for value in values
    ):
        return Field(name, Kind.FLOAT)
    return Field(name, kinds.pop() if len(kinds) == 1 else Kind.JSON)


_INT64 = range(-(2**63), 2**63)


def _kind(value: Any) -> Kind:
    match value:
        case bool():
            return Kind.FLAG
        case int():
            return Kind.INTEGER if value in _INT64 else Kind.JSON
        case float():
            return Kind.FLOAT
        case str():
            return Kind.STRING
        case _:
            return Kind.JSON


_DECLARED: dict[str, Kind] = {
    "str": Kind.STRING,
    "string": Kind.STRING,
    "int": Kind.INTEGER,
    "int64": Kind.INTEGER,
    "Int64": Kind.INTEGER,
    "float": Kind.FLOAT,
    "float64": Kind.FLOAT,
    "Float64": Kind.FLOAT,
    "bool": Kind.FLAG,
    "boolean": Kind.FLAG,
    "datetime": Kind.TIME,
    "datetime64[s, UTC]": Kind.TIME,
    **dict.fromkeys(DECLARED_UNITS, Kind.TIME),
    "object": Kind.JSON,
}
_BUILTIN = {str: "str", int: "int", float: "float", bool: "bool", object: "object"}


def declared_kinds(schema: Mapping[str, Any] | None, resource: str = "") -> dict[str, Kind]:
    """Return the kinds in a ``schema=`` argument, which maps field names to dtype names or Python types.

    Parameters
    ----------
    schema
        Types by field, for every resource; or, under the name of a resource, types by field for that resource.
    resource
        The resource whose fields are returned.

    Raises
    ------
    SchemaError
        A type is unknown, or ``id`` or ``created`` is declared as something else.

    Examples
    --------
    >>> declared_kinds({"score": float, "lists": {"tags": "object"}}, "campaigns")
    {'score': <Kind.FLOAT: 'float'>}
    """
    words = _words(schema, resource)
    not_names = [name for name in words if not isinstance(name, str)]
    if not_names:
        raise SchemaError(f"schema= has the keys {not_names}; expected names of fields")
    wrong = {name: word for name, word in words.items() if word not in _DECLARED}
    if wrong:
        raise SchemaError(f"schema= declares {wrong}; expected one of {', '.join(_DECLARED)} for each field")
    kinds = {name: _DECLARED[word] for name, word in words.items()}
    for name, (kind, used) in _FIXED.items():
        if kinds.get(name, kind) is not kind:
            raise SchemaError(
                f"schema= declares {name!r} as {words[name]!r}; rows are {used} by this field, so its type cannot be "
                "changed. Remove it from schema="
            )
    return kinds


def declared_units(schema: Mapping[str, Any] | None, resource: str = "") -> dict[str, int]:
    """Return the units of times in a ``schema=`` argument, in units per second by field.

    Parameters
    ----------
    schema, resource
        As for :func:`declared_kinds`.

    Examples
    --------
    >>> declared_units({"created": "epoch_ms", "score": float})
    {'created': 1000}
    """
    words = _words(schema, resource)
    return {name: DECLARED_UNITS[word] for name, word in words.items() if word in DECLARED_UNITS}


def _words(schema: Mapping[str, Any] | None, resource: str) -> dict[Any, str]:
    given: dict[Any, Any] = dict(schema or {})
    own = {name: given.pop(name) for name in RESOURCES if isinstance(given.get(name), Mapping)}
    given |= own.get(resource, {})
    return {
        name: _BUILTIN.get(word, str(word)) if isinstance(word, type) else str(word)
        for name, word in given.items()
    }
