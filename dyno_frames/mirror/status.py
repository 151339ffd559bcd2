"""The state of a mirror as a value, with its text and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dyno_frames.mirror.record import Check, Deletes
from dyno_frames.mirror.refresh import Refresher
from dyno_frames.reprs import age_text, html_table, text_table
from dyno_frames.scan.certificate import Certificate, Completeness

ASSUMPTION = "assumes that the server sets updated with every change and shows the change within lag"
"""What every answer of a mirror relies on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorStatus:
    """The state of a mirror.

    Parameters
    ----------
    path, url, account, resource
        Where it is, and whose rows it holds.
    version, versions
        The newest version, and all that can be read with ``as_of=``; None and empty before the first refresh.
    rows, size_bytes
        Number of rows and size on disk of the newest version.
    as_of
        Every change before this moment is in the newest version.
    age_s
        Seconds since then.
    verdict, reasons
        How complete the version was at that moment, and why it is not better.
    deletes
        ``proved``, ``assumed`` or ``unknown``: what is known of deleted rows.
    proved
        When deletes were last proved.
    watermark
        The latest ``updated`` seen.
    lag_s
        How many seconds before the watermark a refresh reads again.
    requests, rows_moved
        The cost of the last refresh.
    """

    path: Path
    url: str
    account: str
    resource: str
    version: int | None = None
    versions: tuple[int, ...] = ()
    rows: int = 0
    size_bytes: int = 0
    as_of: datetime | None = None
    age_s: float | None = None
    verdict: Completeness | None = None
    reasons: tuple[str, ...] = ()
    deletes: Deletes = Deletes.UNKNOWN
    proved: datetime | None = None
    watermark: datetime | None = None
    lag_s: float = 0.0
    requests: int = 0
    rows_moved: int = 0

    def __repr__(self) -> str:
        return text_table(self._lines(), width=12, title=self._title)

    def _repr_html_(self) -> str:
        return html_table(self._lines(), caption=self._title)

    @property
    def _title(self) -> str:
        return f"Mirror of {self.resource} of {self.url}"

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield "path", str(self.path)
        if self.version is None or self.as_of is None or self.verdict is None:
            yield "state", "empty; mirror.refresh() fetches every row"
            return
        yield "version", f"{self.version} of {', '.join(map(str, self.versions))}"
        yield "rows", f"{self.rows:,}, {self.size_bytes / 1e6:,.1f} MB"
        yield (
            "state",
            f"{self.verdict.replace('_', ' ')} as of {_moment(self.as_of)}, {age_text(self.age_s or 0)} ago",
        )
        for reason in self.reasons:
            yield "reason", reason
        proved = (
            ""
            if self.proved is None or self.deletes is Deletes.PROVED
            else f"; proved as of {_moment(self.proved)}"
        )
        yield "deletes", f"{self.deletes}{proved}"
        if self.watermark is not None:
            yield "watermark", f"{_moment(self.watermark)}, read again from {age_text(self.lag_s)} before"
        yield "last refresh", f"{self.requests:,} requests, {self.rows_moved:,} rows moved"


def status_of(refresher: Refresher) -> MirrorStatus:
    """Return the state of a mirror from its record and the manifest of its newest version."""
    identity, record = refresher.identity, refresher.record
    status = MirrorStatus(
        path=refresher.store.path, url=identity.url, account=identity.account, resource=identity.resource
    )
    check = record.newest
    if check is None:
        return status
    manifest = refresher.open(check.version).manifest
    return replace(
        status,
        version=check.version,
        versions=tuple(one.version for one in record.checks),
        rows=manifest.rows,
        size_bytes=manifest.size_bytes,
        as_of=_instant(check.as_of),
        age_s=refresher.now() - check.as_of,
        verdict=check.verdict,
        reasons=check.reasons,
        deletes=check.deletes,
        proved=_instant(check.proved),
        watermark=_instant(check.watermark),
        lag_s=check.lag_s,
        requests=check.requests,
        rows_moved=check.rows_moved,
    )


def _instant(epoch_s: float | None) -> datetime | None:
    return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)


def certificate_of(
    check: Check, *, now: float, account: str, requests: int, notes: tuple[str, ...] = ()
) -> Certificate:
    """Return the certificate of an answer from a version of a mirror; ``requests`` were sent for this answer."""
    as_of = datetime.fromtimestamp(check.as_of, UTC)
    facts: dict[str, Any] = {
        "as_of": as_of.isoformat(),
        "until": None if check.until is None else datetime.fromtimestamp(check.until, UTC).isoformat(),
        "age_s": max(round(now - check.as_of, 3), 0.0),
        "version": check.version,
        "deletes": str(check.deletes),
        "watermark": check.watermark,
        "lag_s": check.lag_s,
        "account": account,
    }
    note = (
        f"{check.verdict.replace('_', ' ')} as of {_moment(as_of)}, from version {check.version} of a mirror; "
        f"deletes {check.deletes}; {ASSUMPTION} ({age_text(check.lag_s)})"
    )
    return Certificate(
        verdict=check.verdict,
        reasons=check.reasons,
        requests=requests,
        rows_moved=check.rows_moved if requests else 0,
        notes=(note, *notes),
        mirror=facts,
    )


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")
