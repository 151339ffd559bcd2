"""Convert an HTML message to plain text, for templates that have no text part."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote"})
_BLOCKS = _PARAGRAPHS | {
    *("address", "article", "div", "dl", "dt", "dd", "fieldset", "figure", "footer", "form"),
    *("header", "hr", "li", "main", "nav", "pre", "section", "tr"),
}
_INVISIBLE = frozenset({"head", "style", "script", "title", "template"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_SPACES = re.compile(r"[ \t\r\f\v\n]+")


def html_to_text(html: str) -> str:
    """Return the text of an HTML page: separate paragraphs, links with their URLs, no markup.

    Examples
    --------
    >>> html_to_text('<p>Read <a href="https://example.com/a">this</a> &amp; that.</p>')
    'Read this (https://example.com/a) & that.'
    """
    extractor = _TextExtractor()
    extractor.feed(html)
    extractor.close()
    return extractor.text()


class _TextExtractor(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._hidden: list[str] = []
        self._links: list[tuple[str, int]] = []

    def _start_tag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _INVISIBLE or self._hidden or _is_hidden(attrs):
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        if tag == "br":
            self._pieces.append("\n")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self._pieces)))
        elif tag == "img":
            self._pieces.append(dict(attrs).get("alt") or "")
        elif tag in {"td", "th"}:
            self._pieces.append(" ")
        elif tag in _BLOCKS:
            self._break_line(tag)
            if tag == "li":
                self._pieces.append("- ")

    def _end_tag(self, tag: str) -> None:
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            href, start = self._links.pop()
            label = "".join(self._pieces[start:]).strip()
            if href and not href.startswith("#") and href != label:
                self._pieces.append(f" ({href})" if label else href)
        elif tag in _BLOCKS:
            self._break_line(tag)

    def _text(self, data: str) -> None:
        if not self._hidden:
            self._pieces.append(_SPACES.sub(" ", data))

    # HTMLParser calls these names
    handle_starttag = _start_tag
    handle_endtag = _end_tag
    handle_data = _text

    def _break_line(self, tag: str) -> None:
        self._pieces.append("\n\n" if tag in _PARAGRAPHS else "\n")

    def text(self) -> str:
        """Return the text that was extracted."""
        lines = [line.strip() for line in "".join(self._pieces).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_hidden(attrs: list[tuple[str, str | None]]) -> bool:
    style = (dict(attrs).get("style") or "").replace(" ", "").lower()
    return "display:none" in style
