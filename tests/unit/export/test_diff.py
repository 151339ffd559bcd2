"""The difference of two versions names every row that was added, changed or removed."""

from __future__ import annotations

import pandas as pd
import pytest

from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import SchemaError

pytestmark = pytest.mark.usefixtures("_small")


def rows(number, **more):
    at = pd.Series(range(number))
    created = 1_400_000_000 + 1_000 * at
    frame = pd.DataFrame({"id": at.map("{:04d}".format), "status": "draft", "created": created})
    return frame.assign(name="n", updated=created, **more)


def test_a_row_that_moves_to_another_partition_with_equal_bytes_is_changed(opened, tmp_path):
    account = opened(rows(1))
    scan = account.scan(columns=["id", "created", "status"])
    first = scan.to_parquet(tmp_path / "c", partition_by="status")
    account.sql("UPDATE campaigns SET status = 'running'")
    second = scan.to_parquet(tmp_path / "c", partition_by="status")
    [before], [after] = first.manifest.files, second.manifest.files
    assert before.sha256 == after.sha256
    diff = second.diff(1)
    assert diff["change"].tolist() == ["changed"]
    assert diff["fields"].tolist() == [("status",)]
    assert diff[["status_before", "status"]].astype(str).to_numpy().tolist() == [["draft", "running"]]


def test_versions_whose_columns_cannot_be_compared_are_refused_by_name(account, tmp_path):
    account.sql("UPDATE campaigns SET opens = opens + 0.5")
    again = {"profile": Profile(), "name": "again", "schema": {"opens": "float"}}
    with connect(account.between.url, account.box.api_key, **again) as client:
        client.campaigns.scan().to_parquet(tmp_path / "c")
    account.sql("UPDATE campaigns SET opens = opens - 0.5")
    dataset = account.scan().to_parquet(tmp_path / "c")
    with pytest.raises(SchemaError, match=r"'opens' is float in version 1 and count in version 2"):
        dataset.diff(1)
    assert len(dataset.diff(2, 1)) == 300


@pytest.mark.parametrize("version", [1.0, True, "1", None, [1]])
def test_a_version_is_a_whole_number(dataset, version):
    with pytest.raises(SchemaError, match=r"version=.*: there is no such version"):
        dataset.diff(version)
