"""A field of a resource: name, type, and whether clients may set it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

OnInvalid: TypeAlias = Literal["raise", "null"]
"""What to do with a value outside its column's type: raise an error that names it, or make it null."""


class Wire(StrEnum):
    """The JSON type of a value, which decides the operators of a filter."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OTHER = "other"


class Kind(StrEnum):
    """The meaning of a field, which decides its dtype in a frame."""

    ID = "key"
    STRING = "string"
    STATUS = "status"
    TIME = "time"
    COUNT = "count"
    INTEGER = "integer"
    FLOAT = "float"
    FLAG = "flag"
    JSON = "json"


_WIRE = {
    Kind.ID: Wire.STRING,
    Kind.STRING: Wire.STRING,
    Kind.STATUS: Wire.STRING,
    Kind.TIME: Wire.NUMBER,
    Kind.COUNT: Wire.NUMBER,
    Kind.INTEGER: Wire.NUMBER,
    Kind.FLOAT: Wire.NUMBER,
    Kind.FLAG: Wire.BOOLEAN,
    Kind.JSON: Wire.OTHER,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Parameters
    ----------
    name
        The name in JSON and in a frame.
    kind
        The kind of its values. Times are epoch numbers in JSON.
    nullable
        Whether values may be null.
    server_set
        Whether only the server sets it; a create or update with it is rejected.
    per_second
        Units per second of a time in JSON: 1 by the contract, 1000 for milliseconds.
    """

    name: str
    kind: Kind
    nullable: bool = True
    server_set: bool = False
    per_second: int = 1

    @property
    def wire(self) -> Wire:
        """The JSON type of its values."""
        return _WIRE[self.kind]
