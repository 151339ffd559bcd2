"""The table of expressions, asked over HTTP and of pandas: the same rows, the plan that the table names, and no more moved."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from packaging.version import Version

sys.path.insert(0, str(Path(__file__).parents[1] / "property"))

from law.judge import check_equal

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.query.query import Scope
from dyno_frames.sandbox.sandbox import Sandbox

from .account import CAMPAIGNS, NEVER_SENT, account
from .expressions import EMPTY, EXACT, KNOWN, LOCAL, LOCALS, ROWS, WIDER, Row

SEAMED, WHOLE = 100, 1000
"""Rows of a page where an answer has seams, and where it has none."""

NEW_PANDAS = Version(pd.__version__) >= Version("3.1")

MOST_MOVED = 1.1
"""Rows moved for one returned, over all questions whose plan is exact."""

WALK_OVERLAP = 12
"""Rows that come again at the seams of one walk over this account: those of one second, at most, for each page."""


class Columns:
    """What ``c`` is where a question is asked with ``pd.col``."""

    def __getattr__(self, name: str) -> Any:
        return pd.col(name)

    def __getitem__(self, name: str) -> Any:
        return pd.col(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one question in one form."""

    frame: pd.DataFrame
    plan: Any
    moved: int
    warned: tuple[str, ...]
    finds: tuple[Any, ...]


@contextmanager
def heard(client: Any) -> Iterator[list[Any]]:
    """Keep the body of every find that a client sends, in order."""
    session, finds = client.connection.session, []
    send = session.send

    def kept(operation: Any, **settings: Any) -> Any:
        if operation.name.endswith(".find"):
            finds.append(json.loads(json.dumps(settings["body"])))
        return send(operation, **settings)

    session.send = kept
    try:
        yield finds
    finally:
        session.send = send


def expression(row: Row, form: str) -> Any:
    """The question, made anew: some can be read only once."""
    if form == "query":
        return row.query
    return row.python(Columns()) if form == "column" else row.python


def verdict(plan: Any) -> str:
    """The verdict of a whole plan, in the table's words."""
    if not plan.filters:
        return EMPTY
    if plan.exact:
        return EXACT
    return WIDER if all(plan.filters) else LOCAL


def said(row: Row) -> tuple[str, ...]:
    """The forms in which this pandas can say a question: pd.col had no ``**``, ``abs`` or sign before pandas 3.1."""
    if NEW_PANDAS or "column" not in row.forms:
        return row.forms
    try:
        expression(row, "column")
    except TypeError:
        return tuple(form for form in row.forms if form != "column")
    return row.forms


def questions(*forms: str, plan: str = "") -> Iterator[tuple[Row, str]]:
    """Every row in every form that this pandas can say, or those of one verdict."""
    for row in ROWS:
        for form in said(row):
            if (not forms or form in forms) and (not plan or row.expected(form) == plan):
                yield row, form


def each(asked: Iterator[tuple[Row, str]], check: Callable[[Row, str], None]) -> None:
    """Check questions one after the other, and name each that fails; one that is known to fail must fail."""
    places, faults, number = {id(row): place for place, row in enumerate(ROWS)}, [], 0
    for row, form in asked:
        number += 1
        place = places[id(row)]
        known = KNOWN.get((row.query or str(place), form))
        try:
            check(row, form)
        except Exception as error:  # noqa: BLE001 - the test goes through all questions
            fault = "" if known else f"{type(error).__name__}: {error}"
        else:
            fault = f"is listed as known to fail: {known}" if known else ""
        if fault:
            faults.append(f"row {place}, {form}, {row.query or 'python'}: {fault}")
    assert number
    assert not faults, f"{len(faults)} of {number} questions\n" + "\n\n".join(faults)


@pytest.fixture(scope="module")
def full() -> dict[str, pd.DataFrame]:
    made = account()
    return {resource: made.full(resource) for resource in made.rows}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(load=account().loadable(), speed=0) as served:
        yield served


