"""The thorough run: as many trials of the law as one has time for, on every core.

``python -m tests.property.thorough --examples 200000 --seed 1`` from the root of the checkout.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).parent))

from law.choices import Choices
from law.smaller import smaller
from law.trial import Broken, Trial


def kind(fault: str) -> str:
    """Return what a fault has in common with others of its kind."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|[\d{}()\[\],]+", "", fault)[:60]


def fault_of(trial: Trial) -> str:
    """Return how a trial breaks the law; nothing where it does not."""
    try:
        trial.run()
    except Broken as broken:
        return str(broken)
    except Exception as error:  # noqa: BLE001 - a crash is a finding, too
        return f"{type(error).__name__}: {error}"
    return ""


Done: TypeAlias = tuple[int, Counter[str], list[tuple[str, str, str]]]


def stretch(arguments: tuple[int, int, int]) -> Done:
    """Run trials ``first`` to ``last`` of a seed; return how many, what they met, and what broke, made small."""
    seed, first, last = arguments
    met, broken = Counter[str](), []
    for number in range(first, last):
        trial = Trial.drawn(Choices.seeded(f"{seed}/{number}"))
        fault = fault_of(trial)
        met += trial.met
        if fault:
            small = smaller(trial, lambda other, fault=fault: kind(fault_of(other)) == kind(fault))
            broken.append((f"{seed}/{number}", str(small), fault_of(small)))
    return last - first, met, broken


def stretches(seed: int, begin: int, examples: int, size: int = 100) -> Iterator[tuple[int, int, int]]:
    """Cut the run into parts."""
    for first in range(begin, examples, size):
        yield seed, first, min(first + size, examples)


def done_stretches(workers: int, parts: Iterator[tuple[int, int, int]]) -> Generator[Done, None, None]:
    """Run the parts, here or on so many cores, and give each as it is done."""
    if workers == 1:
        yield from map(stretch, parts)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap_unordered(stretch, parts)
        pool.close()
        pool.join()


def main() -> int:
    """Run, and return 1 where the law broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=int(os.environ.get("DYNO_EXAMPLES", "200000")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="where a run of the seed was left")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--shown", type=int, default=20, help="counterexamples that are made small and shown")
    given = parser.parse_args()
    started, done, met, broken, shown = time.monotonic(), 0, Counter[str](), 0, set[str]()
    with contextlib.closing(
        done_stretches(given.workers, stretches(given.seed, given.first, given.examples))
    ) as coming:
        for count, here, found in coming:
            done += count
            met += here
            broken += len(found)
            for name, trial, fault in found:
                if len(shown) < given.shown and kind(trial) + kind(fault) not in shown:
                    shown.add(kind(trial) + kind(fault))
                    print(f"--- counterexample {name}\n{trial}\n=> {fault}\n", flush=True)
            if done % 5_000 < count:
                print(f"{given.first + done:,} of {given.examples:,}, {broken} counterexamples", flush=True)
    print(
        f"seed {given.seed}: {done:,} examples in {time.monotonic() - started:,.0f} s, {broken} counterexamples\n"
        f"{dict(met.most_common())}"
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
