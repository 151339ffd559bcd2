"""A notebook as a page of its own: Voilà on loopback, open to whoever has the token."""

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

from dyno_frames.cli.jupyter import attend, require

TEMPLATES = Path(__file__).with_name("templates")
"""Where Voilà finds the page that asks nothing of other hosts."""

_SHOWN = re.compile(r"(?<!\S)(http://127\.0\.0\.1:\d+/\S*\?token=)")
_READ_CHARACTERS = 4096
"""Only so much of a line is searched."""

_WORTH_READING = re.compile(r"^(?!\[Voila\])|WARNING|ERROR|CRITICAL")


def require_voila() -> None:
    """Raise an error with the line that installs Voilà if it is missing.

    Raises
    ------
    MissingExtraError
        Voilà, or a kernel for it to run, is not installed.
    """
    require("voila", "ipykernel", "nbformat", extra="panel")


def command_line(notebook: Path, port: int | None) -> list[str]:
    """Return what serves one notebook, to this machine alone."""
    line = [sys.executable, "-m", "voila", str(notebook), "--no-browser", "--template=dyno"]
    line += ["--Voila.ip=127.0.0.1", "--Voila.auto_token=True"]
    return [*line, f"--port={port}", "--Voila.port_retries=0"] if port else line


def page_environment(token: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables Voilà runs with: a token belongs here, where no list of programs shows it."""
    paths = [str(TEMPLATES), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    return {**os.environ, **given, "JUPYTER_TOKEN": token, "JUPYTER_PATH": os.pathsep.join(paths)}


def run_page(
    notebook: Path,
    *,
    port: int | None = None,
    browser: bool = True,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Serve a notebook as a page until it ends, and return the exit code.

    Parameters
    ----------
    notebook
        Which.
    port
        Where it answers; Voilà's own choice without, or with 0.
    browser
        Whether a browser is opened.
    environment
        Variables for the kernels, beside those of this process: a key belongs here, not in a notebook.

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
    told = threading.Thread(target=_tell, args=(served, token), kwargs={"browser": browser}, daemon=True)
    told.start()
    return attend(served)


def _tell(served: subprocess.Popen[str], token: str, *, browser: bool) -> None:
    """Say where the page is, once Voilà has said that it is there; pass on what else is worth reading."""
    for line in served.stderr or ():
        beginning = line[:_READ_CHARACTERS]
        if found := _SHOWN.search(beginning):
            url = f"{found[1]}{token}"
            click.echo(f"The panel is at {url}")
            if browser:
                webbrowser.open(url)
        elif _WORTH_READING.search(beginning):
            click.echo(line, nl=False, err=True)
