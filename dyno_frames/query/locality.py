"""Decide whether the result for a row depends on that row alone, so that parts can be pushed down and rows paged."""

from __future__ import annotations

from dyno_frames.query import regex
from dyno_frames.query.predicate import Attribute, Binary, Call, Literal, Node, columns, walk
from dyno_frames.query.render import render

_SERIES = frozenset(
    {
        "abs", "add", "sub", "mul", "div", "truediv", "floordiv", "mod", "pow", "radd", "rsub", "rmul", "rdiv",
        "eq", "ne", "lt", "le", "gt", "ge", "isin", "between", "isna", "isnull", "notna", "notnull",
        "str", "dt", "fillna", "round",
    }
)  # fmt: skip
_TEXT = frozenset(
    {
        "contains", "startswith", "endswith", "match", "fullmatch", "lower", "upper", "casefold", "title",
        "capitalize", "swapcase", "strip", "lstrip", "rstrip", "len", "slice", "get", "removeprefix",
        "removesuffix", "zfill", "pad", "center", "ljust", "rjust", "find", "count", "isalnum", "isalpha",
        "isdigit", "isspace", "islower", "isupper", "istitle", "isnumeric", "isdecimal", "isascii",
    }
)  # fmt: skip
_TIME = frozenset(
    {
        "year", "month", "day", "hour", "minute", "second", "microsecond", "nanosecond", "dayofweek", "weekday",
        "day_of_week", "dayofyear", "day_of_year", "quarter", "days_in_month", "daysinmonth", "date", "time",
        "is_month_start", "is_month_end", "is_quarter_start", "is_quarter_end", "is_year_start", "is_year_end",
        "is_leap_year", "normalize", "floor", "ceil", "round", "tz_convert", "strftime", "day_name",
        "month_name", "isocalendar",
    }
)  # fmt: skip
_REGEX_METHODS = frozenset({"contains", "match", "fullmatch", "count"})


def not_local(node: Node, nullable: frozenset[str] = frozenset()) -> str:
    """Return why the result for a row depends on other rows, or an empty string if it does not.

    Parameters
    ----------
    node
        The tree.
    nullable
        The columns that can be null.
    """
    for part in walk(node):
        if isinstance(part, Binary) and _guessed(part, nullable):
            return (
                f"pandas refuses {render(part)} where all rows are null, so a row's answer may depend on others; a "
                "comparison of the time itself would not"
            )
        if isinstance(part, Attribute) and not _known(part):
            return f"{render(part)} may look at more than one row"
        if isinstance(part, Call) and not isinstance(part.function, Attribute):
            return f"{render(part)} calls something that is not a method"
        if isinstance(part, Call) and _mixes_rows(part):
            return f"{render(part)} looks at other rows than its own"
        if isinstance(part, Call) and not _pinned(part):
            return (
                f"pandas chooses the engine for the pattern in {render(part)} by what the whole column holds, "
                "so a row's answer may depend on others; regex=False, or a pattern of plain characters, would not"
            )
    return ""


def _guessed(comparison: Binary, nullable: frozenset[str]) -> bool:
    """Return whether a side consists of Python objects, whose dtype pandas infers from the rows."""
    return comparison.operator in {"lt", "le", "gt", "ge"} and any(
        isinstance(side, Attribute)
        and side.name in {"date", "time"}
        and not nullable.isdisjoint(columns(side))
        for side in (comparison.left, comparison.right)
    )


def _known(attribute: Attribute) -> bool:
    owner = attribute.owner
    if isinstance(owner, Attribute) and owner.name == "str":
        return attribute.name in _TEXT
    if isinstance(owner, Attribute) and owner.name == "dt":
        return attribute.name in _TIME
    return attribute.name in _SERIES or (
        isinstance(owner, Call) and attribute.name in {"year", "week", "day"}
    )


def _mixes_rows(call: Call) -> bool:
    """Return whether a call looks up rows, or pairs rows with values by position or label."""
    given = (*call.arguments, *(value for _, value in call.keywords))
    if isinstance(call.function, Attribute) and call.function.name == "isin":
        return any(columns(argument) for argument in given)
    return any(isinstance(value, Literal) and hasattr(value.value, "__array__") for value in given)


def _pinned(call: Call) -> bool:
    function = call.function
    in_text = (
        isinstance(function, Attribute)
        and function.name in _REGEX_METHODS
        and isinstance(function.owner, Attribute)
        and function.owner.name == "str"
    )
    if not in_text:
        return True
    named = dict(call.keywords)
    pattern = call.arguments[0] if call.arguments else named.get("pat")
    plain = named.get("regex")
    if isinstance(plain, Literal) and plain.value is False:
        return True
    return (
        isinstance(pattern, Literal)
        and isinstance(pattern.value, str)
        and regex.facts(pattern.value).row_local
    )
