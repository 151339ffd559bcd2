"""How long whole commands take, beside a Python that imports pandas: ``python -m tests.benchmarks.commands``.

The state folders are empty ones, and no connection is configured.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import dyno_frames as dyno

UNREACHABLE = ("--url", "http://127.0.0.1:9", "--api-key", "no-key")


def elapsed_s(command: list[str], environment: dict[str, str]) -> float:
    """Run a command and return its time."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=False)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=9)
    given = parser.parse_args()
    with dyno.sandbox() as box, tempfile.TemporaryDirectory() as folder:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("DYNO_")}
        clean |= dict.fromkeys(("DYNO_STATE_DIR", "DYNO_CACHE_DIR", "XDG_CONFIG_HOME"), folder)
        account = ("--url", box.url, "--api-key", box.api_key)
        program = [sys.executable, "-m", "dyno_frames"]
        commands = {
            "python -c 'import pandas'": [sys.executable, "-c", "import pandas"],
            "--help": [*program, "--help"],
            "doctor, no server": [*program, "doctor"],
            "doctor, server down": [*program, "doctor", *UNREACHABLE],
            "doctor, a sandbox": [*program, "doctor", *account],
            "count, a sandbox": [*program, "count", "campaigns", *account],
            "find, 50 rows": [*program, "find", "campaigns", "--limit", "50", *account],
        }
        times_s: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(given.times):
            for name, command in commands.items():  # in turns, under the same load
                times_s[name].append(elapsed_s(command, clean))
    peer = statistics.median(times_s["python -c 'import pandas'"])
    for name, taken in times_s.items():
        median = statistics.median(taken)
        print(f"{name:<28}{median:8.2f} s{median / peer:8.2f} x pandas' import")


if __name__ == "__main__":
    main()
