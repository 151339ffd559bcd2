"""The message about a name that is not a column, for queries, options and partitions."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def unknown_column(name: str, columns: Sequence[str], *, otherwise: str = "") -> str:
    """Return the message about a name that is not a column, with a similar one and all columns.

    Parameters
    ----------
    name
        The name.
    columns
        The columns.
    otherwise
        What else the name may be if it is not similar to a column.

    Examples
    --------
    >>> unknown_column("opnes", ["opens", "clicks"])
    "no column is called 'opnes'; did you mean 'opens'? (columns: opens, clicks)"
    >>> unknown_column("subject_line", ["opens", "clicks"])
    "no column is called 'subject_line' (columns: opens, clicks)"
    """
    near = difflib.get_close_matches(name, columns, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else otherwise
    return f"no column is called {name!r}{hint} (columns: {', '.join(columns)})"
