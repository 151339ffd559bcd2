"""The only place where text becomes HTML: every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from dyno_frames.contract.lifecycle import Status

CSS = """
.dyno-panel{border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:8px;max-width:980px}
.dyno-panel.jupyter-widgets-disconnected{opacity:.45;pointer-events:none}
.dyno-panel dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px;margin:4px 0}
.dyno-panel dt,.dyno-panel dd{line-height:1.5}
.dyno-panel .dyno-row{text-align:left} .dyno-panel .dyno-row.dyno-open{font-weight:bold}
.dyno-panel .dyno-sort{text-align:left;background:none;font-weight:bold;padding:0;width:auto}
.dyno-panel dt{color:var(--jp-ui-font-color2,#555)} .dyno-panel dd{margin:0;overflow-wrap:anywhere}
.dyno-panel p,.dyno-panel ul{margin:2px 0;line-height:1.4} .dyno-panel progress{width:120px}
.dyno-panel .dyno-title{font-size:115%;display:flex;gap:10px;align-items:center;margin:6px 0 2px}
.dyno-panel .dyno-title b{overflow-wrap:anywhere;min-width:0}
.dyno-badge{display:inline-block;border:1px solid currentcolor;border-radius:9px;padding:0 8px;font-size:11px;
line-height:16px;white-space:nowrap;color:var(--jp-ui-font-color1,#333)}
.dyno-badge.dyno-running{background:#0b6e4f;color:#fff} .dyno-badge.dyno-paused{background:#8a5a00;color:#fff}
.dyno-badge.dyno-scheduled{background:#1f5fa8;color:#fff} .dyno-badge.dyno-stopped{background:#9b2226;color:#fff}
.dyno-review,.dyno-unknown{border:2px solid var(--jp-warn-color1,#b7791f);border-radius:4px;padding:8px}
.dyno-unknown{border-color:var(--jp-error-color1,#c62828)}
.dyno-panel .dyno-changes{margin:4px 0;border-collapse:collapse}
.dyno-changes th,.dyno-changes td{text-align:left;padding:1px 10px 1px 0}
.dyno-changes del{opacity:.75} .dyno-changes ins{font-weight:bold;text-decoration:none}
.dyno-errors,.dyno-errors li{color:var(--jp-error-color1,#c62828)}
.dyno-many{max-height:260px;overflow:auto}
.dyno-many td,.dyno-many th{line-height:1.4;text-align:left;padding-right:12px}
.dyno-notice div,.dyno-notice li,.dyno-hint div{line-height:1.4}
.dyno-notice{min-height:22px} .dyno-select{min-width:0;height:auto;margin:0}
.dyno-select label{margin:0;display:flex;justify-content:center}
.dyno-select label span{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.dyno-table .dyno-cell{max-width:160px;line-height:1.5}
.dyno-table .dyno-bar{display:grid;line-height:1.3}
.dyno-panel .dyno-table progress{order:2;width:100%;height:8px}
.dyno-panel .dyno-cell,.dyno-panel .dyno-bar{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
"""

STYLE = f"<style>{CSS}</style>"

_KNOWN = frozenset(status.value for status in Status)


def text(value: object) -> str:
    """Return a value as HTML text, escaped."""
    return escape(str(value), quote=True)


def paragraphs(lines: Iterable[str]) -> str:
    """Return lines as paragraphs, the first in bold."""
    shown = [text(line) for line in lines]
    return "".join(f"<p>{'<b>' + line + '</b>' if i == 0 else line}</p>" for i, line in enumerate(shown))


def listing(lines: Iterable[str]) -> str:
    """Return lines as a list. Empty if there are none."""
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return labels and values as a description list."""
    return (
        "<dl>" + "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in rows) + "</dl>"
    )


def cell(value: str, full: str = "") -> str:
    """Return a cell of the table, with its full text as the tooltip."""
    return f'<div class="dyno-cell" title="{text(full or value)}">{text(value)}</div>'


def badge(word: str) -> str:
    """Return a status as a word in a frame. The color only repeats the word."""
    kind = f" dyno-{word}" if word in _KNOWN else ""
    return f'<div class="dyno-cell"><span class="dyno-badge{kind}">{text(word)}</span></div>'


def title(name: str, word: str) -> str:
    """Return a campaign's name and its status."""
    return f'<div class="dyno-title"><b>{text(name)}</b>{badge(word)}</div>'


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
    return f'<div role="timer" aria-live="off">{text(sentence)}</div>'


def progress(sent: int, recipients: int, label: str, shown: str = "") -> str:
    """Return a progress bar.

    Parameters
    ----------
    sent, recipients
        The progress.
    label
        What a screen reader announces.
    shown
        What is shown beside the bar (default: the label).
    """
    done, whole = min(max(sent, 0), max(recipients, 0)), max(recipients, 1)
    bar = f'<progress max="{whole}" value="{done}" aria-label="{text(label)}"></progress>'
    return f'<div class="dyno-bar" title="{text(label)}">{bar} <span>{text(shown or label)}</span></div>'


def status(word: str, sentence: str) -> str:
    """Return a sentence that a screen reader announces when it changes."""
    return f'<div role="status"><b>{text(word)}:</b> {text(sentence)}</div>'


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a plain table."""
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{text(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
