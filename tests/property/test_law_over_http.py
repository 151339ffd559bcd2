"""THE LAW over the wire: fewer questions, and a real server, session and client in between."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import pandas as pd
import pytest
from law import contents
from law.choices import Choices
from law.judge import lacks_values, verdict, whole
from law.questions import Questions
from law.servers import profile
from law.writing import FORMS, Asked
from pandas.testing import assert_frame_equal

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import QueryError
from dyno_frames.sandbox.sandbox import Sandbox

SERVERS, QUESTIONS = 6, 25


@pytest.mark.parametrize("number", range(SERVERS))
def test_a_client_answers_as_pandas_does_on_all_rows(number, own_state, tmp_path):
    choices = Choices.seeded(f"wire/{number}")
    texts = contents.related(choices)
    rows = contents.rows(choices, texts, most=30)
    does = replace(
        profile(choices, scanned=True), page_limit=1000
    )  # the schema is learnt from the newest page
    told = (does, Profile.unknown(), "auto")[number % 3]
    table = tmp_path / "campaigns.jsonl"
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    page_size = choices.pick((1000, 3, 7))
    with (
        Sandbox(sample=False, load={"campaigns": table}, profile=does, speed=0) as box,
        connect(box.url, box.api_key, profile=told, page_size=page_size) as client,
    ):
        asked = sum(_one(client, rows, choices, texts, page_size) for _ in range(QUESTIONS))
    assert asked > QUESTIONS // 2


def _one(client, rows, choices, texts, page_size) -> bool:
    form = choices.pick(FORMS)
    full = whole(rows, dtype_backend=None)
    tree = Questions(choices, form, frozenset(full.columns), texts).tree(2)
    question = Asked.of(tree, form)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, friendly = verdict(tree, form, full)
        if friendly or not isinstance(expected, pd.DataFrame):
            return False
        campaigns = client.campaigns.frame().dyno
        given = question.expression()
        try:
            if form == "query":
                found = campaigns.query(given, local_dict=question.bound(), global_dict={})
            else:
                found = campaigns[given]
        except QueryError:
            assert lacks_values(tree, form, full), str(question)
            return False
        assert_frame_equal(
            found, expected.reset_index(drop=True), check_exact=True, check_flags=False, obj=str(question)
        )
        assert found.dyno.certificate.verdict == "exact"
    return True
