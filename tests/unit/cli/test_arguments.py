"""Errors of a command speak of its options, not of the arguments and calls of Python."""

from __future__ import annotations

import re

import pytest

from dyno_frames.cli.arguments import with_options

PYTHON = re.compile(r"\b[a-z_]+=(?!=)|\bconnect\(|\blambda\b|\bclient\.|\bdyno_frames\b|\bTrue\b|\bNone\b")

FIND = {
    "a typo in the order": (
        ["--order-by", "opnes"],
        "--order-by: no column is called 'opnes'; did you mean 'opens'?",
    ),
    "a typo in the columns": (
        ["--columns", "name,opnes"],
        "--columns: no column is called 'opnes'; did you mean",
    ),
    "a column twice": (["--columns", "name,name"], "--columns name,name has a column twice"),
    "a direction": (
        ["--order-by=-opens"],
        "--order-by -opens holds a direction; expected --order-by opens --descending",
    ),
    "a part kept local": (["--strict", "--where", "opens > clicks"], "--strict, and a part of the query"),
    "no condition": (["--where", "5"], "expected a condition on columns, such as opens > 100"),
    "an address without a scheme": (["--url", "localhost"], "--url (or DYNO_URL)"),
    "a key in two words": (["--api-key", "two words"], "--api-key cannot be used"),
    "a wrong key": (["--api-key", "wrong"], "Check --api-key or DYNO_API_KEY."),
    "no server": (
        ["--url", "http://127.0.0.1:9"],
        "To start a sandbox on this machine: dyno-frames sandbox.",
    ),
}

EXPORT = {
    "a sync of one file": (
        ["--to", "x.parquet", "--mode", "sync"],
        "--mode sync makes a dataset of several files",
    ),
    "a sync without ids": (
        ["--to", "x", "--mode", "sync", "--columns", "name"],
        "--mode sync needs the columns id, created, updated. Add them to --columns",
    ),
    "a sync of some rows": (["--to", "x", "--mode", "sync", "--limit", "5"], "Use --mode overwrite"),
    "a typo in the partitions": (
        ["--to", "x", "--partition-by", "stauts"],
        "--partition-by: no column is called",
    ),
    "a compression": (["--to", "x", "--compression", "zip"], "--compression zip; expected one of zstd"),
}


@pytest.mark.parametrize(("arguments", "said"), FIND.values(), ids=FIND)
def test_an_error_of_find_names_its_options(ask, arguments, said):
    ended = ask("find", "campaigns", *arguments)
    assert ended.code in {1, 2}
    assert said in ended.err
    assert not PYTHON.search(re.sub(r"\{.*\}", "", ended.err))


@pytest.mark.parametrize(("arguments", "said"), EXPORT.values(), ids=EXPORT)
def test_an_error_of_export_names_its_options(ask, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = ask("export", "campaigns", *arguments)
    assert ended.code == 2
    assert said in ended.err
    assert not PYTHON.search(ended.err)


def test_a_query_of_the_user_stays_as_it_is(ask):
    ended = ask("find", "campaigns", "--where", "limit='5'")
    assert "the query \"limit='5'\" cannot be evaluated" in ended.err


def test_a_missing_key_is_told_the_option(run, monkeypatch):
    monkeypatch.delenv("DYNO_API_KEY", raising=False)
    ended = run("count", "campaigns", "--url", "http://127.0.0.1:9")
    assert "pass it as --api-key, set the environment variable DYNO_API_KEY" in ended.err
    assert "connect(" not in ended.err


ADVICE = {
    "Look again; or state it: client.campaigns.resolve('6f1c', decision=…)": (
        "Look again; or state it: dyno-frames resolve 6f1c --decision …"
    ),
    "Look first: client.campaigns.resolve('6f1c')": "Look first: dyno-frames resolve 6f1c",
    "Then accept the damage: client.campaigns.accept_journal_damage()": (
        "Then accept the damage: dyno-frames journal --accept-damage"
    ),
    "it is draft. Start it first: client.campaigns.start(…)": "it is draft. Start it first: dyno-frames start",
    "Look first: client.lists.look_for(), or client.lists.find(\"name == 'Q'\")": (
        "Look first: dyno-frames find lists --where \"name == 'Q'\""
    ),
    "127.0.0.1: no response within 30 s. Give it longer with connect(…, timeout_s=…).": (
        "127.0.0.1: no response within 30 s. Try again later."
    ),
    "code 429. Wait, or connect with fewer workers=.": "code 429. Wait, then try again.",
    "expected an integer; declare another type with connect(…, schema={'x': 'object'}) if the server is right, or pass "
    "on_invalid='null' to get null instead": "expected an integer",
    "a redirect is not followed; name the right url=.": "a redirect is not followed; name the right --url.",
    "port 80 cannot be used (in use); leave port out to get a free one": (
        "port 80 cannot be used (in use); leave --port out to get a free one"
    ),
    "the types differ. Declare the types with connect(…, schema={…}), or replace the dataset with mode='overwrite'": (
        "the types differ. Replace the dataset with --mode overwrite"
    ),
    "Read an older version (version=3) or replace the dataset with mode='overwrite'": (
        "Replace the dataset with --mode overwrite"
    ),
    "the server's rows are older than the dataset's. Use mode='overwrite'": (
        "the server's rows are older than the dataset's. Use --mode overwrite"
    ),
    "Run the query again, or see .dyno.certificate; strict=True raises instead": (
        "Run the query again; --strict fails instead"
    ),
}


@pytest.mark.parametrize("text", ADVICE)
def test_advice_for_python_is_left_out(text):
    assert with_options(text, {"mode": "--mode", "strict": "--strict", "url": "--url"}) == ADVICE[text]
