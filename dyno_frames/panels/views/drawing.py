"""Tell changes that a drawing makes in widgets from changes that the user makes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Drawing:
    """Remembers which thread draws.

    A widget reports every change of its value. Changes by the drawing thread are not the user's input; changes that
    another thread reports meanwhile are. The store ensures that only one thread draws at a time.
    """

    def __init__(self) -> None:
        self._thread = 0

    @property
    def here(self) -> bool:
        """Whether the calling thread is drawing."""
        return self._thread == threading.get_ident()

    @contextmanager
    def by_this_thread(self) -> Iterator[None]:
        """Mark the calling thread as the one that draws."""
        before, self._thread = self._thread, threading.get_ident()
        try:
            yield
        finally:
            self._thread = before
