"""The query builder in a notebook: conditions as widgets, the same as an expression, and the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets
import pandas as pd

from dyno_frames.client.queries import Queries
from dyno_frames.contract.fields import Field, Kind
from dyno_frames.frames.provenance import Origin
from dyno_frames.panels.builder import actions as on
from dyno_frames.panels.builder.language import Join
from dyno_frames.panels.builder.reducer import python_code
from dyno_frames.panels.builder.session import BuilderSession
from dyno_frames.panels.builder.state import EXPRESSION, Condition, State
from dyno_frames.panels.runtime.runner import Spawn, on_a_thread
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.drawing import Drawing
from dyno_frames.panels.views.static_html import with_static_forms
from dyno_frames.panels.views.widgets import builder_html, parts
from dyno_frames.panels.views.widgets.condition_row import ConditionRow
from dyno_frames.panels.views.widgets.copy_as import CopyAs
from dyno_frames.query.query import Expression, Scope


class QueryBuilder(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Build a query from conditions, or type it: conditions and expression stay the same.

    The builder shows how many rows match before any is fetched, what is sent to the server, and what is evaluated
    locally. An expression that cannot be edited as conditions is kept as text, and the builder says so.

    Parameters
    ----------
    resource
        Where to send the query: ``client.campaigns``, ``client.lists`` or ``client.templates``.
    expression
        The first query: a query string, a ``pd.col`` expression, a function, or None for every row.
    scope
        Where ``@names`` are looked up.
    spawn
        Where requests run; for tests.

    Raises
    ------
    QueryError
        pandas does not understand the expression, or it cannot be written as a query string.

    Examples
    --------
    >>> builder = QueryBuilder(client.campaigns, "status == 'finished'")  # doctest: +SKIP
    >>> builder.query  # doctest: +SKIP
    "status == 'finished'"
    """

    def __init__(
        self,
        resource: Queries,
        expression: Expression | Origin = None,
        *,
        scope: Scope | None = None,
        spawn: Spawn = on_a_thread,
    ) -> None:
        self._session = BuilderSession(resource, expression, scope=scope, spawn=spawn)
        language = self._session.language
        self._fields, self._choices = language.fields, known_values(language.fields, language.empty)
        self._drawing = Drawing()
        self._rows: list[ConditionRow] = []
        self._rows_box = ipywidgets.VBox()
        self._condition_tools = _ConditionTools(self._dispatch)
        self._text = ipywidgets.Text(
            placeholder="every row",
            description="Expression",
            continuous_update=False,
            layout={"width": "auto"},
        )
        parts.classed(self._text, "dyno-expression", "dyno-code-field")
        self._text.observe(lambda change: self._dispatch(on.ExpressionTyped(change["new"])), "value")
        self._notes, self._count, self._plan, self._answer = (ipywidgets.HTML() for _ in range(4))
        self._fetch_tools = _FetchTools(self._dispatch, list(language.fields), lambda: self._session.state)
        self._code = ipywidgets.Textarea(rows=2, layout={"width": "auto"})
        parts.classed(parts.nameless(self._code, "As Python"), "dyno-code-field")
        self._programs = CopyAs()
        title = parts.html(markup.text(f"Find {self._session.name}"), "dyno-heading")
        query = [title, self._rows_box, self._condition_tools.box, self._text, self._notes]
        folded = [
            parts.fold(builder_html.PLAN_TITLE, self._plan, is_open=True),
            parts.fold("Copy as a line of pandas", self._code),
            parts.fold("Copy as a program", self._programs.box),
        ]
        super().__init__([parts.style(), *query, self._count, self._fetch_tools.box, *folded, self._answer])
        parts.classed(self, "dyno", "dyno-stack", "dyno-builder")
        self._drawn: State | None = None
        self._session.store.subscribe(self._redraw)

    @property
    def query(self) -> str:
        """The query as a string. Empty for every row."""
        return self._session.state.text

    @property
    def code(self) -> str:
        """The query as a line of Python."""
        return python_code(self._session.state, self._session.name)

    @property
    def frame(self) -> pd.DataFrame | None:
        """The rows fetched last. None before the first fetch."""
        return self._session.state.frame

    @property
    def session(self) -> BuilderSession:
        """The builder without its screen, for scripts."""
        return self._session

    def close(self) -> None:
        """Remove the builder."""
        session: BuilderSession | None = getattr(self, "_session", None)
        if session is not None:
            session.store.close()
        super().close()

    def _dispatch(self, action: on.Action) -> None:
        """Apply what the user did; what a drawing changes is not the user's input."""
        if self._drawing.here:
            return
        try:
            self._session.dispatch(action)
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._count.value = markup.status("Failed", f"the builder itself failed ({type(error).__name__}).")

    def _redraw(self, state: State) -> None:
        try:
            with self._drawing.by_this_thread():
                self._draw(state)
        except Exception as error:  # noqa: BLE001 - the store that calls this has no screen
            self._failed(error)

    def _draw(self, state: State) -> None:
        """Show a state."""
        self._draw_conditions(state)
        self._condition_tools.draw(state)
        if self._text.value.strip() != state.text:
            self._text.value = state.text
        self._notes.value = builder_html.notes(state)
        self._count.value = builder_html.count_line(state, self._session.name)
        self._fetch_tools.draw(state)
        if self._drawn is None or self._drawn.planned is not state.planned:
            self._plan.value = builder_html.plan_html(state.planned)
            self._programs.draw(None if state.planned is None else state.planned.plan.to_code)
        if self._drawn is None or self._drawn.frame is not state.frame:
            self._answer.value = builder_html.rows_html(state.frame)
        self._code.value = python_code(state, self._session.name)
        self._drawn = state

    def _draw_conditions(self, state: State) -> None:
        while len(self._rows) < len(state.conditions):
            index = len(self._rows)
            row = ConditionRow(self._fields, self._choices, self._on_change(index), self._on_remove(index))
            self._rows.append(row)
        for index, (row, condition) in enumerate(zip(self._rows, state.conditions, strict=False)):
            row.draw(condition, state.join if index else "where", state.errors.get(index, ""))
        boxes = tuple(row.box for row in self._rows[: len(state.conditions)])
        if self._rows_box.children != boxes:
            self._rows_box.children = boxes

    def _on_change(self, index: int) -> Callable[[Condition], None]:
        return lambda condition: self._dispatch(on.ConditionChanged(index, condition))

    def _on_remove(self, index: int) -> Callable[[], None]:
        return lambda: self._dispatch(on.ConditionRemoved(index))

    def __repr__(self) -> str:
        return f"QueryBuilder of {self._session.name} where {self.query or 'every row'}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        html = builder_html.static_html(self._session.state, self._session.name, self._fields)
        return with_static_forms(super()._repr_mimebundle_(**kwargs), repr(self), html)


