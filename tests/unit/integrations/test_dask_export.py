"""Exports on a Dask cluster: every row once, in files that one commit names, whatever happens to the workers."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from uuid import uuid4

import dask
import pandas as pd
import pyarrow.parquet as pq
import pytest
import s3fs
from cloudpickle import dumps, loads
from deltalake import DeltaTable

import dyno_frames as dyno
from dyno_frames.cli import main
from dyno_frames.errors import ApiError, ConfigError, QueryError
from dyno_frames.export import cluster as exports
from dyno_frames.export.delta.objects import TableFiles
from dyno_frames.export.stores import delta_store

WINDOW = 400
ROWS = 4_000


@pytest.fixture(autouse=True)
def _small(monkeypatch, tmp_path):
    monkeypatch.setattr(exports, "ROWS_PER_WINDOW", WINDOW)
    monkeypatch.setenv("DYNO_CACHE_DIR", str(tmp_path / "cache"))


def same_rows(found, wanted):
    """Compare rows in order of (created, id); partitions have another order."""
    found = found.sort_values(["created", "id"], ignore_index=True)
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def files_below(path):
    return [one for one in path.rglob("*") if one.is_file()]


QUERIES = (None, "opens % 2 == 0 and name.str.contains('1')", "opens > 500")


@pytest.mark.parametrize("form", ["parquet", "delta"])
@pytest.mark.parametrize("partition_by", [None, ["status", "created:month"]])
def test_a_dataset_has_the_rows_of_pandas(many_client, cluster, tmp_path, form, partition_by):
    for number, query in enumerate(QUERIES):
        scan, path = many_client.campaigns.scan(query), tmp_path / f"données {number}, 100 %"
        write = scan.to_parquet if form == "parquet" else scan.to_delta
        made, wanted = write(path, client=cluster, partition_by=partition_by), scan.to_frame()
        same_rows(made.to_frame(), wanted)
        assert made.rows == len(wanted)
        assert made.footer["certificate"]["verdict"] == "exact"
        plain = DeltaTable(str(path)).to_pyarrow_table() if form == "delta" else pd.read_parquet(path)
        assert len(plain) == len(wanted)
        again = write(path, mode="sync", client=cluster)
        assert (again.version, again.rows) == (made.version, made.rows)


def test_no_file_is_left_beside_those_of_the_version(many_client, cluster, tmp_path):
    made = many_client.campaigns.scan().to_parquet(tmp_path / "c", client=cluster)
    parts = [one for one in files_below(tmp_path / ".c.dyno") if one.suffix == ".parquet"]
    assert len(parts) == len(made.files) == ROWS // WINDOW


def test_a_cluster_sends_about_as_many_requests_as_one_process(changing, cluster, tmp_path):
    box, client = changing
    scan = client.campaigns.scan()
    sent = len(box.requests)
    scan.to_parquet(tmp_path / "alone")
    alone = len(box.requests) - sent
    scan.to_parquet(tmp_path / "many", client=cluster)
    together = len(box.requests) - sent - alone
    # each window has a count and a last page of its own, and these windows have four pages
    assert together <= alone + 6 * ROWS // WINDOW


def stopped(box, client, cluster, injected, path):
    """Write some windows of a table, until the server refuses; return how many rows they have."""
    failure = {"kind": "refusal", "after": 30, "operations": ["campaigns.find"]}
    with injected(box, failure), pytest.raises(ApiError):
        client.campaigns.scan().to_parquet(path, client=cluster)
    windows = [
        json.loads(one.read_text()) for one in (path.parent / f".{path.name}.dyno").glob("work/window-*.json")
    ]
    assert windows
    return windows


def test_a_run_that_failed_goes_on_after_its_written_windows(changing, cluster, injected, tmp_path):
    box, client = changing
    windows = stopped(box, client, cluster, injected, tmp_path / "c")
    assert not (tmp_path / "c").exists()
    [damaged] = (tmp_path / ".c.dyno/work/files").glob(windows[0]["files"][0]["path"])
    damaged.write_bytes(b"damaged")
    sent = len(box.requests)
    made = client.campaigns.scan().to_parquet(tmp_path / "c", client=cluster)
    resumed = len(box.requests) - sent
    client.campaigns.scan().to_parquet(tmp_path / "whole", client=cluster)
    whole = len(box.requests) - sent - resumed
    assert 0 < resumed <= whole - 3 * (len(windows) - 1)  # all but the damaged one, of four pages each
    same_rows(made.to_frame(), client.campaigns.find())


def test_a_run_that_goes_on_sees_what_changed_in_between(changing, cluster, injected, tmp_path):
    box, client = changing
    windows = stopped(box, client, cluster, injected, tmp_path / "c")
    low, high = windows[0]["files"][0]["first"][0], windows[0]["files"][0]["last"][0]
    with box._store.transaction() as connection:
        connection.execute("DELETE FROM campaigns WHERE created = ?", (low,))
        connection.execute("UPDATE campaigns SET created = ? WHERE created = ?", (low - 1, high))
    client.campaigns.create(name="later", list_id="none")
    made = client.campaigns.scan().to_parquet(tmp_path / "c", client=cluster)
    same_rows(made.to_frame(), client.campaigns.find())
    certificate = made.footer["certificate"]
    assert certificate["verdict"] == "exact"
    assert "rows came in an earlier run that was interrupted" in certificate["notes"][0]


def test_a_run_with_other_files_does_not_go_on_with_those_of_an_earlier_one(
    changing, cluster, injected, tmp_path
):
    box, client = changing
    stopped(box, client, cluster, injected, tmp_path / "c")
    made = client.campaigns.scan().to_parquet(tmp_path / "c", client=cluster, compression="snappy")
    used = {
        pq.ParquetFile(path).metadata.row_group(0).column(0).compression
        for path in files_below((tmp_path / "c").resolve())
    }
    assert used == {"SNAPPY"}
    same_rows(made.to_frame(), client.campaigns.find())


def test_workers_get_the_settings_of_an_object_store_and_no_credentials():
    given = {
        "AWS_REGION": "eu-central-1",
        "aws_sse_kms_key_id": "the-key-of-the-bucket",
        "AWS_ALLOW_HTTP": "true",
        "aws_access_key_id": "hidden-1",
        "AWS_SESSION_TOKEN": "hidden-2",
        "azure_storage_connection_string": "hidden-3",
        "proxy_url": "http://user:hidden-4@proxy",
        "AWS_ENDPOINT_URL": "http://user:hidden-5@127.0.0.1",
        "google_service_account": "hidden-6",
    }
    sent = loads(dumps(TableFiles("s3://bucket/table", given)))
    assert sent.options == {
        name: given[name] for name in ("AWS_REGION", "aws_sse_kms_key_id", "AWS_ALLOW_HTTP")
    }
    assert "hidden" not in repr(TableFiles("s3://bucket/table", given))


def test_rows_are_neither_lost_nor_doubled_when_workers_are_killed(
    many_client, cluster, kill_one, tmp_path, seed
):
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    scan = many_client.campaigns.scan()
    wanted = scan.to_frame()
    for number in range(4):
        write = scan.to_delta if number % 2 else scan.to_parquet
        killing = threading.Timer(dice.uniform(0, 0.8), kill_one, (cluster, dice.random()))
        killing.start()
        made = write(tmp_path / f"{number}", client=cluster)
        killing.join()
        same_rows(made.to_frame(), wanted)
        assert made.footer["certificate"]["verdict"] == "exact"
        cluster.wait_for_workers(2, timeout=30)


def test_a_table_in_an_object_store_without_credentials_in_the_tasks(
    many_client, cluster, endpoint, tmp_path
):
    bucket = f"tables-{uuid4().hex}"
    options = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true"}
    mine = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "0nly-the-client-has-it"}
    s3fs.S3FileSystem(
        key="testing", secret="x", client_kwargs={"endpoint_url": endpoint}, skip_instance_cache=True
    ).mkdir(bucket)
    scan = many_client.campaigns.scan()
    url = f"s3://{bucket}/campaigns"
    made = scan.to_delta(url, client=cluster, storage_options=options | mine, partition_by="status")
    same_rows(made.to_frame(), scan.to_frame())
    assert DeltaTable(url, storage_options=options | mine).to_pyarrow_table().num_rows == made.rows
    sent = dumps(delta_store(url, options | mine).target)
    assert endpoint.encode() in sent
    assert mine["AWS_SECRET_ACCESS_KEY"].encode() not in sent


def test_a_folder_that_the_workers_do_not_share_is_named_before_rows_are_read(
    changing, cluster, tmp_path, monkeypatch
):
    box, client = changing
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "link").symlink_to("/proc/self/cwd")  # another folder in each process
    scan = client.campaigns.scan()
    sent = len(box.requests)
    with pytest.raises(ConfigError, match="that this process and all workers share"):
        scan.to_parquet(tmp_path / "link" / "c", client=cluster)
    assert [one for one in box.requests[sent:] if one.path == "/campaigns/find"] == []
    assert files_below(tmp_path / "here" / ".c.dyno" / "work") == []


def test_wrong_arguments_are_refused_before_a_request(changing, cluster, tmp_path):
    box, client = changing
    scan, sent = client.campaigns.scan(), len(box.requests)
    with pytest.raises(ConfigError, match="client= is of type str; expected a dask"):
        scan.to_parquet(tmp_path / "c", client="tcp://127.0.0.1:1")
    with pytest.raises(ConfigError, match="and there is none"):
        scan.to_delta(tmp_path / "c", max_requests_per_second=5)
    with pytest.raises(ConfigError, match="max_requests_per_second=0; expected a number"):
        scan.to_delta(tmp_path / "c", client=cluster, max_requests_per_second=0)
    with pytest.raises(ConfigError, match="client= makes a dataset of several files"):
        scan.to_parquet(tmp_path / "c.parquet", client=cluster)
    assert len(box.requests) == sent
    assert list(tmp_path.iterdir()) == []


def test_rows_with_an_order_are_not_written_by_a_cluster(many_client, cluster, tmp_path):
    scan = many_client.campaigns.scan(order_by="opens", limit=10)
    with pytest.raises(QueryError, match="have an order, a limit or an offset"):
        scan.to_parquet(tmp_path / "c", client=cluster)


@pytest.fixture
def _in_environment(many, cluster_keys, monkeypatch):
    monkeypatch.setenv("DYNO_URL", many.url)
    monkeypatch.setenv("DYNO_API_KEY", cluster_keys["main"])


@pytest.mark.usefixtures("_in_environment")
def test_the_command_exports_with_the_workers_of_a_scheduler(many_client, cluster, tmp_path):
    command = [sys.executable, "-m", "dyno_frames", "export", "campaigns", "--to", str(tmp_path / "c")]
    command += ["--where", "opens > 50", "--max-requests-per-second", "500"]
    command += ["--scheduler", cluster.scheduler.address]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "exact" in done.stdout
    same_rows(dyno.open_dataset(tmp_path / "c").to_frame(), many_client.campaigns.find("opens > 50"))


@pytest.mark.usefixtures("_in_environment")
def test_an_address_without_a_scheduler_is_named(many, tmp_path, capsys):
    sent = many.requests[-1:]
    command = ["export", "campaigns", "--to", str(tmp_path / "c")]
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        assert main([*command, "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "no Dask scheduler answers at 'tcp://127.0.0.1:9'" in capsys.readouterr().err
    assert main([*command, "--scheduler", "nonsense"]) == 2
    assert "'nonsense' is not the address of a Dask scheduler" in capsys.readouterr().err
    assert main([*command, "--max-requests-per-second", "3"]) == 2
    assert "limits the workers of --scheduler, and there is none" in capsys.readouterr().err
    assert many.requests[-1:] == sent


def test_rows_that_go_after_they_were_written_are_in_the_certificate(changing, cluster, tmp_path):
    box, client = changing
    scan = client.campaigns.scan()
    stopped = threading.Event()

    def delete() -> None:
        """Delete the oldest row once a window is written."""
        while not stopped.is_set():
            if list(tmp_path.glob(".c.dyno/work/window-145000*.json")):
                with box._store.transaction() as connection:
                    connection.execute("DELETE FROM campaigns WHERE created = 1450000000")
                return

    deleting = threading.Thread(target=delete)
    deleting.start()
    try:
        made = scan.to_parquet(tmp_path / "c", client=cluster)
    finally:
        stopped.set()
        deleting.join()
    certificate = made.footer["certificate"]
    assert certificate["verdict"] == "at_least_once"
    assert "the server counted 4,000 rows before and 3,999 after; 4,000 came" in certificate["reasons"]
