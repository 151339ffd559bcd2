"""A connected client: its resources, its journal, and closing it."""

from __future__ import annotations

from typing import Self

import pandas as pd

from dyno_frames.calibrate.learn import Calibration
from dyno_frames.client import journal_frame
from dyno_frames.client.campaigns import Campaigns
from dyno_frames.client.connection import Connection
from dyno_frames.client.mailing_lists import Lists
from dyno_frames.client.registry import Registry
from dyno_frames.client.resources import ResourceClient
from dyno_frames.client.templates import Templates
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import LISTS, TEMPLATES
from dyno_frames.reprs import html_table


class Client:
    """A connected server; :func:`dyno_frames.connect` makes one.

    Parameters
    ----------
    connection
        The server and the account; it is closed with the client.

    Attributes
    ----------
    campaigns
        Campaigns: the six verbs, and the seven process actions.
    lists, templates
        The six verbs; lists have a panel too, and templates a preview.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.lists = Lists(connection, LISTS)
        self.templates = Templates(connection, TEMPLATES)
        self.campaigns = Campaigns(connection, templates=self.templates, lists=self.lists)
        _OPEN.register(self)

    @property
    def name(self) -> str:
        """The name of the connection."""
        return self.connection.name

    @property
    def url(self) -> str:
        """The address of the server."""
        return self.connection.url

    @property
    def account(self) -> str:
        """What tells the account from others of the server; it is not the key."""
        return self.connection.account

    @property
    def journal(self) -> pd.DataFrame:
        """Every action that was sent with this key from this machine, and its outcome; oldest first.

        Unresolved actions are shown for every key used with this server. If a file of the journal is damaged, the
        last row says what is damaged; see ``client.campaigns.accept_journal_damage``.
        """
        return journal_frame.frame(self.connection.journal.entries(), self.connection.journal.damage())

    def calibrate(self) -> Profile:
        """Learn what this server's filters mean, print it, and use it from now on.

        This sends about 40 small read requests about rows that the server returned. Facts that could not be learnt are
        None in the profile, and no query relies on them.

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
        print(found)  # noqa: T201 - the caller wants the table
        return found.profile

    def calibration(self) -> Calibration:
        """Learn as :meth:`calibrate` does, and return what was seen without printing it."""
        resources: tuple[ResourceClient, ...] = (self.campaigns, self.lists, self.templates)
        probers = [resource.prober() for resource in resources]
        best = max(probers, key=lambda one: (one.probe_row is not None, one.null_probe is not None))
        return self.connection.semantics.calibrate(best)

    def close(self) -> None:
        """Close the connection. Its frames can send no more queries. A second call does nothing."""
        _OPEN.unregister(self)
        self.connection.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return self.connection.shown_as("Client")

    def _repr_html_(self) -> str:
        state = "closed" if self.connection.session.closed else "connected"
        rows = [("url", self.url), ("name", self.name), ("state", state)]
        return html_table(rows, caption="Dyno client")


_OPEN: Registry[Client] = Registry()


def open_client(name: str, url: str, account: str) -> Client:
    """Return the open client of a name, a url and an account; see :meth:`Registry.lookup`."""
    return _OPEN.lookup(name, url, account)
