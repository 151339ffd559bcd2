"""How old an answer may be, how many requests that takes, and what its certificate says."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, QueryError, StaleError

QUERY = "opens > 5 and subject.str.contains('1')"


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def test_the_first_question_fetches_every_row_and_further_ones_send_nothing(mirrored):
    one = mirrored()
    same(one.mirror.query(QUERY), one.account.find(QUERY))
    one.sent()
    same(one.mirror.query(QUERY), one.mirror[lambda c: (c.opens > 5) & c.subject.str.contains("1")])
    opens = 5
    assert one.mirror.count("opens > @opens") == len(one.mirror[pd.col("opens") > opens])
    assert one.sent() == (0, 0)


def test_an_answer_older_than_max_age_fetches_the_changes_first(synced):
    synced.sql("UPDATE campaigns SET opens = 500, updated = NOW WHERE id = '00037'")
    assert synced.mirror.count("opens == 500") == 0
    assert synced.sent() == (0, 0)
    synced.now_s += 16 * 60
    answer = synced.mirror.query("opens == 500")
    assert answer["id"].tolist() == ["00037"]
    assert answer.dyno.certificate.requests == sum(synced.sent())
    synced.now_s += 60
    assert synced.mirror.query(max_age="2min").dyno.certificate.mirror["age_s"] == 60
    assert synced.sent() == (0, 0)


def test_a_fresh_answer_takes_two_requests_if_nothing_changed(synced):
    synced.now_s += 1
    answer = synced.mirror.query(QUERY, fresh=True)
    assert synced.sent() == (1, 1)
    assert answer.dyno.certificate.mirror["age_s"] == 0
    assert answer.dyno.certificate.mirror["deletes"] == "assumed"


def test_the_certificate_says_as_of_when_and_what_is_proved(synced):
    synced.now_s += 90
    certificate = synced.mirror.query(offline=True).dyno.certificate
    assert certificate.verdict == "exact"
    assert certificate.mirror == {
        "as_of": "2020-09-13T12:26:40+00:00",
        "until": "2020-09-13T12:26:40+00:00",
        "age_s": 90.0,
        "version": 1,
        "deletes": "proved",
        "watermark": synced.mirror.status().watermark.timestamp(),
        "lag_s": 600.0,
        "account": synced.client.account,
    }
    assert "exact as of 2020-09-13 12:26:40 UTC" in repr(certificate)
    assert "updated" in repr(certificate), "the assumption is named"
    assert "exact; 300 rows in 0 requests" in repr(certificate)
    assert "300 returned<" in certificate._repr_html_()


def test_an_answer_that_would_be_too_old_raises_with_its_age(mirrored):
    one = mirrored(timeout_s=0.5)
    one.mirror.refresh()
    one.account.between.close()
    one.account.box.close()
    one.now_s += 3600
    with pytest.raises(StaleError, match=r"60 min old, max_age allows 15 min.*offline=True") as failed:
        one.mirror.query()
    assert failed.value.age_s == 3600
    assert len(one.mirror.query(offline=True)) == 300
    assert len(one.mirror.at(max_age="2h").head(3)) == 3
    with pytest.raises(StaleError, match="fresh=True"):
        one.mirror.count(fresh=True)


def test_an_empty_mirror_cannot_answer_offline(mirrored):
    one = mirrored()
    with pytest.raises(StaleError, match="is empty"):
        one.mirror.query(offline=True)
    assert one.sent() == (0, 0)


def test_an_older_version_answers_as_of_its_moment(synced):
    before = synced.mirror.query()
    synced.sql("DELETE FROM campaigns WHERE opens > 5")
    synced.now_s += 5
    status = synced.mirror.refresh()
    assert (status.version, status.versions) == (2, (1, 2))
    synced.sent()
    same(synced.mirror.query(as_of=1), before)
    assert synced.mirror.at(as_of=1).groupby("status").size().sum() == 300
    assert synced.sent() == (0, 0)
    with pytest.raises(ConfigError, match=r"as_of=7.*versions: 1, 2"):
        synced.mirror.query(as_of=7)


def test_the_clock_that_was_set_back_makes_no_answer_young(synced):
    synced.now_s -= 3600
    synced.mirror.count()
    assert synced.sent() != (0, 0)


def test_a_fresh_answer_asks_the_server_after_the_clock_was_set_back(synced):
    synced.now_s -= 3600
    synced.sql("UPDATE campaigns SET opens = 500, updated = NOW WHERE id = '00037'")
    assert synced.mirror.query("opens == 500", fresh=True)["id"].tolist() == ["00037"]
    assert synced.sent() != (0, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"max_age": "soon"}, "max_age='soon'"),
        ({"max_age": -1}, "max_age=-1"),
        ({"max_age": "-5min"}, "max_age='-5min'"),
        ({"lag": "NaT"}, "lag='NaT'"),
    ],
)
def test_a_duration_that_is_none_is_refused_before_a_request(mirrored, tmp_path, arguments, said):
    one = mirrored()
    with pytest.raises(ConfigError, match=said):
        one.client.campaigns.mirror(tmp_path / "m", **arguments)
    assert one.sent() == (0, 0)


@pytest.mark.parametrize(
    "arguments", [{"fresh": True, "offline": True}, {"as_of": 1, "max_age": "1h"}, {"as_of": "one"}]
)
def test_contradictions_are_refused_before_a_request(synced, arguments):
    with pytest.raises(ConfigError):
        synced.mirror.query(**arguments)
    assert synced.sent() == (0, 0)


def test_a_wrong_query_is_refused_before_a_request(synced):
    synced.now_s += 3600
    with pytest.raises(QueryError, match="did you mean"):
        synced.mirror.query("opnes > 5")
    assert synced.sent() == (0, 0)


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_answers_have_the_dtypes_order_and_binding_of_the_servers(mirrored, backend):
    one = mirrored(dtype_backend=backend)
    shape = {"order_by": ["status", "opens"], "ascending": [False, True], "limit": 20, "offset": 3}
    same(one.mirror.query(QUERY, **shape), one.account.find(QUERY, **shape))
    for up in ([True, True], [False, False], [True, False], [False, True]):
        order = {"order_by": ["created", "id"], "ascending": up, "limit": 20, "offset": 3}
        same(one.mirror.query(QUERY, **order), one.account.find(QUERY, **order))
    same(one.mirror.frame(), one.client.campaigns.frame())
    again = one.mirror.query(QUERY).dyno.refresh()
    same(again, one.account.find(QUERY))
    assert one.mirror.to_arrow(QUERY).equals(one.account.scan(QUERY).to_arrow())


def test_the_verbs_of_frames_work_on_a_mirror(synced):
    frame = synced.client.campaigns.frame().dyno
    mirror = synced.mirror
    for ask in (
        lambda verbs: verbs.value_counts("status"),
        lambda verbs: verbs.histogram("created", freq="D"),
        lambda verbs: verbs.groupby("status").agg({"opens": "sum", "clicks": "max"}),
        lambda verbs: verbs.nlargest(7, "open_rate"),
        lambda verbs: verbs.head(4, "opens > 3"),
        lambda verbs: verbs.tail(4),
        lambda verbs: verbs.sample(3, random_state=1),
    ):
        mine, theirs = ask(mirror), ask(frame)
        mine.attrs = theirs.attrs = {}
        (pd.testing.assert_frame_equal if isinstance(mine, pd.DataFrame) else pd.testing.assert_series_equal)(
            mine, theirs
        )
    assert mirror.nunique("name") == frame.nunique("name")
    assert "local filter" in str(mirror.explain("opens > clicks"))


def test_a_scan_of_a_mirror_shows_its_plan_and_can_be_refined(synced):
    scan = synced.mirror.scan("opens > 5")
    assert "opens >= 6" in repr(scan)
    assert scan._repr_html_().startswith("<table>")
    same(scan.to_frame(), synced.account.find("opens > 5"))
    synced.sent()
    assert scan.refine(limit=3).count() == len(scan.refine(limit=3).to_frame()) == 3
    other = synced.mirror.scan("opens == 7").query
    assert scan.refine(query=other).count() == synced.mirror.count("opens == 7")
    assert sum(batch.num_rows for batch in scan.to_batches()) == scan.count()
    for write in (lambda: scan.to_parquet("rows"), lambda: scan.to_code("curl")):
        with pytest.raises(ConfigError):
            write()
    assert synced.sent() == (0, 0)


def test_the_names_of_lists_come_from_a_mirror_beside_it():
    with dyno.sandbox(speed=0) as box, box.client() as client:
        query = "list_name == 'Club members' and open_rate > 0.1"
        mirror = client.campaigns.mirror()
        same(mirror.query(query, columns=["list_name"]), client.campaigns.find(query, columns=["list_name"]))
        assert client.lists.mirror().status().rows == client.lists.count()
        assert len(client.templates.mirror().query()) == client.templates.count()


def test_names_are_never_older_than_the_rows_that_refer_to_them(tmp_path):
    with dyno.sandbox(speed=0) as box, box.client() as client, box.client() as other:
        mirror = client.campaigns.mirror(tmp_path / "campaigns", max_age="1h")
        mirror.query(columns=["list_name"])
        new = other.lists.create(name="Brand new", emails=["ann@example.com"])
        template = other.templates.find(limit=1)["id"].iloc[0]
        other.campaigns.create(name="X", list_id=new, template_id=template)
        mirror.refresh(prove=True)
        with pytest.raises(
            StaleError, match=r"older than the rows.*client\.lists\.mirror\(.*\)\.refresh\(\)"
        ):
            mirror.count("list_name == 'Brand new'", offline=True)
        named = mirror.query("list_name == 'Brand new'", columns=["name", "list_name"])
        assert named["name"].tolist() == ["X"]
        assert "list_name as of" in named.dyno.certificate.notes[-1]
        assert mirror.count("list_name.isnull()") == 0
        assert mirror.count("list_name == 'Brand new'", offline=True) == 1


def test_the_cure_for_names_that_are_not_there_offline_works(tmp_path):
    with dyno.sandbox(speed=0) as box, box.client() as client:
        mirror = client.campaigns.mirror(tmp_path / "campaigns")
        mirror.refresh()
        with pytest.raises(StaleError) as caught:
            mirror.query("list_name == 'Club members'", offline=True)
        cure = re.search(r"client\.lists\.mirror\('(.*)'\)\.refresh\(\)", str(caught.value))
        client.lists.mirror(cure[1]).refresh()
        named = "list_name == 'Club members'"
        assert len(mirror.query(named, offline=True)) == client.campaigns.count(named) > 0
