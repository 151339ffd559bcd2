"""The difference of two versions names every row that was added, changed or removed."""

from __future__ import annotations

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError, SchemaError

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


@pytest.mark.parametrize("version", [1.0, True, "1", [1], 0, 9])
def test_a_version_is_a_whole_number(dataset, version):
    for given in ((version,), (None, version), (1, version)):
        with pytest.raises(SchemaError, match=r"version=.*: there is no such version"):
            dataset.diff(*given)


@pytest.fixture
def three(opened, tmp_path):
    """An opened dataset of three versions, in which one more row changed each time."""
    account = opened(rows(5))
    for number in range(3):
        account.sql("UPDATE campaigns SET name = 'm' WHERE created < ?", 1_400_000_000 + 1_000 * number)
        account.scan().to_parquet(tmp_path / "c")
    return dyno.open_dataset(tmp_path / "c")


def test_without_versions_the_last_two_are_compared_and_with_one_that_and_the_newest(three):
    assert three.versions == [1, 2, 3]
    assert three.diff()["id"].tolist() == ["0001"]
    assert three.diff(1)["id"].tolist() == ["0000", "0001"]
    assert three.diff(2)["id"].tolist() == ["0001"]
    assert three.diff(b=2)["id"].tolist() == ["0000"]
    assert three.diff(1, 2)["id"].tolist() == ["0000"]


def test_a_version_that_is_alone_cannot_be_compared(three):
    three.vacuum()
    assert three.versions == [3]
    with pytest.raises(SchemaError, match=r"no version before version 3.*mode='sync'"):
        three.diff()


def test_an_opened_dataset_is_the_newest_version_that_was_written(opened, tmp_path):
    account = opened(rows(5))
    for name in ("versions", "one.parquet"):
        written = account.scan().to_parquet(tmp_path / name)
        found = dyno.open_dataset(str(tmp_path / name))
        assert (found.rows, found.version, found.size_bytes) == (5, 1, written.size_bytes)
        assert (found.versions, found.manifest, found.files) == ([1], written.manifest, written.files)
        assert found.footer["certificate"] == written.footer["certificate"]
        assert repr(found) == repr(written)
        assert found.counts is None
        pd.testing.assert_frame_equal(found.to_frame(), written.to_frame())


def test_a_path_without_a_dataset_cannot_be_opened(tmp_path):
    (tmp_path / "folder").mkdir()
    pd.DataFrame({"id": ["a"]}).to_parquet(tmp_path / "foreign.parquet")
    with pytest.raises(FileNotFoundError, match="written by to_parquet"):
        dyno.open_dataset(tmp_path / "nothing")
    for foreign in ("folder", "foreign.parquet"):
        with pytest.raises(SchemaError, match=r"pandas\.read_parquet"):
            dyno.open_dataset(tmp_path / foreign)
    with pytest.raises(ConfigError, match="path=5"):
        dyno.open_dataset(5)
