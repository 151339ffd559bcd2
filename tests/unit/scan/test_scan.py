"""A scan against the practice server: order, cuts, streams, what travels, and how complete the answer says it is."""

from __future__ import annotations

import io
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "property"))

from law.judge import check_equal

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ContractError, IncompleteResultWarning, NotPushableError, QueryError
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.scan import progress
from dyno_frames.scan.certificate import Certificate, Completeness

FIELDS = "application_fields"


def expected_order(full, order_by, ascending):
    """The whole table in an order, ties by id, nulls last, as pandas sorts it."""
    first = full.sort_values("id", kind="stable")
    ups = [ascending] * len(order_by) if isinstance(ascending, bool) else ascending
    for name, up in list(zip(order_by, ups, strict=True))[::-1]:
        first = first.sort_values(name, ascending=up, kind="stable")
    return first.reset_index(drop=True)


@pytest.fixture
def crowded(account, campaigns):
    """103 campaigns, three to a second, on pages of 10."""
    return account(campaigns(103), page_size=10)


def test_rows_come_by_created_and_then_id(crowded):
    client, _ = crowded
    full = client.campaigns.find()
    assert len(full) == full["id"].nunique() == 103
    pd.testing.assert_frame_equal(full, expected_order(full, ["created"], True))
    assert full.dyno.certificate.verdict is Completeness.EXACT


ORDERS = [
    ("created", True),
    ("created", False),
    ("opens", True),
    ("opens", False),
    ("start_time", True),
    ("start_time", False),
    ("rate", True),
    ("rate", False),
    ("flag", True),
    ("flag", False),
    ("subject", True),
    ("subject", False),
    ("status", True),
    ("status", False),
    ("id", False),
    (["status", "opens"], [False, True]),
    (["subject", "rate", "created"], [True, False, False]),
    (["opens", "start_time"], False),
]


@pytest.mark.parametrize(("order_by", "ascending"), ORDERS)
def test_an_order_and_its_cuts_are_those_of_pandas(account, campaigns, order_by, ascending):
    client, _ = account(campaigns(103), page_size=25)
    names = [order_by] if isinstance(order_by, str) else order_by
    whole = expected_order(client.campaigns.find(), names, ascending)
    for expr in (None, "opens > 3", "opens > clicks"):
        ordered = whole if expr is None else whole.query(expr).reset_index(drop=True)
        for limit, offset in ((None, 0), (7, 5), (0, 0), (None, 98), (1000, 0), (5, 1000), (25, 30)):
            answer = client.campaigns.find(
                expr, order_by=order_by, ascending=ascending, limit=limit, offset=offset
            )
            stop = None if limit is None else offset + limit
            cut = ordered.iloc[offset:stop].reset_index(drop=True)
            check_equal(answer, cut)
            assert isinstance(answer.index, pd.RangeIndex)


@pytest.mark.parametrize("expr", [None, "opens > 3", "opens > clicks", "opens > opens.mean()"])
def test_a_cut_without_an_order_follows_created_and_id(crowded, expr):
    client, _ = crowded
    whole = client.campaigns.find(expr)
    for limit, offset in ((1, 0), (9, 2), (10, 0), (11, 0), (40, 7), (0, 3)):
        answer = client.campaigns.find(expr, limit=limit, offset=offset)
        pd.testing.assert_frame_equal(answer, whole.iloc[offset : offset + limit].reset_index(drop=True))
        assert client.campaigns.scan(expr, limit=limit, offset=offset).count() == len(answer)


def test_a_small_limit_moves_few_rows(crowded):
    client, between = crowded
    client.campaigns.find(limit=2)
    assert sum(body["application_limit"] for body in between.bodies["find"]) < 30
    assert between.bodies["count"] == []
    between.forget()
    client.campaigns.find(order_by="opens", ascending=False, limit=2)
    assert len(between.bodies["find"]) < 9
    assert between.bodies["find"][0]["application_order_by"] == "opens"


