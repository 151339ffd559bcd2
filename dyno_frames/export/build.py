"""Steps shared by all export modes: begin or resume a run, check its certificate, describe its version."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any

from dyno_frames.errors import ContractError
from dyno_frames.export.files import FileFormat
from dyno_frames.export.manifest import FORMAT, Manifest, schema_to_json
from dyno_frames.export.merge import Written
from dyno_frames.export.options import WriteOptions
from dyno_frames.export.queries import (
    check_strict,
    is_a_set,
    is_unordered,
    newest_change,
    origin_of,
    schema_of,
)
from dyno_frames.export.stage import Stage
from dyno_frames.frames.schema import Schema
from dyno_frames.scan.scan import Scan
from dyno_frames.transport.session import Session


def begin(stage: Stage, scan: Scan, options: WriteOptions, parent: tuple[int, str | None] | None) -> None:
    """Resume an interrupted run of the same query from the same version, or begin a new one.

    A run with a delta always begins anew: its rows are as of its first request.

    ``parent`` is the newest version: its number, and when it was written, or None if that is unknown.
    """
    same = None
    origin = origin_of(scan)
    if is_a_set(scan) and origin["query"] is not None and options.delta is None:
        facts = {
            "query": query_of(origin),
            "account": origin["account"],
            "columns": [[one.name, str(one.kind)] for one in schema_of(scan).fields],
            "partitions": [str(part) for part in options.partitions],
            "mode": options.mode,
            "parent": parent,
        }
        if options.cluster is not None:  # what is staged are files of the version
            facts |= {
                "files": [FORMAT, options.compression, options.max_rows_per_file],
                "profile": scan.context.profile.to_json(),
            }
        same = json.dumps(facts, sort_keys=True)
    if not stage.resume(same):
        stage.begin(same, watermark=None if options.delta else _watermark(scan))


def _watermark(scan: Scan) -> int | None:
    """Return the instant from which the next sync must fetch changes, in epoch seconds.

    A row with an ``updated`` in the future, from a wrong clock, must not hide the changes before that time.
    """
    newest = newest_change(scan) if is_a_set(scan) else None
    return None if newest is None else not_later_than_now(newest, scan.session)


def not_later_than_now(instant: int, session: Session) -> int:
    """Return an instant or the session's ``earliest_now``, whichever is earlier, in epoch seconds."""
    return min(instant, int(session.earliest_now))


def query_of(origin: Mapping[str, Any]) -> str:
    """Return the query as text for comparison: its origin without the name and account of the connection."""
    asked = {name: value for name, value in origin.items() if name not in {"client", "account"}}
    return json.dumps(asked, sort_keys=True)


def raise_if_uncertified(stage: Stage, scan: Scan, certificate: Mapping[str, Any]) -> None:
    """Raise ContractError if the scan is strict and its rows are uncertified.

    The staged rows are deleted, so the next run fetches every row again.
    """
    try:
        check_strict(scan, certificate)
    except ContractError:
        stage.forget()
        raise


def file_format(
    schema: Schema, scan: Scan, options: WriteOptions, certificate: Mapping[str, Any], *, is_plain: bool
) -> FileFormat:
    """Return the format of the files of a version."""
    origin = origin_of(scan)
    return FileFormat(
        schema=schema,
        partitions=options.partitions,
        max_rows_per_file=options.max_rows_per_file,
        compression=options.compression,
        footer={
            "origin": json.loads(query_of(origin)) | {name: origin[name] for name in ("client", "account")},
            "certificate": dict(certificate),
            "schema": schema_to_json(schema),
        },
        ordered=is_unordered(scan),
        is_plain=is_plain,
    )


def manifest(
    scan: Scan, options: WriteOptions, form: FileFormat, written: Written, *, version: int, parent: int | None
) -> Manifest:
    """Return the manifest of a version with these files."""
    plan = scan.plan
    made = Manifest(
        version=version,
        parent=parent,
        mode=options.mode,
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        origin=form.footer["origin"],
        plan={"requests": list(plan.requests), "exact": plan.exact, "residual": plan.residual},
        profile=scan.context.profile.to_json(),
        schema=form.footer["schema"],
        partitions=options.partitions,
        max_rows_per_file=options.max_rows_per_file,
        compression=options.compression,
        files=written.files,
        ordered=form.ordered,
        libraries={
            "python": platform.python_version(),
            **{name: installed(name) for name in ("dyno_frames", "pandas", "pyarrow")},
        },
    )
    return replace(made, certificate=form.footer["certificate"] | {"rows_returned": made.rows})
