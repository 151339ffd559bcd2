"""The only place where text becomes HTML: everything that goes in is escaped, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

STYLE = """<style>
.dyno-panel{border:1px solid var(--jp-border-color2,#ccc);border-radius:4px;padding:8px;max-width:980px}
.dyno-panel.jupyter-widgets-disconnected{opacity:.45;pointer-events:none}
.dyno-panel dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px;margin:4px 0}
.dyno-panel dt,.dyno-panel dd{line-height:1.5}
.dyno-panel .dyno-row{text-align:left}
.dyno-panel dt{color:var(--jp-ui-font-color2,#555)} .dyno-panel dd{margin:0;overflow-wrap:anywhere}
.dyno-panel p,.dyno-panel ul{margin:2px 0;line-height:1.4} .dyno-panel progress{width:120px}
.dyno-review{border:2px solid var(--jp-warn-color1,#b7791f);border-radius:4px;padding:8px}
.dyno-table .dyno-cell{max-width:160px;line-height:1.5}
.dyno-table .dyno-bar{display:grid;line-height:1.3}
.dyno-panel .dyno-table progress{order:2;width:100%;height:8px}
.dyno-panel .dyno-cell,.dyno-panel .dyno-bar{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
</style>"""


def text(value: object) -> str:
    """Return a value as HTML that shows it and does nothing else."""
    return escape(str(value), quote=True)


def paragraphs(lines: Iterable[str]) -> str:
    """Return lines as paragraphs, the first one bold."""
    shown = [text(line) for line in lines]
    return "".join(f"<p>{'<b>' + line + '</b>' if i == 0 else line}</p>" for i, line in enumerate(shown))


def listing(lines: Iterable[str]) -> str:
    """Return lines as a list; nothing where there are none."""
    items = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return labels and values."""
    return (
        "<dl>" + "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in rows) + "</dl>"
    )


def cell(value: str, full: str = "") -> str:
    """Return one cell of the table, its full text in the tooltip."""
    return f'<div class="dyno-cell" title="{text(full or value)}">{text(value)}</div>'


def heading(value: str) -> str:
    """Return the words above a column."""
    return f'<div class="dyno-cell"><b>{text(value)}</b></div>'


def progress(sent: int, recipients: int, label: str, shown: str = "") -> str:
    """Return how far a campaign has got, as a bar that a screen reader announces too.

    The label is what is announced; a shorter text may be shown.
    """
    done, whole = min(max(sent, 0), max(recipients, 0)), max(recipients, 1)
    bar = f'<progress max="{whole}" value="{done}" aria-label="{text(label)}"></progress>'
    return f'<div class="dyno-bar" title="{text(label)}">{bar} <span>{text(shown or label)}</span></div>'


def status(word: str, sentence: str) -> str:
    """Return a sentence that is announced when it changes."""
    return f'<div role="status"><b>{text(word)}:</b> {text(sentence)}</div>'


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a plain table: what is left of a panel where no kernel answers."""
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(f"<td>{text(value)}</td>" for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
