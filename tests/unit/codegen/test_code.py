"""What a program is written from, what is refused, and that no program holds a key or an address of a recipient."""

from __future__ import annotations

import ast
import json
import pickle
import traceback
from importlib import import_module

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.codegen.literals import comment, literal
from dyno_frames.codegen.pandas_source import source
from dyno_frames.contract.languages import Language
from dyno_frames.errors import ConfigError, DynoError, NotPushableError
from dyno_frames.query.bind import bind_query
from dyno_frames.sandbox.sandbox import Sandbox

LANGUAGES = ("curl", "python", "java", "php")
LOCAL = "opens > clicks and status == 'finished'"
MAX_LINES = {"curl": 114, "python": 123, "php": 133, "java": 175}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_and_its_scan_write_the_same_program(client, language):
    scan = client.campaigns.scan("status == 'finished'")
    assert scan.explain().to_code(language) == scan.to_code(language)
    assert client.campaigns.to_code("find", "status == 'finished'", language=language) == scan.to_code(
        language
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_url_is_the_default_and_the_key_is_not_in_the_program(client, sandbox, language):
    code = client.campaigns.scan("opens > 5").to_code(language)
    assert sandbox.url in code
    assert "DYNO_URL" in code
    assert sandbox.api_key not in code
    assert "DYNO_API_KEY" in code


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_is_short_ascii_and_has_no_long_blank_stretch(client, language):
    code = client.campaigns.scan("name.str.contains('Sale') or opens > 5").to_code(language)
    assert code.isascii()
    assert code.endswith("\n")
    assert "\n\n\n\n" not in code
    assert len(code.splitlines()) <= MAX_LINES[language]


@pytest.mark.parametrize("language", ["curl", "java", "php"])
def test_a_part_that_the_server_cannot_evaluate_is_named_with_the_cure(client, language):
    with pytest.raises(NotPushableError, match=r"opens > clicks.*language='python', or wider=True"):
        client.campaigns.scan(LOCAL).to_code(language)


@pytest.mark.parametrize("option", [{"order_by": "opens"}, {"limit": 3}, {"offset": 2}])
def test_order_and_limit_are_named_too(client, option):
    [name] = option
    with pytest.raises(NotPushableError, match=f"{name}="):
        client.campaigns.scan("opens > 5", **option).to_code("php")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wider_program_says_what_it_does_not_apply(client, language):
    code = client.campaigns.scan(LOCAL).to_code(language, wider=True)
    assert "more rows than the query matches" in code.splitlines()[1] + code.splitlines()[2]
    assert "opens > clicks" in code
    assert "pandas" not in code


def test_python_gets_the_expression_as_a_last_step(client):
    code = client.campaigns.scan(LOCAL).to_code("python")
    assert "frame = frame[((frame['opens'] > frame['clicks']) & " in code
    ast.parse(code)


def test_a_computed_column_is_named(client):
    with pytest.raises(NotPushableError, match="open_rate, which dyno_frames computes"):
        client.campaigns.scan(None, columns=["name", "open_rate"]).to_code("python")
    with pytest.raises(NotPushableError, match="open_rate, which dyno_frames computes"):
        client.campaigns.scan("open_rate > 0.2").to_code("python")


@pytest.mark.parametrize("ask", [lambda c: c.scan("opens > 5"), lambda c: c.scan("opens > 5").explain()])
def test_an_unknown_language_is_named(client, ask):
    with pytest.raises(ConfigError, match="language is 'perl'; expected one of curl, python, java, php"):
        ask(client.campaigns).to_code("perl")


@pytest.mark.parametrize(
    ("operation", "arguments", "options", "said"),
    [
        ("start", ("x",), {"at": "2099-01-01T10:00", "time_zone": "Mars"}, "Mars"),
        ("start", ("x",), {"at": "2016-01-01T10:00", "time_zone": "UTC"}, "which is over"),
        ("pause", ("x",), {"subject": "a"}, "pause takes no subject"),
        ("pause", ("",), {}, "the id is ''"),
        ("update", ("x",), {}, "names no field"),
        ("create", (), {"created": 1}, "created is set by the server alone"),
        ("fly", ("x",), {}, "no operation 'fly'; expected one of get, create"),
        ("create", (), {"name": "half \ud83c"}, "half"),
    ],
)
def test_arguments_are_checked_before_a_program_is_written(client, operation, arguments, options, said):
    with pytest.raises(ConfigError, match=said):
        client.campaigns.to_code(operation, *arguments, language="php", **options)


def test_addresses_of_recipients_are_not_written_into_a_program(client):
    with pytest.raises(ConfigError, match="addresses of recipients") as caught:
        client.lists.to_code("create", name="Friends", emails=["ann@example.com"], language="python")
    assert "ann@" not in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "write",
    [
        lambda c, key, to: c.campaigns.scan(f"name == '{key}'").to_code(to),
        lambda c, key, to: c.campaigns.scan(f"name.str.contains('x{key}y')").to_code(to),
        lambda c, key, to: c.campaigns.scan(f"name == '{key}'").explain().to_code(to),
        lambda c, key, to: c.campaigns.scan(lambda f: f["name"].isin([f"{key.upper()}"])).to_code(to),
        lambda c, key, to: c.campaigns.to_code("count", f"name == '{key}'", language=to),
        lambda c, key, to: c.campaigns.scan(f"opens > clicks and name == '{key}'").to_code(to, wider=True),
        lambda c, key, to: c.templates.to_code("create", name="n", html=f"<p>{key}</p>", language=to),
        lambda c, key, to: c.templates.to_code("get", f"a{key}", language=to),
    ],
)
def test_a_program_with_the_key_in_a_value_is_refused(client, sandbox, language, write):
    with pytest.raises(ConfigError, match="contains the API key, which no program may contain") as caught:
        write(client, sandbox.api_key, language)
    assert sandbox.api_key not in str(caught.value)


