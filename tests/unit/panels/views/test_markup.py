"""Text becomes HTML in one place, escaped."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

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
        self.tags, self.names, self.shown = set(), set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.shown.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


PARTS = st.text(alphabet=st.sampled_from("<>&\"'/= abimg\n"), max_size=40)


@given(PARTS)
def test_no_text_becomes_a_tag_or_an_attribute(text):
    for made in (
        markup.paragraphs([text, text]),
        markup.listing([text]),
        markup.pairs([(text, text)]),
        markup.cell(text),
        markup.cell(text, text),
        markup.badge(text),
        markup.title(text, text),
        markup.changes([(text, text, text)]),
        markup.timer(text),
        markup.progress(1, 2, text),
        markup.progress(1, 2, text, text),
        markup.status(text, text),
        markup.table([text], [[text]]),
    ):
        reader = read(made)
        assert reader.tags <= OURS
        assert reader.names <= {"class", "title", "role", "max", "value", "aria-label", "aria-live"}
        assert text.strip() in "".join(reader.shown)


def test_counts_of_a_bar_stay_within_it():
    assert 'max="10" value="10"' in markup.progress(50, 10, "")
    assert 'max="1" value="0"' in markup.progress(-1, 0, "")
