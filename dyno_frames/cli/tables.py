"""Tables of rows for people: text that fits a terminal, and Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dyno_frames.cli.exits import printable

if TYPE_CHECKING:
    import pandas as pd

_LENGTHS = (48, 32, 24, 16)
"""How many characters of a text are shown; fewer if the terminal is narrow. Ids are never cut."""

_OMITTED_FIRST = (
    "html", "text", "user_id", "preview_message", "description", "template_id", "list_id", "time_zone",
    "from_email", "from_name", "updated", "subject", "evidence", "judged_at",
)  # fmt: skip
"""The columns that are omitted first if not all fit; then those at the right."""

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|&~$])")
"""Characters that Markdown would read as markup: formatting, links, images, HTML, entities, cells."""


def text_table(frame: pd.DataFrame, *, width: int | None = None) -> tuple[str, list[str]]:
    """Return a frame as text, and the columns that do not fit.

    Parameters
    ----------
    frame
        The rows; control characters are escaped.
    width
        The width of the terminal (default: no limit). Texts are shortened first, then columns are omitted.
    """
    shown = map_text(frame, printable)
    if width is None:
        return _rendered(shown, _LENGTHS[0]), []
    omitted: list[str] = []
    for name in _omission_order(list(shown.columns)):
        if _text_width(_rendered(shown.drop(columns=omitted), _LENGTHS[-1])) <= width:
            break
        omitted.append(name)
    kept = shown.drop(columns=omitted)
    texts = [_rendered(kept, longest) for longest in _LENGTHS]
    text = next((text for text in texts if _text_width(text) <= width), texts[-1])
    return text, [name for name in shown.columns if name in omitted]


def markdown_table(frame: pd.DataFrame) -> str:
    r"""Return a frame as a Markdown table whose texts contain no markup.

    Examples
    --------
    >>> import pandas as pd
    >>> print(markdown_table(pd.DataFrame({"name": ["a|b"], "opens": [3]})), end="")
    | name | opens |
    | --- | --: |
    | a\|b | 3 |
    """
    shown = map_text(frame, lambda text: _MARKDOWN.sub(r"\\\1", printable(text)))
    rules = ["--:" if frame[name].dtype.kind in "iuf" else "---" for name in frame.columns]
    cells = shown.astype("object").where(shown.notna(), "")
    lines: list[Iterable[object]] = [shown.columns, rules, *cells.itertuples(index=False, name=None)]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def map_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Return a frame with a change applied to its column names and text cells."""
    names = frame.select_dtypes(["str", "string", "object", "category"]).columns
    changed = {
        name: frame[name].astype("object").map(lambda cell: change(str(cell)), na_action="ignore")
        for name in names
    }
    return frame.assign(**changed).set_axis([change(name) for name in frame.columns], axis="columns")


def _rendered(frame: pd.DataFrame, longest: int) -> str:
    import pandas as pd

    names = [
        name
        for name in frame.select_dtypes(["str", "object"]).columns
        if name != "id" and not name.endswith("_id")
    ]
    short = frame.assign(**{name: frame[name].map(lambda cell: _cut(cell, longest)) for name in names})
    with pd.option_context("display.unicode.east_asian_width", True, "display.max_colwidth", None):
        return short.to_string(index=False, na_rep="")


def _cut(cell: object, longest: int) -> object:
    return f"{cell[: longest - 1]}…" if isinstance(cell, str) and len(cell) > longest else cell


def _text_width(text: str) -> int:
    return max(
        sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in line)
        for line in text.splitlines()
    )


def _omission_order(names: Sequence[str]) -> Iterator[str]:
    """Yield all columns but one, the least important first."""
    first = [name for name in _OMITTED_FIRST if name in names[1:]]
    yield from first
    yield from (name for name in reversed(names[1:]) if name not in first)
