"""A frame finds the client it came from: the same name, the same server, the same account, and no other."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Iterator

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.api import connect
from dyno_frames.client.client import open_client
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.sandbox.sandbox import Sandbox

KEY, OTHER_KEY = "key-of-the-first", "key-of-the-second"
URL = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def two() -> Iterator[Sandbox]:
    """A server with two accounts: one list in the first, two in the second."""
    with Sandbox(sample=False, speed=0, api_key=KEY, accounts={"second": OTHER_KEY}) as box:
        for key, names in ((KEY, ["ours"]), (OTHER_KEY, ["theirs", "theirs too"])):
            with connect(box.url, key) as client:
                for name in names:
                    client.lists.create(name=name)
        yield box


def names(frame: pd.DataFrame) -> set[str]:
    return set(frame["name"])


def test_a_frame_asks_its_own_account_though_a_later_client_has_another_key(two):
    with connect(two.url, KEY) as first:
        frame = first.lists.find()
        with connect(two.url, OTHER_KEY) as second:
            assert names(frame.dyno.query(None)) == {"ours"}
            assert names(frame.dyno.refresh()) == {"ours"}
            assert names(second.lists.find().dyno.refresh()) == {"theirs", "theirs too"}
        assert names(frame.dyno.refresh()) == {"ours"}


@pytest.mark.parametrize("carried", [lambda frame: frame, lambda frame: pickle.loads(pickle.dumps(frame))])  # noqa: S301 - our own bytes
def test_a_frame_of_an_account_that_is_not_connected_asks_no_other(two, carried):
    with connect(two.url, KEY) as first:
        frame = carried(first.lists.find())
    with connect(two.url, OTHER_KEY):
        for ask in (lambda: frame.dyno.query(None), frame.dyno.count, frame.dyno.refresh, frame.dyno.explain):
            with pytest.raises(ConfigError, match="another account") as caught:
                ask()
            assert not {key for key in (KEY, OTHER_KEY) if key in str(caught.value)}
    with connect(two.url, KEY):
        assert names(frame.dyno.refresh()) == {"ours"}


def test_a_frame_that_was_written_by_one_account_asks_no_other(two, tmp_path):
    with connect(two.url, KEY) as first:
        first.lists.scan().to_parquet(tmp_path / "lists")
        first.lists.scan().to_parquet(tmp_path / "lists.parquet")
    for path in (tmp_path / "lists", tmp_path / "lists.parquet"):
        frame = dyno.read_dataset(path)
        with connect(two.url, OTHER_KEY), pytest.raises(ConfigError, match="another account"):
            frame.dyno.count()
        with connect(two.url, KEY):
            assert frame.dyno.count() == 1


def test_a_frame_finds_a_client_that_nothing_else_holds(two):
    frame = connect(two.url, KEY, name="held by its frames").lists.find()
    gc.collect()
    assert names(frame.dyno.refresh()) == {"ours"}
    open_client("held by its frames", two.url, frame.attrs["dyno"]["account"]).close()
    with pytest.raises(ConfigError, match="connect first"):
        frame.dyno.refresh()


def test_a_client_is_found_until_it_is_closed():
    with connect(URL, KEY, name="one") as client:
        account = client.connection.session.account
        assert open_client("one", URL + "/", account) is client
        with pytest.raises(ConfigError, match=r"connect first: client = dyno_frames\.connect\(.*name='two'"):
            open_client("two", URL, account)
        assert repr(client) == f"Client({URL!r}, name='one')"
    assert repr(client).endswith(", closed)")
    client.close()
    with pytest.raises(ConfigError, match="connect first"):
        open_client("one", URL, account)


def test_a_later_client_of_the_same_account_takes_the_place_of_an_earlier_until_it_is_closed():
    with connect(URL, KEY) as first:
        account = first.connection.session.account
        with connect(URL, KEY) as second, connect(URL, KEY) as third:
            assert open_client("default", URL, account) is third
            second.close()
            assert open_client("default", URL, account) is third
        assert open_client("default", URL, account) is first
    with pytest.raises(ConfigError):
        open_client("default", URL, account)


def test_an_earlier_client_of_the_same_account_that_nothing_holds_is_let_go():
    earlier = weakref.ref(connect(URL, KEY, name="made again"))
    with connect(URL, KEY, name="made again") as later:
        gc.collect()
        assert earlier() is None
        assert open_client("made again", URL, later.connection.session.account) is later


def test_a_frame_says_its_account_without_its_key(two):
    with connect(two.url, KEY) as first, connect(two.url, OTHER_KEY) as second:
        marks = [client.lists.frame().attrs["dyno"]["account"] for client in (first, second)]
        assert marks == [first.connection.session.account, second.connection.session.account]
        assert marks[0] != marks[1]
        assert KEY not in str(first.lists.frame().attrs)


def test_a_frame_that_does_not_say_its_account_is_bound_to_none(two):
    with connect(two.url, KEY) as client:
        frame = client.lists.frame()
        del frame.attrs["dyno"]["account"]
        with pytest.raises(SchemaError, match="bound to no account"):
            frame.dyno.count()
