"""A key and addresses are masked in a server's words, however the server writes them."""

from __future__ import annotations

import base64
import html
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.contract.masking import masked
from dyno_frames.contract.operations import operation
from dyno_frames.contract.texts import fit
from dyno_frames.errors import ApiError, DynoError
from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.session import Session

KEY = "Zq7+Wk/9xTbV3nLp-Yd2"
ADDRESS = "ursula.kowalski@kundin-post.example"
GET = operation("lists", "get")


def entities(text: str, form: str = "&#{};") -> str:
    return "".join(form.format(ord(letter)) for letter in text)


FORMS = {
    "plain": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded letter by letter": lambda text: "".join(f"%{ord(letter):02x}" for letter in text),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "entities": entities,
    "hexadecimal entities": lambda text: entities(text, "&#x{:x};"),
    "escapes": lambda text: entities(text, "\\u{:04x}"),
    "zero-width spaces": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "nulls": "\0".join,
    "blanks": " ".join,
    "lines": "\n".join,
    "full width": lambda text: "".join(chr(ord(letter) + 0xFEE0) for letter in text),
}
KEY_FORMS = FORMS | {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "basic authentication": lambda text: "Basic " + base64.b64encode(f"api:{text}".encode()).decode(),
    "base64 after one more": lambda text: base64.b64encode(f"u:{text}x".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "upper hexadecimal": lambda text: text.encode().hex().upper(),
    "dots": ".".join,
    "named entities": lambda text: text.replace("+", "&plus;").replace("/", "&sol;"),
    "the first twelve": lambda text: text[:12] + "...",
    "all but the first four": lambda text: text[4:],
    "the middle": lambda text: text[6:14],
}
ADDRESS_FORMS = FORMS | {
    "an at sign with blanks around it": lambda text: text.replace("@", " @ "),
    "an at sign with a blank before it": lambda text: text.replace("@", " @"),
    "an at sign with a blank after it": lambda text: text.replace("@", "@ "),
    "a named entity": lambda text: text.replace("@", "&commat;"),
    "an entity": lambda text: text.replace("@", "&#64;"),
    "a full-width at sign": lambda text: text.replace("@", "＠"),
    "a percent-encoded at sign": lambda text: text.replace("@", "%40"),
}


def plain(text: str) -> str:
    """Return a text as a person reads it: decoded, and without blanks."""
    return "".join(html.unescape(text).split()).lower()


@pytest.mark.parametrize("form", KEY_FORMS)
@pytest.mark.parametrize("before", ["", "wrong ", "x" * 480 + " ", "x" * 490, "y " * 245])
def test_a_key_is_masked_however_it_is_written_and_wherever_it_is_cut(form, before):
    written = KEY_FORMS[form](KEY)
    shown = fit(f"{before}{written} is not a key", 500, key=KEY)
    assert "***" in masked(written, key=KEY)
    left = plain(shown)
    pieces = [written[at : at + 16] for at in range(len(written) - 15)] or [written]
    assert not [piece for piece in pieces if plain(piece) and plain(piece) in left]
    assert not [at for at in range(len(KEY) - 7) if KEY[at : at + 8].lower() in left]


@pytest.mark.parametrize("form", ADDRESS_FORMS)
def test_an_address_is_masked_however_it_is_written(form):
    shown = fit(f"invalid: {ADDRESS_FORMS[form](ADDRESS)} there", 500)
    assert "ursula" not in plain(shown)
    assert "kundin" not in plain(shown)
    assert "<address>" in shown
    assert shown.startswith("invalid:") or form in {"blanks", "lines"}


@pytest.mark.parametrize("text", ["Meet @ 5", "100% &amp; more", "a@", "@", "follow @dyno", "R&D; 50%25", ""])
def test_words_that_are_no_address_stay(text):
    assert masked(text, key=KEY) == text


def test_a_short_key_is_masked_as_a_whole_only():
    assert masked("no dynamo, DYNO", key="dyno") == "no dynamo, ***"


@pytest.mark.parametrize("field", ["error_code", "error message"])
@pytest.mark.parametrize("form", KEY_FORMS)
def test_no_error_envelope_shows_the_key(serve, wire, form, field):
    body = {"has_error": True, "error_code": "77", "error message": "no"} | {field: KEY_FORMS[form](KEY)}
    with (
        Session(serve(wire.Step(wire.http(body, status=500))).url, ApiKeyAuth(KEY)) as session,
        pytest.raises(ApiError) as caught,
    ):
        session.send(GET, key="1")
    shown = str(caught.value) + repr(vars(caught.value)) + caught.value._repr_html_()
    assert "***" in shown
    assert KEY_FORMS[form](KEY) not in shown


@pytest.mark.parametrize("form", ["lower case", "percent-encoded", "hexadecimal", "base64 for URLs"])
def test_no_redirect_shows_the_key(serve, wire, form):
    key = KEY.replace("/", "x").replace("+", "y")
    written = KEY_FORMS[form](key)
    there = {"Location": f"http://{written}.example/{written}"}
    session = Session(serve(wire.Step(wire.http(b"", status=302, headers=there))).url, ApiKeyAuth(key))
    with session, pytest.raises(DynoError, match=r"\*\*\*") as caught:
        session.send(GET, key="1")
    assert written.lower() not in str(caught.value) + repr(vars(caught.value))


@given(st.text("a@. %&\\4;#x0u", max_size=60), st.text("a@. %&\\4;#x0u", max_size=20))
def test_any_text_can_be_masked(text, key):
    assert masked(text, key=key) is not None
    assert masked(text, key=key, end=len(text) // 2) is not None


@pytest.mark.parametrize("part", ["@ ", "a @ ", "&#64;", "%40", "%25", "&aa", KEY, "Z q 7 ", "\\u0040", "x"])
def test_masking_costs_in_proportion_to_the_text(part):
    def cost_s(size: int) -> float:
        text = part * (size // len(part))
        began = time.thread_time()
        masked(text, key=KEY)
        return time.thread_time() - began

    small_s = min(cost_s(8_000) for _ in range(3))
    assert min(cost_s(64_000) for _ in range(3)) < 24 * small_s + 0.05
