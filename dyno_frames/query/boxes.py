"""Unions of boxes: a box is one domain per column, all of which must hold; a region is a union of boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

from dyno_frames.query.domain import Domain, intersect, union

MOST_BOXES = 24
"""A region of more boxes is widened to all rows, to limit the number of requests."""


@dataclass(frozen=True, slots=True)
class Box:
    """A conjunction: the columns it limits, each with its domain.

    Parameters
    ----------
    domains
        The domains by column. Other columns are not restricted.
    """

    domains: Mapping[str, Domain] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, domains: Mapping[str, Domain]) -> Box:
        """Return the box of these domains, without domains that contain everything."""
        kept = {name: domain for name, domain in domains.items() if not domain.everything}
        return cls(MappingProxyType(kept))

    @property
    def empty(self) -> bool:
        """Whether the box contains no rows."""
        return any(domain.empty for domain in self.domains.values())

    def intersect(self, other: Box) -> Box:
        """Return the rows in both."""
        joined = dict(self.domains)
        for name, domain in other.domains.items():
            joined[name] = intersect(joined[name], domain) if name in joined else domain
        return Box.of(joined)

    def merged(self, other: Box) -> Box | None:
        """Return the union as one box, or None if it is not a box."""
        if self.domains.keys() != other.domains.keys():
            small, large = sorted((self, other), key=lambda box: len(box.domains))
            inside = all(large.domains.get(name) == domain for name, domain in small.domains.items())
            return small if inside else None
        different = [name for name, domain in self.domains.items() if domain != other.domains[name]]
        if not different:
            return self
        if len(different) > 1:
            return None
        name = different[0]
        joined = union(self.domains[name], other.domains[name])
        return None if joined is None else Box.of(dict(self.domains) | {name: joined})

    def hull(self, other: Box) -> Box:
        """Return a small box that contains both."""
        shared = self.domains.keys() & other.domains.keys()
        joined = {name: union(self.domains[name], other.domains[name]) for name in shared}
        return Box.of({name: domain for name, domain in joined.items() if domain is not None})


@dataclass(frozen=True, slots=True)
class Region:
    """A union of boxes that contains every row for which an expression is true.

    Parameters
    ----------
    boxes
        The union. One box without domains means all rows; an empty tuple means no rows.
    exact
        Whether the region contains only these rows.
    reasons
        Why the region is wider, if it is not exact.
    """

    boxes: tuple[Box, ...] = (Box(),)
    exact: bool = True
    reasons: tuple[str, ...] = ()

    @classmethod
    def wider(cls, reason: str) -> Region:
        """Return the region of all rows, with the reason."""
        return cls(exact=False, reasons=(reason,))

    @property
    def everything(self) -> bool:
        """Whether the region contains all rows."""
        return any(not box.domains for box in self.boxes)

    def intersect(self, other: Region) -> Region:
        """Return the rows in both."""
        exact, reasons = self.exact and other.exact, _both(self, other)
        if len(self.boxes) * len(other.boxes) > MOST_BOXES:
            small, large = sorted((self, other), key=lambda region: len(region.boxes))
            return Region(small.boxes, exact=False, reasons=(*reasons, _too_many(large)))
        crossed = [left.intersect(right) for left, right in product(self.boxes, other.boxes)]
        return Region(_simplified(crossed), exact, reasons)

    def union(self, other: Region) -> Region:
        """Return the rows in either."""
        exact, reasons = self.exact and other.exact, _both(self, other)
        boxes = _simplified((*self.boxes, *other.boxes))
        if len(boxes) > MOST_BOXES:
            return Region(exact=False, reasons=(*reasons, f"more than {MOST_BOXES} alternatives"))
        return Region(boxes, exact, reasons)

    @property
    def hull(self) -> Box:
        """A box that contains the whole region."""
        boxes = list(self.boxes)
        around = boxes[0]
        for box in boxes[1:]:
            around = around.hull(box)
        return around


NOTHING = Region(())
"""No row."""


def _both(left: Region, right: Region) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*left.reasons, *right.reasons)))


def _too_many(region: Region) -> str:
    return f"an alternative of {len(region.boxes)} parts multiplies with another"


def _simplified(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Drop empty boxes, and merge boxes whose union is a box, until nothing changes."""
    pending = [box for box in boxes if not box.empty]
    done: list[Box] = []
    while pending:
        box = pending.pop(0)
        for position, other in enumerate(done):
            joined = other.merged(box)
            if joined is not None:
                del done[position]
                pending.insert(0, joined)
                break
        else:
            done.append(box)
    return tuple(done)
