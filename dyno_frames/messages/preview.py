"""One message as it would be mailed, to be looked at: the same words, filled the same way, and not sent."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

from dyno_frames.messages.merge_fields import MergeError, fields, merged
from dyno_frames.messages.message import AddressError, Contact, Letter

_NOBODY = "reader@example.com"


def specimen(
    campaign: Mapping[str, Any],
    template: Mapping[str, Any],
    mailing: Mapping[str, Any],
    contact: Mapping[str, str],
) -> dict[str, Any]:
    """Return the parts of the message that a contact would get.

    Parameters
    ----------
    campaign, template, mailing
        The rows of a campaign, of its template and of its list; an empty one where there is none.
    contact
        The merge fields; without ``email``, those of nobody.

    Returns
    -------
    dict
        ``subject``, ``preview``, ``html``, ``text``, ``from_name``, ``from_email``, ``fields`` (the names that
        the words use) and ``fault``: why they cannot be filled, and then they stand as they were written.
    """
    letter = Letter.of(campaign, template, mailing)
    person = Contact(
        contact.get("email") or _NOBODY, dict(contact), "preview", "https://example.com/unsubscribe"
    )
    parts: dict[str, Any] = {
        "subject": letter.subject,
        "preview": letter.preview,
        "html": letter.html,
        "text": letter.text,
        "from_name": letter.from_name,
        "from_email": letter.from_email,
        "fields": (),
        "fault": "",
    }
    try:
        parts["fields"] = fields(letter.subject, letter.preview, letter.html, letter.text)
        message = letter.to(person, now=0)
        parts |= {"subject": str(message["Subject"]), "preview": merged(letter.preview, person.values)}
    except (MergeError, AddressError) as error:
        return parts | {"fault": str(error)}
    return parts | {"html": _part(message, "html"), "text": _part(message, "plain")}


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return "" if body is None else str(body.get_content())
