"""A notebook as a page of its own: Voilà on loopback, open to whoever has the token."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import click

from dyno_frames.cli.jupyter import attend
from dyno_frames.errors import MissingExtraError

TEMPLATES = Path(__file__).with_name("templates")
"""Where Voilà finds the page that asks nothing of other hosts."""

_STARTS_WITHIN_S = 60.0


def require_voila() -> None:
    """Say the line that installs Voilà where it is missing.

    Raises
    ------
    MissingExtraError
        Voilà, or a kernel for it to run, is not installed.
    """
    for name in ("voila", "ipykernel"):
        if find_spec(name) is None:
            raise MissingExtraError.of(name, "panel")


def command_line(notebook: Path, port: int) -> list[str]:
    """Return what serves one notebook, to this machine alone."""
    line = [sys.executable, "-m", "voila", str(notebook), "--no-browser", "--template=dyno"]
    return [
        *line,
        "--Voila.ip=127.0.0.1",
        f"--port={port}",
        "--Voila.port_retries=0",
        "--Voila.auto_token=True",
    ]


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
        Where it answers; one that is free without, or with 0.
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
    port = port or _free_port()
    token = secrets.token_hex(16)
    line, variables = command_line(notebook, port), page_environment(token, environment or {})
    served = subprocess.Popen(line, cwd=notebook.parent, env=variables)  # noqa: S603 - our own interpreter, no shell
    if _answers(served, port):
        url = f"http://127.0.0.1:{port}/?token={token}"
        click.echo(f"The panel is at {url}")
        if browser:
            webbrowser.open(url)
    return attend(served)


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _answers(served: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the page is there; False where Voilà ended before, having said why."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while served.poll() is None and time.monotonic() < deadline:
        with closing(socket.socket()) as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False
