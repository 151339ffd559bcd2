"""A request's body as JSON."""

from __future__ import annotations

import json

import orjson

from dyno_frames.contract.texts import HALF
from dyno_frames.errors import ConfigError
from dyno_frames.transport.redact import Body


def encoded(body: Body) -> bytes:
    """Return a body as JSON; an error comes without those of the encoders, whose frames hold the values.

    Raises
    ------
    ConfigError
        The body cannot be written as JSON.
    """
    try:
        return orjson.dumps(body)
    except TypeError:
        pass  # an integer beyond 64 bits, perhaps: the standard encoder writes those
    try:
        return json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        fault = f"holds {HALF}. Remove it, or send the whole pair"
    except (TypeError, ValueError, RecursionError) as error:
        fault = (
            f"cannot be written as JSON ({type(error).__name__}). Expected texts, finite numbers, true, false, None, "
            "and lists and dicts of them"
        )
    raise ConfigError(f"the request's body {fault}")
