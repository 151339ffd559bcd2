"""JSON with a checksum, to detect damaged files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_CHECKSUM = "sha256"


def seal(values: Mapping[str, Any]) -> str:
    """Return values as JSON with a checksum."""
    return json.dumps({**values, _CHECKSUM: _digest(values)}, indent=1)


def unseal(content: bytes) -> dict[str, Any]:
    """Return the values in JSON that :func:`seal` wrote.

    Raise ValueError if the content is not JSON, is not an object, or was changed after it was written.
    """
    try:
        values = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - callers catch one type of error
    written = values.pop(_CHECKSUM, None)
    if written != _digest(values):
        raise ValueError("its checksum does not match its content")
    return values


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
