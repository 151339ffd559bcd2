"""The tables in which objects show themselves, as text and as HTML; every text is escaped in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_LEFT = "style='text-align:left'"


class Html(str):
    """A text that is HTML already, such as the result of :func:`code`."""

    __slots__ = ()


def code(text: object) -> Html:
    """Return a text in a fixed-width font, escaped."""
    return Html(f"<code>{_escaped(text)}</code>")


def strong(text: object) -> Html:
    """Return a text in bold, escaped."""
    return Html(f"<b>{_escaped(text)}</b>")


def html_table(
    rows: Iterable[Sequence[object]], *, caption: str = "", head: Sequence[str] = (), note: Iterable[str] = ()
) -> str:
    """Return a table as HTML without scripts, ids or colors, which any page and theme can show.

    Parameters
    ----------
    rows
        The cells of each row, the first one as its header. Texts that are not :class:`Html` are escaped.
    caption
        The title.
    head
        The header of each column (default: none).
    note
        Texts to show below the table, separated by commas.

    Examples
    --------
    >>> "&lt;here&gt;" in html_table([("url", "<here>")])
    True
    """
    title = f"<caption>{_escaped(caption)}</caption>" if caption else ""
    headers = "".join(f"<th {_LEFT}>{_escaped(text)}</th>" for text in head)
    top = f"<thead><tr>{headers}</tr></thead>" if headers else ""
    below = ", ".join(map(_escaped, note))
    table = f"<table>{title}{top}<tbody>{''.join(map(_row, rows))}</tbody></table>"
    return f"{table}<p>{below}</p>" if below else table


def _row(cells: Sequence[object]) -> str:
    first, *others = map(_escaped, cells)
    return f"<tr><th {_LEFT}>{first}</th>{''.join(f'<td {_LEFT}>{one}</td>' for one in others)}</tr>"


def _escaped(text: object) -> str:
    return str(text) if isinstance(text, Html) else escape(str(text))


def text_table(rows: Iterable[tuple[str, str]], *, width: int, title: str = "") -> str:
    """Return labels and texts in two columns, the first one of a width; further lines of a text are indented.

    Examples
    --------
    >>> print(text_table([("url", "http://127.0.0.1"), ("state", "open")], width=6, title="client"))
    client
      url    http://127.0.0.1
      state  open
    """
    break_ = "\n" + " " * (width + 3)
    lines = (f"  {label:<{width}} {text.replace(chr(10), break_)}" for label, text in rows)
    return "\n".join([*([title] if title else []), *lines])


def age_text(age_s: float) -> str:
    """Return an age in words.

    Examples
    --------
    >>> age_text(75), age_text(7200), age_text(400_000)
    ('75 s', '120 min', '111 h')
    """
    unit_s, unit = (1, "s") if age_s < 120 else (60, "min") if age_s <= 7200 else (3600, "h")
    return f"{max(age_s, 0) / unit_s:.0f} {unit}"
