"""``df.dyno``: the queries, exports, panels and plots of a frame that came from an account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from dyno_frames.client.binding import caller
from dyno_frames.client.frame_queries import FrameQueries
from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.errors import SchemaError
from dyno_frames.frames.provenance import is_placeholder
from dyno_frames.query.query import Expression

if TYPE_CHECKING:
    from dyno_frames.export.dataset import Dataset
    from dyno_frames.panels.views.accessible import AccessiblePanel
    from dyno_frames.panels.views.widgets.builder import QueryBuilder
    from dyno_frames.panels.views.widgets.panel import CampaignPanel
    from dyno_frames.plots.plotter import Plotter


class DynoAccessor(FrameQueries):
    """Queries, exports, panels and plots of a frame that is bound to an account.

    Queries (``query``, ``[]``, ``count``, ``head``, ``groupby`` and others) read all campaigns, lists or templates of
    the account, not only the rows of the frame. ``refresh``, ``to_parquet`` and ``certificate`` belong to the query
    that returned the frame, and apply to that frame only. ``panel`` and ``plot`` use the rows of the frame.

    Parameters
    ----------
    frame
        The frame; its ``attrs["dyno"]`` is the account and the query that it comes from.

    Examples
    --------
    >>> campaigns = client.campaigns.frame()  # doctest: +SKIP
    >>> campaigns.dyno.query("status == 'finished' and opens > 100")  # doctest: +SKIP
    >>> campaigns.dyno[lambda c: c.subject.str.contains("sale")]  # doctest: +SKIP
    """

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("_")]

    def to_parquet(
        self,
        path: str | Path,
        *,
        partition_by: str | Sequence[str] | None = None,
        mode: str = "overwrite",
        max_rows_per_file: int = 1_000_000,
        compression: str = "zstd",
        progress: bool | None = None,
    ) -> Dataset:
        """Send the frame's query again and write its rows as Parquet as they come.

        The rows of the frame itself are not written: a frame whose rows, order or columns pandas changed is refused.

        Parameters
        ----------
        path
            A file if the name ends in ``.parquet``, else a dataset of versions, or a URL.
        partition_by, mode, max_rows_per_file, compression
            As in :func:`dyno_frames.export.write.write`.
        progress
            As in :meth:`query`.

        Returns
        -------
        Dataset
            The path, counts and certificate of the written data.

        Raises
        ------
        QueryError
            pandas changed the rows of the frame, their order, its values or its columns; or the query uses something
            that cannot be stored, such as a function of your own. Nothing was sent.

        Examples
        --------
        >>> sent.dyno.to_parquet("sent.parquet")  # doctest: +SKIP
        Dataset('sent.parquet', 212 rows, exact)
        """
        by_scan = ".dyno.scan(…).to_parquet(…)"
        scan = self._again(
            f"write it with {by_scan}",
            changed=f"Write these rows with frame.to_parquet(…), or the rows of a query with {by_scan}",
        )
        written: Dataset = scan.to_parquet(
            path,
            partition_by=partition_by,
            mode=mode,
            max_rows_per_file=max_rows_per_file,
            compression=compression,
            progress=progress,
        )
        return written

    @overload
    def panel(self, *, accessible: Literal[False] = ...) -> CampaignPanel: ...

    @overload
    def panel(self, *, accessible: Literal[True]) -> AccessiblePanel: ...

    @overload
    def panel(self, *, accessible: bool) -> CampaignPanel | AccessiblePanel: ...

    def panel(self, *, accessible: bool = False) -> CampaignPanel | AccessiblePanel:
        """Return a panel that controls these campaigns from the notebook, running ones first.

        The panel of a frame that pandas narrowed, such as ``sent.head(3)``, controls the campaigns that are left. The
        panel of ``client.campaigns.frame()`` fetches and controls every campaign of the account.

        Parameters
        ----------
        accessible
            Whether to return the panel for keyboards and screen readers, which needs anywidget.

        Raises
        ------
        SchemaError
            The frame has no campaigns, or no column ``id``.
        MissingExtraError
            anywidget is not installed.

        Examples
        --------
        >>> sent.dyno.panel()  # doctest: +SKIP
        >>> client.campaigns.frame().dyno.panel()  # doctest: +SKIP
        """
        from dyno_frames.panels.campaigns.campaign import COLUMNS

        origin = self._origin
        if origin.resource != "campaigns" or "id" not in self._frame.columns:
            raise SchemaError(
                f"a panel needs campaigns with their id; this frame holds {origin.resource} with the columns "
                f"{', '.join(map(str, self._frame.columns))}"
            )
        frame = self.query(None, columns=COLUMNS) if is_placeholder(self._frame) else self._frame
        if accessible:
            from dyno_frames.panels.views.accessible import AccessiblePanel

            return AccessiblePanel(self._client, frame)
        from dyno_frames.panels.views.widgets.panel import CampaignPanel

        return CampaignPanel(self._client, frame)

    def builder(self, expr: Expression = None) -> QueryBuilder:
        """Return a query builder: conditions as widgets, which show their query and the number of its rows.

        Parameters
        ----------
        expr
            The query to start with (default: the query of this frame).

        Returns
        -------
        QueryBuilder
            ``.query`` is the query as text, ``.frame`` the rows that were fetched last.

        Raises
        ------
        QueryError
            The query is not valid, or cannot be written as text.

        Examples
        --------
        >>> campaigns.dyno.builder("status == 'finished' and opens > 1000")  # doctest: +SKIP
        """
        from dyno_frames.panels.views.widgets.builder import QueryBuilder

        begun = self._origin if expr is None else expr
        return QueryBuilder(self._resource, begun, scope=caller(1))

    @property
    def plot(self) -> Plotter:
        """Plots of these campaigns: ``.plot.funnel()``, ``.plot.timeline()`` and others."""
        from dyno_frames.plots.plotter import Plotter

        return Plotter(self._frame, self._list_names)

    def _list_names(self) -> dict[str, str]:
        lists = self._client.lists.find(columns=[ID_FIELD, "name"], progress=False)
        return dict(zip(lists[ID_FIELD], lists["name"], strict=True))
