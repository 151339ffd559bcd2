"""The notes of a trace, such as warnings, and the error for an expression that cannot be traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class UntraceableError(Exception):
    """The expression cannot be traced; it is evaluated locally instead."""


@dataclass(slots=True)
class TraceNotes:
    """What tracing found.

    Parameters
    ----------
    coerced
        Whether a literal was coerced that pandas would reject, so that the tree is evaluated instead of the original.
    once
        Whether an iterator was read, so that only the tree has its values.
    touched
        The columns that a function read from the frame. The expression may depend on fewer columns.
    warnings
        Known pitfalls of pandas in the expression, with remedies.
    in_query
        Whether the expression is a query string.
    named
        Numeric variables in a query string, each with whether it is an int or a float of Python.
    """

    coerced: bool = False
    once: bool = False
    touched: set[str] = field(default_factory=set)
    warnings: list[str] | None = None
    in_query: bool = False
    named: Mapping[Any, bool] = field(default_factory=dict)

    def reads_as_date(self, value: Any) -> bool:
        """Return whether pandas would read a number that is compared with a time as a date.

        In a query ``-5`` is an operator on a number, which pandas does not convert.
        """
        if not self.in_query or not isinstance(value, int | float):
            return self.in_query
        return self.named.get(value, value >= 0)

    def warn(self, text: str) -> None:
        """Add a warning, unless it was added before."""
        self.warnings = [*dict.fromkeys([*(self.warnings or []), text])]
