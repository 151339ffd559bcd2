"""Mail to a real mail server, at most once per contact: claimed before it leaves, settled after."""

from __future__ import annotations

import logging
import smtplib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formataddr, make_msgid
from typing import Any
from urllib.parse import urlsplit

from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from dyno_frames.contract.lifecycle import Status
from dyno_frames.contract.resources import CAMPAIGNS, TEMPLATES
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.lifecycle import IN_MOTION
from dyno_frames.sandbox.storage import Store

_TIMEOUT_S = 10.0
_SENDER = "sandbox@localhost"

_RICH = SandboxedEnvironment(autoescape=True)
_PLAIN = SandboxedEnvironment(autoescape=False)

_REFUSALS = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
    ValueError,
)
"""The mail server said no to this message: it did not leave."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a mail server listens."""

    host: str
    port: int


def address(smtp: str) -> Address:
    """Read ``smtp://host:port``.

    Raises
    ------
    ConfigError
        It is none.
    """
    try:
        parts = urlsplit(smtp)
        host, port = parts.hostname, parts.port
    except (ValueError, AttributeError):
        parts, host, port = None, None, None
    if parts is None or parts.scheme != "smtp" or not host or parts.username or parts.path not in {"", "/"}:
        raise ConfigError("smtp is no address of a mail server; expected smtp://host:port")
    return Address(host, port or smtplib.SMTP_PORT)


@dataclass(frozen=True, slots=True)
class Letter:
    """What one campaign sends, before a contact is named."""

    subject: str
    text: str
    html: str
    from_name: str
    from_email: str

    def to(self, email: str) -> EmailMessage:
        """Return the message to one contact.

        Raises
        ------
        ValueError, TemplateError, MessageError
            The template or a header does not work.
        """
        values = {"email": email, "name": email.partition("@")[0].replace(".", " ").replace("_", " ").title()}
        message = EmailMessage()
        message["Subject"] = _PLAIN.from_string(self.subject).render(values)
        message["From"] = formataddr((self.from_name, self.from_email))
        message["To"] = email
        message["Message-ID"] = make_msgid(domain="sandbox.invalid")
        message.set_content(_PLAIN.from_string(self.text).render(values))
        if self.html:
            message.add_alternative(_RICH.from_string(self.html).render(values), subtype="html")
        return message