@pytest.mark.parametrize(
    "ask",
    [
        lambda c, key: c.campaigns.scan(f"opens > clicks and name == '{key}'").to_code("php"),
        lambda c, key: c.campaigns.find(f"{key} > 3"),
        lambda c, key: c.campaigns.find(f"opens > '{key}'"),
        lambda c, key: c.campaigns.find(columns=[key]),
        lambda c, key: c.campaigns.find(f"opens > clicks and name == '{key}'", strict=True),
        lambda c, key: c.campaigns.frame().dyno.query(f"subject = '{key}'"),
    ],
)
def test_an_error_of_a_query_does_not_show_the_key(ask):
    key = "k_1234567890_secret"
    with (
        Sandbox(speed=0, api_key=key) as box,
        connect(box.url, key, name="hidden") as client,
        pytest.raises(DynoError) as caught,
    ):
        ask(client, key)
    assert key not in "".join(traceback.format_exception(caught.value))
    assert "***" in str(caught.value)


def test_writing_a_program_sends_nothing(client, sandbox):
    scan = client.campaigns.scan("opens > 5")
    before = len(sandbox.requests)
    for language in LANGUAGES:
        scan.to_code(language)
        client.campaigns.to_code("pause", "x", language=language)
    assert len(sandbox.requests) == before


def test_the_plan_of_an_action_is_written_as_its_request(client):
    [campaign] = client.campaigns.find("status == 'running'", limit=1)["id"]
    plan = client.campaigns.plan("pause", campaign)
    assert plan.to_code("php") == client.campaigns.to_code("pause", campaign, language="php")


def test_a_plan_without_a_connection_says_where_to_get_one(client):
    plan = client.campaigns.scan("opens > 5").plan
    with pytest.raises(ConfigError, match="made without a connection"):
        plan.to_code("php")


def test_a_plan_is_pickled_without_its_connection(client):
    campaign = client.campaigns.find("status == 'running'", limit=1)["id"].iloc[0]
    for plan in (client.campaigns.explain("opens > 5"), client.campaigns.plan("pause", campaign)):
        again = pickle.loads(pickle.dumps(plan))  # noqa: S301 - written above
        assert again == plan
        with pytest.raises(ConfigError, match="made without a connection"):
            again.to_code("php")


@pytest.mark.parametrize(
    "value", ["it's", 'a "b"', "a\\b", "$HOME `id` $(id)", "\\u0041", "?>", "\n\r\t", "*/", '"""']
)
def test_a_text_is_one_literal_in_every_language(value):
    text = json.dumps(value)
    assert ast.literal_eval(literal(text, Language.PYTHON)) == text
    for language in Language:
        assert "\n" not in literal(text, language)


def test_a_long_text_is_cut_into_literals_that_java_can_hold():
    parts = literal("x" * 70_000, Language.JAVA)
    assert parts.startswith('String.join("", "')
    assert max(map(len, parts.split(", "))) < 65_000


@pytest.mark.parametrize("text", ["a\nb", "a\u2028b", "x ?> y", "x */ y", "\\u000a evil", "é", "a" * 500])
def test_a_comment_stays_one_comment(text):
    shown = comment(text)
    assert shown.isascii()
    assert shown.isprintable()
    assert not any(mark in shown for mark in ("?>", "*/", "\\"))


EXPRESSIONS = (
    "opens > 5 and not (clicks == 3 or name == 'a')",
    "name.str.contains('a.b', case=False) or subject in ['a', 'b', \"c'd\"]",
    "created >= '2016-01-01' and created.dt.month == 3",
    "opens > 0.5 * delivered and opens - clicks < -3",
    "name.str[:3] == 'abc' and abs(opens - 4) > 2",
    "name.str.startswith('x\\'y') or name.isna()",
)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_source_of_an_expression_evaluates_to_the_same_rows(client, text):
    frame = client.campaigns.find()
    query = bind_query(text, client.campaigns.frame())
    mask = eval(source(query.node), {"frame": frame, "pd": pd, "np": import_module("numpy")})  # noqa: S307 - written above
    assert frame[mask]["id"].tolist() == query.select(frame)["id"].tolist()


def test_a_value_without_source_text_is_named():
    with pytest.raises(DynoError, match="value of type Timedelta"):
        source(bind_query(lambda c: c.created - c.updated > pd.Timedelta("1D"), _times()).node)


def _times() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="datetime64[s, UTC]") for name in ("created", "updated")})
