"""A query builder without a screen: its state, and the requests it makes to the server."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, assert_never

from dyno_frames.client.queries import Queries
from dyno_frames.errors import DynoError, QueryError
from dyno_frames.frames.provenance import Origin
from dyno_frames.panels.builder import actions as on
from dyno_frames.panels.builder.actions import Action, CountRows, Effect, FetchRows, PlanQuery
from dyno_frames.panels.builder.language import Language, NotEditableError, to_text
from dyno_frames.panels.builder.reducer import first_state, reduce
from dyno_frames.panels.builder.state import (
    DEFAULT_LIMIT,
    EXPRESSION,
    FetchOptions,
    PlannedCount,
    State,
)
from dyno_frames.panels.runtime.runner import Spawn, on_a_thread
from dyno_frames.panels.runtime.store import Store
from dyno_frames.query import stored
from dyno_frames.query.bind import bind_query
from dyno_frames.query.query import Expression, Scope
from dyno_frames.scan.scan import Scan


class BuilderSession:
    """The state of a query builder, for scripts and views.

    Parameters
    ----------
    resource
        Where to send the query: ``client.campaigns``, ``client.lists`` or ``client.templates``.
    expression
        The first query: a query string, a ``pd.col`` expression, a function, or None for every row; or the origin
        of a frame, to start with that frame's query.
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
    >>> session = BuilderSession(client.campaigns, "opens > 100")  # doctest: +SKIP
    >>> session.state.text  # doctest: +SKIP
    'opens > 100'
    """

    def __init__(
        self,
        resource: Queries,
        expression: Expression | Origin = None,
        *,
        scope: Scope | None = None,
        spawn: Spawn = on_a_thread,
    ) -> None:
        every_row = resource.scan(None)
        scope = scope or Scope()
        self.name = every_row.plan.resource
        self.language = Language(every_row.schema.by_name, every_row.schema.empty(), scope)
        text, options = first_query(expression, self.language)
        state, effects = first_state(text, self.language, options)
        if EXPRESSION in state.errors:
            raise QueryError(state.errors[EXPRESSION])
        self.store: Store[State, Action, Effect] = Store(
            state,
            lambda state, action: reduce(state, action, self.language),
            QueryEffects(resource, scope),
            spawn=spawn,
            first=effects,
        )

    @property
    def state(self) -> State:
        """The builder's state now."""
        return self.store.state

    def dispatch(self, action: Action) -> None:
        """Apply an action, as if the user had done it."""
        self.store.dispatch(action)


class QueryEffects:
    """Performs a builder's requests.

    Parameters
    ----------
    resource
        Where to send the query.
    scope
        Where ``@names`` are looked up.
    """

    def __init__(self, resource: Queries, scope: Scope) -> None:
        self._resource = resource
        self._scope = scope

    def run(self, effect: Effect) -> Action:
        """Perform a request and return the action that answers it."""
        match effect:
            case PlanQuery(serial, text):
                return on.Planned(serial, planned_count(self._scan(text)))
            case CountRows(serial, text):
                scan = self._scan(text)
                return on.Planned(serial, PlannedCount(scan.explain(), scan.count(), exact=True))
            case FetchRows(serial, text, options):
                order: dict[str, Any] = {}
                if options.order_by:
                    order = {"order_by": options.order_by, "ascending": options.ascending}
                frame = self._scan(text, limit=options.limit, **order).to_frame()
                return on.Fetched(serial, frame, complete=len(frame) < options.limit)
            case _:
                assert_never(effect)

    @staticmethod
    def failed(effect: Effect, error: Exception) -> Action:
        """Return the action that answers a request that raised."""
        known = isinstance(error, DynoError)  # any other error's message may quote a key
        message = str(error) if known else f"the builder itself failed ({type(error).__name__})"
        return on.Failed(effect.serial, message)

    not_started = failed

    def _scan(self, text: str, **options: Any) -> Scan:
        with warnings.catch_warnings():  # the plan shows them
            warnings.simplefilter("ignore")
            return self._resource.scan(text or None, scope=self._scope, progress=False, **options)


def planned_count(scan: Scan) -> PlannedCount:
    """Return a query's plan with a count that downloads no row: of the matches, or of the rows to download."""
    plan = scan.explain()
    if plan.terms is not None:
        return PlannedCount(plan, scan.count(), exact=True)
    return PlannedCount(plan, scan.count_filters(widest=True), exact=False)


def first_query(expression: Expression | Origin, language: Language) -> tuple[str, FetchOptions]:
    """Return the text and the options that a builder starts with."""
    if not isinstance(expression, Origin):
        return expression_text(expression, language), FetchOptions()
    options = FetchOptions(limit=expression.limit or DEFAULT_LIMIT)
    if expression.order_by:
        options = replace(options, order_by=expression.order_by[0], ascending=expression.ascending[0])
    return origin_text(expression, language), options


def expression_text(expression: Expression, language: Language) -> str:
    """Return an expression in any form as a query string.

    Raises
    ------
    QueryError
        It cannot be written as a query string.
    """
    if expression is None or isinstance(expression, str):
        return expression or ""
    bound = bind_query(expression, language.empty, language.scope)
    try:
        return to_text(language.to_conditions(bound))
    except NotEditableError as reason:
        raise QueryError(
            f"a builder cannot begin with {bound.text}: {reason}. Give the query as a string"
        ) from reason


def origin_text(origin: Origin, language: Language) -> str:
    """Return the query of a frame as a query string.

    Raises
    ------
    QueryError
        It cannot be written as a query string, because it contains a variable or a function.
    """
    form, text = origin.query, origin.expression
    try:
        if form is not None and form.get("form") != "tree":
            return str(form.get("text", ""))
        bound = language.bind(text)
        same = form is None or (bound.node is not None and stored.dump(bound.node) == form["tree"])
        return text if same else expression_text(form, language)
    except QueryError as error:
        raise QueryError(
            f"the frame's query {text!r} cannot be written as a text; begin with one: "
            ".dyno.builder(\"status == 'finished'\")"
        ) from error
