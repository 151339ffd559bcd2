"""Campaigns: the six verbs, the process actions, and their plans, outcomes and progress."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from dyno_frames.actions.action_request import action_named, check_not_over, checked_request
from dyno_frames.actions.attempt import attempt
from dyno_frames.actions.journal_damage import JournalDamage
from dyno_frames.actions.outcome import Outcome
from dyno_frames.actions.plan import ActionPlan, planned
from dyno_frames.actions.resolve import Decided, resolve
from dyno_frames.actions.wait import WaitPolicy, wait
from dyno_frames.client.connection import Connection
from dyno_frames.client.described import checked_id
from dyno_frames.client.meter import meter
from dyno_frames.client.process_actions import ProcessActions
from dyno_frames.client.resources import ResourceClient
from dyno_frames.client.rows import python_values
from dyno_frames.client.templates import preview_of
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ConfigError, RequestSummary


class Campaigns(ProcessActions):
    """The campaigns of one server.

    Every action reads the campaign, checks that its status allows the action, writes a journal on this machine, sends
    the request once, and reads the campaign again. All actions

    * return an :class:`~dyno_frames.actions.outcome.Outcome` whose status is ``"applied"``;
    * raise ``ApiError`` if the application refuses the action or the status does not allow it;
    * raise ``TransportError`` if the action certainly had no effect;
    * raise ``ContractError`` if the campaign that was read first is outside the contract; nothing was sent;
    * raise ``OutcomeUnknownError`` if the outcome is unknown, for example after an error 429 or 500 if the campaign
      still has the old status. Further actions that send mail then wait for :meth:`resolve`. The same error is raised,
      and nothing is sent, while the journal is damaged: see :meth:`accept_journal_damage`.

    Errors have ``.outcome`` with the evidence.

    Parameters
    ----------
    connection
        The server and the account.
    templates, lists
        The templates and lists of the same account, for previews.
    """

    def __init__(self, connection: Connection, *, templates: ResourceClient, lists: ResourceClient) -> None:
        super().__init__(connection)
        self._templates, self._lists = templates, lists

    def resolve(
        self,
        id: str,  # noqa: A002 - the API's own word
        *,
        decision: Decided | None = None,
    ) -> Outcome | None:
        """Read a campaign and resolve its actions whose outcome is unknown. Only read requests are sent.

        If the server does not find the campaign, its actions stay unresolved until you give a decision: the key may
        belong to another account, or a replica may not have the campaign yet.

        Parameters
        ----------
        id
            The id of the campaign.
        decision
            ``"applied"`` or ``"not_applied"``, if you know the outcome and the campaign does not show it.

        Returns
        -------
        Outcome or None
            The outcome of the latest action; None if nothing was unresolved.

        Raises
        ------
        OutcomeUnknownError
            The outcome of an action is still unknown; the message names each.

        Examples
        --------
        >>> client.campaigns.resolve("6f1c…")  # doctest: +SKIP
        Outcome(start 6f1c…: applied, draft → running)
        """
        return resolve(
            self.connection.session,
            self.connection.journal,
            checked_id(id, self.connection.session),
            decision=decision,
            policy=self.poll_policy,
        )

    def accept_journal_damage(self) -> tuple[JournalDamage, ...]:
        """Accept that lines of the journal on this machine are damaged or missing; sends are then possible again.

        The journal keeps what was sent, so that nothing is sent twice. If it is damaged, it cannot tell whether an
        earlier action is unresolved, and every action that sends mail is refused. Before you accept, look on the server
        at the campaigns that you started, resumed or rescheduled lately. Nothing is sent by this call.

        Returns
        -------
        tuple of JournalDamage
            What was left out of the journal, and where a copy of each damaged file is kept; empty if nothing was
            damaged. Actions that can still be read stay, and those that are open still wait for :meth:`resolve`.

        Raises
        ------
        ConfigError
            The journal cannot be written.

        Examples
        --------
        >>> client.campaigns.accept_journal_damage()  # doctest: +SKIP
        ()
        """
        return tuple(self.connection.journal.accept_damage())

    def plan(
        self,
        action: str,
        id: str,  # noqa: A002 - the API's own word
        *,
        at: datetime | str | None = None,
        time_zone: str | None = None,
        **texts: str | None,
    ) -> ActionPlan:
        """Return what an action would do. Only read requests are sent.

        Parameters
        ----------
        action
            The name of one of the seven actions, such as ``"start"``.
        id
            The campaign's id.
        at, time_zone, **texts
            The arguments of the action.

        Returns
        -------
        ActionPlan
            The old and the new status, the number of recipients, the time in local time and UTC, the fields that
            change or can no longer be edited, and the exact request. It prints as text and shows as HTML.

        Raises
        ------
        IllegalTransitionError
            The campaign's status does not allow it.
        ConfigError
            An argument is not valid.

        Examples
        --------
        >>> plan = client.campaigns.plan("start", "6f1c…", at="2026-07-01T09:30:00+02:00")  # doctest: +SKIP
        >>> client.campaigns.apply(plan)  # doctest: +SKIP
        Outcome(start 6f1c…: applied, draft → scheduled)
        """
        now, session, journal = self.poll_policy.wall(), self.connection.session, self.connection.journal
        request = checked_request(action_named(action), at=at, time_zone=time_zone, **texts)
        check_not_over(request.at, now=now)
        plan = planned(session, journal, request, checked_id(id, session), now=now)
        return replace(plan, write_code=partial(self.connection.extensions.request_code, session))

    def apply(self, plan: ActionPlan) -> Outcome:
        """Send exactly the request of a plan, unless the campaign or its recipients have changed since.

        Parameters
        ----------
        plan
            A plan that :meth:`plan` returned.

        Raises
        ------
        RejectedError
            The campaign or its recipients have changed; nothing was sent.

        Examples
        --------
        >>> client.campaigns.apply(client.campaigns.plan("pause", "6f1c…"))  # doctest: +SKIP
        Outcome(pause 6f1c…: applied, running → paused)
        """
        if not isinstance(plan, ActionPlan):
            raise ConfigError(f"apply() takes a plan, got {type(plan).__name__}: client.campaigns.plan(…)")
        check_not_over(plan.at, now=self.poll_policy.wall())
        return attempt(
            self.connection.session,
            self.connection.journal,
            plan.action,
            plan.campaign_id,
            plan.body,
            policy=self.poll_policy,
            planned=plan,
        )

    def wait(
        self,
        id: str,  # noqa: A002 - the API's own word
        until: str = "finished",
        *,
        timeout_s: float | None = None,
        progress: bool | None = None,
        stuck_s: float | None = 300.0,
    ) -> dict[str, Any]:
        """Wait until a campaign has a status, and show its progress.

        Parameters
        ----------
        id
            The id of the campaign.
        until
            The status. A status that a campaign has only after this one counts too.
        timeout_s
            Maximum time to wait, in seconds (default: no limit).
        progress
            Whether to show a progress bar (default: in a terminal or a notebook).
        stuck_s
            Maximum time without progress of a campaign that should make some, in seconds; None waits forever.

        Returns
        -------
        dict
            The campaign as :meth:`get` returns it.

        Raises
        ------
        WaitError
            The time is over, the campaign makes no progress, or it cannot reach the status; ``.reason`` tells which.
        NotFoundError
            No campaign has this id.

        Examples
        --------
        >>> client.campaigns.wait("6f1c…", timeout_s=600)["delivered"]  # doctest: +SKIP
        1188
        """
        key = checked_id(id, self.connection.session)
        if not isinstance(progress, bool | None):
            raise ConfigError(f"progress={progress!r}; expected True, False or None")
        policy = WaitPolicy(timeout_s=timeout_s, stuck_s=stuck_s, wall=self.connection.settings.clock)
        with meter(progress, what=f"until {until}") as show:
            row = wait(self.connection.session, key, until, policy=policy, show=show)
        get = operation(CAMPAIGNS.name, "get")
        request = RequestSummary(get.verb, get.url_path(key))
        return self.connection.session.decoded(
            lambda: python_values(CAMPAIGNS, row, key=key, request=request)
        )

    def preview(self, id: str, *, contacts: object = None) -> Any:  # noqa: A002 - the API's own word
        """Return a preview of the message of a campaign; see :meth:`client.templates.preview`.

        Parameters
        ----------
        id
            The id of the campaign.
        contacts
            The contacts to fill the message for: a mapping of merge fields, a list of mappings, or a frame (default: a
            sample contact).

        Returns
        -------
        TemplatePreview
            A widget; ``.message`` is what it shows.

        Examples
        --------
        >>> client.campaigns.preview("6f1c…", contacts={"name": "Ann"})  # doctest: +SKIP
        TemplatePreview of Spring sale
        """
        return preview_of(self.get(id), contacts, templates=self._templates, lists=self._lists)
