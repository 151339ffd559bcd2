"""Nobody overlooks an answer that may lack rows: it warns in Python, and has an exit code of its own in a shell."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.cli import main
from dyno_frames.errors import ContractError, IncompleteResultWarning

WHY = "the server does not keep the order by created"


@pytest.fixture
def unordered(account, campaigns):
    """A client of a server that ignores the order which it is asked for."""
    client, between = account(campaigns(40).sample(frac=1, random_state=1), page_size=7)
    between.asking = lambda body: {name: body[name] for name in body if "order" not in name}
    return client, between


FORMS = {
    "find": lambda client, path: client.campaigns.find(),
    "query": lambda client, path: client.campaigns.frame().dyno.query("opens >= 0"),
    "item": lambda client, path: client.campaigns.frame().dyno[pd.col("opens") >= 0],
    "to_arrow": lambda client, path: client.campaigns.scan().to_arrow(),
    "to_batches": lambda client, path: list(client.campaigns.scan().to_batches()),
    "count": lambda client, path: client.campaigns.count("opens >= clicks"),
    "a file": lambda client, path: client.campaigns.scan().to_parquet(path / "a.parquet"),
    "a dataset": lambda client, path: client.campaigns.scan().to_parquet(path / "a"),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_that_may_lack_rows_warns_once_at_the_callers_line(unordered, tmp_path, form):
    client, _ = unordered
    with pytest.warns(IncompleteResultWarning) as caught:
        FORMS[form](client, tmp_path)
    assert len(caught) == 1
    assert WHY in str(caught[0].message)
    assert "strict=True" in str(caught[0].message)
    assert caught[0].filename == __file__


def test_a_certified_answer_warns_of_nothing(account, campaigns):
    client, _ = account(campaigns(40), page_size=7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(client.campaigns.find()) == 40


def test_strict_raises_instead(unordered, tmp_path):
    client, _ = unordered
    with pytest.raises(ContractError, match=WHY):
        client.campaigns.find(strict=True)
    with pytest.raises(ContractError, match=WHY):
        client.campaigns.scan(strict=True).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ContractError, match=WHY):
        client.campaigns.scan(strict=True).to_parquet(tmp_path / "a")
    assert not list(tmp_path.glob("a*"))


def test_what_was_written_from_it_says_so(unordered, tmp_path):
    client, _ = unordered
    for name in ("a.parquet", "a"):
        with pytest.warns(IncompleteResultWarning):
            written = client.campaigns.scan().to_parquet(tmp_path / name)
        assert "uncertified" in repr(written)
        assert dyno.read_dataset(tmp_path / name).dyno.certificate.verdict == "uncertified"


COMMANDS = {
    "find": ["find", "campaigns", "--format", "jsonl"],
    "count": ["count", "campaigns", "--where", "opens >= clicks"],
    "export": ["export", "campaigns", "--to", "a.parquet", "--json"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exits_with_4_and_the_reason_unless_it_is_allowed(
    unordered, tmp_path, monkeypatch, capsys, command
):
    _, between = unordered
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DYNO_URL", between.url)
    monkeypatch.setenv("DYNO_API_KEY", between.box.api_key)
    between.answering = lambda rows: rows[:7]  # no larger pages, whatever is asked for
    assert main(COMMANDS[command]) == 4
    shown = capsys.readouterr()
    assert WHY in shown.err
    assert main([*COMMANDS[command], "--allow-incomplete"]) == 0
    again = capsys.readouterr()
    assert WHY in again.err
    for line in again.out.splitlines():
        json.loads(line)
