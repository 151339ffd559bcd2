"""The IPython extension: ``%%dyno``, ``%dyno``, and columns that are completed inside query strings."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import dyno_frames
from dyno_frames.errors import QueryError, SchemaError
from dyno_frames.integrations.completion import columns_at
from dyno_frames.panels.views.widgets.panel import CampaignPanel


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(config=config)
    assert shell.run_cell("%load_ext dyno_frames").success
    yield shell
    shell.restore_sys_module_state()


@pytest.fixture
def run(shell, capsys):
    """Run a cell and return its result; an error of the cell is raised."""

    def run_cell(code):
        done = shell.run_cell(code)
        done.raise_error()
        return done.result

    return run_cell


@pytest.fixture
def connected(shell, client):
    shell.user_ns["client"] = client


@pytest.mark.usefixtures("connected")
def test_a_cell_runs_a_query_into_a_variable(run, shell, client):
    shell.user_ns["least"] = 1000
    shown = run(
        "%%dyno often --columns id,opens --order-by opens --descending --limit 3\n"
        "status == 'finished'\nand opens > @least"
    )
    expected = client.campaigns.find(
        "status == 'finished' and opens > 1000", columns=["id", "opens"], order_by="opens", ascending=False, limit=3
    )  # fmt: skip
    pd.testing.assert_frame_equal(shell.user_ns["often"], expected)
    assert shown is shell.user_ns["often"]


@pytest.mark.usefixtures("connected")
def test_a_cell_queries_other_resources_and_an_empty_one_returns_all_rows(run, shell, client):
    run("%%dyno readers --from lists\n\n")
    pd.testing.assert_frame_equal(shell.user_ns["readers"], client.lists.find())


def test_without_a_client_the_account_comes_from_the_environment_once(run, shell, sandbox, monkeypatch):
    monkeypatch.setenv("DYNO_URL", sandbox.url)
    monkeypatch.setenv("DYNO_API_KEY", sandbox.api_key)
    first = run("%%dyno a --limit 1\n\n")
    monkeypatch.delenv("DYNO_API_KEY")
    pd.testing.assert_frame_equal(run("%%dyno b --limit 1\n\n"), first)
    assert run("%dyno journal").columns[0] == "at"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%dyno", "UsageError: expected %dyno panel [FRAME], journal or doctor"),
        ("%dyno ", "UsageError: expected %dyno panel [FRAME], journal or doctor"),
        ("%dyno panels", "%dyno panels is unknown; expected %dyno panel [FRAME], journal or doctor"),
        (
            "%%dyno r '\nopens > 3",
            "%%dyno r ' cannot be read: No closing quotation; expected %%dyno VARIABLE",
        ),
        ("%dyno panel absent", "absent is not a frame"),
        ("%%dyno 1st\nopens > 3", "'1st' is not the name of a variable"),
        ("%%dyno class\nopens > 3", "'class' is not the name of a variable"),
        ("%%dyno a --from senders\nopens > 3", "invalid choice: 'senders'"),
        ("%%dyno\nopens > 3", "required: variable"),
        ("%%dyno a --limit many\nopens > 3", "invalid int value: 'many'"),
    ],
)
def test_a_wrong_command_is_said_in_one_line_before_a_request(shell, capsys, code, said):
    assert not shell.run_cell(code).success
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("connected")
def test_a_wrong_query_is_the_error_of_the_client(run):
    with pytest.raises(QueryError, match="did you mean 'opens'"):
        run("%%dyno a\nopnes > 3")


@pytest.mark.usefixtures("connected")
def test_the_panel_is_of_a_frame_or_of_the_newest_campaigns(run, shell):
    run("%%dyno running\nstatus == 'running'")
    for code in ("%dyno panel running", "%dyno panel"):
        panel = run(code)
        assert isinstance(panel, CampaignPanel)
        panel.close()
    run("%%dyno names --columns name\n\n")
    with pytest.raises(SchemaError, match="a panel needs campaigns with their id"):
        run("%dyno panel names")


def test_the_doctor_prints_its_report(run, capsys):
    assert run("%dyno doctor") is None
    assert "skipped  key " in capsys.readouterr().out


def test_nothing_that_is_shown_has_the_key(shell, run, sandbox, monkeypatch, capsys):
    monkeypatch.setenv("DYNO_URL", sandbox.url)
    monkeypatch.setenv("DYNO_API_KEY", sandbox.api_key)
    for code in (
        "%%dyno a --limit 1\n\n",
        "%dyno journal",
        "%dyno doctor",
        "%%dyno b\nname == @client",
        "%who_ls",
    ):
        shell.run_cell(code)
    written = capsys.readouterr()
    assert sandbox.api_key not in written.out + written.err + repr(shell.user_ns)


def test_unloading_removes_the_magics_and_the_completion_and_loading_twice_adds_them_once(run, shell):
    dyno_frames.load_ipython_extension(shell)
    assert len(shell.Completer.custom_matchers) == 1
    run("%unload_ext dyno_frames")
    assert shell.Completer.custom_matchers == []
    assert not shell.run_cell("%dyno doctor").success


def completed(shell, code):
    with provisionalcompleter():
        return [one.text for one in shell.Completer.completions(code, len(code)) if one.type == "column"]


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("client.campaigns.find('opens > 3 and cli", ["clicks", "click_rate", "click_to_open_rate"]),
        ('client.lists.count("con', ["contacts"]),
        ("x = 1\nrows = client.templates.scan(\n    '''ht", ["html"]),
        ("frame.dyno.query(\"status == 'finished' and de", ["delivered", "delivery_rate"]),
        ("frame.dyno.query(r'ex", ["extra_score"]),
        ("%%dyno a\nopens > 3\nand unsub", ["unsubscribes", "unsubscribe_rate"]),
        ("%%dyno a --from lists\ncon", ["contacts"]),
        ("print('op", []),
        ("client.campaigns.get('op", []),
        ("client.campaigns.find('opens > 3') + op", []),
        ("client.campaigns.find(\"status == 'op", []),
        ("client.campaigns.find('name.str.con", []),
        ("client.campaigns.find('opens > @op", []),
        ("# client.campaigns.find('op", []),
        ("%%dyno op", []),
        ("%%dyno a --from senders\nop", []),
        ("", []),
    ],
)
def test_columns_are_completed_inside_queries_and_nowhere_else(shell, client, code, expected):
    shell.user_ns["frame"] = client.campaigns.find(limit=1).assign(extra_score=1)
    assert sorted(completed(shell, code)) == sorted(expected)


def test_a_whole_line_costs_in_proportion_to_its_length():
    code = 'client.campaigns.find("' + "opens > 3 and " * 20_000 + "cli"
    assert columns_at(code, {})[0] == "cli"
