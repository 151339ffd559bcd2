"""What both campaign panels have in common: a control, a journal, and a static form."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pandas as pd

from dyno_frames.panels.campaigns.actions import PanelAction
from dyno_frames.panels.campaigns.control import CampaignControl
from dyno_frames.panels.campaigns.plain_text import summary
from dyno_frames.panels.campaigns.state import State
from dyno_frames.panels.views.static_html import campaign_panel_html, with_static_forms


class PanelMixin(ipywidgets.DOMWidget):  # type: ignore[misc]  # ipywidgets has no types
    """A widget that shows a :class:`CampaignControl`."""

    _control: CampaignControl

    @property
    def control(self) -> CampaignControl:
        """The panel without its screen, for scripts. Print it to see its state."""
        return self._control

    @property
    def journal(self) -> pd.DataFrame:
        """The actions sent for these campaigns, one row per action, with its outcome."""
        return self._control.journal

    def close(self) -> None:
        """Stop watching and remove the panel."""
        control: CampaignControl | None = getattr(self, "_control", None)
        if control is not None:
            control.close()
        super().close()

    def _draw(self, state: State) -> None:
        """Show a state."""
        raise NotImplementedError

    def _show_failure(self, word: str, sentence: str) -> None:
        """Show that the panel itself failed."""
        raise NotImplementedError

    def _redraw(self, state: State) -> None:
        """Show a state, or that it cannot be shown."""
        try:
            self._draw(state)
        except Exception as error:  # noqa: BLE001 - the store that calls this has no screen
            self._failed(error)

    def _dispatch(self, action: PanelAction) -> None:
        """Apply what the user did."""
        try:
            self._control.dispatch(action)
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        kind = type(error).__name__  # the message may quote a key or an address
        self._show_failure("Failed", f"the panel itself failed ({kind}); check the campaign before you act.")

    def __repr__(self) -> str:
        return summary(self._control.state)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        return with_static_forms(bundle, repr(self), campaign_panel_html(self._control.state))
