"""Servers that differ from the reference in one way each, of which nothing is told: answers and counts are pandas'."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "property"))

from law.judge import check_equal

from dyno_frames.api import connect
from dyno_frames.calibrate.learn import MOST_REQUESTS
from dyno_frames.contract.filters import NumberOperator, StringOperator
from dyno_frames.contract.profile import Like, Profile, Support
from dyno_frames.sandbox.sandbox import Sandbox

COUNTERS = ("recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes")
NAMES = (
    "Weekly news 1",
    "Weekly",
    "weekly",
    "Weekly news ",
    "Spring sale",
    "spring sale",
    "News",
    "a,b",
    "W%y",
    "Sale",
    " x",
)


def rows() -> list[dict[str, object]]:
    choices = random.Random(3)  # noqa: S311 - the same rows each time
    return [
        {
            "id": f"k{at:03}",
            "name": choices.choice(NAMES) if at > 5 else "Weekly news items",
            "subject": choices.choice((None, *NAMES)),
            "status": choices.choice(("draft", "finished", "running", "stopped")),
            "start_time": choices.choice((None, 1_439_054_168, 1_451_606_400, 0)),
            **dict.fromkeys(COUNTERS, 0),
            "recipients": 2**53 + choices.choice((-1, 0, 1, 2)),
            "opens": choices.choice((0, 1, 4, 5, 6, 100)),
            "score": choices.choice((None, 0.25, 0.5, 0.75, 1.5, 2.0, -0.5, 0.0)),
            "created": 1_439_054_000 + 60 * at,
            "updated": 1_439_054_000 + 60 * at,
        }
        for at in range(120)
    ]


ROWS = rows()
QUESTIONS = (
    "name.str.contains(' ', regex=False)",
    "not name.str.contains(' ', regex=False)",
    "name.str.contains('Weekly news ')",
    "not name.str.contains('news ', regex=False)",
    "name.str.endswith('news ')",
    "name.str.startswith(' ')",
    "name == 'Weekly'",
    "name == ' x'",
    "name != 'Weekly'",
    "name in ['Weekly', 'Sale', 'News']",
    "name not in ['Weekly', 'Sale', 'News']",
    "subject not in ['Weekly', 'Sale']",
    "not subject.str.contains('sale')",
    "subject.str.contains('SALE', case=False)",
    "name.str.contains('^W.*s')",
    "status in ['draft', 'finished']",
    "status not in ['draft', 'finished']",
    "recipients == 9007199254740992",
    "recipients != 9007199254740993",
    "recipients < 9007199254740993",
    "recipients > 9007199254740992",
    "recipients >= 9007199254740993",
    "start_time <= '2016-01-01T00:00Z'",
    "start_time < '2015-01-01T00:00Z'",
    "not start_time > '2015-01-01T00:00Z'",
    "start_time.notna()",
    "score < 2",
    "not score > 0.5",
    "score >= 0.5",
    "score > 0.25",
    "score < 0.5",
    "score == 0.5",
    "0.25 <= score < 0.75",
    "score.notna()",
    "opens >= 5",
    "opens <= 5",
    "opens == 5",
    "4 < opens <= 6",
    "opens >= 5 and name == 'Weekly' and status != 'draft'",
    "opens >= 100 or name == 'Sale'",
)
EVERYTHING = Support(others=True)
REFUSED = {
    f"refuses {name}": Profile(operators=EVERYTHING.learned(str(name), supported=False))
    for name in (*StringOperator, *NumberOperator)
    if name
    not in {StringOperator.NOT_LIKE_IGNORE_CASE, NumberOperator.GTE}  # no plan uses it; every scan does
}
IGNORED = {
    f"ignores {name}": Profile(filtered=EVERYTHING.learned(f"campaigns.{name}", supported=False))
    for name in ("name", "subject", "opens", "score", "start_time", "status", "recipients")
}
SERVERS = {
    "as decided": Profile(),
    "trims in like": Profile(like_trims=True),
    "trims in like, a pattern": Profile(like=Like.SQL, like_trims=True),
    "trims in like, escaped": Profile(like=Like.SQL_ESCAPED, like_trims=True),
    "doubles": Profile(integers_exact=False),
    "null as 0": Profile(null_compares=True),
    "first of a list": Profile(in_reads_all=False),
    "bare text means contains": Profile(bare_contains=True),
    "cuts numbers": Profile(fractions_kept=False),
    "bounds left out": Profile(bounds_included=False),
    **REFUSED,
    **IGNORED,
}


@pytest.fixture(scope="module", params=SERVERS.values(), ids=SERVERS)
def box(request, tmp_path_factory):
    table = tmp_path_factory.mktemp("rows") / "campaigns.jsonl"
    table.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS), encoding="utf-8")
    with Sandbox(sample=False, load={"campaigns": table}, profile=request.param, speed=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def full(box):
    with connect(box.url, box.api_key) as client:
        return client.campaigns.find()


def test_answers_and_counts_are_pandas_own_and_learning_is_cheap(box, full):
    assert len(full) == len(ROWS)
    with connect(box.url, box.api_key) as client:
        asked = 0
        for question in QUESTIONS:
            expected = full.query(question, engine="python").reset_index(drop=True)
            check_equal(client.campaigns.find(question), expected, question)
            spent = client.campaigns.prober().asked - asked
            assert spent <= MOST_REQUESTS, question
            asked += spent
            assert client.campaigns.count(question) == len(expected), question
            asked = client.campaigns.prober().asked


def test_a_question_of_its_own_client_is_answered_as_well(box, full):
    for question in QUESTIONS[::6]:
        with connect(box.url, box.api_key) as client:
            expected = full.query(question, engine="python").reset_index(drop=True)
            assert client.campaigns.count(question) == len(expected), question
            check_equal(client.campaigns.find(question), expected, question)
