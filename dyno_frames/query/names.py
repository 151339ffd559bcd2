"""Variables of the calling code that a query can use. Tracebacks do not show their values."""

from __future__ import annotations

from typing import Any, Self


class Names(dict[str, Any]):
    """Variables by name, with a repr that shows only their number, because tracebacks with locals print mappings.

    Examples
    --------
    >>> Names(password="secret")
    <1 names>
    """

    def __repr__(self) -> str:
        return f"<{len(self)} names>"

    def copy(self) -> Self:
        """Return a copy of the same class; pandas copies the mapping."""
        return type(self)(self)