@pytest.mark.parametrize(
    ("expr", "shape"),
    [
        (None, {}),
        ("opens > 3", {}),
        ("opens > clicks", {}),
        ("status == 'draft' or opens > 9", {}),
        ("opens > opens.mean()", {}),
        ("opens > 5 and opens < 3", {}),
        ("name == 'nobody'", {}),
        (None, {"columns": ["opens", "id"]}),
        ("opens > clicks", {"columns": ["subject"]}),
        (None, {"limit": 12, "offset": 3}),
        ("opens > 3", {"order_by": "subject", "ascending": False}),
    ],
)
def test_batches_are_the_table_in_pieces(crowded, expr, shape):
    client, _ = crowded
    scan = client.campaigns.scan(expr, **shape)
    table = scan.to_arrow()
    stream = scan.to_batches()
    batches = list(stream)
    assert pa.Table.from_batches(batches, schema=table.schema).equals(table)
    assert all(batch.num_rows for batch in batches)
    assert stream.certificate.rows_returned == table.num_rows == len(scan.to_frame())


def test_batches_come_before_the_last_page_was_asked_for(crowded):
    client, between = crowded
    scan = replace(client.campaigns.scan(), workers=1)  # what threads fetch ahead is a matter of time
    batches = scan.to_batches()
    next(batches)
    asked = len(between.bodies["find"])
    rest = list(batches)
    assert rest
    assert asked < 4 < len(between.bodies["find"])


def test_arrow_streams_are_read_by_who_speaks_the_interface(crowded):
    client, _ = crowded
    scan = client.campaigns.scan("opens > 3", columns=["id", "opens", "created"])
    reader = pa.RecordBatchReader.from_stream(scan)
    assert reader.schema.names == ["id", "opens", "created"]
    assert reader.read_all().equals(scan.to_arrow())
    with pytest.raises(Exception, match="nobody"):
        pa.RecordBatchReader.from_stream(client.campaigns.scan("nobody > 3"))


def test_polars_reads_a_scan(crowded):
    client, _ = crowded
    scan = client.campaigns.scan("opens > 3")
    read = pl.DataFrame(scan)
    frame = scan.to_frame()
    assert read.columns == list(frame.columns)
    assert read["id"].to_list() == frame["id"].tolist()
    assert read["start_time"].null_count() == frame["start_time"].isna().sum()
    pd.testing.assert_series_equal(read["opens"].to_pandas(), frame["opens"])
    assert read["created"].to_list() == list(frame["created"])


def test_duckdb_reads_a_scan(crowded):
    client, _ = crowded
    scan = client.campaigns.scan("opens > 3", columns=["id", "opens", "created"])
    frame = scan.to_frame()
    with duckdb.connect() as connection:
        connection.register("campaigns", pa.RecordBatchReader.from_stream(scan))
        asked = connection.execute("select id, opens, epoch(created) from campaigns order by opens desc, id")
        rows = asked.fetchall()
    epochs = frame["created"].astype("int64")
    expected = list(zip(frame["id"], frame["opens"], epochs, strict=True))
    assert rows == sorted(expected, key=lambda row: (-row[1], row[0]))


def test_ibis_reads_the_table_of_a_scan(crowded):
    client, _ = crowded
    scan = client.campaigns.scan("opens > 3", columns=["status", "opens"])
    rows = ibis.memtable(scan.to_arrow())
    summed = rows.group_by("status").agg(opens=rows.opens.sum()).to_pyarrow()
    expected = scan.to_frame().groupby("status", observed=True)["opens"].sum()
    assert dict(zip(*summed.to_pydict().values(), strict=True)) == expected.to_dict()


def test_duckdb_reads_a_scan_by_its_name(crowded):
    client, _ = crowded
    scan = client.campaigns.scan("opens > 3", columns=["opens"])
    with duckdb.connect() as connection:
        (total,) = connection.execute("select sum(opens) from scan").fetchone()
    assert total == scan.to_frame()["opens"].sum()


