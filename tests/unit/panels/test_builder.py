"""The query builder without a screen: text and widgets in step, and late answers told from fresh ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.frames.schema import learn
from dyno_frames.panels import builder_actions as on
from dyno_frames.panels.builder import begun, code, reduce
from dyno_frames.panels.builder_actions import Fetch, Look
from dyno_frames.panels.builder_language import Join, Language, Said, UnsaidError, written
from dyno_frames.panels.builder_state import Looked, Row, State, Wanted
from dyno_frames.panels.builder_terms import BARE, Operator, Term, typed

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
    Row,
    st.sampled_from(["status", "name", "opens", "created"]),
    st.sampled_from(Operator),
    st.sampled_from(["", "draft", "sale", "100", "2026-01-31", "(", "a\nb"]),
)
ACTIONS = st.one_of(
    st.just(on.RowAdded()),
    st.builds(on.RowRemoved, st.integers(0, 2)),
    st.builds(on.RowChanged, st.integers(0, 2), ROWS),
    st.builds(on.JoinChanged, st.sampled_from(Join)),
    st.builds(on.Typed, st.sampled_from(TEXTS)),
    st.builds(on.WantedChanged, st.builds(Wanted, st.sampled_from(["", "opens"]), st.booleans())),
    st.just(on.FetchAsked()),
    st.just(on.CountAsked()),
    st.builds(on.Failed, st.integers(0, 3), st.just("no connection")),
)


def terms(state):
    return tuple(
        Term(row.column, row.operator, typed(SCHEMA.by_name[row.column], row.operator, row.raw))
        for row in state.rows
        if row.begun
    )


@settings(deadline=None, max_examples=100)
@given(st.lists(ACTIONS, max_size=12))
def test_whatever_is_done_text_and_widgets_say_the_same_or_it_is_said_that_they_do_not(actions):
    state, _ = begun("", LANGUAGE)
    for action in actions:
        before = state
        state, effects = reduce(state, action, LANGUAGE)
        assert state.serial >= before.serial
        if state.faults:
            assert not effects
        elif state.kept:
            assert not state.rows
            with pytest.raises(UnsaidError):
                LANGUAGE.read(state.text)
        else:
            assert (
                LANGUAGE.read(state.text).terms
                == LANGUAGE.read(written(Said(terms(state), state.join))).terms
            )
        asked = [effect for effect in effects if isinstance(effect, Look)]
        assert bool(asked) == (state.serial > before.serial and not state.faults)
        assert all(effect.text == state.text and effect.serial == state.serial for effect in effects)


def test_a_line_that_is_changed_changes_the_text_and_asks_for_a_count():
    state, effects = begun("status == 'finished' and opens > 100", LANGUAGE)
    assert effects == (Look(1, "status == 'finished' and opens > 100"),)
    state, effects = after(state, on.RowChanged(1, Row("opens", Operator.MORE, "500")))
    assert state.text == "status == 'finished' and opens > 500"
    assert effects == (Look(2, state.text),)
    assert state.waiting == "counting"


def test_text_as_it_was_typed_stays_until_a_widget_is_touched():
    state, _ = begun("(opens>5)&(clicks<=7)", LANGUAGE)
    assert state.text == "(opens>5)&(clicks<=7)"
    assert [row.raw for row in state.rows] == ["5", "7"]
    state, _ = after(state, on.RowRemoved(0))
    assert state.text == "clicks <= 7"


def test_an_empty_box_asks_for_nothing_yet():
    state, _ = begun("opens > 5", LANGUAGE)
    state, effects = after(state, on.RowAdded())
    assert state.text == "opens > 5"
    assert len(state.rows) == 2
    assert effects == ()


def test_another_column_takes_an_operator_that_fits_it():
    state, _ = begun("opens > 5", LANGUAGE)
    state, _ = after(state, on.RowChanged(0, Row("status", Operator.MORE, "")))
    assert state.rows == (Row("status", Operator.IS, ""),)
    state, _ = after(state, on.RowChanged(0, Row("subject", Operator.MISSING, "left over")))
    assert state.text == "subject.isna()"
    assert state.rows[0].raw == ""
    assert Operator.MISSING in BARE


def test_a_faulty_value_asks_nothing_and_what_is_on_its_way_is_forgotten():
    state, _ = begun("opens > 5", LANGUAGE)
    state, effects = after(state, on.RowChanged(0, Row("opens", Operator.MORE, "many")))
    assert "a number is expected" in state.faults[0]
    assert effects == ()
    looked = Looked(None, 7, exact=True)
    state, effects = after(state, on.Planned(1, looked), on.FetchAsked())
    assert state.looked is None
    assert effects == ()
    state, effects = after(state, on.RowChanged(0, Row("opens", Operator.MORE, "5")))
    assert effects == (Look(3, "opens > 5"),)
    assert not state.faults


def test_a_pattern_that_is_none_is_a_fault_wherever_it_was_typed():
    state, _ = begun("", LANGUAGE)
    state, effects = after(state, on.RowAdded(), on.RowChanged(0, Row("name", Operator.MATCHES, "(")))
    assert "pandas refuses" in state.faults[-1]
    assert effects == ()
    assert len(state.rows) == 1


def test_a_late_answer_to_an_earlier_question_changes_nothing():
    state, _ = begun("opens > 5", LANGUAGE)
    state, _ = after(state, on.Typed("opens > 6"))
    old, new = Looked(None, 1, exact=True), Looked(None, 2, exact=True)
    assert after(state, on.Planned(1, old))[0] == state
    assert after(state, on.Failed(1, "no connection"))[0] == state
    assert after(state, on.Planned(2, new))[0].looked == new


def test_a_fetch_takes_order_and_limit_along_and_is_asked_once():
    state, _ = begun("opens > 5", LANGUAGE)
    wanted = Wanted("opens", ascending=False, limit=3)
    state, effects = after(state, on.WantedChanged(wanted), on.FetchAsked())
    assert effects == (Fetch(1, "opens > 5", wanted),)
    state, effects = after(state, on.FetchAsked())
    assert effects == ()
    state, _ = after(state, on.Failed(1, "no connection"))
    assert (state.failure, state.waiting) == ("no connection", "")


def test_the_line_of_python_says_order_and_limit():
    assert code(State(), "lists") == "lists.dyno.query(None, limit=100)"
    state = State(text="name == 'a'", wanted=Wanted("opens", ascending=False, limit=5))
    assert code(state, "campaigns") == (
        "campaigns.dyno.query(\"name == 'a'\", order_by='opens', ascending=False, limit=5)"
    )
