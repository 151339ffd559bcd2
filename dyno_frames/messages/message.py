"""Build the message of a campaign for one contact, from the campaign, its template and its list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, Final

from dyno_frames.messages.merge_fields import MergeError, merge
from dyno_frames.messages.mime_policy import MIME_POLICY
from dyno_frames.messages.plain_text import html_to_text

DEFAULT_SENDER: Final = "sandbox@localhost"
"""The sender's address if neither the campaign nor its list has one."""

_MAX_ADDRESS: Final = 254
_BODY = re.compile(r"<body\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HIDDEN_PREVIEW: Final = (
    '<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px">'
    "{{ preview_message }}</div>"
)


class AddressError(ValueError):
    """A string is not an e-mail address that a message can be sent to."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The recipient of a message.

    Parameters
    ----------
    email
        The e-mail address.
    fields
        The merge fields that the list has for the contact, such as ``name``.
    token
        The id of the message.
    unsubscribe_url
        The unsubscribe link; empty for no link.
    """

    email: str
    fields: Mapping[str, str]
    token: str
    unsubscribe_url: str = ""

    @property
    def merge_fields(self) -> dict[str, str]:
        """All merge fields; ``name`` is guessed from the address if the list has none."""
        guessed = re.sub(r"[._+-]+", " ", self.email.partition("@")[0]).title()
        known = {name: value for name, value in self.fields.items() if value}
        return {
            "name": guessed,
            **known,
            "email": self.email,
            "unsubscribe_url": self.unsubscribe_url,
        }


@dataclass(frozen=True, slots=True)
class CampaignMessage:
    """The message of a campaign, before its merge fields are filled in.

    Parameters
    ----------
    subject, preview, text, html
        The parts, with merge fields. If ``html`` is empty, the message is plain text.
    from_name, from_email
        The sender.
    """

    subject: str
    preview: str
    text: str
    html: str
    from_name: str
    from_email: str

    @classmethod
    def of(
        cls, campaign: Mapping[str, Any], template: Mapping[str, Any], mailing_list: Mapping[str, Any]
    ) -> CampaignMessage:
        """Combine the parts: the campaign's values take precedence over the template's and the list's.

        Parameters
        ----------
        campaign, template, mailing_list
            The rows; an empty mapping for a missing one.
        """
        subject = _first_of(campaign.get("subject"), template.get("subject"), campaign.get("name"))
        preview = _first_of(campaign.get("preview_message"))
        html = _first_of(template.get("html"))
        return cls(
            subject=subject,
            preview=preview,
            text=_first_of(template.get("text"), "" if html else _first_of(preview, subject)),
            html=html if "preview_message" in html or not preview else _insert_preview(html),
            from_name=_first_of(campaign.get("from_name"), mailing_list.get("from_name")),
            from_email=_first_of(campaign.get("from_email"), mailing_list.get("from_email"), DEFAULT_SENDER),
        )

    def render(self, contact: Contact, *, now: float) -> EmailMessage:
        """Return the message to one contact.

        Parameters
        ----------
        contact
            The recipient.
        now
            The date of the message, in epoch seconds.

        Raises
        ------
        AddressError
            The contact's address is not valid.
        MergeError
            A merge field or the sender is not valid. The message fails for every other contact, too.
        """
        values = contact.merge_fields
        values["preview_message"] = merge(self.preview, values)
        message = EmailMessage(policy=MIME_POLICY)
        message["Subject"] = _one_line(merge(self.subject, values))
        message["From"] = self._sender()
        message["To"] = _recipient(contact)
        message["Date"] = formatdate(now, usegmt=True)
        message["Message-ID"] = f"<{contact.token}@{_ascii_domain(self.from_email)}>"
        if contact.unsubscribe_url:
            message["List-Unsubscribe"] = f"<{contact.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        self._set_content(message, values)
        return message

    def _set_content(self, message: EmailMessage, values: Mapping[str, str]) -> None:
        html = merge(self.html, values, html=True)
        text = merge(self.text, values) if self.text else html_to_text(html)
        try:
            message.set_content(text, charset="utf-8")
            if html:
                message.add_alternative(html, subtype="html", charset="utf-8")
        except (MessageError, ValueError, LookupError) as error:
            raise MergeError(f"the message cannot be encoded: {type(error).__name__}") from error

    def _sender(self) -> Address:
        try:
            return _address(_one_line(self.from_name), self.from_email)
        except AddressError as error:
            raise MergeError("from_email is not a valid e-mail address") from error


def wire_address(email: str) -> str:
    """Return an address as mail servers expect it, with the domain in ASCII.

    Raises
    ------
    AddressError
        The domain has no ASCII form.
    """
    return f"{email.rpartition('@')[0]}@{_ascii_domain(email)}"


def _recipient(contact: Contact) -> Address:
    return _address(_one_line(contact.fields.get("name", "")), contact.email)


def _address(name: str, email: str) -> Address:
    user, at, domain = email.rpartition("@")
    if not (user and at and domain) or len(email) > _MAX_ADDRESS or _CONTROL.search(email) or " " in email:
        raise AddressError("not a valid e-mail address")
    try:
        return Address(name, addr_spec=wire_address(email))
    except (MessageError, ValueError, IndexError) as error:
        raise AddressError(type(error).__name__) from error


def _ascii_domain(email: str) -> str:
    domain = email.rpartition("@")[2]
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError as error:
        raise AddressError("the domain has no ASCII form") from error


def _insert_preview(html: str) -> str:
    body = _BODY.search(html)
    place = html.find(">", body.end()) + 1 if body else 0
    return html[:place] + _HIDDEN_PREVIEW + html[place:]


def _one_line(text: str) -> str:
    """Return a text without line breaks, so that a value cannot add a header."""
    return _CONTROL.sub(" ", text).strip()


def _first_of(*values: Any) -> str:
    """Return the first value that is not empty."""
    return next((str(value) for value in values if value), "")
