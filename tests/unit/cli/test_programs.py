"""The commands that run for a while, as programs of their own."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from dyno_frames.cli.demo import COLUMNS
from dyno_frames.cli.profiles import PROFILES, profile_of
from dyno_frames.cli.sandbox import sandbox
from dyno_frames.contract.profile import Several
from dyno_frames.errors import ConfigError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals end programs differently there")


@pytest.fixture
def account(run):
    """Run a command with the account that a started practice server printed."""

    def ask(program, *arguments):
        url = program.line_with("runs at ").rpartition(" ")[2]
        key = program.line_with("User-Api-Key: ").rpartition(" ")[2]
        return run(*arguments, "--url", url, "--api-key", key)

    return ask


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_prints_its_account_and_stops_when_told(started, account, number):
    with started("sandbox") as program:
        ended = account(program, "count", "campaigns")
        assert ended.code == 0
        assert int(ended.out) > 0
        assert program.end(number) == 0
        program.line_with("has stopped")
    assert sum("User-Api-Key" in line for line in program.lines) == 1


def test_the_sandbox_takes_its_key_and_rows_from_the_command_line(started, account, tmp_path):
    rows = pd.DataFrame({"name": ["Spring", "Summer"], "created": [1439054168, 1439054169]})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    with started(
        "sandbox", "--api-key", "mine", "--no-sample", "--load", f"lists={tmp_path / 'rows.csv'}"
    ) as program:
        ended = account(program, "find", "lists", "--columns", "name", "--format", "csv")
        assert ended.out.splitlines() == ["name", "Spring", "Summer"]
        assert "User-Api-Key: mine" in program.lines


def test_the_sandbox_renames_columns_and_tells_those_that_are_no_fields(started, account, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("Title,Folder=x\nSpring,y\n", encoding="utf-8")
    with started("sandbox", "--load", f"campaigns={file}") as program:
        program.line_with("warning: load['campaigns']: 2 columns")
    arguments = ("--rename", "Title=name", "--rename", "Folder=x=subject")
    with started("sandbox", "--load", f"campaigns={file}", *arguments) as program:
        ended = account(program, "find", "campaigns", "--columns", "name,subject", "--format", "csv")
        assert ended.out.splitlines() == ["name,subject", "Spring,y"]


@pytest.mark.parametrize("value", ["Title", "=name", "Title="])
def test_a_rename_without_two_names_is_refused(run, value):
    answered = run("sandbox", "--rename", value)
    assert answered.code == 2
    assert "OLD=NEW" in answered.err


def test_the_sandbox_keeps_an_account_in_its_file(started, account, tmp_path):
    counted = []
    for sample in ("--sample", "--no-sample"):
        with started("sandbox", "--db", tmp_path / "account.db", sample) as program:
            counted.append(account(program, "count", "campaigns").out)
            assert program.end(signal.SIGTERM) == 0
    assert counted[0] == counted[1] != "0\n"


def test_the_demo_takes_less_than_half_a_minute_and_leaves_what_it_says(tmp_path):
    began = time.monotonic()
    shown = subprocess.run(
        [sys.executable, "-m", "dyno_frames.cli", "demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert time.monotonic() - began < 30
    assert "datetime64[s, UTC]" in shown.stdout
    assert "dyno-frames lab" in shown.stdout
    assert all(name in shown.stdout for name in COLUMNS)
    assert shown.stderr == ""
    drawing = tmp_path / "dyno-demo" / "timeline.png"
    assert str(drawing.resolve()) in shown.stdout
    assert drawing.read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_parquet(tmp_path / "dyno-demo" / "campaigns.parquet")) > 100


def test_the_demo_twice_is_the_demo_once(run, tmp_path):
    assert run("demo", "--to", tmp_path).code == 0
    files = sorted(path.name for path in tmp_path.iterdir())
    assert run("demo", "--to", tmp_path).code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == files


@pytest.mark.parametrize("name", PROFILES)
def test_the_sandbox_starts_under_every_named_profile(started, account, name):
    with started("sandbox", "--profile", name) as program:
        assert account(program, "count", "campaigns").code == 0


def test_a_sandbox_takes_the_profile_of_a_file(tmp_path):
    file = tmp_path / "learnt.json"
    file.write_text(
        json.dumps(PROFILES["mysql"].to_json() | {"several": None, "of_later": 1}), encoding="utf-8"
    )
    learnt = profile_of(str(file))
    assert learnt == dataclasses.replace(PROFILES["mysql"], several=Several.AND)


@pytest.mark.parametrize("text", ["[]", "{", '{"like": "guess"}'])
def test_a_file_that_is_no_profile_is_refused(tmp_path, text):
    file = tmp_path / "learnt.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="does not contain a profile"):
        profile_of(str(file))


def test_an_unknown_profile_is_refused_with_the_names_there_are():
    with pytest.raises(ConfigError, match="decided, mysql"):
        profile_of("oracle")


def test_the_help_of_the_sandbox_names_every_profile_but_its_own():
    (told,) = [option.help for option in sandbox.params if option.name == "profile"]
    assert all(name in told for name in set(PROFILES) - {"decided"})


def test_a_table_that_does_not_fit_is_told_row_by_row_and_nothing_starts(run, tmp_path):
    file = tmp_path / "campaigns.csv"
    file.write_text("id,created\na,soon\nb,5\nb,6\n", encoding="utf-8")
    answered = run("sandbox", "--load", f"campaigns={file}", "--db", tmp_path / "box.db")
    assert answered.code == 2
    head, created, twice = answered.err.strip().splitlines()
    assert "2 of 3 rows" in head
    assert created.startswith("  column 'created': expected epoch seconds")
    assert "(rows 2), the first contains 'b'" in twice
    assert not (tmp_path / "box.db").exists()


def test_the_package_itself_is_the_command_line():
    line = [sys.executable, "-m", "dyno_frames"]
    asked = subprocess.run([*line, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert asked.stdout.startswith("dyno-frames, version")
    wrong = subprocess.run([*line, "fnid"], capture_output=True, text=True, timeout=60, check=False)
    assert wrong.returncode == 2
    assert "fnid" in wrong.stderr
