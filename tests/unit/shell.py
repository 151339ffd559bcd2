"""Run cells in a shell of IPython, in a process of its own, and print what the user sees as JSON.

The cells come on the standard input: pairs of the log line at which Ctrl-C is pressed, or null, and the code.
"""

from __future__ import annotations

import io
import json
import logging
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


class CtrlC(logging.Handler):
    """Presses Ctrl-C once at a message of the transport's log."""

    start: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self.start and record.getMessage().startswith(self.start):
            self.start = None
            signal.raise_signal(signal.SIGINT)


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ctrl_c = CtrlC()
    logging.getLogger("dyno_frames.transport").addHandler(ctrl_c)
    logging.getLogger("dyno_frames.transport").setLevel(logging.DEBUG)
    config = Config()
    config.HistoryManager.enabled = False
    shell, shown = InteractiveShell.instance(config=config), []
    for start, cell in json.load(sys.stdin):
        ctrl_c.start = start
        with redirect_stdout(io.StringIO()) as output, redirect_stderr(output):
            shell.run_cell(cell, store_history=True)
        shown.append(output.getvalue())
    json.dump(shown, sys.stdout)


if __name__ == "__main__":
    main()
