"""A plan as text and as HTML: what is sent, what stays here, and why."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from dyno_frames.contract.filters import KEY_PREFIX

if TYPE_CHECKING:
    from dyno_frames.query.plan import Plan


def as_text(plan: Plan) -> str:
    """Return the plan as lines of text."""
    lines = [f"{plan.resource} where {plan.expression}", f"  {_summary(plan)}"]
    lines += [
        f"  {part.verdict:<14} {part.text}" + (f"\n{' ' * 17}{part.reason}" if part.reason else "")
        for part in plan.conjuncts
    ]
    lines += [f"  request {at}      {_json(_conditions(body))}" for at, body in enumerate(plan.requests, 1)]
    if plan.wider is not None:
        lines.append(
            f"  or instead     {_json(_conditions(plan.sent(plan.wider)))}, if it matches fewer rows"
        )
    if plan.requests:
        lines.append(f"  each with      {_json(_paging(plan.requests[0]))}")
    if plan.residual:
        lines.append(
            f"  asked here     {plan.residual}" + ("" if plan.row_local else "  (on every row at once)")
        )
    lines += [f"  {_order(plan)}"]
    if plan.rows_moved is not None:
        lines.append(f"  after the run  {plan.rows_moved:,} rows moved for {plan.rows_returned:,} returned")
    lines += [f"  beware         {warning}" for warning in plan.warnings]
    return "\n".join(lines)


def _summary(plan: Plan) -> str:
    if not plan.filters:
        return "no row can match: no request is sent"
    asked = "1 filter" if len(plan.filters) == 1 else f"{len(plan.filters)} filters, merged by id"
    judged = "the server's rows are the answer" if plan.exact else "pandas judges the rows that come"
    return f"{asked}, pages of {plan.page_size:,} rows; {judged}"


def _order(plan: Plan) -> str:
    shape = plan.shape
    by = ", ".join(
        f"{name} {'up' if up else 'down'}" for name, up in zip(shape.order_by, shape.ascending, strict=True)
    )
    rows = "" if shape.limit is None else f", at most {shape.limit:,} rows"
    after = f" after {shape.offset:,}" if shape.offset else ""
    return f"in order of    {by or 'created up'}, ties by id{rows}{after}"


def _conditions(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if not name.startswith(KEY_PREFIX)}


def _paging(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name.startswith(KEY_PREFIX)}


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


def as_html(plan: Plan) -> str:
    """Return the plan as HTML without scripts, every text escaped."""
    rows = "".join(
        f"<tr><td>{escape(part.verdict)}</td><td><code>{escape(part.text)}</code></td><td>{escape(part.reason)}</td></tr>"
        for part in plan.conjuncts
    )
    requests = "".join(f"<li><code>{escape(_json(body))}</code></li>" for body in plan.requests)
    beware = "".join(f"<p><b>Beware:</b> {escape(warning)}</p>" for warning in plan.warnings)
    moved = (
        f"<p>{plan.rows_moved:,} rows moved for {plan.rows_returned:,} returned.</p>"
        if plan.rows_moved is not None
        else ""
    )
    return (
        f"<div><p><b>{escape(plan.resource)}</b> where <code>{escape(plan.expression)}</code><br>"
        f"{escape(_summary(plan))}</p>"
        f"<table><thead><tr><th>verdict</th><th>part</th><th>reason</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<ol>{requests}</ol><p>{escape(_order(plan))}</p>{moved}{beware}</div>"
    )
