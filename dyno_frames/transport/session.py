"""A connection to one server, which threads share. All requests to the API are sent here."""

from __future__ import annotations

import logging
import math
import random as _random
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from dyno_frames.contract.operations import Effect, Operation
from dyno_frames.contract.texts import HALF, fit, is_whole
from dyno_frames.errors import (
    ConfigError,
    ContractError,
    DynoError,
    InsecureTransportWarning,
    short_interrupt,
)
from dyno_frames.transport import redact, responses
from dyno_frames.transport.auth import ApiKeyAuth
from dyno_frames.transport.call import Call
from dyno_frames.transport.endpoint import Endpoint
from dyno_frames.transport.exchange import Failure, Limits, Received
from dyno_frames.transport.failures import failure
from dyno_frames.transport.injected import TransportAdapter
from dyno_frames.transport.json_body import encoded
from dyno_frames.transport.limiter import Limiter
from dyno_frames.transport.responses import AttemptResult, Reader, Reply
from dyno_frames.transport.retry import NO_BYTE_LEFT, Budget, Decision, Event, Policy, decide
from dyno_frames.transport.server_name import server_name
from dyno_frames.transport.tasks import check_not_in_task
from dyno_frames.transport.wire import CancelToken, rest

_LOG = logging.getLogger("dyno_frames.transport")

T = TypeVar("T")


