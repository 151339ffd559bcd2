"""Write texts as string literals and comments of a language, so that every value arrives unchanged."""

from __future__ import annotations

from typing import assert_never

from dyno_frames.contract.languages import Language
from dyno_frames.contract.texts import without_query_addresses

_LONGEST_COMMENT = 160
_LONGEST_JAVA = 10_000
"""A constant of Java has at most 65,535 bytes."""


def literal(text: str, language: Language) -> str:
    r"""Return a text in ASCII as a string literal.

    Java replaces ``\uXXXX`` before it reads a literal, unless another backslash is in front of it, as here always.

    Examples
    --------
    >>> print(literal("it's $5", Language.CURL), literal("it's $5", Language.JAVA), literal("it's $5", Language.PHP))
    'it'\''s $5' "it's $5" 'it\'s $5'
    """
    match language:
        case Language.CURL:
            quoted = text.replace("'", "'\\''")
            return f"'{quoted}'"
        case Language.PYTHON:
            return ascii(text)
        case Language.JAVA:
            parts = [text[at : at + _LONGEST_JAVA] for at in range(0, len(text), _LONGEST_JAVA)] or [""]
            quoted_parts = [_java(part) for part in parts]
            return quoted_parts[0] if len(parts) == 1 else f'String.join("", {", ".join(quoted_parts)})'
        case Language.PHP:
            quoted = text.replace("\\", "\\\\").replace("'", "\\'")
            return f"'{quoted}'"
        case _:
            assert_never(language)


def _java(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def comment(text: str) -> str:
    """Return a text as part of a one-line comment of any language, without e-mail addresses.

    Examples
    --------
    >>> comment("name == 'a ?> b' and from_email == 'ann@example.com'")
    "name == 'a ? > b' and from_email == '<address>'"
    """
    shown = without_query_addresses(text)
    shown = "".join(letter if " " <= letter <= "~" and letter != "\\" else "?" for letter in shown)
    shown = shown.replace("?>", "? >").replace("*/", "* /")
    return shown if len(shown) <= _LONGEST_COMMENT else f"{shown[:_LONGEST_COMMENT]}..."