def test_a_stream_gives_its_first_rows_before_the_last_page_was_asked_for(crowded):
    client, between = crowded
    scan = replace(client.campaigns.scan(), workers=1)
    reader = pa.RecordBatchReader.from_stream(scan)
    assert between.bodies["find"] == []
    assert reader.read_next_batch().num_rows
    assert len(between.bodies["find"]) < 4
    reader.close()


def travelled(between):
    """The fields that were asked for since the last call, beyond those that every walk needs."""
    asked = [set(body[FIELDS]) for body in between.bodies["find"]]
    assert asked
    assert all({"id", "created"} <= fields for fields in asked)
    between.forget()
    return set.union(*asked) - {"id", "created"}


def test_only_the_columns_that_are_needed_travel(crowded):
    client, between = crowded
    client.campaigns.find("opens > 3", columns=["name"])
    assert travelled(between) == {"name", "opens"}
    answer = client.campaigns.find("opens > clicks", columns=["name"], order_by="rate")
    assert list(answer.columns) == ["name"]
    assert travelled(between) == {"name", "opens", "clicks", "rate"}
    assert client.campaigns.count("opens > clicks") == len(answer)
    assert travelled(between) == {"opens", "clicks"}
    client.campaigns.find("opens > 3", limit=3)
    assert all(FIELDS not in body for body in between.bodies["find"])


def test_columns_come_in_the_order_asked_for(crowded):
    client, _ = crowded
    full = client.campaigns.find()
    for names in (["opens", "id"], ["created"], ["flag", "rate", "status"]):
        pd.testing.assert_frame_equal(client.campaigns.find(columns=names), full[names])


def test_a_count_of_an_exact_plan_moves_no_row(crowded):
    client, between = crowded
    assert client.campaigns.count("opens > 3 and status == 'draft'") > 0
    assert client.campaigns.count("opens > 3 or status == 'draft'") > 0
    assert client.campaigns.count() == 103
    assert between.bodies["find"] == []


def test_a_contradiction_sends_nothing(crowded):
    client, between = crowded
    answer = client.campaigns.find("opens > 5 and opens < 3")
    assert client.campaigns.count(lambda c: c.status.isin([])) == 0
    assert between.bodies == {"find": [], "count": []}
    pd.testing.assert_series_equal(answer.dtypes, client.campaigns.find(limit=3).dtypes)
    assert answer.dyno.certificate.verdict is Completeness.EXACT


def test_two_filters_merge_without_doubles(crowded):
    client, _ = crowded
    scan = client.campaigns.scan("status == 'draft' or opens > 9")
    assert len(scan.plan.filters) == 2, "the case is about two filters"
    full = client.campaigns.find()
    answer = scan.run()
    pd.testing.assert_frame_equal(
        answer.to_frame(), full.query("status == 'draft' or opens > 9").reset_index(drop=True)
    )
    assert scan.count() == answer.table.num_rows
    assert answer.certificate.rows_moved > answer.certificate.rows_returned


def test_strict_refuses_what_would_stay_local_before_any_request(crowded):
    client, between = crowded
    with pytest.raises(NotPushableError, match="compares columns"):
        client.campaigns.scan("opens > clicks", strict=True)
    with pytest.raises(NotPushableError):
        client.campaigns.find("opens > opens.mean()", strict=True)
    assert between.bodies == {"find": [], "count": []}
    assert len(client.campaigns.find("opens > 3", strict=True)) == client.campaigns.count("opens > 3")


def test_strict_raises_rather_than_return_what_is_not_certified(account, campaigns):
    client, between = account(campaigns(30), page_size=10)
    between.asking = lambda body: {name: body[name] for name in body if "order" not in name}
    between.answering = lambda rows: rows[::-1]
    with pytest.warns(IncompleteResultWarning, match="keep the order"):
        assert len(client.campaigns.find()) == 30
    with pytest.raises(ContractError, match="keep the order"):
        client.campaigns.find(strict=True)


