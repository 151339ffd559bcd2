"""What is known of a server's filters during one connection: given, remembered, or learnt when a plan needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dyno_frames.calibrate import cache
from dyno_frames.calibrate.learn import MOST_REQUESTS, Calibration, calibrate, learn_some
from dyno_frames.calibrate.prober import Prober
from dyno_frames.client.settings import Settings
from dyno_frames.contract.profile import Profile
from dyno_frames.frames.schema import Schema
from dyno_frames.query.needs import needs
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.query import Query
from dyno_frames.transport.session import Session

_ROUNDS = 3


class Semantics:
    """The profile of one connection.

    Parameters
    ----------
    settings
        They have the profile, or ``"auto"``.
    session
        Sends the requests.
    """

    __slots__ = ("_lock", "_probers", "_session", "_settings", "profile")

    def __init__(self, settings: Settings, session: Session) -> None:
        self._settings = settings
        self._session = session
        self._lock = threading.Lock()
        self._probers: dict[str, Prober] = {}
        self.profile = cache.load(settings.url) if settings.profile == "auto" else settings.profile

    def prober(self, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> Prober:
        """Return the prober of one resource, with the rows that its schema was learnt from."""
        if schema.resource not in self._probers:
            self._probers[schema.resource] = Prober(self._session, schema.resource, rows, schema.fields)
        return self._probers[schema.resource]

    def context_for(
        self, query: Query, context: Context, options: QueryOptions, prober_of: Callable[[], Prober]
    ) -> Context:
        """Return the context with the facts that the plan of the query depends on, as far as they can be learnt."""
        if self._settings.profile != "auto":
            return context
        with self._lock:
            prober, left = prober_of(), MOST_REQUESTS
            for _ in range(_ROUNDS):
                context = replace(context, profile=self.profile)
                wanted = needs(query, context, options, fruitless=prober.fruitless)
                if not wanted or left < 2:  # one to learn, one to confirm
                    break
                asked = prober.asked
                learnt = learn_some(prober, self.profile, wanted, requests=left)
                left -= prober.asked - asked
                if learnt == self.profile:
                    break
                self._keep(learnt)
        return replace(context, profile=self.profile)

    def limit_pages(self, rows: int) -> None:
        """Request no larger pages than these: the server refuses them."""
        with self._lock:
            self._keep(replace(self.profile, page_limit=rows))

    def distrust(self, resource: str, columns: Iterable[str]) -> None:
        """Do not rely on filters by these columns again: rows came that they exclude.

        Filters by them are still sent, and their rows are evaluated again with pandas.

        Parameters
        ----------
        resource
            The name of the resource.
        columns
            The columns, as :func:`~dyno_frames.query.recheck.excluding_columns` returns them.
        """
        with self._lock:
            filtered = self.profile.filtered
            for name in columns:
                filtered = filtered.learned(f"{resource}.{name}", supported=False)
            self._keep(replace(self.profile, filtered=filtered))

    def calibrate(self, prober: Prober) -> Calibration:
        """Learn all that can be learnt, and use it from now on."""
        with self._lock:
            found = calibrate(prober)
            if self._settings.profile == "auto":
                self._keep(found.profile)
        return found

    def _keep(self, profile: Profile) -> None:
        """Use a profile from now on, and store it for later connections if profiles are learnt."""
        self.profile = profile
        if self._settings.profile == "auto":
            cache.save(self._settings.url, profile)
