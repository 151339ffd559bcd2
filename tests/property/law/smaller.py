"""Make a trial that breaks the law small enough to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from dyno_frames.contract.profile import Profile
from dyno_frames.query.options import QueryOptions
from law.contents import EXTRAS
from law.trial import Trial
from law.writing import Tree

_JOINING = {"and": 2, "or": 2, "xor": 2, "not": 1}
MOST_TRIES = 250


def smaller(trial: Trial, breaks: Callable[[Trial], bool]) -> Trial:
    """Return a smaller trial that still breaks.

    Parameters
    ----------
    trial
        One that does.
    breaks
        Tells whether another one does in the same way.
    """
    tries = 0
    changed = True
    while changed and tries < MOST_TRIES:
        changed = False
        for other in _simpler(trial):
            tries += 1
            if tries > MOST_TRIES:
                break
            if breaks(other):
                trial, changed = other, True
                break
    return trial


def _simpler(trial: Trial) -> Iterator[Trial]:
    yield from _fewer_servers(trial)
    plain: dict[str, Any] = {"options": QueryOptions(), "page_size": 1000, "dtype_backend": None}
    for name, value in plain.items():
        if getattr(trial, name) != value:
            yield replace(trial, **{name: value})
    yield from (replace(trial, tree=tree) for tree in _parts(trial.tree))
    for size in (8, 4, 2, 1):
        for at in range(0, len(trial.rows) - size + 1, size):
            yield replace(trial, rows=trial.rows[:at] + trial.rows[at + size :])
    for name in EXTRAS:
        if trial.rows and name in trial.rows[0]:
            yield replace(trial, rows=[{key: row[key] for key in row if key != name} for row in trial.rows])
    if trial.told != trial.profile:
        yield replace(trial, told=trial.profile)
    for item in fields(Profile):
        name, value = item.name, item.default
        if getattr(trial.profile, name) != value:
            told = trial.told if getattr(trial.told, name) is None else replace(trial.told, **{name: value})
            yield replace(trial, profile=replace(trial.profile, **{name: value}), told=told)


def _fewer_servers(trial: Trial) -> Iterator[Trial]:
    if trial.others:
        yield replace(trial, others=())
    if len(trial.others) > 1:
        yield from (replace(trial, others=(other,)) for other in trial.others)


def _parts(tree: Tree) -> Iterator[Tree]:
    sides = _JOINING.get(tree[0], 0)
    yield from tree[1 : 1 + sides]
    for at in range(1, 1 + sides):
        for part in _parts(tree[at]):
            yield (*tree[:at], part, *tree[at + 1 :])
