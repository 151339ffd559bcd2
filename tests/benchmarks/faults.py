"""The proof that no action is sent twice and no outcome is false, whatever happens between client and server.

``python -m tests.benchmarks.faults --actions 5000 --kills 200 --seed 1`` from the root of the checkout.

Workers ask for actions at random, legal ones and others, of campaigns that also move by themselves. A proxy meets
each request with a fault at a point of the exchange: refused, reset, cut or delayed connections, requests that come
in parts, late or never, answers that are lost, cut, dripped, doubled or replaced by pages and by envelopes of codes
outside the contract. Readings may lag behind an action, as those of a replica do. The disk of the journal is full at a
random byte, and its lines are flipped, zeroed, cut, lost and removed; then nothing that sends may leave before that is
accepted. Then the same with clients that are killed, or die while they write, and are started again. Every outcome is
held against what the proxy delivered and what the server's database wrote down.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

import orjson
from faults_ground import Change, Ground, ground, record
from faults_proxy import Control
from faults_worker import Tally, live, recover, walk

PATHS = {
    ("draft", "running"),
    ("draft", "scheduled"),
    ("scheduled", "scheduled"),
    ("scheduled", "running"),
    ("scheduled", "draft"),
    ("scheduled", "stopped"),
    ("running", "paused"),
    ("running", "stopped"),
    ("running", "finished"),
    ("paused", "running"),
    ("paused", "stopped"),
}


def prove(folder: Path, *, actions: int, kills: int, seed: int, workers: int) -> Tally:
    """Run the proof in a folder, and return what it came to.

    Parameters
    ----------
    folder
        An empty one.
    actions
        How many actions are asked for.
    kills
        How many clients are killed.
    seed
        What everything is drawn from.
    workers
        How many act at once.
    """
    tally = Tally()
    with ground(folder, workers) as there:
        if actions:
            _walk_all(there, tally, actions=actions, seed=seed, workers=workers)
        if kills:
            _kill_all(there, tally, kills=kills, seed=seed, workers=workers, folder=folder)
        applied = _applied(there, workers)
    tally.violations += against_record(record(folder), applied, tally.starts_asked)
    return tally


def _context() -> multiprocessing.context.BaseContext:
    """Return what makes new processes: each is a copy of one that has imported all and done nothing."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults_worker", "dyno_frames.api"])
    return context


def _returned(context, function, *arguments):
    """Return what a function returns in a process of its own; actions are refused in the tasks of a pool."""
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_hand_back, args=(there, function, arguments))
    child.start()
    there.close()
    try:
        return here.recv()
    finally:
        child.join()
        child.close()


def _hand_back(pipe, function, arguments) -> None:
    pipe.send(function(*arguments))