def test_explain_after_a_run_tells_what_moved(crowded):
    client, _ = crowded
    scan = client.campaigns.scan("opens > clicks")
    assert scan.explain().rows_moved is None
    answer = scan.run()
    plan = answer.explain()
    assert plan.rows_returned == answer.table.num_rows
    assert plan.rows_moved >= 103
    assert "rows moved for" in str(plan)


@pytest.mark.parametrize(("number", "size"), [(0, 5), (1, 5), (4, 5), (5, 5), (6, 5), (1, 1), (15, 5)])
def test_an_account_at_rest_is_certified_exact_at_any_size(account, campaigns, number, size):
    rows = campaigns(max(number, 1), tied=1).head(number) if number else campaigns(1)
    client, between = account(rows, page_size=size)
    if not number:
        with connect(between.box.url, between.box.api_key, name="second") as second:
            second.campaigns.delete(rows["id"][0])
    answer = client.campaigns.find()
    certificate = answer.dyno.certificate
    assert len(answer) == number == certificate.rows_returned
    assert certificate.verdict is Completeness.EXACT, certificate
    assert certificate.reasons == ()
    assert certificate.requests == len(between.bodies["find"]) + len(between.bodies["count"])
    if number > size:
        assert (certificate.count_before, certificate.count_after) == (number, number)


def test_a_smaller_cap_than_asked_for_is_learnt_and_counted(account, campaigns):
    client, between = account(campaigns(50, tied=1), page_limit=7)
    answer = client.campaigns.find()
    certificate = answer.dyno.certificate
    assert (len(answer), certificate.page_cap, certificate.verdict) == (50, 7, Completeness.EXACT)
    assert (certificate.count_before, certificate.count_after) == (50, 50)
    assert between.bodies["find"][0]["application_limit"] == 1000


def test_a_limited_answer_counts_nothing_and_says_so(crowded):
    client, _ = crowded
    certificate = client.campaigns.find(limit=30).dyno.certificate
    assert (certificate.count_before, certificate.count_after) == (None, None)
    assert certificate.verdict is Completeness.EXACT


@pytest.mark.parametrize("tied", [7, 8, 14, 40])
def test_more_ties_than_a_page_come_and_are_certified(account, campaigns, tied):
    client, _ = account(campaigns(40, tied=tied), page_size=7)
    answer = client.campaigns.find()
    pd.testing.assert_frame_equal(answer, expected_order(answer, ["created"], True))
    assert answer["id"].nunique() == 40
    assert answer.dyno.certificate.verdict is Completeness.EXACT


def without(*names):
    return lambda body: {name: value for name, value in body.items() if name not in names}


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_ignores_order_gives_every_row_in_order_and_no_certificate(account, campaigns, stream):
    client, between = account(campaigns(40).sample(frac=1, random_state=1), page_size=7)
    expected = client.campaigns.find()
    between.asking = without("application_order_by", "application_order_direction")
    scan = client.campaigns.scan()
    answer = scan.stream() if stream else scan.run()
    found = pa.Table.from_batches(list(answer)) if stream else answer.table
    assert found["id"].to_pylist() == expected["id"].tolist()
    assert answer.certificate.verdict is Completeness.UNCERTIFIED
    assert answer.certificate.reasons == ("the server does not keep the order by created",)


def test_an_order_kept_by_chance_is_found_out_by_the_count(account, campaigns):
    rows = campaigns(40, tied=1)
    client, between = account(pd.concat([rows.iloc[10:], rows.iloc[:10]]), page_size=10)
    between.asking = without("application_order_by", "application_order_direction")
    answer = client.campaigns.scan().run()
    assert answer.certificate.verdict is Completeness.UNCERTIFIED
    assert answer.table.num_rows == 40 or "the server counted 40 rows" in answer.certificate.reasons[0]


