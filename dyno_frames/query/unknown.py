"""The message about a name that is not a column, for queries, options and partitions."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from dyno_frames.contract.masking import masked


def unknown_column(name: str, columns: Sequence[str], *, otherwise: str = "") -> str:
    """Return the message about a name that is not a column. It suggests a similar column and lists all columns.

    Parameters
    ----------
    name
        The name in the query.
    columns
        The names of all columns.
    otherwise
        Text to add if no column has a similar name.

    Examples
    --------
    >>> unknown_column("opnes", ["opens", "clicks"])
    "no column is called 'opnes'; did you mean 'opens'? (columns: opens, clicks)"
    >>> unknown_column("subject_line", ["opens", "clicks"])
    "no column is called 'subject_line' (columns: opens, clicks)"
    """
    near = difflib.get_close_matches(name, columns, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else otherwise
    return f"no column is called {masked(name)!r}{hint} (columns: {', '.join(columns)})"
