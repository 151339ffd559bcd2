"""A field of a resource: its name, what it holds, and who may set it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

OnInvalid: TypeAlias = Literal["raise", "null"]
"""What to do with a value outside its column's type: raise an error that names it, or make it null."""


class Wire(StrEnum):
    """How a value stands in JSON, which decides the operators a filter may use."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OTHER = "other"


class Kind(StrEnum):
    """What a field means, which decides its dtype in a frame."""

    KEY = "key"
    STRING = "string"
    STATUS = "status"
    TIME = "time"
    COUNT = "count"
    INTEGER = "integer"
    FLOAT = "float"
    FLAG = "flag"
    JSON = "json"


_WIRE = {
    Kind.KEY: Wire.STRING,
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
        The name on the wire and in a frame.
    kind
        What it holds. Times are epoch numbers, UTC, on the wire.
    nullable
        Whether an answer may hold null here.
    server_set
        Whether only the server sets it: a create or update that names it is refused.
    per_second
        How many units of a time on the wire make a second: 1 by the contract, 1000 for milliseconds.
    """

    name: str
    kind: Kind
    nullable: bool = True
    server_set: bool = False
    per_second: int = 1

    @property
    def wire(self) -> Wire:
        """How a value of it stands in JSON."""
        return _WIRE[self.kind]
