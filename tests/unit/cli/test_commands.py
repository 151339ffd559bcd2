"""The commands that ask, against the practice server."""

from __future__ import annotations

import csv
import io
import json
import os
import socket
import subprocess
import sys

import pandas as pd
import pexpect
import pytest

import dyno_frames as dyno
from dyno_frames.cli.program import program

QUESTION = "status == 'finished' and opens > 100"


@pytest.fixture(scope="module")
def finished(client) -> pd.DataFrame:
    frame = client.campaigns.find(QUESTION)
    assert len(frame) > 3, "the sample account should have finished campaigns that were opened"
    return frame


def test_find_prints_the_rows_that_the_client_finds(ask, finished):
    ended = ask("find", "campaigns", "--where", QUESTION, "--columns", "id,name", "--format", "jsonl")
    assert (ended.code, ended.err) == (0, "")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert rows == finished[["id", "name"]].to_dict("records")


def test_find_orders_and_limits(ask, finished):
    ended = ask(
        "find", "campaigns", "--where", QUESTION, "--columns", "opens", "--order-by", "opens",
        "--descending", "--limit", 3, "--format", "csv",
    )  # fmt: skip
    assert ended.code == 0
    opens = [int(row["opens"]) for row in csv.DictReader(io.StringIO(ended.out))]
    assert opens == finished["opens"].sort_values(ascending=False).head(3).tolist()


def test_find_prints_a_table_for_people(ask, finished):
    ended = ask("find", "campaigns", "--where", QUESTION, "--columns", "name,opens")
    assert ended.code == 0
    assert ended.out.splitlines()[0].split() == ["name", "opens"]
    assert ended.out.endswith(f"{len(finished):,} rows\n")


@pytest.mark.parametrize("resource", ["templates", "lists", "campaigns"])
def test_count_prints_the_number_and_nothing_else(ask, client, resource):
    ended = ask("count", resource)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{getattr(client, resource).count()}\n"


def test_explain_prints_the_plan(ask, client):
    ended = ask("explain", "campaigns", "--where", QUESTION)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.strip() == str(client.campaigns.scan(QUESTION).explain()).strip()


@pytest.mark.parametrize("language", ["curl", "python", "java", "php"])
def test_code_prints_the_program_of_the_scan(ask, client, language):
    ended = ask("code", "campaigns", "--where", QUESTION, "--language", language)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == client.campaigns.scan(QUESTION).to_code(language)


def test_code_names_the_options_that_help_where_the_server_cannot_evaluate(ask):
    ended = ask("code", "campaigns", "--where", "opens > clicks", "--limit", 3, "--language", "java")
    assert ended.code == 2
    assert ended.out == ""
    assert "--language python, or --wider" in ended.err
    wider = ask("code", "campaigns", "--where", "opens > clicks", "--language", "java", "--wider", "--count")
    assert (wider.code, wider.err) == (0, "")


def test_export_writes_the_rows_that_find_prints(ask, finished, tmp_path):
    file = tmp_path / "new" / "rows.parquet"
    for _ in range(2):
        ended = ask("export", "campaigns", "--where", QUESTION, "--to", file)
        assert (ended.code, ended.err) == (0, "")
        assert str(file) in ended.out
        assert sorted(pd.read_parquet(file)["id"]) == sorted(finished["id"])


