"""The thread that sends the mail of an account: one message to every recipient of every running campaign."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, LISTS, TEMPLATES
from dyno_frames.messages.merge_fields import MergeError
from dyno_frames.messages.message import AddressError, CampaignMessage, Contact, wire_address
from dyno_frames.sandbox.campaigns.lifecycle import ACTIVE, PAUSE_REASON
from dyno_frames.sandbox.campaigns.speed import SendingSpeed
from dyno_frames.sandbox.mail import deliveries
from dyno_frames.sandbox.mail.deliveries import HAS_CONTACTS, HAS_DELIVERIES, Claim
from dyno_frames.sandbox.mail.transports import (
    DeliveryResult,
    DeliveryStatus,
    Envelope,
    MailTransport,
    MailTransportError,
)
from dyno_frames.sandbox.store.rows import SET_UPDATED
from dyno_frames.sandbox.store.storage import Store

IDLE_S: Final = 0.05
"""How long the thread waits when no message is due."""

MAX_UNKNOWN: Final = 3
"""How many messages in a row may remain without an answer before the campaign is paused."""

UNKNOWN: Final = "unknown"
"""An extra field of a campaign: how many messages were sent without an answer."""

_log = logging.getLogger(__name__)


class Mailer:
    """Send the mail of one account, for all campaigns together at the rate of the speed.

    Notes
    -----
    A message is claimed in the same transaction in which the campaign's status and texts are read. So no message
    is sent after a pause was answered, and messages after an update have the new texts.
    """

    def __init__(
        self,
        store: Store,
        transport: MailTransport,
        *,
        clock: Callable[[], float],
        speed: SendingSpeed,
        stopping: threading.Event,
        unsubscribe_url: str,
    ) -> None:
        self._store = store
        self._transport = transport
        self._clock = clock
        self._interval_s = 1 / speed.mail_rate
        self._speed = speed.speed
        self._stopping = stopping
        self._unsubscribe_url = unsubscribe_url
        self._next_s = 0.0
        self._unknown_in_a_row = 0
        self._thread = threading.Thread(target=self._run, name="dyno-sandbox-mailing", daemon=True)

    def start(self) -> None:
        """Record what an earlier process left, and start the thread."""
        self.recover()
        self._thread.start()

    def join(self) -> None:
        """Wait until the current message is sent. Set ``stopping`` first."""
        if self._thread.ident is not None:
            self._thread.join()

    def recover(self) -> None:
        """Record the claims that an earlier process left: sent if that is certain, else unknown."""
        with self._store.transaction() as connection:
            for campaign, claim in deliveries.unfinished_claims(connection):
                if self._transport.has_delivered(claim.token):
                    result = DeliveryResult(DeliveryStatus.SENT)
                else:
                    result = DeliveryResult(DeliveryStatus.UNKNOWN, "the sandbox ended while it was sending")
                self._record(campaign, claim, result)

    def _run(self) -> None:
        while not self._stopping.is_set():
            sent = False
            try:
                for campaign in self._running():
                    sent = self._send_one(campaign) or sent
            except Exception as error:  # noqa: BLE001 - the thread must survive an error
                # the type only: the values in a traceback may contain addresses
                _log.error("mail was not sent: %s", type(error).__name__)
            if not sent:
                self._transport.close()
                self._stopping.wait(IDLE_S)
        self._transport.close()

    def _running(self) -> tuple[str, ...]:
        """Return the running campaigns that have recipients, including those that were loaded as running."""
        with self._store.transaction() as connection:
            loaded = connection.execute(
                f"SELECT id, coalesce(sent, 0) FROM campaigns WHERE {ACTIVE} AND status = '{Status.RUNNING}'"
                f" AND {HAS_CONTACTS} AND NOT {HAS_DELIVERIES}"
            ).fetchall()
            for campaign, sent in loaded:
                if sent:
                    self._pause(campaign, "it was loaded half sent, and its recipients so far are not known")
                else:
                    deliveries.create_deliveries(connection, campaign)
            found = connection.execute(
                f"SELECT id FROM campaigns WHERE {ACTIVE} AND status = '{Status.RUNNING}' AND {HAS_DELIVERIES}"
            ).fetchall()
        return tuple(campaign for (campaign,) in found)

    def _send_one(self, campaign: str) -> bool:
        """Send one message of a campaign. Return whether there was one.

        The transport is opened only when a message is due, and the message is claimed only when it is open.
        """
        if not self._is_due(campaign) or not self._wait_for_turn():
            return False
        try:
            self._transport.open()
            claimed = self._claim(campaign)
            if claimed is None:
                return False
            claim, message = claimed
            self._finish(campaign, claim, self._deliver(claim, message))
        except MailTransportError as error:
            self._pause_unless_stopping(campaign, str(error))
        return True

    def _wait_for_turn(self) -> bool:
        """Wait until the rate allows another message. Return False if the thread is stopping."""
        now_s = time.monotonic()
        if self._next_s > now_s and self._stopping.wait(self._next_s - now_s):
            return False
        # after a delay, catch up by a tenth of a second at most
        self._next_s = max(self._next_s, now_s - 0.1) + self._interval_s
        return not self._stopping.is_set()

    def _is_due(self, campaign: str) -> bool:
        """Return whether a message is due. Finish a campaign that has no message left."""
        with self._store.transaction() as connection:
            due = deliveries.is_due(connection, campaign, now_s=self._clock())
            if not due and deliveries.is_done(connection, campaign):
                self._set_status(campaign, Status.FINISHED)
        return due

    def _claim(self, campaign: str) -> tuple[Claim, CampaignMessage] | None:
        with self._store.transaction() as connection:
            claim = deliveries.claim(connection, campaign, now_s=self._clock())
            return None if claim is None else (claim, self._message(campaign))

    def _deliver(
        self, claim: Claim, message: CampaignMessage
    ) -> DeliveryResult | MergeError | MailTransportError:
        contact = Contact(claim.email, claim.fields, claim.token, f"{self._unsubscribe_url}{claim.token}")
        try:
            rendered = message.render(contact, now=self._clock())
            sender, recipient = wire_address(message.from_email), wire_address(claim.email)
            return self._transport.send(Envelope(rendered, sender, recipient, claim.token))
        except AddressError:
            return DeliveryResult(DeliveryStatus.INVALID, "the address is not valid")
        except (MergeError, MailTransportError) as error:
            return error

    def _finish(
        self, campaign: str, claim: Claim, result: DeliveryResult | MergeError | MailTransportError
    ) -> None:
        if not isinstance(result, DeliveryResult):
            with self._store.transaction() as connection:
                deliveries.release(connection, claim)
                self._pause(campaign, str(result))
            return
        unknown = result.status is DeliveryStatus.UNKNOWN
        self._unknown_in_a_row = self._unknown_in_a_row + 1 if unknown else 0
        with self._store.transaction():
            self._record(campaign, claim, result)
            if self._unknown_in_a_row >= MAX_UNKNOWN:
                self._unknown_in_a_row = 0
                self._pause(campaign, f"{MAX_UNKNOWN} messages in a row were sent without an answer")

    def _record(self, campaign: str, claim: Claim, result: DeliveryResult) -> None:
        with self._store.transaction() as connection:
            status = deliveries.record(
                connection, campaign, claim, result, now_s=self._clock(), speed=self._speed
            )
            if status is DeliveryStatus.UNKNOWN:
                unknown = deliveries.count_by_outcome(connection, campaign)[status]
                self._store.set_extra_fields(CAMPAIGNS, campaign, {UNKNOWN: unknown})

    def _pause_unless_stopping(self, campaign: str, reason: str) -> None:
        if self._stopping.is_set():
            return
        with self._store.transaction():
            self._pause(campaign, reason)

    def _pause(self, campaign: str, reason: str) -> None:
        if self._set_status(campaign, Status.PAUSED):
            self._store.set_extra_fields(CAMPAIGNS, campaign, {PAUSE_REASON: reason})
            _log.warning("campaign %s is paused: %s", campaign, reason)

    def _set_status(self, campaign: str, status: Status) -> bool:
        """End a running campaign with another status. Return whether it was running."""
        with self._store.transaction() as connection:
            return bool(
                connection.execute(
                    f"UPDATE campaigns SET status = ?, {SET_UPDATED} WHERE id = ? AND status = ?",
                    (str(status), int(self._clock()), campaign, str(Status.RUNNING)),
                ).rowcount
            )

    def _message(self, key: str) -> CampaignMessage:
        campaign = self._store.get(CAMPAIGNS, key) or {}

        def row_of(resource: Any, field: str) -> dict[str, Any]:
            row_id = campaign.get(field)
            return (self._store.get(resource, row_id) if isinstance(row_id, str) else None) or {}

        return CampaignMessage.of(campaign, row_of(TEMPLATES, "template_id"), row_of(LISTS, "list_id"))
