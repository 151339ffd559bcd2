"""The API key as a value that cannot be shown, stored or sent on by accident."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import NoReturn, Self

from dyno_frames.contract.masking import masked

_VEIL = "Secret(***)"


class Secret:
    """A text that only :meth:`reveal` gives back.

    It prints, formats and logs as three asterisks, keeps its text in no attribute, refuses to be pickled,
    and compares in constant time.

    Parameters
    ----------
    text
        The API key: printable ASCII without blanks, as a header can carry it.

    Raises
    ------
    ValueError
        The text is empty or cannot stand in a header. The message does not show it.

    Examples
    --------
    >>> Secret("abc")
    Secret(***)
    >>> f"{Secret('abc')}"
    'Secret(***)'
    """

    __slots__ = ("__reveal",)

    def __init__(self, text: str) -> None:
        if not text:
            raise ValueError("the API key is empty")
        if not all("!" <= letter <= "~" for letter in text):
            raise ValueError("the API key holds a blank, a line break or a letter that no header can carry")
        self.__reveal: Callable[[], str] = lambda: text

    def reveal(self) -> str:
        """Return the text; for the transport alone."""
        return self.__reveal()

    def scrub(self, text: str) -> str:
        """Return a text with asterisks in place of the key, however it is written, and without addresses."""
        return masked(text, key=self.__reveal())

    def mark(self, purpose: str) -> str:
        """Return eight hexadecimal digits that tell this key from others, and from which none can be found.

        Parameters
        ----------
        purpose
            What for; the marks of one key for two purposes have nothing to do with each other.

        Notes
        -----
        A keyed hash, of which 32 bits are kept: of the keys that are made at random countless ones have each mark.
        """
        return hmac.new(self.__reveal().encode(), purpose.encode(), hashlib.sha256).hexdigest()[:8]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would let the key be guessed at

    def __repr__(self) -> str:
        return _VEIL

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return _VEIL

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("an API key cannot be pickled: send its name instead and connect where it arrives")

    def __setattr__(self, name: str, value: object) -> None:
        if name != "_Secret__reveal" or hasattr(self, name):
            raise AttributeError("an API key cannot be changed")
        object.__setattr__(self, name, value)


class Veiled(str):
    """A header's value that travels as it is and shows as asterisks, in a traceback's locals too."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __format__(self, _spec: str) -> str:
        return "***"
