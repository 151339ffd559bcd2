"""One file behind a URL: it is there when it is complete, and everything else is refused with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import fsspec
import pandas as pd
import pytest
import s3fs

import dyno_frames as dyno
from dyno_frames.errors import ConfigError

pytestmark = pytest.mark.usefixtures("_small", "_cache")


@pytest.fixture(params=["memory", "s3"])
def url(request, tmp_path, monkeypatch) -> Iterator[str]:
    if request.param == "memory":
        yield f"memory://{tmp_path.name}/campaigns.parquet"
        fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)
        return
    settings = {
        "AWS_ENDPOINT_URL": request.getfixturevalue("endpoint"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"file-{uuid4().hex}"
    s3fs.S3FileSystem().mkdir(bucket)
    yield f"s3://{bucket}/campaigns.parquet"
    s3fs.S3FileSystem.clear_instance_cache()


def test_one_file_is_written_behind_a_url_and_replaced(account, url):
    written = account.scan("opens > 3").to_parquet(url)
    assert (written.path, written.rows) == (url, len(account.find("opens > 3")))
    assert len(pd.read_parquet(url)) == written.rows
    account.scan().to_parquet(url)
    assert len(pd.read_parquet(url)) == 300


def test_a_file_that_is_replaced_stays_if_the_new_one_cannot_be_written(account, url, monkeypatch):
    account.scan("opens > 3").to_parquet(url)
    before = pd.read_parquet(url)
    account.between.answering = lambda rows: [row | {"opens": "many"} for row in rows]
    with pytest.raises(dyno.DynoError):
        account.scan().to_parquet(url)
    pd.testing.assert_frame_equal(pd.read_parquet(url), before)


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        ("s3://shop/c.parquet", {"mode": "sync"}, r"mode='sync' makes a dataset of several files"),
        (
            "s3://shop/c.parquet",
            {"partition_by": "status"},
            r"partition_by= makes a dataset of several files",
        ),
        (
            "s3://shop/c",
            {},
            r"a dataset of versions in an object store is a Delta table: .*scan\.to_delta\(url\)",
        ),
        ("s3://shop/c", {"mode": "sync"}, r"scan\.to_delta\(url\)"),
        ("ftp://shop/c.parquet", {}, r"'ftp://shop/c\.parquet' is not in an object store"),
        ("file:///tmp/c.parquet", {}, r"Expected a local path"),
        ("s3::memory://c.parquet", {}, r"is a chain of file systems"),
        ("s3://KEY:hidden@shop/c.parquet", {}, r"the URL of 's3://shop/c\.parquet' has a user"),
        ("s3://shop/c.parquet?token=hidden", {}, r"the URL of 's3://shop/c\.parquet' has a user"),
    ],
)
def test_what_a_url_cannot_be_is_refused_before_a_request(account, url, options, said):
    scan = account.scan()
    before = len(account.box.requests)
    with pytest.raises(ConfigError, match=said) as raised:
        scan.to_parquet(url, **options)
    assert "hidden" not in str(raised.value)
    assert len(account.box.requests) == before


@pytest.mark.parametrize("read", [dyno.open_dataset, dyno.read_dataset])
def test_a_table_behind_a_url_is_opened_as_a_delta_table(read):
    with pytest.raises(ConfigError, match=r"dyno_frames\.open_delta\(url\)"):
        read("s3://shop/c")
