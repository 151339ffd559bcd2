"""One durable row for each recipient of a campaign: written when it begins, claimed before, settled after.

Every function is called inside a transaction; the campaign's counters move in the same one.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from dyno_frames.contract.lifecycle import Status
from dyno_frames.sandbox.mail.transports import Fate
from dyno_frames.sandbox.store.rows import TOUCHED
from dyno_frames.sandbox.store.values import fault_in_text

WAITING, CLAIMED, WITHDRAWN = "waiting", "claimed", "withdrawn"
"""What an outcome is besides a fate: not yet tried, under way, and left the list before it was."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5 * 60, 4 * 3600
"""The pause after the first attempt that a mail server defers, and the longest; each is twice the one before."""

MOST_ATTEMPTS = 24
"""How many attempts a deferred message gets before it counts as refused: about three days of them."""

_BOUNCES = frozenset({Fate.REFUSED, Fate.INVALID})

LISTED = ("email", "outcome", "reason", "attempts", "settled", "token")
"""What is told of a delivery."""

HAS_DELIVERIES = "EXISTS (SELECT 1 FROM deliveries WHERE deliveries.campaign_id = campaigns.id)"
HAS_CONTACTS = "EXISTS (SELECT 1 FROM contacts WHERE contacts.list_id = campaigns.list_id)"


@dataclass(frozen=True, slots=True)
class Claim:
    """A recipient whose message is about to leave.

    Parameters
    ----------
    position
        Which row.
    email, fields
        Who.
    token
        What identifies the message.
    attempts
        How often it was tried before.
    """

    position: int
    email: str
    fields: dict[str, str]
    token: str
    attempts: int


def freeze(connection: sqlite3.Connection, campaign: str) -> int:
    """Write down who is on the campaign's list now, and return how many; later changes do not reach it."""
    connection.execute(
        "INSERT OR IGNORE INTO deliveries (campaign_id, list_id, email, fields, token, outcome)"
        " SELECT campaigns.id, contacts.list_id, contacts.email, contacts.fields, lower(hex(randomblob(16))), ?"
        " FROM campaigns JOIN contacts ON contacts.list_id = campaigns.list_id WHERE campaigns.id = ?",
        (WAITING, campaign),
    )
    frozen = connection.execute(
        "SELECT count(*) FROM deliveries WHERE campaign_id = ?", (campaign,)
    ).fetchone()
    if frozen[0]:
        connection.execute("UPDATE campaigns SET recipients = ? WHERE id = ?", (frozen[0], campaign))
    return int(frozen[0])


def is_due(connection: sqlite3.Connection, campaign: str, *, now_s: float) -> bool:
    """Tell whether a message of a campaign can be sent now."""
    rows = "SELECT 1 FROM deliveries WHERE campaign_id = ? AND outcome = 'waiting' AND due <= ? LIMIT 1"
    return bool(connection.execute(rows, (campaign, now_s)).fetchall())


def claim(connection: sqlite3.Connection, campaign: str, *, now_s: float) -> Claim | None:
    """Reserve the next recipient, if the campaign still runs."""
    claimed = connection.execute(
        "UPDATE deliveries SET outcome = ?, claimed = ? WHERE position = ("
        " SELECT position FROM deliveries WHERE campaign_id = ? AND outcome = 'waiting' AND due <= ?"
        " AND (SELECT status FROM campaigns WHERE id = ?) = ?"
        " ORDER BY due, position LIMIT 1)"
        " RETURNING position, email, fields, token, attempts",
        (CLAIMED, int(now_s), campaign, now_s, campaign, str(Status.RUNNING)),
    ).fetchall()
    if not claimed:
        return None
    position, email, fields, token, attempts = claimed[0]
    return Claim(position, email, json.loads(fields), token, attempts)


def pause_s(attempts: int, *, speed: float) -> float:
    """Return how long a message waits after so many deferred attempts, in seconds of the clock.

    Examples
    --------
    >>> [pause_s(attempts, speed=1) / 60 for attempts in (1, 2, 3, 7, 20)]
    [5.0, 10.0, 20.0, 240.0, 240.0]
    >>> pause_s(1, speed=100)
    3.0
    """
    return min(FIRST_PAUSE_S * 2.0 ** (attempts - 1), LONGEST_PAUSE_S) / speed


