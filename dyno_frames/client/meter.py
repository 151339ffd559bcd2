"""How far a campaign is while it is waited for, as a bar for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def meter(progress: bool | None, *, what: str) -> Iterator[Callable[[Mapping[str, Any]], None]]:  # noqa: FBT001 - the public argument itself
    """Show readings of a campaign as a tqdm bar of messages sent, with their rate.

    Parameters
    ----------
    progress
        True shows it, False does not, None does in a terminal or a notebook.
    what
        What is waited for.

    Yields
    ------
    callable
        Takes a campaign as it was read.
    """
    from tqdm.auto import tqdm

    disable = None if progress is None else not progress
    with tqdm(desc=what, unit=" sent", disable=disable) as bar:

        def show(row: Mapping[str, Any]) -> None:
            sent, recipients = row.get("sent"), row.get("recipients")
            bar.total = recipients if isinstance(recipients, int) and recipients else None
            if isinstance(sent, int):
                if bar.n == 0:
                    bar.initial = sent  # what was sent before is no part of the rate
                bar.n = sent
            bar.set_postfix_str(str(row.get("status")), refresh=False)
            bar.refresh()

        yield show
