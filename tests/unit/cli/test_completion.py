"""Completion in the shells themselves, with the script that the command prints."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these shells are for POSIX systems")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with the program dyno-frames, for the path of a shell."""
    program = tmp_path / "dyno-frames"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dyno_frames.cli "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(tools: Path) -> dict[str, str]:
    paths = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path)}
    return {**os.environ, **paths, "HOME": str(tools), "TERM": "dumb", "PS1": "$ "}


def shell_path(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def type_lines(shell: str, arguments: list[str], before: str, tools: Path) -> None:
    """Type the beginning of each line and Tab in an interactive shell, and wait for what it shows."""
    child = pexpect.spawn(
        shell_path(shell), arguments, env=environment(tools), encoding="utf-8", dimensions=(40, 160), timeout=30
    )  # fmt: skip
    try:
        child.sendline(f"{before}; echo is'-'ready")
        child.expect("is-ready")
        for line, shown in LINES:
            child.send(f"{line}\t")
            child.expect_exact(shown)
            child.sendcontrol("u")  # Ctrl-C would also drop what is typed before the next prompt
    finally:
        child.close(force=True)


LINES = [
    ("dyno-frames cali", "dyno-frames calibrate"),
    ("dyno-frames find campaigns --columns name,preview_", "name,preview_message"),
    ("dyno-frames find campaigns --format mark", "--format markdown"),
    ("dyno-frames wait x --until fin", "--until finished"),
]


def test_bash_completes_what_is_typed(tools):
    before = 'eval "$(dyno-frames completion bash)"'
    type_lines("bash", ["--norc", "--noprofile"], before, tools)


def test_zsh_completes_what_is_typed(tools):
    before = 'autoload -Uz compinit && compinit -u && eval "$(dyno-frames completion zsh)"'
    type_lines("zsh", ["-f"], before, tools)


def test_fish_completes_what_is_typed(tools):
    asked = "; ".join(f"complete --do-complete {shlex.quote(line)}" for line, _ in LINES)
    done = subprocess.run(
        [shell_path("fish"), "--no-config", "-c", f"dyno-frames completion fish | source; {asked}"],
        env=environment(tools), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert {shown.split()[-1] for _, shown in LINES} <= set(done.stdout.split())


def test_a_shell_that_asks_gets_completions_and_not_the_help(tools):
    asked = {"_DYNO_FRAMES_COMPLETE": "bash_complete", "COMP_WORDS": "dyno-frames fin", "COMP_CWORD": "1"}
    done = subprocess.run(
        ["dyno-frames"], env=environment(tools) | asked, capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    assert done.stdout.split() == ["plain,find"]


def test_columns_are_those_of_the_resource_and_not_offered_twice(tools):
    words = "dyno-frames find lists --columns name,"
    asked = {"_DYNO_FRAMES_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "4"}
    done = subprocess.run(
        ["dyno-frames"], env=environment(tools) | asked, capture_output=True, text=True, check=True, timeout=60
    )  # fmt: skip
    offered = done.stdout.split()
    assert "plain,name,contacts" in offered
    assert not {"plain,name,opens", "plain,name,name"} & set(offered)


def test_the_help_says_where_the_line_goes(run):
    ended = run("completion", "--help")
    assert ended.code == 0
    for line in ('eval "$(dyno-frames completion bash)"', "dyno-frames completion fish | source"):
        assert line in ended.out
    assert run("completion", "tcsh").code == 2
