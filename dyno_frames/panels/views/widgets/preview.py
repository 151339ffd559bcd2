"""A message preview in a notebook: the inbox line, the message in a sandboxed frame, and its plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets

from dyno_frames.panels.campaigns.wording import counted
from dyno_frames.panels.preview.message import (
    Compose,
    Message,
    MessageSource,
    contact_label,
    count_remote_images,
    parse_contacts,
    safe_page,
)
from dyno_frames.panels.views import markup
from dyno_frames.panels.views.static_html import with_static_forms

STYLE = """<style>
.dyno-preview{border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:8px;max-width:980px}
.dyno-preview.jupyter-widgets-disconnected{opacity:.45}
.dyno-preview p{margin:2px 0;line-height:1.4}
.dyno-preview .dyno-inbox{display:grid;gap:6px;margin:4px 0;line-height:1.4}
.dyno-preview .dyno-mail{border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:4px 8px;
 background:var(--jp-layout-color1,#fff);color:var(--jp-content-font-color1,#111)}
.dyno-preview .dyno-wide{display:grid;grid-template-columns:160px 1fr;gap:12px}
.dyno-preview .dyno-wide>*,.dyno-preview .dyno-narrow>*{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.dyno-preview .dyno-narrow{display:grid;width:340px;box-sizing:border-box}
.dyno-preview .dyno-quiet{color:var(--jp-content-font-color2,#555)}
.dyno-preview iframe{border:1px solid var(--jp-border-color2,#ccc);background:#fff;max-width:100%;height:520px;
 resize:both;overflow:auto;box-sizing:border-box}
.dyno-preview pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;line-height:1.4;max-height:520px;overflow:auto}
</style>"""

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
            layout={"width": "260px"},
        )
        self._width = ipywidgets.Dropdown(
            options=list(WIDTHS.items()), description="Show on", layout={"width": "220px"}
        )
        self._remote = ipywidgets.ToggleButton(description="Load remote images", layout={"width": "auto"})
        self._fields = ipywidgets.Box(layout={"flex_flow": "row wrap"})
        self._boxes: dict[str, ipywidgets.Text] = {}
        tabs = ipywidgets.Tab([self._message, self._text])
        for index, title in enumerate(("Message", "Plain text")):
            tabs.set_title(index, title)
        style = ipywidgets.HTML(STYLE, layout={"display": "none"})
        tools = ipywidgets.Box(
            [self._contact, self._width, self._remote],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        super().__init__([style, self._head, tools, self._fields, self._note, tabs])
        self.add_class("dyno-preview")
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
                layout={"width": "260px"},
            )
            for name in names
            if name not in {"email", "unsubscribe_url", "preview_message"}
        }
        for box in self._boxes.values():
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
    lengths = f"subject: {len(message.subject)} characters; preview text: {len(message.preview)}"
    return f'<div class="dyno-inbox">{wide}{narrow}<span class="dyno-quiet">{lengths}</span></div>'


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