def settle(
    connection: sqlite3.Connection,
    campaign: str,
    claimed: Claim,
    *,
    fate: Fate,
    reason: str,
    now_s: float,
    speed: float,
) -> Fate:
    """Write down what became of a message, and return what it counts as.

    Notes
    -----
    A deferred message waits for another attempt; see :func:`pause_s`. After the last attempt it is refused.
    """
    if fate is Fate.DEFERRED:
        attempts = claimed.attempts + 1
        if attempts < MOST_ATTEMPTS:
            due_s = now_s + pause_s(attempts, speed=speed)
            release(connection, claimed, due_s=due_s, attempts=attempts, reason=reason)
            return fate
        fate = Fate.REFUSED
    now = int(now_s)
    connection.execute(
        "UPDATE deliveries SET outcome = ?, reason = ?, settled = ? WHERE position = ? AND outcome = 'claimed'",
        (str(fate), reason or None, now, claimed.position),
    )
    connection.execute(
        "UPDATE campaigns SET sent = coalesce(sent, 0) + 1, delivered = coalesce(delivered, 0) + ?,"  # noqa: S608 - SQL from constants
        f" bounces = coalesce(bounces, 0) + ?, {TOUCHED} WHERE id = ?",
        (fate is Fate.SENT, fate in _BOUNCES, now, campaign),
    )
    return fate


def release(
    connection: sqlite3.Connection,
    claimed: Claim,
    *,
    due_s: float = 0,
    attempts: int | None = None,
    reason: str = "",
) -> None:
    """Let a message that did not leave wait again."""
    connection.execute(
        "UPDATE deliveries SET outcome = ?, claimed = NULL, due = ?, attempts = ?, reason = ?"
        " WHERE position = ? AND outcome = 'claimed'",
        (
            WAITING,
            due_s,
            claimed.attempts if attempts is None else attempts,
            reason or None,
            claimed.position,
        ),
    )


def claimed_before(connection: sqlite3.Connection) -> list[tuple[str, Claim]]:
    """Return what an earlier run claimed and did not settle, with its campaign."""
    found = connection.execute(
        "SELECT campaign_id, position, email, token, attempts FROM deliveries WHERE outcome = 'claimed'"
    ).fetchall()
    return [
        (campaign, Claim(position, email, {}, token, attempts))
        for campaign, position, email, token, attempts in found
    ]


def is_done(connection: sqlite3.Connection, campaign: str) -> bool:
    """Tell whether every recipient is settled."""
    rows = "SELECT 1 FROM deliveries WHERE campaign_id = ? AND outcome = ? LIMIT 1"
    return not any(connection.execute(rows, (campaign, open_)).fetchall() for open_ in (WAITING, CLAIMED))


def outcomes(connection: sqlite3.Connection, campaign: str) -> dict[str, int]:
    """Return how many recipients of a campaign have each outcome."""
    return dict(
        connection.execute(
            "SELECT outcome, count(*) FROM deliveries WHERE campaign_id = ? GROUP BY outcome", (campaign,)
        ).fetchall()
    )


def listed(connection: sqlite3.Connection, campaign: str) -> list[dict[str, Any]]:
    """Return a campaign's recipients and what became of each message, in the order of sending."""
    if fault_in_text(str(campaign)):
        return []
    found = connection.execute(
        "SELECT email, outcome, reason, attempts, settled, token FROM deliveries WHERE campaign_id = ?"
        " ORDER BY position",
        (campaign,),
    ).fetchall()
    return [dict(zip(LISTED, row, strict=True)) for row in found]


def leave(connection: sqlite3.Connection, token: str, *, now: int) -> bool:
    """Take the recipient of a message off its list, and say whether there is such a message.

    Notes
    -----
    Counted once for each message. What waits for the address in other campaigns of the list is withdrawn.
    """
    found = connection.execute(
        "SELECT campaign_id, list_id, email, unsubscribed FROM deliveries WHERE token = ?", (token,)
    ).fetchone()
    if found is None:
        return False
    campaign, list_id, email, before = found
    if before is not None:
        return True
    connection.execute("UPDATE deliveries SET unsubscribed = ? WHERE token = ?", (now, token))
    connection.execute(
        f"UPDATE campaigns SET unsubscribes = coalesce(unsubscribes, 0) + 1, {TOUCHED} WHERE id = ?",  # noqa: S608 - SQL from constants
        (now, campaign),
    )
    _withdraw(connection, list_id, email, now=now)
    return True


def _withdraw(connection: sqlite3.Connection, list_id: str, email: str, *, now: int) -> None:
    gone = connection.execute(
        "DELETE FROM contacts WHERE list_id = ? AND email = ?", (list_id, email)
    ).rowcount
    connection.execute(
        f"UPDATE lists SET contacts = contacts - ?, {TOUCHED} WHERE id = ?",  # noqa: S608 - SQL from constants
        (gone, now, list_id),
    )
    withdrawn = connection.execute(
        "UPDATE deliveries SET outcome = ?, settled = ? WHERE list_id = ? AND email = ? AND outcome = 'waiting'"
        " RETURNING campaign_id",
        (WITHDRAWN, now, list_id, email),
    ).fetchall()
    for (campaign,) in withdrawn:
        connection.execute(
            f"UPDATE campaigns SET recipients = recipients - 1, {TOUCHED} WHERE id = ?",  # noqa: S608 - SQL from constants
            (now, campaign),
        )
