"""Variables of the calling code that a query can name. Tracebacks do not show their values."""

from __future__ import annotations

from typing import Any, Self


class Names(dict[str, Any]):
    """Variables by name that show as their number: a traceback with locals prints every mapping it meets.

    Examples
    --------
    >>> Names(password="secret")
    <1 names>
    """

    def __repr__(self) -> str:
        return f"<{len(self)} names>"

    def copy(self) -> Self:
        """Return a copy that shows as little; pandas makes one."""
        return type(self)(self)
