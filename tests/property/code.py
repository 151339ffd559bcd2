"""The long run of generated programs: random questions on random servers, in every language.

``python -m tests.property.code --examples 300 --seed 1 --language curl`` from the root of the checkout.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from law.choices import Choices
from law.program_trial import fault, server
from law.programs import LANGUAGES, missing_tool

PER_SERVER = 10
"""Questions for each server."""


def main() -> int:
    """Run, and return 1 where a program printed other rows than the client returns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=300, help="questions for each language")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--language", choices=LANGUAGES, action="append", help="default: all that are installed"
    )
    given = parser.parse_args()
    broken = 0
    for language in given.language or [name for name in LANGUAGES if not missing_tool(name)]:
        met, done = Counter[str](), 0
        while done < given.examples:
            choices = Choices.seeded(f"{given.seed}/{language}/{done}")
            with tempfile.TemporaryDirectory() as scratch:
                os.environ["DYNO_STATE_DIR"] = os.environ["DYNO_CACHE_DIR"] = scratch
                with server(choices, Path(scratch)) as here:
                    for at in range(min(PER_SERVER, given.examples - done)):
                        found = fault(language, here, choices, Path(scratch), met)
                        broken += bool(found)
                        if found:
                            print(f"--- {given.seed}/{language}/{done}, question {at}\n{found}\n", flush=True)
            done += PER_SERVER
        print(f"{language}: {dict(met.most_common())}", flush=True)
    print(f"seed {given.seed}: {broken} programs differ")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
