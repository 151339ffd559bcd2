"""What limits the requests of several processes together: a session asks before it sends each request."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Limiter(Protocol):
    """Limits how many requests are sent at once and per second."""

    def slot(self) -> AbstractContextManager[None]:
        """Wait until a request may be sent; the request ends with the context."""

    def slow_down(self, seconds: float) -> None:
        """Note that the server asked for a pause, in seconds, which is for all processes."""
