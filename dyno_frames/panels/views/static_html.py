"""Panels as HTML without scripts, for saved notebooks and pages without a kernel."""

from __future__ import annotations

from typing import Any

from dyno_frames.panels.campaigns.plain_text import HEADINGS, cells
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.runtime.words import counted
from dyno_frames.panels.views import markup


def with_static_forms(bundle: Any, text: str, html: str) -> Any:
    """Return a widget's MIME bundle with a text and an HTML form for places that cannot show widgets.

    Parameters
    ----------
    bundle
        What ``_repr_mimebundle_`` of ipywidgets returned: formats, or formats and metadata.
    text, html
        The two forms.
    """
    formats, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
    if formats is None:
        return bundle
    filled = {**formats, "text/plain": text, "text/html": html}
    return (filled, *metadata) if metadata else filled


def campaign_panel_html(state: State) -> str:
    """Return the visible campaigns of a panel as a table."""
    number = counted(len(state.rows), "campaign")
    head = f"<p>Control panel of {markup.text(number)}; run the cell to use it.</p>"
    return head + markup.table(HEADINGS, [cells(row) for row in state.visible])
