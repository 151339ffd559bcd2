"""The sample account, the same on every machine and every day."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, uuid5

from dyno_frames.sandbox.storage import Store

USER_ID = str(uuid5(NAMESPACE_DNS, "account.sample.dyno.me"))
"""Whose account it is."""


def fill(store: Store) -> None:
    """Add the sample account's rows; none are written yet."""
    del store