class Delivery:
    """Delivers campaigns to a mail server.

    Parameters
    ----------
    store
        The rows.
    server
        Where the mail server listens.
    clock
        Epoch seconds, now.
    """

    def __init__(self, store: Store, server: Address, *, clock: Callable[[], float]) -> None:
        self._store = store
        self._server = server
        self._clock = clock

    def recover(self) -> None:
        """Settle what an earlier run claimed only: it may have left, so it never leaves again."""
        with self._store.transaction() as connection:
            for campaign, email in connection.execute(
                "SELECT campaign_id, email FROM deliveries WHERE outcome = 'claimed'"
            ).fetchall():
                self._settle(connection, campaign, email, outcome="unknown")

    def campaigns(self) -> tuple[str, ...]:
        """Return the running campaigns whose list has addresses."""
        with self._store.transaction() as connection:
            found = connection.execute(
                f"SELECT id FROM campaigns WHERE {IN_MOTION} AND status = '{Status.RUNNING}' AND EXISTS"  # noqa: S608 - SQL from constants
                " (SELECT 1 FROM contacts WHERE contacts.list_id = campaigns.list_id)"
            ).fetchall()
        return tuple(key for (key,) in found)

    def deliver(self, campaign: str, messages: int, *, stopping: threading.Event) -> None:
        """Send up to some messages of one campaign, and finish it when no contact is left.

        A mail server that cannot be reached delays the campaign; a template that does not work pauses it.
        """
        letter = self._letter(campaign)
        if letter is None or messages < 1:
            return
        try:
            with smtplib.SMTP(self._server.host, self._server.port, timeout=_TIMEOUT_S) as connection:
                for _ in range(messages):
                    if stopping.is_set() or not self._deliver_one(connection, campaign, letter):
                        return
        except (OSError, smtplib.SMTPException) as error:
            _log.warning("the mail server is not to be had: %s", type(error).__name__)

    def _deliver_one(self, connection: smtplib.SMTP, campaign: str, letter: Letter) -> bool:
        email = self._claim(campaign)
        if email is None:
            self._finish(campaign)
            return False
        try:
            message = letter.to(email)
        except (ValueError, TemplateError, MessageError, ArithmeticError, TypeError) as error:
            self._give_up(campaign, email)
            _log.warning(
                "campaign %s is paused, its message cannot be made: %s", campaign, type(error).__name__
            )
            return False
        outcome = "sent"
        try:
            connection.send_message(message, from_addr=letter.from_email, to_addrs=[email])
        except _REFUSALS:
            outcome = "refused"
        except (OSError, smtplib.SMTPException):
            # it may have been taken before the connection broke
            outcome = "unknown"
        with self._store.transaction() as settling:
            self._settle(settling, campaign, email, outcome=outcome)
        return outcome != "unknown"

    def _claim(self, campaign: str) -> str | None:
        """Reserve the next contact, in one statement that also sees that the campaign still runs."""
        with self._store.transaction() as connection:
            claimed = connection.execute(
                "INSERT INTO deliveries (campaign_id, email, outcome, claimed)"
                " SELECT campaigns.id, contacts.email, 'claimed', ? FROM campaigns"
                " JOIN contacts ON contacts.list_id = campaigns.list_id"
                " WHERE campaigns.id = ? AND campaigns.status = ? AND NOT EXISTS"
                " (SELECT 1 FROM deliveries WHERE campaign_id = campaigns.id AND email = contacts.email)"
                " LIMIT 1 RETURNING email",
                (int(self._clock()), campaign, str(Status.RUNNING)),
            ).fetchall()
        return str(claimed[0][0]) if claimed else None

    def _settle(self, connection: sqlite3.Connection, campaign: str, email: str, *, outcome: str) -> None:
        now = int(self._clock())
        connection.execute(
            "UPDATE deliveries SET outcome = ?, settled = ? WHERE campaign_id = ? AND email = ?",
            (outcome, now, campaign, email),
        )
        connection.execute(
            "UPDATE campaigns SET sent = coalesce(sent, 0) + 1, delivered = coalesce(delivered, 0) + ?,"
            " bounces = coalesce(bounces, 0) + ?, updated = max(coalesce(updated, 0), ?) WHERE id = ?",
            (outcome == "sent", outcome == "refused", now, campaign),
        )

    def _give_up(self, campaign: str, email: str) -> None:
        with self._store.transaction() as connection:
            connection.execute(
                "DELETE FROM deliveries WHERE campaign_id = ? AND email = ?", (campaign, email)
            )
            self._leave(connection, campaign, Status.PAUSED)

    def _finish(self, campaign: str) -> None:
        with self._store.transaction() as connection:
            self._leave(connection, campaign, Status.FINISHED)

    def _leave(self, connection: sqlite3.Connection, campaign: str, status: Status) -> None:
        connection.execute(
            "UPDATE campaigns SET status = ?, updated = max(coalesce(updated, 0), ?)"
            " WHERE id = ? AND status = ?",
            (str(status), int(self._clock()), campaign, str(Status.RUNNING)),
        )

    def _letter(self, key: str) -> Letter | None:
        campaign = self._store.get(CAMPAIGNS, key)
        if campaign is None:
            return None
        template_id = campaign.get("template_id")
        template = self._store.get(TEMPLATES, template_id) if template_id else None
        return _letter(campaign, template or {})


def _letter(campaign: Mapping[str, Any], template: Mapping[str, Any]) -> Letter:
    def first(*values: Any) -> str:
        return next((value for value in values if value), "")

    subject = first(campaign.get("subject"), template.get("subject"), campaign.get("name"))
    return Letter(
        subject=subject,
        text=first(template.get("text"), campaign.get("preview_message"), subject),
        html=first(template.get("html")),
        from_name=first(campaign.get("from_name")),
        from_email=first(campaign.get("from_email"), _SENDER),
    )
