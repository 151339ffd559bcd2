"""Which unknown facts about a server a plan depends on, found by planning with and without each of them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from dyno_frames.contract.profile import Profile
from dyno_frames.query.plan import Context, Plan, Shape, make_plan
from dyno_frames.query.question import Question

_NOT_PLANNED = frozenset(
    {"name", "nulls", "page_limit", "overlong", "default_limit", "text_number", "deep_offset"}
)


def needs(question: Question, context: Context, shape: Shape) -> tuple[str, ...]:
    """Return the fields of the profile that are not known and would make a better plan.

    Parameters
    ----------
    question, context, shape
        As for :func:`~dyno_frames.query.plan.make_plan`.
    """
    unknown = [
        field.name
        for field in fields(Profile)
        if field.name not in _NOT_PLANNED and getattr(context.profile, field.name) is None
    ]
    if not unknown:
        return ()
    decided = Profile()
    values: dict[str, Any] = {name: getattr(decided, name) for name in unknown}
    hopeful = replace(context.profile, **values)

    def planned(profile: Profile) -> Plan:
        return make_plan(question, replace(context, profile=profile), shape)

    def without(name: str) -> Profile:
        blank: dict[str, Any] = {name: None}
        return replace(hopeful, **blank)

    best = _sent(planned(hopeful))
    if _sent(planned(context.profile)) == best:
        return ()
    return tuple(name for name in unknown if _sent(planned(without(name))) != best)


def _sent(plan: Plan) -> tuple[object, ...]:
    return plan.filters, plan.exact, plan.terms
