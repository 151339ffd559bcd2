"""What ``df.dyno.plot`` is: the pictures of one frame, loaded only when one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, repr=False)
class Plotter:
    """The pictures of a frame of campaigns; each returns Axes with the numbers drawn in ``.data``.

    The API tells how many opened and clicked, not when, so there is no picture of engagement by hours after sending.

    Parameters
    ----------
    frame
        Campaigns; it is read and never changed.

    Examples
    --------
    >>> Plotter(sent).funnel()  # doctest: +SKIP
    """

    frame: pd.DataFrame

    def __repr__(self) -> str:
        names = ", ".join(
            f".{name}()" for name in dir(type(self)) if not name.startswith("_") and name != "frame"
        )
        return f"<pictures of {len(self.frame):,} rows: {names}>"

    def funnel(self, *, ax: Axes | None = None) -> Axes:
        """Draw sent, delivered, opened, clicked, and what was lost; see :func:`funnel.funnel`."""
        from dyno_frames.plots.funnel import funnel

        return funnel(self.frame, ax=ax)

    def timeline(
        self,
        *,
        metrics: str | Sequence[str] = ("open_rate", "click_rate"),
        freq: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw rates or volumes over time; see :func:`timeline.timeline`."""
        from dyno_frames.plots.timeline import timeline

        return timeline(self.frame, metrics=metrics, freq=freq, ax=ax)

    def compare(self, *, metric: str = "click_rate", limit: int = 20, ax: Axes | None = None) -> Axes:
        """Draw one rate per campaign with its interval; see :func:`compare.compare`."""
        from dyno_frames.plots.compare import compare

        return compare(self.frame, metric=metric, limit=limit, ax=ax)

    def send_times(self, *, metric: str = "click_rate", ax: Axes | None = None) -> Axes:
        """Draw a rate, or how many, by weekday and hour of sending; see :func:`send_times.send_times`."""
        from dyno_frames.plots.send_times import send_times

        return send_times(self.frame, metric=metric, ax=ax)

    def calendar(self, *, ax: Axes | None = None) -> Axes:
        """Draw what went to which list when; see :func:`calendar.calendar`."""
        from dyno_frames.plots.calendar import calendar

        return calendar(self.frame, ax=ax)

    def list_health(self, *, ax: Axes | None = None) -> Axes:
        """Draw bounces, unsubscribes and complaints per list; see :func:`list_health.list_health`."""
        from dyno_frames.plots.list_health import list_health

        return list_health(self.frame, ax=ax)
