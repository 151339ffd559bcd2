"""Campaigns: the six verbs, and the seven process actions that move one through its life."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from dyno_frames.actions.attempt import attempt
from dyno_frames.actions.case import Patience
from dyno_frames.actions.outcome import Outcome
from dyno_frames.actions.resolve import Decided, resolve
from dyno_frames.actions.times import start_time
from dyno_frames.client.resources import ResourceClient, checked_id
from dyno_frames.contract.lifecycle import Action
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ConfigError

if TYPE_CHECKING:
    from dyno_frames.client.client import Client

_PAST_S = 60.0


class Campaigns(ResourceClient):
    """The campaigns of one server.

    Every action reads the campaign first, refuses what its status does not allow, is written to a journal
    on this machine, and leaves once. It then reads the campaign again. All of them

    * return an :class:`~dyno_frames.actions.outcome.Outcome` whose status is ``"applied"``;
    * raise ``ApiError`` when the application refuses or the status does not allow it;
    * raise ``TransportError`` when it certainly did not take effect;
    * raise ``OutcomeUnknownError`` when nobody can tell. Actions that send mail then wait for
      :meth:`resolve`.

    Errors carry ``.outcome`` with the evidence.

    Parameters
    ----------
    client
        The connection.

    Attributes
    ----------
    patience
        How long a campaign is read until its state explains itself.
    """

    def __init__(self, client: Client) -> None:
        super().__init__(client, CAMPAIGNS)
        self.patience = Patience()

    def start(
        self,
        id: str,  # noqa: A002 - the API's own word
        *,
        at: datetime | str | None = None,
        time_zone: str | None = None,
        subject: str | None = None,
        from_name: str | None = None,
        from_email: str | None = None,
        preview_message: str | None = None,
    ) -> Outcome:
        """Start a campaign that is a draft, at once or at a time.

        Parameters
        ----------
        id
            Its id.
        at
            When: an aware datetime or Timestamp, or ISO text; a wall time needs ``time_zone``. None is now.
        time_zone
            An IANA name such as ``"Europe/Paris"``.
        subject, from_name, from_email, preview_message
            What to change in the same request; None leaves it.

        Examples
        --------
        >>> client.campaigns.start("6f1c…", at="2026-07-01T09:30:00+02:00")  # doctest: +SKIP
        Outcome(start 6f1c…: applied, draft → scheduled)
        """
        texts = _texts(subject, from_name, from_email, preview_message)
        return self._attempt(Action.START, id, {**texts, **_when(at, time_zone)})

    def update_and_resume(
        self,
        id: str,  # noqa: A002 - the API's own word
        *,
        subject: str | None = None,
        from_name: str | None = None,
        from_email: str | None = None,
        preview_message: str | None = None,
    ) -> Outcome:
        """Change a paused campaign and let it run on, in one request.

        Parameters
        ----------
        id
            Its id.
        subject, from_name, from_email, preview_message
            What to change; None leaves it.

        Examples
        --------
        >>> client.campaigns.update_and_resume("6f1c…", subject="Now with the right link")  # doctest: +SKIP
        Outcome(update_and_resume 6f1c…: applied, paused → running)
        """
        texts = _texts(subject, from_name, from_email, preview_message)
        return self._attempt(Action.UPDATE_AND_RESUME, id, texts)

    def reschedule(
        self,
        id: str,  # noqa: A002 - the API's own word
        *,
        at: datetime | str | None = None,
        time_zone: str | None = None,
        subject: str | None = None,
        from_name: str | None = None,
        from_email: str | None = None,
        preview_message: str | None = None,
    ) -> Outcome:
        """Give a scheduled campaign another time; without one it starts at once.

        Parameters
        ----------
        id
            Its id.
        at
            When: an aware datetime or Timestamp, or ISO text; a wall time needs ``time_zone``. None is now.
        time_zone
            An IANA name such as ``"Europe/Paris"``.
        subject, from_name, from_email, preview_message
            What to change in the same request; None leaves it.

        Examples
        --------
        >>> client.campaigns.reschedule("6f1c…", at="2026-07-02T07:30:00Z")  # doctest: +SKIP
        Outcome(reschedule 6f1c…: applied, scheduled → scheduled)
        """
        texts = _texts(subject, from_name, from_email, preview_message)
        return self._attempt(Action.RESCHEDULE, id, {**texts, **_when(at, time_zone)})

    def cancel_schedule(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Make a scheduled campaign a draft again.

        Parameters
        ----------
        id
            Its id.

        Examples
        --------
        >>> client.campaigns.cancel_schedule("6f1c…")  # doctest: +SKIP
        Outcome(cancel_schedule 6f1c…: applied, scheduled → draft)
        """
        return self._attempt(Action.CANCEL_SCHEDULE, id, {})

    def stop(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Stop a campaign for good.

        Parameters
        ----------
        id
            Its id.

        Examples
        --------
        >>> client.campaigns.stop("6f1c…")  # doctest: +SKIP
        Outcome(stop 6f1c…: applied, running → stopped)
        """
        return self._attempt(Action.STOP, id, {})

    def pause(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Pause a running campaign.

        Parameters
        ----------
        id
            Its id.

        Examples
        --------
        >>> client.campaigns.pause("6f1c…")  # doctest: +SKIP
        Outcome(pause 6f1c…: applied, running → paused)
        """
        return self._attempt(Action.PAUSE, id, {})

    def resume(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Let a paused campaign run on.

        Parameters
        ----------
        id
            Its id.

        Examples
        --------
        >>> client.campaigns.resume("6f1c…")  # doctest: +SKIP
        Outcome(resume 6f1c…: applied, paused → running)
        """
        return self._attempt(Action.RESUME, id, {})

    def resolve(
        self,
        id: str,  # noqa: A002 - the API's own word
        *,
        decision: Decided | None = None,
    ) -> Outcome | None:
        """Read a campaign and settle its actions whose outcome was unknown. Nothing but readings is sent.

        Parameters
        ----------
        id
            Its id.
        decision
            ``"applied"`` or ``"not_applied"`` where you know what happened and no reading can show it.

        Returns
        -------
        Outcome or None
            Of the latest action; None where nothing was unresolved.

        Raises
        ------
        OutcomeUnknownError
            It still cannot be told.

        Examples
        --------
        >>> client.campaigns.resolve("6f1c…")  # doctest: +SKIP
        Outcome(start 6f1c…: applied, draft → running)
        """
        return resolve(
            self.client.session,
            self.client.actions_journal,
            checked_id(id),
            decision=decision,
            patience=self.patience,
        )

    def _attempt(self, action: Action, key: object, body: dict[str, str]) -> Outcome:
        return attempt(
            self.client.session,
            self.client.actions_journal,
            action,
            checked_id(key),
            body,
            patience=self.patience,
        )


def _texts(
    subject: str | None, from_name: str | None, from_email: str | None, preview_message: str | None
) -> dict[str, str]:
    given = {
        "subject": subject,
        "from_name": from_name,
        "from_email": from_email,
        "preview_message": preview_message,
    }
    wrong = [name for name, text in given.items() if not _is_text_or_none(text)]
    if wrong:
        raise ConfigError(f"nothing was sent: {', '.join(wrong)} must be text or None")
    return {name: text for name, text in given.items() if text is not None}


def _is_text_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _when(at: datetime | str | None, time_zone: str | None) -> dict[str, str]:
    if at is None:
        if time_zone is not None:
            raise ConfigError(
                f"time_zone= is {time_zone!r} and there is no at=; give both, or neither for now"
            )
        return {}
    start = start_time(at, time_zone)
    if start.epoch_s < time.time() - _PAST_S:
        # The API takes a past time for now, and mail that has left does not come back.
        raise ConfigError(
            f"at= is {at!s}, which is over; give a time to come, or leave at= out to start at once"
        )
    return start.body()
