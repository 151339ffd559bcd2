"""Messages as a mail program reads them: both parts, every script, no unexpected headers."""

from __future__ import annotations

import email
import email.policy
import smtplib
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dyno_frames.messages.message import AddressError, CampaignMessage, Contact, wire_address
from dyno_frames.sandbox.mail.smtp import _payload
from dyno_frames.sandbox.mail.transports import Envelope

SUBJECTS = [
    "Chào mừng bạn đến với bản tin tháng mười một của chúng tôi, nơi có những câu chuyện hay nhất trong tuần",
    "مرحبا بكم في النشرة الإخبارية الأسبوعية الخاصة بنا، حيث تجدون أفضل القصص والأخبار",
    "🎉🎊 Big day 👩‍👩‍👧‍👦🇻🇳 only today, and a rather long line of other words to fold somewhere 🎁",
    "Grüße",
    "plain",
    'a, "b" <c@d.example>; (e)',
    "日本語の件名" * 20,
]


def campaign_message(**words):
    return CampaignMessage(
        **{
            "subject": "s",
            "preview": "",
            "text": "t",
            "html": "",
            "from_name": "",
            "from_email": "s@example.com",
            **words,
        }
    )


def content_of(written, contact=None):
    """The bytes that reach the other side of a mail server."""
    contact = contact or Contact("jo@example.com", {}, "token", "http://127.0.0.1:1/unsubscribe/token")
    message = written.render(contact, now=1_700_000_000)
    addresses = wire_address(written.from_email), wire_address(contact.email)
    payload = _payload(Envelope(message, *addresses, contact.token))
    assert payload.endswith(b"\r\n.\r\n")
    assert all(byte < 128 for byte in payload)
    assert all(len(line) <= 998 for line in payload.split(b"\r\n"))
    lines = payload.removesuffix(b".\r\n").split(b"\r\n")
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


def received(written, contact=None):
    """The message as it arrives: through the wire form and a parser that knows nothing of us."""
    return email.message_from_bytes(content_of(written, contact), policy=email.policy.default)


def part(message, subtype):
    """The text of one part, as the sender wrote it."""
    return message.get_body((subtype,)).get_content().replace("\r\n", "\n").removesuffix("\n")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_script_arrives_in_subject_sender_and_both_parts(subject):
    message = received(
        campaign_message(subject=subject, from_name="Nhà Đỏ", text=subject, html=f"<p>{subject}</p>")
    )
    assert message["Subject"] == subject
    assert message["From"].addresses[0].display_name == "Nhà Đỏ"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert part(message, "plain") == subject
    assert part(message, "html") == f"<p>{subject}</p>"
    assert message.defects == []


ONE_LINE = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="{}"), max_size=300
)


@settings(deadline=None)
@given(ONE_LINE)
@example("x" * 2000)
@example("cả " * 60)
@example("\u3000")
@example('"\u3000')
def test_any_subject_and_sender_arrive_without_a_character_lost(text):
    content = content_of(campaign_message(subject=text or "s", from_name=text))
    message = email.message_from_bytes(content, policy=email.policy.default)
    # a long line of ASCII may be folded at any blank, and one blank is what it is unfolded to
    assert " ".join(str(message["Subject"]).split()) == " ".join((text or "s").split())
    stripped = text.strip()
    if not stripped.isascii():
        assert message["Subject"] == stripped
        raw = email.message_from_bytes(content)["From"].replace("\r\n", "")
        assert str(make_header(decode_header(raw))) == f"{stripped} <s@example.com>"


@settings(deadline=None)
@given(ONE_LINE)
@example("x" * 2000)
@example(".\r\n.\r\n..")
def test_any_text_arrives_as_it_was(text):
    message = received(campaign_message(text=text or "t"))
    read = message.get_body(("plain",)).get_content()
    assert read.replace("\r\n", "\n").rstrip("\n") == (text or "t").replace("\r\n", "\n").rstrip("\n")


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\x00"])
@pytest.mark.parametrize("field", ["subject", "from_name", "name"])
def test_no_value_adds_a_header_of_its_own(separator, field):
    evil = f"a{separator}Bcc: victim@example.com"
    contact = Contact("jo@example.com", {"name": evil if field == "name" else ""}, "t")
    words = {field: evil} if field != "name" else {"subject": "{{ name }}"}
    message = received(campaign_message(**words), contact)
    assert message["Bcc"] is None
    assert message["To"].addresses[0].addr_spec == "jo@example.com"
    assert sorted(message.keys()) == sorted(
        [
            "Subject",
            "From",
            "To",
            "Date",
            "Message-ID",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )


def test_the_preview_is_hidden_first_and_escaped():
    html = '<html><body class="x"><h1>Hello</h1></body></html>'
    built = CampaignMessage.of({"preview_message": "Only <today>, {{ name }}"}, {"html": html}, {})
    message = received(built)
    content = part(message, "html")
    assert content.index("display:none") < content.index("<h1>")
    assert "Only &lt;today&gt;, Jo" in content
    assert content.startswith('<html><body class="x"><div')
    assert message.get_body(("plain",)).get_content().strip() == "Hello"


def test_a_template_may_place_its_preview_and_unsubscribe_link():
    built = CampaignMessage.of(
        {"preview_message": "p"},
        {"html": "<p>{{ preview_message }} <a href='{{ unsubscribe_url }}'>leave</a></p>"},
        {},
    )
    content = part(received(built), "html")
    assert content == "<p>p <a href='http://127.0.0.1:1/unsubscribe/token'>leave</a></p>"


def test_the_campaigns_texts_take_precedence_over_the_templates_and_the_lists():
    full = {"subject": "c", "from_name": "cn", "from_email": "c@x.org", "name": "n"}
    assert CampaignMessage.of(full, {"subject": "t"}, {"from_email": "l@x.org"}).subject == "c"
    bare = CampaignMessage.of({"name": "n"}, {"subject": "t"}, {"from_name": "ln", "from_email": "l@x.org"})
    assert (bare.subject, bare.from_name, bare.from_email) == ("t", "ln", "l@x.org")
    nothing = CampaignMessage.of({"name": "n"}, {}, {})
    assert (nothing.subject, nothing.text, nothing.from_email) == ("n", "n", "sandbox@localhost")


def test_merge_fields_are_escaped_in_html_and_not_in_text():
    contact = Contact("jo@example.com", {"name": "<b>Jo</b> & Co"}, "t")
    message = received(campaign_message(text="{{ name }}", html="<p>{{ name }}</p>"), contact)
    assert part(message, "plain") == "<b>Jo</b> & Co"
    assert part(message, "html") == "<p>&lt;b&gt;Jo&lt;/b&gt; &amp; Co</p>"


@pytest.mark.parametrize(
    "address", ["a b@x.org", "a@", "@x.org", "a@x\n.org", "a" * 250 + "@x.org", "a@" + "é" * 70]
)
def test_an_invalid_address_is_refused(address):
    with pytest.raises(AddressError):
        campaign_message().render(Contact(address, {}, "t"), now=0)


def test_addresses_are_sent_in_ascii():
    assert smtplib.SMTP_PORT == 25
    message = received(
        campaign_message(from_email="s@bücher.example"), Contact("jo@bücher.example", {"name": "Zoë"}, "t")
    )
    assert message["From"].addresses[0].domain == "xn--bcher-kva.example"
    assert message["To"].addresses[0].display_name == "Zoë"
