"""Convert conditions on computed columns to conditions on the fields that they are computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dyno_frames.contract.computed import Computed, Lookup, Rate
from dyno_frames.query.boxes import Box, Region
from dyno_frames.query.domain import Domain, Interval, Numbers, Texts


def in_fields(region: Region, computed: Mapping[str, Computed]) -> Region:
    """Return a region of fields that holds a region of fields and computed columns, as small as is known.

    A condition on a name becomes one on ids and stays exact. A rate above 0 has a part and a whole above 0; the rate
    itself is evaluated locally.

    Parameters
    ----------
    region
        Where a query is true.
    computed
        The computed columns by name.
    """
    if not any(name in computed for box in region.boxes for name in box.domains):
        return region
    boxes, reasons = list[Box](), dict.fromkeys(region.reasons)
    for box in region.boxes:
        plain = Box.of({name: domain for name, domain in box.domains.items() if name not in computed})
        for name, domain in box.domains.items():
            if name in computed:
                around, reason = _around(computed[name], domain)
                plain = plain.intersect(around)
                reasons |= dict.fromkeys(reason)
        if not plain.empty:
            boxes.append(plain)
    return Region(tuple(boxes), region.exact and len(reasons) == len(region.reasons), tuple(reasons))


def _around(column: Computed, domain: Domain) -> tuple[Box, tuple[str, ...]]:
    """Return the box of fields around a domain of a computed column, and why it holds more, if it does."""
    match column, domain:
        case Rate(), Numbers():
            why = f"{column.name} is computed from {column.part} and {column.whole}, and evaluated locally"
            return _around_rate(column, domain), (why,)
        case Lookup(), Texts():
            return _around_lookup(column, domain)
        case _:
            raise TypeError(f"{column.name} does not hold {domain}")


def _around_rate(rate: Rate, domain: Numbers) -> Box:
    if domain.null:
        return Box()
    positive = Numbers.of([Interval(low=0, low_open=True)], null=False, whole=True)
    above = all(one.low > 0 or (one.low == 0 and one.low_open) for one in domain.intervals)
    return Box.of(dict.fromkeys(rate.reads if above else (rate.whole,), positive))


def _around_lookup(lookup: Lookup, domain: Texts) -> tuple[Box, tuple[str, ...]]:
    found = {row_id: _has(domain, name) for row_id, name in lookup.names.items()}
    inside = frozenset(row_id for row_id, has in found.items() if has is not False)
    ids = Texts(exclude=frozenset(found) - inside, null=True) if domain.null else Texts(include=inside)
    undecided = any(has is None for has in found.values())
    why = (f"a part of the condition on {lookup.name} is evaluated locally",) if undecided else ()
    return Box.of({lookup.id_field: ids}), why


def _has(domain: Texts, text: str) -> bool | None:
    """Tell whether a text belongs to a set of texts; None if pandas has to say."""
    if (domain.include is not None and text not in domain.include) or text in domain.exclude:
        return False
    return _all(pattern.accepts(text) for pattern in domain.patterns)


def _all(answers: Iterable[bool | None]) -> bool | None:
    known = list(answers)
    return False if False in known else None if None in known else True
