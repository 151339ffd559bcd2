"""Encode headers of any script and keep the spaces between encoded words, which the standard library loses."""

from __future__ import annotations

from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy
from typing import Any, Final

_LINE: Final = 76


class MimePolicy(EmailPolicy):
    """Write messages as 7-bit ASCII and keep every character of a header.

    Notes
    -----
    A text that is not ASCII is encoded as a whole, including its last space.
    """

    def fold(self, name: str, value: Any) -> str:
        """Return the lines of a header."""
        return self._encoded(name, value) or super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return the lines of a header as bytes."""
        encoded = self._encoded(name, value)
        return encoded.encode("ascii") if encoded else super().fold_binary(name, value)

    def _encoded(self, name: str, value: Any) -> str:
        if self.utf8:
            return ""
        if name.lower() == "subject" and _needs_encoding(str(value)):
            return f"{name}: {self._encoded_words(name, str(value))}{self.linesep}"
        addresses: tuple[Address, ...] = getattr(value, "addresses", ())
        if (
            len(addresses) == 1
            and _needs_encoding(addresses[0].display_name)
            and addresses[0].addr_spec.isascii()
        ):
            words = self._encoded_words(name, addresses[0].display_name)
            return f"{name}: {words}{self.linesep} <{addresses[0].addr_spec}>{self.linesep}"
        return ""

    def _encoded_words(self, name: str, text: str) -> str:
        header = Header(text, "utf-8", maxlinelen=_LINE, header_name=name)
        return header.encode(linesep=self.linesep)


def _needs_encoding(text: str) -> bool:
    # a very long word cannot be folded as plain ASCII
    return not text.isascii() or len(text) > _LINE * 10


MIME_POLICY: Final = MimePolicy(linesep="\r\n", cte_type="7bit")
"""The policy for messages that are sent to a mail server."""
