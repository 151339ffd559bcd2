"""HTML as plain text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.messages.plain_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b", "a\nb"),
        ("<ul><li>x</li><li>y</li></ul>", "- x\n\n- y"),
        ("<a href='https://e.org'>https://e.org</a>", "https://e.org"),
        ("<a href='https://e.org'><img alt='Shop'></a>", "Shop (https://e.org)"),
        ("<style>p{}</style><script>x</script><title>t</title>seen", "seen"),
        ("<div style='display: none'>hidden<br><p>deep</p></div>seen", "seen"),
        ("&lt;b&gt; &eacute;&nbsp;x", "<b> é\xa0x"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("", ""),
    ],
)
def test_html_becomes_readable_text(html, text):
    assert html_to_text(html) == text


@settings(deadline=None)
@given(st.text(max_size=200))
def test_broken_html_is_converted(html):
    assert isinstance(html_to_text(html), str)
