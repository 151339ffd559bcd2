"""Random questions: every leaf that the compiler knows, those that it must leave alone, and what joins them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from law.choices import Choices
from law.contents import (
    FLOATS,
    MIXED,
    NUMBER_FIELDS,
    NUMBERS,
    SMALL,
    TEXT_FIELDS,
    TEXTS,
    TIME_FIELDS,
    TIMES,
    WORDS,
)
from law.writing import Once, Tree

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
PATTERNS = (
    "a", "a.b", "a|b", "^a", "a$", "^a$", "[ab]+", "a{1,2}", "(?:a)(b)?", "\\d", "\\w+", "\\ba", "(?i)k", "[^a]",
    "a\\.b", "a.*b", "\\s", "%", "é", "ſ", "^$", "", ".", "^.$", "x*", "(?:ab)+", "a\\\\b", "[[:alpha:]]", "\\.",
    "\\%", "(", "a**", "[a-z]", "[A-Z]{2}", "a?b", "(?:a|b)$", "\\Aa", "a\\Z", "[é]", "a,b", "\\(a\\)", "ss", "(a)b",
    "(?s)a.b", "\\n", "two\\nlines", "^(?:a|)$", "b|", "K", "[k]", "i", "[\\x00-\\x7f]", "\\x61", "a b", "{", "a{", "]",
    "a{,2}", "\\/", "_", "\\_", "^ ", " $", "[ab", "a|a\\b", "(?P<n>a)", "(?=a)", "a+?", "[.]", "\\t", "\\u0061", "$",
)  # fmt: skip


class Questions:
    """Draws questions over the columns of some rows.

    Parameters
    ----------
    choices
        Where choices come from.
    form
        The form they are written in: some things can be said in one form only.
    names
        The columns there are.
    texts
        What is asked for most often.
    """

    def __init__(self, choices: Choices, form: str, names: frozenset[str], texts: list[str]) -> None:
        self.choices = choices
        self.form = form
        self.texts = [name for name in TEXT_FIELDS if name in names]
        self.numbers = [name for name in NUMBER_FIELDS if name in names]
        self.names = names
        self.pool = [*texts, *choices.some(TEXTS, 5)]

    def tree(self, depth: int = 3) -> Tree:
        """Return a question."""
        kind = self.choices.below(10) if depth else 0
        if kind < 3:
            return self.leaf()
        if kind == 9:
            return ("not", self.tree(depth - 1), self._words())
        word = self._words()
        sides = (self.tree(depth - 1), self.tree(depth - 1))
        if kind == 8 and self.form != "query":
            return ("xor", *sides)
        return ("and" if kind < 6 else "or", *sides, word)

    def _words(self) -> bool:
        return self.form == "query" and self.choices.chance(1, 2)

    def leaf(self) -> Tree:
        """Return one condition."""
        kinds: tuple[tuple[int, Callable[[], Tree]], ...] = (
            (9, self._on_text),
            (7, self._on_number),
            (7, self._on_time),
            (3, self._on_status),
            (1, self._on_flag),
            (1, self._on_mixed),
            (1, self._between_columns),
            (1, self._foreign),
        )
        deck = [kind for times, kind in kinds for _ in range(times)]
        return self.choices.pick(deck)()

    # texts

    def _on_text(self) -> Tree:
        column = ("col", self.choices.pick(self.texts))
        makers = (
            self._text_compared, self._text_member, self._text_tested, self._text_tested, self._edged, self._is_null,
            self._text_made,
        )  # fmt: skip
        return self.choices.pick(makers)(column)

    def _text(self) -> str:
        return self.choices.pick(self.pool)

    def _text_compared(self, column: Tree) -> Tree:
        operator = self.choices.pick(("eq", "ne", "eq", "ne", *COMPARISONS))
        value: Any = self._text()
        odd = self.choices.below(24)
        value = {19: None, 20: 5, 21: float("nan"), 22: np.str_("a"), 23: pd.NA}.get(odd, value)
        return self._either_way(operator, column, ("val", value))

    def _either_way(self, operator: str, column: Tree, value: Tree) -> Tree:
        if self.choices.chance(1, 4):
            mirrored = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}.get(operator, operator)
            return ("compare", mirrored, value, column)
        return ("compare", operator, column, value)

    def _text_member(self, column: Tree) -> Tree:
        values: list[Any] = self.choices.some(self.pool, 4)
        if self.choices.chance(1, 5):
            values.append(self.choices.pick((None, float("nan"), pd.NA, 1, pd.NaT)))
        return self._member(column, values)

    def _member(self, column: Tree, values: list[Any]) -> Tree:
        if self.form == "query" and self.choices.chance(1, 2):
            simple = all(isinstance(value, str | int | float) and value == value for value in values)  # noqa: PLR0124 - NaN
            brackets = self.choices.pick(("[]", "()")) if simple else ""
            listed: Tree = ("listed", values, brackets) if brackets else ("val", values)
            if self.choices.chance(1, 4) and brackets != "()":
                return ("compare", self.choices.pick(("eq", "ne")), column, listed)
            return ("within", column, listed, self.choices.chance(1, 2))
        return ("method", column, "isin", (("val", self._container(values)),), {})

    def _container(self, values: list[Any]) -> Any:
        match self.choices.below(8):
            case 1:
                return tuple(values)
            case 2 if all(isinstance(value, str | int | float) for value in values):
                return set(values)
            case 3:
                return pd.Series(values, index=range(5, 5 + len(values)), dtype=None if values else object)
            case 4 if all(isinstance(value, str) for value in values):
                return dict.fromkeys(values, 1)
            case 5:
                return Once(values)
            case 6 if values and len({type(value) for value in values}) == 1:
                return np.array(values)
            case 7 if all(isinstance(value, str) for value in values):
                return pd.Index(values, dtype="str")
            case _:
                return values

    def _text_tested(self, column: Tree) -> Tree:
        method = self.choices.pick(("contains", "contains", "contains", "match", "fullmatch"))
        pattern = self.choices.pick(PATTERNS) if self.choices.chance(1, 2) else self._text()
        if self.choices.chance(1, 3):
            pattern = re.escape(pattern)
        keywords: dict[str, Tree] = {}
        if method == "contains" and self.choices.chance(1, 2):
            keywords["regex"] = ("val", False)
        if self.choices.chance(1, 4):
            keywords["case"] = ("val", self.choices.chance(1, 3))
        if self.choices.chance(1, 5):
            keywords["na"] = ("val", self.choices.pick((False, True, None)))
        if self.choices.chance(1, 12):
            keywords["flags"] = ("val", self.choices.pick((0, int(re.IGNORECASE), re.DOTALL)))
        arguments: tuple[Tree, ...] = (("val", pattern),)
        if self.choices.chance(1, 10):
            arguments, keywords = (), {"pat": ("val", pattern), **keywords}
        return ("method", column, f"str.{method}", arguments, keywords)

    def _edged(self, column: Tree) -> Tree:
        method = self.choices.pick(("startswith", "endswith"))
        several = self.choices.chance(1, 4)
        value: Any = tuple(self.choices.some(self.pool, 3)) if several else self._text()
        keywords: dict[str, Tree] = {}
        if self.choices.chance(1, 5):
            keywords["na"] = ("val", self.choices.pick((False, True, None)))
        return ("method", column, f"str.{method}", (("val", value),), keywords)

    def _is_null(self, column: Tree) -> Tree:
        return ("method", column, self.choices.pick(("isna", "notna", "isnull", "notnull")), (), {})

    def _text_made(self, column: Tree) -> Tree:
        made = self.choices.below(8)
        if made == 7:
            return (
                "compare",
                self.choices.pick(COMPARISONS),
                ("method", column, "str.len", (), {}),
                ("val", 2),
            )
        if made == 6 and self.form != "query":
            ends = (self.choices.pick((None, 0, 1, -1)), self.choices.pick((None, 1, 2, -1)))
            return (
                "compare",
                self.choices.pick(("eq", "ne")),
                ("slice", column, *ends),
                ("val", self._text()),
            )
        if made == 5:
            joined = ("arithmetic", "add", column, ("val", "b"))
            return ("compare", self.choices.pick(("eq", "ne")), joined, ("val", self._text() + "b"))
        if made == 4:
            return (
                "method",
                column,
                self.choices.pick(("str.isdigit", "str.isupper", "str.isalpha")),
                (),
                {},
            )
        method = self.choices.pick(("lower", "upper", "strip", "casefold", "title"))
        folded = ("method", column, f"str.{method}", (), {})
        wanted = self._text() if self.choices.chance(1, 2) else getattr(self._text(), method)()
        match made:
            case 3:
                return self._member(folded, [wanted, self._text()])
            case 2:
                return ("method", folded, "str.contains", (("val", wanted),), {"regex": ("val", False)})
            case _:
                return ("compare", self.choices.pick(("eq", "ne")), folded, ("val", wanted))

    # numbers

    def _on_number(self) -> Tree:
        column = ("col", self.choices.pick(self.numbers))
        makers = (
            self._number_compared, self._number_compared, self._number_member, self._number_between, self._is_null,
            self._number_made,
        )  # fmt: skip
        return self.choices.pick(makers)(column)

    def _number(self) -> Any:
        match self.choices.below(12):
            case 0 | 1 | 2 | 3 | 4:
                return self.choices.pick(SMALL)
            case 5 | 6:
                return self.choices.pick(NUMBERS)
            case 7 | 8:
                return self.choices.pick(FLOATS)
            case 9:
                return self.choices.pick(
                    (np.int64(5), np.float64(0.5), np.float32(0.1), np.int8(1), np.bool_(1))
                )
            case 10:
                return self.choices.pick((True, 2.0**53, 2.0**63, -0.5, float("inf"), 99.5))
            case _:
                odd = (2**63, -(2**63) - 1, 2**70, float("nan"), None, "1", "a", pd.NA, dt.timedelta(1))
                return self.choices.pick(odd)

    def _number_compared(self, column: Tree) -> Tree:
        operator = self.choices.pick(COMPARISONS)
        if self.form == "query" and self.choices.chance(1, 4):
            up = self.choices.chance(1, 2)
            signs = ("lt", "le", "eq") if up else ("gt", "ge", "ne")
            one, two = self.choices.pick(signs), self.choices.pick(signs)
            return ("chain", ("val", self._number()), one, column, two, ("val", self._number()))
        return self._either_way(operator, column, ("val", self._number()))

    def _number_member(self, column: Tree) -> Tree:
        if self.choices.chance(1, 8):
            return ("method", column, "isin", (("val", range(self.choices.below(4), 6)),), {})
        values = [self._number() for _ in range(self.choices.below(4))]
        return self._member(column, values)

    def _number_between(self, column: Tree) -> Tree:
        ends = (("val", self._number()), ("val", self._number()))
        return ("method", column, "between", ends, self._inclusive())

    def _inclusive(self) -> dict[str, Tree]:
        if self.choices.chance(1, 2):
            return {"inclusive": ("val", self.choices.pick(("both", "left", "right", "neither")))}
        return {}

    def _number_made(self, column: Tree) -> Tree:
        other: Tree = ("val", self.choices.pick((1, 2, 0.5, -1, 3, 0)))
        if self.choices.chance(1, 3):
            other = ("col", self.choices.pick(self.numbers))
        operator = self.choices.pick(("add", "sub", "mul", "truediv", "mod", "floordiv"))
        made: Tree = ("arithmetic", operator, column, other)
        if self.choices.chance(1, 5):
            made = ("abs" if self.form != "query" else "negative", column)
        if self.choices.chance(1, 8):
            made = ("method", column, "fillna", (("val", 1),), {})
        return ("compare", self.choices.pick(COMPARISONS), made, ("val", self._number()))

    # times

    def _on_time(self) -> Tree:
        column = ("col", self.choices.pick(TIME_FIELDS))
        makers = (
            self._time_compared, self._time_compared, self._time_part, self._time_part, self._time_member,
            self._time_between, self._is_null,
        )  # fmt: skip
        return self.choices.pick(makers)(column)

    def _stamp(self) -> Any:
        stamp = pd.Timestamp(self.choices.pick(TIMES), unit="s", tz="UTC")
        match self.choices.below(10):
            case 3:
                return stamp.tz_convert(
                    self.choices.pick(("Europe/Paris", "America/New_York", "Asia/Kolkata"))
                )
            case 4:
                return stamp + pd.Timedelta(self.choices.pick((1, 500_000_000, 999_999_999)), unit="ns")
            case 5:
                return stamp.to_pydatetime()
            case 6:
                return stamp.as_unit(self.choices.pick(("s", "ms", "ns")))
            case 7:
                return stamp.floor("D")
            case _:
                return stamp

    def _moment(self) -> Any:
        match self.choices.below(10):
            case 0 | 1 | 2 | 3:
                return self._stamp()
            case 4 | 5:
                texts = (
                    "2016-01-01",
                    "2016",
                    "2015-08-08T17:16:08Z",
                    "2016-03-27 02:00",
                    "2016-03-27T02:00+02:00",
                    "1969-12-31T23:59:59",
                    "2016-01-01 00:00:00.5",
                    "Jan 2016",
                    "junk",
                    "",
                    "NaT",
                    "now and then",
                )
                return self.choices.pick(texts)
            case 6 | 7:
                return self.choices.pick((*TIMES, 2016, 20160101, 1439054168.5, 0.5, -1.5))
            case 8:
                return self._stamp()
            case _:
                odd = (
                    pd.Timestamp("2016-01-01"), dt.datetime(2016, 1, 1), dt.date(2016, 1, 1), None, pd.NaT, True,  # noqa: DTZ001 - without a zone, on purpose
                    np.datetime64("2016-01-01"), float("nan"), 2**62, 1e30, np.int64(1439054168),
                )  # fmt: skip
                return self.choices.pick(odd)

    def _time_compared(self, column: Tree) -> Tree:
        operator = self.choices.pick(COMPARISONS)
        if self.form == "query" and self.choices.chance(1, 5):
            return ("chain", ("time", self._moment()), "le", column, "lt", ("time", self._moment()))
        return self._either_way(operator, column, ("time", self._moment()))

    def _time_member(self, column: Tree) -> Tree:
        values = [
            self._stamp() if self.choices.chance(5, 6) else self._moment()
            for _ in range(self.choices.below(4))
        ]
        if self.form == "query" and self.choices.chance(1, 3):
            return ("within", column, ("val", values), self.choices.chance(1, 2))
        return ("method", column, "isin", (("val", values),), {})

    def _time_between(self, column: Tree) -> Tree:
        return (
            "method",
            column,
            "between",
            (("val", self._moment()), ("val", self._moment())),
            self._inclusive(),
        )

    def _time_part(self, column: Tree) -> Tree:
        operator = self.choices.pick(COMPARISONS)
        match self.choices.below(10):
            case 0 | 1:
                year = ("attribute", column, "dt.year")
                if self.choices.chance(1, 4):
                    return self._member(year, [self.choices.pick((2016, 1969, 2015)), 2017])
                if self.choices.chance(1, 4):
                    return ("method", year, "between", (("val", 2015), ("val", 2016)), self._inclusive())
                value = self.choices.pick(
                    (2016, 1970, 1969, 2015, 2100, 2016.0, 2015.5, True, 0, np.int64(2016), "2016")
                )
                return self._either_way(operator, year, ("val", value))
            case 2:
                part = self.choices.pick(("month", "day", "hour", "dayofweek", "quarter", "is_month_end"))
                return (
                    "compare",
                    operator,
                    ("attribute", column, f"dt.{part}"),
                    ("val", self.choices.pick((0, 1, 8))),
                )
            case 3:
                day = self.choices.pick(
                    (dt.date(2016, 1, 1), dt.date(2015, 8, 8), dt.date(1969, 12, 31), "2016-01-01")
                )
                return self._either_way(operator, ("attribute", column, "dt.date"), ("val", day))
            case 4 | 5:
                return (
                    "compare",
                    operator,
                    ("method", column, "dt.normalize", (), {}),
                    ("val", self._stamp()),
                )
            case 6:
                step = self.choices.pick(("D", "h", "min", "s", "2h", "W"))
                method = self.choices.pick(("dt.floor", "dt.floor", "dt.ceil", "dt.round"))
                return (
                    "compare",
                    operator,
                    ("method", column, method, (("val", step),), {}),
                    ("val", self._stamp()),
                )
            case 7:
                away = ("method", column, "dt.tz_convert", (("val", "Europe/Paris"),), {})
                part = self.choices.pick(("dt.hour", "dt.year"))
                return ("compare", operator, ("attribute", away, part), ("val", self.choices.pick((2, 2016))))
            case 8:
                text = ("method", column, "dt.strftime", (("val", "%Y"),), {})
                return ("compare", self.choices.pick(("eq", "ne")), text, ("val", "2016"))
            case _:
                gap = ("arithmetic", "sub", column, ("col", self.choices.pick(TIME_FIELDS)))
                return ("compare", operator, gap, ("val", pd.Timedelta(self.choices.pick((0, 1)), unit="D")))

    # the rest

    def _on_status(self) -> Tree:
        column = ("col", "status")
        match self.choices.below(8):
            case 0 | 1 | 2:
                word = self.choices.pick(WORDS)
                return self._either_way(self.choices.pick(("eq", "ne", "eq", "lt")), column, ("val", word))
            case 3 | 4:
                values: list[Any] = self.choices.some(WORDS, 4)
                if self.choices.chance(1, 6):
                    values.append(self.choices.pick((None, float("nan"), 1)))
                return self._member(column, values)
            case 5:
                return self._is_null(column)
            case 6:
                return self._text_tested(column)
            case _:
                return ("compare", "eq", ("method", column, "str.lower", (), {}), ("val", "finished"))

    def _on_flag(self) -> Tree:
        if "flag" not in self.names:
            return self._on_number()
        column = ("col", "flag")
        match self.choices.below(5):
            case 0:
                return column
            case 1:
                return ("not", column, self._words())
            case 2:
                operator = self.choices.pick(("eq", "ne"))
                return self._either_way(
                    operator, column, ("val", self.choices.pick((True, False, 1, 0, None, "a")))
                )
            case 3:
                return self._member(column, self.choices.some((True, False), 2))
            case _:
                return self._is_null(column)

    def _on_mixed(self) -> Tree:
        column = (
            "col",
            self.choices.pick([name for name in ("mixed", "void") if name in self.names] or ["name"]),
        )
        match self.choices.below(4):
            case 0 | 1:
                value = self.choices.pick([value for value in MIXED if not isinstance(value, list | dict)])
                return ("compare", self.choices.pick(("eq", "ne", "gt")), column, ("val", value))
            case 2:
                return self._member(column, ["a", 1])
            case _:
                return self._is_null(column)

    def _between_columns(self) -> Tree:
        operator = self.choices.pick(COMPARISONS)
        pool = self.choices.pick(
            (self.numbers, self.texts, list(TIME_FIELDS), ["status", "name"], ["opens", "x"])
        )
        pool = [name for name in pool if name in self.names]
        return ("compare", operator, ("col", self.choices.pick(pool)), ("col", self.choices.pick(pool)))

    def _foreign(self) -> Tree:
        """Return what looks at several rows, or what no tracer can follow."""
        number, text = self.choices.pick(self.numbers), self.choices.pick(self.texts)
        col = ("col", number)
        match self.choices.below(9):
            case 0:
                return (
                    "compare",
                    "gt",
                    col,
                    ("method", col, self.choices.pick(("mean", "min", "median")), (), {}),
                )
            case 1:
                return ("compare", "le", ("method", col, "rank", (), {}), ("val", 2))
            case 2:
                return ("method", ("col", text), "duplicated", (), {})
            case 3:
                return ("compare", "eq", ("method", col, "shift", (("val", 1),), {}), ("val", 1))
            case 4:
                return ("compare", "ge", ("method", col, "cumsum", (), {}), ("val", 2))
            case 5:
                texts = {"query": "index < 3", "column": f"(c[{number!r}] == 1)", "callable": "(c.index < 3)"}
                return ("source", texts)
            case 6:
                function = (lambda value: str(value) > "1") if self.choices.chance(1, 2) else bool
                return ("method", col, "map", (("val", function),), {})
            case 7:
                plain = f"c[{text!r}].str.len().to_numpy() > 1"
                query = f"`{text}`.str.len() > 1"
                return (
                    "source",
                    {"query": query, "column": f"(c[{text!r}].str.len() > 1)", "callable": f"({plain})"},
                )
            case _:
                return ("compare", "eq", col, ("method", col, "max", (), {}))
