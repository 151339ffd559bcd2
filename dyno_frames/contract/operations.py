"""The 25 operations of the API: method, path, and the effect of sending a request twice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dyno_frames.contract.lifecycle import RULES, Action
from dyno_frames.contract.resources import RESOURCES


class Effect(StrEnum):
    """The effect of sending a request twice."""

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
        The effect of sending it twice.
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
"""The header of the API key."""

PRODUCTION_URL = "http://api.mail.dyno.me:19000"
"""The URL of the production service."""
