"""Finding out what became of an action by reading the campaign until its state explains itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dyno_frames.actions import explain
from dyno_frames.actions.case import Case, read, seen
from dyno_frames.actions.explain import Explanation
from dyno_frames.actions.intent import figures
from dyno_frames.actions.outcome import Outcome
from dyno_frames.contract.lifecycle import FINAL
from dyno_frames.errors import (
    ApiError,
    ConfigError,
    ContractError,
    NotFoundError,
    OutcomeUnknownError,
    TransportError,
)
from dyno_frames.transport import redact

_LOG = logging.getLogger("dyno_frames.actions")

_READINGS = 3
"""At least so many readings fit into the time for settling, however slow each is."""


def confirmed(case: Case) -> Outcome:
    """Read a campaign after the server accepted the action, until it shows.

    Raises
    ------
    OutcomeUnknownError
        It does not show.
    """
    found = settled(case, lambda row: explain.after_acceptance(case.intent, row))
    if found is None:
        case.evidence.append("the server accepted it, and the campaign could not be read again")
        return case.concluded("applied")
    if found.word == "applied":
        return case.concluded("applied")
    raise unknown(case, found)


def reconciled(case: Case, error: ApiError | TransportError | ContractError) -> Outcome:
    """Read a campaign after the action left and no answer tells its outcome, until its state explains itself.

    This includes errors that do not prove a refusal: the server may have applied the action before the error, or may
    apply it later, and readings may come from a replica that lags.

    Parameters
    ----------
    case
        The attempt.
    error
        What came instead of an answer.

    Raises
    ------
    ApiError, TransportError
        It did not take effect.
    OutcomeUnknownError
        Nobody can tell.
    """
    found = settled(case, lambda row: explain.after_silence(case.intent, row, now=case.patience.wall()))
    if found is not None and found.word == "applied":
        return case.concluded("applied")
    if found is not None and found.word == "not_applied":
        raise _not_applied(case, error, found)
    if found is not None and isinstance(error, ApiError):
        found = replace(
            found, reason=f"the server answered with error {error.code or '?'}, and {found.reason}"
        )
    raise unknown(case, found) from error


def _not_applied(
    case: Case, error: ApiError | TransportError | ContractError, found: Explanation
) -> ApiError | TransportError:
    failure: ApiError | TransportError
    if isinstance(error, ApiError):
        failure = error
    else:
        said = f"{error.message}; it did not take effect: {found.reason}"
        failure = TransportError(said, request=case.request)
        failure.__cause__ = error
    failure.retryable = False
    failure.outcome = case.concluded("not_applied")
    return failure


def settled(case: Case, judge: Callable[[Mapping[str, Any] | None], Explanation]) -> Explanation | None:
    """Read until a reading explains itself or the time is over.

    Returns
    -------
    Explanation or None
        What the last successful reading said; None if none succeeded.
    """
    patience = case.patience
    deadline = patience.clock() + patience.settle_s
    pause_s, found, failure = patience.first_s, None, ""
    readings = 0
    longest_s = max(0.5, patience.settle_s / _READINGS)
    while True:
        try:
            left_s = max(0.5, deadline - patience.clock())
            case.row = read(case.session, case.intent.campaign_id, deadline_s=min(left_s, longest_s))
            found, failure = judge(case.row), ""
        except NotFoundError:
            case.row = None
            found, failure = judge(None), ""
        except (ApiError, TransportError, ContractError) as error:
            failure = error.message
        except ConfigError as error:  # the session was closed: nothing can be read, and the action has left
            failure = str(error)
        readings += 1
        if case.session.closed or _is_decided(case, found) or patience.clock() + pause_s >= deadline:
            break
        (patience.sleep or case.session.rest)(pause_s)
        pause_s = min(patience.longest_s, 2 * pause_s)
    _note(case, found, failure, readings)
    return found


def _is_decided(case: Case, found: Explanation | None) -> bool:
    """Tell whether reading on is of no use. A replica that lags may not know a campaign yet that is new."""
    if found is None or found.word == "open" or not found.is_final:
        return False
    return case.row is not None or found.word != "unknown"


def _note(case: Case, found: Explanation | None, failure: str, readings: int) -> None:
    times = "once" if readings == 1 else f"{readings} times"
    if found is None:
        case.evidence.append(f"read {times}, without an answer: {failure}")
        return
    if case.row is not None:
        case.evidence.append(seen(f"read {times}", case.row))
        now, then = figures(case.row), case.intent.counters
        moved = [
            f"{name} {then[name]} → {now[name]}" for name in now if then.get(name, now[name]) != now[name]
        ]
        if moved:
            case.evidence.append("figures that moved: " + ", ".join(moved))
    case.evidence.append(found.reason)


def unknown(case: Case, found: Explanation | None, *, again: bool = False) -> OutcomeUnknownError:
    """Return the error of an action of which nobody can tell what became; sends wait where any is possible.

    A campaign that the server does not find may exist all the same: another account's key does not see it, and a
    replica that lags does not know it yet. So sends wait then, too; only a final status that was read ends that.

    Parameters
    ----------
    case
        The attempt.
    found
        What the last reading said; None where none succeeded.
    again
        Whether it was looked at before; then a person may have to say what became of it.
    """
    intent = case.intent
    over = found is not None and case.row is not None and case.row.get("status") in FINAL
    reason = "the campaign could not be read" if found is None else found.reason
    shown = redact.message(intent.campaign_id)
    _LOG.warning("%s of campaign %s: outcome unknown: %s", intent.action, shown, reason)
    return OutcomeUnknownError(
        f"nobody can tell whether {intent.action} of campaign {intent.campaign_id}, asked for at {intent.when}, took "
        f"effect: {reason}.",
        request=case.request,
        outcome=case.concluded("unknown", blocks=not over),
        cure="" if over else _cure(case, found, again=again),
    )


def _cure(case: Case, found: Explanation | None, *, again: bool) -> str:
    verb = f"client.campaigns.resolve({case.intent.campaign_id!r}"
    held = "Nothing that sends mail leaves for it until this is resolved"
    if not again:
        return f"{held}: {verb})"
    gone = found is not None and case.row is None
    with_key = f" with the key that asked for {case.intent.action}" if gone else ""
    return f"{held}. Look again{with_key}; or, where you know it, say 'applied' or 'not_applied': {verb}, decision=…)"
