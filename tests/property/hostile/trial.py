"""One hostile run: a server with its manners, a scan of it, and what must hold of rows and certificate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa
from law.choices import Choices

from dyno_frames.contract.profile import Profile, Several
from dyno_frames.contract.resources import CAMPAIGNS
from dyno_frames.errors import ContractError, TransportError
from dyno_frames.frames.provenance import Origin
from dyno_frames.frames.schema import learn
from dyno_frames.query.plan import Context, Shape, make_plan
from dyno_frames.query.question import Scope, ask
from dyno_frames.scan.certificate import Verdict
from dyno_frames.scan.scan import Scan
from hostile.server import FIRST_S, Manners, Restless, Row

SCHEMA = learn(CAMPAIGNS, [{"id": "r", "name": "n", "status": "draft", "created": FIRST_S, "opens": 0}])
FORMS = ("frame", "batches", "newest first")
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
    met: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)

    @classmethod
    def drawn(cls, choices: Choices) -> Self:
        """Draw a run."""
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
            self.rows, self.manners, self.choices, writes=self.writes, condition=condition
        ) as server:
            self.log = server.log
            scan = self._scan(server)
            try:
                came = self._came(scan)
            except TransportError:
                if not self.manners.fails:
                    raise
                self.met["raised"] += 1
                return
            except ContractError as error:
                if "ceased to keep the order" not in str(error) or self.manners.keeps_order:
                    raise
                self.met["raised"] += 1
                return
            self._judge(server, scan, came)

    def _scan(self, server: Restless) -> Scan:
        schema = SCHEMA
        expr = f"opens >= {self.least}"
        question = ask(expr, schema.empty(), SCOPE)
        told = Profile() if self.several else Profile(several=Several.LAST)
        context = Context(CAMPAIGNS.name, schema.by_name, schema.dtypes, told, schema.unseen, self.page_size)
        order = (
            {"order_by": ("created",), "ascending": (False,), "limit": 1000}
            if self.form == "newest first"
            else {}
        )
        plan = make_plan(question, context, Shape(**order))
        origin = Origin(client="hostile", url="http://127.0.0.1:9", resource=CAMPAIGNS.name)
        return Scan(server, question, plan, schema, context, origin, progress=False, workers=self.workers)

    def _came(self, scan: Scan) -> list[tuple[str, int]]:
        if self.form == "batches":
            table: Any = pa.Table.from_batches(list(scan.to_batches()), schema=scan.schema.arrow)
        else:
            table = scan.to_arrow()
        return list(zip(table["id"].to_pylist(), table["opens"].to_pylist(), strict=True))

    def _judge(self, server: Restless, scan: Scan, came: list[tuple[str, int]]) -> None:
        verdict = scan.certificate.verdict
        self.met[verdict] += 1
        ids = [key for key, _ in came]
        if len(ids) != len(set(ids)):
            raise Broken(f"doubled: {[key for key, times in Counter(ids).items() if times > 1]}")
        if odd := [pair for pair in came if pair not in server.versions or pair[1] < self.least]:
            raise Broken(f"never so: {odd}")
        missing = server.throughout - {*ids}
        if missing and verdict is not Verdict.UNCERTIFIED:
            raise Broken(f"{verdict}, and missing: {sorted(missing)}")
        if missing:
            self.met["confessed"] += 1
        if missing and self.manners.keeps_order and not self._has_crowds(server):
            raise Broken(f"missing: {sorted(missing)}, {scan.certificate}")
        if verdict is Verdict.EXACT and self.writes == 0 and {*ids} != server.throughout:
            raise Broken("exact, and not all")
        if self.writes == 0 and self._is_plain() and verdict is not Verdict.EXACT:
            raise Broken(f"nothing moved, and {scan.certificate}")

    def _is_plain(self) -> bool:
        """Tell whether the server keeps all that it promises, and no time is shared by a page of rows."""
        times = Counter(row["created"] for row in self.rows)
        odd = self.manners.cuts or self.manners.repeats or self.manners.lowers_cap
        most = min(self.page_size, self.manners.cap) - 1
        return self.manners.keeps_order and not odd and max(times.values(), default=0) < most

    def _has_crowds(self, server: Restless) -> bool:
        """Tell whether more rows may share one time than fit on a page."""
        times = Counter(row["created"] for row in (*self.rows, *server.rows.values()))
        return max(times.values(), default=0) >= min(self.page_size, self.manners.cap // 2)

    def __str__(self) -> str:
        rows = ", ".join(f"{row['id']} +{row['created'] - FIRST_S} opens {row['opens']}" for row in self.rows)
        told = "\n  ".join(self.log)
        return (
            f"{self.manners}; {self.writes}/8 writes; page_size={self.page_size}, workers={self.workers}, "
            f"opens >= {self.least}, several={self.several}, {self.form}\nrows {rows}\n  {told}"
        )
