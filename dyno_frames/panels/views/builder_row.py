"""One line of the query builder: column, operator, and the box that fits both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.panels.builder_state import Row
from dyno_frames.panels.builder_terms import BARE, OPERATORS, SEVERAL, words
from dyno_frames.panels.views import builder_html

_PLACEHOLDERS = {
    Kind.TIME: "2026-01-31 or 2026-01-31 09:00, UTC",
    Kind.COUNT: "a number",
    Kind.INTEGER: "a number",
    Kind.FLOAT: "a number",
}
_CHOOSE = "choose…"


class RowBox:
    """The widgets of one condition.

    Parameters
    ----------
    fields
        The columns.
    choices
        The words that a column is known to hold, where they are few.
    changed
        Takes the line as the user made it.
    removed
        Is told that the user wants it no more.
    """

    def __init__(
        self,
        fields: Mapping[str, Field],
        choices: Mapping[str, Sequence[str]],
        changed: Callable[[Row], None],
        removed: Callable[[], None],
    ) -> None:
        self._fields, self._choices, self._changed = fields, choices, changed
        self._drawing = 0
        self._row: Row | None = None
        self._join = widgets.HTML(layout={"width": "44px"})
        self._column = widgets.Dropdown(options=list(fields), layout={"width": "170px"})
        self._operator = widgets.Dropdown(layout={"width": "200px"})
        self._value: widgets.Widget = widgets.Text()
        self._form = ""
        self._fault = widgets.HTML()
        remove = widgets.Button(description="Remove", layout={"width": "auto"})
        remove.tooltip = "Remove this condition"
        named(self._column, "Column")
        named(self._operator, "Comparison")
        self._column.observe(self._tell, "value")
        self._operator.observe(self._tell, "value")
        remove.on_click(lambda _button: removed())
        self._line = widgets.HBox([self._join, self._column, self._operator, self._value, remove])
        self._line.layout.align_items = "flex-start"
        self.box = widgets.VBox([self._line, self._fault])
        self.box.add_class("dyno-condition")

    def draw(self, row: Row, join: str, fault: str) -> None:
        """Show a condition; what is already so is left alone, so that nobody's typing is disturbed."""
        self._drawing = threading.get_ident()
        try:
            field = self._fields[row.column]
            self._column.value = row.column
            options = [(words(operator, field.kind), operator) for operator in OPERATORS[field.kind]]
            if tuple(options) != self._operator.options:
                self._operator.options = options
            self._operator.value = row.operator
            self._fit(row, field)
            self._fill(row)
            self._row = row
        finally:
            self._drawing = 0
        self._join.value = f"<span>{join}</span>"
        self._fault.value = builder_html.fault(fault)
        self._fault.layout.display = None if fault else "none"

    def _fit(self, row: Row, field: Field) -> None:
        """Put the box there that fits column and operator; it stays while it does."""
        known = self._choices.get(row.column, ())
        several = row.operator in SEVERAL
        form = f"{several} {row.operator in BARE} {known} {_PLACEHOLDERS.get(field.kind, '')}"
        if form == self._form:
            return
        before, self._form = self._value, form
        if row.operator in BARE:
            self._value = widgets.HTML()
        elif known and several:
            self._value = widgets.SelectMultiple(options=list(known), rows=min(len(known), 7))
        elif known:
            self._value = widgets.Dropdown(options=[(_CHOOSE, ""), *((word, word) for word in known)])
        elif several:
            self._value = widgets.Textarea(
                placeholder="one value on each line", rows=3, continuous_update=False
            )
        else:
            placeholder = _PLACEHOLDERS.get(field.kind, "a text")
            self._value = widgets.Text(placeholder=placeholder, continuous_update=False)
        self._value.layout.width = "260px"
        named(self._value, "Value")
        self._value.observe(self._tell, "value")
        self._line.children = [*self._line.children[:3], self._value, self._line.children[4]]
        before.close()

    def _fill(self, row: Row) -> None:
        match self._value:
            case widgets.SelectMultiple():
                lines = [line for line in row.raw.splitlines() if line]
                if not set(lines) <= set(self._value.options):
                    self._value.options = [*dict.fromkeys([*self._value.options, *lines])]
                self._value.value = tuple(lines)
            case widgets.Dropdown():
                if row.raw not in {value for _, value in self._value.options}:
                    self._value.options = [*self._value.options, (row.raw, row.raw)]
                self._value.value = row.raw
            case widgets.Text() | widgets.Textarea():
                self._value.value = row.raw
            case _:
                pass

    def _tell(self, _change: object) -> None:
        if self._drawing == threading.get_ident():
            return
        value = getattr(self._value, "value", "")
        raw = "\n".join(value) if isinstance(value, tuple) else str(value)
        same = self._row is not None and self._column.value == self._row.column
        self._changed(Row(self._column.value, self._operator.value, raw if same else ""))


def named(widget: widgets.Widget, words: str) -> None:
    """Give a widget a name that is heard and not seen: what it is for is plain from where it stands."""
    if not isinstance(widget, widgets.HTML):
        widget.description = words
        widget.style.description_width = "0px"
