"""A message before it is sent: what it says, whom it is filled for, and the safe_page that lets nothing out."""

import json
import re
from html.parser import HTMLParser

import ipywidgets
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyno_frames.errors import NotFoundError, SchemaError
from dyno_frames.messages.message import CampaignMessage, Contact
from dyno_frames.panels.preview.message import (
    SAMPLE_CONTACT,
    Message,
    MessageSource,
    contact_label,
    count_remote_images,
    parse_contacts,
    safe_page,
)
from dyno_frames.panels.views.widgets.preview import TemplatePreview, frame, inbox, note

PIECES = """< > " ' & &lt; link <LINK|rel=preconnect> <iFrame|src=x> </iframe> |target|=|_self <script> <!-- srcdoc é
<meta|http-equiv=refresh> <base|href=x> <frame> x | </body>"""
HTML = st.lists(st.sampled_from([piece.replace("|", " ") for piece in PIECES.split()]), max_size=12).map(
    "".join
)
CONNECTS = re.compile(r"<(link|iframe|frame|frameset|object|embed|portal|fencedframe)\b", re.IGNORECASE)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def message(html, **parts):
    return Message(
        **{"subject": "", "preview": "", "html": html, "text": "", "from_name": "", "from_email": ""} | parts
    )


@settings(deadline=None)
@given(HTML, st.booleans())
def test_whatever_a_message_says_the_policy_stands_first_and_nothing_connects(html, remote):
    shown = safe_page(html, remote_images=remote)
    first, *_ = read(shown)
    assert first[1]["http-equiv"] == "Content-Security-Policy"
    assert first[1]["content"].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert ("http:" in first[1]["content"]) is remote
    assert not CONNECTS.search(shown)
    assert not re.search(
        r"\btarget\s*=", shown[shown.index('<base target="_blank">') + 22 :].replace("x-target", "")
    )


@settings(deadline=None)
@given(HTML)
def test_whatever_a_message_says_it_is_one_frame_without_rights(html):
    made = read(frame(message(f"m{html}"), width=375, remote=False))
    assert [tag for tag, _ in made] == ["iframe"]
    attributes = made[0][1]
    assert attributes.keys() == {"sandbox", "referrerpolicy", "title", "style", "srcdoc"}
    assert attributes["sandbox"] == ""
    assert attributes["srcdoc"] == safe_page(f"m{html}")


@settings(deadline=None)
@given(st.text(alphabet="<>&\"'ab/=", max_size=20))
def test_subject_sender_and_preview_text_stay_text(text):
    made = read(
        inbox(message("", subject=text, preview=text, from_name=text, text=text))
        + note(message("", fault=text), remote=False)
    )
    assert {tag for tag, _ in made} <= {"div", "b", "span", "p"}


def test_a_message_is_what_the_sandbox_would_mail():
    campaign = {"subject": "Sale, {{ name }}", "preview_message": "For {{ town }}", "from_name": "Shop"}
    template = {"html": "<p>Dear {{ name }} of {{ town }}</p>", "name": "T"}
    person = {"name": "Ann & Bo", "email": "a@shop.example", "town": "Lyon"}
    shown = MessageSource(template, campaign, {"from_email": "shop@shop.example"}).fill(person)
    sent = CampaignMessage.of(campaign, template, {"from_email": "shop@shop.example"}).render(
        Contact("a@shop.example", person, "preview", "https://example.com/unsubscribe"), now=0
    )
    assert (shown.subject, shown.preview) == (sent["Subject"], "For Lyon")
    assert shown.html == sent.get_body(("html",)).get_content()
    assert "Dear Ann &amp; Bo of Lyon" in shown.html
    assert shown.text == sent.get_body(("plain",)).get_content()
    assert shown.text_from_html
    assert shown.fields == ("name", "preview_message", "town")
    assert shown.snippet.startswith("For Lyon Dear Ann & Bo of Lyon")


@pytest.mark.parametrize("html", ["{{ name", "{% for x in y %}{% endfor %}", "{{ name.__class__ }}"])
def test_words_that_cannot_be_filled_stand_as_they_were_with_the_reason(html):
    shown = MessageSource({"html": html, "subject": "S"}, {}, {}).fill(SAMPLE_CONTACT)
    assert shown.fault
    assert shown.html == html
    assert "Not filled" in note(shown, remote=False)


def test_remote_images_are_counted_for_a_hint():
    html = '<img src="https://a/1.gif"><img src=http://a/2><td background="http://a/3" style="background:url(https://a/4)">'
    assert count_remote_images(html) == 4
    assert count_remote_images('<img src="data:image/gif;base64,x"><a href="https://a">a</a>') == 0
    assert "(4 images)" in note(message(html), remote=False)


def test_contacts_come_as_a_mapping_several_or_a_frame():
    ann, bo = {"name": "Ann", "age": 7}, {"name": "Bo", "town": None}
    assert parse_contacts(ann) == ({"name": "Ann", "age": "7"},)
    assert parse_contacts([ann, bo]) == ({"name": "Ann", "age": "7"}, {"name": "Bo"})
    assert parse_contacts(pd.DataFrame([ann, bo]))[1] == {"name": "Bo"}
    assert parse_contacts(None) == parse_contacts([]) == (SAMPLE_CONTACT,)
    with pytest.raises(SchemaError, match="dict of merge fields"):
        parse_contacts("ann@shop.example")
    assert contact_label({"email": "ann@shop.example"}, 0) == "1: no name"


def everything(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def test_templates_and_campaigns_have_a_preview(client):
    [key] = client.templates.find("name.str.contains('Weekly')")["id"]
    preview = client.templates.preview(key, contacts=[{"name": "Ann"}, {"name": "Zoë"}])
    assert repr(preview) == "TemplatePreview of Weekly digest (sample)"
    assert "Ann" in preview.message.html
    preview._contact.value = 1
    assert "Zoë" in preview.message.html
    [box] = [one for one in everything(preview) if isinstance(one, ipywidgets.Text)]
    box.value = "Mia"
    assert "Mia" in preview._message.value
    assert 'style="width:660px"' in preview._message.value
    preview._width.value = 375
    assert 'style="width:375px"' in preview._message.value
    with pytest.raises(NotFoundError):
        client.templates.preview("no such template")
    campaign = client.campaigns.find("name == 'Winter sale' and subject.notna()", limit=1)["id"].iloc[0]
    shown = client.campaigns.preview(campaign)
    assert shown.message.subject == client.campaigns.get(campaign)["subject"]
    assert shown.message.from_name == "Corner & Co."


def test_a_campaign_without_template_is_its_words_alone(client):
    campaign = client.campaigns.find("template_id.isna() and subject.notna()", limit=1)["id"].iloc[0]
    preview = client.campaigns.preview(campaign)
    assert preview.message.html == ""
    assert "A plain text message" in preview._message.value


def test_what_is_saved_of_a_preview_names_no_contact_and_holds_no_frame():
    preview = TemplatePreview(
        {"name": "<b>T</b>", "html": "<p>{{ email }}</p>", "subject": "{{ name }}"},
        contacts={"name": "Ann", "email": "ann@shop.example"},
    )
    bundle = preview._repr_mimebundle_()
    kept = json.dumps([bundle["text/plain"], bundle["text/html"]])
    assert "Ann" not in kept
    assert "@" not in kept
    assert "iframe" not in kept
    assert "&lt;b&gt;T&lt;/b&gt;" in kept
    preview.close()
