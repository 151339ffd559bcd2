"""The query builder in a notebook: conditions as widgets, the same as an expression, and what becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets
import pandas as pd

from dyno_frames.client.questions import Questions
from dyno_frames.contract.fields import Field, Kind
from dyno_frames.frames.provenance import Origin
from dyno_frames.panels import builder_actions as on
from dyno_frames.panels.builder import code
from dyno_frames.panels.builder_language import Join
from dyno_frames.panels.builder_session import BuilderSession
from dyno_frames.panels.builder_state import Row, State
from dyno_frames.panels.store import Spawn, on_a_thread
from dyno_frames.panels.views import builder_html, markup
from dyno_frames.panels.views.builder_row import RowBox, named
from dyno_frames.query.question import Expression, Scope

_AUTO = {"width": "auto"}


class QueryBuilder(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Put a question together from conditions, or type it: widgets and expression stay in step.

    Shown are the number of rows before any is fetched, what the server is sent, and what is decided here.
    An expression that the widgets cannot say is kept as text, and the builder says so.

    Parameters
    ----------
    resource
        Whom to ask: ``client.campaigns``, ``client.lists`` or ``client.templates``.
    expression
        The question to begin with: a query string, a ``pd.col`` expression, a function, or None for every row.
    scope
        Where ``@names`` are looked up.
    spawn
        Where requests run; for tests.

    Raises
    ------
    QueryError
        pandas does not understand the expression, or it is no text and the widgets cannot say it.

    Examples
    --------
    >>> builder = QueryBuilder(client.campaigns, "status == 'finished'")  # doctest: +SKIP
    >>> builder.query  # doctest: +SKIP
    "status == 'finished'"
    """

    def __init__(
        self,
        resource: Questions,
        expression: Expression | Origin = None,
        *,
        scope: Scope | None = None,
        spawn: Spawn = on_a_thread,
    ) -> None:
        self._resource = resource
        self._session = BuilderSession(resource, expression, scope=scope, spawn=spawn)
        language = self._session.language
        self._fields, self._choices = language.fields, choices(language.fields, language.empty)
        send, self._drawing = self._tell, 0
        self._lines: list[RowBox] = []
        self._rows = ipywidgets.VBox()
        self._tools = _Tools(send)
        self._text = ipywidgets.Text(
            placeholder="every row",
            description="Expression",
            continuous_update=False,
            layout={"width": "auto"},
        )
        self._text.add_class("dyno-expression")
        self._text.observe(lambda change: send(on.Typed(change["new"])), "value")
        self._notes, self._count = ipywidgets.HTML(), ipywidgets.HTML()
        self._ask = _Ask(send, list(language.fields), lambda: self._session.state)
        self._plan, self._answer = ipywidgets.HTML(), ipywidgets.HTML()
        self._code = ipywidgets.Textarea(rows=2, layout={"width": "auto"})
        named(self._code, "As Python")
        self._code.add_class("dyno-code")
        folded = ipywidgets.Accordion([self._plan, self._code], selected_index=0)
        folded.set_title(0, "What is sent, and what is decided here")
        folded.set_title(1, "Copy as query")
        style = ipywidgets.HTML(builder_html.STYLE, layout={"display": "none"})
        top = [style, self._rows, self._tools.box, self._text, self._notes, self._count]
        super().__init__([*top, folded, self._ask.box, self._answer])
        self.add_class("dyno-builder")
        self._drawn: State | None = None
        self._session.store.subscribe(self._redraw)

    @property
    def query(self) -> str:
        """The question as a query string; an empty one is every row."""
        return self._session.state.text

    @property
    def code(self) -> str:
        """The question as a line of Python."""
        return code(self._session.state, self._session.name)

    @property
    def frame(self) -> pd.DataFrame | None:
        """The rows that were fetched last; None before."""
        return self._session.state.frame

    @property
    def session(self) -> BuilderSession:
        """The builder without its screen, for scripts."""
        return self._session

    def close(self) -> None:
        """Remove the builder."""
        session: BuilderSession | None = getattr(self, "_session", None)
        if session is not None:
            session.store.silence()
        super().close()

    def _tell(self, action: on.Action) -> None:
        """Pass on what the user did; what a drawing changes in the widgets is nothing that anybody did."""
        if self._drawing == threading.get_ident():
            return
        try:
            self._session.dispatch(action)
        except Exception as error:  # noqa: BLE001 - ipywidgets would swallow it; the user must see it
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._count.value = markup.status("Failed", f"the builder itself failed ({type(error).__name__}).")

    def _redraw(self, state: State) -> None:
        self._drawing = threading.get_ident()
        try:
            self._draw(state)
        except Exception as error:  # noqa: BLE001 - the caller is the store, which has nobody to tell
            self._failed(error)
        finally:
            self._drawing = 0

    def _draw(self, state: State) -> None:
        """Show a state."""
        self._draw_rows(state)
        self._tools.draw(state)
        if self._text.value.strip() != state.text:
            self._text.value = state.text
        self._notes.value = builder_html.notes(state)
        self._count.value = builder_html.counted(state, self._session.name)
        self._ask.draw(state)
        if self._drawn is None or self._drawn.looked is not state.looked:
            self._plan.value = builder_html.planned(state.looked)
        if self._drawn is None or self._drawn.frame is not state.frame:
            self._answer.value = builder_html.answered(state.frame)
        self._code.value = code(state, self._session.name)
        self._drawn = state

    def _draw_rows(self, state: State) -> None:
        while len(self._lines) < len(state.rows):
            place = len(self._lines)
            self._lines.append(
                RowBox(self._fields, self._choices, self._changer(place), self._remover(place))
            )
        for place, (line, row) in enumerate(zip(self._lines, state.rows, strict=False)):
            line.draw(row, state.join if place else "where", state.faults.get(place, ""))
        boxes = tuple(line.box for line in self._lines[: len(state.rows)])
        if self._rows.children != boxes:
            self._rows.children = boxes

    def _changer(self, place: int) -> Callable[[Row], None]:
        return lambda row: self._tell(on.RowChanged(place, row))

    def _remover(self, place: int) -> Callable[[], None]:
        return lambda: self._tell(on.RowRemoved(place))

    def __repr__(self) -> str:
        return f"QueryBuilder of {self._session.name} where {self.query or 'every row'}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        formats, *rest = bundle if isinstance(bundle, tuple) else (bundle,)
        if formats is None:
            return bundle
        static = builder_html.static(self._session.state, self._session.name, self._fields)
        filled = {**formats, "text/plain": repr(self), "text/html": static}
        return (filled, *rest) if rest else filled


