"""The buttons of the campaign panel, as a table: every view draws all of them, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dyno_frames.contract.lifecycle import Action
from dyno_frames.panels.campaigns.actions import ActionChosen, BulkActionChosen, PanelAction
from dyno_frames.panels.campaigns.campaign import action_name
from dyno_frames.panels.campaigns.rules import (
    BULK_ACTIONS,
    IRREVERSIBLE,
    bulk_disabled_reason,
    disabled_reason,
)
from dyno_frames.panels.campaigns.state import State


@dataclass(frozen=True, slots=True)
class Button:
    """A button.

    Parameters
    ----------
    key
        Identifies the button in views.
    label
        Its text. Three dots mean that a form or a review follows; ``{selected}`` is the number of selected campaigns.
    action
        What a click dispatches.
    disabled_reason
        Returns why it cannot be pressed now. Empty if it can.
    """

    key: str
    label: str
    action: PanelAction
    disabled_reason: Callable[[State], str]

    @property
    def name(self) -> str:
        """The label without its dots."""
        return self.label.rstrip("…")

    @property
    def irreversible(self) -> bool:
        """Whether no other action reverses what a click leads to."""
        action = self.action
        return isinstance(action, ActionChosen | BulkActionChosen) and action.action in IRREVERSIBLE

    def text(self, state: State) -> str:
        """Return the label for a state."""
        number = len(state.selected_ids)
        selected = f"{number} selected campaign{'' if number == 1 else 's'}" if number else "selected"
        return self.label.format(selected=selected)


def _for_action(action: Action, label: str) -> Button:
    return Button(action.value, label, ActionChosen(action), lambda state: disabled_reason(state, action))


def _for_selected(action: Action) -> Button:
    label = f"{action_name(action)} {{selected}}…"
    return Button(
        action.value, label, BulkActionChosen(action), lambda state: bulk_disabled_reason(state, action)
    )


BUTTONS = (
    _for_action(Action.START, "Start or schedule…"),
    _for_action(Action.PAUSE, "Pause"),
    _for_action(Action.RESUME, "Resume…"),
    _for_action(Action.UPDATE_AND_RESUME, "Update and resume…"),
    _for_action(Action.RESCHEDULE, "Reschedule…"),
    _for_action(Action.CANCEL_SCHEDULE, "Cancel schedule…"),
    _for_action(Action.STOP, "Stop…"),
)
"""The buttons for the open campaign."""

BULK_BUTTONS = tuple(_for_selected(action) for action in BULK_ACTIONS)
"""The buttons for the selected campaigns."""

_BY_KEY = {button.key: button for button in BUTTONS}
_BULK_BY_KEY = {button.key: button for button in BULK_BUTTONS}


def main_button(state: State) -> Button | None:
    """Return the button of the most useful action that is possible now, which views emphasize."""
    return next((one for one in BUTTONS if not one.irreversible and not one.disabled_reason(state)), None)


def button(key: str) -> Button:
    """Return the button of a key for the open campaign. Raises KeyError if there is none."""
    return _BY_KEY[key]


def bulk_button(key: str) -> Button:
    """Return the button of a key for the selected campaigns. Raises KeyError if there is none."""
    return _BULK_BY_KEY[key]
