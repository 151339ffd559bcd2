"""The seven process actions, which move a campaign from one status to another."""

from __future__ import annotations

from datetime import datetime

from dyno_frames.actions.action_request import ActionRequest, check_not_over, checked_request
from dyno_frames.actions.attempt import attempt
from dyno_frames.actions.context import PollPolicy
from dyno_frames.actions.outcome import Outcome
from dyno_frames.client.connection import Connection
from dyno_frames.client.described import checked_id
from dyno_frames.client.resources import ResourceClient
from dyno_frames.contract.lifecycle import Action
from dyno_frames.contract.resources import CAMPAIGNS


class ProcessActions(ResourceClient):
    """Campaigns with the process actions.

    Parameters
    ----------
    connection
        The server and the account.

    Attributes
    ----------
    patience
        How long a campaign is read until its status explains the outcome of an action.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, CAMPAIGNS)
        self.poll_policy = PollPolicy(wall=connection.settings.clock)

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
        """Start a draft campaign, at once or at a time.

        Parameters
        ----------
        id
            The id of the campaign.
        at
            When to start: an aware datetime or Timestamp, or ISO text (default: now). A time without a zone needs
            ``time_zone``.
        time_zone
            An IANA name such as ``"Europe/Paris"``.
        subject, from_name, from_email, preview_message
            Fields to change in the same request (default: unchanged).

        Examples
        --------
        >>> client.campaigns.start("6f1c…", at="2026-07-01T09:30:00+02:00")  # doctest: +SKIP
        Outcome(start 6f1c…: applied, draft → scheduled)
        """
        return self._attempt(
            id,
            checked_request(
                Action.START,
                at=at,
                time_zone=time_zone,
                subject=subject,
                from_name=from_name,
                from_email=from_email,
                preview_message=preview_message,
            ),
        )

    def update_and_resume(
        self,
        id: str,  # noqa: A002 - the API's own word
        *,
        subject: str | None = None,
        from_name: str | None = None,
        from_email: str | None = None,
        preview_message: str | None = None,
    ) -> Outcome:
        """Change a paused campaign and resume it, in one request.

        Parameters
        ----------
        id
            The id of the campaign.
        subject, from_name, from_email, preview_message
            Fields to change (default: unchanged).

        Examples
        --------
        >>> client.campaigns.update_and_resume("6f1c…", subject="Now with the right link")  # doctest: +SKIP
        Outcome(update_and_resume 6f1c…: applied, paused → running)
        """
        return self._attempt(
            id,
            checked_request(
                Action.UPDATE_AND_RESUME,
                subject=subject,
                from_name=from_name,
                from_email=from_email,
                preview_message=preview_message,
            ),
        )

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
        """Reschedule a scheduled campaign, or start it at once.

        Parameters
        ----------
        id
            The id of the campaign.
        at
            When to start: an aware datetime or Timestamp, or ISO text (default: now). A time without a zone needs
            ``time_zone``.
        time_zone
            An IANA name such as ``"Europe/Paris"``.
        subject, from_name, from_email, preview_message
            Fields to change in the same request (default: unchanged).

        Examples
        --------
        >>> client.campaigns.reschedule("6f1c…", at="2026-07-02T07:30:00Z")  # doctest: +SKIP
        Outcome(reschedule 6f1c…: applied, scheduled → scheduled)
        """
        return self._attempt(
            id,
            checked_request(
                Action.RESCHEDULE,
                at=at,
                time_zone=time_zone,
                subject=subject,
                from_name=from_name,
                from_email=from_email,
                preview_message=preview_message,
            ),
        )

    def cancel_schedule(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Cancel the schedule of a campaign, which makes it a draft again.

        Parameters
        ----------
        id
            The id of the campaign.

        Examples
        --------
        >>> client.campaigns.cancel_schedule("6f1c…")  # doctest: +SKIP
        Outcome(cancel_schedule 6f1c…: applied, scheduled → draft)
        """
        return self._attempt(id, checked_request(Action.CANCEL_SCHEDULE))

    def stop(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Stop a campaign for good.

        Parameters
        ----------
        id
            The id of the campaign.

        Examples
        --------
        >>> client.campaigns.stop("6f1c…")  # doctest: +SKIP
        Outcome(stop 6f1c…: applied, running → stopped)
        """
        return self._attempt(id, checked_request(Action.STOP))

    def pause(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Pause a running campaign.

        Parameters
        ----------
        id
            The id of the campaign.

        Examples
        --------
        >>> client.campaigns.pause("6f1c…")  # doctest: +SKIP
        Outcome(pause 6f1c…: applied, running → paused)
        """
        return self._attempt(id, checked_request(Action.PAUSE))

    def resume(self, id: str) -> Outcome:  # noqa: A002 - the API's own word
        """Resume a paused campaign.

        Parameters
        ----------
        id
            The id of the campaign.

        Examples
        --------
        >>> client.campaigns.resume("6f1c…")  # doctest: +SKIP
        Outcome(resume 6f1c…: applied, paused → running)
        """
        return self._attempt(id, checked_request(Action.RESUME))

    def _attempt(self, key: object, request: ActionRequest) -> Outcome:
        check_not_over(request.at, now=self.poll_policy.wall())
        return attempt(
            self.connection.session,
            self.connection.journal,
            request.action,
            checked_id(key, self.connection.session),
            request.body(),
            policy=self.poll_policy,
        )
