"""As many hostile runs of a scan as one has time for, on every core.

``python -m tests.property.hostile_runs --examples 10000 --seed 1`` from the root of the checkout.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TypeAlias

sys.path.insert(0, str(Path(__file__).parent))

from hostile.trial import Trial
from law.choices import Choices

STRETCH = 50
Done: TypeAlias = tuple[int, Counter[str], list[str]]


def stretch(arguments: tuple[int, int, int]) -> Done:
    """Run ``first`` to ``last`` of a seed; return how many, what they met, and what broke."""
    seed, first, last = arguments
    met, broken = Counter[str](), []
    for number in range(first, last):
        trial = Trial.drawn(Choices.seeded(f"{seed}/{number}"))
        try:
            trial.run()
        except Exception as error:  # noqa: BLE001 - a crash is a finding, too
            broken.append(f"{seed}/{number}\n{trial}\n=> {type(error).__name__}: {error}")
        met += trial.met
    return last - first, met, broken


def main() -> int:
    """Run, and return 1 where something broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    parts = [
        (given.seed, first, min(first + STRETCH, given.examples))
        for first in range(0, given.examples, STRETCH)
    ]
    started, done, met, broken = time.monotonic(), 0, Counter[str](), 0
    with multiprocessing.get_context("spawn").Pool(given.workers) as pool:
        for count, here, found in pool.imap_unordered(stretch, parts):
            done, met, broken = done + count, met + here, broken + len(found)
            for text in found:
                print(f"--- {text}\n", flush=True)
            if done % 1_000 < count:
                print(f"{done:,} of {given.examples:,}, {broken} broken", flush=True)
    passed = time.monotonic() - started
    print(f"seed {given.seed}: {done:,} runs in {passed:,.0f} s, {broken} broken\n{dict(met.most_common())}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
