"""One server and one account: what all resources of a client share."""

from __future__ import annotations

from dyno_frames.actions.journal import Journal
from dyno_frames.client.schemas import SchemaCache
from dyno_frames.client.semantics import Semantics
from dyno_frames.client.settings import Settings
from dyno_frames.transport.session import Session


class Connection:
    """One server and one account.

    Parameters
    ----------
    settings
        What was asked for.
    session
        Sends the requests.

    Attributes
    ----------
    semantics
        What the server's filters mean, as far as it is known.
    journal
        The actions that were asked for on this machine.
    schemas
        The schemas of the resources.
    """

    def __init__(self, settings: Settings, session: Session) -> None:
        self.settings = settings
        self.session = session
        self.semantics = Semantics(settings, session)
        self.journal = Journal(session.server, account=session.account)
        self.schemas = SchemaCache(settings, session, self.semantics)

    @property
    def name(self) -> str:
        """What the connection is called."""
        return self.settings.name

    @property
    def url(self) -> str:
        """Where the server answers."""
        return self.settings.url

    @property
    def account(self) -> str:
        """What tells the account from others of the server; it is not the key."""
        return self.session.account

    def __repr__(self) -> str:
        return self.shown_as("Connection")

    def shown_as(self, kind: str) -> str:
        """Return the text that stands for this connection, or for an object of another type that uses it."""
        closed = ", closed" if self.session.closed else ""
        return f"{kind}({self.url!r}, name={self.name!r}{closed})"
