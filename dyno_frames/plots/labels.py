"""Turn any name into a label: one short line of characters that the font has."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import lru_cache
from unicodedata import bidirectional, category

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, get_font

LONGEST = 34
"""Maximum number of characters in a label."""

_BOX, _NO_BOX = "□", "?"
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Sk"})
"""Categories of characters that modify the previous character: joiners, selectors, skin tones."""

_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that would reverse the text beside the name, numbers included."""

_LEFT_TO_RIGHT = "\u200e"
"""Put around a name that is written from right to left, it keeps the numbers beside the name in their order."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def label(text: str, limit: int = LONGEST) -> str:
    """Return a name as a label.

    A character that the font lacks becomes a box, a long name is cut in the middle, and ``$`` is escaped, because
    it starts mathematics in matplotlib. Only the first and last characters of an id are shown.
    """
    limit = min(limit, 13) if _UUID.fullmatch(text) else limit
    known = _charmap()
    cut = _cut(drawable(text, known), limit).replace("$", r"\$")
    is_reversed = any(bidirectional(character) in {"R", "AL"} for character in cut)
    return f"{_LEFT_TO_RIGHT}{cut}{_LEFT_TO_RIGHT}" if is_reversed and ord(_LEFT_TO_RIGHT) in known else cut


def campaign_count(count: int) -> str:
    """Return a number of campaigns as text, such as ``1 campaign``."""
    return f"{count:,} campaign{'' if count == 1 else 's'}"


def drawable(text: str, known: AbstractSet[int]) -> str:
    """Return a text on one line, with a box for each character whose code point is not in ``known``."""
    return "".join(_drawn(character, known) for character in _DIRECTIONS.sub("", text)).strip()


def _drawn(character: str, known: AbstractSet[int]) -> str:
    if ord(character) in known:
        return character
    kind = category(character)
    if kind in _UNSEEN:
        return ""
    if kind == "Cc":
        return " "
    return _BOX if ord(_BOX) in known else _NO_BOX


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    tail = (limit - 1) // 2
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def _charmap() -> frozenset[int]:
    """Return the code points that the plot's installed fonts have."""
    return _drawn_by(tuple(str(path) for path in map(_path, rcParams["font.family"]) if path))


def _path(family: str) -> str | None:
    try:
        return str(findfont(FontProperties(family=[family]), fallback_to_default=False))
    except ValueError:
        return None


@lru_cache(maxsize=8)
def _drawn_by(paths: tuple[str, ...]) -> frozenset[int]:
    fonts = paths or (str(findfont(FontProperties())),)
    return frozenset().union(*(get_font(path).get_charmap() for path in fonts))
