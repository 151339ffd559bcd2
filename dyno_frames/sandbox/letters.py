"""What a campaign sends: its words, from campaign, template and list, and the message they make for one contact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

from dyno_frames.sandbox.headers import WIRE
from dyno_frames.sandbox.merging import MergeError, merged
from dyno_frames.sandbox.plaintext import of_html

SENDER = "sandbox@localhost"
"""Who writes where neither campaign nor list says."""

_BODY = re.compile(r"<body\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HIDDEN = (
    '<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px">'
    "{{ preview_message }}</div>"
)


class AddressError(ValueError):
    """No message can be addressed so."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a message goes to.

    Parameters
    ----------
    email
        The address.
    fields
        What is known of them: ``name`` and what else their list holds.
    token
        What identifies the message.
    unsubscribe_url
        Where they leave the list.
    """

    email: str
    fields: Mapping[str, str]
    token: str
    unsubscribe_url: str = ""

    @property
    def values(self) -> dict[str, str]:
        """The merge fields."""
        guessed = re.sub(r"[._+-]+", " ", self.email.partition("@")[0]).title()
        known = {name: value for name, value in self.fields.items() if value}
        return {
            "name": guessed,
            **known,
            "email": self.email,
            "unsubscribe_url": self.unsubscribe_url,
        }


@dataclass(frozen=True, slots=True)
class Letter:
    """What one campaign sends, before a contact is named.

    Parameters
    ----------
    subject, preview, text, html
        Its words, with merge fields; an empty ``html`` makes a plain message.
    from_name, from_email
        Who writes.
    """

    subject: str
    preview: str
    text: str
    html: str
    from_name: str
    from_email: str

    @classmethod
    def of(
        cls, campaign: Mapping[str, Any], template: Mapping[str, Any], mailing: Mapping[str, Any]
    ) -> Letter:
        """Put the words together: the campaign's own stand before its template's, and these before its list's.

        Parameters
        ----------
        campaign, template, mailing
            The rows of a campaign, of its template and of its list; an empty one where there is none.
        """
        subject = _first(campaign.get("subject"), template.get("subject"), campaign.get("name"))
        preview = _first(campaign.get("preview_message"))
        html = _first(template.get("html"))
        return cls(
            subject=subject,
            preview=preview,
            text=_first(template.get("text"), "" if html else _first(preview, subject)),
            html=html if "preview_message" in html or not preview else _with_preview(html),
            from_name=_first(campaign.get("from_name"), mailing.get("from_name")),
            from_email=_first(campaign.get("from_email"), mailing.get("from_email"), SENDER),
        )

    def to(self, contact: Contact, *, now: float) -> EmailMessage:
        """Return the message to one contact.

        Parameters
        ----------
        contact
            Who.
        now
            Epoch seconds, for its date.

        Raises
        ------
        AddressError
            The contact cannot be written to.
        MergeError
            The words or the sender do not work, for this contact and so for every other.
        """
        values = contact.values
        values["preview_message"] = merged(self.preview, values)
        message = EmailMessage(policy=WIRE)
        message["Subject"] = _line(merged(self.subject, values))
        message["From"] = self._sender()
        message["To"] = _recipient(contact)
        message["Date"] = formatdate(now, usegmt=True)
        message["Message-ID"] = f"<{contact.token}@{_ascii_domain(self.from_email)}>"
        if contact.unsubscribe_url:
            message["List-Unsubscribe"] = f"<{contact.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        self._fill(message, values)
        return message

    def _fill(self, message: EmailMessage, values: Mapping[str, str]) -> None:
        html = merged(self.html, values, rich=True)
        text = merged(self.text, values) if self.text else of_html(html)
        try:
            message.set_content(text, charset="utf-8")
            if html:
                message.add_alternative(html, subtype="html", charset="utf-8")
        except (MessageError, ValueError, LookupError) as error:
            raise MergeError(f"the message cannot be written: {type(error).__name__}") from error

    def _sender(self) -> Address:
        try:
            return _address(_line(self.from_name), self.from_email)
        except AddressError as error:
            raise MergeError("from_email is no address that mail can come from") from error


def _recipient(contact: Contact) -> Address:
    return _address(_line(contact.fields.get("name", "")), contact.email)


def _address(name: str, email: str) -> Address:
    user, at, domain = email.rpartition("@")
    if not (user and at and domain) or len(email) > 254 or _CONTROL.search(email) or " " in email:
        raise AddressError("no address")
    try:
        return Address(name, addr_spec=on_the_wire(email))
    except (MessageError, ValueError, IndexError) as error:
        raise AddressError(type(error).__name__) from error


def on_the_wire(email: str) -> str:
    """Return an address as mail servers are told it, its domain in ASCII.

    Raises
    ------
    AddressError
        The domain has no such form.
    """
    return f"{email.rpartition('@')[0]}@{_ascii_domain(email)}"


def _ascii_domain(email: str) -> str:
    domain = email.rpartition("@")[2]
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError as error:
        raise AddressError("its domain has no ASCII form") from error


def _with_preview(html: str) -> str:
    body = _BODY.search(html)
    place = html.find(">", body.end()) + 1 if body else 0
    return html[:place] + _HIDDEN + html[place:]


def _line(text: str) -> str:
    """Return a text fit for a header: one line, so that no value adds a header of its own."""
    return _CONTROL.sub(" ", text).strip()


def _first(*values: Any) -> str:
    return next((str(value) for value in values if value), "")
