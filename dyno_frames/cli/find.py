"""``dyno-frames find``: print the rows that match a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dyno_frames.cli import options
from dyno_frames.cli.forms import on_terminal, print_frame

if TYPE_CHECKING:
    import pandas as pd

    from dyno_frames.scan.scan import Scan

PAGE_ROWS = 50
"""How many rows a terminal shows, unless --limit is given."""

EXAMPLE = (
    "Example: dyno-frames find campaigns --where \"status == 'finished'\" --columns name,opens --limit 20"
)


@click.command(epilog=EXAMPLE)
@options.resource
@options.where
@options.shape
@options.form
@options.allow_incomplete
@options.account
def find(
    *,
    resource: str,
    where: str | None,
    descending: bool,
    strict: bool,
    form: str,
    formulas: bool,
    limit: int | None,
    url: str | None,
    api_key: str | None,
    **shape: Any,
) -> None:
    """Print the rows that match a query.

    A table on a terminal shows the first 50 rows, unless --limit is given.
    """
    paged = limit is None and form == "table" and on_terminal()
    query = {"ascending": not descending, "strict": strict, "scope": options.NO_NAMES, **shape}
    with options.connected(url, api_key) as client:
        verbs = getattr(client, resource)
        frame = verbs.find(where, limit=PAGE_ROWS if paged else limit, **query)
        note = _note(frame, verbs.scan(where, **query)) if paged and len(frame) == PAGE_ROWS else ""
    print_frame(frame, form, formulas=formulas, note=note)


def _note(frame: pd.DataFrame, whole: Scan) -> str:
    """Return how many rows there are, if the server can count them."""
    if not whole.plan.exact:
        return f"the first {len(frame)} rows; use --limit N or --format csv for more"
    rows = whole.count()
    if rows <= len(frame):
        return ""
    return f"{len(frame)} of {rows:,} rows; use --limit {rows} or --format csv for all"
