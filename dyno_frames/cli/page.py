"""Serve a notebook as a web page with Voilà, to this machine only and protected by a token."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import click

from dyno_frames.cli.jupyter import attend, require, templates_before

_ADDRESS = re.compile(r"(?<!\S)(http://127\.0\.0\.1:\d+/\S*\?token=)")
_READ_CHARACTERS = 4096
"""Only the first characters of a line are searched."""

_WORTH_READING = re.compile(r"^(?!\[Voila\])|WARNING|ERROR|CRITICAL")


def require_voila() -> None:
    """Raise an error with the line that installs Voilà if it is missing.

    Raises
    ------
    MissingExtraError
        Voilà, its kernel or nbformat is not installed.
    """
    require("voila", "ipykernel", "nbformat", extra="panel")


def command_line(notebook: Path, port: int | None) -> list[str]:
    """Return the command that serves one notebook to this machine only."""
    line = [sys.executable, "-m", "voila", str(notebook), "--no-browser", "--template=dyno"]
    line += ["--Voila.ip=127.0.0.1", "--Voila.auto_token=True"]
    return [*line, f"--port={port}", "--Voila.port_retries=0"] if port else line


def page_environment(token: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for Voilà. They contain the token, because process lists show command-line arguments."""
    return {**os.environ, **given, "JUPYTER_TOKEN": token, "JUPYTER_PATH": templates_before("JUPYTER_PATH")}


def run_page(
    notebook: Path,
    *,
    port: int | None = None,
    browser: bool = True,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Serve a notebook as a page until the server ends, and return its exit code.

    Parameters
    ----------
    notebook
        The notebook.
    port
        The port to listen on (default, and for 0: chosen by Voilà).
    browser
        Whether to open a browser.
    environment
        Variables for the kernels, in addition to those of this process. Pass the API key here, not in a notebook.

    Raises
    ------
    MissingExtraError
        Voilà is not installed.
    """
    require_voila()
    token = secrets.token_hex(16)
    served = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell
        command_line(notebook, port),
        cwd=notebook.parent,
        env=page_environment(token, environment or {}),
        stderr=subprocess.PIPE,
        text=True,
    )
    reporter = threading.Thread(
        target=_report, args=(served, token), kwargs={"browser": browser}, daemon=True
    )
    reporter.start()
    return attend(served)


def _report(served: subprocess.Popen[str], token: str, *, browser: bool) -> None:
    """Print the page's address when Voilà reports it, and pass on warnings and errors."""
    for line in served.stderr or ():
        beginning = line[:_READ_CHARACTERS]
        if found := _ADDRESS.search(beginning):
            url = f"{found[1]}{token}"
            click.echo(f"The panel is at {url}")
            if browser:
                webbrowser.open(url)
        elif _WORTH_READING.search(beginning):
            click.echo(line, nl=False, err=True)
