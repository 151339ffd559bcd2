"""Columns of campaigns that are computed from others: rates, and the names of lists and templates.

The API does not know them. A query may read them, order by them and return them; frames have them only on request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dyno_frames.contract.fields import Field, Kind


@dataclass(frozen=True, slots=True)
class Rate:
    """A count divided by another count; null where the divisor is 0.

    Parameters
    ----------
    name
        The name of the column.
    part, whole
        The dividend and the divisor, as columns.
    """

    name: str
    part: str
    whole: str

    @property
    def field(self) -> Field:
        """The column as a field."""
        return Field(self.name, Kind.FLOAT)

    @property
    def reads(self) -> tuple[str, ...]:
        """The fields that it is computed from."""
        return self.part, self.whole

    @property
    def label(self) -> str:
        """The text for a legend."""
        return f"{self.name.replace('_', ' ')} ({self.part} of {self.whole})"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The name of a list or template, by its id; null if it does not exist.

    Parameters
    ----------
    name
        The name of the column.
    id_field
        The field that has the id.
    resource
        The resource of the object.
    names
        The name of each object by its id.
    """

    name: str
    id_field: str
    resource: str
    names: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def field(self) -> Field:
        """The column as a field."""
        return Field(self.name, Kind.STRING)

    @property
    def reads(self) -> tuple[str, ...]:
        """The fields that it is computed from."""
        return (self.id_field,)


Computed: TypeAlias = Rate | Lookup

RATES = {
    rate.name: rate
    for rate in (
        Rate("delivery_rate", "delivered", "sent"),
        Rate("open_rate", "opens", "delivered"),
        Rate("click_rate", "clicks", "delivered"),
        Rate("click_to_open_rate", "clicks", "opens"),
        Rate("bounce_rate", "bounces", "sent"),
        Rate("unsubscribe_rate", "unsubscribes", "delivered"),
        Rate("complaint_rate", "complaints", "delivered"),
    )
}
"""Every rate by its name."""

LIMITS = {"bounce_rate": 0.02, "complaint_rate": 0.001}
"""Above these, mailbox providers begin to refuse a sender."""

COMPUTED: tuple[Computed, ...] = (
    Lookup("list_name", "list_id", "lists"),
    Lookup("template_name", "template_id", "templates"),
    *RATES.values(),
)
"""Every computed column, lookups without their names."""
