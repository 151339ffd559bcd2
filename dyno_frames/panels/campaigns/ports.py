"""What a panel needs from a client, as protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Campaigns(Protocol):
    """``client.campaigns``."""

    def get(self, key: str, /) -> Mapping[str, Any]:
        """Read one campaign."""

    def find(self, expr: Any = None, *, columns: Sequence[str] | None = None) -> Any:
        """Return a DataFrame of the campaigns that match."""

    def resolve(self, key: str, /) -> Any:
        """Find out the outcome of an action whose outcome is unknown."""

    def to_code(self, operation: str, *arguments: Any, language: str, **options: Any) -> str:
        """Return an action as a program."""


class Lists(Protocol):
    """``client.lists``."""

    def get(self, key: str, /) -> Mapping[str, Any]:
        """Read one list."""


class Client(Protocol):
    """A connection. ``campaigns`` also has a method for every process action, named as in ``lifecycle.Action``."""

    @property
    def campaigns(self) -> Campaigns:
        """The campaigns."""

    @property
    def lists(self) -> Lists:
        """The lists."""

    @property
    def journal(self) -> Any:
        """A DataFrame of the actions requested; ``blocks`` marks those whose outcome has to be resolved first."""
