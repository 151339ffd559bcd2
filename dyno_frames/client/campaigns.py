"""Campaigns: the six verbs, and the seven process actions that move one through its life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dyno_frames.actions.action_request import action_named, check_not_over, checked_request
from dyno_frames.actions.attempt import attempt
from dyno_frames.actions.journal_damage import JournalDamage
from dyno_frames.actions.outcome import Outcome
from dyno_frames.actions.plan import ActionPlan, planned
from dyno_frames.actions.resolve import Decided, resolve
from dyno_frames.actions.wait import Pace, wait
from dyno_frames.client.connection import Connection
from dyno_frames.client.meter import meter
from dyno_frames.client.process_actions import ProcessActions
from dyno_frames.client.resources import ResourceClient, checked_id
from dyno_frames.client.rows import python_values
from dyno_frames.client.templates import preview_of
from dyno_frames.contract.operations import operation
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ConfigError, RequestSummary


class Campaigns(ProcessActions):
    """The campaigns of one server.

    Every action reads the campaign first, refuses what its status does not allow, is written to a journal
    on this machine, and leaves once. It then reads the campaign again. All of them

    * return an :class:`~dyno_frames.actions.outcome.Outcome` whose status is ``"applied"``;
    * raise ``ApiError`` when the application refuses or the status does not allow it;
    * raise ``TransportError`` when it certainly did not take effect;
    * raise ``ContractError`` when the campaign that was read first is outside the contract, and nothing was sent;
    * raise ``OutcomeUnknownError`` when nobody can tell, for example after an error 429 or 500 if the readings show
      the old status. Actions that send mail then wait for :meth:`resolve`. The same error is raised, and nothing is
      sent, while the journal is damaged: see :meth:`accept_journal_damage`.

    Errors carry ``.outcome`` with the evidence.

    Parameters
    ----------
    connection
        The server and the account.
    templates, lists
        Those of the same account, for previews.
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
        """Read a campaign and settle its actions whose outcome was unknown. Nothing but readings is sent.

        Every unresolved action is looked at. If the server does not find the campaign, they stay unresolved until you
        give a decision: another account's key does not see it, and a replica that lags does not know it yet.

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
            At least one action still cannot be told; the message names each.

        Examples
        --------
        >>> client.campaigns.resolve("6f1c…")  # doctest: +SKIP
        Outcome(start 6f1c…: applied, draft → running)
        """
        return resolve(
            self.connection.session,
            self.connection.journal,
            checked_id(id),
            decision=decision,
            patience=self.patience,
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
        """Show what an action would do, before it is done. Nothing but readings is sent.

        Parameters
        ----------
        action
            The name of one of the seven verbs, such as ``"start"``.
        id
            The campaign's id.
        at, time_zone, **texts
            As the verb takes them.

        Returns
        -------
        ActionPlan
            From which status to which, how many it reaches, when in local time and UTC, what changes and what can
            no longer be edited, and the exact request. It prints as text and shows as HTML.

        Raises
        ------
        IllegalTransitionError
            The campaign's status does not allow it.
        ConfigError
            An argument cannot be used.

        Examples
        --------
        >>> plan = client.campaigns.plan("start", "6f1c…", at="2026-07-01T09:30:00+02:00")  # doctest: +SKIP
        >>> client.campaigns.apply(plan)  # doctest: +SKIP
        Outcome(start 6f1c…: applied, draft → scheduled)
        """
        now, session, journal = self.patience.wall(), self.connection.session, self.connection.journal
        request = checked_request(action_named(action), at=at, time_zone=time_zone, **texts)
        check_not_over(request.at, now=now)
        return planned(session, journal, request, checked_id(id), now=now)

    def apply(self, plan: ActionPlan) -> Outcome:
        """Carry out a plan to the letter, unless the campaign or its recipients have changed since.

        Parameters
        ----------
        plan
            What :meth:`plan` returned.

        Raises
        ------
        RejectedError
            Something is not as it was planned for; nothing was sent.

        Examples
        --------
        >>> client.campaigns.apply(client.campaigns.plan("pause", "6f1c…"))  # doctest: +SKIP
        Outcome(pause 6f1c…: applied, running → paused)
        """
        if not isinstance(plan, ActionPlan):
            raise ConfigError(f"apply() takes a plan, got {type(plan).__name__}: client.campaigns.plan(…)")
        check_not_over(plan.at, now=self.patience.wall())
        return attempt(
            self.connection.session,
            self.connection.journal,
            plan.action,
            plan.campaign_id,
            plan.body,
            patience=self.patience,
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
        """Wait for a campaign to come to a status, and show how far it is and how fast.

        Parameters
        ----------
        id
            Its id.
        until
            The status; one that lies beyond it on a campaign's way counts, too.
        timeout_s
            For how long, in seconds; None is for ever.
        progress
            Whether to show a bar; None shows one in a terminal or a notebook.
        stuck_s
            After how long without any movement, where there should be some, it is given up, in seconds; None is never.

        Returns
        -------
        dict
            The campaign as :meth:`get` returns it.

        Raises
        ------
        WaitError
            The time is over, nothing moves, or no waiting brings it there; ``.reason`` tells which.
        NotFoundError
            There is no such campaign.

        Examples
        --------
        >>> client.campaigns.wait("6f1c…", timeout_s=600)["delivered"]  # doctest: +SKIP
        1188
        """
        key = checked_id(id)
        if not isinstance(progress, bool | None):
            raise ConfigError(f"progress={progress!r}; expected True, False or None")
        pace = Pace(timeout_s=timeout_s, stuck_s=stuck_s, wall=self.connection.settings.clock)
        with meter(progress, what=f"until {until}") as show:
            row = wait(self.connection.session, key, until, pace=pace, show=show)
        asked = operation(CAMPAIGNS.name, "get")
        request = RequestSummary(asked.verb, asked.url_path(key))
        return self.connection.session.decoded(
            lambda: python_values(CAMPAIGNS, row, key=key, request=request)
        )

    def preview(self, id: str, *, contacts: object = None) -> Any:  # noqa: A002 - the API's own word
        """Return a preview of what a campaign would mail, as :meth:`client.templates.preview` does of a template.

        Parameters
        ----------
        id
            Its id.
        contacts
            Whom it is filled for: merge fields by name, several such mappings, or a frame; None is somebody.

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
