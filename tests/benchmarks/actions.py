"""What safety costs: an action with a short and with a long journal, and a read beside bare requests.

``python -m tests.benchmarks.actions`` from the root of the checkout.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import requests

from dyno_frames.actions.intent import Intent
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.journal_file import JournalFile
from dyno_frames.actions.journal_lines import Count, sealed, unsealed
from dyno_frames.api import connect
from dyno_frames.client.client import Client
from dyno_frames.contract.lifecycle import Action
from dyno_frames.contract.operations import operation
from dyno_frames.sandbox.sandbox import Sandbox


def median_ms(call: Callable[[], object], times: int) -> float:
    """Return how long a call takes, in milliseconds: the median of some."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def grow(journal: Journal, entries: int) -> None:
    """Add so many actions that were refused here to a journal, all at once."""
    row = {"status": "running"}
    refusal = {
        "kind": "outcome",
        "status": "not_applied",
        "after": None,
        "evidence": [],
        "at": 1.0,
        "blocks": False,
    }
    records = [unsealed(line) for line in JournalFile(journal.path).read().lines]
    for number in range(entries):
        intent = Intent.of(Action.PAUSE, row, {}, campaign_id=f"campaign-{number % 997}", now=1.0, until=2.0)
        records.append({"kind": "intent", **intent.to_json(), "refusal": refusal | {"intent": intent.id}})
    whole = b"".join(sealed(record, number) + b"\n" for number, record in enumerate(records, start=1))
    journal.path.write_bytes(whole)
    count = Count(len(records), len(whole), zlib.crc32(whole))
    JournalFile(journal.path).count_path.write_bytes(count.to_bytes())


def seesaw(client: Client, key: str) -> Callable[[], object]:
    """Return what pauses and resumes a campaign in turn."""
    verbs = [client.campaigns.pause, client.campaigns.resume]

    def act() -> object:
        verbs.append(verbs.pop(0))
        return verbs[-1](key)

    return act


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--entries", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dyno-actions-") as folder, Sandbox(speed=0) as box:
        os.environ["DYNO_STATE_DIR"] = str(Path(folder))
        with connect(box.url, box.api_key) as client, requests.Session() as bare:
            key = client.campaigns.create(name="seesaw")
            client.campaigns.start(key)
            get, find = operation("campaigns", "get"), operation("campaigns", "find")
            headers = {"User-Api-Key": box.api_key}
            page = {"application_limit": 1000}
            act = seesaw(client, key)
            measured = {
                "an action": median_ms(act, given.times),
                "get, this client": median_ms(
                    lambda: client.connection.session.send(get, key=key), given.times
                ),
                "get, bare requests": median_ms(
                    lambda: bare.get(f"{box.url}/campaigns/{key}", headers=headers, timeout=30).json(),
                    given.times,
                ),
                "a page, this client": median_ms(
                    lambda: client.connection.session.send(find, body=page), given.times
                ),
                "a page, bare requests": median_ms(
                    lambda: bare.post(
                        f"{box.url}/campaigns/find", json=page, headers=headers, timeout=30
                    ).json(),
                    given.times,
                ),
            }
            grow(client.connection.journal, given.entries)
            measured[f"an action after {given.entries:,}"] = median_ms(act, given.times)
            measured[f"the journal of {given.entries:,} as a frame"] = median_ms(lambda: client.journal, 3)
        size = Path(client.connection.journal.path).stat().st_size
    for name, taken in measured.items():
        print(f"{name:<40}{taken:>10.2f} ms")
    print(f"{'the journal':<40}{size / 2**20:>10.1f} MiB")


if __name__ == "__main__":
    main()
