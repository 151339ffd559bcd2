"""What a query builder shows as HTML: plan, requests and rows, all text escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from dyno_frames.contract.fields import Field
from dyno_frames.contract.filters import KEY_PREFIX
from dyno_frames.contract.resources import KEY
from dyno_frames.panels.builder_state import Looked, State
from dyno_frames.panels.builder_terms import words
from dyno_frames.panels.views import markup
from dyno_frames.panels.wording import count
from dyno_frames.query.plan import Plan

STYLE = """<style>
.dyno-builder{border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:8px;max-width:980px}
.dyno-builder.jupyter-widgets-disconnected{opacity:.45;pointer-events:none}
.dyno-builder p,.dyno-builder ul,.dyno-builder ol{margin:2px 0;line-height:1.4}
.dyno-builder pre{margin:2px 0;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.4;
 background:var(--jp-layout-color2,#eee);color:var(--jp-content-font-color1,#111);padding:4px 6px;border-radius:3px}
.dyno-builder table{border-collapse:collapse;line-height:1.4;margin:2px 0}
.dyno-builder td,.dyno-builder th{text-align:left;vertical-align:top;padding:1px 10px 1px 0}
.dyno-builder td:first-child{white-space:nowrap}
.dyno-builder .dyno-rows{overflow-x:auto;max-height:360px;overflow-y:auto}
.dyno-builder .dyno-rows td,.dyno-builder .dyno-rows th{white-space:nowrap;max-width:280px;overflow:hidden;
 text-overflow:ellipsis;border-bottom:1px solid var(--jp-border-color2,#ddd)}
.dyno-builder .dyno-expression input{font-family:var(--jp-code-font-family,monospace)}
.dyno-builder .dyno-code textarea{font-family:var(--jp-code-font-family,monospace)}
.dyno-builder .dyno-fault{color:var(--jp-error-color1,#b3261e)}
</style>"""

MOST_SHOWN = 100
"""Rows of an answer that are shown; the others are in ``builder.frame``."""


def counted(state: State, resource: str) -> str:
    """Return how many rows answer the question, or why nobody knows."""
    one = resource.removesuffix("s")
    if state.failure:
        return markup.status("Failed", state.failure)
    if state.faults:
        return markup.status("Not asked", "the question has a fault.")
    if state.looked is None:
        return markup.status("Counting", f"asking the server how many {resource} answer.")
    rows = count(state.looked.rows, one)
    if state.looked.exact:
        said = f"{rows} {'answers' if state.looked.rows == 1 else 'answer'}."
    else:
        said = f"{rows} must be read here to find those that answer."
    return markup.status("Counted", said)


def notes(state: State) -> str:
    """Return what the user should know of text and widgets."""
    lines = []
    if state.kept:
        lines.append(f"Kept as text, because the widgets cannot say it: {state.kept}.")
    if any(not row.begun for row in state.rows):
        lines.append("A condition without a value is not part of the question yet.")
    if -1 in state.faults:
        return f'<pre class="dyno-fault" role="status">{markup.text(state.faults[-1])}</pre>'
    return "".join(f"<p>{markup.text(line)}</p>" for line in lines)


def fault(words_: str) -> str:
    """Return what is wrong with a value."""
    return f'<span class="dyno-fault" role="status">{markup.text(words_)}</span>' if words_ else ""


def planned(looked: Looked | None) -> str:
    """Return a plan: each part with its verdict, and the JSON that is sent."""
    if looked is None:
        return ""
    plan = looked.plan
    parts = [(str(part.verdict), part.text, part.reason) for part in plan.conjuncts]
    heads = ("Verdict", "Part", "Why" if any(reason for *_, reason in parts) else "")
    verdicts = markup.table(heads, parts) if parts else markup.listing(["Every row."])
    beware = markup.listing(f"Beware: {warning}" for warning in plan.warnings)
    return verdicts + beware + _requests(plan)


def _requests(plan: Plan) -> str:
    if not plan.requests:
        return markup.listing(["No row can answer: no request is sent."])
    bodies = [
        {name: value for name, value in body.items() if not name.startswith(KEY_PREFIX)}
        for body in plan.requests
    ]
    blocks = "".join(f"<pre>{markup.text(json.dumps(body, ensure_ascii=False))}</pre>" for body in bodies)
    local = f"<p>decided here: {markup.text(plan.residual)}</p>" if plan.residual else ""
    return f"<p>POST /{markup.text(plan.resource)}/find with</p>{blocks}{local}"


def answered(frame: pd.DataFrame | None) -> str:
    """Return the rows that were fetched as a table."""
    if frame is None:
        return ""
    shown = frame.head(MOST_SHOWN)[
        sorted(frame.columns, key=lambda name: name == KEY)
    ]  # what is read first, first
    columns = [_texts(shown[name]) for name in shown.columns]
    rows = zip(*columns, strict=True)
    more = f", the first {MOST_SHOWN} shown" if len(frame) > MOST_SHOWN else ""
    head = f"<p>{markup.text(count(len(frame), 'row'))} fetched{more}; as a frame: builder.frame</p>"
    return f'{head}<div class="dyno-rows" tabindex="0">{markup.table(map(str, shown.columns), rows)}</div>'


def _texts(column: pd.Series) -> list[str]:
    return ["" if missing else str(value) for value, missing in zip(column, column.isna(), strict=True)]


def static(state: State, resource: str, fields: Mapping[str, Field]) -> str:
    """Return a builder without scripts, for pages where no kernel answers."""
    head = f"<p>Query builder of {markup.text(resource)}; run the cell to use it.</p>"
    rows = [(row.column, words(row.operator, fields[row.column].kind), row.raw) for row in state.rows]
    conditions = markup.table(("Column", "", "Value"), rows) if rows else ""
    return f"{head}{conditions}<pre>{markup.text(state.text or 'every row')}</pre>"
