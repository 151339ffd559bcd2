"""The 25 operations of the API: verb, path, and what sending one twice would mean."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dyno_frames.contract.lifecycle import RULES, Action
from dyno_frames.contract.resources import RESOURCES


class Effect(StrEnum):
    """What sending an operation a second time would do."""

    READ = "read"
    IDEMPOTENT_WRITE = "idempotent_write"
    CREATE = "create"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Parameters
    ----------
    name
        ``campaigns.find``, ``campaigns.start`` and so on.
    verb
        The HTTP method.
    path
        The path; ``{id}`` stands for the object's id.
    effect
        What sending it twice would do.
    """

    name: str
    verb: str
    path: str
    effect: Effect

    def url_path(self, key: str | None = None) -> str:
        """Return the path for one object, its id percent-encoded."""
        from urllib.parse import quote

        return self.path if key is None else self.path.replace("{id}", quote(key, safe=""))


_VERBS = (
    ("get", "GET", "/{id}", Effect.READ),
    ("create", "POST", "", Effect.CREATE),
    ("update", "PUT", "/{id}", Effect.IDEMPOTENT_WRITE),
    ("delete", "DELETE", "/{id}", Effect.IDEMPOTENT_WRITE),
    ("find", "POST", "/find", Effect.READ),
    ("count", "POST", "/count", Effect.READ),
)

OPERATIONS = {
    operation.name: operation
    for operation in (
        *(
            Operation(f"{resource}.{name}", verb, f"/{resource}{suffix}", effect)
            for resource in RESOURCES
            for name, verb, suffix, effect in _VERBS
        ),
        *(
            Operation(f"campaigns.{action}", "POST", f"/campaign_process/{rule.path}", Effect.ACT)
            for action, rule in RULES.items()
        ),
    )
}
"""Every operation by its name."""


def operation(resource: str, verb: str | Action) -> Operation:
    """Return the operation of a resource: ``operation("lists", "find")``."""
    return OPERATIONS[f"{resource}.{verb}"]


API_KEY_HEADER = "User-Api-Key"
"""The header that carries the key."""

PRODUCTION_URL = "http://api.mail.dyno.me:19000"
"""Where the real service answers."""
