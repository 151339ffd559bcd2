"""How long a cell takes to stop after the kernel is interrupted, while a scan is on its way, in a kernel of Jupyter.

``python -m tests.benchmarks.interrupts`` from the root of the checkout prints one table; it takes about a minute. The
server is near, 50 ms away, or does not answer for a minute. Rows that had come to the cell are counted, threads that
still fetch are looked for, and the connection is used again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from tests.benchmarks.scans import load_server

ROWS = 500_000
LATENCIES_MS = {"near": 0, "50 ms away": 50, "silent": 60_000}

CONNECT = """
import json, threading, time
from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
client = connect({url!r}, "benchmark", profile=Profile())
"""
CELLS = {
    "batches": """
seen = 0
for batch in client.campaigns.scan().to_batches():
    seen += batch.num_rows
""",
    "frame": "seen = len(client.campaigns.find())",
}
LATER = """
time.sleep(0.2)
print(json.dumps({
    "seen": globals().get("seen", 0),
    "threads": sum(thread.name.startswith("dyno-scan") for thread in threading.enumerate()),
    "again": None if silent else client.campaigns.count(),
}))
"""


def run(kernel: BlockingKernelClient, code: str) -> tuple[str, str]:
    """Run a cell to its end; return what it printed, and the name of its error."""
    printed: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = kernel.execute_interactive(code, timeout=120, output_hook=hear)
    return "".join(printed), reply["content"].get("ename", "")


def stopped(manager: KernelManager, kernel: BlockingKernelClient, cell: str, after_s: float) -> float:
    """Interrupt a cell, and return the seconds that it takes to end."""
    kernel.execute(cell)
    time.sleep(after_s)
    began = time.perf_counter()
    manager.interrupt_kernel()
    reply = kernel.get_shell_msg(timeout=60)
    passed = time.perf_counter() - began
    assert reply["content"].get("ename") == "KeyboardInterrupt", reply["content"]
    return passed


def measured(url: str, form: str, after_s: float, *, silent: bool) -> tuple[float, dict[str, Any]]:
    """Interrupt one cell in a kernel of its own; return how long it took to stop, and how things stand then."""
    manager, kernel = start_new_kernel(kernel_name="python3", stderr=subprocess.DEVNULL)
    try:
        run(kernel, CONNECT.format(url=url) + f"silent = {silent}\nseen = 0")
        passed = stopped(manager, kernel, CELLS[form], after_s)
        printed, error = run(kernel, LATER)
        assert not error, error
        return passed, json.loads(printed)
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--only", nargs="+", choices=LATENCIES_MS, default=list(LATENCIES_MS))
    given = parser.parse_args()
    print(f"{'':24}{'middle ms':>10}{'most ms':>10}{'rows seen':>12}{'threads left':>14}")
    for server in given.only:
        latency_ms = LATENCIES_MS[server]
        silent = latency_ms > 1_000
        with load_server(ROWS, latency_ms) as url:
            for form in CELLS:
                found = [
                    measured(url, form, 0.5 + 0.13 * turn, silent=silent) for turn in range(given.repeats)
                ]
                taken_ms = sorted(1000 * passed for passed, _ in found)
                later = [state for _, state in found]
                assert silent or all(state["again"] == ROWS for state in later), later
                seen, threads = (max(state[name] for state in later) for name in ("seen", "threads"))
                middle_ms, most_ms = taken_ms[len(taken_ms) // 2], taken_ms[-1]
                print(
                    f"{server + ', ' + form:24}{middle_ms:10.0f}{most_ms:10.0f}{seen:12,}{threads:14}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
