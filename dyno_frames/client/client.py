"""One connection as a person sees it: its resources, its journal, and its end."""

from __future__ import annotations

from html import escape
from typing import Self

import pandas as pd

from dyno_frames.actions.journal import Journal
from dyno_frames.calibrate.learn import Calibration
from dyno_frames.client import journal_frame, registry
from dyno_frames.client.campaigns import Campaigns
from dyno_frames.client.mailing_lists import Lists
from dyno_frames.client.resources import ResourceClient
from dyno_frames.client.semantics import Semantics
from dyno_frames.client.settings import Settings
from dyno_frames.client.templates import Templates
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import LISTS, TEMPLATES
from dyno_frames.transport.session import Session


class Client:
    """A connected server; :func:`dyno_frames.connect` makes one.

    Parameters
    ----------
    settings
        What was asked for.
    session
        The connection, which the client closes.

    Attributes
    ----------
    campaigns
        Campaigns: the six verbs, and the seven process actions.
    lists, templates
        The six verbs; lists have a panel too, and templates a preview.
    """

    def __init__(self, settings: Settings, session: Session) -> None:
        self.settings = settings
        self.session = session
        self.semantics = Semantics(settings, session)
        self.actions_journal = Journal(session.server, account=session.account)
        self.campaigns = Campaigns(self)
        self.lists = Lists(self, LISTS)
        self.templates = Templates(self, TEMPLATES)
        registry.register(self)

    @property
    def name(self) -> str:
        """What the connection is called."""
        return self.settings.name

    @property
    def url(self) -> str:
        """Where the server answers."""
        return self.settings.url

    @property
    def journal(self) -> pd.DataFrame:
        """Every action asked for with this key on this machine, and its outcome; oldest first.

        Unresolved actions are shown for every key used with this server. If a file of the journal is damaged, the
        last row says what is damaged; see ``client.campaigns.accept_journal_damage``.
        """
        return journal_frame.frame(self.actions_journal.entries(), self.actions_journal.damage())

    def calibrate(self) -> Profile:
        """Learn all that can be learnt of what this server's filters mean, print it, and go on with it.

        Some 40 small read-only requests about rows that the server returned. What could not be learnt is
        None in the profile, and no answer relies on it.

        Returns
        -------
        Profile
            What was seen.

        Examples
        --------
        >>> client.calibrate().like  # doctest: +SKIP
        <Like.SUBSTRING: 'substring'>
        """
        found = self.calibration()
        print(found)  # noqa: T201 - the table is what it is called for
        return found.profile

    def calibration(self) -> Calibration:
        """Learn as :meth:`calibrate` does, and return what was seen without printing it."""
        resources: tuple[ResourceClient, ...] = (self.campaigns, self.lists, self.templates)
        examinations = [resource.examination() for resource in resources]
        best = max(examinations, key=lambda one: (one.subject is not None, one.gap is not None))
        return self.semantics.calibrate(best)

    def close(self) -> None:
        """Close the connection; twice is once. Frames that came from it no longer find it."""
        registry.unregister(self)
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        closed = ", closed" if self.session.closed else ""
        return f"Client({self.url!r}, name={self.name!r}{closed})"

    def _repr_html_(self) -> str:
        state = "closed" if self.session.closed else "connected"
        rows = {"url": self.url, "name": self.name, "state": state}
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(label)}</th><td style='text-align:left'>{escape(text)}</td></tr>"
            for label, text in rows.items()
        )
        return f"<table><caption>Dyno client</caption>{cells}</table>"