@pytest.mark.parametrize(("tied", "verdict"), [(11, Completeness.EXACT), (12, Completeness.UNCERTIFIED)])
def test_a_server_that_ignores_offset_is_certified_while_ties_fit_on_two_pages(
    account, campaigns, tied, verdict
):
    client, between = account(campaigns(220, tied=tied), page_size=6)
    between.asking = without("application_offset")
    answer = client.campaigns.scan().run()
    assert answer.certificate.verdict is verdict
    if verdict is Completeness.EXACT:
        assert answer.table.num_rows == 220
    else:
        assert any("pages came again" in reason for reason in answer.certificate.reasons)


def test_rows_written_between_pages_are_there_or_told_of(account, campaigns):
    client, between = account(campaigns(50), page_size=10)
    before = client.campaigns.find()
    between.forget()
    with connect(between.box.url, between.box.api_key, name="second") as second:

        def write(number):
            if number == 2:
                second.campaigns.create(name="new")
            if number == 3:
                second.campaigns.delete(before["id"][0])
                second.campaigns.delete(before["id"].iloc[-1])

        between.before = write
        answer = client.campaigns.find()
    stayed = set(before["id"]) - {before["id"][0], before["id"].iloc[-1]}
    assert stayed <= set(answer["id"])
    assert "new" in set(answer["name"])
    assert answer["id"].is_unique
    certificate = answer.dyno.certificate
    assert certificate.verdict is not Completeness.EXACT
    assert "the server counted" in certificate.reasons[0]


def test_rows_inserted_between_pages_make_it_at_least_once(account, campaigns):
    client, between = account(campaigns(50), page_size=10)
    with connect(between.box.url, between.box.api_key, name="second") as second:
        between.before = lambda number: second.campaigns.create(name="new") if number in {3, 4} else None
        answer = client.campaigns.find()
    assert 50 <= len(answer) <= 52, "rows that arrive later are welcome, and not waited for"
    certificate = answer.dyno.certificate
    assert certificate.verdict is Completeness.AT_LEAST_ONCE
    assert (certificate.count_before, certificate.count_after) == (50, 52)


def late_rows(campaigns):
    """The oldest campaign alone has two fields and a status that none of the newest has."""
    rows = campaigns(130, tied=1).to_dict("records")
    plain = [
        {
            name: None if value is pd.NA else value
            for name, value in row.items()
            if name not in {"rate", "flag"}
        }
        for row in rows
    ]
    return plain[0]["id"], plain


@pytest.fixture
def late(account, campaigns):
    key, rows = late_rows(campaigns)
    client, between = account(rows, page_size=50)

    def add(found):
        return [
            row | {"mood": 7, "tags": ["a"], "status": "odd"} if row["id"] == key else row for row in found
        ]

    between.answering = add
    return client, key


def test_a_field_met_after_the_sample_is_a_column_and_the_certificate_names_it(late):
    client, key = late
    assert "mood" not in client.campaigns.frame()
    answer = client.campaigns.find()
    assert list(answer.columns[-2:]) == ["mood", "tags"]
    row = answer.set_index("id").loc[key]
    assert (row["mood"], row["tags"]) == (7, ["a"])
    assert answer["mood"].isna().sum() == len(answer) - 1
    assert str(answer["mood"].dtype) == "Int64"
    assert answer.dyno.certificate.fields_met == ("mood", "tags")


def test_a_status_word_met_after_the_sample_is_kept(late):
    client, key = late
    answer = client.campaigns.find()
    assert answer.set_index("id").loc[key, "status"] == "odd"
    assert answer["status"].cat.categories[-1] == "odd"
    ordered = client.campaigns.find(order_by="status")
    assert ordered["id"].iloc[-1] == key


def test_a_stream_whose_columns_are_fixed_says_what_would_be_lost(late):
    client, _ = late
    with pytest.raises(Exception, match=r"mood, tags. Declare them"):
        pa.RecordBatchReader.from_stream(client.campaigns.scan()).read_all()


