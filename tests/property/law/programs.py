"""Run a generated program as its user would: with the tool of its language, and the account in the environment."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

COMMANDS = {
    "curl": ("bash", "program.sh"),
    "python": (sys.executable, "program.py"),
    "java": ("java", "-XX:TieredStopAtLevel=1", "DynoProgram.java"),
    "php": ("php", "program.php"),
}
"""How a program of each language is run."""

LANGUAGES = tuple(COMMANDS)


def missing_tool(language: str) -> str:
    """Return why this machine cannot run programs of a language, or an empty string."""
    tools = {"curl": ("bash", "curl"), "java": ("java", "javac")}.get(language, (COMMANDS[language][0],))
    absent = [tool for tool in tools if shutil.which(tool) is None]
    if absent:
        return f"no {' and no '.join(absent)} on this machine"
    if (
        language == "php"
        and "curl" not in subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout
    ):
        return "PHP has no curl extension on this machine"
    return ""


def need(language: str) -> None:
    """Skip the test where the language is not installed, or fail it where CI is set."""
    reason = missing_tool(language)
    if reason and os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI is set: install it")
    if reason:
        pytest.skip(reason)


def run(language: str, code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, in a new process."""
    command = COMMANDS[language]
    (folder / command[-1]).write_text(code, encoding="ascii")
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


FORKS = """
import json, os, runpy, sys
import pandas, requests
for line in sys.stdin:
    job = json.loads(line)
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    for stream, name in ((0, os.devnull), (1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), stream)
    sys.argv = ["program.py"]
    runpy.run_path("program.py", run_name="__main__")
    sys.exit()
"""
"""A process with pandas and requests that runs each program in a fork, because their import takes half a second."""


@cache
def _forks() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.kill)
    return process


def run_warm(language: str, code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program as :func:`run` does; those in Python in a process that has imported their modules already."""
    if language != "python":
        return run(language, code, folder, **environment)
    (folder / "program.py").write_text(code, encoding="ascii")
    process = _forks()
    assert process.stdin is not None
    assert process.stdout is not None
    job = {"folder": str(folder), "environment": {"NO_PROXY": "127.0.0.1", **environment}}
    print(json.dumps(job), file=process.stdin, flush=True)
    status = int(process.stdout.readline())
    printed, errors = ((folder / name).read_text(encoding="utf-8") for name in ("stdout", "stderr"))
    return subprocess.CompletedProcess(["python"], status, printed, errors)


def ids(language: str, printed: str) -> list[str]:
    """Return the ids that a program printed."""
    lines = printed.removesuffix("\n").split("\n") if printed else []
    return lines if language == "curl" else [json.loads(line)["id"] for line in lines]
