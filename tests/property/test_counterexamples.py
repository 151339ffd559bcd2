"""Every counterexample that the law's trials found, as it was when small: one test per bug."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from law.contents import COUNTERS
from law.judge import whole
from law.servers import Account

from dyno_frames.contract.profile import Profile
from dyno_frames.errors import LiteralTypeError, QueryError
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.query import Scope

_ROW = {
    "id": "a", "name": "a", "subject": None, "from_name": None, "from_email": None, "preview_message": None,
    "list_id": None, "template_id": None, "status": "finished", "start_time": None, "time_zone": None,
    **dict.fromkeys(COUNTERS, 0), "created": 0, "updated": 0, "user_id": None,
}  # fmt: skip


def rows(*given):
    return [_ROW | {"id": f"{at:04}"} | one for at, one in enumerate(given)]


def ids(given, expression, *, profile=None, told=None, dtype_backend=None, page_size=1000, **names):
    """Return the ids that come, after they were found to be those that pandas keeps."""
    does = profile or Profile()
    account = Account(given, does, told or does, dtype_backend, page_size)
    try:
        found = account.scan(expression, Scope(names, {})).to_frame()
        full = whole(given, dtype_backend=dtype_backend)
        kept = (
            full.query(expression, engine="python", local_dict=names)
            if isinstance(expression, str)
            else full[expression]
        )
        pd.testing.assert_frame_equal(found, kept.reset_index(drop=True), check_flags=False)
        assert account.scan(expression, Scope(names, {})).count() == len(kept)
    finally:
        account.close()
    return list(found["id"])


def test_values_that_can_be_read_once_are_read_for_every_page():
    account = Account(
        rows({"status": "draft"}, {"status": "running"}), Profile(), Profile.unknown(), page_size=1
    )
    words = iter(["draft", "running"])
    assert len(account.scan(lambda c: c["status"].isin(words), Scope()).to_frame()) == 2
    account.close()


def test_values_that_can_be_read_once_are_refused_beside_what_cannot_be_traced():
    account = Account(rows({}), Profile(), Profile())
    words = iter(["finished"])
    with pytest.raises(QueryError, match="a list"):
        account.scan(lambda c: c["status"].isin(words) & (c.index < 3), Scope())
    account.close()


def test_values_that_can_be_read_once_are_refused_where_pandas_refuses_them_as_a_list():
    account = Account(rows({}), Profile(), Profile(), "pyarrow")
    with pytest.raises(QueryError, match="a list"):
        account.scan("name.isin(@words)", Scope({"words": iter(["a", 1])}, {}))
    account.close()


def test_a_stored_question_keeps_a_tuple_a_tuple():
    account = Account(rows({"name": "ab"}, {"name": "b"}), Profile(), Profile())
    asked = account.scan("name.str.startswith(@v)", Scope({"v": ("a", "c")}, {}))
    again = account.scan(asked.query.serialized, Scope()).to_frame()
    assert list(again["name"]) == ["ab"]
    account.close()


def test_what_a_stored_question_may_not_name_is_not_stored():
    account = Account(rows({"name": "ab"}), Profile(), Profile())
    asked = account.scan(lambda c: c["name"].str.len().to_numpy() > 1, Scope())
    assert len(asked.to_frame()) == 1
    assert asked.query.serialized is None
    account.close()


def test_no_more_rows_are_asked_for_than_a_server_is_known_to_give():
    strict = replace(Profile(), page_limit=2, overlong="error")
    assert ids(rows({}, {"opens": 5}, {}), "opens > 1 or name == 'a'", profile=strict) == [
        "0000",
        "0001",
        "0002",
    ]


def test_an_arrow_column_tells_the_two_zeros_apart_among_members():
    given = rows({"x": -0.0}, {"x": 0.0}, {"x": 0.5}, {"x": None})
    for zero in (0, -0.0):
        for backend in ("pyarrow", None):
            ids(given, lambda c, zero=zero: c["x"].isin([zero, 0.5]), dtype_backend=backend)
            ids(given, lambda c, zero=zero: ~c["x"].isin([zero, 0.5]), dtype_backend=backend)


def test_a_zero_is_no_member_of_numbers_with_a_negative_zero_for_an_arrow_column_of_integers():
    given = rows({"sent": 0}, {"sent": 3}, {"sent": 5})
    for members in (pd.Series([0.5, 3.0, -0.0]), [3.0, -0.0], [-0.0], [-0.0, 0.0], [0.0, 3.0]):
        for backend in ("pyarrow", "numpy_nullable", None):
            ids(given, "sent.isin(@members)", dtype_backend=backend, members=members)
            ids(given, "sent not in @members", dtype_backend=backend, members=members)


def test_a_text_of_numpy_that_holds_a_null_character_ends_there_for_arrow():
    cut = np.array(["a\x00b", "c"])
    assert ids(
        rows({"name": "a\x00b"}, {"name": "c"}), lambda c: c["name"].isin(cut), dtype_backend="pyarrow"
    ) == ["0001"]
    ids(rows({"name": "a\x00b"}, {"name": "c"}), lambda c: c["name"].isin(cut))


def test_a_method_that_maps_values_may_give_a_condition():
    assert ids(
        rows({"n": 0}, {"n": 5}, {"n": None}), lambda c: c["n"].map(lambda value: str(value) > "1")
    ) == ["0001", "0002"]


def test_a_text_and_a_number_are_times_beside_an_arrow_time_too():
    account = Account(rows({"created": 1451606399}, {"created": 1451606400}), Profile(), Profile(), "pyarrow")
    for asked in ("created >= '2016-01-01'", "created >= 1451606400", lambda c: c["created"] >= "2016-01-01"):
        assert list(account.scan(asked, Scope()).to_frame()["id"]) == ["0001"]
    account.close()


def test_a_text_equals_no_arrow_time_as_in_pandas():
    assert (
        ids(rows({"created": 1451606400}), lambda c: c["created"] == "2016-01-01", dtype_backend="pyarrow")
        == []
    )


def test_a_time_in_the_hour_that_happens_twice_is_one_instant():
    twice = pd.Timestamp(1477789199, unit="s", tz="Europe/Paris")
    assert ids(rows({"created": 1477789199}, {"created": 1477792799}), lambda c: c["created"] <= twice) == [
        "0000"
    ]


def test_an_arrow_time_is_in_a_list_whose_fractions_pandas_cuts_off():
    late = [pd.Timestamp("2015-08-08T17:16:09.000000001Z"), pd.Timestamp("2016-12-31T23:59:59Z")]
    assert ids(rows({"created": 1439054169}), lambda c: c["created"].isin(late), dtype_backend="pyarrow") == [
        "0000"
    ]
    assert ids(rows({"created": 1439054169}), lambda c: c["created"].isin(late)) == []


def test_a_repeat_without_a_lower_bound_is_plain_text_to_one_engine():
    server = replace(Profile(), dialect="python")
    for profile in (Profile(), server):
        assert ids(
            rows({"name": "b"}, {"name": "a{,2}"}), lambda c: c["name"].str.match("a{,2}"), profile=profile
        ) == ["0001"]


def test_values_of_several_types_are_ordered_where_pandas_orders_them():
    assert ids(rows({"mixed": 1}, {"mixed": True}, {"mixed": 3}), lambda c: c["mixed"] > 2) == ["0002"]


def test_days_are_compared_though_a_page_holds_no_time_at_all():
    given = rows({"created": 1}, {"created": 2, "start_time": 1451606400}, {"created": 3})
    day = dt.date(2015, 1, 1)
    assert ids(given, lambda c: c["start_time"].dt.date > day, page_size=1) == ["0001"]


def test_the_order_of_a_text_and_a_number_is_refused_before_any_row_is_there():
    account = Account([], Profile(), Profile())
    with pytest.raises(LiteralTypeError):
        account.scan("name > 0", Scope())
    account.close()


def test_filters_that_say_less_than_they_should_are_not_called_disjoint():
    several = Profile.unknown()
    given = rows(*({"clicks": 20 * at, "created": at} for at in range(5)))
    account = Account(given, Profile(), several)
    scan = account.scan("clicks not in (3, 10)", Scope())
    assert len(scan.plan.filters) > 1
    assert not scan.plan.disjoint
    answer = scan.run()
    assert answer.table.num_rows == 5
    assert answer.certificate.rows_moved <= 2 * 5, "one wider request moves no row for two filters"
    account.close()


def test_filters_kept_apart_by_a_field_that_is_said_exactly_are_disjoint():
    account = Account(rows({"clicks": 2}, {"clicks": 20}), Profile(), Profile())
    assert account.scan("clicks not in (3, 10)", Scope()).plan.disjoint
    account.close()


def test_what_can_be_read_once_is_refused_beside_a_map_that_arrow_cannot_follow():
    account = Account(rows({}), Profile(), Profile(), "pyarrow")
    words = iter(["a"])
    with pytest.raises(QueryError, match="read only once"):
        account.scan(lambda c: c["clicks"].map(lambda value: value > 1) & c["name"].isin(words), Scope())
    account.close()


def test_what_lies_beyond_64_bits_is_not_asked_for():
    least = -(2**63)
    given = rows({"clicks": least}, {"clicks": 0}, {"clicks": 2**63 - 1})
    assert ids(given, f"clicks not in ({least},)") == ["0001", "0002"]
    assert ids(given, f"clicks != {2**63 - 1}") == ["0000", "0001"]
    assert ids(given, f"clicks < {least} or clicks > 5") == ["0002"]


def test_a_negative_number_in_a_query_equals_no_time_as_in_pandas_unless_it_is_named():
    given = rows({"start_time": -86401}, {"start_time": 5}, {})
    assert ids(given, "~(-86401 != start_time)") == []
    assert ids(given, "start_time != -86401") == ["0000", "0001", "0002"]
    account = Account(given, Profile(), Profile())
    named = account.scan("start_time == @v", Scope({"v": -86401}, {}))
    assert list(named.to_frame()["id"]) == ["0000"], "pandas refuses it, so it is epoch seconds"
    account.close()
    assert ids(given, "start_time != @v", v=np.int64(5)) == ["0000", "0001", "0002"]


def test_none_in_a_query_is_a_missing_time_beside_a_time():
    given = rows({"created": 1}, {"created": 5000})
    for asked in ("@v <= created", "created == @v", "not created > @v", "created != @v"):
        ids(given, asked, v=None)
    account = Account(given, Profile(), Profile())
    assert len(account.scan("@v <= created < 2016", Scope({"v": None}, {})).to_frame()) == 0
    account.close()


def test_a_function_that_looks_at_the_columns_sees_all_of_them_whatever_is_fetched():
    given = rows(*({"opens": opens} for opens in (3, 21, 22, 23)))
    assert len(given[0]) == 22

    def more(c):
        return c["opens"] + 0 * c["clicks"] >= len(c.columns)

    def asks(c):
        return c["opens"] + 0 * c["clicks"] >= (22 if hasattr(c, "subject") else 0)

    assert ids(given, asks) == ids(given, more) == ["0002", "0003"]
    account = Account(given, Profile(), Profile())
    assert account.scan(more, Scope(), QueryOptions(columns=("id",))).to_frame()["id"].tolist() == [
        "0002",
        "0003",
    ]
    account.close()


def test_a_time_in_the_second_of_two_hours_is_no_member_beside_a_time_of_another_zone():
    twice = pd.Timestamp("2016-10-30 02:00", tz="UTC").tz_convert("Europe/Paris") - pd.Timedelta("1h")
    assert twice.fold == 1
    late = dt.datetime(2016, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
    given = rows({"updated": int(twice.timestamp())}, {"updated": int(late.timestamp())}, {"updated": 1})
    for members in ([twice, late], [twice], [twice, twice.tz_convert("UTC")]):
        for backend in ("pyarrow", None):
            ids(given, "updated in @members", dtype_backend=backend, members=members)
            ids(given, "updated not in @members", dtype_backend=backend, members=members)
    assert ids(given, "updated in @members", members=[twice, late]) == ["0001"]
    account = Account(given, Profile(), Profile())
    memory = account.scan(lambda c: c["updated"].isin([twice, pd.Timestamp(late)]), Scope()).query.serialized
    assert account.scan(json.loads(json.dumps(memory)), Scope()).to_frame()["id"].tolist() == ["0001"]
    account.close()


def test_a_mapping_stays_one_where_the_tree_is_evaluated():
    given = rows({"name": "sale"}, {"name": "news"}, {"name": None})

    def sold(c):
        return c["name"].map({"sale": True}).fillna(value=False).astype(bool) & (len(c.columns) == 22)

    assert ids(given, sold) == ["0000"]
    assert ids(given, lambda c: c["name"].isin({"news": 1})) == ["0001"]


def test_rows_beyond_a_bound_that_is_kept_here_do_not_hide_the_last_row_within():
    given = rows(*({"created": created} for created in (86400, 86400, 1451606399, 1451606400, 1456704000)))
    account = Account(given, Profile(), Profile.unknown(), page_size=3)
    scan = account.scan(lambda c: ~(c["created"] >= "2016-01-01 00:00:00.5"), Scope())
    answer = scan.run()
    assert answer.table.num_rows == 4
    assert answer.certificate.verdict == "exact"
    account.close()
