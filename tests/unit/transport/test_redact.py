"""What people may read of a request."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.contract.operations import operation
from dyno_frames.transport import redact

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


@given(st.emails(), st.text(max_size=20), st.text(max_size=20))
def test_no_address_survives(address, before, after):
    shown = redact.without_addresses(f"{before} {address} {after}")
    assert address not in shown


@given(
    st.dictionaries(
        st.text(max_size=5), st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists)
    )
)
def test_any_body_can_be_summed_up(body):
    assert isinstance(redact.summary(CREATE, body=body).body, str)
