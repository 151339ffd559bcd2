"""What a query builder shows as HTML: plan, requests and rows. All text is escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import KEY_PREFIX
from dyno_frames.contract.resources import ID_FIELD
from dyno_frames.panels.builder.state import EXPRESSION, PlannedCount, State
from dyno_frames.panels.builder.terms import operator_label
from dyno_frames.panels.runtime.words import counted
from dyno_frames.panels.views import markup
from dyno_frames.query.plan import Placement, Plan

ROWS_SHOWN = 100
"""Rows of an answer that are shown; all of them are in ``builder.frame``."""


def count_line(state: State, resource: str) -> str:
    """Return how many rows match, or why that is unknown."""
    if state.failure:
        return markup.status("Failed", state.failure)
    if state.errors:
        return markup.status("Not counted", "correct the error first.")
    if state.planned is None:
        return _count(f"Counting {resource}…")
    number = state.planned.rows
    rows = counted(number, resource.removesuffix("s"))
    if not state.planned.exact:
        return _count(f"{rows} must be downloaded to find those that match.")
    return _count(f"{rows} {'matches' if number == 1 else 'match'}.")


def _count(sentence: str) -> str:
    return f'<div class="dyno-count" role="status">{markup.text(sentence)}</div>'


def notes(state: State) -> str:
    """Return what the user should know about the text and the conditions."""
    if EXPRESSION in state.errors:
        return f'<pre class="dyno-error" role="status">{markup.text(state.errors[EXPRESSION])}</pre>'
    lines = []
    if state.text_only:
        lines.append(f"Kept as text, because it cannot be edited as conditions: {state.text_only}.")
    if not all(condition.complete for condition in state.conditions):
        lines.append("A condition without a value is not part of the query yet.")
    return "".join(f"<p>{markup.text(line)}</p>" for line in lines)


def error(message: str) -> str:
    """Return what is wrong with a condition. Empty if nothing is."""
    return f'<span class="dyno-error" role="status">{markup.text(message)}</span>' if message else ""


PLAN_TITLE = "What the server evaluates, and what is evaluated locally"
"""The heading of a plan."""

_PLACES = {
    Placement.EXACT: "On the server",
    Placement.WIDER: "On the server, then locally",
    Placement.LOCAL: "Locally",
}


def plan_html(planned: PlannedCount | None) -> str:
    """Return a plan: where each condition is evaluated, and the JSON that is sent."""
    if planned is None:
        return ""
    plan = planned.plan
    rows = [(_PLACES[part.placement], part.text, part.reason) for part in plan.conjuncts]
    columns = 3 if any(reason for *_, reason in rows) else 2
    headings = ("Evaluated", "Condition", "Why")[:columns]
    where = (
        markup.table(headings, (row[:columns] for row in rows)) if rows else markup.paragraphs(["Every row."])
    )
    warnings = markup.listing(f"Warning: {warning}" for warning in plan.warnings)
    return f'<div class="dyno-stack dyno-plan">{where}{warnings}{_requests(plan)}</div>'


def _requests(plan: Plan) -> str:
    if not plan.requests:
        return markup.listing(["No row can match, so no request is sent."])
    bodies = [
        {name: value for name, value in body.items() if not name.startswith(KEY_PREFIX)}
        for body in plan.requests
    ]
    blocks = "".join(f"<pre>{markup.text(json.dumps(body, ensure_ascii=False))}</pre>" for body in bodies)
    local = f"<p>Evaluated locally with pandas: {markup.text(plan.residual)}</p>" if plan.residual else ""
    return f"<p>POST /{markup.text(plan.resource)}/find with</p>{blocks}{local}"


def rows_html(frame: pd.DataFrame | None) -> str:
    """Return the fetched rows as a table, the id last."""
    if frame is None:
        return ""
    shown = frame.head(ROWS_SHOWN)[sorted(frame.columns, key=lambda name: name == ID_FIELD)]
    columns = [_texts(shown[name]) for name in shown.columns]
    more = f", the first {ROWS_SHOWN} shown" if len(frame) > ROWS_SHOWN else ""
    head = f"<p>{markup.text(counted(len(frame), 'row'))} fetched{more}; the frame is builder.frame</p>"
    numbers = frozenset(i for i, dtype in enumerate(shown.dtypes) if pd.api.types.is_numeric_dtype(dtype))
    table = markup.table(map(str, shown.columns), zip(*columns, strict=True), numbers=numbers)
    return f'{head}<div class="dyno-scroll" tabindex="0">{table}</div>'


def _texts(column: pd.Series) -> list[str]:
    return ["" if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]


def static_html(state: State, resource: str, fields: Mapping[str, Field]) -> str:
    """Return a builder without scripts, for pages without a kernel."""
    head = f"<p>Query builder of {markup.text(resource)}; run the cell to use it.</p>"
    rows = [
        (one.column, operator_label(one.operator, fields[one.column].kind), one.raw)
        for one in state.conditions
    ]
    conditions = markup.table(("Column", "", "Value"), rows) if rows else ""
    return f"{head}{conditions}<pre>{markup.text(state.text or 'every row')}</pre>"
