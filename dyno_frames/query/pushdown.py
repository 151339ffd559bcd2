"""Convert a box to one flat filter of the API, the narrowest that certainly matches all its rows on this server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product

from dyno_frames.contract.fields import Field
from dyno_frames.contract.profile import Profile, UnknownField
from dyno_frames.query.boxes import Box
from dyno_frames.query.domain import Numbers, Texts
from dyno_frames.query.number_filters import number_condition
from dyno_frames.query.text_filters import MOST_LISTED, Condition, TextFilter, listable, lists


@dataclass(frozen=True, slots=True)
class Pushed:
    """The filter for a box.

    Parameters
    ----------
    conditions
        The conditions by field, as the API expects them.
    wider
        The fields whose conditions may match rows outside the box.
    reasons
        Why they may.
    """

    conditions: Mapping[str, Condition]
    wider: frozenset[str] = frozenset()
    reasons: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the filter matches only the box's rows."""
        return not self.wider


def push_down(
    box: Box, fields: Mapping[str, Field], profile: Profile, *, unseen: frozenset[str], resource: str
) -> Pushed:
    """Return the filter for a box.

    Parameters
    ----------
    box
        The rows to match.
    fields
        The fields by name.
    profile
        The semantics of this server's filters. Unknown facts are not used.
    unseen
        Fields that were seen in no row of this server.
    resource
        The name of the resource.
    """
    conditions: dict[str, Condition] = {}
    reasons: dict[str, str] = {}
    for name, domain in box.domains.items():
        if name in unseen and profile.unknown_field is not UnknownField.NULL:
            reasons[name] = f"{name}: this server was never seen to send it"
            continue
        found, why = _condition(domain, fields[name], profile)
        if found is not None:
            conditions[name] = found
            why = why or _untrusted(name, profile.filtered[f"{resource}.{name}"])
        if why:
            reasons[name] = f"{name}: {why}"
    return Pushed(conditions, frozenset(reasons), tuple(reasons.values()))


def _condition(domain: Numbers | Texts, field: Field, profile: Profile) -> tuple[Condition | None, str]:
    if isinstance(domain, Numbers):
        return number_condition(domain, field, profile)
    return TextFilter(domain, field, profile).encoded()


def _untrusted(name: str, filters: bool | None) -> str:  # noqa: FBT001 - a fact of the profile
    """Return why conditions on a field cannot be relied on, or an empty string."""
    if filters is None:
        return f"it is unknown whether this server applies filters by {name}"
    return "" if filters else f"this server returned rows that a filter by {name} excludes"


def apart(box: Box, profile: Profile, *, most: int) -> tuple[Box, ...]:
    """Split a box into boxes that one filter each can express; return the box itself if there are too many."""
    choices = [
        [(name, part) for part in islice(_parts(domain, profile), most + 1)]
        for name, domain in box.domains.items()
    ]
    found = list(islice(product(*choices), most + 1))
    return tuple(Box.of(dict(parts)) for parts in found) if len(found) <= most else (box,)


def _parts(domain: Numbers | Texts, profile: Profile) -> Iterator[Numbers | Texts]:
    if isinstance(domain, Numbers):
        if domain.null or len(domain.intervals) < 2:
            yield domain
        else:
            yield from (replace(domain, intervals=(run,)) for run in domain.intervals)
        return
    if domain.include is None or domain.null or len(domain.include) < 2:
        yield domain
        return
    plain = sorted(value for value in domain.include if listable(value, profile)) if lists(profile) else []
    for start in range(0, len(plain), MOST_LISTED):
        yield replace(domain, include=frozenset(plain[start : start + MOST_LISTED]))
    for value in sorted(domain.include.difference(plain)):
        yield replace(domain, include=frozenset({value}))
