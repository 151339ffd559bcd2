"""What the README promises: every block of code runs, its example prints what it shows, its files exist."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from rerun import EXAMPLE, README, ROOT, printed_by
from traitlets.config import Config

TEXT = README.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
TABLE_ROW = re.compile(r"^\| (?P<names>`[^|]+`(?:, `[^|]+`)*) \|", re.MULTILINE)


def section(title):
    """Return one section of the README."""
    [found] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    return found


def named(title):
    """Return what the first column of a section's table names."""
    rows = TABLE_ROW.findall(section(title))
    return [
        name
        for row in rows
        for name in re.findall(r"`([^`]+)`", row)
        if "…" not in name and name != "dyno_frames/"
    ]


def blocks(language):
    """Return the blocks of code in one language."""
    return [found["code"] for found in BLOCK.finditer(TEXT) if found["language"] == language]


COMMANDS = [
    line.partition("   #")[0].strip()
    for block in blocks("bash")
    for line in block.splitlines()
    if not line.startswith("export ")
]

NOT_RUN = {
    "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest": "run by .ci/run",
    ".venv/bin/pytest": "all tests, this one among them",
    ".venv/bin/pytest -n0 --pdb": "the same",
    ".venv/bin/pytest tests/unit/query": "a part of them",
    ".venv/bin/python -m tests.benchmarks.scans": "takes minutes, and needs the extra bench",
    ".venv/bin/python -m tests.benchmarks": "takes hours, and needs the extra bench",
    ".venv/bin/python tests/notebooks/rerun.py": "changes the checkout; its parts are tested in test_stored.py",
}
"""Commands that no test runs, each with the reason."""

SHORTER = {
    "--examples 200000": "--examples 20",
    "--examples 10000": "--examples 5",
    "--examples 300": "--examples 1",
    "--histories 10000": "--histories 2",
    "--port 8025": "--port 0",
    "dyno-frames lab": "dyno-frames lab --help",
    'start "Spring sale"': 'start "$(draft)"',
    "https://mail.example.com": "$DYNO_URL",
}
"""What is changed in a command: fewer examples, a free port, no server that runs on, a campaign and a server of the reader."""

DRAFT = """draft() {
    local list=$(dyno-frames create lists --set name=Friends --set-json 'emails=["ann@example.com"]')
    dyno-frames create campaigns --set "name=Spring sale" --set subject=Spring --set "list_id=$list"
}
"""
"""A function of the shell that creates a draft campaign and prints its id."""


def runnable(command):
    """Return what a test runs of a command: without installing, with this interpreter."""
    last = command.split(" && ")[-1]
    for long, short in SHORTER.items():
        last = last.replace(long, short)
    return last.replace(".venv/bin/", "")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """The folder of the reader's settings: one command adds a connection, and the next ones use it."""
    return tmp_path_factory.mktemp("config")


@pytest.fixture
def environment(sandbox, tmp_path, settings):
    """The environment of a README's reader whose account is the sandbox."""
    tools = str(Path(sys.executable).parent)
    return os.environ | {
        "DYNO_URL": sandbox.url,
        "DYNO_API_KEY": sandbox.api_key,
        "DYNO_STATE_DIR": str(tmp_path / "state"),
        "DYNO_CONFIG_DIR": str(settings),
        "MAIL_KEY": sandbox.api_key,
        "DYNO_DATA_DIR": str(tmp_path / "data"),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "MPLBACKEND": "agg",
    }


def test_the_example_prints_what_the_readme_shows():
    found = EXAMPLE.search(TEXT)
    assert found is not None
    assert printed_by(found["code"]) == found["printed"]


def test_an_example_that_fails_is_no_success():
    with pytest.raises(AssertionError, match="example fails"):
        printed_by("import dyno_frames\ndyno_frames.no_such_name")


def test_every_block_of_python_runs_in_the_order_of_the_page(environment, tmp_path):
    connection = f'[connections.production]\nurl = "{environment["DYNO_URL"]}"\nkey = "env:MAIL_KEY"\n'
    (tmp_path / "connections.toml").write_text(connection, encoding="utf-8")
    environment["DYNO_CONFIG_DIR"] = str(tmp_path)
    code = "\n".join(blocks("python"))
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_cells_with_magics_run(client, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    shell.user_ns["client"] = client
    (cells,) = [block for block in blocks("text") if block.startswith("%load_ext")]
    for cell in cells.strip().split("\n\n"):
        shown = shell.run_cell(cell)
        shown.raise_error()
    shown.result.close()
    shell.restore_sys_module_state()
    assert len(shell.user_ns["running"])


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a POSIX shell")
@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in NOT_RUN])
def test_every_command_runs(command, environment, tmp_path):
    shell = ["bash", "-c", f"{DRAFT}exec {runnable(command)}"]
    with subprocess.Popen(
        shell, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Press Ctrl-C" in line:
                process.send_signal(signal.SIGINT)
    assert process.returncode == 0, "".join(said)


def test_every_command_that_is_not_run_is_on_the_page():
    assert NOT_RUN.keys() <= set(COMMANDS)


def test_every_block_is_python_that_runs_its_output_or_commands():
    assert {found["language"] for found in BLOCK.finditer(TEXT)} == {"python", "text", "bash"}


@pytest.mark.parametrize(
    ("title", "command"),
    [
        ("Set-up", "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/dyno-frames demo"),
        (
            "Contributing",
            "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
        ),
    ],
)
def test_one_line_installs_and_shows_the_package_and_one_runs_the_tests(title, command):
    assert section(title).splitlines().count(command) == 1


def test_the_commands_named_are_all_there_are():
    from dyno_frames.cli.program import program

    assert sorted(named("Command line")) == sorted(program.commands)


def test_the_packages_named_are_all_there_are():
    packages = {f"{path.parent.name}/" for path in (ROOT / "dyno_frames").glob("*/__init__.py")}
    assert sorted(named("Contributing")) == sorted(packages)


def test_every_file_that_a_change_touches_exists():
    rows = section("Contributing").partition("| A new … | touches |")[2]
    touched = re.findall(r"`(\w+/[\w/]*(?:\.py)?)`", rows.partition("\n\n")[0])
    assert len(touched) > 15
    assert [name for name in touched if not (ROOT / "dyno_frames" / name).exists()] == []


def test_every_file_that_is_linked_or_run_exists():
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", TEXT)
    run = re.findall(r"\b(?:tests|notebooks)/[\w/]+(?:\.\w+)?", section("Contributing"))
    assert [name for name in linked + run if not (ROOT / name).exists()] == []
