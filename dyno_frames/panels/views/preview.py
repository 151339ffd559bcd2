"""A message before it is sent, in a notebook: the inbox's line, the message in a frame without rights, its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets

from dyno_frames.panels.preview import Compose, Message, Words, called, page, remote_pictures
from dyno_frames.panels.preview import contacts as people
from dyno_frames.panels.views import markup
from dyno_frames.panels.wording import count

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

WIDTHS = {"a computer": 660, "a phone": 375}
"""How wide a message is shown, in pixels."""

_LOADING = "Pictures are loaded from where the message says. Whoever put them there sees it, as an open."
_NOT_LOADING = "Nothing is loaded from elsewhere{pictures}, and links lead nowhere."


class TemplatePreview(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Look at a message before it is sent.

    The message stands in a frame that runs no script, opens no window and asks no server for anything. Its
    merge fields are filled as the sandbox fills what it mails; another service may do otherwise.

    Parameters
    ----------
    template
        A template's row, such as :meth:`client.templates.get` returns.
    campaign, mailing
        The rows of a campaign that uses it and of the campaign's list, whose words stand before the template's.
    contacts
        Whom it is filled for: merge fields by name, several such mappings, or a frame with a column for each.
    compose
        What fills it; for tests.

    Raises
    ------
    SchemaError
        The contacts are no mappings.

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
        self._words = Words(template, campaign or {}, mailing or {})
        self._compose = compose
        self._contacts = people(contacts)
        self._head, self._note, self._message, self._text = (ipywidgets.HTML() for _ in range(4))
        self._message.add_class("dyno-message")
        self._contact = ipywidgets.Dropdown(
            options=[(called(one, place), place) for place, one in enumerate(self._contacts)],
            description="Filled for",
            layout={"width": "260px"},
        )
        self._width = ipywidgets.Dropdown(
            options=list(WIDTHS.items()), description="Seen on", layout={"width": "220px"}
        )
        self._remote = ipywidgets.ToggleButton(description="Load remote pictures", layout={"width": "auto"})
        self._fields = ipywidgets.Box(layout={"flex_flow": "row wrap"})
        self._boxes: dict[str, ipywidgets.Text] = {}
        tabs = ipywidgets.Tab([self._message, self._text])
        for place, title in enumerate(("Message", "Text part")):
            tabs.set_title(place, title)
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
        """The message as it is shown: its subject, preview text, HTML and text part."""
        person = self._contacts[self._contact.value]
        typed = {name: box.value for name, box in self._boxes.items()}
        return self._words.filled({**person, **typed}, self._compose)

    def _choose(self) -> None:
        """Offer a box for each field that the words use, with what is known of the contact."""
        person = self._contacts[self._contact.value]
        for box in self._boxes.values():
            box.close()
        names = self._words.filled(person, self._compose).fields
        self._boxes = {
            name: ipywidgets.Text(
                value=person.get(name, ""),
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
        made = (
            markup.paragraphs(["Made from the message: the template has no text part."]) * message.text_made
        )
        self._text.value = f"{made}<pre>{markup.text(message.text)}</pre>"

    def __repr__(self) -> str:
        return f"TemplatePreview of {self._words.name}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        formats, *rest = bundle if isinstance(bundle, tuple) else (bundle,)
        if formats is None:
            return bundle
        filled = {**formats, "text/plain": repr(self), "text/html": static(self._words)}
        return (filled, *rest) if rest else filled


def inbox(message: Message) -> str:
    """Return what inboxes show before the message is opened: on a computer, and on a phone."""
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
    """Return what the reader should know of what is shown."""
    fault = markup.status("Not filled", f"{message.fault}; the words stand as they were written.")
    pictures = remote_pictures(message.html)
    left_out = f": {count(pictures, 'picture')} left out" if pictures else ""
    said = _LOADING if remote else _NOT_LOADING.format(pictures=left_out)
    return fault * bool(message.fault) + f'<p class="dyno-quiet">{markup.text(said)}</p>'


def frame(message: Message, *, width: int, remote: bool) -> str:
    """Return the message in a frame that may do nothing."""
    if not message.html:
        return (
            markup.paragraphs(["A plain message, without HTML."]) + f"<pre>{markup.text(message.text)}</pre>"
        )
    document = markup.text(page(message.html, remote=remote))
    return (
        f'<iframe sandbox="" referrerpolicy="no-referrer" title="Message" style="width:{width:d}px"'
        f' srcdoc="{document}"></iframe>'
    )


def static(words: Words) -> str:
    """Return a preview without scripts and frames, for pages where no kernel answers; no contact is in it."""
    row = words.template
    subject = words.campaign.get("subject") or row.get("subject") or ""
    rows = [
        ("Name", words.name),
        ("Subject", str(subject)),
        ("Message", f"{len(str(row.get('html') or '')):,} characters of HTML"),
        ("Text part", f"{len(str(row.get('text') or '')):,} characters"),
    ]
    return markup.table(("Preview", "run the cell to see it"), rows)