class Session:
    """A connection to one server with one key.

    Several threads may use it at once. Plain HTTP to another machine warns, and redirects are never followed. Creates
    and process actions have connections of their own, so that none is lost in a connection that the server is about to
    close.

    Parameters
    ----------
    url
        The address of the server, such as ``http://127.0.0.1:8080``.
    auth
        The API key that goes with every request, and its header.
    timeout_s
        Maximum time without a byte from the server, in seconds.
    policy
        Attempts, pauses, deadline and budget.
    connections
        Maximum number of connections that threads share.
    transport
        An adapter that sends the requests (default: connections of this package).
    clock, wall
        Return monotonic seconds, and epoch seconds.
    sleep
        Waits; None waits until the session is closed, at most.
    random
        Returns a number in [0, 1).
    limiter
        Limits the requests of several processes together.

    Examples
    --------
    >>> session = Session("http://127.0.0.1:8080", ApiKeyAuth("k"))
    >>> session
    Session('http://127.0.0.1:8080')
    >>> session.close()
    """

    def __init__(
        self,
        url: str,
        auth: ApiKeyAuth,
        *,
        timeout_s: float = 30.0,
        policy: Policy | None = None,
        connections: int = 16,
        transport: TransportAdapter | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
        random: Callable[[], float] = _random.random,
        limiter: Limiter | None = None,
    ) -> None:
        url = url.rstrip("/")
        self.endpoint = Endpoint(url, auth, connections=connections, transport=transport)
        self.host = urlsplit(url).netloc
        self.server = server_name(url)
        self.timeout_s = timeout_s
        self.policy = policy or Policy()
        self.deadline_s = self.policy.deadline_s or 4 * timeout_s
        self.key, self.header = auth.secret, auth.header
        self._closed = CancelToken()
        self._clock, self._wall, self._random = clock, wall, random
        self._sleep = sleep
        self._limiter = limiter
        self._dated: tuple[Mapping[str, str], float] = (
            {},
            0.0,
        )  # the last headers with a date, and when they came
        self._reached = -math.inf  # when the server was reached last, in seconds of the clock
        self._budget = Budget(self.policy.budget)
        if self.endpoint.is_plain and not self.endpoint.is_loopback:
            warnings.warn(
                f"the API key is sent to {self.host} over plain HTTP, where others on the network can read it",
                InsecureTransportWarning,
                stacklevel=3,  # the caller of connect
            )

    def __repr__(self) -> str:
        return f"Session({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address of the server, without a slash at its end."""
        return self.endpoint.url

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` has been called."""
        return self._closed.called

    @property
    def account(self) -> str:
        """Digits that identify the account of the key in file names; they do not reveal the key."""
        return self.key.mark(f"account of {self.server}")

    @property
    def earliest_now(self) -> float:
        """The time now in epoch seconds, by this machine's clock or the server's, whichever is behind."""
        headers, came_at = self._dated
        date = responses.date_of(headers)
        behind_s = 0.0 if date is None else max(came_at - date, 0.0)
        return self._wall() - behind_s

    def is_key(self, text: str) -> bool:
        """Tell whether a text is the API key."""
        return self.key.reveal() == text

    def shown(self, text: str, length: int = redact.LONGEST_MESSAGE) -> str:
        """Return a text from the server for display: printable, short, without the key and e-mail addresses."""
        return fit(text, length, key=self.key.reveal())

    def decoded(self, decode: Callable[[], T]) -> T:
        """Return what a function decodes from an answer, and keep the answer and the key out of its errors.

        Raises
        ------
        ContractError
            The function raised it. It comes without traceback and cause, which contain parts of the answer.
        """
        try:
            return decode()
        except ContractError as error:
            wrong = error.changed(self.key.scrub)
        raise wrong

    def close(self) -> None:
        """Close every connection, and end calls of other threads and their pauses. A second call does nothing."""
        self._closed()
        self.endpoint.close()

    def send(
        self,
        operation: Operation,
        *,
        key: str | None = None,
        body: Mapping[str, Any] | None = None,
        deadline_s: float | None = None,
        reader: Reader | None = None,
        fresh: bool = False,
        cancel: CancelToken | None = None,
    ) -> Reply:
        """Send one operation and return the answer of the application.

        Parameters
        ----------
        operation
            The operation.
        key
            The id of the object, for operations on one object.
        body
            The JSON body.
        deadline_s
            Maximum time of this call with all its attempts, in seconds (default: that of the session).
        reader
            Converts the body of an answer to the reply's ``data``, or returns None to have the body decoded as JSON.
        fresh
            Whether to use a new connection, so that the rest of an earlier answer cannot be taken for this answer.
            Creates and actions always use a new one.
        cancel
            Ends the call and its pauses when another thread calls it.

        Returns
        -------
        Reply
            The payload, the raw body, and the number and time of the attempts.

        Raises
        ------
        ApiError
            The application refused the request; the subclass says why.
        ConnectError
            No byte of the request was sent.
        TransportError
            The application did not answer.
        ContractError
            The answer is JSON, but not the API's envelope.
        ConfigError
            The session is closed, the body cannot be written as JSON, or a request that changes something is sent in a
            task of Dask or a process pool.
        """
        if self.closed:
            raise ConfigError("this connection is closed; connect again: dyno_frames.connect(…)")
        if operation.effect is not Effect.READ:
            check_not_in_task(operation.name)
        if key is not None and not is_whole(key):
            raise ConfigError(f"the id {redact.message(key)!r} holds {HALF}. Expected the id of an object")
        body = None if body is None else redact.Body(body)
        call = self._call(operation, key, body, deadline_s=deadline_s, fresh=fresh, cancel=cancel)
        with short_interrupt("the request was interrupted"):
            return self._sent(call, reader)

    def _sent(self, call: Call, reader: Reader | None) -> Reply:
        while True:
            _, result = self._tried(call, reader)
            if result.event not in NO_BYTE_LEFT:
                self._reached = self._clock()
            decision = decide(call.operation.effect, result.event)
            self._log(call, result)
            if decision is Decision.SEND_AGAIN and self._wait(call, result):
                continue
            return self._conclude(call, result)

    def probe(
        self, operation: Operation, body: Mapping[str, Any], *, deadline_s: float
    ) -> tuple[Mapping[str, str], Reply | DynoError]:
        """Send one operation once, and return the headers of the response and what :meth:`send` would return or raise.

        The headers are empty if no response came.
        """
        call = self._call(operation, None, redact.Body(body), deadline_s=deadline_s, fresh=True)
        answer, result = self._tried(call)
        headers = answer.headers if isinstance(answer, Received) else {}
        try:
            return headers, self._conclude(call, result)
        except DynoError as error:
            return headers, error.with_traceback(None)

    def _call(
        self,
        operation: Operation,
        key: str | None,
        body: redact.Body | None,
        *,
        deadline_s: float | None,
        fresh: bool,
        cancel: CancelToken | None = None,
    ) -> Call:
        started = self._clock()
        return Call(
            operation,
            key,
            None if body is None else encoded(body),
            redact.summary(operation, key=key, body=body),
            started,
            started + (self.deadline_s if deadline_s is None else min(deadline_s, self.deadline_s)),
            fresh,
            cancel,
        )

    def rest(self, seconds: float, cancel: CancelToken | None = None) -> None:
        """Wait, at most until the session is closed or the call is canceled."""
        rest(seconds, self._closed, *(() if cancel is None else (cancel,)))

    def _is_over(self, cancel: CancelToken | None) -> bool:
        return self.closed or (cancel is not None and cancel.called)

    def _tried(self, call: Call, reader: Reader | None = None) -> tuple[Received | Failure, AttemptResult]:
        """Send a call once; return the response and what it means, which becomes an event of the call."""
        limits = Limits(
            timeout_s=self.timeout_s,
            remaining_s=lambda: call.deadline - self._clock(),
            body_bytes=self.policy.body_limit_bytes,
        )
        cancels = (self._closed, *(() if call.cancel is None else (call.cancel,)))
        with self._slot(call):
            answer = self.endpoint.attempt(call, limits, cancels=cancels)
        if isinstance(answer, Received) and "Date" in answer.headers:
            self._dated = answer.headers, self._wall()
        result = responses.interpret(answer, reader=reader, shown=self.shown)
        call.events.append(result.event)
        return answer, result

    @contextmanager
    def _slot(self, call: Call) -> Iterator[None]:
        """Wait for the limiter. This time does not count as time of the call."""
        asked = self._clock()
        with nullcontext() if self._limiter is None else self._limiter.slot():
            waited_s = self._clock() - asked
            call.started += waited_s
            call.deadline += waited_s
            yield

    def _wait(self, call: Call, result: AttemptResult) -> bool:
        """Wait before the next attempt, and tell whether there is one."""
        wait_s = call.next_pause_s(
            self.policy,
            result,
            now_s=self._clock(),
            wall_s=self._wall(),
            reached_s=self._reached,
            random=self._random,
        )
        if (
            wait_s is None
            or not (result.event in NO_BYTE_LEFT or self._budget.spend())
            or self._is_over(call.cancel)
        ):
            return False
        if self._limiter is not None and result.event in {Event.SLOW_DOWN, Event.TOO_MANY}:
            self._limiter.slow_down(wait_s)
        call.paused_s += wait_s
        _LOG.info("%s: %s; sent again in %.2f s", call.request.path, result.detail, wait_s)
        if self._sleep is not None:
            self._sleep(wait_s)
        else:
            self.rest(wait_s, call.cancel)
        return not self._is_over(call.cancel)

    def _log(self, call: Call, result: AttemptResult) -> None:
        if _LOG.isEnabledFor(logging.DEBUG):
            elapsed_s = self._clock() - call.started
            _LOG.debug(
                "%s %s: %s, attempt %d, %.3f s",
                call.request.verb,
                call.request.path,
                result.event,
                len(call.events),
                elapsed_s,
            )

    def _conclude(self, call: Call, result: AttemptResult) -> Reply:
        if call.is_deleted_before(result):
            result = replace(result, event=Event.ANSWER, data={"id": call.key})
        if result.event is Event.ANSWER:
            self._budget.earn()
            elapsed_s = self._clock() - call.started
            return Reply(result.data, result.content, call.request, len(call.events), elapsed_s)
        raise failure(result, call.events, effect=call.operation.effect, host=self.host, request=call.request)
