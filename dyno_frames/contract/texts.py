"""Check texts for UTF-8 and line breaks, and shorten and mask them for messages."""

from __future__ import annotations

import re
import unicodedata

from dyno_frames.contract.masking import masked
from dyno_frames.contract.resources import ONE_LINE

_SPACE = re.compile(r"[ \t\n\r]")
_LONGEST_ADDRESS = 320
_LONGEST_SHOWN = 60
_QUERY_WORD = re.compile(r"[^\s<>=!&|()\[\]{}*/%^,~\"'`]+")
_CONTROLS = frozenset({"Cc", "Zl", "Zp"})

HALF = "half of a surrogate pair, which UTF-8 cannot carry"
"""The fault of a text that is not valid UTF-8, for messages."""


def is_whole(text: str) -> bool:
    r"""Return whether a text can be encoded as UTF-8.

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


def fit(text: str, length: int, *, key: str = "") -> str:
    """Return the first characters of a text, printable and without secrets, with the text's length if it is cut.

    Only the beginning is read, so the cost does not grow with the text. No part of an address is shown: a word
    is shown only if it is complete, or if its hidden part is longer than an address can be.

    Parameters
    ----------
    text
        The text.
    length
        Maximum number of characters to show.
    key
        An API key to mask, as :func:`~dyno_frames.contract.masking.masked` does.

    Examples
    --------
    >>> fit("no list holds ann@example.com", 500)
    'no list holds <address>'
    >>> fit("abcdefgh", 3)
    'abc… (8 characters)'
    """
    head = text[: 2 * length + _LONGEST_ADDRESS]
    space = _SPACE.search(head, length)
    shown = masked(head, key=key, end=None if space is None else space.start())
    if (
        not shown.isprintable()
    ):  # after masking, because an address may contain characters that cannot be printed
        shown = "".join(letter if letter.isprintable() else " " for letter in shown)
    if len(text) <= length and len(shown) <= length:
        return shown
    return f"{shown[:length]}… ({len(text)} characters)"


def control_character(text: str) -> str:
    r"""Return the first line break or control character of a text, or an empty string.

    Examples
    --------
    >>> control_character("Spring sale"), control_character("Spring\r\nBcc: x")
    ('', '\r')
    """
    if text.isprintable():
        return ""
    return next((one for one in text if unicodedata.category(one) in _CONTROLS), "")


def text_fault(name: str, text: str) -> str:
    r"""Return why the text of a field cannot be sent, or an empty string if it can.

    Parameters
    ----------
    name
        The field's name.
    text
        The text. A field in ``ONE_LINE`` becomes a header of a message, so it must be one line.

    Examples
    --------
    >>> text_fault("subject", "Spring\nsale")
    "subject is 'Spring sale' and contains '\\n'; expected one line of text"
    """
    if not is_whole(text):
        return f"{name} contains {HALF}"
    if name in ONE_LINE and (control := control_character(text)):
        return f"{name} is {fit(text, _LONGEST_SHOWN)!r} and contains {control!r}; expected one line of text"
    return ""


def without_query_addresses(text: str) -> str:
    """Return a query, or a text about one, without e-mail addresses; operators and ``@names`` stay.

    Examples
    --------
    >>> without_query_addresses("opens>@least and from_email=='ann@example.com'")
    "opens>@least and from_email=='<address>'"
    """
    return _QUERY_WORD.sub(_hidden, text)


def _hidden(word: re.Match[str]) -> str:
    return "<address>" if "@" in word[0][1:-1] else word[0]
