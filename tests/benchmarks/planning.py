"""How long a plan takes: ten conjuncts in each form, cold and warm, beside pandas' own parser; and long lists.

Run it as ``python -m tests.benchmarks.planning``. Nothing is sent: the schema is the contract's.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

import pandas as pd

from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.frames.schema import Schema
from dyno_frames.query import bind, regex
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.planner import make_plan

SCHEMA = Schema(CAMPAIGNS.name, CAMPAIGNS.fields)
EMPTY = SCHEMA.empty()
CONTEXT = Context(CAMPAIGNS.name, SCHEMA.by_name, SCHEMA.dtypes, Profile())

QUERY = (
    "status == 'finished' and created >= '2016-01-01T00:00Z' and created < '2017-01-01T00:00Z' and opens > 100 "
    "and clicks >= 10 and name.str.contains('Weekly') and subject != 'Test' and time_zone in ['UTC', 'Europe/Oslo'] "
    "and delivered < 100000 and not from_name.str.startswith('Old')"
)


def condition(c: Any) -> Any:
    """The same ten conjuncts in Python."""
    return (
        (c["status"] == "finished")
        & (c["created"] >= "2016-01-01T00:00Z")
        & (c["created"] < "2017-01-01T00:00Z")
        & (c["opens"] > 100)
        & (c["clicks"] >= 10)
        & c["name"].str.contains("Weekly")
        & (c["subject"] != "Test")
        & c["time_zone"].isin(["UTC", "Europe/Oslo"])
        & (c["delivered"] < 100_000)
        & ~c["from_name"].str.startswith("Old")
    )


class Columns:
    """Makes ``pd.col`` expressions."""

    def __getitem__(self, name: str) -> Any:
        return pd.col(name)


def forget() -> None:
    """Empty every cache between a question and its plan."""
    for cache in (regex.facts, getattr(bind, "_read_again", None)):
        if cache is not None:
            cache.cache_clear()


def median_ms(run: Callable[[], Any], times_run: int, *, before: Callable[[], Any] | None = None) -> float:
    """Return the median time of a run, in milliseconds."""
    run()
    times = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times_run):
            if before is not None:
                before()
            began = time.perf_counter()
            run()
            times.append(time.perf_counter() - began)
    finally:
        gc.enable()
    return 1000 * statistics.median(times)


def planned(expression: Any) -> Any:
    """Read a question and plan it."""
    return make_plan(bind.bind_query(expression, EMPTY), CONTEXT, QueryOptions())


LENGTHS = [10, 1_000, 100_000]
VALUES: dict[str, Callable[[int], Any]] = {
    "opens": lambda at: 3 * at,
    "name": lambda at: f"name {at:06}",
    "created": lambda at: pd.Timestamp(1_439_054_168 + 7 * at, unit="s", tz="UTC"),
}
"""Values of a number, a text and a time column."""


def long_lists(lengths: list[int], times: int) -> None:
    """Print how long ``in`` and ``not in`` take for lists of each length."""
    print(f"\n{'in, not in':<14}{'values':>9}{'in ms':>10}{'not in ms':>12}{'pandas isin ms':>16}")
    for column, value in VALUES.items():
        for length in lengths:
            inside, outside, alone = long_list_ms(
                column, [value(at) for at in range(length)], min(times, 3 if length > 10_000 else 15)
            )
            print(f"{column:<14}{length:>9,}{inside:>10.2f}{outside:>12.2f}{alone:>16.2f}")


def long_list_ms(column: str, values: list[Any], runs: int) -> tuple[float, float, float]:
    """Return the times of ``in`` and ``not in``, and of pandas' own ``isin`` on zero rows."""
    member = pd.col(column).isin(values)
    return (
        median_ms(lambda: planned(member), runs),
        median_ms(lambda: planned(~member), runs),
        median_ms(lambda: EMPTY[column].isin(values), runs),
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--times", type=int, default=60, help="runs of each row; the table shows their median"
    )
    parser.add_argument(
        "--lengths", type=int, nargs="+", default=LENGTHS, help="lengths of the lists of values"
    )
    given = parser.parse_args()
    times = given.times
    forms = {"query string": QUERY, "pd.col": condition(Columns()), "function": condition}
    plans = [planned(expression) for expression in forms.values()]
    sent = {str(plan.filters) for plan in plans}
    if len(sent) != 1 or not all(plan.exact and len(plan.conjuncts) == 10 for plan in plans):
        raise SystemExit("the three forms do not make one exact plan of ten conjuncts: nothing to compare")
    pandas_ms = median_ms(lambda: EMPTY.query(QUERY, engine="python"), times)
    print(f"ten conjuncts, median of {times} runs; pandas {pd.__version__}")
    print(f"{'form':<14}{'':<8}{'ms':>9}{'/ pandas':>12}")
    print(f"{'pandas':<14}{'':<8}{pandas_ms:>9.2f}{1:>12.2f}   DataFrame.query of zero rows")
    for form, expression in forms.items():
        cold = median_ms(lambda e=expression: planned(e), times, before=forget)
        warm = median_ms(lambda e=expression: planned(e), times)
        for state, took in (("cold", cold), ("warm", warm)):
            print(f"{form:<14}{state:<8}{took:>9.2f}{took / pandas_ms:>12.2f}")
    long_lists(given.lengths, times)


if __name__ == "__main__":
    main()
