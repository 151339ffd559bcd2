"""The verbs that every resource has for one object: get, create, update, delete; those for many are questions."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dyno_frames.client import fields as given
from dyno_frames.client.questions import Questions
from dyno_frames.client.rows import python_values
from dyno_frames.contract import envelope
from dyno_frames.contract.operations import Operation, operation
from dyno_frames.errors import (
    ConfigError,
    ConnectError,
    ContractError,
    OutcomeUnknownError,
    TransportError,
)


class ResourceClient(Questions):
    """Templates, lists or campaigns of one server.

    Parameters
    ----------
    client
        The connection.
    resource
        Which of the three.
    """

    def __repr__(self) -> str:
        return f"<{self.resource.name} of {self.client!r}>"

    def get(self, id: str) -> dict[str, Any]:  # noqa: A002 - the API's own word
        """Return one object.

        Parameters
        ----------
        id
            Its id.

        Returns
        -------
        dict
            Its fields as Python values; times are ``pandas.Timestamp`` in UTC, to the second, or None.

        Raises
        ------
        NotFoundError
            No object has this id.
        ConfigError
            The id is no text, or empty.

        Examples
        --------
        >>> client.lists.get("6f1c…")["contacts"]  # doctest: +SKIP
        1200
        """
        key = checked_id(id)
        reply = self.client.session.send(self._operation("get"), key=key)
        return python_values(self.resource, reply.data, key=key, request=reply.request)

    def create(self, **fields: Any) -> str:
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
            A field cannot be sent; nothing was.
        RejectedError
            The server does not accept a value.
        ConnectError
            No byte of the request left; nothing was created.
        OutcomeUnknownError
            No answer came; the message says how to look whether it exists.

        Examples
        --------
        >>> client.lists.create(name="Friends", emails=["ann@example.com"])  # doctest: +SKIP
        '6f1c…'
        """
        body = given.checked(self.resource, fields)
        since = pd.Timestamp.now("UTC").floor("s")
        try:
            reply = self.client.session.send(self._operation("create"), body=body)
        except ConnectError:
            raise
        except (TransportError, ContractError) as error:
            raise self._created_perhaps(body.get("name"), since, error) from error
        key = envelope.created_id(reply.data, self.resource.singular)
        if key is None:
            raise ContractError(
                f"the {self.resource.singular} was created, and the answer does not name its id; look: "
                + self._question(body.get("name"), since),
                request=reply.request,
            )
        return key

    def update(self, id: str, **fields: Any) -> None:  # noqa: A002 - the API's own word
        """Change fields of an object.

        Parameters
        ----------
        id
            Its id.
        **fields
            What to change; the others stay. None makes a field null.

        Raises
        ------
        ConfigError
            A field cannot be sent, or none is given; nothing was sent.
        NotFoundError
            No object has this id.
        RejectedError, IllegalTransitionError
            The server does not accept a value, or not in this status.

        Examples
        --------
        >>> client.templates.update("6f1c…", subject="Spring")  # doctest: +SKIP
        """
        key = checked_id(id)
        if not fields:
            raise ConfigError(f"update({key!r}) names no field to change; expected one, such as name='…'")
        body = given.checked(self.resource, fields)
        self.client.session.send(self._operation("update"), key=key, body=body)

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
        self.client.session.send(self._operation("delete"), key=checked_id(id))

    def _operation(self, verb: str) -> Operation:
        return operation(self.resource.name, verb)

    def _question(self, name: object, since: pd.Timestamp) -> str:
        named = f"name == {name!r} and " if isinstance(name, str) and "@" not in name else ""
        question = f"{named}created >= '{since - pd.Timedelta(minutes=1):%Y-%m-%d %H:%M:%S}'"
        return f"client.{self.resource.name}.find({question!r})"

    def _created_perhaps(
        self, name: object, since: pd.Timestamp, error: TransportError | ContractError
    ) -> OutcomeUnknownError:
        until = pd.Timestamp.now("UTC").ceil("s")
        return OutcomeUnknownError(
            f"the request to create a {self.resource.singular} left, and no answer tells what became of it "
            f"({error.message}). It was not sent again. If it exists, it was created between "
            f"{since:%Y-%m-%d %H:%M:%S} and {until:%H:%M:%S} UTC or soon after; look before trying again: "
            + self._question(name, since),
            request=error.request,
        )


def checked_id(key: object) -> str:
    """Return an id that can stand in a path.

    Raises
    ------
    ConfigError
        It is no text, or empty, or would lead out of its path.
    """
    if isinstance(key, str) and key.strip() and key not in {".", ".."}:
        return key
    shown = repr(key) if isinstance(key, str | int | float | None) else f"of type {type(key).__name__}"
    raise ConfigError(f"the id is {shown}; expected a text that is not empty, such as df['id'].iloc[0]")
