"""Run every benchmark and print one table in Markdown: ``python -m tests.benchmarks [--tiny] [NAME …]``.

Without ``--tiny`` they run in full, which takes hours. Times from a machine that does something else mean little.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]

TINY = {
    "actions": "--times 1 --entries 20",
    "clusters": "--rows 1000 --table-rows 20000 --kills 3",
    "commands": "--times 1",
    "export_kills": "--kills 1",
    "exports": "--rows 1000 --only plain dyno",
    "faults": "--actions 6 --kills 1 --workers 2",
    "groupby": "--rows 1000 --repeats 1",
    "interrupts": "--repeats 1 --only near",
    "mirror": "--rows 2000 --account-rows 500 --times 1",
    "mirror_kills": "--kills 1",
    "panel_table": "--rows 5 20",
    "patterns": "--only masking",
    "planning": "--times 1 --lengths 10 1000",
    "sandbox_clients": "--seconds 0.5 --clients 2 --rows 200",
    "sandbox_scale": "--rows 100 200",
    "scans": "--rows 1000 --latency-ms 0 --repeats 1 --no-deep --peers raw parse loop frame batches",
}
"""The arguments that let a benchmark end within seconds, by its module."""

PACKAGES = ("dyno_frames", "pandas", "numpy", "pyarrow", "requests")


def lines_of(name: str, *, tiny: bool) -> list[str]:
    """Return what a benchmark prints, or how it failed."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *(TINY[name].split() if tiny else ())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        return [f"failed with exit code {done.returncode}: {last}"]
    return [line.rstrip() for line in done.stdout.splitlines() if line.strip()]


def machine() -> str:
    """Return the date, the machine and the versions in one line."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{load}; Python {platform.python_version()}, {packages}"
    )


def main() -> None:
    """Print the table, one row for each line of a benchmark, and exit with 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run (default: all)")
    parser.add_argument("--tiny", action="store_true", help="run each with little data")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in TINY]:
        parser.error(f"no benchmark is called {unknown[0]!r}; expected one of {', '.join(TINY)}")
    print(f"{machine()}\n\n| benchmark | result |\n|---|---|", flush=True)
    failed = False
    for name in given.names or TINY:
        for line in lines_of(name, tiny=given.tiny):
            failed |= line.startswith("failed with exit code")
            print(f"| {name} | `{line.replace('|', '¦').replace('`', chr(39))}` |", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
