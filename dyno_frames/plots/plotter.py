"""The plots of a frame, ``df.dyno.plot``; matplotlib is imported with the first plot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, repr=False)
class Plotter:
    """Plots of a frame of campaigns. Each method returns Axes, with the plotted numbers in ``.data``.

    The API reports how many opened and clicked, but not when, so there is no plot of engagement after sending.

    Parameters
    ----------
    frame
        The campaigns. The frame is not changed.
    list_names
        Returns the name of each list by its id. A plot of lists calls it if the frame has no
        ``list_name`` (default: the lists are labelled by their ids).

    Examples
    --------
    >>> Plotter(sent).funnel()  # doctest: +SKIP
    """

    frame: pd.DataFrame
    list_names: Callable[[], Mapping[str, str]] | None = None

    def __repr__(self) -> str:
        fields = type(self).__dataclass_fields__
        names = ", ".join(
            f".{name}()" for name in dir(type(self)) if not name.startswith("_") and name not in fields
        )
        return f"<plots of {len(self.frame):,} rows: {names}>"

    def funnel(self, *, ax: Axes | None = None) -> Axes:
        """Draw sent, delivered, opened, clicked and lost messages; see :func:`funnel.funnel`."""
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
        """Draw a rate, or the number of campaigns, by weekday and hour; see :func:`send_times.send_times`."""
        from dyno_frames.plots.send_times import send_times

        return send_times(self.frame, metric=metric, ax=ax)

    def calendar(self, *, ax: Axes | None = None) -> Axes:
        """Draw the send times per list; see :func:`calendar.calendar`."""
        from dyno_frames.plots.calendar import calendar

        return self._by_list(calendar, ax)

    def list_health(self, *, ax: Axes | None = None) -> Axes:
        """Draw bounces, unsubscribes and complaints per list; see :func:`list_health.list_health`."""
        from dyno_frames.plots.list_health import list_health

        return self._by_list(list_health, ax)

    def _by_list(self, plot: Callable[..., Axes], ax: Axes | None) -> Axes:
        from dyno_frames.plots.mailing_lists import with_list_names
        from dyno_frames.plots.theme import add_notes

        named, notes = with_list_names(self.frame, self.list_names)
        drawn = plot(named, ax=ax)
        add_notes(drawn, notes)
        return drawn
