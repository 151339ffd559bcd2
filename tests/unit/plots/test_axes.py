"""What a reader finds on the Axes: names, round ticks, counts, and few artists for many campaigns."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import dyno_frames as dyno
from dyno_frames.errors import SchemaError
from dyno_frames.plots.plotter import Plotter

PLOTS = ["funnel", "timeline", "compare", "send_times", "calendar", "list_health"]
LISTS = {"eu": "Shop customers, Europe", "us": "Shop customers, Americas"}


def ticks(ax):
    return [tick.get_text() for tick in ax.get_yticklabels()]


def notes(ax):
    return ax.get_xlabel().replace("\n", " ")


def many(frame, rows, lists=4):
    rng = np.random.default_rng(3)
    seconds = pd.to_timedelta(rng.integers(0, 12 * 365 * 86_400, rows), unit="s")
    drawn = frame.sample(rows, replace=True, random_state=3, ignore_index=True)
    start = (pd.Timestamp("2014-01-01", tz="UTC") + seconds).floor("s")
    return drawn.assign(start_time=start, list_id=rng.integers(0, lists, rows).astype(str))


@pytest.fixture(scope="module")
def sample():
    with dyno.sandbox() as box, box.client() as client:
        yield client, client.campaigns.find("status == 'finished'")


@pytest.mark.parametrize("plot", ["calendar", "list_health"])
def test_lists_of_a_bound_frame_have_the_names_of_the_account(sample, plot):
    client, finished = sample
    names = set(client.lists.find(columns=["name"])["name"])
    ax = getattr(finished.dyno.plot, plot)()
    assert {text.split("  (")[0] for text in ticks(ax)} <= names
    assert "list_name" not in finished
    assert set(ax.data["list_name"]) <= names


@pytest.mark.parametrize("plot", ["calendar", "list_health"])
def test_lists_of_a_closed_client_have_their_ids_and_the_plot_says_why(plot):
    with dyno.sandbox() as box, box.client() as client:
        finished = client.campaigns.find("status == 'finished'")
    ax = getattr(finished.dyno.plot, plot)()
    assert all("…" in text for text in ticks(ax))
    assert "the names of the lists could not be read" in notes(ax)


def test_names_are_looked_up_only_for_a_plot_that_shows_lists(frame):
    asked = []
    plot = Plotter(frame, lambda: asked.append(1) or LISTS)
    for name in PLOTS:
        getattr(plot, name)()
    assert len(asked) == 2
    Plotter(frame.assign(list_name="Mine"), lambda: asked.append(1) or LISTS).calendar()
    Plotter(frame.drop(columns="list_id").assign(list_name="Mine"), lambda: asked.append(1)).list_health()
    assert len(asked) == 2
    assert sorted(ticks(plot.calendar())) == sorted(LISTS.values())


@pytest.mark.parametrize("plot", ["timeline", "compare", "list_health", "funnel", "send_times"])
@pytest.mark.parametrize("factor", [0.13, 1, 3.7])
def test_ticks_are_1_2_or_5_times_a_power_of_ten_apart(frame, plot, factor):
    for name in ("opens", "clicks", "bounces", "unsubscribes"):
        frame[name] = (frame[name] * factor).astype("int64")
    ax = getattr(Plotter(frame), plot)()
    ax.figure.canvas.draw()
    axis = {"timeline": ax.yaxis, "send_times": ax.figure.axes[-1].yaxis}.get(plot, ax.xaxis)
    (distance,) = {round(b - a, 9) for a, b in itertools.pairwise(axis.get_majorticklocs())}
    assert f"{distance:e}"[:8] in {"1.000000", "2.000000", "5.000000"}


def test_compare_says_how_many_of_how_many_campaigns_it_shows(frame):
    frame.loc[:4, "delivered"] = 0
    ax = Plotter(frame).compare(limit=12)
    assert ax.get_title("left") == "Click rate of 12 of 40 campaigns"
    assert "shown: the latest by start_time, 12 of 35" in notes(ax)
    assert "5 without click rate: delivered is 0 or unknown" in notes(ax)
    whole = Plotter(frame.tail(8)).compare()
    assert whole.get_title("left") == "Click rate of 8 campaigns"
    assert "latest" not in notes(whole)


def test_compare_does_not_call_sums_by_name_campaigns(frame):
    sums = frame.groupby("name", as_index=False)[["delivered", "clicks"]].sum()
    ax = Plotter(sums).compare(limit=12)
    assert ax.get_title("left") == "Click rate by name"
    assert "shown: the first rows, 12 of 40" in notes(ax)


def test_compare_adds_dates_to_campaigns_of_one_name_and_to_no_others(frame):
    day = pd.Timestamp("2026-03-01 08:00", tz="UTC")
    times = [day, day + pd.Timedelta(days=7), day, day + pd.Timedelta(hours=2), day]
    some = frame.head(5).assign(name=["News", "News", "Offer", "Offer", "Survey"], start_time=times)
    ax = Plotter(some).compare()
    assert {text.split("  (")[0] for text in ticks(ax)} == {
        "News, 2026-03-01",
        "News, 2026-03-08",
        "Offer, 2026-03-01 08:00",
        "Offer, 2026-03-01 10:00",
        "Survey",
    }
    assert "date: when a campaign of the same name was sent" in notes(ax)
    assert "date" not in notes(Plotter(frame).compare())


def test_compare_refuses_a_limit_below_1(frame):
    with pytest.raises(SchemaError, match="limit=0; expected a whole number from 1"):
        Plotter(frame).compare(limit=0)


def test_send_times_show_the_hours_from_the_first_to_the_last_with_a_campaign(frame):
    start = pd.Timestamp("2026-01-05 07:00", tz="UTC") + pd.to_timedelta(np.arange(40) % 10, unit="h")
    ax = Plotter(frame.assign(start_time=start, time_zone=None)).send_times()
    assert ax.get_xlim() == (6.5, 16.5)
    assert [text.get_text() for text in ax.get_xticklabels()] == [f"{hour:02d}" for hour in range(7, 17)]
    assert "no campaign was sent before 07:00 or after 16:59" in notes(ax)
    all_day = start[0] + pd.to_timedelta(np.arange(40), unit="h")
    assert "no campaign" not in notes(Plotter(frame.assign(start_time=all_day, time_zone=None)).send_times())


def test_a_calendar_of_few_campaigns_has_one_point_each(frame):
    points = Plotter(frame).calendar().collections
    assert sum(len(one.get_offsets()) for one in points) == len(frame)


def test_a_calendar_of_200_000_campaigns_counts_them_by_month(frame):
    ax = Plotter(many(frame, 200_000)).calendar()
    assert len(ax.collections) == 4
    assert all(strip.get_array().size <= 250 for strip in ax.collections)
    assert sum(int(strip.get_array().sum()) for strip in ax.collections) == 200_000
    assert "colors: campaigns per month" in notes(ax)
    assert len(ax.data) == 200_000


def test_a_calendar_of_a_burst_counts_it_by_day(frame):
    burst = frame.sample(500, replace=True, random_state=1, ignore_index=True)
    ax = Plotter(burst.assign(start_time=frame["start_time"].iloc[0])).calendar()
    assert "colors: campaigns per day" in notes(ax)
    ax.figure.canvas.draw()


@pytest.mark.parametrize("plot", PLOTS)
def test_no_plot_of_200_000_campaigns_has_many_artists(frame, plot):
    ax = getattr(Plotter(many(frame, 200_000)), plot)()
    assert len(ax.texts) + len(ax.collections) + len(ax.lines) + len(ax.patches) < 400
    ax.figure.canvas.draw()


def test_counts_above_the_points_never_overlap(frame):
    for rows in (2_000, 20_000, 200_000):
        ax = Plotter(many(frame, rows)).timeline(freq="year")
        ax.figure.canvas.draw()
        boxes = [text.get_window_extent() for text in ax.texts]
        assert all(not a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_a_timeline_with_more_points_than_pixels_says_so(frame):
    assert "freq= sets a longer period" in notes(Plotter(many(frame, 9_000)).timeline(freq="day"))
    assert "freq=" not in notes(Plotter(many(frame, 9_000)).timeline())


@pytest.mark.parametrize("plot", PLOTS)
def test_text_has_the_color_of_the_users_style(frame, plot):
    with plt.style.context("dark_background"):
        ax = getattr(Plotter(frame), plot)()
        ax.figure.canvas.draw()
    written = [ax.title, ax.xaxis.label, *ax.get_yticklabels(), *ax.get_xticklabels()]
    if ax.get_legend() is not None:
        written += ax.get_legend().get_texts()
    if plot != "send_times":  # the numbers of its cells have a background of their own
        written += ax.texts
    assert {to_hex(text.get_color()) for text in written} == {"#ffffff"}
    assert ax.figure.get_facecolor() == (0, 0, 0, 1)


def test_numbers_beside_a_name_written_from_right_to_left_stay_in_order(frame):
    ax = Plotter(frame.head(1).assign(name="שלום עולם")).compare()
    (text,) = ticks(ax)
    assert text.startswith("\u200eשלום עולם\u200e  (")
