"""One condition of the query builder: column, operator, and the box for its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from dyno_frames.contract.fields import Field, Kind
from dyno_frames.panels.builder.state import Condition
from dyno_frames.panels.builder.terms import MULTI_VALUE, NO_VALUE, OPERATORS, operator_label
from dyno_frames.panels.views.drawing import Drawing
from dyno_frames.panels.views.widgets import builder_html, parts

_PLACEHOLDERS = {
    Kind.TIME: "2026-01-31 or 2026-01-31 09:00, UTC",
    Kind.COUNT: "a number",
    Kind.INTEGER: "a number",
    Kind.FLOAT: "a number",
}
_CHOOSE = "choose…"


class ConditionRow:
    """The widgets of one condition.

    Parameters
    ----------
    fields
        The columns.
    choices
        The values of columns that have a fixed set of them.
    on_change
        Receives the condition as the user changed it.
    on_remove
        Is called when the user removes the condition.
    """

    def __init__(
        self,
        fields: Mapping[str, Field],
        choices: Mapping[str, Sequence[str]],
        on_change: Callable[[Condition], None],
        on_remove: Callable[[], None],
    ) -> None:
        self._fields, self._choices, self._on_change = fields, choices, on_change
        self._drawing = Drawing()
        self._drawn: Condition | None = None
        self._join = parts.html("", "dyno-join")
        self._column = widgets.Dropdown(options=list(fields))
        self._operator = widgets.Dropdown()
        self._value: widgets.Widget = widgets.Text()
        self._value_kind = ""
        self._error = widgets.HTML()
        remove = parts.button("Remove", on_remove, tooltip="Remove this condition")
        parts.nameless(self._column, "Column")
        parts.nameless(self._operator, "Comparison")
        self._column.observe(self._changed, "value")
        self._operator.observe(self._changed, "value")
        self._line = parts.line([self._join, self._column, self._operator, self._value, remove])
        self.box = widgets.VBox([self._line, self._error])
        self.box.add_class("dyno-condition")

    def draw(self, condition: Condition, join: str, error: str) -> None:
        """Show a condition. A widget that already shows it is left alone, so that nobody's typing is disturbed."""
        with self._drawing.by_this_thread():
            field = self._fields[condition.column]
            self._column.value = condition.column
            options = [(operator_label(operator, field.kind), operator) for operator in OPERATORS[field.kind]]
            if tuple(options) != self._operator.options:
                self._operator.options = options
            self._operator.value = condition.operator
            self._choose_value_box(condition, field)
            self._fill_value_box(condition)
            self._drawn = condition
        self._join.value = f"<span>{join}</span>"
        self._error.value = builder_html.error(error)
        parts.show(self._error, error)

    def _choose_value_box(self, condition: Condition, field: Field) -> None:
        """Show the kind of box that fits column and operator; the current one stays if it does."""
        known = self._choices.get(condition.column, ())
        several, none = condition.operator in MULTI_VALUE, condition.operator in NO_VALUE
        kind = f"{several} {none} {known} {_PLACEHOLDERS.get(field.kind, '')}"
        if kind == self._value_kind:
            return
        before, self._value_kind = self._value, kind
        if none:
            self._value = widgets.HTML()
        elif known and several:
            self._value = widgets.SelectMultiple(options=list(known), rows=min(len(known), 7))
        elif known:
            self._value = widgets.Dropdown(options=[(_CHOOSE, ""), *((word, word) for word in known)])
        elif several:
            self._value = widgets.Textarea(placeholder="one value per line", rows=3, continuous_update=False)
        else:
            placeholder = _PLACEHOLDERS.get(field.kind, "text")
            self._value = widgets.Text(placeholder=placeholder, continuous_update=False)
        self._value.add_class("dyno-value")
        if not none:
            parts.nameless(self._value, "Value")
        self._value.observe(self._changed, "value")
        self._line.children = [*self._line.children[:3], self._value, self._line.children[4]]
        before.close()

    def _fill_value_box(self, condition: Condition) -> None:
        match self._value:
            case widgets.SelectMultiple():
                lines = [line for line in condition.raw.splitlines() if line]
                if not set(lines) <= set(self._value.options):
                    self._value.options = [*dict.fromkeys([*self._value.options, *lines])]
                self._value.value = tuple(lines)
            case widgets.Dropdown():
                if condition.raw not in {value for _, value in self._value.options}:
                    self._value.options = [*self._value.options, (condition.raw, condition.raw)]
                self._value.value = condition.raw
            case widgets.Text() | widgets.Textarea():
                self._value.value = condition.raw
            case _:
                pass

    def _changed(self, _change: object) -> None:
        if self._drawing.here:
            return
        value = getattr(self._value, "value", "")
        raw = "\n".join(value) if isinstance(value, tuple) else str(value)
        same_column = self._drawn is not None and self._column.value == self._drawn.column
        self._on_change(Condition(self._column.value, self._operator.value, raw if same_column else ""))
