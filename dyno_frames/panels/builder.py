"""The query builder without a screen: what becomes of its state when something happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from dyno_frames.contract.fields import Field
from dyno_frames.errors import QueryError
from dyno_frames.panels.builder_actions import (
    Action,
    Count,
    CountAsked,
    Effect,
    Failed,
    Fetch,
    FetchAsked,
    Fetched,
    JoinChanged,
    Look,
    Planned,
    RowAdded,
    RowChanged,
    RowRemoved,
    Typed,
    WantedChanged,
)
from dyno_frames.panels.builder_language import Language, Said, UnsaidError, written
from dyno_frames.panels.builder_state import Row, State, Wanted
from dyno_frames.panels.builder_terms import BARE, OPERATORS, SEVERAL, Term, shown, typed


def first_row(fields: Mapping[str, Field]) -> Row:
    """Return what a new line begins with: the status, where there is one."""
    name = "status" if "status" in fields else "name" if "name" in fields else next(iter(fields))
    return Row(name, OPERATORS[fields[name].kind][0])


def fitted(row: Row, fields: Mapping[str, Field]) -> Row:
    """Return a line whose operator and value fit its column: what does not is taken back."""
    operators = OPERATORS[fields[row.column].kind]
    operator = row.operator if row.operator in operators else operators[0]
    raw = "" if operator in BARE else row.raw if operator in SEVERAL else " ".join(row.raw.splitlines())
    return Row(row.column, operator, raw)


def reduce(state: State, action: Action, language: Language) -> tuple[State, tuple[Effect, ...]]:
    """Return the state after something happened, and what has to be asked of the server.

    Parameters
    ----------
    state
        The state before.
    action
        What happened.
    language
        The columns.
    """
    match action:
        case RowAdded():
            return _with_rows(state, (*state.rows, first_row(language.fields)), language)
        case RowRemoved(place):
            return _with_rows(state, (*state.rows[:place], *state.rows[place + 1 :]), language)
        case RowChanged(place, row):
            fit = fitted(row, language.fields)
            return _with_rows(state, (*state.rows[:place], fit, *state.rows[place + 1 :]), language)
        case JoinChanged(join):
            return _with_rows(replace(state, join=join), state.rows, language)
        case Typed(text):
            return _with_text(state, text, language)
        case WantedChanged(wanted):
            return replace(state, wanted=wanted), ()
        case CountAsked() | FetchAsked():
            return _asked(state, action)
        case Planned() | Fetched() | Failed():
            return _answered(state, action), ()
        case _:
            assert_never(action)


def begun(text: str, language: Language, wanted: Wanted | None = None) -> tuple[State, tuple[Effect, ...]]:
    """Return the state of a builder that begins with a text, and what to ask."""
    return _with_text(State(wanted=wanted or Wanted()), text, language)


def _with_rows(state: State, rows: tuple[Row, ...], language: Language) -> tuple[State, tuple[Effect, ...]]:
    """Let the text follow the widgets; nothing is asked while a line is faulty."""
    terms: list[Term] = []
    faults: dict[int, str] = {}
    for place, row in enumerate(rows):
        if not row.begun:
            continue
        try:
            terms.append(
                Term(row.column, row.operator, typed(language.fields[row.column], row.operator, row.raw))
            )
        except ValueError as error:
            faults[place] = str(error)
    changed = replace(state, rows=rows, kept="", faults=faults)
    if faults:
        return _withdrawn(changed), ()
    return _with_question(replace(changed, text=written(Said(tuple(terms), state.join))), state, language)


def _with_text(state: State, text: str, language: Language) -> tuple[State, tuple[Effect, ...]]:
    """Let the widgets follow the text, as far as they can say it."""
    changed = replace(state, text=text.strip(), rows=(), kept="", faults={})
    try:
        said = language.read(changed.text)
    except UnsaidError as why:
        return _with_question(replace(changed, kept=str(why)), state, language)
    except QueryError as error:
        return _withdrawn(replace(changed, faults={-1: str(error)})), ()
    rows = tuple(Row(term.column, term.operator, shown(term.value)) for term in said.terms)
    join = said.join if len(rows) > 1 else state.join
    return _with_question(replace(changed, rows=rows, join=join), state, language)


def _with_question(changed: State, before: State, language: Language) -> tuple[State, tuple[Effect, ...]]:
    if changed.text == before.text and before.serial and not before.faults:
        return changed, ()
    try:
        language.question(changed.text)
    except QueryError as error:  # a pattern that is none, for one
        return _withdrawn(replace(changed, faults={-1: str(error)})), ()
    serial = before.serial + 1
    asked = replace(changed, serial=serial, looked=None, failure="", waiting="counting")
    return asked, (Look(serial, changed.text),)


def _withdrawn(state: State) -> State:
    """Return a state without a question: what is on its way belongs to an earlier one."""
    return replace(state, serial=state.serial + 1, looked=None, waiting="", failure="")


def _asked(state: State, action: CountAsked | FetchAsked) -> tuple[State, tuple[Effect, ...]]:
    if state.faults or state.waiting not in {"", "counting"}:
        return state, ()
    if isinstance(action, CountAsked):
        effect: Effect = Count(state.serial, state.text)
        return replace(state, waiting="counting", failure=""), (effect,)
    return replace(state, waiting="fetching", failure=""), (Fetch(state.serial, state.text, state.wanted),)


def _answered(state: State, action: Planned | Fetched | Failed) -> State:
    if action.serial != state.serial:
        return state
    match action:
        case Planned(_, looked):
            waiting = state.waiting if state.waiting == "fetching" else ""
            return replace(state, looked=looked, waiting=waiting)
        case Fetched(_, frame, whole):
            known = state.looked
            counted = replace(known, rows=len(frame), exact=True) if whole and known is not None else known
            return replace(state, frame=frame, looked=counted, waiting="")
        case Failed(_, message):
            return replace(state, failure=message, waiting="")
        case _:
            assert_never(action)


def code(state: State, resource: str) -> str:
    """Return the question as a line of Python.

    Examples
    --------
    >>> code(State(text="opens > 100"), "campaigns")
    "campaigns.dyno.query('opens > 100', limit=100)"
    """
    wanted = state.wanted
    given = [repr(state.text) if state.text else "None"]
    if wanted.order_by:
        given += [f"order_by={wanted.order_by!r}", *["ascending=False"] * (not wanted.ascending)]
    return f"{resource}.dyno.query({', '.join([*given, f'limit={wanted.limit}'])})"
