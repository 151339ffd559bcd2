"""df.dyno: every verb on a bound frame, names looked up where the caller stands, and no state of its own."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import subprocess
import sys

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.accessor import DynoAccessor
from dyno_frames.client.campaigns import Campaigns
from dyno_frames.client.client import Client
from dyno_frames.client.resources import ResourceClient
from dyno_frames.errors import ConfigError, NotPushableError, QueryError, SchemaError
from dyno_frames.export.dataset import Dataset
from dyno_frames.plots.plotter import Plotter
from dyno_frames.query.plan import Plan
from dyno_frames.scan.scan import Scan

LEAST = 100
SHADOWED = 10**9


@pytest.fixture
def frame(client):
    return client.campaigns.frame()


@pytest.fixture(scope="module")
def full(client):
    return client.campaigns.find()


def same(answer, expected):
    pd.testing.assert_frame_equal(answer, expected.reset_index(drop=True))


def test_a_bound_frame_has_no_rows_and_every_column(frame, full):
    assert len(frame) == 0
    assert frame.dtypes.to_dict() == full.dtypes.to_dict()
    assert type(frame) is type(full) is pd.DataFrame
    assert frame.dyno.certificate is None


def test_a_question_in_each_of_its_forms_is_what_pandas_answers(frame, full):
    expected = full.query("status == 'finished' and opens > 100")
    same(frame.dyno.query("status == 'finished' and opens > 100"), expected)
    same(frame.dyno[(pd.col("status") == "finished") & (pd.col("opens") > 100)], expected)
    same(frame.dyno[lambda c: (c.status == "finished") & (c.opens > 100)], expected)
    same(frame.dyno[None], full)
    same(frame.dyno.query(None), full)
    assert len(expected)


def test_a_column_name_in_brackets_is_not_taken_for_a_question(frame):
    with pytest.raises(QueryError, match=r"\.dyno\.query\('opens'\)"):
        frame.dyno["opens"]


@pytest.mark.parametrize(
    "wrong",
    [
        ["opens"],
        pd.Series([True]),
        5,
        ("a", "b"),
        True,
        pd.DataFrame,
        ValueError,
        slice(5),
        ...,
        {1},
        b"opens > 5",
        (flag for flag in [True]),
        iter([1]),
        pd.NA,
        pd.Timestamp("2026"),
        pd.DataFrame({"opens": [True]}),
        pd,
    ],
)
def test_what_is_no_question_is_refused_with_what_would_be_one(frame, wrong):
    for query in (frame.dyno.__getitem__, frame.dyno.query, frame.dyno.count):
        with pytest.raises(QueryError, match=r"pd\.col\('opens'\) > 100|lambda c: c\.opens > 100"):
            query(wrong)


def test_count_is_the_length_of_the_answer(frame, full):
    for expr in ("opens > 100", "opens > clicks", "status == 'draft' or opens > 500", None):
        assert frame.dyno.count(expr) == len(full if expr is None else full.query(expr))
    assert frame.dyno.count() == len(full)


def test_explain_says_what_is_sent(frame):
    plan = frame.dyno.explain("opens > 100 and opens > clicks")
    assert isinstance(plan, Plan)
    assert plan.requests[0]["opens"] == {"gte": 101}
    assert not plan.exact
    assert "opens > clicks" in plan.residual
    assert plan.reasons
    assert "pushed exactly" in str(plan)
    assert "<table>" in plan._repr_html_()
    assert frame.dyno.explain().exact


def test_the_arguments_of_a_question_reach_it(frame, full):
    answer = frame.dyno.query(
        "opens > 100",
        columns=["id", "opens"],
        order_by=["opens", "name"],
        ascending=[False, True],
        limit=5,
        offset=2,
    )
    ordered = full.query("opens > 100").sort_values("id").sort_values("name", kind="stable")
    ordered = ordered.sort_values("opens", ascending=False, kind="stable")
    same(answer, ordered[["id", "opens"]].iloc[2:7])
    with pytest.raises(NotPushableError):
        frame.dyno.query("opens > clicks", strict=True)


def test_names_are_looked_up_in_the_calling_function(frame, full):
    least, words = 250, ["finished", "stopped"]  # noqa: F841 - read by the question
    expected = full[(full["opens"] > 250) & full["status"].isin(words)]
    same(frame.dyno.query("opens > @least and status in @words"), expected)
    assert frame.dyno.count("opens > @least and status in @words") == len(expected)
    assert "250" in json.dumps(frame.dyno.explain("opens > @least").requests).replace("251", "250")
    assert len(frame.dyno.scan("opens > @least and status in @words").to_frame()) == len(expected)


def test_names_are_looked_up_in_a_nested_function_and_not_around_it(frame, full):
    outer = 250
    del outer

    def nested():
        least = 300  # noqa: F841 - read by the question
        return frame.dyno.query("opens > @least")

    same(nested(), full.query("opens > 300"))
    with pytest.raises(QueryError, match="outer"):
        frame.dyno.query("opens > @outer")


def test_names_are_looked_up_in_the_module(frame, full):
    same(frame.dyno.query("opens > @LEAST"), full.query("opens > 100"))
    assert frame.dyno.count("opens > @LEAST") == len(full.query("opens > 100"))


def test_a_local_name_stands_before_one_of_the_module(frame, full):
    SHADOWED = 100  # noqa: N806 - the name under test
    same(frame.dyno.query("opens > @SHADOWED"), full.query("opens > 100"))
    assert SHADOWED == 100


def test_attributes_and_items_of_a_name_are_read(frame, full):
    limits = {"least": 100}  # noqa: F841 - read by the question
    same(frame.dyno.query("opens > @limits['least']"), full.query("opens > 100"))
    moment = pd.Timestamp("2016-01-01", tz="UTC")
    same(frame.dyno.query("created >= @moment"), full[full["created"] >= moment])


def test_level_looks_further_out(frame, full):
    def ask(level):
        least = 300
        del least
        return frame.dyno.query("opens > @least", level=level)

    least = 100
    same(ask(1), full.query("opens > 100"))
    assert least == 100
    with pytest.raises(QueryError, match="least"):
        ask(0)


def test_given_names_stand_in_place_of_the_callers(frame, full):
    least = 10**9
    same(frame.dyno.query("opens > @least", local_dict={"least": 100}), full.query("opens > 100"))
    with pytest.raises(QueryError, match="least"):
        frame.dyno.query("opens > @least", local_dict={})
    same(frame.dyno.query("opens > @far", local_dict={}, global_dict={"far": 300}), full.query("opens > 300"))
    assert least


def test_at_the_top_of_a_program_names_are_its_own(sandbox, full):
    program = (
        "import sys, dyno_frames as dyno\n"
        "client = dyno.connect(sys.argv[1], sys.argv[2])\n"
        "least = 100\n"
        "frame = client.campaigns.frame()\n"
        "print(len(frame.dyno.query('opens > @least')), frame.dyno.count('opens > @least'))\n"
        "client.close()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, sandbox.url, sandbox.api_key],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stderr == ""
    number = len(full.query("opens > 100"))
    assert ran.stdout.split() == [str(number), str(number)]


@pytest.fixture
def own():
    """A practice server to change things in."""
    with dyno.sandbox(speed=0) as box, box.client() as client:
        yield client


def test_refresh_asks_the_same_question_of_what_is_there_now(own):
    before = own.campaigns.frame().dyno.query(
        "status == 'draft'", columns=["name", "id"], order_by="name", ascending=False
    )
    key = own.campaigns.create(name="~ the last by name")
    own.campaigns.delete(before["id"].iloc[-1])
    after = before.dyno.refresh()
    assert after["id"].tolist() == [key, *before["id"].iloc[:-1]]
    assert list(after.columns) == ["name", "id"]
    assert len(before) == len(after), "the frame at hand is not touched"
    assert before["id"].iloc[0] != key


@pytest.mark.parametrize(
    "ask",
    [
        lambda frame: frame.dyno.query("status == 'draft'"),
        lambda frame: frame.dyno.query("created >= '2016-01-01' and status == 'draft'"),
        lambda frame: frame.dyno[pd.col("status") == "draft"],
        lambda frame: frame.dyno[lambda c: c.status.isin(["draft"]) & ~c.name.str.contains("%")],
        lambda frame: frame.dyno[lambda c: c.created >= dt.datetime(2016, 1, 1, tzinfo=dt.UTC)],
        lambda frame: frame.dyno.query(
            "created >= @day", local_dict={"day": dt.datetime(2016, 1, 1, tzinfo=dt.UTC)}
        ),
        lambda frame: frame.dyno.query(None, limit=7, offset=3),
        lambda frame: frame.dyno.query("opens >= 0", order_by="opens", limit=4),
    ],
)
def test_a_question_in_any_form_is_refreshed(own, ask):
    frame = ask(own.campaigns.frame())
    assert len(frame)
    same(frame.dyno.refresh(), frame)
    remembered = {**frame.attrs["dyno"], "certificate": None}
    assert {**frame.dyno.refresh().attrs["dyno"], "certificate": None} == remembered


def test_a_question_with_variables_says_that_it_cannot_be_refreshed_or_is(own):
    least = 5
    frame = own.campaigns.frame().dyno.query("opens > @least")
    if frame.attrs["dyno"]["query"] is None:
        with pytest.raises(QueryError, match=r"ask it again with \.dyno\.query"):
            frame.dyno.refresh()
    else:
        same(frame.dyno.refresh(), frame)
    assert least == 5


def test_a_frame_without_rows_refreshes_to_every_row(own):
    same(own.lists.frame().dyno.refresh(), own.lists.find())


def test_the_certificate_is_that_of_the_answer(frame):
    certificate = frame.dyno.query("opens > 100").dyno.certificate
    assert certificate.verdict == "exact"
    assert certificate.rows_returned == frame.dyno.count("opens > 100")


def test_to_parquet_writes_the_frames_own_question(frame, tmp_path):
    asked = frame.dyno.query("opens > 100", columns=["id", "opens"], order_by="opens", limit=9)
    written = asked.dyno.to_parquet(tmp_path / "a.parquet")
    same(dyno.read_dataset(written.path), asked)
    same(asked.dyno.to_parquet(tmp_path / "b.parquet", compression="none").to_frame(), asked)


def test_panel_and_plot_open_on_campaigns(full):
    panel = full.head(3).dyno.panel()
    try:
        assert isinstance(panel, dyno.CampaignPanel)
    finally:
        panel.close()
    assert isinstance(full.dyno.plot, Plotter)
    axes = full.dyno.plot.funnel()
    assert axes.figure is not None
    import matplotlib.pyplot as plt

    plt.close("all")


def test_a_panel_of_what_is_no_campaign_is_refused(client):
    with pytest.raises(SchemaError, match="this frame holds lists"):
        client.lists.find().dyno.panel()
    with pytest.raises(SchemaError, match="with their id"):
        client.campaigns.find(columns=["name"]).dyno.panel()


@pytest.mark.parametrize("resource", ["lists", "templates"])
def test_frames_of_other_resources_ask_their_own(client, resource):
    verbs = getattr(client, resource)
    frame, full = verbs.frame(), verbs.find()
    assert len(full)
    first = full["name"].iloc[0]
    same(frame.dyno.query("name == @first"), full[full["name"] == first])
    same(frame.dyno[lambda c: c.name.str.len() > 5], full[full["name"].str.len() > 5])
    assert frame.dyno.count() == len(full) == full.dyno.count()
    assert frame.dyno.explain("name == 'x'").resource == resource
    same(full.dyno.refresh(), full)
    assert resource in repr(frame.dyno)


def test_two_servers_with_two_names_are_kept_apart():
    with (
        dyno.sandbox(speed=0) as left_box,
        dyno.sandbox(speed=0, sample=False) as right_box,
        left_box.client(name="left") as left,
        right_box.client(name="right") as right,
    ):
        right.campaigns.create(name="only here")
        left_frame, right_frame = left.campaigns.frame(), right.campaigns.frame()
        assert left_frame.dyno.count() == 400
        assert right_frame.dyno.query(None)["name"].tolist() == ["only here"]
        assert left_frame.dyno.count("name == 'only here'") == 0
        same(left_frame.dyno.refresh(), left.campaigns.find())


def test_two_names_of_one_server_are_kept_apart(sandbox):
    with (
        dyno.connect(sandbox.url, sandbox.api_key, name="plain") as plain,
        dyno.connect(sandbox.url, sandbox.api_key, name="arrow", dtype_backend="pyarrow") as arrow,
    ):
        assert str(plain.campaigns.frame().dyno.query("opens > 5")["opens"].dtype) == "int64"
        assert str(arrow.campaigns.frame().dyno.query("opens > 5")["opens"].dtype) == "int64[pyarrow]"


def test_a_frame_whose_client_is_closed_says_how_to_connect_again(sandbox):
    with dyno.connect(sandbox.url, sandbox.api_key, name="gone") as gone:
        frame = gone.campaigns.frame()
    with pytest.raises(ConfigError, match=r"connect first.*name='gone'") as caught:
        frame.dyno.query("opens > 5")
    assert sandbox.api_key not in str(caught.value)
    with dyno.connect(sandbox.url, sandbox.api_key, name="gone"):
        assert frame.dyno.count() == 400, "the frame needs the name and the server, not the object"


def test_the_callers_frame_is_not_touched(frame):
    answer = frame.dyno.query("opens > 100")
    before, attrs = answer.copy(deep=True), json.dumps(answer.attrs)
    answer.dyno.query("opens > 200")
    answer.dyno.count()
    answer.dyno.refresh()
    answer.dyno.explain("opens > 5")
    pd.testing.assert_frame_equal(answer, before)
    assert json.dumps(answer.attrs) == attrs


QUERY = "columns order_by ascending limit offset progress strict"
SCOPE = "local_dict global_dict level"
OVERRIDES = "subject from_name from_email preview_message"
WRITING = "partition_by mode max_rows_per_file compression progress"
SIGNATURES = [
    (dyno.connect, "url api_key", "name timeout_s page_size workers dtype_backend schema profile"),
    (dyno.sandbox, "path", "sample load port api_key profile smtp speed page_limit"),
    (dyno.read_dataset, "path version", ""),
    (dyno.open_dataset, "path", ""),
    (Dataset.diff, "self a b", ""),
    (Dataset.vacuum, "self", "keep"),
    (DynoAccessor.query, "self expr", f"{QUERY} {SCOPE}"),
    (DynoAccessor.count, "self expr", ""),
    (DynoAccessor.explain, "self expr", ""),
    (DynoAccessor.scan, "self expr", QUERY),
    (DynoAccessor.refresh, "self", ""),
    (DynoAccessor.to_parquet, "self path", WRITING),
    (DynoAccessor.panel, "self", ""),
    (Scan.explain, "self", ""),
    (Scan.count, "self", ""),
    (Scan.to_frame, "self", ""),
    (Scan.to_arrow, "self", ""),
    (Scan.to_batches, "self", ""),
    (Scan.__arrow_c_stream__, "self requested_schema", ""),
    (Scan.to_parquet, "self path", WRITING),
    (ResourceClient.get, "self id", ""),
    (ResourceClient.create, "self", ""),
    (ResourceClient.update, "self id", ""),
    (ResourceClient.delete, "self id", ""),
    (ResourceClient.find, "self expr", QUERY),
    (ResourceClient.count, "self expr", ""),
    (ResourceClient.scan, "self expr", QUERY),
    (ResourceClient.frame, "self", ""),
    (Campaigns.start, "self id", f"at time_zone {OVERRIDES}"),
    (Campaigns.update_and_resume, "self id", OVERRIDES),
    (Campaigns.reschedule, "self id", f"at time_zone {OVERRIDES}"),
    (Campaigns.cancel_schedule, "self id", ""),
    (Campaigns.stop, "self id", ""),
    (Campaigns.pause, "self id", ""),
    (Campaigns.resume, "self id", ""),
    (Client.calibrate, "self", ""),
    (Client.close, "self", ""),
    (Plotter.funnel, "self", ""),
    (Plotter.timeline, "self", ""),
    (Plotter.compare, "self", ""),
    (Plotter.send_times, "self", ""),
    (Plotter.calendar, "self", ""),
    (Plotter.list_health, "self", ""),
]


@pytest.mark.parametrize(
    ("function", "positional", "keywords"), SIGNATURES, ids=[f[0].__qualname__ for f in SIGNATURES]
)
def test_the_public_names_have_their_arguments(function, positional, keywords):
    parameters = inspect.signature(function).parameters
    found = [name for name, one in parameters.items() if one.kind <= one.POSITIONAL_OR_KEYWORD]
    assert found == positional.split()
    only = {name for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY}
    assert set(keywords.split()) <= only
    required = [name for name in only if parameters[name].default is inspect.Parameter.empty]
    assert required == [], "every keyword has a default"
    assert inspect.getdoc(function)


@pytest.mark.parametrize(
    ("function", "defaults"),
    [
        (
            dyno.connect,
            {
                "url": None,
                "api_key": None,
                "name": "default",
                "timeout_s": 30.0,
                "page_size": 1000,
                "profile": "auto",
            },
        ),
        (dyno.sandbox, {"path": None, "sample": True, "port": 0, "speed": 1.0, "page_limit": 1000}),
        (DynoAccessor.query, {"ascending": True, "offset": 0, "strict": False, "level": 0, "limit": None}),
        (
            Scan.to_parquet,
            {
                "partition_by": None,
                "mode": "overwrite",
                "max_rows_per_file": 1_000_000,
                "compression": "zstd",
                "progress": None,
            },
        ),
    ],
)
def test_the_defaults_are_those_that_were_promised(function, defaults):
    parameters = inspect.signature(function).parameters
    assert {name: parameters[name].default for name in defaults} == defaults


def test_properties_are_no_calls():
    for owner, name in ((DynoAccessor, "certificate"), (DynoAccessor, "plot"), (Client, "journal")):
        assert isinstance(inspect.getattr_static(owner, name), property)
        assert inspect.getdoc(getattr(owner, name))
