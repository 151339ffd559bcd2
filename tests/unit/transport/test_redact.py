"""What people may read of a request."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyno_frames.contract.masking import masked
from dyno_frames.contract.operations import operation
from dyno_frames.contract.texts import fit
from dyno_frames.transport import redact

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy."""

CREATE, GET = operation("lists", "create"), operation("lists", "get")


def test_recipients_are_counted_and_other_addresses_hidden():
    shown = redact.summary(
        CREATE,
        body={
            "name": "ask ann@example.com now",
            "emails": ["ann@example.com", "bob@example.com"],
            "from_email": "me@example.com",
            "nested": [{"to": "x@y.z"}],
        },
    )
    assert "@" not in str(shown)
    assert '"emails":"<2 addresses>"' in shown.body
    assert "<address>" in shown.body


def test_long_texts_are_shortened():
    shown = redact.summary(CREATE, body={"html": "x" * 10_000, "more": ["y" * 100] * 100})
    assert len(shown.body) < 700
    assert "(10000 characters)" in shown.body


def test_an_id_that_is_an_address_is_hidden_in_the_path():
    assert redact.summary(GET, key="ann@example.com").path == "/lists/%3Caddress%3E"
    assert redact.summary(GET, key="6f1c").path == "/lists/6f1c"


def test_a_server_s_words_lose_addresses_and_control_characters():
    shown = redact.message("no ann@example.com\x1b[31m\n" + "z" * 5000)
    assert "@" not in shown
    assert shown.isprintable()
    assert len(shown) < 600


@pytest.mark.parametrize("letter", ["\u200b", "\x00", "\x1b", "\u00ad", "\u202e", "\u2028", "\xa0", "\ud800"])
@pytest.mark.parametrize("form", ["ann{}@example.com", "ann@{}example.com", "a{}nn@exam{}ple.com"])
def test_an_address_with_a_letter_that_cannot_be_printed_is_hidden(letter, form):
    address = form.replace("{}", letter)
    shown = redact.message(f"no list holds {address} now")
    assert shown == "no list holds <address> now"
    assert "ann" not in redact.summary(CREATE, body={"name": address, address: 1}).body


@BUSY
@given(st.emails(), st.text(max_size=20), st.text(max_size=20))
def test_no_address_survives(address, before, after):
    shown = masked(f"{before} {address} {after}")
    assert address not in shown


ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Texts with halves of surrogate pairs, too."""


@BUSY
@given(
    st.dictionaries(
        ANY_TEXT,
        st.recursive(st.none() | st.integers() | st.floats() | ANY_TEXT, st.lists, max_leaves=12),
        max_size=6,
    )
)
def test_any_body_can_be_summed_up(body):
    shown = redact.summary(CREATE, body=body).body
    assert shown.encode()
    assert len(shown) < 700


def test_a_body_without_an_end_can_be_summed_up():
    body: dict[str, object] = {}
    body["again"] = {"list": [body]}
    assert len(redact.summary(CREATE, body=body).body) < 700


def test_what_is_left_out_is_said():
    assert '"…"' in redact.summary(CREATE, body={"tags": list(range(1000))}).body
    assert '"…":"70 more"' in redact.summary(CREATE, body={str(n): n for n in range(100)}).body
    assert '"…"' not in redact.summary(CREATE, body={"tags": list(range(30))}).body


def test_the_names_of_fields_are_shortened_and_lose_addresses_too():
    shown = redact.summary(CREATE, body={"ann@example.com": 1, "x" * 10_000: 2}).body
    assert "ann" not in shown
    assert len(shown) < 700


@BUSY
@given(
    st.lists(st.emails() | st.text("ab @.,", max_size=400), max_size=20),
    st.integers(1, 100),
    st.text("ab @.,\n", min_size=1, max_size=50),
)
def test_what_stands_beyond_the_beginning_of_a_text_changes_nothing(words, length, tail):
    beginning = " ".join(words).ljust(2 * length + 320)
    other = "x" * len(tail)
    assert fit(beginning + tail, length) == fit(beginning + other, length)


@BUSY
@given(st.lists(st.text("ab@", max_size=400) | st.just("zzzz@b.c"), max_size=40), st.integers(1, 60))
def test_no_part_of_an_address_is_left_where_a_text_is_cut(words, length):
    shown = fit(" ".join(words), length).partition("… (")[0]
    assert "z" not in shown


BODIES = {
    "an inline image": "{'html': 'data:image/png;base64,' + 'QUJD' * 250_000}",
    "signs of addresses": "{'name': '@' * 1_000_000}",
    "nearly addresses": "{'name': 'a@' * 500_000}",
    "a list of ids": "{'id': {'in': ','.join(['6f1c2d3e-0000-4000-8000-000000000000'] * 27_000)}}",
    "many fields": "{'x' * 100 + str(n): 'y' * 100 for n in range(5_000)}",
    "many values": "{'tags': ['z' * 1000] * 1000}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_request_of_a_megabyte_is_not_held_by_its_summary(body):
    code = (
        "from dyno_frames.contract.operations import operation\n"
        "from dyno_frames.transport import redact\n"
        f"body = {body}\n"
        "assert redact.summary(operation('lists', 'create'), body=body).body\n"
        "assert all(redact.message(str(value)) for value in body.values())"
    )
    # Quadratic patterns take hours for these, linear ones a hundredth of a second.
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
