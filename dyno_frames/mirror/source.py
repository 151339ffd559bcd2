"""The stored rows of a mirror as fresh as an answer needs them, and queries bound to them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from dyno_frames.client.binding import bound_query, origin
from dyno_frames.contract.computed import COMPUTED, Computed, Lookup
from dyno_frames.contract.profile import Profile
from dyno_frames.contract.resources import ID_FIELD, LISTS, RESOURCES
from dyno_frames.errors import QueryError, warn_user
from dyno_frames.frames.schema import Schema
from dyno_frames.mirror.columns import VersionFiles
from dyno_frames.mirror.freshness import Freshness
from dyno_frames.mirror.places import beside
from dyno_frames.mirror.ready import ready
from dyno_frames.mirror.record import Check
from dyno_frames.mirror.refresh import Refresher
from dyno_frames.mirror.scan import MirrorScan, local_plan
from dyno_frames.mirror.status import MirrorStatus, certificate_of, status_of
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.predicate import columns
from dyno_frames.query.query import Expression, Query, Scope


@dataclass(frozen=True, slots=True)
class Source:
    """The stored rows of a mirror, as fresh as its verbs need them.

    Parameters
    ----------
    refresher
        Refreshes the mirror.
    freshness
        How fresh answers have to be.
    """

    refresher: Refresher
    freshness: Freshness
    _opened: dict[tuple[int, float], VersionFiles] = field(default_factory=dict, repr=False)

    @property
    def schema(self) -> Schema:
        """The columns of the version to read, which is fetched if there is none; computed columns included."""
        files = self._files(self._stored() or ready(self.refresher, self.freshness)[0])
        return files.schema.with_computed(COMPUTED)

    def status(self) -> MirrorStatus:
        """Return the state of the mirror."""
        return status_of(self.refresher)

    def bind(self, expr: Expression, options: QueryOptions, scope: Scope) -> MirrorScan:
        """Return the scan of a query, after a refresh if the freshness needs one.

        Raises
        ------
        QueryError
            The query is not valid. Unless the mirror is empty, nothing was sent.
        StaleError
            The newest version is too old, and cannot be refreshed.
        """
        stored = self._stored()
        files = None if stored is None else self._files(stored)
        bound = None if files is None else self._query(expr, options, scope, files)
        check, requests = ready(self.refresher, self.freshness)
        if bound is None or files is None or check != stored:
            files = self._files(check)
            bound = self._query(expr, options, scope, files)
        query, schema = bound
        for warning in query.warnings:
            warn_user(warning)
        known = [self._known(column, check) for column in schema.computed]
        schema = schema.with_computed(column for column, _ in known)
        connection, resource = self.refresher.connection, self.refresher.resource
        computed = {column.name: column for column in schema.computed}
        return MirrorScan(
            session=connection.session,
            query=query,
            plan=local_plan(resource.name, query, options),
            schema=schema,
            context=Context(resource.name, schema.columns, schema.dtypes, Profile(), computed=computed),
            origin=origin(connection, resource, query, options),
            files=files,
            certificate=certificate_of(
                check,
                now=self.refresher.now(),
                account=connection.account,
                requests=requests,
                notes=tuple(note for _, note in known if note),
            ),
        )

    def _stored(self) -> Check | None:
        """Return the check of the version ``as_of``, or else of the newest one, as it is before a refresh."""
        is_given = self.freshness.as_of is not None
        return ready(self.refresher, self.freshness)[0] if is_given else self.refresher.record.newest

    def _files(self, check: Check) -> VersionFiles:
        key = (check.version, check.as_of)
        if key not in self._opened:
            self._opened.clear()
            self._opened[key] = self.refresher.open(check.version)
        return self._opened[key]

    def _query(
        self, expr: Expression, options: QueryOptions, scope: Scope, files: VersionFiles
    ) -> tuple[Query, Schema]:
        """Return a query bound to the stored columns, and these with the computed columns that it reads."""
        stored, empty = files.schema, files.empty
        if options.on_invalid == "null":
            stored = stored.with_nulls()
            empty = stored.empty()
        schema = stored.with_computed(COMPUTED)
        query, is_narrow = bound_query(expr, empty, schema, scope)
        options.check_fields(schema.columns)
        read = columns(query.node) if query.node is not None else () if is_narrow else schema.columns
        wanted = {*read, *(options.columns or ()), *options.order_by}
        return query, schema.with_computed(column for column in schema.computed if column.name in wanted)

    def _known(self, column: Computed, check: Check) -> tuple[Computed, str]:
        """Return a computed column with the names that it looks up in another mirror, and as of when they are.

        The other mirror, beside this one, is refreshed if it is older than the rows, which may refer to newer objects.
        """
        if not isinstance(column, Lookup):
            return column, ""
        if self.freshness.as_of is not None:
            raise QueryError(
                f"{column.name} is looked up in the {column.resource} of today, and as_of= asks for an older version. "
                f"Use {column.id_field}, or leave out as_of="
            )
        names, as_of = self._names(column.resource, not_before=check.as_of)
        return replace(column, names=names), f"{column.name} as of {as_of}"

    def list_names(self) -> dict[str, str]:
        """Return the name of each list by its id, from the mirror of lists beside this one."""
        check, _ = ready(self.refresher, self.freshness)
        return self._names(LISTS.name, not_before=check.as_of)[0]

    def _names(self, resource: str, *, not_before: float) -> tuple[dict[str, str], Any]:
        """Return the names of lists or templates by id, from the mirror beside this one, and as of when they are."""
        freshness = replace(self.freshness, not_before=not_before)
        other = Source(beside(self.refresher, RESOURCES[resource]), freshness)
        answer = other.bind(None, QueryOptions(columns=(ID_FIELD, "name")), Scope()).run()
        table = answer.table
        names = zip(table[ID_FIELD].to_pylist(), table["name"].to_pylist(), strict=True)
        as_of = (answer.certificate.mirror or {}).get("as_of")
        return {row_id: name for row_id, name in names if name is not None}, as_of
