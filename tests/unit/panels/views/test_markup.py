"""Text becomes HTML in one place, escaped."""

import re
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.contract.lifecycle import Status
from dyno_frames.panels.views import markup

OURS = {
    "p",
    "b",
    "ul",
    "li",
    "dl",
    "dt",
    "dd",
    "div",
    "progress",
    "span",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "del",
    "ins",
}


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.names, self.shown, self.labels = set(), set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.labels += [value for name, value in attrs if name == "aria-label"]

    def handle_data(self, data):
        self.shown.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


ROW = {"current": True, "progress": [1, 2]}
DETAILS = {"current": True, "progress": [1, 2, "half"]}
PARTS = st.text(alphabet=st.sampled_from("<>&\"'/= abimg\n"), max_size=40)


@given(PARTS)
def test_no_text_becomes_a_tag_or_an_attribute(text):
    for made in (
        markup.paragraphs([text, text]),
        markup.listing([text]),
        markup.pairs([(text, text)]),
        markup.lead(text),
        markup.lead_and_paragraphs([text, text]),
        markup.alert(text),
        markup.badge(text),
        markup.badge(text, current=False),
        markup.row_cells(ROW | {"status": text, "cells": [["sent", text, text, text]]}),
        markup.campaign(
            DETAILS | {"name": text, "status": text, "metrics": [[text] * 4], "pairs": [(text, text)]}
        ),
        markup.changes([(text, text, text)]),
        markup.timer(text),
        markup.progress(1, 2, text),
        markup.status(text, text),
        markup.table([text], [[text]]),
    ):
        reader = read(made)
        assert reader.tags <= OURS
        assert reader.names <= {
            "class",
            "title",
            "role",
            "max",
            "value",
            "aria-label",
            "aria-live",
            "aria-hidden",
        }
        if made:
            assert text.strip() in "".join(reader.shown) + " ".join(reader.labels)


def test_counts_of_a_bar_stay_within_it():
    assert 'max="10" value="10"' in markup.progress(50, 10, "")
    assert 'max="1" value="0"' in markup.progress(-1, 0, "")


def test_the_style_sheet_loads_nothing_and_has_no_rule_without_use():
    assert not re.search(r"url\(|@import|@font-face|https?:", markup.CSS)
    views = Path(markup.__file__).parent
    code = "".join(path.read_text("utf-8") for path in views.rglob("*") if path.suffix in {".py", ".js"})
    styled = set(re.findall(r"\.dyno-([a-z-]+)", markup.CSS))
    unused = {name for name in styled if f"dyno-{name}" not in code and f"{name}=" not in code}
    assert unused <= {status.value for status in Status}
