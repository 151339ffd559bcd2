"""Probes of support: which operators a server answers, and by which fields it filters."""

from __future__ import annotations

from typing import Any

from dyno_frames.calibrate.number_probes import all_work, on_created
from dyno_frames.calibrate.prober import Prober
from dyno_frames.calibrate.text_probes import NO_SUCH_TEXT, behind_another, contained
from dyno_frames.contract.fields import Wire
from dyno_frames.contract.filters import NumberOperator, StringOperator
from dyno_frames.contract.resources import CREATED, ID_FIELD

_ODD_NUMBER = 7_303_141


def operator_works(prober: Prober, operator: str) -> bool | None:
    """Return whether a server answers an operator as the reference says, or None if that cannot be learned."""
    if operator in set(NumberOperator):
        return _number_works(prober, NumberOperator(operator))
    return _text_works(prober, StringOperator(operator))


_TRUE_OF_CREATED = {
    NumberOperator.EQ: 0,
    NumberOperator.GT: -1,
    NumberOperator.GTE: -1,
    NumberOperator.LT: 1,
    NumberOperator.LTE: 1,
}


def _number_works(prober: Prober, operator: NumberOperator) -> bool | None:
    if prober.created is None:
        return None if prober.count({CREATED: {operator: 0}}) is not None else False
    if all_work(prober):
        return True
    return on_created(prober, {operator: _TRUE_OF_CREATED[operator]}) is True


def _text_works(prober: Prober, operator: StringOperator) -> bool | None:
    found = prober.probe_row
    if found is None:
        return None if prober.count({"name": {operator: NO_SUCH_TEXT}}) is not None else False
    tests = {
        StringOperator.IN: (behind_another(found.text), None),
        StringOperator.NOT_IN: (behind_another(found.text), None),
        StringOperator.LIKE_REGEX: (f".*{found.core}.*", True),
        StringOperator.NOT_LIKE_REGEX: (f".*{found.core}.*", False),
    }
    text, expected = tests.get(operator) or (contained(prober, found.core), not operator.startswith("not_"))
    condition = {found.field: {operator: found.core if text is None else text}}
    if prober.refuses(found.key, condition):
        return False
    if text is None:
        return None  # it is not known how the operator reads its text
    return expected is None or prober.on_text(condition[found.field]) is expected


def field_filters(prober: Prober, name: str) -> bool | None:
    """Return whether a filter by a field excludes a row that does not match, or None if that cannot be learned."""
    if name in prober.filtering:
        return True
    found, field = prober.probe_row or prober.created, prober.fields.get(name)
    if found is None or field is None:
        return None
    test: Any = NO_SUCH_TEXT
    if field.wire is Wire.NUMBER:
        values = {row.get(name) for row in prober.rows if str(row[ID_FIELD]) == found.key}
        test = {NumberOperator.EQ: 5 if _ODD_NUMBER in values else _ODD_NUMBER}
    kept = prober.matches(found.key, {name: test})
    return None if kept is None else not kept
