"""The command line: one command per task, with exit codes for scripts."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        The arguments after ``dyno-frames`` (default: those of this process).

    Returns
    -------
    int
        The exit code: 0 success, 1 the server or the network failed, or the request was refused, 2 the command or the
        query is not valid, or a file cannot be read or written, 3 the outcome of a request is unknown, 4 the answer is
        incomplete, 130 a question was answered with no, or Ctrl-C.

    Examples
    --------
    >>> from dyno_frames.cli import main
    >>> main(["count", "senders"])
    2
    """
    from dyno_frames.cli.program import run

    return int(run(arguments))
