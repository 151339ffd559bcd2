"""A mirror's answer is pandas' answer: for random questions on random rows, and through random histories of writes."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import mirror as histories
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from law.choices import Choices
from law.judge import verdict, whole
from law.servers import Account
from law.trial import Trial
from law.writing import Asked

from dyno_frames.export import disk, files
from dyno_frames.export.local import LocalStore
from dyno_frames.export.manifest import Manifest, StoredFile, schema_to_json
from dyno_frames.frames.decode import decode
from dyno_frames.frames.provenance import Origin
from dyno_frames.mirror.columns import VersionFiles
from dyno_frames.mirror.scan import MirrorScan, local_plan
from dyno_frames.query.bind import bind_query
from dyno_frames.query.options import QueryOptions
from dyno_frames.query.plan import Context
from dyno_frames.query.query import Scope
from dyno_frames.scan.certificate import Certificate, Completeness


class MirrorTrial(Trial):
    """The same trial of the law, on the columns of Parquet files instead of a server."""

    folder: Path
    files: VersionFiles | None = None

    def _run(self, account: Account) -> None:
        account.seam.sent.clear()
        full = whole(self.rows, dtype_backend=self.dtype_backend)
        expected, _ = verdict(self.tree, self.form, full)
        if isinstance(expected, Exception):
            return  # a filter may keep away the row that pandas refuses
        if not self._answers(account, expected, full):
            return
        self._counts(account, len(expected))
        self._is_shaped(account, expected)

    def _moved(self, scan: Any, certificate: Any, rows: int) -> None:
        """Nothing moves."""

    def _again(self, account: Account, scan: Any, answer: pd.DataFrame, full: pd.DataFrame) -> None:
        """A stored question is another law's."""

    def _scan(self, account: Account, options: QueryOptions | None = None) -> MirrorScan:
        asked = Asked.of(self.tree, self.form)
        self.files = self.files or stored_files(self.rows, account, self.folder)
        query = bind_query(asked.expression(), account.empty, Scope(asked.bound(), {}))
        options = replace(options or QueryOptions(), progress=False)
        return MirrorScan(
            session=account.seam,
            query=query,
            plan=local_plan("campaigns", query, options),
            schema=account.schema,
            context=Context("campaigns", account.schema.by_name, account.schema.dtypes, account.told),
            origin=Origin(client="law", url="http://127.0.0.1:9", resource="campaigns"),
            files=self.files,
            certificate=Certificate(verdict=Completeness.EXACT),
        )


def stored_files(rows: list[dict[str, Any]], account: Account, folder: Path) -> VersionFiles:
    """Return the rows as the files of a version, two rows in each."""
    store = LocalStore(folder / "law")
    target = store.folder(1)
    in_order = sorted(rows, key=lambda row: (row["created"], row["id"]))
    table = pa.Table.from_batches([decode(in_order, account.schema)])
    arrow = files.stored_schema(account.schema)
    written = []
    target.mkdir(parents=True, exist_ok=True)
    for at in range(0, table.num_rows, 2):
        part = files.as_stored(table.slice(at, 2), account.schema, arrow)
        path = target / f"{at}.parquet"
        pq.write_table(part, path)
        written.append(
            StoredFile(
                path=path.name, rows=part.num_rows, size_bytes=0, sha256=disk.sha256(path), schema_sha256=""
            )
        )
    manifest = Manifest(
        version=1, parent=None, mode="sync", written="", origin={}, plan={}, profile={},
        schema=json.loads(json.dumps(schema_to_json(account.schema))), files=tuple(written),
    )  # fmt: skip
    return VersionFiles(store, manifest, account.schema, account.empty)


@pytest.mark.parametrize("stretch", range(2))
def test_an_answer_from_stored_columns_is_pandas_own(stretch, seed, tmp_path):
    for number in range(40):
        trial = MirrorTrial.drawn(Choices.seeded(f"mirror/{seed}/{stretch}/{number}"))
        trial.folder = tmp_path / str(number)
        try:
            trial.run()
        except AssertionError as broken:
            raise AssertionError(f"{trial}\n{broken}") from broken


@pytest.mark.parametrize("stretch", range(8))
def test_answers_through_random_histories_are_pandas_own(seed, stretch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        met, broken = histories.histories(seed, 25 * stretch, 25)
    assert broken == []
    assert met["pair"]
    assert met["deletes proved"]
    assert met["without a request"]
