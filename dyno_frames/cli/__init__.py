"""The command line: one command per verb, and exit codes that a script can act on."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        What stands behind ``dyno-frames``; by default, what this process was started with.

    Returns
    -------
    int
        0 done, 1 the server or the network failed, 2 the command or the query is wrong, or a file cannot be read
        or written, 3 an action's outcome is unknown, 4 the answer is incomplete.

    Examples
    --------
    >>> from dyno_frames.cli import main
    >>> main(["count", "senders"])
    2
    """
    from dyno_frames.cli.program import run

    return int(run(arguments))
