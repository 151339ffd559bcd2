"""An object store that cannot be used gives an error of this package that says what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests
import s3fs

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, TransportError

pytestmark = pytest.mark.usefixtures("_small", "_cache")

URL = "s3://shop-errors/daily"


@pytest.fixture
def aws(endpoint, tmp_path, monkeypatch) -> Iterator[dict[str, str]]:
    """Settings of the S3 client, and no others than these."""
    settings = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
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


def uses(account):
    """Return what reads and writes the dataset."""
    return {
        "write": lambda: account.scan().to_parquet(URL),
        "sync": lambda: account.scan().to_parquet(URL, mode="sync"),
        "read": lambda: dyno.read_dataset(URL),
    }


@pytest.mark.parametrize("use", ["write", "sync", "read"])
def test_missing_credentials_are_named_with_their_cure(account, aws, monkeypatch, use):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigError, match=r"'s3://shop-errors/daily'.*credentials.*AWS_ACCESS_KEY_ID"):
        uses(account)[use]()


@pytest.mark.parametrize("use", ["write", "sync", "read"])
def test_refused_credentials_are_a_config_error_without_the_key(account, aws, use):
    requests.post(f"{aws['AWS_ENDPOINT_URL']}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        with pytest.raises(ConfigError, match="refuses the credentials") as raised:
            uses(account)[use]()
    finally:
        requests.post(f"{aws['AWS_ENDPOINT_URL']}/moto-api/reset-auth", data=b"inf", timeout=10)
    assert "not-a-secret" not in str(raised.value)


@pytest.mark.parametrize("use", ["write", "sync"])
def test_a_bucket_that_does_not_exist_is_named_before_rows_are_fetched(account, aws, use):
    scan = account.scan()
    before = len(account.box.requests)
    with pytest.raises(ConfigError, match=r"bucket 'shop-errors' does not exist.*create it"):
        scan.to_parquet(URL, mode="overwrite" if use == "write" else use)
    assert len(account.box.requests) == before
    with pytest.raises(FileNotFoundError):
        uses(account)["read"]()


@pytest.mark.parametrize("use", ["write", "sync", "read"])
def test_a_store_that_does_not_answer_is_a_transport_error(account, aws, monkeypatch, use):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(TransportError, match=r"'s3://shop-errors/daily' cannot be reached"):
            uses(account)[use]()
