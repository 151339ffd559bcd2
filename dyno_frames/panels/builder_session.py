"""A query builder at work, without a screen: its state, and the questions it puts to the server."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, assert_never

from dyno_frames.client.questions import Questions
from dyno_frames.errors import DynoError, QueryError
from dyno_frames.frames.provenance import Origin
from dyno_frames.panels import builder_actions as on
from dyno_frames.panels.builder import begun, reduce
from dyno_frames.panels.builder_actions import Action, Count, Effect, Fetch, Look
from dyno_frames.panels.builder_language import Language, UnsaidError, written
from dyno_frames.panels.builder_state import MOST_ROWS, Looked, State, Wanted
from dyno_frames.panels.store import Effects, Spawn, Store, on_a_thread
from dyno_frames.query import stored
from dyno_frames.query.question import Expression, Scope, ask
from dyno_frames.scan.scan import Scan


class BuilderSession:
    """State, and those who are told when it changes.

    Parameters
    ----------
    resource
        Whom to ask.
    expression
        The question to begin with: a query string, a ``pd.col`` expression, a function, or None; or the
        origin of a frame, whose question it is then.
    scope
        Where ``@names`` are looked up.
    spawn
        Where requests run; for tests.

    Raises
    ------
    QueryError
        pandas does not understand the expression, or it is no text and the widgets cannot say it.
    """

    def __init__(
        self,
        resource: Questions,
        expression: Expression | Origin = None,
        *,
        scope: Scope | None = None,
        spawn: Spawn = on_a_thread,
    ) -> None:
        plain = resource.scan(None)
        self._resource = resource
        self._scope = scope or Scope()
        self.name = plain.plan.resource
        self.language = Language(plain.schema.by_name, plain.schema.empty(), self._scope)
        text, wanted = start(expression, self.language)
        state, effects = begun(text, self.language, wanted)
        if -1 in state.faults:
            raise QueryError(state.faults[-1])
        self.store: Store[State, Action, Effect] = Store(
            state,
            lambda state, action: reduce(state, action, self.language),
            Effects(self._answer, failed, failed),
            spawn=spawn,
        )
        self.store.start(effects)

    @property
    def state(self) -> State:
        """What the builder knows now."""
        return self.store.state

    def dispatch(self, action: Action) -> None:
        """Tell the builder that something happened."""
        self.store.dispatch(action)

    def _answer(self, effect: Effect) -> Action:
        match effect:
            case Look(serial, text):
                return on.Planned(serial, looked(self._scan(text)))
            case Count(serial, text):
                scan = self._scan(text)
                return on.Planned(serial, Looked(scan.plan, scan.count(), exact=True))
            case Fetch(serial, text, wanted):
                order = (
                    {"order_by": wanted.order_by, "ascending": wanted.ascending} if wanted.order_by else {}
                )
                frame = self._scan(text, limit=wanted.limit, **order).to_frame()
                return on.Fetched(serial, frame, whole=len(frame) < wanted.limit)
            case _:
                assert_never(effect)

    def _scan(self, text: str, **shape: Any) -> Scan:
        with warnings.catch_warnings():  # the plan shows them
            warnings.simplefilter("ignore")
            return self._resource.scan(text or None, scope=self._scope, progress=False, **shape)


def failed(effect: Effect, error: Exception) -> Action:
    """Return the action that answers an effect that raised or could not be started."""
    known = isinstance(error, DynoError)
    return on.Failed(
        effect.serial, str(error) if known else f"the builder itself failed ({type(error).__name__})"
    )


def looked(scan: Scan) -> Looked:
    """Return a question's plan with its count, or how many rows have to be judged here; no row moves."""
    plan = scan.plan
    if plan.terms is not None:
        return Looked(plan, scan.count(), exact=True)
    return Looked(plan, scan.count_filters(widest=True), exact=False)


def start(expression: Expression | Origin, language: Language) -> tuple[str, Wanted]:
    """Return the text that a builder begins with, and how much is wanted."""
    if not isinstance(expression, Origin):
        return begin(expression, language), Wanted()
    wanted = Wanted(limit=expression.limit or MOST_ROWS)
    if expression.order_by:
        wanted = replace(wanted, order_by=expression.order_by[0], ascending=expression.ascending[0])
    return remembered(expression, language), wanted


def begin(expression: Expression, language: Language) -> str:
    """Return an expression in any form as the text a builder begins with.

    Raises
    ------
    QueryError
        It is no text, and the widgets cannot say it.
    """
    if expression is None or isinstance(expression, str):
        return expression or ""
    question = ask(expression, language.empty, language.scope)
    try:
        return written(language.held(question))
    except UnsaidError as why:
        raise QueryError(
            f"a builder cannot begin with {question.text}: {why}. Give the question as a query string"
        ) from why


def remembered(origin: Origin, language: Language) -> str:
    """Return the question that a frame answers as the text a builder begins with.

    Raises
    ------
    QueryError
        No text says it: it holds a variable or a function of the caller's.
    """
    question, text = origin.question, origin.expression
    try:
        if question is not None and question.get("form") != "tree":
            return str(question.get("text", ""))
        node = language.question(text).node
        same = question is None or (node is not None and stored.dump(node) == question["tree"])
        return text if same else begin(question, language)
    except QueryError as error:
        raise QueryError(
            f"the frame's question {text!r} cannot be written as a text; begin with one: "
            ".dyno.builder(\"status == 'finished'\")"
        ) from error