def test_calibrate_prints_what_the_server_means(ask, own_state):
    ended = ask("calibrate", "--format", "json")
    assert ended.code == 0
    assert json.loads(ended.out)["like"] == "substring"
    table = ask("calibrate")
    assert table.code == 0
    assert "like                 seen: substring" in table.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["find", "campaigns", "--where", "status =="], "status =="),
        (["find", "campaigns", "--where", "opnes > 3"], "opens"),
        (["count", "campaigns", "--where", "opens > 'many'"], "opens"),
        (["find", "campaigns", "--columns", "name,opnes"], "opens"),
        (["find", "senders"], "senders"),
        (["find", "campaigns", "--columns", "name,,opens"], "empty name"),
        (["find", "campaigns", "--limit", "-1"], "-1"),
        (["find", "campaigns", "--strict", "--where", "opens > opens.mean()"], "opens"),
        (["sandbox", "--load", "senders=x.csv"], "senders"),
        (["sandbox", "--load", "campaigns=absent.csv"], "absent.csv"),
        (["fnid"], "fnid"),
        (["export", "campaigns"], "--to"),
        ([], "Usage"),
    ],
)
def test_a_wrong_command_or_query_ends_with_2_and_a_clear_line(ask, arguments, word):
    ended = ask(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert word in ended.err
    assert "Traceback" not in ended.err


def test_a_server_that_is_not_there_ends_with_1(run):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ended = run("count", "campaigns", "--url", f"http://127.0.0.1:{port}", "--api-key", "not-a-secret")
    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert "not-a-secret" not in ended.err


def test_a_wrong_key_is_said_and_never_shown(run, sandbox):
    ended = run("count", "campaigns", "--url", sandbox.url, "--api-key", "not-the-right-one")
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert "not-the-right-one" not in ended.err


@pytest.mark.parametrize("command", ["find", "count", "explain", "export"])
@pytest.mark.parametrize("name", ["api_key", "url", "client"])
def test_a_query_sees_no_variable_of_the_program(ask, sandbox, tmp_path, command, name):
    more = ["--to", tmp_path / "rows"] if command == "export" else []
    ended = ask(command, "campaigns", "--where", f"name != @{name}", *more)
    assert ended.code == 2
    assert sandbox.api_key not in ended.out + ended.err


@pytest.mark.parametrize("command", ["find", "count", "explain"])
def test_a_query_that_is_not_utf_8_is_refused(run, command):
    ended = run(
        command, "lists", "--where", 'name == "\udcff"', "--url", "http://127.0.0.1:9", "--api-key", "x"
    )
    assert ended.code == 2
    assert "--where': the query is not valid UTF-8" in " ".join(ended.err.split())


def test_without_an_account_the_cure_is_named(run):
    ended = run("count", "campaigns")
    assert ended.code == 2
    assert "DYNO_API_KEY" in ended.err or "DYNO_URL" in ended.err


@pytest.mark.parametrize("place", ["before", "behind"])
def test_debug_shows_where_it_failed_and_keeps_the_code(ask, place):
    command = ["count", "campaigns", "--where", "opnes > 3"]
    ended = ask(*(["--debug", *command] if place == "before" else [*command, "--debug"]))
    assert ended.code == 2
    assert "Traceback" in ended.err


def test_a_reader_that_leaves_early_is_no_error(sandbox):
    line = [sys.executable, "-m", "dyno_frames.cli", "find", "campaigns", "--format", "jsonl"]
    account = {"DYNO_URL": sandbox.url, "DYNO_API_KEY": sandbox.api_key}
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **account}
    ) as asked:
        asked.stdout.close()
        assert asked.wait(60) == 0
        assert asked.stderr.read() == b""


def test_help_loads_no_heavy_guest_and_names_every_command():
    script = (
        "import sys\nfrom dyno_frames.cli import main\ncode = main(['--help'])\n"
        "print(code, sorted(set(sys.modules) & {'matplotlib', 'starlette', 'uvicorn', 'ipywidgets', 'dask'}))"
    )
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(program.commands) > 20
    for name in program.commands:
        assert f"\n  {name} " in asked.stdout
    assert asked.stdout.splitlines()[-1] == "0 []"


def test_export_syncs_a_dataset_and_says_so_in_one_line(ask, client, tmp_path):
    folder = tmp_path / "new" / "campaigns"
    first = ask("export", "campaigns", "--to", folder, "--mode", "sync", "--partition-by", "created:year")
    assert (first.code, first.err) == (0, "")
    rows = len(client.campaigns.find())
    assert first.out.count("\n") == 1
    assert f"version 1, {rows:,} rows, exact" in first.out
    assert f"{rows:,} added, 0 changed, 0 removed" in first.out
    again = ask("export", "campaigns", "--to", folder, "--mode", "sync", "--json")
    assert (again.code, again.err) == (0, "")
    assert again.out.count("\n") == 1
    facts = json.loads(again.out)
    assert facts["path"] == str(folder)
    assert (facts["version"], facts["rows"], facts["added"], facts["verdict"]) == (1, rows, 0, "exact")
    assert facts["moved"] < rows + 20, "without calibration, the ids of all rows are compared"
    assert len(pd.read_parquet(folder)) == rows


def test_export_writes_a_delta_table(ask, finished, tmp_path):
    table = tmp_path / "made" / "table"
    parts = ("--format", "delta", "--partition-by", "created:year")
    ended = ask("export", "campaigns", "--where", QUESTION, "--to", table, *parts)
    assert (ended.code, ended.err) == (0, "")
    assert f"version 0, {len(finished):,} rows, exact" in ended.out
    assert sorted(dyno.open_delta(table).to_frame()["id"]) == sorted(finished["id"])


