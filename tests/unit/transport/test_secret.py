"""The key shows nowhere."""

from __future__ import annotations

import copy
import pickle
import re
import traceback

import pytest

from dyno_frames.transport.secret import Secret, Veiled

KEY = "k3y-that-must-not-show"


def test_a_secret_does_not_print_or_format():
    secret = Secret(KEY)
    shown = [
        f"{secret} {secret!r} {secret!s} {secret:>40}",
        str([secret]),
        format(secret),
        " ".join(map(str, [secret])),
    ]
    assert not [text for text in shown if KEY in text]
    assert secret.reveal() == KEY


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_refuses_to_be_pickled(protocol):
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret(KEY), protocol)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps({"settings": [Secret(KEY)]}, protocol)


def test_a_secret_keeps_its_text_in_no_attribute():
    secret = Secret(KEY)
    with pytest.raises(TypeError):
        vars(secret)
    values = [getattr(secret, name, None) for name in dir(secret)]
    assert KEY not in map(repr, values)
    assert not any(value == KEY for value in values if isinstance(value, str))


def test_a_copy_of_a_secret_is_itself():
    secret = Secret(KEY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"key": secret})["key"] is secret


def test_secrets_compare_by_text_and_have_no_hash():
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret(KEY + "x")
    assert Secret(KEY) != KEY
    with pytest.raises(TypeError):
        hash(Secret(KEY))


def test_a_secret_cannot_be_changed():
    secret = Secret(KEY)
    with pytest.raises(AttributeError):
        secret._Secret__reveal = lambda: "other"
    with pytest.raises(AttributeError):
        secret.text = "other"
    assert secret.reveal() == KEY


@pytest.mark.parametrize("text", ["", "open sesame", "q\nq", "q\r\nX: y", "ключ", "q\x00q", "\t\t"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(text):
    with pytest.raises(ValueError) as caught:
        Secret(text)
    assert not text or text not in str(caught.value)


def fail_with(headers: dict[str, str]) -> None:
    raise RuntimeError(f"{headers}")


def test_a_veiled_header_shows_in_no_traceback_and_travels_whole():
    header = Veiled(KEY)
    assert header.encode("latin-1") == KEY.encode()
    assert KEY not in f"{header} {header!r} {header:s}" + str(header)
    with pytest.raises(RuntimeError) as caught:
        fail_with({"User-Api-Key": header})
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(shown.format())
    assert "'***'" in text
    assert KEY not in text


def test_scrub_takes_the_key_out_of_a_text():
    assert Secret(KEY).scrub(f"no such key: {KEY}.") == "no such key: ***."


def test_a_mark_tells_keys_and_purposes_apart_and_holds_no_key():
    one, other = Secret("one-key"), Secret("another-key")
    assert one.mark("journal") == Secret("one-key").mark("journal")
    assert len({one.mark("journal"), other.mark("journal"), one.mark("else")}) == 3
    assert re.fullmatch("[0-9a-f]{8}", one.mark("journal"))
    assert "one" not in one.mark("journal")