class _ConditionTools:
    """The widgets below the conditions: add one, join them, start over."""

    def __init__(self, send: Callable[[on.Action], None]) -> None:
        self._add = parts.button("Add condition", lambda: send(on.ConditionAdded()))
        self._join = ipywidgets.Dropdown(
            options=[("all conditions hold", Join.ALL), ("any condition holds", Join.ANY)],
            description="Rows where",
        )
        self._join.style.description_width = "initial"
        self._join.observe(lambda change: send(on.JoinChanged(change["new"])), "value")
        start_over = parts.button(
            "Start over", lambda: send(on.ExpressionTyped("")), tooltip="Remove all conditions"
        )
        self.box = parts.line([self._add, self._join, start_over])

    def draw(self, state: State) -> None:
        """Enable what is possible: a text that cannot be edited as conditions is not overwritten by a click."""
        self._add.disabled = bool(state.text_only) or EXPRESSION in state.errors
        self._join.value = state.join
        parts.show(self._join, len(state.conditions) > 1)


class _FetchTools:
    """Order and limit, and the buttons that count and fetch."""

    def __init__(
        self, send: Callable[[on.Action], None], columns: Sequence[str], state: Callable[[], State]
    ) -> None:
        self._order = ipywidgets.Dropdown(
            options=[("created", ""), *((name, name) for name in columns if name != "created")],
            description="Sort by",
        )
        self._order.style.description_width = "initial"
        self._direction = ipywidgets.Dropdown(
            options=[("largest first", False), ("smallest first", True)], layout={"width": "140px"}
        )
        parts.nameless(self._direction, "Direction")
        self._limit = ipywidgets.BoundedIntText(
            min=1, max=100_000, description="Maximum rows", layout={"width": "200px"}
        )
        self._limit.style.description_width = "initial"
        self._count = parts.button(
            "Count (downloads rows)",
            lambda: send(on.CountRequested()),
            tooltip="Download the rows that must be checked locally, and count those that match",
        )
        self._fetch = parts.button("Fetch rows", lambda: send(on.FetchRequested()), tone="main")
        named = (("order_by", self._order), ("ascending", self._direction), ("limit", self._limit))
        for name, widget in named:
            widget.observe(
                lambda change, name=name: send(
                    on.OptionsChanged(replace(state().options, **{name: change["new"]}))
                ),
                "value",
            )
        self.box = parts.line([self._order, self._direction, self._limit, self._count, self._fetch])

    def draw(self, state: State) -> None:
        """Show order and limit, and enable the buttons that make sense."""
        options = state.options
        self._order.value, self._direction.value = options.order_by, options.ascending
        self._limit.value = options.limit
        parts.show(self._direction, options.order_by)
        self._fetch.disabled = bool(state.errors) or state.waiting == "fetching"
        self._fetch.description = "Fetching…" if state.waiting == "fetching" else "Fetch rows"
        needs_rows = state.planned is not None and not state.planned.exact
        parts.show(self._count, needs_rows)


def known_values(fields: Mapping[str, Field], empty: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the values of columns that have a fixed set of them: statuses and flags."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in fields.items():
        if field.kind is Kind.STATUS:
            found[name] = tuple(map(str, empty[name].cat.categories))
        elif field.kind is Kind.FLAG:
            found[name] = ("true", "false")
    return found