def test_export_prints_json_of_one_file_too(ask, finished, tmp_path):
    ended = ask("export", "campaigns", "--where", QUESTION, "--to", tmp_path / "a.parquet", "--json")
    facts = json.loads(ended.out)
    assert (facts["rows"], facts["mode"], facts["verdict"]) == (len(finished), "overwrite", "exact")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--mode", "sync", "--limit", "3"], "Use --mode overwrite"),
        (["--mode", "upsert"], "upsert"),
        (["--partition-by", "stauts"], "stauts"),
        (["--max-rows-per-file", "0"], "0"),
        (["--compression", "zip"], "zip"),
    ],
)
def test_an_export_that_cannot_be_done_ends_with_2_before_anything_is_written(ask, tmp_path, arguments, word):
    ended = ask("export", "campaigns", "--to", tmp_path / "c", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert word in ended.err
    assert not (tmp_path / "c").exists()


def test_an_export_that_meets_another_ends_with_2(ask, tmp_path):
    from dyno_frames.export.store import write_lock
    from dyno_frames.export.stores import store_of

    with write_lock(store_of(tmp_path / "c")):
        ended = ask("export", "campaigns", "--to", tmp_path / "c", "--mode", "sync")
    assert (ended.code, ended.out) == (2, "")
    assert "another run is writing to" in ended.err


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and /dev/full")
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["export", "lists", "--to", "/proc/x"], "'/proc/x' cannot be written (No such file or directory: "),
        (["export", "lists", "--to", "/proc/x.parquet"], "cannot be written (No such file or directory: "),
        (["export", "lists", "--to", "/dev/full/x.parquet"], "'/dev/full' cannot be used"),
        (["sandbox", "--db", "/proc/x"], "/proc/x cannot be used as a sandbox's database: unable to open"),
    ],
)
def test_a_path_that_cannot_be_written_ends_with_2_and_one_clear_line(ask, arguments, word):
    ended = ask(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert word in ended.err
    assert ended.err.count("\n") == 1
    assert "Errno" not in ended.err


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize("target", ["> /dev/full", ">&-"])
def test_an_output_that_cannot_be_written_is_said_in_one_line(sandbox, target):
    account = {"DYNO_URL": sandbox.url, "DYNO_API_KEY": sandbox.api_key}
    line = f"{sys.executable} -m dyno_frames find lists --format csv {target}"
    asked = subprocess.run(
        ["sh", "-c", line],
        env={**os.environ, **account},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    full = "the output cannot be written: No space left on device; free some space"
    assert asked.returncode == 2
    assert ("stdout is closed" if "&-" in target else full) in asked.stderr
    assert "Traceback" not in asked.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of a file's size")
@pytest.mark.parametrize(
    "arguments", ["find campaigns --format csv", "find campaigns --format parquet", "code campaigns"]
)
def test_an_output_that_is_written_in_part_is_said_if_stdout_is_unbuffered(sandbox, tmp_path, arguments):
    account = {"DYNO_URL": sandbox.url, "DYNO_API_KEY": sandbox.api_key, "PYTHONUNBUFFERED": "1"}
    line = f"ulimit -f 4; exec {sys.executable} -B -m dyno_frames {arguments} > out"
    asked = subprocess.run(
        ["bash", "-c", line], env={**os.environ, **account}, cwd=tmp_path, capture_output=True, timeout=60, check=False
    )  # fmt: skip
    assert (asked.returncode, (tmp_path / "out").stat().st_size) == (2, 4096)
    assert asked.stderr == (
        b"dyno-frames: the output cannot be written: File too large; free some space, or write to another device\n"
    )


def test_values_arrive_unchanged_in_a_pipe(tmp_path):
    from dyno_frames.sandbox.sandbox import Sandbox

    name = "\x1b[31mred\x1b[0m\x07"
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"name": name, "created": 1439054168}), encoding="utf-8")
    with Sandbox(load={"lists": file}, sample=False, speed=0) as box:
        account = {"DYNO_URL": box.url, "DYNO_API_KEY": box.api_key, "PYTHONUTF8": "1"}
        line = [sys.executable, "-m", "dyno_frames", "find", "lists", "--columns", "name", "--format"]
        printed = {
            form: subprocess.run(
                [*line, form], env={**os.environ, **account}, capture_output=True, timeout=60, check=True
            ).stdout.decode()
            for form in ("csv", "jsonl")
        }
    assert list(csv.reader(io.StringIO(printed["csv"]))) == [["name"], [name]]
    assert json.loads(printed["jsonl"]) == {"name": name}


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_csv_on_a_terminal_does_not_steer_it(tmp_path):
    import pty

    from dyno_frames.sandbox.sandbox import Sandbox

    file = tmp_path / "rows.jsonl"
    file.write_text('{"name": "a\\u001b]0;pwn\\u0007b", "created": 1439054168}\n', encoding="utf-8")
    with Sandbox(load={"lists": file}, speed=0) as box:
        account = {"DYNO_URL": box.url, "DYNO_API_KEY": box.api_key}
        line = [sys.executable, "-m", "dyno_frames", "find", "lists", "--format", "csv", "--columns", "name"]
        ours, theirs = pty.openpty()
        asked = subprocess.run(line, stdout=theirs, env={**os.environ, **account}, timeout=60, check=True)
        os.close(theirs)
        shown = os.read(ours, 4096)
        os.close(ours)
        plain = subprocess.run(
            line, env={**os.environ, **account}, capture_output=True, timeout=60, check=True
        )
    assert asked.returncode == 0
    assert b"a\\x1b]0;pwn\\x07b" in shown
    assert b"\x1b" not in shown
    assert b"a\x1b]0;pwn\x07b" in plain.stdout


POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")


@pytest.fixture
def on_terminal(sandbox, own_state):
    """Run a command on a terminal of a width, and return its lines and exit code."""

    def run(*arguments, columns):
        account = {"DYNO_URL": sandbox.url, "DYNO_API_KEY": sandbox.api_key}
        child = pexpect.spawn(
            sys.executable, ["-m", "dyno_frames.cli", *arguments], env={**os.environ, **account},
            encoding="utf-8", dimensions=(40, columns), timeout=60,
        )  # fmt: skip
        lines = child.read().replace("\r\n", "\n").splitlines()
        child.close()
        return lines, child.exitstatus

    return run


@POSIX_ONLY
def test_a_terminal_shows_fifty_rows_and_the_columns_that_fit(on_terminal, client):
    lines, code = on_terminal("find", "campaigns", columns=90)
    rows = client.campaigns.count()
    assert code == 0
    assert lines[0].split()[:3] == ["id", "name", "status"]
    assert len(lines[0]) <= 90
    assert lines[51] == f"50 of {rows} rows; use --limit {rows} or --format csv for all"
    assert lines[52].startswith("Not shown at this width: subject, ")


@POSIX_ONLY
def test_a_terminal_shows_all_rows_that_a_limit_allows(on_terminal):
    lines, _ = on_terminal("find", "campaigns", "--columns", "name", "--limit", "60", columns=90)
    assert len(lines) == 62
    assert lines[-1] == "60 rows"


@POSIX_ONLY
def test_rows_that_the_server_cannot_count_are_said_to_be_the_first(on_terminal):
    query = ("--where", "opens >= clicks", "--columns", "name")
    lines, _ = on_terminal("find", "campaigns", *query, columns=90)
    assert lines[-1] == "the first 50 rows; use --limit N or --format csv for more"


@POSIX_ONLY
def test_parquet_is_refused_on_a_terminal(on_terminal):
    lines, code = on_terminal("find", "campaigns", "--format", "parquet", columns=200)
    assert code == 2
    assert "redirect it, as in > rows.parquet, or use dyno-frames export" in lines[-1]


def test_find_writes_parquet_that_pandas_reads(sandbox, finished, own_state):
    line = [sys.executable, "-m", "dyno_frames.cli", "find", "campaigns", "--where", QUESTION]
    account = {"DYNO_URL": sandbox.url, "DYNO_API_KEY": sandbox.api_key}
    asked = subprocess.run(
        [*line, "--format", "parquet"], env={**os.environ, **account}, capture_output=True, check=True, timeout=60
    )  # fmt: skip
    read = pd.read_parquet(io.BytesIO(asked.stdout))
    assert read["start_time"].dtype == "datetime64[ms, UTC]", "Parquet does not have seconds"
    pd.testing.assert_frame_equal(read.astype(finished.dtypes), finished)
    assert sandbox.api_key.encode() not in asked.stdout


def test_find_prints_markdown(ask, finished):
    ended = ask("find", "campaigns", "--where", QUESTION, "--columns", "id,opens", "--format", "markdown")
    first = finished.iloc[0]
    assert ended.out.splitlines()[:3] == [
        "| id | opens |",
        "| --- | --: |",
        f"| {first['id']} | {first['opens']} |",
    ]
    assert len(ended.out.splitlines()) == len(finished) + 2
