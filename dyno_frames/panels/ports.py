"""What a panel asks of a client: nothing beyond these verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Answered(Protocol):
    """What an action or a resolve returns: how it came out, with the evidence."""

    @property
    def status(self) -> str:
        """``applied``, ``not_applied`` or ``unknown``."""


class Campaigns(Protocol):
    """``client.campaigns``."""

    def get(self, key: str, /) -> Mapping[str, Any]:
        """Read one campaign."""

    def find(self, expr: Any = None, *, columns: Sequence[str] | None = None) -> Any:
        """Return a DataFrame of the campaigns that match."""

    def resolve(self, key: str, /) -> Any:
        """Find out what became of an action whose outcome is unknown."""


class Lists(Protocol):
    """``client.lists``."""

    def get(self, key: str, /) -> Mapping[str, Any]:
        """Read one list."""


class Client(Protocol):
    """A connection. The process actions are verbs of ``campaigns``, named as in ``lifecycle.Action``."""

    @property
    def campaigns(self) -> Campaigns:
        """The campaigns."""

    @property
    def lists(self) -> Lists:
        """The lists."""

    @property
    def journal(self) -> Any:
        """A DataFrame of the actions asked for; those whose outcome is to be found out first have ``blocks``."""
