"""One row for each recipient of a campaign, from the campaign's start to the result of the delivery.

A row is created when the campaign starts, claimed before its message is sent, and recorded afterwards, so a
message is sent at most once. Every function is called inside a transaction, in which the campaign's counters
change, too.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dyno_frames.contract.lifecycle import Status
from dyno_frames.sandbox.mail.transports import DeliveryResult, DeliveryStatus
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.values import invalid_text_reason

if TYPE_CHECKING:
    import pandas as pd

WAITING, CLAIMED, WITHDRAWN = "waiting", "claimed", "withdrawn"
"""The outcomes of a row without a result: not sent yet, being sent, and unsubscribed before it was sent."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5 * 60, 4 * 3600
"""The pause after the first deferred attempt, and the longest pause. Each pause is twice the previous one."""

MAX_ATTEMPTS: Final = 24
"""How many attempts a deferred message gets, over about three days, before it counts as refused."""

HAS_DELIVERIES: Final = "EXISTS (SELECT 1 FROM deliveries WHERE deliveries.campaign_id = campaigns.id)"
HAS_CONTACTS: Final = "EXISTS (SELECT 1 FROM contacts WHERE contacts.list_id = campaigns.list_id)"

_BOUNCES = frozenset({DeliveryStatus.REFUSED, DeliveryStatus.INVALID})


@dataclass(frozen=True, slots=True)
class Claim:
    """A recipient whose message is about to be sent. The token is the id of the message."""

    position: int
    email: str
    fields: dict[str, str]
    token: str
    attempts: int  # deferred before


def create_deliveries(connection: sqlite3.Connection, campaign: str) -> int:
    """Create a row for each contact on the campaign's list and return how many there are.

    Later changes of the list do not change the campaign's recipients.
    """
    connection.execute(
        "INSERT OR IGNORE INTO deliveries (campaign_id, list_id, email, fields, token, outcome)"
        " SELECT campaigns.id, contacts.list_id, contacts.email, contacts.fields, lower(hex(randomblob(16))), ?"
        " FROM campaigns JOIN contacts ON contacts.list_id = campaigns.list_id WHERE campaigns.id = ?",
        (WAITING, campaign),
    )
    created = connection.execute(
        "SELECT count(*) FROM deliveries WHERE campaign_id = ?", (campaign,)
    ).fetchone()
    if created[0]:
        connection.execute("UPDATE campaigns SET recipients = ? WHERE id = ?", (created[0], campaign))
    return int(created[0])


def is_due(connection: sqlite3.Connection, campaign: str, *, now_s: float) -> bool:
    """Return whether a message of the campaign can be sent now."""
    rows = "SELECT 1 FROM deliveries WHERE campaign_id = ? AND outcome = 'waiting' AND due <= ? LIMIT 1"
    return bool(connection.execute(rows, (campaign, now_s)).fetchall())


def claim(connection: sqlite3.Connection, campaign: str, *, now_s: float) -> Claim | None:
    """Claim the next recipient. Return None if no message is due or the campaign is not running."""
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


def retry_pause_s(attempts: int, *, speed: float) -> float:
    """Return how long a message waits after this many deferred attempts, in seconds.

    Examples
    --------
    >>> [retry_pause_s(attempts, speed=1) / 60 for attempts in (1, 2, 3, 7, 20)]
    [5.0, 10.0, 20.0, 240.0, 240.0]
    >>> retry_pause_s(1, speed=100)
    3.0
    """
    return min(FIRST_PAUSE_S * 2.0 ** (attempts - 1), LONGEST_PAUSE_S) / speed


