"""Tell changes that a drawing makes in widgets from changes that the user makes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Drawing:
    """Remembers which thread draws.

    A widget reports every change of its value, whoever made it. What the drawing thread changes is not the user's
    input; what another thread reports meanwhile is. Only one thread draws at a time: the store sees to it.
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
