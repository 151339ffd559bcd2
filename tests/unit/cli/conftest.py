"""A command run in this interpreter, and one run as a program of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any

import pytest

from dyno_frames.cli import main

DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run one command in this interpreter."""

    def run_command(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Ended(code, written.out, written.err)

    return run_command


@pytest.fixture
def ask(run: Callable[..., Ended], sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run one command with the practice server's account in the environment."""
    monkeypatch.setenv("DYNO_URL", sandbox.url)
    monkeypatch.setenv("DYNO_API_KEY", sandbox.api_key)
    return run


class Program:
    """A command in a process of its own, its lines read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._queue: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))

    def line_with(self, text: str) -> str:
        """Return the next line that holds a text."""
        while True:
            try:
                line = self._queue.get(timeout=DEADLINE_S)
            except Empty:
                raise AssertionError(f"no line with {text!r} came; these did: {self.lines}") from None
            self.lines.append(line)
            if text in line:
                return line

    def end(self, signal_number: int) -> int:
        """Send a signal to it alone and return the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(DEADLINE_S)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def _started(*arguments: object, **environment: str) -> Iterator[Program]:
    line = [sys.executable, "-m", "dyno_frames.cli", *map(str, arguments)]
    with subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},
    ) as process:
        program = Program(process)
        try:
            yield program
        finally:
            program.close()


@pytest.fixture
def started() -> Callable[..., Any]:
    """Start a command as a program; a context manager."""
    return _started
