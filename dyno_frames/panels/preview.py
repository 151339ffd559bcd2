"""What a message looks like before it is sent: a page that lets nothing out, and what an inbox shows of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from dyno_frames.errors import SchemaError
from dyno_frames.scan import exits

Compose: TypeAlias = Callable[
    [Mapping[str, Any], Mapping[str, Any], Mapping[str, Any], Mapping[str, str]], Mapping[str, Any]
]
"""Fills the words of campaign, template and list for one contact."""

SOMEBODY: Mapping[str, str] = {"name": "Ann Example", "email": "ann@example.com"}
"""Whom a message is filled for where nobody is named."""

SNIPPET = 140
"""Characters of preview text; no inbox shows more."""

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
    """One message, filled.

    Parameters
    ----------
    subject, preview, html, text
        Its words.
    from_name, from_email
        Who writes.
    fields
        The merge fields that the words use.
    fault
        Why they could not be filled; empty where they were.
    text_made
        Whether the text part is made from the HTML, because the template has none.
    """

    subject: str
    preview: str
    html: str
    text: str
    from_name: str
    from_email: str
    fields: tuple[str, ...] = ()
    fault: str = ""
    text_made: bool = False

    @property
    def snippet(self) -> str:
        """What an inbox shows behind the subject: the preview text, then how the message begins."""
        words = f"{self.preview} {self.text}"
        return _SPACES.sub(" ", words).strip()[:SNIPPET]


@dataclass(frozen=True, slots=True)
class Words:
    """What a message is made of.

    Parameters
    ----------
    template, campaign, mailing
        The rows of a template, of a campaign and of its list; an empty one where there is none.
    """

    template: Mapping[str, Any]
    campaign: Mapping[str, Any]
    mailing: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What is looked at."""
        return str(self.campaign.get("name") or self.template.get("name") or "a message without a name")

    def filled(self, contact: Mapping[str, str], compose: Compose | None = None) -> Message:
        """Return the message to a contact, filled as the sandbox fills what it mails.

        Parameters
        ----------
        contact
            The merge fields by name.
        compose
            What fills it; for tests.
        """
        parts = (compose or exits.leave("letter"))(self.campaign, self.template, self.mailing, contact)
        made = bool(self.template.get("html")) and not self.template.get("text")
        return Message(**{**parts, "fields": tuple(parts["fields"])}, text_made=made)


def page(html: str, *, remote: bool = False) -> str:
    """Return a message as a page for a frame without rights, which asks no server for anything.

    Parameters
    ----------
    html
        The message.
    remote
        Whether its pictures may be loaded. Whoever sent it sees that, as an open.

    Notes
    -----
    The policy stands before all that the message says, so it holds for all of it; a policy of its own can only
    forbid more. What no policy covers is taken away: elements for which a browser opens a connection before it
    asks the policy, and the ``target`` of links, so that a click leads into a new window, which the frame may
    not open.
    """
    policy = _POLICY.format(images="data: http: https:" if remote else "data:")
    return _HEAD.format(policy=policy) + _TARGET.sub("x-target", _CONNECTS.sub("<x-", html))


def remote_pictures(html: str) -> int:
    """Return how many addresses of pictures elsewhere a message seems to have; for a hint, not for safety."""
    return len(_REMOTE.findall(html))


def contacts(source: object) -> tuple[Mapping[str, str], ...]:
    """Return people as merge fields by name: from one mapping, several, or a frame; somebody where there are none.

    Raises
    ------
    SchemaError
        It is none of these.
    """
    if source is None:
        return (SOMEBODY,)
    rows: Any = source.to_dict("records") if isinstance(source, pd.DataFrame) else source
    rows = [rows] if isinstance(rows, Mapping) else rows
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise SchemaError(
            "contacts are given as a dict of merge fields, a list of them or a DataFrame, got "
            f"{type(source).__name__}; expected such as "
            "{'name': 'Ann', 'email': 'ann@example.com'}"
        )
    found = tuple(
        {str(name): str(value) for name, value in row.items() if not pd.isna(value)} for row in rows
    )
    return found or (SOMEBODY,)


def called(contact: Mapping[str, str], place: int) -> str:
    """Return what a contact is called in a list of them; an address names nobody."""
    return f"{place + 1}: {contact.get('name') or 'without a name'}"
