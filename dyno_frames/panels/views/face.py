"""What every panel in a notebook has beside its looks: a control, a journal, and what is left without a kernel."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pandas as pd

from dyno_frames.panels import actions as on
from dyno_frames.panels.control import CampaignControl
from dyno_frames.panels.state import State
from dyno_frames.panels.views import text


class Face(ipywidgets.DOMWidget):  # type: ignore[misc]  # ipywidgets has no types
    """A panel over a control."""

    _control: CampaignControl

    def _draw(self, state: State) -> None:
        """Show a state."""
        raise NotImplementedError

    def _show_failure(self, word: str, sentence: str) -> None:
        """Show that the panel itself failed."""
        raise NotImplementedError

    def _redraw(self, state: State) -> None:
        """Show a state, or that it cannot be shown: the caller is the store, which has nobody to tell."""
        try:
            self._draw(state)
        except Exception as error:  # noqa: BLE001 - nobody else would show it
            self._failed(error)

    def _dispatch(self, action: on.PanelAction) -> None:
        """Pass on what the user did."""
        try:
            self._control.dispatch(action)
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        kind = type(error).__name__  # its words may quote anything
        self._show_failure("Failed", f"the panel itself failed ({kind}); look before you act.")

    @property
    def control(self) -> CampaignControl:
        """The panel without its screen, for scripts; print it to read where it stands."""
        return self._control

    @property
    def journal(self) -> pd.DataFrame:
        """What was done to these campaigns: one row per action, with its outcome."""
        return self._control.journal

    def close(self) -> None:
        """Stop watching and remove the panel."""
        control: CampaignControl | None = getattr(self, "_control", None)
        if control is not None:
            control.close()
        super().close()

    def __repr__(self) -> str:
        return "\n".join(text.lines(self._control.state))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        formats, *rest = bundle if isinstance(bundle, tuple) else (bundle,)
        if formats is None:
            return bundle
        filled = {
            **formats,
            "text/plain": repr(self),
            "text/html": text.static_html(self._control.state),
        }
        return (filled, *rest) if rest else filled