def _walk_all(there: Ground, tally: Tally, *, actions: int, seed: int, workers: int) -> None:
    context = _context()
    with ThreadPoolExecutor(workers) as pool:
        shares = [actions // workers + (lane < actions % workers) for lane in range(workers)]
        running = [
            pool.submit(_returned, context, walk, there, lane, f"{seed}/{lane}", share)
            for lane, share in enumerate(shares)
        ]
        for one in running:
            tally.add(one.result())


def _kill_all(there: Ground, tally: Tally, *, kills: int, seed: int, workers: int, folder: Path) -> None:
    """Let clients live and die; each death is looked into by a new process."""
    context = _context()
    random = Random(seed)  # noqa: S311 - a test's dice
    lanes = dict.fromkeys(range(workers), 0)
    alive: dict[int, tuple[multiprocessing.process.BaseProcess, float]] = {}
    while tally.kills < kills or alive:
        for lane in lanes:
            if lane not in alive and tally.kills + len(alive) < kills:
                lanes[lane] += 1
                diary = str(folder / f"diary-{lane}-{lanes[lane]}")
                child = context.Process(
                    target=live, args=(there, lane, f"{seed}/{lane}/{lanes[lane]}", diary)
                )
                child.start()
                alive[lane] = child, time.monotonic() + random.uniform(0.2, 3.0)
        for lane, (child, until) in list(alive.items()):
            child.join(0.01)
            if child.is_alive() and time.monotonic() > until:
                child.kill()
                child.join()
            if not child.is_alive():
                del alive[lane]
                _after_death(
                    context,
                    there,
                    tally,
                    lane=lane,
                    child=child,
                    diary=folder / f"diary-{lane}-{lanes[lane]}",
                )


def _after_death(context, there: Ground, tally: Tally, *, lane: int, child, diary: Path) -> None:
    if child.exitcode not in {-signal.SIGKILL, -signal.SIGXFSZ}:
        tally.violations.append(f"a client ended with {child.exitcode}, and was not killed")
    if child.exitcode == -signal.SIGXFSZ:
        tally.points["died while writing"] += 1
    child.close()
    lines = [orjson.loads(line) for line in diary.read_bytes().splitlines()] if diary.exists() else []
    if not lines:
        return
    tally.add(_returned(context, recover, there, lane, lines[-1]))
    tally.actions += len(lines)


def _applied(there: Ground, workers: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for lane in range(workers):
        control = Control(there.control_port, lane)
        found.update(control.ask("totals")[1])
        control.close()
    return found


def against_record(changes: list[Change], applied: Counter[str], starts_asked: Counter[str]) -> list[str]:
    """Return what the server's own record says against the proof.

    Parameters
    ----------
    changes
        Every change of a status, in order.
    applied
        How many actions of each campaign the proxy saw accepted.
    starts_asked
        How often each campaign was asked to start, but for those of clients that died and could not tell.
    """
    faults, started, acted, status = [], Counter[str](), Counter[str](), {}
    for change in changes:
        if change.was != status.get(change.id, "draft") or (change.was, change.now) not in PATHS:
            faults.append(f"{change} does not follow from {status.get(change.id, 'draft')}")
        status[change.id] = change.now
        by_itself = (change.was, change.now) == ("running", "finished") or (
            (change.was, change.now) == ("scheduled", "running") and change.start_was == change.start_now
        )
        acted[change.id] += not by_itself
        if change.was == "draft":
            started[change.id] += 1
        if change.now == "draft":
            started[change.id] -= 1
        if started[change.id] > 1:
            faults.append(f"campaign {change.id} was started twice")
    faults += [
        f"campaign {key}: the record has {acted[key]} actions, the proxy saw {applied[key]}"
        for key in acted.keys() | {key for key in applied if not key.startswith("new ")}
        # a reschedule to now in the very second of the old time looks like the server's own doing
        if not acted[key] <= applied[key] <= acted[key] + 1
    ]
    for key, count in Counter(change.id for change in changes if change.was == "draft").items():
        if key in starts_asked and count > starts_asked[key]:
            faults.append(f"campaign {key} was started {count} times and asked to {starts_asked[key]} times")
    return faults


def shown(tally: Tally, *, seconds: float) -> str:
    """Return the figures as a table."""
    lines = [
        f"{tally.actions:,} actions, {tally.kills} kills, {seconds:,.0f} s, {len(tally.violations)} violations"
    ]
    for title, counts in (("fault", tally.faults), ("action", tally.outcomes)):
        words = sorted({word for _, word in counts})
        lines.append("")
        lines.append(f"{title:<20}" + "".join(f"{word:>28}" for word in words))
        lines += [
            f"{name:<20}" + "".join(f"{counts[name, word]:>28,}" for word in words)
            for name in dict.fromkeys(sorted(name for name, _ in counts))
        ]
    lines += ["", f"looked at again: {dict(tally.resolved)}", f"killed: {dict(tally.points)}"]
    return "\n".join([*lines, *(f"VIOLATION {fault}" for fault in tally.violations[:20])])


def main() -> int:
    """Run, print the figures, and return 1 where anything was sent twice or said falsely."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--actions", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=8)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dyno-faults-") as folder:
        began = time.monotonic()
        tally = prove(
            Path(folder), actions=given.actions, kills=given.kills, seed=given.seed, workers=given.workers
        )
        print(f"seed {given.seed}: {shown(tally, seconds=time.monotonic() - began)}")
    return 1 if tally.violations else 0


if __name__ == "__main__":
    sys.exit(main())
