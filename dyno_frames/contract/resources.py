"""The three resources and their fields."""

from __future__ import annotations

from dataclasses import dataclass

from dyno_frames.contract.fields import Field, Kind


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: templates, lists or campaigns.

    Parameters
    ----------
    name
        The plural, as in paths.
    singular
        The singular.
    fields
        Its fields, in the order of a frame's columns.
    write_only
        Names that create and update accept, and that are never returned.
    """

    name: str
    singular: str
    fields: tuple[Field, ...]
    write_only: tuple[str, ...] = ()

    def field(self, name: str) -> Field | None:
        """Return the field of this name, or None if the contract does not have it."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all fields."""
        return tuple(field.name for field in self.fields)

    @property
    def server_set(self) -> frozenset[str]:
        """The names that only the server sets."""
        return frozenset(field.name for field in self.fields if field.server_set)


ID_FIELD = "id"
"""The field that identifies a row in every resource; never null."""

CREATED = "created"
"""The field that orders rows by default: a number, never null, never changed."""

UPDATED = "updated"
"""The time of a row's last change."""

COUNTERS = ("recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes")
"""The counters of a campaign."""

ONE_LINE = frozenset({"name", "subject", "from_name", "from_email"})
"""Texts that become headers of a message, or labels. A line break in one would add a header."""

_ID = Field(ID_FIELD, Kind.ID, nullable=False, server_set=True)
_NAME = Field("name", Kind.STRING, nullable=False)
_TAIL = (
    Field(CREATED, Kind.TIME, nullable=False, server_set=True),
    Field(UPDATED, Kind.TIME, nullable=False, server_set=True),
    Field("user_id", Kind.STRING, server_set=True),
)


def _strings(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, Kind.STRING) for name in names)


TEMPLATES = Resource("templates", "template", (_ID, _NAME, *_strings("subject", "html", "text"), *_TAIL))

LISTS = Resource(
    "lists",
    "list",
    (
        _ID,
        _NAME,
        *_strings("description", "from_name", "from_email"),
        Field("contacts", Kind.COUNT, nullable=False, server_set=True),
        *_TAIL,
    ),
    write_only=("emails",),
)

CAMPAIGNS = Resource(
    "campaigns",
    "campaign",
    (
        _ID,
        _NAME,
        *_strings("subject", "from_name", "from_email", "preview_message", "list_id", "template_id"),
        Field("status", Kind.STATUS, nullable=False, server_set=True),
        Field("start_time", Kind.TIME, server_set=True),
        Field("time_zone", Kind.STRING),
        *(Field(name, Kind.COUNT, nullable=False, server_set=True) for name in COUNTERS),
        *_TAIL,
    ),
)

RESOURCES = {resource.name: resource for resource in (TEMPLATES, LISTS, CAMPAIGNS)}
"""Every resource by its name."""
