"""Write notebooks, and run JupyterLab in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from dyno_frames.errors import MissingExtraError

TEMPLATES = Path(__file__).with_name("templates")
"""The folder of the page template, and of the settings with which this package starts JupyterLab."""

Cells = Sequence[tuple[str, str]]
"""The kind (``markdown`` or ``code``) and the text of each cell."""


def require(*modules: str, extra: str) -> None:
    """Raise an error with the line that installs an extra if one of its modules is missing.

    Raises
    ------
    MissingExtraError
        A module is not installed.
    """
    for name in modules:
        if find_spec(name) is None:
            raise MissingExtraError.of(name, extra)


def require_jupyterlab() -> None:
    """Raise an error with the line that installs JupyterLab if it is missing.

    Raises
    ------
    MissingExtraError
        JupyterLab is not installed.
    """
    require("jupyterlab", "nbformat", extra="lab")


def write_notebook(path: Path, cells: Cells) -> bool:
    """Write a notebook and return True, or return False if a file of that name exists."""
    return write_file(path, _notebook(cells).encode())


def write_file(path: Path, content: bytes) -> bool:
    """Write a file and return True, or return False if a file of that name exists.

    An existing file may be the user's work, so it is not changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = path.open("xb")
    except FileExistsError:
        return False
    try:
        with file:
            file.write(content)
    except OSError:
        path.unlink()
        raise
    return True


def write_new_notebook(folder: Path, stem: str, cells: Cells) -> Path:
    """Return the path of a notebook with these cells; write it under a free name if it does not exist.

    The names are ``stem.ipynb``, ``stem-2.ipynb``, ``stem-3.ipynb`` and so on. Files with other
    contents are not changed.

    Parameters
    ----------
    folder
        Where the notebook is; created if it does not exist.
    stem
        The first name to try, without its suffix.
    cells
        The cells.
    """
    for number in count(1):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}.ipynb"
        if write_notebook(path, cells) or _read_cells(path) == list(cells):
            return path
    raise AssertionError  # count has no end


def _notebook(cells: Cells) -> str:
    from nbformat import v4, writes

    def cell(number: int, kind: str, text: str) -> Any:
        key = f"cell-{number}"  # a fixed id, so that the same cells make the same file
        return v4.new_code_cell(text, id=key) if kind == "code" else v4.new_markdown_cell(text, id=key)

    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    book = v4.new_notebook(
        cells=[cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
        metadata={"kernelspec": kernel, "language_info": {"name": "python"}},
    )
    return f"{writes(book)}\n"


def _read_cells(path: Path) -> list[tuple[str, str]] | None:
    """Return the cells of a notebook, or None if the file is not a notebook."""
    from nbformat import read

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about a notebook that another program wrote
            book = read(path, as_version=4)
        return [(cell.cell_type, cell.source) for cell in book.cells]
    except Exception:  # noqa: BLE001 - a damaged file can raise any error
        return None


def command_line(folder: Path, *, opens: Path | None, port: int | None, browser: bool) -> list[str]:
    """Return the command that starts JupyterLab in a folder."""
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    line += [] if browser else ["--no-browser"]
    line += [] if port is None else [f"--port={port}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Containers often have no other user, and JupyterLab refuses to run as root without this option.
        line.append("--allow-root")
    return [*line, str(opens)] if opens else line


def lab_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for JupyterLab. It asks no questions about news; the user's own settings come first."""
    return {**os.environ, **given, "JUPYTER_CONFIG_PATH": templates_before("JUPYTER_CONFIG_PATH")}


def templates_before(variable: str) -> str:
    """Return the search path in an environment variable, with the folder of this package as its first folder."""
    return os.pathsep.join([str(TEMPLATES), *filter(None, [os.environ.get(variable)])])


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
        The folder it shows.
    opens
        A notebook to open first.
    port
        The port to listen on (default: chosen by JupyterLab).
    browser
        Whether to open a browser.
    environment
        Variables for the kernels, in addition to those of this process. Pass the API key here, not in a notebook.

    Raises
    ------
    MissingExtraError
        JupyterLab is not installed.
    """
    require_jupyterlab()
    line = command_line(folder, opens=opens, port=port, browser=browser)
    lab = subprocess.Popen(line, cwd=folder, env=lab_environment(environment or {}))  # noqa: S603 - our own interpreter, no shell
    return attend(lab)


def attend(program: subprocess.Popen[Any]) -> int:
    """Wait for a server program to end, and return its exit code."""
    # Ctrl-C reaches the program too, which may ask the user before it stops. It must not end this wait.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    was = signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    try:
        return program.wait()
    finally:
        signal.signal(signal.SIGINT, before)
        signal.signal(signal.SIGTERM, was)
