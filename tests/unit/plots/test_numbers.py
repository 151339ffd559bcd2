"""The numbers behind each picture."""

import pandas as pd
import pytest

from dyno_frames.errors import SchemaError
from dyno_frames.plots.calendar import calendar
from dyno_frames.plots.compare import compare
from dyno_frames.plots.funnel import funnel
from dyno_frames.plots.list_health import list_health
from dyno_frames.plots.rates import wilson
from dyno_frames.plots.send_times import send_times
from dyno_frames.plots.timeline import timeline


def test_funnel_counts_are_sums_and_rates_are_of_the_stage_named(frame):
    drawn = funnel(frame).data
    assert drawn.loc["sent", "count"] == frame["sent"].sum()
    assert drawn.loc["clicks", "rate"] == pytest.approx(frame["clicks"].sum() / frame["delivered"].sum())
    assert drawn.loc["bounces", "rate"] == pytest.approx(frame["bounces"].sum() / frame["sent"].sum())


def test_funnel_rates_ignore_campaigns_that_do_not_report_the_part(frame):
    frame["clicks"] = frame["clicks"].astype("Int64")
    frame.loc[:9, "clicks"] = pd.NA
    known = frame.iloc[10:]
    drawn = funnel(frame).data
    assert drawn.loc["clicks", "campaigns"] == len(known)
    assert drawn.loc["clicks", "rate"] == pytest.approx(known["clicks"].sum() / known["delivered"].sum())


def test_funnel_says_what_is_not_reported_instead_of_zero(frame):
    frame["complaints"] = pd.array([None] * len(frame), dtype="Int64")
    ax = funnel(frame)
    assert ax.data.loc["complaints", "count"] is pd.NA
    assert "not reported" in [text.get_text() for text in ax.texts]


def test_funnel_of_drafts_says_nothing_was_sent(frame):
    counters = ["sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes"]
    ax = funnel(frame.assign(**dict.fromkeys(counters, 0)))
    assert "nothing sent yet" in [text.get_text() for text in ax.texts]


def test_timeline_periods_are_utc_and_without_holes(frame):
    late = pd.Timestamp("2026-01-31 23:30", tz="America/New_York")
    frame = frame.iloc[:1].assign(start_time=[late])
    assert [str(period) for period in timeline(frame, freq="month").data.index] == ["2026-02"]


def test_timeline_weights_a_rate_by_its_whole(frame):
    frame = frame.iloc[:2].assign(
        start_time=frame["start_time"].iloc[0], delivered=[100, 900], clicks=[10, 0]
    )
    drawn = timeline(frame, metrics="click_rate").data
    assert drawn["click_rate"].tolist() == [pytest.approx(0.01)]
    assert drawn["campaigns"].tolist() == [2]


def test_timeline_shows_a_week_without_mail_as_a_gap_in_rates_and_as_zero_volume(frame):
    ends = frame.iloc[[0, -1]]
    assert timeline(ends, freq="week").data["click_rate"].isna().any()
    volumes = timeline(ends, metrics=["sent"], freq="week").data["sent"]
    assert volumes.notna().all()
    assert (volumes == 0).any()


def test_timeline_draws_points_of_one_campaign_hollow(frame):
    ax = timeline(frame.iloc[:1], metrics="click_rate")
    assert ax.data["thin"].tolist() == [True]
    assert "hollow" in ax.get_xlabel()


def test_timeline_falls_back_on_created_and_says_so(frame):
    ax = timeline(frame.drop(columns="start_time"))
    assert "created by week, UTC" in ax.get_xlabel()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"metrics": "open_rates"}, "open_rate"),
        ({"metrics": []}, "expected rates from"),
        ({"metrics": ["sent", "open_rate"]}, "mixes rates with counts"),
        ({"freq": "fortnight"}, "'week'"),
    ],
)
def test_timeline_refuses_what_it_cannot_draw_and_names_what_it_can(frame, options, words):
    with pytest.raises(SchemaError, match=words):
        timeline(frame, **options)


