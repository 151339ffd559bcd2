"""The verbs of every resource for one object: get, create, update and delete."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from dyno_frames.client import fields as given
from dyno_frames.client.binding import caller
from dyno_frames.client.connection import Connection
from dyno_frames.client.creates import CreateDecision, Creates
from dyno_frames.client.described import checked_id, described
from dyno_frames.client.queries import Queries
from dyno_frames.client.rows import python_values
from dyno_frames.contract.operations import Operation, operation
from dyno_frames.contract.resources import Resource
from dyno_frames.errors import OutcomeUnknownError
from dyno_frames.reprs import code, html_table
from dyno_frames.transport.redact import Body


class ResourceClient(Queries):
    """Templates, lists or campaigns of one server.

    Parameters
    ----------
    connection
        The server and the account.
    resource
        Templates, lists or campaigns.
    """

    def __init__(self, connection: Connection, resource: Resource) -> None:
        super().__init__(connection, resource)
        self._creates = Creates(connection, resource)

    def __repr__(self) -> str:
        return f"<{self.resource.name} of {self.connection.shown_as('Client')}>"

    def _repr_html_(self) -> str:
        rows = (
            (
                code(field.name),
                field.kind,
                "" if field.nullable else "never null",
                "set by the server" if field.server_set else "",
            )
            for field in self.resource.fields
        )
        verbs = map(code, (".find", ".count", ".get", ".create", ".update", ".delete"))
        return html_table(
            rows, caption=f"{self.resource.name.capitalize()} of {self.connection.url}", note=verbs
        )

    def get(self, id: str) -> dict[str, Any]:  # noqa: A002 - the API's own word
        """Return one object.

        Parameters
        ----------
        id
            The id of the object.

        Returns
        -------
        dict
            Its fields as Python values; times are ``pandas.Timestamp`` in UTC, to the second, or None.

        Raises
        ------
        NotFoundError
            No object has this id.
        ConfigError
            The id is not a text, or is empty.

        Examples
        --------
        >>> client.lists.get("6f1c…")["contacts"]  # doctest: +SKIP
        1200
        """
        key = checked_id(id, self.connection.session)
        reply = self.connection.session.send(self._operation("get"), key=key)
        return self.connection.session.decoded(
            lambda: python_values(self.resource, reply.data, key=key, request=reply.request)
        )

    def create(self, /, **fields: Any) -> str:
        """Create an object and return its id. It is never sent twice.

        Parameters
        ----------
        **fields
            Its fields. Lists also take ``emails``: addresses, which are counted and never returned. Names
            outside the contract are sent as they are.

        Returns
        -------
        str
            The new id.

        Raises
        ------
        ConfigError
            A field is not valid; nothing was sent.
        RejectedError
            The server does not accept a value.
        ConnectError
            The request was not sent; nothing was created.
        OutcomeUnknownError
            No answer came, or the outcome of an earlier create with the same fields is unknown. :meth:`look_for` looks
            for the object.
        ApiError
            The server answered with an error that does not say whether the object was created, such as 429 or a code
            outside the contract. The same is not sent again before :meth:`look_for`.

        Examples
        --------
        >>> client.lists.create(name="Friends", emails=["ann@example.com"])  # doctest: +SKIP
        '6f1c…'
        """
        fields = Body(fields)  # no traceback from here on shows addresses
        return self._creates.create(given.checked(self.resource, fields))

    def look_for(
        self,
        error: OutcomeUnknownError | None = None,
        *,
        settle_s: float = 2.0,
        decision: CreateDecision | None = None,
    ) -> str | None:
        """Look for the object of a create whose outcome is unknown, and return its id.

        Only read requests are sent. Once the object is found, the same can be created again. If it is not found, the
        request may still arrive, and the same is not created again until you decide.

        Parameters
        ----------
        error
            The error that :meth:`create` raised (default: the latest of this client and resource).
        settle_s
            For how many seconds to look again while nothing is found.
        decision
            The outcome, if you know it: ``"created"`` or ``"not_created"``. Then nothing is sent, and the same can be
            created again.

        Returns
        -------
        str or None
            The id; None if no such object was found, or with a decision.

        Raises
        ------
        OutcomeUnknownError
            Several objects match; the message names their ids.
        ConfigError
            There is nothing to look for, or ``decision`` has another value.

        Examples
        --------
        >>> client.lists.look_for()  # doctest: +SKIP
        '6f1c…'
        """
        return self._creates.look_for(error, settle_s=settle_s, decision=decision)

    def update(self, /, id: str, **fields: Any) -> None:  # noqa: A002 - the API's own word
        """Change fields of an object.

        Parameters
        ----------
        id
            Its id.
        **fields
            The fields to change. None makes a field null.

        Raises
        ------
        ConfigError
            A field is not valid, or none is given; nothing was sent.
        NotFoundError
            No object has this id.
        RejectedError, IllegalTransitionError
            The server does not accept a value, or no change in this status.

        Examples
        --------
        >>> client.templates.update("6f1c…", subject="Spring")  # doctest: +SKIP
        """
        fields = Body(fields)  # no traceback from here on shows addresses
        key = checked_id(id, self.connection.session)
        body = given.checked_change(self.resource, key, fields)
        self.connection.session.send(self._operation("update"), key=key, body=body)

    def delete(self, id: str) -> None:  # noqa: A002 - the API's own word
        """Delete an object.

        Parameters
        ----------
        id
            Its id.

        Raises
        ------
        NotFoundError
            No object has this id.
        IllegalTransitionError
            A campaign in this status cannot be deleted.

        Examples
        --------
        >>> client.templates.delete("6f1c…")  # doctest: +SKIP
        """
        self.connection.session.send(self._operation("delete"), key=checked_id(id, self.connection.session))

    def to_code(
        self, operation: str, *arguments: Any, language: str, wider: bool = False, **options: Any
    ) -> str:
        """Return an operation as a complete program, which needs no dyno_frames. The operation is not sent.

        The program reads the API key from ``DYNO_API_KEY``. It sends reads that fail again, and any other request once.
        It does not send an action after its start time.

        Parameters
        ----------
        operation
            The name of the method: ``"get"``, ``"create"``, ``"update"``, ``"delete"``, ``"find"``, ``"count"`` or, for
            campaigns, an action such as ``"start"``.
        *arguments, **options
            The arguments of that method.
        language
            ``"curl"``, ``"python"``, ``"java"`` or ``"php"``.
        wider
            As in :meth:`~dyno_frames.scan.scan.Scan.to_code`, for find and count.

        Raises
        ------
        ConfigError
            An argument is not valid, or contains the API key or addresses of recipients, which no program contains.
        NotPushableError
            The program cannot evaluate a part of the query.

        Examples
        --------
        >>> print(client.campaigns.to_code("pause", "6f1c…", language="curl"))  # doctest: +SKIP
        #!/usr/bin/env bash
        """
        if operation in {"find", "count"}:
            options = {"scope": caller(1), **options}
            return self.scan(*arguments, **options).to_code(
                language, wider=wider, counts=operation == "count"
            )
        now, write = self.connection.settings.clock(), self.connection.extensions.request_code
        session = self.connection.session
        found = described(self.resource, operation, *arguments, now=now, **options)
        return write(
            session,
            language,
            self._operation(operation),
            key=found.key,
            body=found.body,
            until_s=found.until_s,
        )

    def mirror(
        self,
        path: str | Path | None = None,
        *,
        max_age: str | timedelta = "15min",
        lag: str | timedelta = "10min",
    ) -> Any:
        """Return a mirror: a copy on disk that answers the same queries and refreshes itself. Nothing is sent yet.

        Parameters
        ----------
        path
            Where to keep the copy (default: the user's data folder, by server, account and resource).
        max_age
            Maximum age of an answer that sends no request, as pandas reads durations. An older mirror first fetches
            the rows that changed, and finds deleted rows by counts.
        lag
            How long after its ``updated`` a change may become visible on this server.

        Returns
        -------
        Mirror
            It has ``query``, ``[]``, ``count``, ``value_counts``, ``groupby`` and others; ``status()`` tells its age.

        Raises
        ------
        ConfigError
            An argument is not valid, or the path cannot be used or holds rows of another account.

        Examples
        --------
        >>> mirror = client.campaigns.mirror()  # doctest: +SKIP
        >>> mirror.query("opens > 1000")  # doctest: +SKIP
        """
        return self.connection.extensions.mirror(
            self.connection, self.resource, path, max_age=max_age, lag=lag
        )

    def _operation(self, verb: str) -> Operation:
        return operation(self.resource.name, verb)