def record(
    connection: sqlite3.Connection,
    campaign: str,
    claimed: Claim,
    result: DeliveryResult,
    *,
    now_s: float,
    speed: float,
) -> DeliveryStatus:
    """Store the result of an attempt and return the status that it counts as.

    A deferred message waits for another attempt; see :func:`retry_pause_s`. After the last attempt it counts as
    refused.
    """
    status = result.status
    if status is DeliveryStatus.DEFERRED:
        attempts = claimed.attempts + 1
        if attempts < MAX_ATTEMPTS:
            due_s = now_s + retry_pause_s(attempts, speed=speed)
            release(connection, claimed, due_s=due_s, attempts=attempts, reason=result.reason)
            return status
        status = DeliveryStatus.REFUSED
    now = int(now_s)
    connection.execute(
        "UPDATE deliveries SET outcome = ?, reason = ?, settled = ? WHERE position = ? AND outcome = 'claimed'",
        (str(status), result.reason or None, now, claimed.position),
    )
    connection.execute(
        "UPDATE campaigns SET sent = coalesce(sent, 0) + 1, delivered = coalesce(delivered, 0) + ?,"
        f" bounces = coalesce(bounces, 0) + ?, {SET_UPDATED} WHERE id = ?",
        (status is DeliveryStatus.SENT, status in _BOUNCES, now, campaign),
    )
    return status


def release(
    connection: sqlite3.Connection,
    claimed: Claim,
    *,
    due_s: float = 0,
    attempts: int | None = None,
    reason: str = "",
) -> None:
    """Return a claimed message that was not sent to the waiting ones."""
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


def unfinished_claims(connection: sqlite3.Connection) -> list[tuple[str, Claim]]:
    """Return the claims without a result that an earlier process left, with their campaigns."""
    found = connection.execute(
        "SELECT campaign_id, position, email, token, attempts FROM deliveries WHERE outcome = 'claimed'"
    ).fetchall()
    return [
        (campaign, Claim(position, email, {}, token, attempts))
        for campaign, position, email, token, attempts in found
    ]


def is_done(connection: sqlite3.Connection, campaign: str) -> bool:
    """Return whether every recipient has a result."""
    rows = "SELECT 1 FROM deliveries WHERE campaign_id = ? AND outcome = ? LIMIT 1"
    return not any(connection.execute(rows, (campaign, open_)).fetchall() for open_ in (WAITING, CLAIMED))


def count_by_outcome(connection: sqlite3.Connection, campaign: str) -> dict[str, int]:
    """Return how many recipients of a campaign have each outcome."""
    return dict(
        connection.execute(
            "SELECT outcome, count(*) FROM deliveries WHERE campaign_id = ? GROUP BY outcome", (campaign,)
        ).fetchall()
    )


def deliveries_frame(connection: sqlite3.Connection, campaign: str) -> pd.DataFrame:
    """Return the recipients of a campaign and the result for each, in sending order."""
    import pandas as pd

    frame = pd.read_sql_query(
        "SELECT email, outcome, reason, attempts, settled, token FROM deliveries WHERE campaign_id = ?"
        " ORDER BY position",
        connection,
        params=("" if invalid_text_reason(str(campaign)) else campaign,),
    )
    settled = pd.to_datetime(frame["settled"].astype("Int64"), unit="s", utc=True)
    return frame.assign(settled=settled.dt.as_unit("s"))


def unsubscribe(connection: sqlite3.Connection, token: str, *, now: int) -> bool:
    """Remove the recipient of a message from the list. Return False if there is no such message.

    A message counts one unsubscribe. Waiting messages to the address in other campaigns of the list are withdrawn.
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
        f"UPDATE campaigns SET unsubscribes = coalesce(unsubscribes, 0) + 1, {SET_UPDATED} WHERE id = ?",
        (now, campaign),
    )
    _remove_contact(connection, list_id, email, now=now)
    return True


def _remove_contact(connection: sqlite3.Connection, list_id: str, email: str, *, now: int) -> None:
    removed = connection.execute(
        "DELETE FROM contacts WHERE list_id = ? AND email = ?", (list_id, email)
    ).rowcount
    connection.execute(
        f"UPDATE lists SET contacts = contacts - ?, {SET_UPDATED} WHERE id = ?", (removed, now, list_id)
    )
    withdrawn = connection.execute(
        "UPDATE deliveries SET outcome = ?, settled = ? WHERE list_id = ? AND email = ? AND outcome = 'waiting'"
        " RETURNING campaign_id",
        (WITHDRAWN, now, list_id, email),
    ).fetchall()
    for (campaign,) in withdrawn:
        connection.execute(
            f"UPDATE campaigns SET recipients = recipients - 1, {SET_UPDATED} WHERE id = ?", (now, campaign)
        )
