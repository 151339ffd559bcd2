"""Texts that can travel: JSON and URLs are UTF-8, and UTF-8 has no half of a surrogate pair."""

from __future__ import annotations

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
