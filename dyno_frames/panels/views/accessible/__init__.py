"""The campaign panel for keyboards and screen readers, or the line that installs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dyno_frames.errors import MissingExtraError

if TYPE_CHECKING:
    from dyno_frames.panels.views.accessible.panel import AccessiblePanel
else:
    try:
        from dyno_frames.panels.views.accessible.panel import AccessiblePanel
    except ModuleNotFoundError as missing:
        if missing.name != "anywidget":
            raise

        class AccessiblePanel:
            """Raises :class:`MissingExtraError`, because anywidget is not installed."""

            def __init__(self, *_subject: Any, **_options: Any) -> None:
                raise MissingExtraError.of("anywidget", "anywidget")


__all__ = ["AccessiblePanel"]
