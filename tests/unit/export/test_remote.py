"""Datasets behind URLs: the manifest says what is there, is made by one writer alone, and older versions stay."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import duckdb
import fsspec
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import s3fs

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export.stores import store_of

pytestmark = pytest.mark.usefixtures("_small", "_cache")


@pytest.fixture
def bucket(endpoint, tmp_path, monkeypatch) -> Iterator[str]:
    """A bucket of that server."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"shop-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:20]}"
    s3fs.S3FileSystem().mkdir(name)
    yield f"s3://{name}/daily"
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(params=["memory", "s3"])
def url(request, tmp_path) -> Iterator[str]:
    if request.param == "s3":
        yield request.getfixturevalue("bucket")
        return
    yield f"memory://{tmp_path.name}/c"
    fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)


def listed(dataset: Any) -> pd.DataFrame:
    """What a reader sees that is given the list of files."""
    files, _ = fsspec.core.url_to_fs(dataset.files[0])
    tables = [pq.read_table(files.open(name, "rb")) for name in dataset.files]
    return pd.concat([table.to_pandas() for table in tables], ignore_index=True)


def test_a_dataset_behind_a_url_is_written_synced_read_and_cleared(account, url):
    first = account.scan().to_parquet(url, max_rows_per_file=100)
    assert (first.version, first.rows, first.path) == (1, 300, url)
    was = account.find()
    pd.testing.assert_frame_equal(dyno.read_dataset(url), was)
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    account.sql("DELETE FROM campaigns WHERE id = '00074'")
    second = account.scan().to_parquet(url, mode="sync", max_rows_per_file=100)
    assert {name: second.counts[name] for name in ("added", "changed", "removed")} == {
        "added": 0,
        "changed": 1,
        "removed": 1,
    }
    pd.testing.assert_frame_equal(dyno.read_dataset(url), account.find())
    pd.testing.assert_frame_equal(dyno.read_dataset(url, version=1), was)
    assert sorted(listed(second)["id"]) == sorted(account.find()["id"])
    assert len(set(first.files) & set(second.files)) == 2, "files that did not change are not sent again"
    assert second.diff(1)["change"].astype(str).tolist() == ["changed", "removed"]
    assert second.vacuum() > 0
    assert second.versions == [2]
    pd.testing.assert_frame_equal(dyno.read_dataset(url), account.find())
    with pytest.raises(SchemaError, match="version=1: there is no such version"):
        dyno.read_dataset(url, version=1)


def test_partitions_behind_a_url_are_read_back(account, url):
    account.scan().to_parquet(url, partition_by=["status", "created:year"])
    pd.testing.assert_frame_equal(dyno.read_dataset(url), account.find())


def test_only_one_of_two_writers_commits_a_version(account, url):
    written = account.scan("opens > 3").to_parquet(url)
    place = store_of(url)
    with pytest.raises(ConfigError, match=r"another run has written version 1 of .* meanwhile"):
        place.publish(written.manifest, {})
    assert place.versions() == [1]


def test_a_file_that_was_spoilt_in_the_store_is_named(account, url):
    written = account.scan("opens > 3").to_parquet(url)
    files, root = fsspec.core.url_to_fs(written.files[0])
    files.pipe_file(root, files.cat_file(root)[:-1] + b"?")
    with pytest.raises(SchemaError, match="its SHA-256 differs"):
        dyno.read_dataset(url)
    files.rm_file(root)
    with pytest.raises(SchemaError, match="does not exist"):
        dyno.read_dataset(url)


@pytest.fixture
def copied(url, tmp_path):
    """Return a function that copies everything behind the URL to a local folder."""

    def copy():
        files, root = fsspec.core.url_to_fs(url)
        files.invalidate_cache()
        files.get(root, str(tmp_path / "copied"), recursive=True)
        return tmp_path / "copied"

    return copy


def test_a_plain_pattern_finds_nothing_rather_than_several_versions(account, url, copied):
    written = account.scan().to_parquet(url)
    account.sql("DELETE FROM campaigns WHERE id = '00074'")
    second = account.scan().to_parquet(url, mode="sync")
    folder = copied()
    with pytest.raises(duckdb.IOException, match="No files found"):
        duckdb.sql(f"FROM '{folder}/**/*.parquet'")
    _, root = fsspec.core.url_to_fs(url)
    local = [str(folder / name.partition(f"{root}/")[2]) for name in second.files]
    assert pl.read_parquet(local).height == 299
    assert len(duckdb.sql(f"FROM read_parquet({local})").df()) == 299
    assert len(written.to_frame()) == 300


def test_what_was_fetched_for_a_url_is_kept_on_this_machine(account, interrupted, url, tmp_path):
    staged = interrupted(url, chunks=3)
    assert store_of(url).versions() == []
    done = account.scan().to_parquet(url)
    assert done.counts["moved"] < 300 - staged + 20
    pd.testing.assert_frame_equal(dyno.read_dataset(url), account.find())
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != "lock"] == []


def test_nothing_behind_a_url_holds_the_key(account, url, copied):
    account.scan().to_parquet(url)
    read = [path.read_bytes() for path in copied().rglob("*") if path.is_file()]
    assert len(read) == 2
    assert not any(account.box.api_key.encode() in content for content in read)


def test_a_url_of_an_unknown_kind_is_refused(account):
    with pytest.raises(
        ConfigError, match="'nowhere://x/y' cannot be written to: Protocol not known: nowhere"
    ):
        account.scan().to_parquet("nowhere://x/y")
