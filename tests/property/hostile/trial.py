"""One hostile run: a server with its manners, a scan of it, and what must hold of rows and certificate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pyarrow as pa
from law.choices import Choices

from dyno_frames.contract.profile import Profile, Several
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ContractError, TransportError
from dyno_frames.frames.provenance import Origin
from dyno_frames.frames.schema import learn
from dyno_frames.query.bind import bind_query
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.planner import make_plan
from dyno_frames.query.query import Scope
from dyno_frames.scan.budget import max_finds
from dyno_frames.scan.certificate import Certificate, Completeness
from dyno_frames.scan.scan import Scan
from hostile.server import FIRST_S, Manners, Restless, Row

SCHEMA = learn(CAMPAIGNS, [{"id": "r", "name": "n", "status": "draft", "created": FIRST_S, "opens": 0}])
FORMS = ("frame", "batches", "newest first", "most opened")
SCOPE = Scope({}, {})


class Broken(AssertionError):  # noqa: N818 - a law is broken
    """A run of which something does not hold."""


@dataclass(slots=True)
class Trial:
    """One run.

    Parameters
    ----------
    rows
        The rows at first.
    manners, writes
        What the server does to its pages, and how restless it is.
    page_size, workers, least, several, form
        The client's side: ``opens >= least`` is asked for.
    choices
        Who decides what happens during the run.
    inserts, deletes
        Rows that others insert and delete before every request.
    limit
        How many of the most opened are asked for, in that form.
    """

    rows: list[Row]
    manners: Manners
    writes: int
    page_size: int
    workers: int
    least: int
    several: bool
    form: str
    choices: Choices
    inserts: int = 0
    deletes: int = 0
    limit: int = 3
    met: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)

    @classmethod
    def drawn(cls, choices: Choices) -> Self:
        """Draw a run: a small table on odd pages, or in one of eight runs a large one with many ties."""
        if choices.chance(1, 8):
            return cls._large(choices)
        spread = choices.pick((1000, 40, 12, 3))
        rows = [
            {
                "id": f"r{at:03}",
                "name": f"name {at}",
                "status": "draft",
                "created": FIRST_S + choices.below(spread),
                "opens": choices.below(10),
            }
            for at in range(choices.below(60))
        ]
        odd = choices.below(4) == 3
        manners = Manners(
            cap=choices.pick((1000, 7, 4, 3, 2, 1)),
            lowers_cap=choices.chance(1, 5),
            mixes_ties=choices.chance(1, 4),
            repeats=choices.chance(1, 5),
            cuts=choices.chance(1, 4),
            mixes=odd and choices.chance(1, 3),
            ignores_order=odd and choices.chance(1, 3),
            ignores_other_orders=choices.chance(1, 4),
            ignores_offset=odd and choices.chance(1, 3),
            fails=choices.chance(1, 5),
        )
        return cls(
            rows,
            manners,
            writes=choices.pick((0, 1, 2, 4, 6)),
            page_size=choices.pick((1000, 11, 6, 4, 3, 2)),
            workers=choices.pick((1, 1, 1, 3)),
            least=choices.pick((0, 0, 3, 6)),
            several=choices.chance(3, 4),
            form=choices.pick(FORMS),
            choices=choices,
            limit=choices.pick((1, 2, 3, 8, 20)),
        )

    @classmethod
    def _large(cls, choices: Choices) -> Self:
        cap = choices.pick((37, 97, 250, 1000))
        number = choices.pick((1, 7, 3 * cap, 2500))
        ties = max(1, int(cap * choices.pick((0.02, 0.5, 0.99, 1, 1.01, 1.5, 2, 3))))
        rows = [
            {
                "id": f"{at * 7919 % number:06d}",
                "name": f"name {at}",
                "status": "draft",
                "created": FIRST_S + at // ties,
                "opens": choices.below(10),
            }
            for at in range(number)
        ]
        inserts, deletes = choices.pick(((0, 0), (1, 0), (3, 25), (25, 0), (25, 25)))
        manners = Manners(
            cap=cap,
            mixes_ties=choices.chance(1, 2),
            repeats=choices.chance(1, 8),
            ignores_other_orders=choices.chance(1, 4),
            fails=choices.chance(1, 4),
        )
        return cls(
            rows,
            manners,
            writes=0,
            page_size=choices.pick((1000, cap, 100)),
            workers=choices.pick((1, 2, 4, 12)),
            least=choices.pick((0, 0, 3)),
            several=choices.chance(3, 4),
            form=choices.pick(FORMS),
            choices=choices,
            inserts=inserts,
            deletes=deletes,
            limit=choices.pick((1, 5, 100)),
        )

    def run(self) -> None:
        """Scan, and check what came.

        Raises
        ------
        Broken
            Something does not hold.
        """
        condition = {"opens": {"gte": self.least}}
        with Restless(
            self.rows,
            self.manners,
            self.choices,
            writes=self.writes,
            condition=condition,
            inserts=self.inserts,
            deletes=self.deletes,
        ) as server:
            self.log = server.log
            server.page_rows = min(self.manners.cap, self.page_size)
            scan = self._scan(server)
            try:
                came, certificate = self._came(scan)
            except TransportError:
                if not self.manners.fails:
                    raise
                self.met["raised"] += 1
                return
            except ContractError as error:
                if "stopped keeping the order" not in str(error) or self.manners.keeps_order:
                    raise
                self.met["raised"] += 1
                return
            self._judge(server, certificate, came)

    def _scan(self, server: Restless) -> Scan:
        schema = SCHEMA
        expr = f"opens >= {self.least}"
        question = bind_query(expr, schema.empty(), SCOPE)
        told = Profile() if self.several else Profile(several=Several.LAST)
        context = Context(CAMPAIGNS.name, schema.by_name, schema.dtypes, told, schema.unseen, self.page_size)
        forms = {
            "newest first": QueryOptions(order_by=("created",), ascending=(False,), limit=1_000_000),
            "most opened": QueryOptions(order_by=("opens",), ascending=(False,), limit=self.limit),
        }
        options = replace(forms.get(self.form, QueryOptions()), progress=False)
        plan = make_plan(question, context, options)
        origin = Origin(client="hostile", url="http://127.0.0.1:9", resource=CAMPAIGNS.name)
        return Scan(server, question, plan, schema, context, origin, workers=self.workers)

    def _came(self, scan: Scan) -> tuple[list[tuple[str, int]], Certificate]:
        if self.form == "batches":
            run: Any = scan.stream()
            table = pa.Table.from_batches(list(run), schema=scan.schema.arrow)
        else:
            run = scan.run()
            table = run.table
        return list(zip(table["id"].to_pylist(), table["opens"].to_pylist(), strict=True)), run.certificate

    def _judge(self, server: Restless, certificate: Certificate, came: list[tuple[str, int]]) -> None:
        verdict = certificate.verdict
        self.met[verdict] += 1
        ids = [key for key, _ in came]
        if len(ids) != len(set(ids)):
            raise Broken(f"doubled: {[key for key, times in Counter(ids).items() if times > 1]}")
        if odd := [pair for pair in came if pair not in server.versions or pair[1] < self.least]:
            raise Broken(f"never so: {odd}")
        if self.form == "most opened":
            self._judge_most_opened(server, certificate, came)
            return
        missing = server.throughout - {*ids}
        if missing and verdict is not Completeness.UNCERTIFIED:
            raise Broken(f"{verdict}, and missing: {sorted(missing)}")
        if missing:
            self.met["confessed"] += 1
        if missing and self.manners.keeps_order and not self._is_beyond_reach(certificate):
            raise Broken(f"missing: {sorted(missing)}, {certificate}")
        bound = max_finds(server.most_rows, max(certificate.page_cap, 1))
        if server.finds > bound:
            raise Broken(f"{server.finds} finds, and at most {bound} are allowed")
        if verdict is Completeness.EXACT and self._is_static() and {*ids} != server.throughout:
            raise Broken("exact, and not all")
        if self._is_static() and self._is_plain() and verdict is not Completeness.EXACT:
            raise Broken(f"nothing moved, and {certificate}")

    def _judge_most_opened(
        self, server: Restless, certificate: Certificate, came: list[tuple[str, int]]
    ) -> None:
        if not self._is_static():
            return
        rows = sorted((-row["opens"], row["id"]) for row in self.rows if row["opens"] >= self.least)
        wanted = [(key, -opens) for opens, key in rows[: self.limit]]
        if certificate.verdict is Completeness.EXACT and came != wanted:
            raise Broken(f"exact, and {came} for {wanted}")
        if self._is_plain() and certificate.verdict is not Completeness.EXACT:
            raise Broken(f"nothing moved, and {certificate}")
        bound = max_finds(server.most_rows, max(certificate.page_cap, 1))
        if server.finds > bound:
            raise Broken(f"{server.finds} finds, and at most {bound} are allowed")

    def _is_static(self) -> bool:
        """Tell whether nobody writes."""
        return not (self.writes or self.inserts or self.deletes)

    def _is_plain(self) -> bool:
        """Tell whether the server keeps all that it promises, on pages of three rows or more."""
        odd = self.manners.cuts or self.manners.repeats or self.manners.lowers_cap
        return self.manners.keeps_order and not odd and min(self.manners.cap, self.page_size) > 2

    def _is_beyond_reach(self, certificate: Certificate) -> bool:
        """Tell whether the scan says that it gave up: a page is too small for what others write, or cut too often."""
        given_up = ("used up", "moved, or pages came again", "pages of one row")
        return any(words in reason for reason in certificate.reasons for words in given_up)

    def __str__(self) -> str:
        rows = ", ".join(f"{row['id']} +{row['created'] - FIRST_S} opens {row['opens']}" for row in self.rows)
        told = "\n  ".join(self.log)
        return (
            f"{self.manners}; {self.writes}/8 writes, +{self.inserts} -{self.deletes} a request; page_size={self.page_size}, workers={self.workers}, "
            f"opens >= {self.least}, several={self.several}, {self.form}\nrows {rows}\n  {told}"
        )
