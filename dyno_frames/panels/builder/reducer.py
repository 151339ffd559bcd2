"""The behavior of the query builder as one pure function: an action in, a state and requests out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias, assert_never

from dyno_frames.contract.fields import Field
from dyno_frames.errors import QueryError
from dyno_frames.panels.builder import actions as on
from dyno_frames.panels.builder.language import Conditions, Language, NotEditableError, to_text
from dyno_frames.panels.builder.state import EXPRESSION, Condition, FetchOptions, State
from dyno_frames.panels.builder.terms import (
    MULTI_VALUE,
    NO_VALUE,
    OPERATORS,
    Term,
    format_value,
    parse_value,
)

Next: TypeAlias = tuple[State, tuple[on.Effect, ...]]


def first_state(text: str, language: Language, options: FetchOptions | None = None) -> Next:
    """Return the state of a builder that starts with a text, and its first requests."""
    return _with_text(State(options=options or FetchOptions()), text, language)


def reduce(state: State, action: on.Action, language: Language) -> Next:
    """Return the state after an action, and the requests to make.

    Parameters
    ----------
    state
        The state before.
    action
        What happened.
    language
        The columns of the resource.
    """
    match action:
        case on.ConditionAdded():
            return _with_conditions(state, (*state.conditions, new_condition(language.fields)), language)
        case on.ConditionRemoved(index):
            rest = (*state.conditions[:index], *state.conditions[index + 1 :])
            return _with_conditions(state, rest, language)
        case on.ConditionChanged(index, condition):
            valid = make_valid(condition, language.fields)
            changed = (*state.conditions[:index], valid, *state.conditions[index + 1 :])
            return _with_conditions(state, changed, language)
        case on.JoinChanged(join):
            return _with_conditions(replace(state, join=join), state.conditions, language)
        case on.ExpressionTyped(text):
            return _with_text(state, text, language)
        case on.OptionsChanged(options):
            return replace(state, options=options), ()
        case on.CountRequested() | on.FetchRequested():
            return _request(state, action)
        case on.Planned() | on.Fetched() | on.Failed():
            return _with_answer(state, action), ()
        case _:
            assert_never(action)


def new_condition(fields: Mapping[str, Field]) -> Condition:
    """Return the condition that is added first: on the status, if there is one."""
    name = "status" if "status" in fields else "name" if "name" in fields else next(iter(fields))
    return Condition(name, OPERATORS[fields[name].kind][0])


def make_valid(condition: Condition, fields: Mapping[str, Field]) -> Condition:
    """Return a condition whose operator and value are possible for its column."""
    operators = OPERATORS[fields[condition.column].kind]
    operator = condition.operator if condition.operator in operators else operators[0]
    if operator in NO_VALUE:
        return Condition(condition.column, operator)
    raw = condition.raw if operator in MULTI_VALUE else " ".join(condition.raw.splitlines())
    return Condition(condition.column, operator, raw)


def _with_conditions(state: State, conditions: tuple[Condition, ...], language: Language) -> Next:
    """Make the text follow the conditions. Nothing is requested while one has an error."""
    terms: list[Term] = []
    errors: dict[int, str] = {}
    for index, condition in enumerate(conditions):
        if not condition.complete:
            continue
        field = language.fields[condition.column]
        try:
            value = parse_value(field, condition.operator, condition.raw)
        except ValueError as error:
            errors[index] = str(error)
        else:
            terms.append(Term(condition.column, condition.operator, value))
    changed = replace(state, conditions=conditions, text_only="", errors=errors)
    if errors:
        return _without_query(changed), ()
    text = to_text(Conditions(tuple(terms), state.join))
    return _with_query(replace(changed, text=text), state, language)


def _with_text(state: State, text: str, language: Language) -> Next:
    """Make the conditions follow the text, if it can be edited as conditions."""
    changed = replace(state, text=text.strip(), conditions=(), text_only="", errors={})
    try:
        found = language.parse(changed.text)
    except NotEditableError as reason:
        return _with_query(replace(changed, text_only=str(reason)), state, language)
    except QueryError as error:
        return _without_query(replace(changed, errors={EXPRESSION: str(error)})), ()
    conditions = tuple(
        Condition(term.column, term.operator, format_value(term.value)) for term in found.terms
    )
    join = found.join if len(conditions) > 1 else state.join
    return _with_query(replace(changed, conditions=conditions, join=join), state, language)


def _with_query(changed: State, before: State, language: Language) -> Next:
    if changed.text == before.text and before.serial and not before.errors:
        return changed, ()
    try:
        language.bind(changed.text)
    except QueryError as error:  # an invalid pattern, for example
        return _without_query(replace(changed, errors={EXPRESSION: str(error)})), ()
    serial = before.serial + 1
    planning = replace(changed, serial=serial, planned=None, failure="", waiting="counting")
    return planning, (on.PlanQuery(serial, changed.text),)


def _without_query(state: State) -> State:
    """Return a state without a valid query. Answers on their way belong to an earlier one."""
    return replace(state, serial=state.serial + 1, planned=None, waiting="", failure="")


def _request(state: State, action: on.CountRequested | on.FetchRequested) -> Next:
    if state.errors or state.waiting not in {"", "counting"}:
        return state, ()
    if isinstance(action, on.CountRequested):
        return replace(state, waiting="counting", failure=""), (on.CountRows(state.serial, state.text),)
    return replace(state, waiting="fetching", failure=""), (
        on.FetchRows(state.serial, state.text, state.options),
    )


def _with_answer(state: State, action: on.Planned | on.Fetched | on.Failed) -> State:
    if action.serial != state.serial:
        return state
    match action:
        case on.Planned(_, planned):
            waiting = state.waiting if state.waiting == "fetching" else ""
            return replace(state, planned=planned, waiting=waiting)
        case on.Fetched(_, frame, complete):
            before = state.planned
            counted = replace(before, rows=len(frame), exact=True) if complete and before else before
            return replace(state, frame=frame, planned=counted, waiting="")
        case on.Failed(_, message):
            return replace(state, failure=message, waiting="")
        case _:
            assert_never(action)


def python_code(state: State, resource: str) -> str:
    """Return the query as a line of Python.

    Examples
    --------
    >>> python_code(State(text="opens > 100"), "campaigns")
    "campaigns.dyno.query('opens > 100', limit=100)"
    """
    options = state.options
    arguments = [repr(state.text) if state.text else "None"]
    if options.order_by:
        arguments += [f"order_by={options.order_by!r}", *["ascending=False"] * (not options.ascending)]
    return f"{resource}.dyno.query({', '.join([*arguments, f'limit={options.limit}'])})"
