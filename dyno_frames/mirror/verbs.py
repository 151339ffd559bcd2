"""Give the verbs of a query the arguments that say how fresh an answer has to be."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from dyno_frames.client.binding import passes_on

Answer = TypeVar("Answer")

NAMES = {"fresh": False, "offline": False, "as_of": None, "max_age": None}
"""The arguments of :meth:`Mirror.at` with their defaults."""


def with_freshness(verb: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return a verb of a mirror that also takes ``fresh``, ``offline``, ``as_of`` and ``max_age``.

    Parameters
    ----------
    verb
        A method of a mirror, which answers as fresh as the mirror says.
    """

    @wraps(verb)
    @passes_on
    def fresh_verb(self: Any, *arguments: Any, **options: Any) -> Answer:
        freshness = {name: options.pop(name) for name in NAMES if name in options}
        return verb(self.at(**freshness), *arguments, **options)

    first, *rest = (verb.__doc__ or "").split("\n\n", 1)
    said = (
        "        The rows on disk are read; requests are sent only to refresh them. ``fresh``, ``offline``, ``as_of``\n"
        "        and ``max_age`` are those of :meth:`at`."
    )
    fresh_verb.__doc__ = "\n\n".join([first, said, *rest])
    known = inspect.signature(verb)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in NAMES.items()
    ]
    of_any_name = [one for one in known.parameters.values() if one.kind is one.VAR_KEYWORD]
    others = [one for one in known.parameters.values() if one.kind is not one.VAR_KEYWORD]
    fresh_verb.__signature__ = known.replace(parameters=[*others, *added, *of_any_name])  # type: ignore[attr-defined]
    return fresh_verb
