"""An object store that cannot be used gives an error of this package that says what to do."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import s3fs

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, TransportError

pytestmark = pytest.mark.usefixtures("_small", "_cache")

FILE = "s3://shop-errors/daily.parquet"
TABLE = "s3://shop-errors/daily"

USES: dict[str, Callable[[Any], Any]] = {
    "write a file": lambda account: account.scan().to_parquet(FILE),
    "write a table": lambda account: account.scan().to_delta(TABLE),
    "sync a table": lambda account: account.scan().to_delta(TABLE, mode="sync"),
    "open a table": lambda _: dyno.open_delta(TABLE),
}


@pytest.fixture
def aws(endpoint, tmp_path, monkeypatch) -> Iterator[dict[str, str]]:
    """Settings of the clients of S3, and no others than these."""
    settings = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    yield settings
    s3fs.S3FileSystem.clear_instance_cache()


def test_missing_credentials_are_named_with_their_cure(account, aws, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(
        ConfigError, match=r"'s3://shop-errors/daily.parquet'.*credentials.*AWS_ACCESS_KEY_ID"
    ):
        account.scan().to_parquet(FILE)


@pytest.mark.parametrize("use", USES)
def test_refused_credentials_are_an_error_without_the_key(account, aws, use):
    requests.post(f"{aws['AWS_ENDPOINT_URL']}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        with pytest.raises((ConfigError, TransportError), match="s3://shop-errors/daily") as raised:
            USES[use](account)
    finally:
        requests.post(f"{aws['AWS_ENDPOINT_URL']}/moto-api/reset-auth", data=b"inf", timeout=10)
    assert "not-a-secret" not in str(raised.value)


@pytest.mark.parametrize("use", USES)
def test_a_bucket_that_does_not_exist_is_an_error_that_names_it(account, aws, use):
    with pytest.raises((ConfigError, TransportError, FileNotFoundError), match="shop-errors"):
        USES[use](account)


@pytest.mark.parametrize("use", ["write a file"])
def test_a_store_that_does_not_answer_is_a_transport_error(account, aws, monkeypatch, use):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(TransportError, match=r"'s3://shop-errors/daily.parquet' cannot be reached"):
            USES[use](account)
