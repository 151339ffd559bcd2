"""Find the unknown facts about a server that a plan depends on, by planning with and without each fact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from dyno_frames.contract.profile import Profile
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context, Plan
from dyno_frames.query.planner import bound, plan_bounded
from dyno_frames.query.query import Query

_NOT_PLANNED = frozenset({"name", "page_limit", "overlong"})
OPERATORS, FILTERED = "operators.", "filtered."
"""The prefixes of the names of facts about one operator and about one field."""


def needs(
    query: Query, context: Context, options: QueryOptions, *, fruitless: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the unknown facts that would improve the plan, the most useful first.

    Parameters
    ----------
    query, context, options
        As for :func:`~dyno_frames.query.plan.make_plan`.
    fruitless
        Facts that cannot be learned, and so cannot improve the plan.

    Returns
    -------
    tuple of str
        Names of fields of the profile, then ``operators.in`` and the like, then ``filtered.campaigns.name`` and the
        like.
    """
    known = context.profile
    unknown = [name for name in _unknown(known) if name not in fruitless]
    bounded = bound(query, context)

    def planned(profile: Profile) -> Plan:
        return plan_bounded(bounded, replace(context, profile=profile), options)

    hopeful = _hopeful(known, unknown, fruitless)
    best = planned(hopeful)
    operators = [f"{OPERATORS}{name}" for name in _operators(best) if known.operators[name] is None]
    facts, filtered = list[str](), list[str]()
    if _sent(planned(known)) != _sent(best):
        facts = [name for name in unknown if _sent(planned(_without(hopeful, name))) != _sent(best)]
        filtered = [
            f"{FILTERED}{name}"
            for name in _filtered(best)
            if known.filtered[name] is None and _sent(planned(_unfiltered(hopeful, name))) != _sent(best)
        ]
    return tuple(name for name in (*facts, *operators, *filtered) if name not in fruitless)


def _unknown(profile: Profile) -> list[str]:
    return [
        field.name
        for field in fields(Profile)
        if field.name not in _NOT_PLANNED and getattr(profile, field.name) is None
    ]


def _hopeful(profile: Profile, unknown: Iterable[str], fruitless: Collection[str]) -> Profile:
    """Return the profile with default values for all facts that can be learned."""
    decided = Profile()
    values: dict[str, Any] = {name: getattr(decided, name) for name in unknown}
    hopeful = replace(profile, **values)
    if hopeful.filtered.others is None:
        hopeful = replace(hopeful, filtered=replace(hopeful.filtered, others=True))
        for name in fruitless:
            if name.startswith(FILTERED):
                hopeful = _unfiltered(hopeful, name.removeprefix(FILTERED))
    return hopeful


def _without(profile: Profile, name: str) -> Profile:
    blank: dict[str, Any] = {name: None}
    return replace(profile, **blank)


def _unfiltered(profile: Profile, name: str) -> Profile:
    return replace(profile, filtered=profile.filtered.learned(name, False))


def _operators(plan: Plan) -> Iterator[str]:
    """Iterate over the operators of a plan's filters, each once."""
    conditions = (condition for found in plan.filters for condition in found.values())
    yield from dict.fromkeys(
        str(operator) for condition in conditions if isinstance(condition, dict) for operator in condition
    )


def _filtered(plan: Plan) -> Iterator[str]:
    """Iterate over the fields of a plan's filters, each once, with the resource's name before."""
    names = dict.fromkeys(name for found in plan.filters for name in found)
    yield from (f"{plan.resource}.{name}" for name in names)


def _sent(plan: Plan) -> tuple[object, ...]:
    return plan.filters, plan.exact, plan.terms, plan.disjoint