def test_epoch_seconds_are_refused_with_the_cure(frame):
    frame["start_time"] = frame["start_time"].astype("int64")
    with pytest.raises(SchemaError, match="unit='s', utc=True"):
        timeline(frame)


@pytest.mark.parametrize(
    ("days", "every", "freq"),
    [
        *[(1, 1, "day"), (40, 1, "day"), (41, 1, "week"), (90, 7, "week"), (28, 7, "week")],
        *[(365, 7, "month"), (3 * 365, 2, "month"), (3 * 365, 90, "quarter"), (8 * 365, 7, "quarter")],
        (30 * 365, 9, "year"),
    ],
)
def test_timeline_chooses_a_period_that_can_be_read(frame, days, every, freq):
    starts = pd.date_range("2024-01-01", periods=-(-days // every), freq=f"{every}D", tz="UTC")
    frame = pd.concat([frame.head(1)] * len(starts)).assign(start_time=starts)
    ax = timeline(frame)
    assert f"by {freq}, UTC" in ax.get_xlabel()
    assert ax.get_title("left").endswith(f"per {freq}")
    assert ax.data["campaigns"].sum() == len(frame)


def test_timeline_keeps_the_period_asked_for(frame):
    assert "by day, UTC" in timeline(frame, freq="day").get_xlabel()


def test_wilson_bounds_hold_the_rate_and_stay_within_0_and_1():
    part, whole = pd.Series([0.0, 1.0, 50.0, 100.0, 3.0]), pd.Series([10.0, 10.0, 100.0, 100.0, 0.0])
    low, high = wilson(part, whole)
    assert ((low >= -1e-12) & (high <= 1 + 1e-12) & (low <= part / whole) & (part / whole <= high))[:4].all()
    assert (low.isna() & high.isna()).tolist() == [False] * 4 + [True]
    assert (low[2], high[2]) == (pytest.approx(0.4038, abs=1e-4), pytest.approx(0.5962, abs=1e-4))


def test_compare_shows_the_latest_and_orders_them_by_rate(frame):
    drawn = compare(frame, limit=5).data
    assert set(drawn["name"]) == {f"Issue {i}" for i in range(35, 40)}
    assert drawn["click_rate"].is_monotonic_decreasing


def test_compare_needs_no_times_and_then_shows_the_first(frame):
    by_list = frame.groupby("list_id", as_index=False)[["delivered", "clicks"]].sum()
    assert set(compare(by_list.rename(columns={"list_id": "name"})).data["name"]) == {"eu", "us"}
    untimed = frame.drop(columns=["start_time", "created"])
    assert set(compare(untimed, limit=5).data["name"]) == {f"Issue {i}" for i in range(5)}


def test_send_times_are_local_to_each_campaign_and_utc_where_the_zone_is_no_zone(frame):
    frame = frame.iloc[:3].assign(
        start_time=pd.Timestamp("2026-01-05 23:00", tz="UTC"), time_zone=["Europe/Paris", "Mars/Base", None]
    )
    drawn = send_times(frame).data
    assert drawn["campaigns"].to_dict() == {(0, 23): 2, (1, 0): 1}


def test_send_times_hatch_the_cells_of_few_campaigns_and_no_others(frame):
    ax = send_times(frame.assign(start_time=frame["start_time"].dt.floor("6h"), time_zone=None))
    hatched = {
        (round(patch.get_y() + 0.5), round(patch.get_x() + 0.5)) for patch in ax.patches if patch.get_hatch()
    }
    assert hatched == set(ax.data.index[ax.data["campaigns"] < 3])
    assert 0 < len(hatched) < len(ax.data)


def test_send_times_count_where_there_are_no_figures(frame):
    counters = ["sent", "delivered", "opens", "clicks"]
    ax = send_times(frame.drop(columns=counters), metric="campaigns")
    assert ax.data.columns.tolist() == ["campaigns"]
    assert ax.data["campaigns"].sum() == len(frame)
    with pytest.raises(SchemaError, match=r"expected one of .*'campaigns'"):
        send_times(frame, metric="campaign")


def test_calendar_draws_campaigns_whose_recipients_nobody_knows(frame):
    frame["recipients"] = pd.array([None] * len(frame), dtype="Int64")
    ax = calendar(frame)
    sizes = [size for drawn in ax.collections for size in drawn.get_sizes()]
    assert len(sizes) == len(frame)
    assert min(sizes) > 0
    assert "larger" not in ax.get_xlabel()


def test_compare_says_of_how_many_each_rate_is(frame):
    drawn = compare(frame, limit=3)
    assert [
        f"({n:,.0f})" in words for n, words in zip(drawn.data["delivered"], ticks(drawn), strict=True)
    ] == [True] * 3
    assert "clicks of delivered" in drawn.get_xlabel()


@pytest.mark.parametrize("metric", ["open_rate", "click_to_open_rate"])
def test_whatever_is_made_of_opens_is_marked_as_inflated(frame, metric):
    for ax in (
        compare(frame, metric=metric),
        send_times(frame, metric=metric),
        timeline(frame, metrics=metric),
    ):
        assert "inflated by privacy proxies" in ax.get_xlabel().replace("\n", " ")


def test_calendar_measures_the_gap_to_the_campaign_before_on_the_same_list(frame):
    start = pd.Timestamp("2026-01-05", tz="UTC")
    frame = frame.iloc[:3].assign(
        list_id=["a", "b", "a"], start_time=[start, start, start + pd.Timedelta(hours=36)]
    )
    assert calendar(frame).data["gap_days"].fillna(-1).tolist() == [-1, 1.5, -1]


def test_list_health_rates_are_those_of_all_mail_to_the_list(frame):
    drawn = list_health(frame).data
    one = frame[frame["list_id"] == "eu"]
    assert drawn.loc["eu", "bounce_rate"] == pytest.approx(one["bounces"].sum() / one["sent"].sum())


def ticks(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def test_lists_are_called_by_their_names_and_told_apart_by_their_ids(frame):
    names = {"eu": "Shop customers, Europe", "us": "Shop customers, Americas"}
    named = frame.assign(list_name=frame["list_id"].map(names))
    health, days = list_health(named), calendar(named)
    assert health.data["list_name"].to_dict() == names
    assert sorted(label.split("  (")[0] for label in ticks(health)) == sorted(names.values())
    assert sorted(ticks(days)) == sorted(names.values())
    assert set(zip(days.data["list_id"], days.data["list_name"], strict=True)) == set(names.items())
    same = list_health(frame.assign(list_name="Customers"))
    assert same.data["list_name"].to_dict() == {"eu": "Customers", "us": "Customers"}


def test_a_list_without_a_name_is_called_by_its_id_and_one_without_either_no_list(frame):
    names = pd.Series(["Europe", None], dtype="str").reindex([0] + [1] * (len(frame) - 1)).to_numpy()
    keys = ["eu", None] + ["us"] * (len(frame) - 2)
    named = frame.assign(list_id=keys, list_name=names)
    assert list_health(named).data["list_name"].to_dict() == {
        "eu": "Europe",
        "us": "us",
        "no list": "no list",
    }


def test_names_alone_are_enough_to_tell_lists_apart(frame):
    named = frame.rename(columns={"list_id": "list_name"})
    assert sorted(list_health(named).data["list_name"]) == ["eu", "us"]
    assert sorted(ticks(calendar(named))) == ["eu", "us"]


def test_an_id_is_shown_by_its_ends(frame):
    key = "84830ba7-e1b1-5045-b824-e710cdbfd794"
    assert ticks(calendar(frame.assign(list_id=key))) == ["84830b…bfd794"]
