"""What a run of a scan gives: the rows as one table, or batch by batch, with a certificate."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import pandas as pd
import pyarrow as pa

from dyno_frames.errors import ContractError, IncompleteResultWarning, warn_user
from dyno_frames.frames.dataframe import to_frame
from dyno_frames.frames.provenance import Origin, attach
from dyno_frames.frames.schema import Schema
from dyno_frames.query.plan import Plan
from dyno_frames.scan.certificate import Certificate


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of one run of a scan, in order, with the plan that was run and where they come from."""

    table: pa.Table
    schema: Schema
    certificate: Certificate
    plan: Plan
    origin: Origin

    def explain(self) -> Plan:
        """Return the plan, with the rows that the run moved and returned."""
        done = self.certificate
        return replace(self.plan, rows_moved=done.rows_moved, rows_returned=done.rows_returned)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a typed frame that carries its origin and its certificate.

        Returns
        -------
        pandas.DataFrame
            Shape (rows, columns), with a fresh RangeIndex.
        """
        frame = to_frame(self.table, self.schema)
        return attach(frame, self.origin, certificate=self.certificate.to_json())

    def column(self, name: str) -> pd.Series[Any]:
        """Return the values of a column, without the origin and the certificate."""
        return to_frame(self.table, self.schema)[name]

    def checked(self, *, strict: bool = False) -> Self:
        """Return the answer; warn if it may lack rows, or raise in strict mode."""
        check(self.certificate, strict=strict)
        return self


def check(certificate: Certificate, *, strict: bool) -> None:
    """Warn if an answer may lack rows.

    Raises
    ------
    ContractError
        It may, and ``strict`` is set.
    """
    if certificate.verdict.has_all_rows:
        return
    why = "; ".join(certificate.reasons)
    if strict:
        raise ContractError(f"strict=True, and the answer cannot be certified: {why}")
    warn_user(
        f"rows may be missing from this answer: {why}. Run the query again, or see .dyno.certificate; "
        "strict=True raises instead",
        IncompleteResultWarning,
    )


class BatchStream:
    """The rows of a scan as Arrow record batches, in order, as the pages come.

    Parameters
    ----------
    batches
        Generates the batches and returns the certificate.

    Attributes
    ----------
    certificate
        How complete the rows are; None until the last batch has come.

    Examples
    --------
    >>> stream = client.campaigns.scan().to_batches()  # doctest: +SKIP
    >>> rows = sum(batch.num_rows for batch in stream)  # doctest: +SKIP
    >>> stream.certificate.verdict  # doctest: +SKIP
    <Completeness.EXACT: 'exact'>
    """

    def __init__(self, batches: Generator[pa.RecordBatch, None, Certificate]) -> None:
        self._batches = batches
        self.certificate: Certificate | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        try:
            return next(self._batches)
        except StopIteration as end:
            if end.value is not None:
                self.certificate = end.value
            raise

    def close(self) -> None:
        """Ask for nothing more; there is no certificate then."""
        self._batches.close()
