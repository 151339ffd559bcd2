from __future__ import annotations

import csv
import io
import json
import re
from unicodedata import east_asian_width

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyno_frames.cli.forms import written


def frame_of(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": pd.Series(names, dtype="str"),
            "status": pd.Series(["draft"] * len(names), dtype="category"),
            "created": pd.Series(range(len(names)), dtype="int64").astype("datetime64[s, UTC]"),
            "opens": pd.Series([2**60 + 1] * len(names), dtype="int64"),
        }
    )


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1)))
def test_json_lines_give_back_every_value(names):
    rows = [json.loads(line) for line in written(frame_of(names), "jsonl").split("\n") if line]
    assert [row["name"] for row in rows] == names
    assert [row["opens"] for row in rows] == [2**60 + 1] * len(names)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)))
def test_csv_gives_back_every_value(names):
    back = pd.read_csv(
        io.StringIO(written(frame_of(names), "csv", formulas=True)), keep_default_na=False, dtype="str"
    )
    assert back["name"].tolist() == names


BREAKS = ["\r", "\r\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("line_break", BREAKS)
def test_csv_quotes_a_value_with_any_line_break_and_guards_the_text_after_it(line_break):
    frame = frame_of([f"a{line_break}=cmd()", f"b{line_break} +1", f"{line_break}-2", "plain"])
    text = written(frame, "csv")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in rows] == [
        "name",
        f"a{line_break}'=cmd()",
        f"b{line_break}' +1",
        f"'{line_break}'-2",
        "plain",
    ]
    assert f'"a{line_break}\'=cmd()"' in text
    as_is = list(csv.reader(io.StringIO(written(frame, "csv", formulas=True), newline="")))
    assert as_is[1][0] == f"a{line_break}=cmd()"


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_csv_keeps_the_lines_of_a_text_that_every_program_quotes(line_break):
    text = f"<style>{line_break}@media print {{}}{line_break}- item"
    rows = list(csv.reader(io.StringIO(written(frame_of([text]), "csv"), newline="")))
    assert rows[1][0] == text


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_times_are_utc_and_say_so(form):
    assert "1970-01-01T00:00:00" in written(frame_of(["a"]), form)
    assert "Z" in written(frame_of(["a"]), form)


def test_a_table_counts_its_rows_and_spells_control_characters_out():
    table = written(frame_of(["plain", "\x1b[31mred\nline"]), "table")
    assert "\x1b" not in table
    assert r"\x1b[31mred\nline" in table
    assert table.endswith("2 rows\n")
    assert len(table.splitlines()) == 4


def test_an_empty_answer_names_its_columns():
    assert written(frame_of([]), "table") == "name, status, created, opens\n0 rows\n"
    assert written(frame_of([]), "csv") == "name,status,created,opens\n"
    assert written(frame_of([]), "jsonl") == ""


def test_missing_values_are_blank_in_a_table():
    table = written(pd.DataFrame({"subject": pd.Series(["x", None], dtype="str")}), "table")
    assert "nan" not in table.lower()
    assert "None" not in table


def test_the_frame_is_left_as_it_was():
    frame = frame_of(["a\x07", "b"])
    before = frame.copy(deep=True)
    written(frame, "table")
    pd.testing.assert_frame_equal(frame, before)


