"""Find the object that a command names by id or by unique name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from dyno_frames.contract.texts import fit, is_whole
from dyno_frames.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd

    from dyno_frames.client.resources import ResourceClient

_SHOWN = 5
_LONGEST = 60
_NEVER_IDS = frozenset({".", ".."})
"""Names that would change the path of a request."""


def object_id(verbs: ResourceClient, reference: str) -> str:
    """Return the id of an object. An id takes precedence over a name. Only read requests are sent.

    Parameters
    ----------
    verbs
        The templates, lists or campaigns of an account.
    reference
        The id, or a name that only one object has.

    Raises
    ------
    ConfigError
        The reference is blank or not valid UTF-8; or no object has this id or name; or several have this name, and the
        message names each with its time of creation.

    Examples
    --------
    >>> object_id(client.campaigns, "Spring sale")  # doctest: +SKIP
    '6f1c…'
    """
    import pandas as pd

    blank = not reference.strip()
    if blank or not is_whole(reference):
        raise ConfigError(
            f"{_shown(reference)} is {'blank' if blank else 'not valid UTF-8'}; "
            f"expected the id or the name of a {verbs.resource.singular}"
        )
    if _is_id(verbs, reference):
        return reference
    wanted = [name for name in ("id", "created", "status") if name in verbs.resource.names]
    named = verbs.find(pd.col("name") == reference, columns=wanted)
    if named.empty:
        raise ConfigError(
            f"no {verbs.resource.singular} has the id or the name {_shown(reference)}. "
            f"List all with: dyno-frames find {verbs.resource.name} --columns id,name"
        )
    if len(named) > 1:
        raise ConfigError(_ambiguous(verbs.resource.name, reference, named))
    return str(named["id"].iloc[0])


def _is_id(verbs: ResourceClient, reference: str) -> bool:
    if reference in _NEVER_IDS:
        return False
    try:
        verbs.get(reference)
    except NotFoundError:
        return False
    return True


def _ambiguous(resource: str, reference: str, named: pd.DataFrame) -> str:
    newest = named.sort_values("created", ascending=False).head(_SHOWN)
    candidates = [_candidate(row) for row in newest.to_dict("records")]
    more = f"; and {len(named) - _SHOWN:,} older" if len(named) > _SHOWN else ""
    return (
        f"{_shown(reference)} is the name of {len(named):,} {resource}, newest first: {'; '.join(candidates)}{more}. "
        "Use an id instead of the name."
    )


def _candidate(row: Mapping[Hashable, Any]) -> str:
    status = f", {row['status']}" if "status" in row else ""
    return f"{row['id']} (created {row['created']:%Y-%m-%d %H:%M:%S} UTC{status})"


def _shown(reference: str) -> str:
    return repr(fit(reference, _LONGEST))
