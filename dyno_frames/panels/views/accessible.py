"""The panel for keyboards and screen readers, or what says how to install it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dyno_frames.errors import MissingExtraError

if TYPE_CHECKING:
    from dyno_frames.panels.views.onepage import AccessiblePanel
else:
    try:
        from dyno_frames.panels.views.onepage import AccessiblePanel
    except ModuleNotFoundError as missing:
        if missing.name != "anywidget":
            raise

        class AccessiblePanel:
            """Stands where anywidget is not installed."""

            def __init__(self, *_subject: Any, **_options: Any) -> None:
                raise MissingExtraError.of("anywidget", "anywidget")


__all__ = ["AccessiblePanel"]