def test_a_row_that_went_does_not_stand_for_one_that_never_came(account, campaigns):
    client, between = account(campaigns(3, tied=1), page_size=4)
    first, hidden, _ = client.campaigns.find()["id"].tolist()
    between.forget()

    def write(number):
        if number == 2:
            with connect(between.box.url, between.box.api_key, profile=Profile()) as second:
                second.campaigns.delete(first)

    between.before = write
    between.answering = lambda rows: [
        row for row in rows if row["id"] != hidden or len(between.bodies["find"]) > 1
    ]
    with pytest.warns(IncompleteResultWarning):
        found = client.campaigns.find()
    assert first in set(found["id"])
    assert found.dyno.certificate.verdict is Completeness.UNCERTIFIED


def test_nothing_is_shown_where_nobody_looks(crowded, capfd):
    client, _ = crowded
    client.campaigns.find("opens > 3")
    client.campaigns.find(progress=False)
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_shown_when_asked_for(crowded, capfd):
    client, _ = crowded
    client.campaigns.find(progress=True)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "103/103" in shown.err
    assert "campaigns" in shown.err


class Terminal(io.StringIO):
    """Where somebody looks; ``shown`` is set when something is written."""

    def __init__(self):
        super().__init__()
        self.shown = threading.Event()

    def isatty(self):
        return True

    def write(self, text):
        number = super().write(text)
        if text.strip():
            self.shown.set()
        return number


@pytest.mark.parametrize(("before_s", "shown"), [(0.1, True), (600, False)])
def test_a_bar_is_shown_to_who_looks_after_a_while(crowded, monkeypatch, before_s, shown):
    client, between = crowded
    between.before = lambda _: time.sleep(0.1)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert progress._DELAY_S == 1
    monkeypatch.setattr(progress, "_DELAY_S", before_s)
    client.campaigns.find(progress=False)
    assert terminal.getvalue() == ""
    client.campaigns.find()
    assert ("103/103" in terminal.getvalue()) == shown, terminal.getvalue()
    assert bool(terminal.getvalue()) == shown


@pytest.mark.parametrize("asked", [None, True])
@pytest.mark.parametrize("read", ["find", "to_batches"])
def test_a_bar_is_there_before_the_first_page_of_a_slow_server(crowded, monkeypatch, asked, read):
    client, between = crowded
    terminal, in_time = Terminal(), []
    monkeypatch.setattr(sys, "stderr", terminal)
    between.before = lambda _: in_time.append(terminal.shown.wait(10))
    if read == "find":
        client.campaigns.find(progress=asked)
    else:
        list(client.campaigns.scan(progress=asked).to_batches())
    assert in_time[0], "the first page came before the bar"
    assert "103/103" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")


@pytest.mark.parametrize(
    "read",
    [
        lambda campaigns: campaigns.frame(),
        lambda campaigns: campaigns.explain("opens > 3"),
        lambda campaigns: campaigns.scan("opens > 3", progress=True),
    ],
)
def test_a_slow_server_is_named_while_the_columns_are_read(crowded, monkeypatch, read):
    _, between = crowded
    terminal, in_time = Terminal(), []
    monkeypatch.setattr(sys, "stderr", terminal)
    between.before = lambda _: in_time.append(terminal.shown.wait(10))
    with connect(between.url, between.box.api_key, profile=Profile(), name="fresh") as client:
        read(client.campaigns)
    assert in_time == [True]
    assert "campaigns: waiting for the server" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r"), "it is removed"


def test_a_slow_server_is_named_while_it_counts(monkeypatch, capfd):
    with Sandbox(speed=0, faults=[], connect=connect) as box, box.client() as client:
        scan = client.campaigns.scan("opens > 3", progress=True)
        box.set_faults([{"kind": "latency", "delay_s": 0.5}])
        monkeypatch.setattr(progress, "_DELAY_S", 0.01)
        scan.count()
    assert "campaigns: waiting for the server" in capfd.readouterr().err


