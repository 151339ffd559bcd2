"""Texts that can travel and texts that people may read: UTF-8, on one line where a header is made, no addresses."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\S+")
_QUERY_WORD = re.compile(r"[^\s<>=!&|()\[\]{}*/%^,~\"'`]+")
_ADDRESS = "<address>"
_CONTROLS = frozenset({"Cc", "Zl", "Zp"})

HALF = "half of a surrogate pair, which UTF-8 cannot carry"
"""What is wrong with a text that is not whole, for messages."""


def is_whole(text: str) -> bool:
    r"""Tell whether a text can be written as UTF-8.

    Examples
    --------
    >>> is_whole("🎉"), is_whole("\ud83c")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def control_character(text: str) -> str:
    r"""Return the first character of a text that ends a line or is a control character; empty if it has none.

    Examples
    --------
    >>> control_character("Spring sale"), control_character("Spring\r\nBcc: x")
    ('', '\r')
    """
    if text.isprintable():
        return ""
    return next((one for one in text if unicodedata.category(one) in _CONTROLS), "")


def without_addresses(text: str) -> str:
    """Return a text with ``<address>`` in place of every word that looks like an e-mail address.

    Examples
    --------
    >>> without_addresses("no list holds ann@example.com")
    'no list holds <address>'
    """
    return _WORD.sub(_hidden, text)


def without_query_addresses(text: str) -> str:
    """Return a query, or a text about one, without e-mail addresses; operators and ``@names`` stay.

    Examples
    --------
    >>> without_query_addresses("opens>@least and from_email=='ann@example.com'")
    "opens>@least and from_email=='<address>'"
    """
    return _QUERY_WORD.sub(_hidden, text)


def _hidden(word: re.Match[str]) -> str:
    return _ADDRESS if "@" in word[0][1:-1] else word[0]
