"""The widgets that all panels are made of: buttons, lines, headings to sort by, and parts that open on request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import ipywidgets as widgets

from dyno_frames.panels.views import markup

TONES = {"main": "dyno-main", "danger": "dyno-danger"}
"""The style class of a button, by its tone. A quiet button has none."""


def style() -> widgets.HTML:
    """Return the widget that brings the style sheet into the page."""
    return widgets.HTML(markup.STYLE, layout={"display": "none"})


def button(label: str, press: Callable[[], None], *, tone: str = "", tooltip: str = "") -> widgets.Button:
    """Return a button.

    Parameters
    ----------
    label
        Its text.
    press
        Called for every click.
    tone
        How it looks: ``main``, ``danger`` or quiet (default).
    tooltip
        Shown while the mouse is over it.
    """
    made = widgets.Button(description=label, tooltip=tooltip or None)
    set_tone(made, tone)
    made.on_click(lambda _button: press())
    return made


def set_tone(made: widgets.Button, tone: str) -> None:
    """Change how a button looks."""
    for name, style_class in TONES.items():
        (made.add_class if name == tone else made.remove_class)(style_class)


def html(value: str = "", *classes: str) -> widgets.HTML:
    """Return a piece of HTML with style classes."""
    return classed(widgets.HTML(value), *classes)


def line(children: Iterable[widgets.Widget], *classes: str) -> widgets.Box:
    """Return widgets side by side; those that do not fit go to the next line."""
    return classed(widgets.Box(list(children)), "dyno-line", *classes)


def stack(children: Iterable[widgets.Widget], *classes: str) -> widgets.VBox:
    """Return widgets one below the other."""
    return classed(widgets.VBox(list(children)), "dyno-stack", *classes)


def classed(widget: widgets.Widget, *classes: str) -> widgets.Widget:
    """Add style classes to a widget and return it."""
    for one in classes:
        widget.add_class(one)
    return widget


def set_classes(widget: widgets.Widget, **wanted: bool) -> None:
    """Add or remove style classes; ``lost=True`` adds ``dyno-lost``."""
    for name, on in wanted.items():
        (widget.add_class if on else widget.remove_class)(f"dyno-{name}")


def nameless(widget: widgets.Widget, name: str) -> widgets.Widget:
    """Give a field a name for screen readers that takes no space."""
    widget.description = name
    return classed(widget, "dyno-nameless")


def show(widget: widgets.Widget, shown: object) -> None:
    """Show or hide a widget."""
    widget.layout.display = None if shown else "none"


def fold(title: str, body: widgets.Widget, *, is_open: bool = False) -> widgets.VBox:
    """Return a part that opens on request, and stays as it is while its content changes.

    The summary keeps Jupyter's single-letter shortcuts away, and the keyboard opens it.
    """
    summary = f'<summary data-lm-suppress-shortcuts="true">{markup.text(title)}</summary>'
    head = widgets.HTML(f"<details{' open' if is_open else ''}>{summary}</details>")
    return classed(widgets.VBox([head, body]), "dyno-fold")


class SortHeadings:
    """The headings of a table, as buttons.

    Parameters
    ----------
    columns
        For each column its key, its label, and whether its cells are numbers. A column without a key cannot be sorted.
    sort
        Receives the key of the heading that was clicked.
    corner
        Whether an empty heading comes first, above the checkboxes.
    """

    def __init__(
        self, columns: Iterable[tuple[str, str, bool]], sort: Callable[[str], None], *, corner: bool = False
    ) -> None:
        self._labels: dict[str, str] = {}
        self._buttons: dict[str, widgets.Button] = {}
        shown: list[widgets.Widget] = [html("<span></span>", "dyno-corner")] if corner else []
        for key, label, number in columns:
            if not key:
                shown.append(html(f'<div class="dyno-td dyno-quiet">{markup.text(label)}</div>'))
                continue
            made = button(label, partial(sort, key), tooltip=f"Sort by {label}")
            classed(made, "dyno-sort", *(["dyno-number"] if number else []))
            self._labels[key], self._buttons[key] = label, made
            shown.append(made)
        self.box = classed(widgets.Box(shown), "dyno-tr", "dyno-head-row")

    def draw(self, sorted_by: str, *, descending: bool) -> None:
        """Mark the column that the table is sorted by."""
        for key, made in self._buttons.items():
            arrow = (" ▼" if descending else " ▲") if key == sorted_by else ""
            made.description = f"{self._labels[key]}{arrow}"
            set_classes(made, sorted=key == sorted_by)


def close_all(box: widgets.Widget) -> None:
    """Close a widget and all widgets in it, so that nothing typed stays in the notebook's widget state."""
    for child in getattr(box, "children", ()):
        close_all(child)
    box.close()


def focus(widget: widgets.Widget) -> None:
    """Move the focus to a widget, if this version of ipywidgets can."""
    move = getattr(widget, "focus", None)
    if callable(move):
        move()