@pytest.fixture(scope="module")
def asked(box) -> Iterator[Callable[[Row, str], Answer]]:
    """Ask a question of the table; each is asked once."""

    @cache
    def answer(place: int, form: str) -> Answer:
        row = ROWS[place]
        resource = getattr(seamed if form == "function" else whole, row.resource)
        with warnings.catch_warnings(record=True) as met:
            warnings.simplefilter("always")
            scan = resource.scan(expression(row, form), scope=Scope(LOCALS, {}))
            with heard(seamed if form == "function" else whole) as finds:
                run = scan.run()
        return Answer(
            run.to_frame(),
            scan.explain(),
            run.certificate.rows_moved,
            tuple(str(one.message) for one in met),
            tuple(finds),
        )

    places = {id(row): place for place, row in enumerate(ROWS)}
    with (
        connect(box.url, box.api_key, name="seamed", page_size=SEAMED, profile=Profile()) as seamed,
        connect(box.url, box.api_key, name="whole", page_size=WHOLE, profile=Profile()) as whole,
    ):
        yield lambda row, form: answer(places[id(row)], form)


@pytest.fixture(scope="module")
def counting(box) -> Iterator[Any]:
    with connect(box.url, box.api_key, name="counting", profile=Profile()) as connected:
        yield connected


@pytest.fixture(scope="module")
def unheard() -> Iterator[Any]:
    """A client that has learnt the account, and whose server is gone: whatever it sends fails."""
    with Sandbox(load=account().loadable(), speed=0) as served:
        connected = connect(served.url, served.api_key, name="unheard", profile=Profile(), timeout_s=1)
        for resource in (connected.campaigns, connected.lists, connected.templates):
            resource.frame()
    with connected:
        yield connected


def of_pandas(row: Row, form: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, set[str]]:
    """pandas' own answer on every row, and what it warns of."""
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        if row.reads is not None and _raises(row, form, frame):
            kept = frame[row.reads]
        elif form == "query":
            kept = frame.query(row.query, engine="python", local_dict=LOCALS, global_dict={})
        else:
            kept = frame[expression(row, form)]
    return kept.reset_index(drop=True), {str(one.message) for one in met}


@pytest.fixture(scope="module")
def expected_of(full) -> Callable[[Row, str], tuple[pd.DataFrame, set[str]]]:
    """What pandas answers to a question of the table, and what it warns of; each is asked once."""

    @cache
    def expected(place: int, form: str) -> tuple[pd.DataFrame, set[str]]:
        return of_pandas(ROWS[place], form, full[ROWS[place].resource])

    places = {id(row): place for place, row in enumerate(ROWS)}
    return lambda row, form: expected(places[id(row)], form)


def _raises(row: Row, form: str, frame: pd.DataFrame) -> bool:
    try:
        if form == "query":
            frame.query(row.query, engine="python", local_dict=LOCALS, global_dict={})
        else:
            frame[expression(row, form)]
    except (TypeError, ValueError):
        return True
    return False


def test_the_answer_is_pandas_own(asked, expected_of):
    def check(row: Row, form: str) -> None:
        (expected, _), found = expected_of(row, form), asked(row, form).frame
        check_equal(found, expected)

    each(questions(), check)


def conditions_of(body: Any) -> Any:
    """The conditions of a request, without those on the field that a walk follows."""
    return {name: part for name, part in body.items() if name[:12] != "application_" and name != "created"}


def test_the_plan_shows_what_is_sent(asked):
    def check(row: Row, form: str) -> None:
        answer = asked(row, form)
        shown = json.loads(json.dumps(answer.plan.requests))
        wider = (
            None if answer.plan.wider is None else json.loads(json.dumps(answer.plan.body(answer.plan.wider)))
        )
        if wider is not None and wider in answer.finds:
            shown = [wider]
        assert bool(answer.finds) == bool(shown)
        for body in shown:
            assert body in answer.finds
        for body in answer.finds:
            assert conditions_of(body) in [conditions_of(one) for one in shown]

    each(questions(), check)


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("order_by", ["opens", "created", "status", None])
@pytest.mark.parametrize("limit", [None, 5])
def test_the_plan_shows_the_order_and_the_limit_that_are_sent(box, order_by, ascending, limit):
    with connect(box.url, box.api_key, name="shown", profile=Profile()) as client:
        scan = client.campaigns.scan("opens > 3", order_by=order_by, ascending=ascending, limit=limit)
        with heard(client) as finds:
            scan.run()
    assert list(scan.explain().requests) == finds[:1]
    sent = finds[0]["application_order_by"], finds[0]["application_limit"]
    numbered = limit is not None and order_by in {"opens", None, "created"}
    assert sent == (order_by or "created" if numbered else "created", 6 if numbered else 1000)


