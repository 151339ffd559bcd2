"""Mask e-mail addresses and an API key in a text, in the encodings in which a server may repeat them."""

from __future__ import annotations

import html
import re
import unicodedata
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits, punctuation
from urllib.parse import unquote

Span = tuple[int, int, str]
"""Start and end of a part to mask, and its replacement."""

_ADDRESS, _KEY = "<address>", "***"
_WORD = re.compile(r"[^ \t\n\r]+")
_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z]{2,31};)|\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})"
)
_LAYERS = 3
"""Maximum depth of nested encodings, such as percent-encoding that is percent-encoded."""

_ALPHABETS = (frozenset(ascii_letters + digits + punctuation), frozenset(ascii_letters + digits))
"""The characters that are compared with the key: all that a key can contain, and letters and digits only."""

_LONGEST_PIECE, _SHORTEST_PIECE = 8, 4
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True, repr=False)
class _Letters:
    """A decoded text, with the start and end of each character in the original text."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def masked(text: str, *, key: str = "", end: int | None = None) -> str:
    """Return a text with ``<address>`` in place of e-mail addresses and ``***`` in place of an API key.

    A word is an address if it contains ``@``, also as an entity, percent-encoded, or full-width; so are the words
    beside an ``@`` with spaces around it, if a dot follows. An address in base64 or hexadecimal is not found.

    Of a key, every part of 8 characters is masked, or of half the key's length if that is less: in upper and lower
    case, percent-encoded, as entities, in base64 and hexadecimal, and with spaces, invisible characters or signs
    between its letters. A key of fewer than 8 characters is masked as a whole only.

    Parameters
    ----------
    text
        The text. The cost is in proportion to its length.
    key
        The API key; empty masks addresses only.
    end
        Return only the text before this index (default: all). The rest is read, too.

    Examples
    --------
    >>> masked("no list holds ann@example.com")
    'no list holds <address>'
    >>> masked("not a key: S%33CRET-0-KEY", key="s3cret-0-key")
    'not a key: ***'
    """
    end = len(text) if end is None else end
    if not key and "@" not in text and text.isascii() and _ESCAPE.search(text) is None:
        return text[:end]
    letters = _read(text)
    spans = [*_addresses(text, letters), *(_keys(letters, key) if key else ())]
    parts, at = [], 0
    for start, stop, sign in _merged(spans):
        if start >= end:
            break
        parts += [text[at:start], sign]
        at = stop
    return "".join([*parts, text[at:end]])


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans in order; adjacent spans are merged."""
    last: Span | None = None
    for span in sorted(spans):
        if last is not None and span[0] <= last[1]:
            last = last[0], max(last[1], span[1]), max(last[2], span[2])
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _read(text: str) -> _Letters:
    """Return a text decoded and normalized, without invisible characters."""
    letters = _Letters(text, range(len(text)), range(1, len(text) + 1))
    for _ in range(_LAYERS):
        if _ESCAPE.search(letters.text) is None:
            break
        letters = _unescaped(letters)
    shown = [
        (plain, start, end)
        for letter, start, end in zip(letters.text, letters.starts, letters.ends, strict=True)
        for plain in (letter if letter.isascii() else unicodedata.normalize("NFKC", letter))
        if "!" <= plain <= "~" or (not plain.isascii() and unicodedata.category(plain)[0] in "LNPS")
    ]
    plains, starts, ends = zip(*shown, strict=True) if shown else ((), (), ())
    return _Letters("".join(plains), starts, ends)


def _unescaped(letters: _Letters) -> _Letters:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for found in _ESCAPE.finditer(letters.text):
        begin, end = found.span()
        plain = _plain(found[0])
        parts += [letters.text[at:begin], plain]
        starts += [*letters.starts[at:begin], *[letters.starts[begin]] * len(plain)]
        ends += [*letters.ends[at:begin], *[letters.ends[end - 1]] * len(plain)]
        at = end
    return _Letters(
        "".join([*parts, letters.text[at:]]), [*starts, *letters.starts[at:]], [*ends, *letters.ends[at:]]
    )


def _plain(escape: str) -> str:
    match escape[0]:
        case "%":
            return unquote(escape)
        case "&":
            return html.unescape(escape)
        case _:
            return chr(int(f"0x{escape[2:]}", 0))


def _addresses(text: str, letters: _Letters) -> Iterator[Span]:
    """Yield the words that contain an at sign, each with its neighbor if the sign is its first or last character."""
    if "@" not in letters.text:
        return
    words = [found.span() for found in _WORD.finditer(text)]
    at = 0
    for number, (begin, end) in enumerate(words):
        first, at = at, bisect_left(letters.starts, end, at)
        word = letters.text[first:at]
        if "@" in word[1:-1]:
            yield begin, end, _ADDRESS
        elif "@" in word:
            start = _beside(text, words, number, -1)[0] if word[0] == "@" else begin
            stop = _beside(text, words, number, 1)[1] if word[-1] == "@" else end
            if "." in letters.text[at - 1 : bisect_left(letters.starts, stop, at)] or "." in word:
                yield start, stop, _ADDRESS


def _beside(text: str, words: Sequence[tuple[int, int]], number: int, step: int) -> tuple[int, int]:
    """Return the next word, or the last of several single letters, such as ``a n n``."""
    beside = words[number]
    for other in range(number + step, len(words) if step > 0 else -1, step):
        beside = words[other]
        if beside[1] - beside[0] > 1 or text[beside[0]] == "@":
            break
    return beside


def _keys(letters: _Letters, key: str) -> Iterator[Span]:
    """Yield the spans of the parts of a key."""
    for alphabet in _ALPHABETS:
        places = [place for place, letter in enumerate(letters.text) if letter in alphabet]
        text = _compared("".join(letters.text[place] for place in places), alphabet)
        for size, pieces in _pieces(key, alphabet):
            for at in range(len(text) - size + 1):
                if text[at : at + size] in pieces:
                    yield letters.starts[places[at]], letters.ends[places[at + size - 1]], _KEY


def _compared(text: str, alphabet: frozenset[str]) -> str:
    return "".join(letter for letter in text if letter in alphabet).translate(_URL_SAFE).lower()


def _pieces(key: str, alphabet: frozenset[str]) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield the parts of a key that are masked, plain and in each encoding, with their length.

    A short key is masked only as a whole, because its parts occur in other words.
    """
    plain = _compared(key, alphabet)
    if len(plain) < _LONGEST_PIECE:
        if len(plain) == len(key):
            yield len(plain), frozenset({plain})
        return
    size = max(_SHORTEST_PIECE, min(_LONGEST_PIECE, len(plain) // 2))
    yield size, _parts([plain], size)
    content = key.encode()
    yield 2 * size, _parts([content.hex()], 2 * size)
    in_base64 = [_compared(text, alphabet) for text in _in_base64(content)]
    yield _LONGEST_PIECE * 4 // 3, _parts(in_base64, _LONGEST_PIECE * 4 // 3)


def _in_base64(content: bytes) -> Iterator[str]:
    """Yield the three base64 forms of a content, one for each offset at which it can begin."""
    # Characters that contain bits of preceding content are left out.
    for before, skipped in enumerate((0, 2, 3)):
        yield b64encode(bytes(before) + content).decode().rstrip("=")[skipped:]


def _parts(texts: Iterable[str], size: int) -> frozenset[str]:
    return frozenset(text[at : at + size] for text in texts for at in range(len(text) - size + 1))
