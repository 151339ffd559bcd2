"""Hold the API key so that it cannot be printed, pickled or logged by accident."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import NoReturn, Self, TypeVar

from dyno_frames.contract.masking import masked
from dyno_frames.errors import QueryError

T = TypeVar("T")

_VEIL = "Secret(***)"
_SHORT = 8
"""The parts of a shorter key occur in other words."""

_QUOTING = str.maketrans("", "", "\\'\"")


class Secret:
    """A string that only :meth:`reveal` returns.

    It prints, formats and logs as three asterisks, has no attribute with the text, cannot be pickled, and is compared
    in constant time.

    Parameters
    ----------
    text
        The API key: printable ASCII without spaces, so that it fits in a header.

    Raises
    ------
    ValueError
        The text is empty or does not fit in a header. The message does not show it.

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
            raise ValueError(
                "the API key contains a space, a line break or a character that is not ASCII; "
                "check that it was copied correctly"
            )
        self.__reveal: Callable[[], str] = lambda: text

    def reveal(self) -> str:
        """Return the text; only for the transport."""
        return self.__reveal()

    def scrub(self, text: str) -> str:
        """Return a text with the key, in any encoding, and addresses masked."""
        return masked(text, key=self.__reveal())

    def is_in(self, text: str) -> bool:
        """Tell whether a text contains the key, also in another case and with quotes or backslashes in it."""
        key, plain = (one.translate(_QUOTING).casefold() for one in (self.__reveal(), text))
        return key == plain or (len(key) >= _SHORT and key in plain)

    def hidden(self, text: str) -> str:
        """Return a text with the key masked, or the same text if it does not contain a part of the key."""
        key = self.__reveal()
        is_shown = len(key) >= _SHORT and masked(text, key=key) != masked(text)
        return self.scrub(text) if is_shown else text

    def kept_out(self, call: Callable[[], T]) -> T:
        """Return what a function returns, and keep the key out of its errors.

        Raises
        ------
        QueryError
            The function raised it. If it contained the key, it comes without traceback and cause.
        """
        try:
            return call()
        except QueryError as error:
            shown = self.hidden(str(error))
            if shown == str(error):
                raise
            hidden = type(error)(shown)
        raise hidden

    def mark(self, purpose: str) -> str:
        """Return eight hexadecimal digits that identify this key and cannot be reversed.

        Parameters
        ----------
        purpose
            The use of the digits. Different purposes give unrelated digits.

        Notes
        -----
        32 bits of a keyed hash. Many random keys have the same digits, so the key cannot be guessed from them.
        """
        return hmac.new(self.__reveal().encode(), purpose.encode(), hashlib.sha256).hexdigest()[:8]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would help to guess the key

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
        raise TypeError("an API key cannot be pickled. Connect in the other process instead")

    def __setattr__(self, name: str, value: object) -> None:
        if name != "_Secret__reveal" or hasattr(self, name):
            raise AttributeError("an API key cannot be changed")
        object.__setattr__(self, name, value)


class Veiled(str):
    """A header's value whose repr is asterisks, also in tracebacks with locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __format__(self, _spec: str) -> str:
        return "***"
