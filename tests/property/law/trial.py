"""One trial of the law: a server with rows, a client, a question, and everything that must then be so."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from pandas.testing import assert_frame_equal

from dyno_frames.contract.profile import Overlong, Profile
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import DynoError, QueryError
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Plan
from dyno_frames.query.query import Scope
from law import contents, servers
from law.choices import Choices
from law.judge import lacks_values, plainly_equal, shaped, verdict, whole
from law.questions import Questions
from law.servers import Account
from law.writing import FORMS, Asked, Once, Tree, below

_DULL = [*((name, 0) for name in contents.COUNTERS), ("template_id", "t"), ("user_id", "u")]
BACKENDS = (None, "numpy_nullable", "pyarrow")
OTHERS = 8
PAGE_SIZES = (1000, 4, 1, 2, 3, 7, 1000, 1000)


class Broken(AssertionError):  # noqa: N818 - it is a finding
    """The law does not hold."""


@dataclass(slots=True)
class Trial:
    """What one trial is about.

    Parameters
    ----------
    rows, profile, told, dtype_backend, page_size
        The server and its client; see :class:`law.servers.Account`.
    tree, form
        The question.
    options
        Columns, order and limit.
    others
        What else the server may mean and the client be told; only the plan is held against the rows then.
    """

    rows: list[dict[str, Any]]
    profile: Profile
    told: Profile
    dtype_backend: Any
    page_size: int
    tree: Tree
    form: str
    options: QueryOptions
    others: tuple[tuple[Profile, Profile], ...] = ()
    met: Counter[str] = field(default_factory=Counter)

    @classmethod
    def drawn(cls, choices: Choices) -> Trial:
        """Return a random trial."""
        form = choices.pick(FORMS)
        texts = contents.related(choices)
        rows = contents.rows(choices, texts)
        names = frozenset(rows[0]) if rows else frozenset(CAMPAIGNS.names)
        questions = Questions(choices, form, names, texts)
        tree = questions.tree(choices.below(4))
        profile = servers.profile(choices, scanned=True)
        told = servers.stance(choices, profile)
        backend, page_size = choices.pick(BACKENDS), choices.pick(PAGE_SIZES)
        if profile.overlong is Overlong.ERROR and told.page_limit is None:
            page_size = min(
                page_size, profile.page_limit or page_size
            )  # who knows no limit has to be told a size
        options = _options(choices, sorted(names))
        others = tuple(_other(choices) for _ in range(OTHERS))
        return cls(rows, profile, told, backend, page_size, tree, form, options, others)

    def run(self) -> None:
        """Try the law.

        Raises
        ------
        Broken
            It does not hold; the text says how.
        """
        account = Account(self.rows, self.profile, self.told, self.dtype_backend, self.page_size)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._run(account)
        finally:
            account.close()

    def _run(self, account: Account) -> None:
        full = whole(self.rows, dtype_backend=self.dtype_backend)
        expected, friendly = verdict(self.tree, self.form, full)
        account.seam.sent.clear()
        if any(isinstance(part[1], Once) for part in below(self.tree) if part[0] == "val") and any(
            part[0] == "source" for part in below(self.tree)
        ):
            return  # what can be read once is read by the first evaluation; only a tracer can keep it
        if isinstance(expected, Exception):
            self._refused(account, expected)
            return
        self.met["answered"] += 1
        self.met["some rows"] += 0 < len(expected) < len(full)
        if friendly and any(_may_be_foreign(part) for part in below(self.tree)):
            return  # what no tracer can follow is pandas' alone, and pandas refuses it
        if not self._answers(account, expected, full):
            return
        self._counts(account, len(expected))
        self._is_shaped(account, expected)
        self._is_planned_elsewhere(account, set(expected["id"]))
        self._has_no_row_too_many(account, set(expected["id"]))

    def _scan(self, account: Account, options: QueryOptions | None = None) -> Any:
        asked = Asked.of(self.tree, self.form)
        return account.scan(asked.expression(), Scope(asked.bound(), {}), options)

    def _refused(self, account: Account, expected: Exception) -> None:
        """Check that we refuse, too; what was pushed may have kept away the row that pandas stumbles over."""
        self.met["refused"] += 1
        try:
            scan = self._scan(account)
            scan.to_frame()
        except Exception:  # noqa: BLE001 - a refusal is what is expected
            return
        limited = not scan.plan.filters or any(scan.plan.filters) or not self.rows or scan.plan.row_local
        if not limited:
            raise Broken(f"pandas refuses ({type(expected).__name__}: {expected}), and we answer")
        self.met["answered where pandas refuses"] += 1

    def _answers(self, account: Account, expected: pd.DataFrame, full: pd.DataFrame) -> bool:
        try:
            scan = self._scan(account)
            run = scan.run()
            answer = run.to_frame()
        except Exception as error:
            if isinstance(error, QueryError) and lacks_values(self.tree, self.form, full):
                self.met["refused where pandas met no value"] += 1
                return False
            if isinstance(error, QueryError) and "read only once" in str(error):
                self.met["refused because no tracer keeps what is read once"] += 1
                return False
            raise Broken(f"pandas answers, and we refuse: {type(error).__name__}: {error}") from error
        plan = scan.plan
        self.met["exact" if plan.exact else "wider" if any(plan.filters) else "local"] += 1
        _same(answer, expected.reset_index(drop=True), f"the answer to {plan.filters}")
        if plan.exact:
            kept = scan.query.select(answer)
            _same(kept, answer, f"what the residual keeps of an exact answer to {plan.filters}")
        if not plan.filters and account.seam.sent:
            raise Broken(f"no row can match, and {len(account.seam.sent)} requests were sent")
        self._moved(scan, run.certificate, len(full))
        self._again(account, scan, answer, full)
        return True

    def _moved(self, scan: Any, certificate: Any, rows: int) -> None:
        most = max(Counter(row["created"] for row in self.rows).values(), default=0)
        if certificate.verdict != "exact" and min(self.page_size, self.profile.page_limit or 2) > 1:
            raise Broken(f"nothing moved on the server, and: {certificate!r}")
        filters = len(scan.plan.filters)
        once = 1 if scan.plan.disjoint else filters
        repeated = certificate.requests * most
        if certificate.rows_moved > 2 * rows * once + repeated:  # few rows are read twice
            raise Broken(f"{certificate.rows_moved} rows moved of {rows} for {scan.plan.filters}")

    def _again(self, account: Account, scan: Any, answer: pd.DataFrame, full: pd.DataFrame) -> None:
        memory = scan.query.serialized
        if memory is None:
            return
        self.met["stored"] += 1
        stored = json.loads(json.dumps(memory, allow_nan=False))
        try:
            again = account.scan(stored, Scope())
            kept = again.query.select(full)
        except Exception as error:
            raise Broken(
                f"a stored question cannot be asked again: {type(error).__name__}: {error}"
            ) from error
        _same(kept.reset_index(drop=True), answer, f"the answer to the stored question {stored}")
        if again.plan.filters != scan.plan.filters:
            raise Broken(
                f"a stored question is planned anew as {again.plan.filters}, not {scan.plan.filters}"
            )

    def _counts(self, account: Account, expected: int) -> None:
        scan = self._scan(account)
        sent = len(account.seam.sent)
        found = scan.count()
        if found != expected:
            raise Broken(f"count gives {found}, and {expected} rows match; {scan.plan.terms}")
        verbs = {verb for verb, _ in account.seam.sent[sent:]}
        if scan.plan.terms is not None and "find" in verbs:
            raise Broken("an exact plan moved rows to count them")

    def _is_shaped(self, account: Account, expected: pd.DataFrame) -> None:
        if self.options == QueryOptions():
            return
        if any(expected[name].dtype == object for name in self.options.order_by):
            return
        try:
            wanted = shaped(expected, self.options)
        except ValueError:
            return  # pandas cannot order -0.0 and 0.0 of an Arrow dtype beside another column
        try:
            scan = self._scan(account, self.options)
            answer = scan.to_frame()
            number = scan.count()
        except Exception as error:
            raise Broken(f"refused with {self.options}: {type(error).__name__}: {error}") from error
        _same(answer, wanted, f"the answer with {self.options} to {scan.plan.filters}")
        if number != len(wanted):
            raise Broken(f"count gives {number} with {self.options}; {len(wanted)} rows come")

    def _is_planned_elsewhere(self, account: Account, expected: set[str]) -> None:
        """Check the plan alone, by what its filters find, for servers and clients of other semantics."""
        question = self._scan(account).query
        for does, told in self.others:
            account.become(does)
            plan = account.plan(question, told)
            try:
                self._holds(account, plan, expected)
            except Exception as error:
                told_of = {name: value for name, value in told.to_json().items() if value is not None}
                raise Broken(f"planned for {does.to_json()}, told {told_of}: {error}") from error

    def _has_no_row_too_many(self, account: Account, expected: set[str]) -> None:
        """Check that rows which a server finds by semantics of its own are left out, whatever its client believes."""
        account.become(self.profile)
        scan = self._scan(account)
        told = replace(Profile(), operators=self.profile.operators)
        plan = account.plan(scan.query, told)
        try:
            run = replace(scan, plan=plan, context=replace(scan.context, profile=told)).run()
        except DynoError:
            return  # a server may refuse what its client believes
        if extra := set(run.table["id"].to_pylist()) - expected:
            raise Broken(f"{sorted(extra)} came for {plan.filters}, by a client that believes the defaults")
        self.met["left out"] += any("left out" in note for note in run.certificate.notes)

    def _holds(self, account: Account, plan: Plan, expected: set[str]) -> None:
        self.met["planned exactly" if plan.exact else "planned wider"] += 1
        found = [account.ids(conditions) for conditions in plan.filters]
        together = [key for ids in found for key in ids]
        assert expected <= {*together}, f"{plan.filters} miss {expected - {*together}}"
        assert not plan.exact or expected == {*together}, (
            f"{plan.filters} find {sorted(together)}, not {expected}"
        )
        assert not plan.disjoint or len(together) == len({*together}), f"{plan.filters} are not disjoint"
        assert plan.wider is None or expected <= {*account.ids(plan.wider)}, f"{plan.wider} is too narrow"
        if plan.terms is not None:
            number = sum(sign * len(account.ids(conditions)) for sign, conditions in plan.terms)
            assert number == len(expected), f"{plan.terms} count {number}, not {len(expected)}"

    def __str__(self) -> str:
        told = {
            name: value for name, value in self.told.to_json().items() if value != Profile().to_json()[name]
        }
        does = {
            name: value
            for name, value in self.profile.to_json().items()
            if value != Profile().to_json()[name]
        }
        rows = "\n    ".join(
            str(
                {
                    name: value
                    for name, value in row.items()
                    if value is not None and (name, value) not in _DULL
                }
            )
            for row in self.rows
        )
        return (
            f"{Asked.of(self.tree, self.form)}\nserver {does}\nclient told {told}, dtype_backend="
            f"{self.dtype_backend!r}, page_size={self.page_size}, {self.options}\nrows\n    {rows}"
        )


def _may_be_foreign(part: Tree) -> bool:
    return part[0] == "source" or (part[0] == "method" and part[2] == "map")


def _other(choices: Choices) -> tuple[Profile, Profile]:
    does = servers.profile(choices)
    return does, does if choices.chance(1, 2) else servers.stance(choices, does)


def _options(choices: Choices, names: list[str]) -> QueryOptions:
    if choices.chance(1, 2):
        return QueryOptions()
    columns = None
    if choices.chance(1, 2):
        columns = tuple(dict.fromkeys(choices.some(names, 4, 1)))
    order = tuple(
        dict.fromkeys(choices.some(["opens", "created", "name", "status", "start_time", *names], 2))
    )
    ways = tuple(choices.chance(1, 2) for _ in order)
    limit = choices.below(6) if choices.chance(2, 3) else None
    return QueryOptions(
        columns=columns,
        order_by=order,
        ascending=ways,
        limit=limit,
        offset=choices.below(4) if choices.chance(1, 3) else 0,
    )


def _same(found: pd.DataFrame, expected: pd.DataFrame, what: str) -> None:
    found = found.copy(deep=False)
    found.attrs = {}
    if plainly_equal(found, expected):
        return
    try:
        assert_frame_equal(found, expected, check_exact=True, check_flags=False)
        assert isinstance(found.index, pd.RangeIndex), f"its index is {found.index!r}"
    except AssertionError as error:
        shown = (
            f"{list(found.get('id', found.index))} came, {list(expected.get('id', expected.index))} wanted"
        )
        raise Broken(f"{what} is not pandas' own: {shown}\n{error}") from error
