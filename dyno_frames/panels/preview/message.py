"""A message as its recipients will see it: filled for one contact, as a safe page and as an inbox line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from dyno_frames.errors import SchemaError
from dyno_frames.messages.preview import message_preview

Compose: TypeAlias = Callable[
    [Mapping[str, Any], Mapping[str, Any], Mapping[str, Any], Mapping[str, str]], Mapping[str, Any]
]
"""Fills the merge fields of campaign, template and list for one contact."""

SAMPLE_CONTACT: Mapping[str, str] = {"name": "Ann Example", "email": "ann@example.com"}
"""The contact that a message is filled for by default."""

SNIPPET = 140
"""Characters of the preview text in an inbox line; inboxes show no more."""

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; form-action 'none'; base-uri 'none'"
)
_HEAD = (
    '<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="{policy}"><meta charset="utf-8">'
    '<meta name="referrer" content="no-referrer"><meta http-equiv="x-dns-prefetch-control" content="off">'
    '<base target="_blank">'
)
_CONNECTS = re.compile(r"<(?=(?:link|i?frame|frameset|fencedframe|portal|object|embed)\b)", re.IGNORECASE)
_TARGET = re.compile(r"\btarget(?=\s*=)", re.IGNORECASE)
_REMOTE = re.compile(r"""(?:\b(?:src|background|poster)\s*+=|url\()\s*+["']?+\s*+https?:""", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its merge fields filled.

    Parameters
    ----------
    subject, preview, html, text
        The subject, the preview text, the HTML part and the plain text part.
    from_name, from_email
        The sender.
    fields
        The merge fields that the message uses.
    fault
        Why they could not be filled. Empty if they were.
    text_from_html
        Whether the text part was made from the HTML, because the template has none.
    """

    subject: str
    preview: str
    html: str
    text: str
    from_name: str
    from_email: str
    fields: tuple[str, ...] = ()
    fault: str = ""
    text_from_html: bool = False

    @property
    def snippet(self) -> str:
        """What an inbox shows after the subject: the preview text, then the start of the message."""
        words = f"{self.preview} {self.text}"
        return _SPACES.sub(" ", words).strip()[:SNIPPET]


@dataclass(frozen=True, slots=True)
class MessageSource:
    """The rows that a message is made of.

    Parameters
    ----------
    template, campaign, mailing
        The rows of a template, of a campaign and of its list. Empty if there is none.
    """

    template: Mapping[str, Any]
    campaign: Mapping[str, Any]
    mailing: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the campaign or the template."""
        return str(self.campaign.get("name") or self.template.get("name") or "message without a name")

    def fill(self, contact: Mapping[str, str], compose: Compose | None = None) -> Message:
        """Return the message to a contact, filled as the sandbox fills the messages it sends.

        Parameters
        ----------
        contact
            The merge fields by name.
        compose
            Fills the message (default: the sandbox's own); for tests.
        """
        parts = (compose or message_preview)(self.campaign, self.template, self.mailing, contact)
        from_html = bool(self.template.get("html")) and not self.template.get("text")
        return Message(**{**parts, "fields": tuple(parts["fields"])}, text_from_html=from_html)


def safe_page(html: str, *, remote_images: bool = False) -> str:
    """Return a message as a page that makes no request to any server.

    Parameters
    ----------
    html
        The message.
    remote_images
        Whether its images may be loaded from other servers. The sender may record that as an open.

    Notes
    -----
    A content security policy comes before the message, so it applies to all of it; a policy in the message can only
    forbid more. A policy does not cover everything. Elements for which a browser connects before it checks the policy
    are renamed. So is the ``target`` of links: a click then opens a new window, which the sandboxed frame forbids.
    """
    policy = _POLICY.format(images="data: http: https:" if remote_images else "data:")
    return _HEAD.format(policy=policy) + _TARGET.sub("x-target", _CONNECTS.sub("<x-", html))


def count_remote_images(html: str) -> int:
    """Return roughly how many images a message loads from other servers. A hint for the user, not a protection."""
    return len(_REMOTE.findall(html))


def parse_contacts(source: object) -> tuple[Mapping[str, str], ...]:
    """Return contacts as mappings of merge fields. Without any, return a sample contact.

    Parameters
    ----------
    source
        One mapping, a list of them, or a frame with a column for each field.

    Raises
    ------
    SchemaError
        The source is of another type.
    """
    if source is None:
        return (SAMPLE_CONTACT,)
    rows: Any = source.to_dict("records") if isinstance(source, pd.DataFrame) else source
    rows = [rows] if isinstance(rows, Mapping) else rows
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise SchemaError(
            f"contacts is of type {type(source).__name__}. Expected a dict of merge fields, a list of dicts or a "
            "DataFrame, for example {'name': 'Ann', 'email': 'ann@example.com'}."
        )
    found = tuple(
        {str(name): str(value) for name, value in row.items() if not pd.isna(value)} for row in rows
    )
    return found or (SAMPLE_CONTACT,)


def contact_label(contact: Mapping[str, str], index: int) -> str:
    """Return a contact's label in a menu. It never contains the address."""
    return f"{index + 1}: {contact.get('name') or 'no name'}"
