"""From what a scan found to its certificate: pure functions."""

from __future__ import annotations

from dyno_frames.frames.decode import Invalid
from dyno_frames.scan.certificate import Certificate, Completeness
from dyno_frames.scan.stats import CountCheck, ScanStats


def certify(stats: ScanStats, rows_returned: int) -> Certificate:
    """Return the certificate of the rows that a scan returned."""
    compared = [_compare(check) for check in stats.checks if check.is_complete]
    missing = [text for verdict, text in compared if verdict is Completeness.UNCERTIFIED]
    changed = [text for verdict, text in compared if verdict is Completeness.AT_LEAST_ONCE]
    faults = [*(fault for walk in stats.walks for fault in walk.faults), *missing]
    verdict = (
        Completeness.UNCERTIFIED if faults else Completeness.AT_LEAST_ONCE if changed else Completeness.EXACT
    )
    return Certificate(
        verdict=verdict,
        reasons=tuple(dict.fromkeys(faults or changed)),
        count_before=_total([check.before for check in stats.checks]),
        count_after=_total([check.after for check in stats.checks]),
        requests=stats.requests,
        retries=stats.retries,
        rows_moved=stats.rows_moved,
        rows_returned=rows_returned,
        page_cap=max((walk.largest_page for walk in stats.walks), default=0),
        fields_met=tuple(stats.fields_met),
        notes=(*_left_out(stats), *(_noted(name, invalid) for name, invalid in stats.invalid.items())),
    )


def _total(counts: list[int | None]) -> int | None:
    """Return the sum of the counts, or None if one is unknown."""
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def _compare(check: CountCheck) -> tuple[Completeness, str]:
    """Return what the counts around a filter say of the rows that came."""
    before, after, came = check.before, check.after, check.rows
    if before is None or after is None or before == after == came:
        return Completeness.EXACT, ""
    text = f"the server counted {before:,} rows before and {after:,} after; {came:,} came"
    if not check.is_sure:
        return Completeness.UNCERTIFIED, f"{text}, too few to tell whether the server keeps the order"
    return (Completeness.AT_LEAST_ONCE if came >= min(before, after) else Completeness.UNCERTIFIED), text


def _noted(name: str, invalid: Invalid) -> str:
    number = f"{len(invalid.rows):,} values" if len(invalid.rows) > 1 else "1 value"
    first = f"first {invalid.value} in row {invalid.rows[0]!r}"
    return f"{number} of {name} outside the column's type made null, {first}"


def _left_out(stats: ScanStats) -> tuple[str, ...]:
    if not stats.wrong_rows:
        return ()
    by = ", ".join(sorted(stats.wrong_columns)) or "these columns"
    rows = "1 row" if stats.wrong_rows == 1 else f"{stats.wrong_rows:,} rows"
    return (f"{rows} left out that the query excludes: the server does not filter by {by} as pandas does",)
