"""Pictures in less room than they have by themselves."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dyno_frames.plots import theme
from dyno_frames.plots.plotter import Plotter


def test_six_on_one_figure_have_room_each(frame):
    figure = plt.figure(figsize=(16, 9), layout="constrained")
    names = ["compare", "funnel", "timeline", "send_times", "calendar", "list_health"]
    for ax, name in zip(figure.subplots(2, 3).flat, names, strict=True):
        getattr(Plotter(frame), name)(ax=ax)
    figure.canvas.draw()  # a layout that finds no room warns
    assert all(ax.get_position().width > 0.12 for ax in figure.axes[:6])
    assert "\n" in figure.axes[3].get_title("left")


@pytest.mark.parametrize("width_in", [2, 4, 6, 7, 8, 9, 20])
def test_dates_of_every_span_are_few_enough_for_their_room(width_in):
    figure = plt.figure(figsize=(width_in, 2))
    ax = figure.subplots()
    start = pd.Timestamp("2024-02-27 22:59:30")
    for seconds in (
        1,
        50,
        240,
        3599,
        14_399,
        40_000,
        340_000,
        5_000_000,
        10_000_000,
        60_000_000,
        120_000_000,
        400_000_000,
    ):
        ax.cla()
        ax.plot([start, start + pd.Timedelta(seconds=seconds)], [0, 1])
        theme.dated(ax)
        assert 1 <= len(ax.get_xticks()) <= 12  # an interval that is too fine warns
