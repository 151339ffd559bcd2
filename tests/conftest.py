"""What every test stands on: state of its own, no display, and a practice server on loopback."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REAL_DATA = "DYNO_REAL_DATA"
"""The variable that names a folder of real mailings, as Parquet."""

SEED = "DYNO_SEED"
"""The variable with the seed of the random tests (default: another one for each run)."""

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
"""A file system in memory, on Linux."""

ROOM_BYTES = 4 << 30
"""How much of it has to be free for the tests to use it."""

_SCRATCH = pytest.StashKey[Path]()
_BEFORE = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Point state and cache at a scratch folder before anything is collected.

    A fixture would come too late for notebooks: nbval starts their kernels with this environment and
    asks for no fixture.
    """
    scratch = Path(tempfile.mkdtemp(prefix="dyno-tests-", dir=_memory()))
    if scratch.parent == MEMORY:
        tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
    config.stash[_SCRATCH] = scratch
    config.stash[_BEFORE] = {name: value for name, value in os.environ.items() if name.startswith("DYNO_")}
    for name in ("DYNO_URL", "DYNO_API_KEY", "DYNO_CONNECTION"):
        os.environ.pop(name, None)
    for name in ("state", "cache", "config", "data"):
        (scratch / name).mkdir()
        os.environ[f"DYNO_{name.upper()}_DIR"] = str(scratch / name)
    # The programs that tests start need not compile the package again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault(SEED, str(secrets.randbelow(1_000_000)))  # one for all workers: they inherit it
    # A job in the background of a shell ignores Ctrl-C, and so would the programs that tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _memory() -> Path | None:
    """Return the file system in memory if there is room for temporary files, because each fsync of a disk takes
    milliseconds; None if there is not, or if TMPDIR names another place."""
    usable = "TMPDIR" not in os.environ and MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if usable and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than cores: about a quarter of the time tests wait, for disks, pages and programs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the browser tests together, so that they share a Jupyter server, a kernel and a Chromium."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_report_header() -> str:
    """Print the seed, so that a run can be repeated."""
    return f"random tests: {SEED}={os.environ[SEED]}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the environment back and remove the scratch folder."""
    before = config.stash.get(_BEFORE, None)
    if before is None:
        return
    for name in [name for name in os.environ if name.startswith("DYNO_")]:
        del os.environ[name]
    os.environ.update(before)
    scratch = config.stash[_SCRATCH]
    if os.environ.get("TMPDIR") == str(scratch):
        del os.environ["TMPDIR"]
        tempfile.tempdir = None
    shutil.rmtree(scratch, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def state_dir(pytestconfig: pytest.Config) -> Path:
    """Where this run's journals stand; nothing of it is written to the user's own folders."""
    return pytestconfig.stash[_SCRATCH] / "state"


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this run's random tests."""
    return int(os.environ[SEED])


@pytest.fixture(scope="session", autouse=True)
def _no_display() -> None:
    import matplotlib as mpl

    mpl.use("agg")


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Fresh, empty folders for state, cache, settings and mirrors, for one test; returns the folder above them."""
    for name in ("state", "cache", "config", "data"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"DYNO_{name.upper()}_DIR", str(tmp_path / name))
    return tmp_path


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Any]:
    """The practice server with its sample account, on a free port; time stands still in it."""
    from dyno_frames.sandbox.sandbox import Sandbox

    with Sandbox(sample=True, speed=0) as box:
        yield box


@pytest.fixture(scope="module")
def client(sandbox: Any) -> Iterator[Any]:
    """A client of the practice server."""
    from dyno_frames.api import connect

    with connect(sandbox.url, sandbox.api_key) as connected:
        yield connected


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real mailings, where this machine has one."""
    named = os.environ.get(REAL_DATA)
    if not named:
        pytest.skip(f"{REAL_DATA} is not set: no real mailings on this machine")
    folder = Path(named)
    if not (folder / "campaigns.parquet").is_file():
        pytest.fail(f"{REAL_DATA} is {named!r}, and there is no campaigns.parquet in it")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The Chromium of this machine; without one the test is skipped, or fails where CI is set."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail("no Chromium on this machine, and CI is set: install chromium")
    pytest.skip("no Chromium on this machine: install chromium to run what needs a browser")
