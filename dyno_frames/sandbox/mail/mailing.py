"""The worker that mails: every recipient of every running campaign once, whatever happens in between."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, LISTS, TEMPLATES
from dyno_frames.messages.merge_fields import MergeError
from dyno_frames.messages.message import AddressError, Contact, Letter, on_the_wire
from dyno_frames.sandbox.campaigns.lifecycle import IN_MOTION, PAUSE_REASON
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.mail.deliveries import HAS_CONTACTS, HAS_DELIVERIES, Claim
from dyno_frames.sandbox.mail.transports import Carrier, CarrierDownError, Fate, Parcel, Receipt
from dyno_frames.sandbox.store.rows import TOUCHED
from dyno_frames.sandbox.store.storage import Store

IDLE_S = 0.05
"""How long the worker rests when there is nothing to send."""

MOST_UNKNOWN = 3
"""So many messages in a row without an answer, and the campaign is paused."""

UNKNOWN = "unknown"
"""The field, outside the contract, that counts the messages of which nobody knows whether they were taken."""

_log = logging.getLogger(__name__)


class Mailer:
    """Sends the mail of one account.

    Parameters
    ----------
    store
        The rows.
    carrier
        What takes the messages.
    clock
        Epoch seconds, now.
    rate
        The most messages a second, all campaigns together.
    speed
        The sandbox's speed, by which the pauses after a deferred attempt are divided.
    stopping
        Set when it shall end.
    unsubscribe_url
        Where a recipient leaves; the message's token is put behind it.

    Notes
    -----
    A message is claimed in one transaction with the look at the campaign's status and words, so nothing leaves
    after a pause has been answered, and what leaves after an update has the new words.
    """

    def __init__(
        self,
        store: Store,
        carrier: Carrier,
        *,
        clock: Callable[[], float],
        rate: float,
        speed: float,
        stopping: threading.Event,
        unsubscribe_url: str = "",
    ) -> None:
        self._store = store
        self._carrier = carrier
        self._clock = clock
        self._pace_s = 1 / rate
        self._speed = speed
        self._stopping = stopping
        self._unsubscribe_url = unsubscribe_url
        self._next_s = 0.0
        self._unknown_in_a_row = 0
        self._thread = threading.Thread(target=self._run, name="dyno-sandbox-mailing", daemon=True)

    def start(self) -> None:
        """Settle what an earlier run left, and begin."""
        self.recover()
        self._thread.start()

    def join(self) -> None:
        """Wait for the message that is under way, once ``stopping`` is set."""
        if self._thread.ident is not None:
            self._thread.join()

    def recover(self) -> None:
        """Settle what was claimed and not settled: taken, where that is certain; else unknown, never sent again."""
        with self._store.transaction() as connection:
            for campaign, claim in deliveries.claimed_before(connection):
                taken = self._carrier.has(claim.token)
                receipt = (
                    Receipt(Fate.SENT) if taken else Receipt(Fate.UNKNOWN, "the sandbox ended while it left")
                )
                self._settle(campaign, claim, receipt)

    def _run(self) -> None:
        while not self._stopping.is_set():
            moved = False
            try:
                for campaign in self._running():
                    moved = self._step(campaign) or moved
            except Exception as error:  # noqa: BLE001 - the thread outlives a fault
                # its kind only: a traceback's values may hold addresses
                _log.error("mail did not leave: %s", type(error).__name__)
            if not moved:
                self._carrier.close()
                self._stopping.wait(IDLE_S)
        self._carrier.close()

    def _running(self) -> tuple[str, ...]:
        """Return the running campaigns that have recipients, those that were loaded as running included."""
        with self._store.transaction() as connection:
            loaded = connection.execute(
                f"SELECT id, coalesce(sent, 0) FROM campaigns WHERE {IN_MOTION} AND status = '{Status.RUNNING}'"  # noqa: S608 - SQL from constants
                f" AND {HAS_CONTACTS} AND NOT {HAS_DELIVERIES}"
            ).fetchall()
            for campaign, sent in loaded:
                if sent:
                    self._pause(campaign, "it was loaded half sent, and nothing says to whom")
                else:
                    deliveries.freeze(connection, campaign)
            found = connection.execute(
                f"SELECT id FROM campaigns WHERE {IN_MOTION} AND status = '{Status.RUNNING}' AND {HAS_DELIVERIES}"  # noqa: S608 - SQL from constants
            ).fetchall()
        return tuple(campaign for (campaign,) in found)

    def _step(self, campaign: str) -> bool:
        """Send one message of a campaign, and say whether there was one.

        The carrier is opened only when a message is due, and the message is claimed only when it is open.
        """
        if not self._is_due(campaign) or not self._in_time():
            return False
        try:
            self._carrier.open()
            claimed = self._claim(campaign)
            if claimed is None:
                return False
            claim, letter = claimed
            self._finish_one(campaign, claim, self._receipt(claim, letter))
        except CarrierDownError as error:
            self._give_up(campaign, str(error))
        return True

    def _in_time(self) -> bool:
        """Wait until the rate allows another message; False where the end comes first."""
        now_s = time.monotonic()
        if self._next_s > now_s and self._stopping.wait(self._next_s - now_s):
            return False
        # what was missed is not made up for beyond a tenth of a second
        self._next_s = max(self._next_s, now_s - 0.1) + self._pace_s
        return not self._stopping.is_set()

    def _is_due(self, campaign: str) -> bool:
        """Tell whether a message is due; a campaign that has none left is finished."""
        with self._store.transaction() as connection:
            due = deliveries.is_due(connection, campaign, now_s=self._clock())
            if not due and deliveries.is_done(connection, campaign):
                self._leave(campaign, Status.FINISHED)
        return due

    def _claim(self, campaign: str) -> tuple[Claim, Letter] | None:
        with self._store.transaction() as connection:
            claim = deliveries.claim(connection, campaign, now_s=self._clock())
            return None if claim is None else (claim, self._letter(campaign))

    def _receipt(self, claim: Claim, letter: Letter) -> Receipt | MergeError | CarrierDownError:
        url = f"{self._unsubscribe_url}{claim.token}" if self._unsubscribe_url else ""
        contact = Contact(claim.email, claim.fields, claim.token, url)
        try:
            message = letter.to(contact, now=self._clock())
            sender, recipient = on_the_wire(letter.from_email), on_the_wire(claim.email)
            return self._carrier.take(Parcel(message, sender, recipient, claim.token))
        except AddressError:
            return Receipt(Fate.INVALID, "the address cannot be written to")
        except (MergeError, CarrierDownError) as error:
            return error

    def _finish_one(
        self, campaign: str, claim: Claim, receipt: Receipt | MergeError | CarrierDownError
    ) -> None:
        if not isinstance(receipt, Receipt):
            with self._store.transaction() as connection:
                deliveries.release(connection, claim)
                self._pause(campaign, str(receipt))
            return
        self._unknown_in_a_row = self._unknown_in_a_row + 1 if receipt.fate is Fate.UNKNOWN else 0
        with self._store.transaction():
            self._settle(campaign, claim, receipt)
            if self._unknown_in_a_row >= MOST_UNKNOWN:
                self._unknown_in_a_row = 0
                self._pause(campaign, f"{MOST_UNKNOWN} messages in a row left without an answer")

    def _settle(self, campaign: str, claim: Claim, receipt: Receipt) -> None:
        with self._store.transaction() as connection:
            fate = deliveries.settle(
                connection,
                campaign,
                claim,
                fate=receipt.fate,
                reason=receipt.reason,
                now_s=self._clock(),
                speed=self._speed,
            )
            if fate is Fate.UNKNOWN:
                unknown = deliveries.outcomes(connection, campaign)[fate]
                self._store.annotate(CAMPAIGNS, campaign, {UNKNOWN: unknown})

    def _give_up(self, campaign: str, reason: str) -> None:
        if self._stopping.is_set():
            return
        with self._store.transaction():
            self._pause(campaign, reason)

    def _pause(self, campaign: str, reason: str) -> None:
        if self._leave(campaign, Status.PAUSED):
            self._store.annotate(CAMPAIGNS, campaign, {PAUSE_REASON: reason})
            _log.warning("campaign %s is paused: %s", campaign, reason)

    def _leave(self, campaign: str, status: Status) -> bool:
        with self._store.transaction() as connection:
            return bool(
                connection.execute(
                    f"UPDATE campaigns SET status = ?, {TOUCHED}"  # noqa: S608 - SQL from constants
                    " WHERE id = ? AND status = ?",
                    (str(status), int(self._clock()), campaign, str(Status.RUNNING)),
                ).rowcount
            )

    def _letter(self, key: str) -> Letter:
        campaign = self._store.get(CAMPAIGNS, key) or {}

        def of(resource: Any, field: str) -> dict[str, Any]:
            named = campaign.get(field)
            return (self._store.get(resource, named) if isinstance(named, str) else None) or {}

        return Letter.of(campaign, of(TEMPLATES, "template_id"), of(LISTS, "list_id"))
