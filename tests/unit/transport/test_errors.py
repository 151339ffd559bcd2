"""Every error of the tree: what it carries, how it shows, and that it survives a pickle."""

from __future__ import annotations

import copy
import pickle
from html import escape

import pytest

from dyno_frames import errors
from dyno_frames.errors import DynoError, RequestSummary

ASKED = RequestSummary("POST", "/campaigns/find", '{"x":"<script>"}')
SPECIAL = {
    errors.WaitError: lambda kind: kind("<b>not yet", reason="stuck", status="running", sent=3, recipients=9),
    errors.TableError: lambda kind: kind("<b>wrong", refused={"lists": {0: "no name"}}),
    errors.MissingExtraError: lambda kind: kind.of("dask", "dask"),
    errors.OutcomeUnknownError: lambda kind: kind("<b>perhaps", request=ASKED, cure="look"),
    errors.StaleError: lambda kind: kind("<b>old", age_s=90.0),
    errors.ContractError: lambda kind: kind("<b>odd", field="created", row="1", value="'x'", request=ASKED),
}


def tree(kind: type) -> list[type]:
    return [kind, *(leaf for below in kind.__subclasses__() for leaf in tree(below))]


KINDS = [kind for kind in dict.fromkeys(tree(DynoError)) if kind.__module__ == errors.__name__]


def made(kind: type[DynoError]) -> DynoError:
    if kind in SPECIAL:
        return SPECIAL[kind](kind)
    if issubclass(kind, errors.ApiError):
        return kind("<b>no", code="123", request=ASKED, cure="ask otherwise", attempts=2)
    if issubclass(kind, errors.TransportError):
        return kind("<b>gone", request=ASKED, attempts=3, cure="start it", tried="timeout, reset")
    return kind("<b>wrong")


def pickled(error: DynoError) -> DynoError:
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("again", [pickled, copy.copy, copy.deepcopy])
def test_an_error_survives_pickle_and_copy_whole(kind, again):
    error = made(kind)
    error.outcome = ("evidence",)
    error.add_note("a note")
    other = again(error)
    assert type(other) is kind
    assert str(other) == str(error)
    assert vars(other) == vars(error)
    assert other.args == error.args
    assert other.retryable == error.retryable


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_shows_escaped_with_all_it_knows(kind):
    error = made(kind)
    html = error._repr_html_()
    assert kind.__name__ in html
    assert "<script>" not in html
    assert "<b>no" not in html.replace(f"<b>{kind.__name__}</b>", "")
    for value in error.facts().values():
        assert escape(value) in html


def test_a_refusal_says_request_attempts_code_and_cure():
    error = made(errors.NotFoundError)
    assert error.facts() == {
        "asked": str(ASKED),
        "attempts": "2",
        "code": "123",
        "cure": "ask otherwise",
    }
    assert str(error) == f"the server refused with code 123: <b>no (asked: {ASKED}). ask otherwise"


def test_a_failure_says_how_often_what_each_time_and_the_cure():
    error = made(errors.RetriesExhaustedError)
    assert str(error) == f"<b>gone after 3 attempts (timeout, reset) (asked: {ASKED}). start it"
    assert error.facts()["each time"] == "timeout, reset"


def test_what_was_never_sent_counts_no_attempt():
    assert errors.RejectedError("x", sent=False).facts() == {}


def test_attempts_that_differ_are_told(serve, connect, wire):
    busy, cut = wire.Step(wire.http(b"busy", status=503)), wire.Step(b"", "close")
    server = serve(busy, busy, cut)
    from dyno_frames.contract.operations import operation
    from dyno_frames.transport.retry import Policy

    session = connect(server.url, policy=Policy(attempts=4, outlast_s=0))
    with pytest.raises(errors.RetriesExhaustedError, match=r"\(gateway 2 times, reset 2 times\)"):
        session.send(operation("lists", "find"), body={})
