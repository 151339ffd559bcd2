"""The query builder without a screen: text and widgets in step, and late answers told from fresh ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.frames.schema import learn
from dyno_frames.panels.builder import actions as on
from dyno_frames.panels.builder.actions import FetchRows, PlanQuery
from dyno_frames.panels.builder.language import Conditions, Join, Language, NotEditableError, to_text
from dyno_frames.panels.builder.reducer import first_state, python_code, reduce
from dyno_frames.panels.builder.state import Condition, FetchOptions, PlannedCount, State
from dyno_frames.panels.builder.terms import NO_VALUE, Operator, Term, parse_value

SCHEMA = learn(CAMPAIGNS, [])
LANGUAGE = Language(SCHEMA.by_name, SCHEMA.empty())
TEXTS = [
    "",
    "status == 'finished'",
    "opens > 100 and subject.isna()",
    "opens > 1 or clicks > 1",
    "opens > clicks",
    "opens >",
    "name.str.contains('(', regex=True)",
]


def after(state, *actions):
    effects = ()
    for action in actions:
        state, effects = reduce(state, action, LANGUAGE)
    return state, effects


ROWS = st.builds(
    Condition,
    st.sampled_from(["status", "name", "opens", "created"]),
    st.sampled_from(Operator),
    st.sampled_from(["", "draft", "sale", "100", "2026-01-31", "(", "a\nb"]),
)
ACTIONS = st.one_of(
    st.just(on.ConditionAdded()),
    st.builds(on.ConditionRemoved, st.integers(0, 2)),
    st.builds(on.ConditionChanged, st.integers(0, 2), ROWS),
    st.builds(on.JoinChanged, st.sampled_from(Join)),
    st.builds(on.ExpressionTyped, st.sampled_from(TEXTS)),
    st.builds(on.OptionsChanged, st.builds(FetchOptions, st.sampled_from(["", "opens"]), st.booleans())),
    st.just(on.FetchRequested()),
    st.just(on.CountRequested()),
    st.builds(on.Failed, st.integers(0, 3), st.just("no connection")),
)


def terms(state):
    return tuple(
        Term(row.column, row.operator, parse_value(SCHEMA.by_name[row.column], row.operator, row.raw))
        for row in state.conditions
        if row.complete
    )


@settings(deadline=None, max_examples=100)
@given(st.lists(ACTIONS, max_size=12))
def test_whatever_is_done_text_and_widgets_say_the_same_or_it_is_said_that_they_do_not(actions):
    state, _ = first_state("", LANGUAGE)
    for action in actions:
        before = state
        state, effects = reduce(state, action, LANGUAGE)
        assert state.serial >= before.serial
        if state.errors:
            assert not effects
        elif state.text_only:
            assert not state.conditions
            with pytest.raises(NotEditableError):
                LANGUAGE.parse(state.text)
        else:
            assert (
                LANGUAGE.parse(state.text).terms
                == LANGUAGE.parse(to_text(Conditions(terms(state), state.join))).terms
            )
        asked = [effect for effect in effects if isinstance(effect, PlanQuery)]
        assert bool(asked) == (state.serial > before.serial and not state.errors)
        assert all(effect.text == state.text and effect.serial == state.serial for effect in effects)


def test_a_line_that_is_changed_changes_the_text_and_asks_for_a_count():
    state, effects = first_state("status == 'finished' and opens > 100", LANGUAGE)
    assert effects == (PlanQuery(1, "status == 'finished' and opens > 100"),)
    state, effects = after(state, on.ConditionChanged(1, Condition("opens", Operator.GREATER, "500")))
    assert state.text == "status == 'finished' and opens > 500"
    assert effects == (PlanQuery(2, state.text),)
    assert state.waiting == "counting"


def test_text_as_it_was_typed_stays_until_a_widget_is_touched():
    state, _ = first_state("(opens>5)&(clicks<=7)", LANGUAGE)
    assert state.text == "(opens>5)&(clicks<=7)"
    assert [row.raw for row in state.conditions] == ["5", "7"]
    state, _ = after(state, on.ConditionRemoved(0))
    assert state.text == "clicks <= 7"


def test_an_empty_box_asks_for_nothing_yet():
    state, _ = first_state("opens > 5", LANGUAGE)
    state, effects = after(state, on.ConditionAdded())
    assert state.text == "opens > 5"
    assert len(state.conditions) == 2
    assert effects == ()


def test_another_column_takes_an_operator_that_fits_it():
    state, _ = first_state("opens > 5", LANGUAGE)
    state, _ = after(state, on.ConditionChanged(0, Condition("status", Operator.GREATER, "")))
    assert state.conditions == (Condition("status", Operator.IS, ""),)
    state, _ = after(state, on.ConditionChanged(0, Condition("subject", Operator.MISSING, "left over")))
    assert state.text == "subject.isna()"
    assert state.conditions[0].raw == ""
    assert Operator.MISSING in NO_VALUE


def test_a_faulty_value_asks_nothing_and_what_is_on_its_way_is_forgotten():
    state, _ = first_state("opens > 5", LANGUAGE)
    state, effects = after(state, on.ConditionChanged(0, Condition("opens", Operator.GREATER, "many")))
    assert "expected a number" in state.errors[0]
    assert effects == ()
    planned = PlannedCount(None, 7, exact=True)
    state, effects = after(state, on.Planned(1, planned), on.FetchRequested())
    assert state.planned is None
    assert effects == ()
    state, effects = after(state, on.ConditionChanged(0, Condition("opens", Operator.GREATER, "5")))
    assert effects == (PlanQuery(3, "opens > 5"),)
    assert not state.errors


def test_a_pattern_that_is_none_is_a_fault_wherever_it_was_typed():
    state, _ = first_state("", LANGUAGE)
    state, effects = after(
        state, on.ConditionAdded(), on.ConditionChanged(0, Condition("name", Operator.MATCHES, "("))
    )
    assert "pandas refuses" in state.errors[-1]
    assert effects == ()
    assert len(state.conditions) == 1


def test_a_late_answer_to_an_earlier_question_changes_nothing():
    state, _ = first_state("opens > 5", LANGUAGE)
    state, _ = after(state, on.ExpressionTyped("opens > 6"))
    old, new = PlannedCount(None, 1, exact=True), PlannedCount(None, 2, exact=True)
    assert after(state, on.Planned(1, old))[0] == state
    assert after(state, on.Failed(1, "no connection"))[0] == state
    assert after(state, on.Planned(2, new))[0].planned == new


def test_a_fetch_takes_order_and_limit_along_and_is_asked_once():
    state, _ = first_state("opens > 5", LANGUAGE)
    options = FetchOptions("opens", ascending=False, limit=3)
    state, effects = after(state, on.OptionsChanged(options), on.FetchRequested())
    assert effects == (FetchRows(1, "opens > 5", options),)
    state, effects = after(state, on.FetchRequested())
    assert effects == ()
    state, _ = after(state, on.Failed(1, "no connection"))
    assert (state.failure, state.waiting) == ("no connection", "")


def test_the_line_of_python_says_order_and_limit():
    assert python_code(State(), "lists") == "lists.dyno.query(None, limit=100)"
    state = State(text="name == 'a'", options=FetchOptions("opens", ascending=False, limit=5))
    assert python_code(state, "campaigns") == (
        "campaigns.dyno.query(\"name == 'a'\", order_by='opens', ascending=False, limit=5)"
    )
