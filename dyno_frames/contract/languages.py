"""The languages in which queries and operations are written as programs."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """The languages of generated programs."""

    CURL = "curl"
    PYTHON = "python"
    JAVA = "java"
    PHP = "php"

    @property
    def label(self) -> str:
        """The name of the language as people write it."""
        return {"python": "Python", "java": "Java", "php": "PHP"}.get(self.value, self.value)