def test_no_bar_is_shown_for_a_slow_server_without_progress(crowded, monkeypatch):
    _, between = crowded
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_DELAY_S", 0.01)
    between.before = lambda _: time.sleep(0.1)
    with connect(between.url, between.box.api_key, profile=Profile(), name="fresh") as client:
        client.campaigns.find(limit=5, progress=False)
    assert terminal.getvalue() == ""


def test_a_certificate_is_the_same_after_json():
    whole = Certificate(
        verdict=Completeness.AT_LEAST_ONCE,
        reasons=("<b>why</b>",),
        count_before=1,
        count_after=2,
        requests=3,
        rows_moved=4,
        rows_returned=5,
        fields_met=("mood",),
    )
    assert Certificate.from_json(whole.to_json()) == whole
    assert "<b>why</b>" not in whole._repr_html_()
    assert "5 rows of 4 moved in 3 requests" in repr(whole)


@pytest.mark.parametrize("profile", [Profile(), Profile.unknown()], ids=["decided", "unknown"])
@pytest.mark.parametrize(
    "expr",
    [
        "created > '2014-05-13 16:53:25' and created <= '2014-05-13 16:53:45'",
        "created >= '2014-05-13 16:53:30' and created <= '2014-05-13 16:53:30'",
        "created >= '2014-05-13 16:53:40' and opens > 3",
    ],
)
def test_a_condition_on_created_is_walked_on_whatever_is_known(account, campaigns, profile, expr):
    client, _ = account(campaigns(103), page_size=4, profile=profile)
    full = client.campaigns.find()
    answer = client.campaigns.find(expr)
    assert len(answer)
    pd.testing.assert_frame_equal(answer, full.query(expr_for_pandas(expr)).reset_index(drop=True))


def expr_for_pandas(expr):
    """Spell the times so that pandas itself compares them with an aware column."""
    import re

    return re.sub(r"('[^']+')", r"@pd.Timestamp(\1, tz='UTC')", expr)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("opens", True),
        ("opens", 1.5),
        ("opens", "5"),
        ("opens", None),
        ("opens", 2**63),
        ("opens", 2**64),
        ("opens", [1]),
        ("start_time", 1.5),
        ("start_time", "2016-01-01"),
        ("created", None),
        ("created", "1400000000"),
        ("name", 5),
        ("name", None),
        ("subject", {"a": 1}),
        ("status", 5),
        ("rate", True),
        ("rate", "0.5"),
        ("flag", 1),
    ],
)
def test_a_value_outside_its_type_is_named_wherever_it_comes(account, campaigns, field, value):
    client, between = account(campaigns(30, tied=1), page_size=10)
    key = client.campaigns.find(columns=["id"])["id"][14]
    between.answering = lambda rows: [row | {field: value} if row["id"] == key else row for row in rows]
    for ask in (client.campaigns.scan().to_frame, lambda: list(client.campaigns.scan().to_batches())):
        with pytest.raises(ContractError) as caught:
            ask()
        assert (caught.value.field, caught.value.row, caught.value.value) == (field, key, repr(value))


def odd_answers(between, odd):
    """Put odd values into the answers: a dict of id to fields."""
    between.answering = lambda rows: [row | odd.get(row["id"], {}) for row in rows]


