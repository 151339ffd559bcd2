"""A progress bar of a campaign while a program waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def meter(progress: bool | None, *, what: str) -> Iterator[Callable[[Mapping[str, Any]], None]]:  # noqa: FBT001 - the public argument itself
    """Show the messages sent by a campaign, and their rate, as a tqdm bar.

    Parameters
    ----------
    progress
        Whether to show the bar (default: in a terminal or a notebook).
    what
        The status to wait for, in words.

    Yields
    ------
    callable
        Takes a row of the campaign.
    """
    from tqdm.auto import tqdm

    disable = None if progress is None else not progress
    with tqdm(desc=what, unit=" sent", disable=disable) as bar:

        def show(row: Mapping[str, Any]) -> None:
            sent, recipients = row.get("sent"), row.get("recipients")
            bar.total = recipients if isinstance(recipients, int) and recipients else None
            if isinstance(sent, int):
                if bar.n == 0:
                    bar.initial = sent  # messages sent before do not count for the rate
                bar.n = sent
            bar.set_postfix_str(str(row.get("status")), refresh=False)
            bar.refresh()

        yield show
