"""The law over the wire for names and rates: what pandas answers on all rows with those columns."""

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
RATES = {"open_rate": ("opens", "delivered"), "click_to_open_rate": ("clicks", "opens")}
COMPUTED = ["list_name", *RATES]


@pytest.mark.parametrize("number", range(SERVERS))
def test_names_and_rates_are_columns_as_pandas_would_have_them(number, own_state, tmp_path):
    choices = Choices.seeded(f"computed/{number}")
    texts = contents.related(choices)
    lists = {f"list{at}": choices.pick(texts) for at in range(5)}
    rows = [_with_list(row, choices, lists) for row in contents.rows(choices, texts, most=30)]
    does = replace(profile(choices, scanned=True), page_limit=1000)
    told = (does, Profile.unknown(), "auto")[number % 3]
    table = tmp_path / "campaigns.jsonl"
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    made = pd.DataFrame({"id": list(lists), "name": list(lists.values()), "created": range(5)})
    with (
        Sandbox(sample=False, load={"campaigns": table, "lists": made}, profile=does, speed=0) as box,
        connect(box.url, box.api_key, profile=told, page_size=choices.pick((1000, 3, 7))) as client,
    ):
        asked = sum(_one(client, rows, choices, texts, lists) for _ in range(QUESTIONS))
    assert asked > QUESTIONS // 2


def _with_list(row, choices, lists):
    row["list_id"] = choices.pick([*lists, None, "deleted"])
    row["delivered"] = choices.pick((0, 1, 3, 10))
    return row


def _whole(rows, lists) -> pd.DataFrame:
    full = whole(rows, dtype_backend=None)
    names = full["list_id"].map(lists).astype("str")
    rates = {
        name: full[part].astype("Float64") / full[of].astype("Int64").where(full[of] > 0)
        for name, (part, of) in RATES.items()
    }
    return full.assign(list_name=names, **rates)


def _one(client, rows, choices, texts, lists) -> bool:
    form = choices.pick(FORMS)
    full = _whole(rows, lists)
    questions = Questions(choices, form, frozenset(full.columns), texts)
    questions.texts += ["list_name"] * 4
    questions.numbers += [*RATES] * 3
    tree = questions.tree(2)
    question = Asked.of(tree, form)
    columns = choices.pick((None, ["id", *COMPUTED]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, friendly = verdict(tree, form, full)
        if friendly or not isinstance(expected, pd.DataFrame):
            return False
        scope = question.bound() if form == "query" else {}
        try:
            found = client.campaigns.frame().dyno.query(
                question.expression(), local_dict=scope, global_dict={}, columns=columns
            )
        except QueryError:
            assert lacks_values(tree, form, full), str(question)
            return False
    wanted = columns or [name for name in full.columns if name not in COMPUTED]
    assert_frame_equal(
        found, expected[wanted].reset_index(drop=True), check_exact=True, check_flags=False, obj=str(question)
    )
    assert found.dyno.certificate.verdict == "exact"
    return True
