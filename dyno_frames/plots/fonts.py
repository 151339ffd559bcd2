"""Find fonts that matplotlib is configured to use and that are not installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl


def missing_families() -> list[str] | None:
    """Return the configured font families that are not installed, or None if matplotlib has not listed the fonts yet.

    Listing all fonts takes seconds; matplotlib does it at the first plot and stores the list.
    """
    if not list(Path(mpl.get_cachedir()).glob("fontlist-*.json")):
        return None
    from matplotlib.font_manager import fontManager

    settings = cast("Mapping[str, Any]", mpl.rcParams)  # its keys are typed as literals
    installed = {font.name.lower() for font in fontManager.ttflist}
    return [
        family
        for family in settings["font.family"]
        if installed.isdisjoint(name.lower() for name in settings.get(f"font.{family.lower()}", [family]))
    ]
