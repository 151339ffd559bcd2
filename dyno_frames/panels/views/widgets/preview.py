"""A message preview in a notebook: the inbox line, the message in a sandboxed frame, and its plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets

from dyno_frames.panels.preview.message import (
    Compose,
    Message,
    MessageSource,
    contact_label,
    count_remote_images,
    parse_contacts,
    safe_page,
)
from dyno_frames.panels.runtime.words import counted
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.static_html import with_static_forms
from dyno_frames.panels.views.widgets import parts

WIDTHS = {"Computer": 660, "Phone": 375}
"""The width of the message, in pixels."""

_LOADED = "Remote images loaded; the sender may record an open."
_BLOCKED = "Remote content is blocked{images}, and links do not open."


class TemplatePreview(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Show a message before it is sent.

    The message is shown in a frame that runs no script, opens no window and makes no request. Its merge fields are
    filled as the sandbox fills the messages it sends; another service may fill them differently.

    Parameters
    ----------
    template
        A template's row, as :meth:`client.templates.get` returns it.
    campaign, mailing
        The rows of a campaign that uses the template and of the campaign's list. Their subject and sender replace the
        template's.
    contacts
        The contacts to fill the message for: a mapping of merge fields, a list of mappings, or a frame with a column
        for each field (default: a sample contact).
    compose
        Fills the message; for tests.

    Raises
    ------
    SchemaError
        The contacts are not mappings of merge fields.

    Examples
    --------
    >>> client.templates.preview("6f1c…", contacts={"name": "Ann", "town": "Lyon"})  # doctest: +SKIP
    TemplatePreview of Weekly digest
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        *,
        campaign: Mapping[str, Any] | None = None,
        mailing: Mapping[str, Any] | None = None,
        contacts: object = None,
        compose: Compose | None = None,
    ) -> None:
        self._source = MessageSource(template, campaign or {}, mailing or {})
        self._compose = compose
        self._contacts = parse_contacts(contacts)
        self._head, self._note, self._message, self._text = (ipywidgets.HTML() for _ in range(4))
        self._message.add_class("dyno-message")
        self._contact = ipywidgets.Dropdown(
            options=[(contact_label(one, index), index) for index, one in enumerate(self._contacts)],
            description="Show for",
        )
        self._width = ipywidgets.Dropdown(options=list(WIDTHS.items()), description="Show on")
        for widget in (self._contact, self._width):
            widget.style.description_width = "initial"
        self._remote = ipywidgets.ToggleButton(description="Load remote images", layout={"width": "auto"})
        self._fields = parts.line([])
        self._boxes: dict[str, ipywidgets.Text] = {}
        tabs = ipywidgets.Tab([self._message, self._text])
        for index, title in enumerate(("Message", "Plain text")):
            tabs.set_title(index, title)
        title = parts.html(markup.text(self._source.name), "dyno-heading")
        tools = parts.line([self._contact, self._width, self._remote])
        super().__init__([parts.style(), title, self._head, tools, self._fields, self._note, tabs])
        parts.classed(self, "dyno", "dyno-stack", "dyno-preview")
        self._contact.observe(lambda _change: self._choose(), "value")
        for widget in (self._width, self._remote):
            widget.observe(lambda _change: self._draw(), "value")
        self._choose()

    @property
    def message(self) -> Message:
        """The message as shown: its subject, preview text, HTML and plain text."""
        contact = self._contacts[self._contact.value]
        typed = {name: box.value for name, box in self._boxes.items()}
        return self._source.fill({**contact, **typed}, self._compose)

    def _choose(self) -> None:
        """Show a box for each merge field that the message uses, filled with the contact's value."""
        contact = self._contacts[self._contact.value]
        for box in self._boxes.values():
            box.close()
        names = self._source.fill(contact, self._compose).fields
        self._boxes = {
            name: ipywidgets.Text(
                value=contact.get(name, ""),
                description=name,
                continuous_update=False,
            )
            for name in names
            if name not in {"email", "unsubscribe_url", "preview_message"}
        }
        for box in self._boxes.values():
            box.style.description_width = "initial"
            box.observe(lambda _change: self._draw(), "value")
        self._fields.children = list(self._boxes.values())
        self._draw()

    def _draw(self) -> None:
        message = self.message
        self._head.value = inbox(message)
        self._note.value = note(message, remote=self._remote.value)
        self._message.value = frame(message, width=self._width.value, remote=self._remote.value)
        from_html = "Made from the HTML, because the template has no plain text."
        note_html = markup.paragraphs([from_html]) if message.text_from_html else ""
        self._text.value = f"{note_html}<pre>{markup.text(message.text)}</pre>"

    def __repr__(self) -> str:
        return f"TemplatePreview of {self._source.name}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return with_static_forms(super()._repr_mimebundle_(**kwargs), repr(self), static_html(self._source))


def inbox(message: Message) -> str:
    """Return what an inbox shows before the message is opened, on a computer and on a phone."""
    sender = markup.text(message.from_name or message.from_email)
    subject, snippet = markup.text(message.subject or "(no subject)"), markup.text(message.snippet)
    wide = (
        f'<div class="dyno-mail dyno-wide"><b>{sender}</b>'
        f'<span><b>{subject}</b> <span class="dyno-quiet">{snippet}</span></span></div>'
    )
    narrow = (
        f'<div class="dyno-mail dyno-narrow"><b>{sender}</b><span>{subject}</span>'
        f'<span class="dyno-quiet">{snippet}</span></div>'
    )
    lengths = f"Subject: {len(message.subject)} characters · Preview text: {len(message.preview)} characters"
    labels = [
        f'<span class="dyno-quiet">{words}</span>'
        for words in ("Inbox on a computer", "Inbox on a phone", lengths)
    ]
    return f'<div class="dyno-inbox">{labels[0]}{wide}{labels[1]}{narrow}{labels[2]}</div>'


def note(message: Message, *, remote: bool) -> str:
    """Return what the user should know about the preview."""
    fault = ""
    if message.fault:
        fault = markup.status("Not filled", f"{message.fault}; the message is shown as it was written.")
    images = count_remote_images(message.html)
    blocked = f" ({counted(images, 'image')})" if images else ""
    sentence = _LOADED if remote else _BLOCKED.format(images=blocked)
    return f'{fault}<p class="dyno-quiet">{markup.text(sentence)}</p>'


def frame(message: Message, *, width: int, remote: bool) -> str:
    """Return the message in a sandboxed frame."""
    if not message.html:
        return (
            markup.paragraphs(["A plain text message, without HTML."])
            + f"<pre>{markup.text(message.text)}</pre>"
        )
    document = markup.text(safe_page(message.html, remote_images=remote))
    return (
        f'<iframe sandbox="" referrerpolicy="no-referrer" title="Message" style="width:{width:d}px"'
        f' srcdoc="{document}"></iframe>'
    )


def static_html(source: MessageSource) -> str:
    """Return a preview without scripts, frames and contacts, for pages without a kernel."""
    row = source.template
    subject = source.campaign.get("subject") or row.get("subject") or ""
    rows = [
        ("Name", source.name),
        ("Subject", str(subject)),
        ("Message", f"{len(str(row.get('html') or '')):,} characters of HTML"),
        ("Plain text", f"{len(str(row.get('text') or '')):,} characters"),
    ]
    return markup.table(("Preview", "run the cell to see it"), rows)
