"""What a trace notes beside the tree, and the error that ends one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class UntraceableError(Exception):
    """The expression does something a tracer cannot follow; it is evaluated locally instead."""


@dataclass(slots=True)
class TraceNotes:
    """What was met while tracing.

    Parameters
    ----------
    coerced
        A literal was read where pandas would have raised, so the tree and not the original is evaluated.
    once
        A value of the caller's was met that can be read only once, and it has been; the tree keeps what it held.
    touched
        The columns that a function took from the frame, or saw there, though nothing may have been made of them;
        those that an answer is judged on may be fewer.
    warnings
        Known traps of pandas in the expression, with their cures.
    in_query
        Whether the expression is a query string.
    named
        Numbers that a query string names with ``@``, each with whether it is one of Python's own.
    """

    coerced: bool = False
    once: bool = False
    touched: set[str] = field(default_factory=set)
    warnings: list[str] | None = None
    in_query: bool = False
    named: Mapping[Any, bool] = field(default_factory=dict)

    def reads_as_date(self, value: Any) -> bool:
        """Tell whether pandas would take a value beside a time for a date: a written number, or one of Python's own.

        In a query ``-5`` is an operator on a number, which pandas leaves alone.
        """
        if not self.in_query or not isinstance(value, int | float):
            return self.in_query
        return self.named.get(value, value >= 0)

    def warn(self, text: str) -> None:
        """Keep a warning, once."""
        self.warnings = [*dict.fromkeys([*(self.warnings or []), text])]
