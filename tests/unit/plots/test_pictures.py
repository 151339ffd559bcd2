"""What holds for every picture."""

import subprocess
import sys

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes

from dyno_frames.errors import SchemaError
from dyno_frames.plots.plotter import Plotter

PICTURES = ["funnel", "timeline", "compare", "send_times", "calendar", "list_health"]
COUNTERS = ["recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes"]

pytestmark = pytest.mark.parametrize("picture", PICTURES)


def draw(frame, picture, **options):
    ax = getattr(Plotter(frame), picture)(**options)
    ax.figure.canvas.draw()
    return ax


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_a_picture_returns_axes_that_carry_their_numbers(frame, picture):
    ax = draw(frame, picture)
    assert isinstance(ax, Axes)
    assert isinstance(ax.data, pd.DataFrame)
    assert len(ax.data)


def test_the_frame_is_never_changed(frame, picture):
    before = frame.copy(deep=True)
    draw(frame, picture)
    pd.testing.assert_frame_equal(frame, before)


def test_ax_given_is_ax_drawn_on_and_no_figure_is_made(frame, picture):
    figure, ax = plt.subplots()
    assert draw(frame, picture, ax=ax) is ax
    assert plt.get_fignums() == [figure.number]


def test_a_new_figure_is_known_to_pyplot_so_that_a_notebook_shows_it(frame, picture):
    ax = draw(frame, picture)
    assert plt.figure(plt.get_fignums()[-1]) is ax.figure


def test_an_empty_frame_says_so_and_its_numbers_have_the_columns_of_a_full_one(frame, picture):
    full, empty = draw(frame, picture), draw(frame.iloc[:0], picture)
    assert "no campaigns" in words(empty)
    assert list(empty.data.columns) == list(full.data.columns)


@pytest.mark.parametrize("dtype", ["Int64", "float64", "object"])
def test_all_null_figures_never_crash(frame, picture, dtype):
    frame = frame.assign(**{name: pd.Series([None] * len(frame), dtype=dtype) for name in COUNTERS})
    ax = draw(frame, picture)
    assert picture == "calendar" or "no numbers" in words(ax)


def test_all_null_times_never_crash(frame, picture):
    frame["start_time"] = frame["created"] = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s, UTC]")
    draw(frame, picture)


def test_one_row_is_drawn(frame, picture):
    assert len(draw(frame.iloc[:1], picture).data) in {1, 7}


def test_any_index_and_any_backend_give_the_same_numbers(frame, picture):
    plain = draw(frame, picture).data
    arrow = frame.convert_dtypes(dtype_backend="pyarrow").set_axis(range(900, 900 + len(frame)))
    pd.testing.assert_frame_equal(draw(arrow, picture).data, plain, check_dtype=False)
    pd.testing.assert_frame_equal(draw(frame.set_axis([0] * len(frame)), picture).data, plain)


def test_nullable_integers_give_the_same_numbers(frame, picture):
    plain = draw(frame, picture).data
    frame[COUNTERS] = frame[COUNTERS].astype("Int64")
    pd.testing.assert_frame_equal(draw(frame, picture).data, plain)


def test_simulated_rows_are_said_to_be_simulated(frame, picture):
    assert "simulated" not in draw(frame, picture).get_title("left")
    marked = frame.assign(simulated=[True] + [False] * (len(frame) - 1))
    assert "simulated" in draw(marked, picture).get_title("left")
    assert "simulated" not in draw(frame.assign(simulated=False), picture).get_title("left")


def test_a_missing_column_is_named_with_those_there(frame, picture):
    with pytest.raises(
        SchemaError, match=rf"{picture} needs .*missing.*\['id', 'name'\].*columns="
    ) as caught:
        draw(frame[["id", "name"]], picture)
    assert "Query them" in str(caught.value)


def test_text_where_numbers_belong_is_refused(frame, picture):
    if picture == "calendar":
        frame["recipients"] = "many"
    frame["delivered"] = "many"
    with pytest.raises(SchemaError, match="needs numbers in"):
        draw(frame, picture)


def test_a_hostile_name_is_drawn_as_text(frame, picture):
    draw(frame.assign(name="$\\frac{<img src=x onerror=alert(1)>$", list_id="$\\nonsense{$"), picture)


def test_no_text_of_a_frame_makes_a_warning(frame, picture):
    spoilt = dict.fromkeys(["name", "list_id", "list_name", "time_zone"], "🎁 中文\t👍🏽\n")
    draw(frame.assign(**spoilt), picture)


def test_importing_the_plotter_loads_no_matplotlib(picture):
    code = "import sys, dyno_frames.plots.plotter; sys.exit('matplotlib' in sys.modules)"
    if picture == PICTURES[0]:
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