def test_values_outside_their_types_can_be_null_and_the_certificate_says_which(account, campaigns):
    client, between = account(campaigns(30, tied=1), page_size=10)
    full = client.campaigns.find()
    keys = full["id"][[3, 14, 27]].tolist()
    odd_answers(
        between, {keys[0]: {"opens": "many"}, keys[1]: {"opens": None, "flag": 1}, keys[2]: {"opens": 2.5}}
    )
    expected = full.astype({name: "Int64" for name in full.columns if full[name].dtype == "int64"})
    expected.loc[[3, 14, 27], "opens"] = pd.NA
    expected.loc[14, "flag"] = pd.NA
    for ask in (
        lambda: client.campaigns.find(on_invalid="null"),
        lambda: full.dyno.query(None, on_invalid="null"),
        full.dyno.query(None, on_invalid="null").dyno.refresh,
    ):
        found = ask()
        notes = found.dyno.certificate.notes
        assert set(notes) == {
            f"2 values of opens outside the column's type made null, first 'many' in row {keys[0]!r}",
            f"1 value of flag outside the column's type made null, first 1 in row {keys[1]!r}",
        }
        assert all(note in repr(found.dyno.certificate) for note in notes)
        pd.testing.assert_frame_equal(found, expected)
    batches = list(client.campaigns.scan(on_invalid="null").to_batches())
    assert sum(batch.column("opens").null_count for batch in batches) == 3


def test_what_rows_are_known_and_ordered_by_is_never_made_null(account, campaigns):
    client, between = account(campaigns(30, tied=1), page_size=10)
    key = client.campaigns.find(columns=["id"])["id"][14]
    odd_answers(between, {key: {"created": "yesterday"}})
    with pytest.raises(ContractError, match="created"):
        client.campaigns.find(on_invalid="null")


def test_dtypes_do_not_depend_on_what_came(account, campaigns):
    client, _ = account(campaigns(30, tied=1))
    nullable = client.campaigns.find("opens > 100", on_invalid="null")
    assert (len(nullable), nullable["opens"].dtype, nullable["created"].dtype) == (
        0,
        "Int64",
        "datetime64[s, UTC]",
    )
    assert client.campaigns.find(on_invalid="null").dtypes.equals(nullable.dtypes)
    assert client.campaigns.find()["opens"].dtype == "int64"


def test_there_are_two_things_that_can_become_of_an_invalid_value(client):
    with pytest.raises(QueryError, match="on_invalid='drop'; expected 'raise' or 'null'"):
        client.campaigns.find(on_invalid="drop")


def test_integers_beyond_the_floats_come_back_digit_by_digit(account, campaigns):
    rows = campaigns(30, tied=1)
    wide = [2**53 + 1, 2**63 - 1, -(2**63), 10**18 + 1]
    rows["opens"] = [wide[place % 4] for place in range(30)]
    client, _ = account(rows, page_size=10)
    full = client.campaigns.find()
    assert dict(zip(full["id"], full["opens"], strict=True)) == dict(
        zip(rows["id"], rows["opens"], strict=True)
    )
    assert client.campaigns.count(f"opens == {2**53 + 1}") == rows["opens"].eq(2**53 + 1).sum()
    assert client.campaigns.find(f"opens > {2**63 - 2}")["opens"].unique().tolist() == [2**63 - 1]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limited_answer_is_right_where_the_server_ignores_the_order(crowded, limit, ascending):
    client, between = crowded
    between.asking = lambda body: {
        name: value
        for name, value in body.items()
        if body.get("application_order_by") == "created" or not name.startswith("application_order")
    }
    whole = client.campaigns.find().sort_values(["opens", "id"], ascending=[ascending, True])
    found = client.campaigns.find(order_by="opens", ascending=ascending, limit=limit)
    assert found["opens"].tolist() == whole["opens"].head(limit).tolist()
    assert found["id"].tolist() == whole["id"].head(limit).tolist()


def test_a_limited_answer_by_another_field_than_created_is_confirmed_by_one_count(crowded):
    client, between = crowded
    client.campaigns.find(limit=1)
    between.bodies["find"].clear()
    client.campaigns.find(order_by="opens", ascending=False, limit=2)
    assert len(between.bodies["find"]) <= 2
    assert len(between.bodies["count"]) == 1


def test_a_stream_that_was_closed_ends(crowded):
    client, _ = crowded
    stream = client.campaigns.scan().to_batches()
    next(stream)
    stream.close()
    assert list(stream) == []
    assert stream.certificate is None