def test_the_count_is_the_number_of_rows(counting, expected_of):
    def check(row: Row, form: str) -> None:
        expected, _ = expected_of(row, form)
        counted = getattr(counting, row.resource).count(expression(row, form), scope=Scope(LOCALS, {}))
        assert counted == len(expected)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each(questions("query", "function"), check)


def test_the_plan_is_the_one_in_the_table(asked):
    def check(row: Row, form: str) -> None:
        plan = asked(row, form).plan
        assert verdict(plan) == row.expected(form), str(plan)
        for body in plan.requests:
            assert json.loads(json.dumps(body, allow_nan=False)) == body
            assert all(flat(name, value) for name, value in body.items()), body

    each(questions(), check)


def flat(name: str, value: Any) -> bool:
    """Tell whether a filter is flat: values, one list of field names, and one level of operators on a field."""
    if name == "application_fields":
        return isinstance(value, list) and all(isinstance(field, str) for field in value)
    parts = value.values() if isinstance(value, dict) else [value]
    return all(isinstance(part, str | int | float) and not isinstance(part, bool) for part in parts)


def test_a_contradiction_is_answered_without_a_server(unheard, full):
    def check(row: Row, form: str) -> None:
        resource = getattr(unheard, row.resource)
        frame = resource.scan(expression(row, form), scope=Scope(LOCALS, {})).to_frame()
        pd.testing.assert_frame_equal(frame, full[row.resource].iloc[:0])
        assert resource.count(expression(row, form), scope=Scope(LOCALS, {})) == 0

    each(questions(plan=EMPTY), check)


def test_every_part_of_a_plan_says_why_it_is_not_pushed_exactly(asked):
    for row in ROWS:
        for form in said(row):
            plan = asked(row, form).plan
            for part in plan.conjuncts:
                assert (part.placement == "pushed exactly") is (part.reason == ""), str(plan)


def test_only_the_questions_that_the_table_names_warn(asked, expected_of):
    for row in ROWS:
        for form in said(row):
            warned = {text for text in asked(row, form).warned if not text.startswith("no row was seen with")}
            if row.warns and form in row.warned:
                assert any(row.warns in text for text in warned), (row.query, form, warned)
            else:
                assert warned <= expected_of(row, form)[1], (row.query, form)


def test_where_pandas_raises_the_table_says_what_is_read_instead(full):
    friendly = [row for row in ROWS if row.reads is not None]
    assert len(friendly) >= 8
    for row in friendly:
        assert _raises(row, "query", full[row.resource]), row.query


def test_no_question_moves_more_than_every_row(asked):
    rows = {"campaigns": CAMPAIGNS, "lists": 40, "templates": 40}
    for row in ROWS:
        for form in said(row):
            answer = asked(row, form)
            most = rows[row.resource] + WALK_OVERLAP * max(len(answer.plan.filters), 1)
            assert answer.moved <= most, f"{answer.moved} rows moved\n{answer.plan}"


def test_what_is_pushed_exactly_moves_little_more_than_it_returns(asked):
    answers = [asked(row, form) for row in ROWS for form in said(row)]
    exact = [answer for answer in answers if answer.plan.exact]
    moved, returned = sum(one.moved for one in exact), sum(len(one.frame) for one in exact)
    print(
        f"\n{len(ROWS)} questions in {len(answers)} forms, {len(exact)} of them exact: "
        f"{moved:,} rows moved for {returned:,} returned ({moved / returned:.3f})"
    )
    assert len(exact) > len(answers) / 2
    assert moved / returned <= MOST_MOVED


@pytest.mark.parametrize("resource", ["campaigns", "lists", "templates"])
def test_every_row_of_the_account_comes_as_pandas_holds_it(resource, counting, full):
    pd.testing.assert_frame_equal(getattr(counting, resource).find(), full[resource])
    assert full["campaigns"][list(NEVER_SENT)].isna().all(axis=None)


def test_the_table_is_large_asks_nothing_twice_and_has_every_verdict(asked, full):
    asked_twice = pd.Series([row.query for row in ROWS if row.query]).duplicated()
    assert not asked_twice.any()
    assert len(ROWS) >= 300
    assert {row.plan for row in ROWS} == {EXACT, WIDER, LOCAL, EMPTY}
    some = [row for row in ROWS if 0 < len(asked(row, row.forms[0]).frame) < len(full[row.resource])]
    assert len(some) > 0.75 * len(ROWS), "most questions choose some rows and not all"
