"""Preview a campaign's message as one contact would receive it, without sending it."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any, Final

from dyno_frames.messages.merge_fields import MergeError, field_names, merge
from dyno_frames.messages.message import AddressError, CampaignMessage, Contact

_SAMPLE_ADDRESS: Final = "reader@example.com"
_SAMPLE_UNSUBSCRIBE: Final = "https://example.com/unsubscribe"


def message_preview(
    campaign: Mapping[str, Any],
    template: Mapping[str, Any],
    mailing_list: Mapping[str, Any],
    contact: Mapping[str, str],
) -> dict[str, Any]:
    """Return the parts of the message that a contact would receive.

    Parameters
    ----------
    campaign, template, mailing_list
        The rows; an empty mapping for a missing one.
    contact
        The merge fields. Without ``email``, a sample address is used.

    Returns
    -------
    dict
        ``subject``, ``preview``, ``html``, ``text``, ``from_name``, ``from_email``, ``fields`` (the names of the
        merge fields that are used) and ``fault``. If the merge fields cannot be filled in, ``fault`` says why
        and the parts are those of the template.
    """
    message = CampaignMessage.of(campaign, template, mailing_list)
    email = contact.get("email") or _SAMPLE_ADDRESS
    recipient = Contact(email, dict(contact), "preview", _SAMPLE_UNSUBSCRIBE)
    parts: dict[str, Any] = {
        "subject": message.subject,
        "preview": message.preview,
        "html": message.html,
        "text": message.text,
        "from_name": message.from_name,
        "from_email": message.from_email,
        "fields": (),
        "fault": "",
    }
    try:
        parts["fields"] = field_names(message.subject, message.preview, message.html, message.text)
        rendered = message.render(recipient, now=0)
        preview = merge(message.preview, recipient.merge_fields)
    except (MergeError, AddressError) as error:
        return parts | {"fault": str(error)}
    return parts | {
        "subject": str(rendered["Subject"]),
        "preview": preview,
        "html": _part(rendered, "html"),
        "text": _part(rendered, "plain"),
    }


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return "" if body is None else str(body.get_content())