class _Tools:
    """What stands below the conditions: another one, how they belong together, and a new beginning."""

    def __init__(self, send: Callable[[on.Action], None]) -> None:
        self._add = ipywidgets.Button(description="Add condition", layout=_AUTO)
        self._add.on_click(lambda _button: send(on.RowAdded()))
        self._join = ipywidgets.Dropdown(
            options=[("all of them hold", Join.ALL), ("any of them holds", Join.ANY)],
            description="Rows where",
            layout={"width": "250px"},
        )
        self._join.observe(lambda change: send(on.JoinChanged(change["new"])), "value")
        again = ipywidgets.Button(description="Start over", layout=_AUTO)
        again.tooltip = "Ask for every row again"
        again.on_click(lambda _button: send(on.Typed("")))
        self.box = ipywidgets.HBox([self._add, self._join, again])

    def draw(self, state: State) -> None:
        """Offer what makes sense: text that the widgets cannot say is not overwritten by a click."""
        self._add.disabled = bool(state.kept) or -1 in state.faults
        self._join.value = state.join
        self._join.layout.display = None if len(state.rows) > 1 else "none"


class _Ask:
    """Order, limit, and the buttons that ask."""

    def __init__(
        self, send: Callable[[on.Action], None], columns: Sequence[str], state: Callable[[], State]
    ) -> None:
        self._order = ipywidgets.Dropdown(
            options=[("created", ""), *((name, name) for name in columns if name != "created")],
            description="Order by",
            layout={"width": "240px"},
        )
        self._up = ipywidgets.Dropdown(
            options=[("largest first", False), ("smallest first", True)], layout={"width": "130px"}
        )
        named(self._up, "Direction")
        self._limit = ipywidgets.BoundedIntText(
            min=1, max=100_000, description="Rows, at most", layout={"width": "200px"}
        )
        self._limit.style.description_width = "initial"
        self._count = ipywidgets.Button(description="Count by reading", layout=_AUTO)
        self._count.tooltip = "Read the rows that must be judged here, and count those that answer"
        self._fetch = ipywidgets.Button(description="Fetch", button_style="primary", layout=_AUTO)
        self._fetch.on_click(lambda _button: send(on.FetchAsked()))
        self._count.on_click(lambda _button: send(on.CountAsked()))
        for name, widget in (("order_by", self._order), ("ascending", self._up), ("limit", self._limit)):
            widget.observe(
                lambda change, name=name: send(
                    on.WantedChanged(replace(state().wanted, **{name: change["new"]}))
                ),
                "value",
            )
        parts = [self._order, self._up, self._limit, self._count, self._fetch]
        self.box = ipywidgets.Box(parts, layout={"flex_flow": "row wrap", "align_items": "center"})

    def draw(self, state: State) -> None:
        """Show order and limit, and allow what can be asked now."""
        wanted = state.wanted
        self._order.value, self._up.value, self._limit.value = wanted.order_by, wanted.ascending, wanted.limit
        self._up.layout.display = None if wanted.order_by else "none"
        self._fetch.disabled = bool(state.faults) or state.waiting == "fetching"
        self._fetch.description = "Fetching…" if state.waiting == "fetching" else "Fetch"
        judged = state.looked is not None and not state.looked.exact
        self._count.layout.display = None if judged else "none"


def choices(fields: Mapping[str, Field], empty: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return the words that columns are known to hold: those of a status, and of a flag."""
    found: dict[str, tuple[str, ...]] = {}
    for name, field in fields.items():
        if field.kind is Kind.STATUS:
            found[name] = tuple(map(str, empty[name].cat.categories))
        elif field.kind is Kind.FLAG:
            found[name] = ("true", "false")
    return found