FORMULAS = [
    " =1+1",
    "\u00a0+1",
    "=1+1",
    "+49",
    "-2",
    "@SUM(A1)",
    "\tx",
    "\uff1d1",
    '=HYPERLINK("http://127.0.0.1")',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_csv_makes_no_formula_of_a_servers_text(text):
    frame = frame_of([text, "plain", None]).rename(columns={"opens": f"{text}opens"})
    back = pd.read_csv(io.StringIO(written(frame, "csv")), keep_default_na=False, dtype="str")
    assert back["name"].tolist() == [f"'{text}", "plain", ""]
    assert back.columns[-1] == f"'{text}opens"
    assert back.iloc[0, -1] == str(2**60 + 1)
    as_is = pd.read_csv(io.StringIO(written(frame, "csv", formulas=True)), keep_default_na=False, dtype="str")
    assert as_is["name"].tolist() == [text, "plain", ""]


def test_negative_numbers_are_no_formulas():
    assert written(pd.DataFrame({"score": [-1.5, 2.0]}), "csv") == "score\n-1.5\n2.0\n"


@pytest.mark.parametrize("names", [["a"], []])
def test_a_header_of_a_table_does_not_steer_the_terminal(names):
    shown = written(frame_of(names).rename(columns={"opens": "\x1b[31mred"}), "table")
    assert "\x1b" not in shown
    assert "\\x1b[31mred" in shown


@pytest.mark.parametrize("hostile", ["\x1b]0;pwn\x07", "\x9b31m", "\u202e", "\r", "\u2028"])
def test_csv_for_a_terminal_spells_control_characters_out(hostile):
    frame = frame_of([f"a{hostile}b"]).rename(columns={"opens": f"{hostile}opens"})
    shown = written(frame, "csv", terminal=True)
    assert hostile[0] not in shown
    assert "a\\" in shown
    assert hostile[0] in written(frame, "csv"), "data that is redirected is left as it is"


def test_csv_for_a_terminal_is_otherwise_the_same():
    frame = frame_of(["naïve, “quoted”", "日本語"])
    assert written(frame, "csv", terminal=True) == written(frame, "csv")


@pytest.mark.parametrize("hostile", ["\x1b]0;pwn\x07", "\x9b31m", "\u202e"])
def test_json_lines_hold_no_control_character(hostile):
    assert hostile[0] not in written(frame_of([hostile]), "jsonl")


WIDE = pd.DataFrame(
    {
        "id": ["84830ba7-e1b1-5045-b824-e710cdbfd794"],
        "name": ["Holiday gifts for everybody who likes them"],
        "subject": ["🎁 Gifts under $25, 日本語で"],
        "status": ["running"],
        "opens": [57046],
        "clicks": [5704],
    }
)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_a_table_fits_the_terminal_and_names_what_it_omits(width):
    lines = written(WIDE, "table", width=width).splitlines()
    assert max(sum(2 if east_asian_width(one) in "WF" else 1 for one in line) for line in lines[:2]) <= width
    omitted = [name for name in WIDE if name not in lines[0].split()]
    notes = [f"Not shown at this width: {', '.join(omitted)} (--format csv shows all)"]
    assert lines[2:] == ["1 row", *(notes if omitted else [])]


def test_a_narrow_table_shortens_texts_before_it_omits_columns_and_keeps_ids():
    table = written(WIDE, "table", width=110)
    assert "Holiday gifts f…" in table
    assert WIDE["id"][0] in table
    assert "Not shown" not in table


def test_a_table_without_a_width_shows_all_columns():
    assert written(WIDE, "table").splitlines()[0].split() == list(WIDE)


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1))
def test_markdown_has_one_line_per_row_and_as_many_cells_as_columns(names):
    lines = written(frame_of(names), "markdown").split("\n")
    assert lines[1] == "| --- | --- | --- | --: |"
    assert len(lines) == len(names) + 3
    cells = [re.findall(r"(?<!\\)(?:\\\\)*\|", line) for line in lines[2:-1]]
    assert [len(row) for row in cells] == [5] * len(names)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("![](http://127.0.0.1/x.png)", r"!\[\](http://127.0.0.1/x.png)"),
        ("<script>", r"\<script\>"),
        ("&lt;", r"\&lt;"),
        ("two\nlines", r"two\\nlines"),
        ("\x1b[31mred", r"\\x1b\[31mred"),
    ],
)
def test_markdown_contains_no_markup_of_the_server(text, shown):
    assert f"| {shown} |" in written(frame_of([text]), "markdown")


def test_markdown_leaves_missing_values_empty():
    frame = pd.DataFrame({"subject": pd.Series(["x", None], dtype="str"), "n": pd.array([None, 1], "Int64")})
    assert written(frame, "markdown") == "| subject | n |\n| --- | --: |\n| x |  |\n|  | 1 |\n"
