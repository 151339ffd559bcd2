"""JupyterLab in a folder: the notebooks of the checkout, or one written here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dyno_frames.errors import MissingExtraError


def notebook(cells: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a notebook, as nbformat 4.5 has it.

    Parameters
    ----------
    cells
        Kind (``markdown`` or ``code``) and text of each cell.
    """
    return {
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    outcome: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": text.splitlines(keepends=True),
        **outcome,
    }


def write_notebook(path: Path, cells: Iterable[tuple[str, str]]) -> bool:
    """Write a notebook where there is none yet, and tell whether it was written.

    One that is there may have been worked in, so it stays as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump(notebook(cells), file, indent=1, ensure_ascii=False)
            file.write("\n")
    except FileExistsError:
        return False
    return True


def require_jupyterlab() -> None:
    """Say the line that installs JupyterLab where it is missing.

    Raises
    ------
    MissingExtraError
        JupyterLab is not installed.
    """
    if find_spec("jupyterlab") is None:
        raise MissingExtraError.of("jupyterlab", "lab")


def command_line(folder: Path, *, opens: Path | None, port: int | None, browser: bool) -> list[str]:
    """Return what starts JupyterLab in a folder."""
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    line += [] if browser else ["--no-browser"]
    line += [] if port is None else [f"--port={port}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Containers have no other user, and JupyterLab refuses root unless it is told.
        line.append("--allow-root")
    return [*line, str(opens)] if opens else line


def run_jupyterlab(
    folder: Path,
    *,
    opens: Path | None = None,
    port: int | None = None,
    browser: bool = True,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run JupyterLab in a folder until it ends, and return its exit code.

    Parameters
    ----------
    folder
        Its root.
    opens
        A notebook to open first.
    port
        Where it answers; its own choice without.
    browser
        Whether a browser is opened.
    environment
        Variables for the kernels, beside those of this process: a key belongs here, not in a notebook.

    Raises
    ------
    MissingExtraError
        JupyterLab is not installed.
    """
    require_jupyterlab()
    line = command_line(folder, opens=opens, port=port, browser=browser)
    lab = subprocess.Popen(line, cwd=folder, env={**os.environ, **(environment or {})})  # noqa: S603 - our own interpreter, no shell
    return attend(lab)


def attend(program: subprocess.Popen[Any]) -> int:
    """Wait for a program that serves a browser, and return its exit code."""
    # Ctrl-C reaches the program itself, which may ask before it stops; here it must not end the wait.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    was = signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    try:
        return program.wait()
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, was)
