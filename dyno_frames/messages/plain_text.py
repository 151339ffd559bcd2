"""The plain-text part of a message whose template has none: what its HTML says, without the markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote"})
_BLOCKS = _APART | {
    *("address", "article", "div", "dl", "dt", "dd", "fieldset", "figure", "footer", "form"),
    *("header", "hr", "li", "main", "nav", "pre", "section", "tr"),
}
_SILENT = frozenset({"head", "style", "script", "title", "template"})
_EMPTY = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_SPACES = re.compile(r"[ \t\r\f\v\n]+")


def of_html(html: str) -> str:
    """Return the text of an HTML page: paragraphs apart, links with their addresses, no markup.

    Examples
    --------
    >>> of_html('<p>Read <a href="https://example.com/a">this</a> &amp; that.</p>')
    'Read this (https://example.com/a) & that.'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._silent: list[str] = []
        self._links: list[tuple[str, int]] = []

    def _opened(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT or self._silent or _is_hidden(attrs):
            if tag not in _EMPTY:
                self._silent.append(tag)
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
            self._break(tag)
            if tag == "li":
                self._pieces.append("- ")

    def _closed(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                while self._silent.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            href, start = self._links.pop()
            said = "".join(self._pieces[start:]).strip()
            if href and not href.startswith("#") and href != said:
                self._pieces.append(f" ({href})" if said else href)
        elif tag in _BLOCKS:
            self._break(tag)

    def _said(self, data: str) -> None:
        if not self._silent:
            self._pieces.append(_SPACES.sub(" ", data))

    # the names that the parser of the standard library calls
    handle_starttag = _opened
    handle_endtag = _closed
    handle_data = _said

    def _break(self, tag: str) -> None:
        self._pieces.append("\n\n" if tag in _APART else "\n")

    def text(self) -> str:
        """Return what was read."""
        lines = [line.strip() for line in "".join(self._pieces).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_hidden(attrs: list[tuple[str, str | None]]) -> bool:
    style = (dict(attrs).get("style") or "").replace(" ", "").lower()
    return "display:none" in style
