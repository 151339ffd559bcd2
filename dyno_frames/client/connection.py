"""One server and one account: what all resources of a client share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from dyno_frames.actions.journal import Journal
from dyno_frames.client.schemas import SchemaCache
from dyno_frames.client.semantics import Semantics
from dyno_frames.client.settings import Settings
from dyno_frames.contract.operations import Operation
from dyno_frames.contract.resources import Resource
from dyno_frames.scan.outputs import Outputs
from dyno_frames.scan.scan import Scan
from dyno_frames.transport.session import Session


class PreviewTemplate(Protocol):
    """Shows what a template would mail, as :class:`~dyno_frames.panels.views.widgets.preview.TemplatePreview` does."""

    def __call__(
        self,
        template: Mapping[str, Any],
        /,
        *,
        campaign: Mapping[str, Any] | None = None,
        mailing: Mapping[str, Any] | None = None,
        contacts: object = None,
    ) -> Any:
        """Return the widget."""


class WriteRequest(Protocol):
    """Writes one request as a program, as :func:`dyno_frames.codegen.code.request_code` does."""

    def __call__(
        self,
        session: Session,
        language: str,
        asked: Operation,
        /,
        *,
        key: str | None = None,
        body: Mapping[str, Any] | None = None,
        until_s: int | None = None,
    ) -> str:
        """Return the program."""


class OpenMirror(Protocol):
    """Opens a mirror, as :class:`~dyno_frames.mirror.mirror.Mirror` does."""

    def __call__(
        self,
        connection: Connection,
        resource: Resource,
        /,
        path: str | Path | None,
        *,
        max_age: str | timedelta,
        lag: str | timedelta,
    ) -> Any:
        """Return the mirror."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """What packages above the client do for it: :func:`dyno_frames.connect` passes them in.

    Parameters
    ----------
    outputs
        Returns what writes the rows of a scan, or its query, elsewhere. Its argument plans a scan again after learning
        whether the server takes two bounds on one field.
    request_code
        Writes a request as a program.
    list_panel
        Returns a panel of the lists of a connection.
    template_preview
        Returns a preview of a template.
    show_frame_notes
        Is called when a frame is made, so that notebooks show what an empty one queries, and the age of a mirror's.
    mirror
        Returns a mirror of a resource.
    """

    outputs: Callable[[Callable[[Scan], Scan]], Outputs]
    request_code: WriteRequest
    list_panel: Callable[[Connection], Any]
    template_preview: PreviewTemplate
    mirror: OpenMirror
    show_frame_notes: Callable[[], None]


class Connection:
    """One server and one account.

    Parameters
    ----------
    settings
        The arguments of :func:`dyno_frames.connect`.
    session
        Sends the requests.
    extensions
        What packages above the client do for it.

    Attributes
    ----------
    semantics
        What the server's filters mean, as far as it is known.
    journal
        The actions that this machine sent.
    schemas
        The schemas of the resources.
    """

    def __init__(self, settings: Settings, session: Session, extensions: Extensions) -> None:
        self.settings = settings
        self.session = session
        self.extensions = extensions
        self.semantics = Semantics(settings, session)
        self.journal = Journal(session.server, account=session.account, wall=settings.clock)
        self.schemas = SchemaCache(settings, session, self.semantics)

    @property
    def name(self) -> str:
        """The name of the connection."""
        return self.settings.name

    @property
    def url(self) -> str:
        """The address of the server."""
        return self.settings.url

    @property
    def account(self) -> str:
        """What tells the account from others of the server; it is not the key."""
        return self.session.account

    def with_default_dtypes(self) -> Connection:
        """Return this connection, or one that shares its session and evaluates queries with pandas' own dtypes.

        pandas refuses some combinations of conditions on other dtypes.
        """
        if self.settings.dtype_backend is None:
            return self
        plain = copy(self)
        plain.settings = replace(self.settings, dtype_backend=None)
        plain.schemas = SchemaCache(plain.settings, self.session, self.semantics)
        return plain

    def __repr__(self) -> str:
        return self.shown_as("Connection")

    def shown_as(self, kind: str) -> str:
        """Return the repr of this connection, or of an object of another type that uses it."""
        closed = ", closed" if self.session.closed else ""
        return f"{kind}({self.url!r}, name={self.name!r}{closed})"
