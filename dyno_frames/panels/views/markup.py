"""The only place where text becomes HTML: every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from dyno_frames.contract.lifecycle import Status

CSS = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
"""The style sheet of all panels."""

STYLE = f"<style>{CSS}</style>"

_KNOWN = frozenset(status.value for status in Status)


def text(value: object) -> str:
    """Return a value as HTML text, escaped."""
    return escape(str(value), quote=True)


def lead(sentence: str) -> str:
    """Return the sentence that matters most."""
    return f'<p class="dyno-lead">{text(sentence)}</p>'


def paragraphs(lines: Iterable[str]) -> str:
    """Return lines as paragraphs."""
    return "".join(f"<p>{text(line)}</p>" for line in lines)


def lead_and_paragraphs(lines: Sequence[str]) -> str:
    """Return lines as paragraphs, the first one in bold. Empty if there are none."""
    return lead(lines[0]) + paragraphs(lines[1:]) if lines else ""


def listing(lines: Iterable[str]) -> str:
    """Return lines as a list. Empty if there are none."""
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return labels and values as a description list."""
    return (
        "<dl>" + "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in rows) + "</dl>"
    )


def badge(word: str, *, current: bool = True) -> str:
    """Return a status as a word with a dot. The color repeats the word; a status that may be old is gray."""
    kind = f" dyno-{word}" if word in _KNOWN else ""
    return f'<span class="dyno-badge{kind if current else " dyno-old"}">{text(word)}</span>'


def row_cells(row: Mapping[str, Any]) -> str:
    """Return the cells of a row of the campaigns table, as ``table_model`` describes it, without the name."""
    status = badge(row["status"], current=row["current"])
    return f'<div class="dyno-td">{status}</div>' + "".join(_cell(row, *cell) for cell in row["cells"])


def _cell(row: Mapping[str, Any], key: str, label: str, value: str, warning: str) -> str:
    if not value:
        return '<div class="dyno-td"></div>'
    done = row["progress"] if key == "sent" else None
    bar = progress(done[0], done[1]) if done else ""
    high = '<span class="dyno-flag">high</span>' if warning else ""
    kinds = "dyno-td dyno-number" + (" dyno-wide-cell" if done else "") + (" dyno-high" if warning else "")
    title = f' title="{text(warning)}"' if warning else ""
    return f'<div class="{kinds}"{title}><span class="dyno-label">{text(label)}</span>{high}{text(value)}{bar}</div>'


def campaign(details: Mapping[str, Any]) -> str:
    """Return the open campaign, as ``details_model`` describes it."""
    head = f"<b>{text(details['name'])}</b>{badge(details['status'], current=details['current'])}"
    shown = f'<div class="dyno-title">{head}</div>'
    if details["progress"]:
        sent, recipients, words = details["progress"]
        shown += progress(sent, recipients, words) + f"<div>{text(words)}</div>"
    metrics = "".join(_metric(*metric) for metric in details["metrics"])
    if metrics:
        shown += f'<div class="dyno-metrics">{metrics}</div>'
    return shown + pairs(details["pairs"])


def _metric(label: str, value: str, share: str, warning: str) -> str:
    limit = f'<span class="dyno-limit">{text(warning)}</span>' if warning else ""
    kind = "dyno-metric dyno-high" if warning else "dyno-metric"
    return f'<div class="{kind}"><span>{text(label)}</span><b>{text(value)}</b><span>{text(share)}</span>{limit}</div>'


def changes(rows: Iterable[tuple[str, str, str]]) -> str:
    """Return changes as a table of field, old value and new value. Empty if there are none."""
    body = "".join(
        f"<tr><th>{text(name)}</th><td><del>{text(old or '(empty)')}</del></td><td>→</td>"
        f"<td><ins>{text(new)}</ins></td></tr>"
        for name, old, new in rows
    )
    return f'<table class="dyno-changes"><tbody>{body}</tbody></table>' if body else ""


def timer(sentence: str) -> str:
    """Return a sentence that counts down. A screen reader reads it on request, not every second."""
    return f'<div class="dyno-timer" role="timer" aria-live="off">{text(sentence)}</div>'


def progress(sent: int, recipients: int, label: str = "") -> str:
    """Return a progress bar. A screen reader announces its label, and ignores a bar without one."""
    done, whole = min(max(sent, 0), max(recipients, 0)), max(recipients, 1)
    named = f'aria-label="{text(label)}"' if label else 'aria-hidden="true"'
    return f'<progress max="{whole}" value="{done}" {named}></progress>'


def status(word: str, sentence: str) -> str:
    """Return a sentence that a screen reader announces when it changes."""
    return f'<div role="status"><b>{text(word)}:</b> {text(sentence)}</div>'


def alert(sentence: str) -> str:
    """Return a sentence in a colored frame. Empty if there is nothing to say."""
    return f'<div class="dyno-lost-line" role="status">{text(sentence)}</div>' if sentence else ""


def table(
    headings: Iterable[str], rows: Iterable[Iterable[str]], *, numbers: frozenset[int] = frozenset()
) -> str:
    """Return a plain table; the columns at the indexes ``numbers`` are aligned to the right."""

    def cells(tag: str, values: Iterable[str]) -> str:
        return "".join(
            f"<{tag}{_NUMBER if index in numbers else ''}>{text(value)}</{tag}>"
            for index, value in enumerate(values)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{cells('th', headings)}</tr></thead>"
    return f'<table class="dyno-plain">{head}<tbody>{body}</tbody></table>'


_NUMBER = ' class="dyno-number"'
