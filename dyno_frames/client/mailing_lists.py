"""``client.lists``: the six verbs, and a panel of how the lists grew."""

from __future__ import annotations

from typing import Any

from dyno_frames.client.resources import ResourceClient


class Lists(ResourceClient):
    """Lists of one server."""

    def panel(self) -> Any:
        """Return a panel of all lists for a notebook: how large each is, and how it grew over a year.

        Returns
        -------
        ListPanel
            A widget; ``.frame`` has its numbers.

        Examples
        --------
        >>> client.lists.panel()  # doctest: +SKIP
        ListPanel of 8 lists
        """
        return self.connection.extensions.list_panel(self.connection)
