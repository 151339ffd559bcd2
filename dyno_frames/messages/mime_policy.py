"""Headers in every script: encoded as a whole, for the standard library loses blanks between encoded words."""

from __future__ import annotations

from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy
from typing import Any, Final

_LINE: Final = 76


class WirePolicy(EmailPolicy):
    """How messages are written: seven bits, and no character of a header lost.

    Notes
    -----
    A text that is not ASCII becomes encoded words to its last blank.
    """

    def fold(self, name: str, value: Any) -> str:
        """Return a header as its lines."""
        return self._encoded(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as the bytes of its lines."""
        encoded = self._encoded(name, value)
        return encoded.encode("ascii") if encoded else super().fold_binary(name, value)

    def _encoded(self, name: str, value: Any) -> str:
        if self.utf8:
            return ""
        if name.lower() == "subject" and _needs(str(value)):
            return f"{name}: {self._words(name, str(value))}{self.linesep}"
        addresses: tuple[Address, ...] = getattr(value, "addresses", ())
        if len(addresses) == 1 and _needs(addresses[0].display_name) and addresses[0].addr_spec.isascii():
            words = self._words(name, addresses[0].display_name)
            return f"{name}: {words}{self.linesep} <{addresses[0].addr_spec}>{self.linesep}"
        return ""

    def _words(self, name: str, text: str) -> str:
        header = Header(text, "utf-8", maxlinelen=_LINE, header_name=name)
        return header.encode(linesep=self.linesep)


def _needs(text: str) -> bool:
    # a word that fills lines cannot be folded as it is
    return not text.isascii() or len(text) > _LINE * 10


WIRE: Final = WirePolicy(linesep="\r\n", cte_type="7bit")
"""How messages are written to a mail server."""
