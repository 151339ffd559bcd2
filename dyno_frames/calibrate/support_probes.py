"""Probes about names: which operators a server answers, and by which fields it filters."""

from __future__ import annotations

from typing import Any

from dyno_frames.calibrate.examine import Examination
from dyno_frames.calibrate.number_probes import all_work, on_created
from dyno_frames.calibrate.text_probes import NO_SUCH_TEXT, behind_another, contained
from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import NumberOperator, StringOperator
from dyno_frames.contract.resources import CREATED, KEY

_ODD_NUMBER = 7_303_141


def operator_works(exam: Examination, operator: str) -> bool | None:
    """Tell whether a server answers an operator as the reference says; None where that cannot be told."""
    if operator in set(NumberOperator):
        return _number_works(exam, NumberOperator(operator))
    return _text_works(exam, StringOperator(operator))


_TRUE_OF_CREATED = {
    NumberOperator.EQ: 0,
    NumberOperator.GT: -1,
    NumberOperator.GTE: -1,
    NumberOperator.LT: 1,
    NumberOperator.LTE: 1,
}


def _number_works(exam: Examination, operator: NumberOperator) -> bool | None:
    if exam.instant is None:
        return None if exam.count({CREATED: {operator: 0}}) is not None else False
    if all_work(exam):
        return True
    return on_created(exam, {operator: _TRUE_OF_CREATED[operator]}) is True


def _text_works(exam: Examination, operator: StringOperator) -> bool | None:
    found = exam.subject
    if found is None:
        return None if exam.count({"name": {operator: NO_SUCH_TEXT}}) is not None else False
    tests = {
        StringOperator.IN: (behind_another(found.text), None),
        StringOperator.NOT_IN: (behind_another(found.text), None),
        StringOperator.LIKE_REGEX: (f".*{found.core}.*", True),
        StringOperator.NOT_LIKE_REGEX: (f".*{found.core}.*", False),
    }
    text, expected = tests.get(operator) or (contained(exam, found.core), not operator.startswith("not_"))
    condition = {found.field: {operator: found.core if text is None else text}}
    if exam.refuses(found.key, condition):
        return False
    if text is None:
        return None  # how its text is read is not known, so whether it finds what it should cannot be told
    return expected is None or exam.on_text(condition[found.field]) is expected


def field_filters(exam: Examination, name: str) -> bool | None:
    """Tell whether a filter by a field leaves out a row that it excludes; None where that cannot be told."""
    if name in exam.filtering:
        return True
    found, field = exam.subject or exam.instant, exam.fields.get(name)
    if found is None or field is None:
        return None
    test: Any = NO_SUCH_TEXT
    if field.wire is Wire.NUMBER:
        values = {row.get(name) for row in exam.rows if str(row[KEY]) == found.key}
        test = {NumberOperator.EQ: 5 if _ODD_NUMBER in values else _ODD_NUMBER}
    kept = exam.matches(found.key, {name: test})
    return None if kept is None else not kept
