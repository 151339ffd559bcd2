"""Delta tables: one commit for each version, read by other programs, on a disk and in an object store."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pandas as pd
import polars as pl
import pytest
import s3fs
from deltalake import DeltaTable, write_deltalake

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, IncompleteResultWarning, QueryError, SchemaError
from dyno_frames.export.stores import delta_store

pytestmark = pytest.mark.usefixtures("_small", "_cache")

SECRET = "not-a-secret-but-hidden"


class Place:
    """Where a table is, and how its store is reached."""

    def __init__(self, path: str, options: dict[str, str] | None = None) -> None:
        self.path, self.options = path, options

    def write(self, account: Any, expr: Any = None, **how: Any) -> Any:
        return account.scan(expr).to_delta(self.path, storage_options=self.options, **how)

    def open(self) -> Any:
        return dyno.open_delta(self.path, storage_options=self.options)

    def plain(self, version: int | None = None) -> DeltaTable:
        """The table as deltalake opens it."""
        return DeltaTable(self.path, version=version, storage_options=self.options)


@pytest.fixture(params=["disk", "s3"])
def place(request, tmp_path) -> Iterator[Place]:
    if request.param == "disk":
        yield Place(str(tmp_path / "données <b>, 100 %"))
        return
    options = {
        "AWS_ENDPOINT_URL": request.getfixturevalue("endpoint"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    name = f"tables-{uuid4().hex}"
    bucket_files(options).mkdir(name)
    yield Place(f"s3://{name}/campaigns", options)


def bucket_files(options: dict[str, str]) -> s3fs.S3FileSystem:
    return s3fs.S3FileSystem(
        key="testing",
        secret=SECRET,
        client_kwargs={"endpoint_url": options["AWS_ENDPOINT_URL"]},
        skip_instance_cache=True,
    )


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)


def refused_before_a_request(account: Any, path: Path, error: type[Exception], said: str) -> None:
    scan = account.scan()
    before = len(account.box.requests)
    with pytest.raises(error, match=said):
        scan.to_delta(path)
    assert len(account.box.requests) == before
    assert not path.exists()


def plain_rows(account: Any) -> pd.DataFrame:
    """The rows as a program sees them that knows Delta tables alone: texts, and times in microseconds."""
    frame = account.find()
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype("str")
        if isinstance(dtype, pd.DatetimeTZDtype):
            frame[name] = frame[name].dt.as_unit("us")
    frame.attrs = {}
    return frame


def test_a_table_is_written_synced_compared_and_cleared(account, place):
    first = place.write(account)
    was = account.find()
    assert (first.version, first.rows, first.versions) == (0, 300, [0])
    same(first.to_frame(), was)
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    account.sql("DELETE FROM campaigns WHERE id = '00074'")
    second = place.write(account, mode="sync")
    assert second.counts == {
        "rows": 299,
        "added": 0,
        "changed": 1,
        "removed": 1,
        "moved": second.counts["moved"],
    }
    assert second.counts["moved"] < 300
    same(second.to_frame(), account.find())
    same(first.to_frame(), was)
    assert second.diff()["change"].astype(str).tolist() == ["changed", "removed"]
    assert place.plain(0).to_pyarrow_table().num_rows == 300
    assert place.open().versions == [0, 1]
    assert second.vacuum() > 0
    assert place.open().versions == [1]
    same(place.open().to_frame(), account.find())
    account.sql("UPDATE campaigns SET opens = 78, updated = NOW WHERE id = '00037'")
    assert place.write(account, mode="sync").counts["changed"] == 1
    same(place.open().to_frame(), account.find())


def test_a_sync_without_changes_makes_no_commit(account, place):
    place.write(account)
    assert place.write(account, mode="sync").version == 0
    assert place.plain().version() == 0


def test_other_programs_read_the_rows(account, tmp_path):
    path = str(tmp_path / "table")
    account.scan().to_delta(path, partition_by=["status", "created:year"])
    wanted = plain_rows(account)
    table = DeltaTable(path)
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.register("campaigns", table.to_pyarrow_dataset())
        by_duckdb = database.sql("FROM campaigns").df()
    found = {
        "deltalake": table.to_pandas(),
        "duckdb": by_duckdb,
        "polars": pl.read_delta(path).to_pandas(),
    }
    for reader, frame in found.items():
        assert set(frame["created_year"]) == set(wanted["created"].dt.strftime("%Y")), reader
        ordered = frame.sort_values(["created", "id"], ignore_index=True)[list(wanted.columns)]
        for name in ("start_time", "created", "updated"):
            ordered[name] = ordered[name].dt.tz_convert("UTC").dt.as_unit("us")
        for name in ("wide", "rate", "flag"):  # programs differ in how they show null
            ordered[name] = ordered[name].astype(wanted[name].dtype) if name != "wide" else wanted[name]
        pd.testing.assert_frame_equal(ordered, wanted, check_dtype=False, check_exact=True, obj=reader)
    assert {str(field.type.type) for field in table.schema().fields} <= {
        "string", "long", "double", "boolean", "timestamp",
    }  # fmt: skip
    drafts = table.to_pyarrow_table(filters=[("status", "=", "draft")])
    assert drafts.num_rows == (wanted["status"] == "draft").sum()


def test_a_row_that_moves_to_another_partition_is_there_once(account, place):
    place.write(account, partition_by="status")
    account.sql("UPDATE campaigns SET status = 'stopped', updated = NOW WHERE id = '00037'")
    synced = place.write(account, mode="sync")
    assert synced.counts["changed"] == 1
    same(synced.to_frame(), account.find())
    assert place.plain().to_pyarrow_table().num_rows == 300


@pytest.mark.parametrize("name", ["a,b", "x/../y", "<b>&%2F=", "é 中 \U0001f600", "'\"\\", "__HIVE", " "])
def test_a_value_of_a_partition_is_any_text(account, place, tmp_path, name):
    account.sql("UPDATE campaigns SET from_name = ?, updated = NOW WHERE id < '00100'", name)
    account.sql("UPDATE campaigns SET from_name = 'other', updated = NOW WHERE id >= '00100'")
    written = place.write(account, partition_by="from_name")
    same(written.to_frame(), account.find())
    wanted = sorted(account.find()["from_name"])
    assert sorted(place.plain().to_pyarrow_table()["from_name"].to_pylist()) == wanted
    if place.options is None:
        account.scan().to_delta(tmp_path / "table", partition_by="from_name")
        assert sorted(pl.read_delta(str(tmp_path / "table"))["from_name"].to_list()) == wanted


def test_an_empty_text_is_no_partition_because_delta_tables_read_it_as_null(account, place):
    account.sql("UPDATE campaigns SET from_name = CASE id WHEN '00037' THEN '' ELSE 'x' END, updated = NOW")
    with pytest.raises(
        ConfigError, match=r"partition_by='from_name': 1 rows have an empty text.*Nothing was written"
    ):
        place.write(account, partition_by="from_name")
    same(place.write(account).to_frame(), account.find())


def test_columns_that_differ_by_capital_letters_are_refused_before_a_request(opened, tmp_path):
    times = {"created": [1_400_000_000], "updated": [1_400_000_000]}
    shop = opened(pd.DataFrame({"id": ["1"], "name": ["a"], **times, "extra": [1], "Extra": [2]}))
    said = r"'extra' and 'Extra' differ by capital letters alone"
    refused_before_a_request(shop, tmp_path / "t", SchemaError, said)


def test_a_table_that_another_program_changed_is_not_opened_as_the_newest_version(account, place):
    place.write(account)
    place.plain().delete("opens > 3")
    with pytest.raises(
        ConfigError, match=r"another program has changed .* after version 0 \(DELETE\).*deltalake"
    ):
        place.open()
    assert place.write(account).version == 2
    same(place.open().to_frame(), account.find())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "s3://KEY:hidden@shop/t",
            r"the URL of 's3://shop/t' has a user, a password or a query.*storage_options=",
        ),
        ("s3://shop/t?token=hidden", r"the URL of 's3://shop/t' has"),
        ("file:///tmp/t", r"'file:///tmp/t' is not in an object store.*Expected a local path"),
        ("ftp://shop/t", r"'ftp://shop/t' is not in an object store"),
        ("s3://", r"is not in an object store"),
    ],
)
def test_a_url_of_no_object_store_or_with_credentials_is_refused(account, url, said):
    for use in (account.scan().to_delta, dyno.open_delta):
        with pytest.raises(ConfigError, match=said) as raised:
            use(url)
        assert "hidden" not in str(raised.value)


def test_append_replaces_rows_by_their_id(account, place):
    place.write(account, "opens > 3")
    account.sql("UPDATE campaigns SET opens = 1, updated = NOW WHERE id = '00037'")
    merged = place.write(account, "opens <= 3", mode="append")
    same(merged.to_frame(), account.find())


def test_a_new_column_is_added_and_null_in_older_rows(account, tmp_path):
    path = str(tmp_path / "table")
    account.scan().to_delta(path)
    account.between.answering = lambda rows: [
        row | {"flavor": "sweet"} if row["id"] == "00037" else row for row in rows
    ]
    account.sql("UPDATE campaigns SET updated = NOW, created = NOW WHERE id = '00037'")
    with dyno.connect(account.between.url, account.box.api_key, name="later") as client:
        client.campaigns.scan().to_delta(path, mode="sync")
    table = DeltaTable(path)
    assert "flavor" in [field.name for field in table.schema().fields]
    assert table.to_pandas()["flavor"].dropna().tolist() == ["sweet"]
    assert "flavor" not in DeltaTable(path, version=0).to_pandas().columns


def test_of_two_writers_one_commits_and_the_other_is_told(account, place):
    written = place.write(account, "opens > 3")
    store = delta_store(place.path, place.options)
    with pytest.raises(ConfigError, match=r"another run has written version 0 of .* meanwhile.*Run it again"):
        store.publish(written.manifest, {})
    assert place.plain().version() == 0


_MACHINE = """
import json, os, sys
import dyno_frames as dyno
from dyno_frames.errors import ConfigError

url, key, path, options, cache, least = json.loads(sys.argv[1])
os.environ["DYNO_CACHE_DIR"] = cache
with dyno.connect(url, key, page_size=50) as client:
    scan = client.campaigns.scan(f"opens >= {least}", progress=False)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(4):
        try:
            print("wrote", scan.to_delta(path, storage_options=options).version, flush=True)
        except ConfigError as error:
            assert "another run has written version" in str(error), error
            print("told", flush=True)
"""


def test_machines_that_write_at_once_commit_one_after_the_other(account, place, tmp_path):
    """Two processes, each with a cache of its own, so that no lock of this machine orders them.

    Their queries have the same rows and different texts, for a version that is the same to the byte is no conflict.
    """
    shared = [account.between.url, account.box.api_key, place.path, place.options]
    machines = [
        subprocess.Popen(
            [sys.executable, "-c", _MACHINE, json.dumps([*shared, str(tmp_path / str(least)), least])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for least in (-1, -2)
    ]
    for machine in machines:
        assert machine.stdout.readline() == "ready\n"
    said = []
    for machine in machines:
        machine.stdin.write("\n")
        machine.stdin.flush()
    for machine in machines:
        said += machine.communicate()[0].splitlines()
        assert machine.returncode == 0
    wrote = sorted(int(line.split()[1]) for line in said if line.startswith("wrote"))
    assert len(said) == 8
    assert wrote == list(range(len(wrote))) == place.open().versions
    for version in wrote:
        assert place.plain(version).to_pyarrow_table().num_rows == 300
    same(place.open().to_frame(), account.find())


@pytest.mark.parametrize("mode", ["append", "sync", "overwrite"])
def test_a_version_of_another_machine_is_not_replaced(account, tmp_path, monkeypatch, mode):
    path = tmp_path / "t"
    account.scan().to_delta(path)
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    others = []

    def meanwhile(rows: Any) -> Any:
        if not others:
            others.append(None)
            with monkeypatch.context() as patched:
                patched.setenv("DYNO_CACHE_DIR", str(tmp_path / "another machine"))
                others.append(account.scan().to_delta(path, mode="append"))
        return rows

    account.between.answering = meanwhile
    with pytest.raises(ConfigError, match=r"another run has written version \d of .* meanwhile"):
        account.scan().to_delta(path, mode=mode)
    assert dyno.open_delta(path).versions == [0, 1]
    same(dyno.open_delta(path).to_frame(), account.find())


def test_a_commit_in_the_moment_of_another_is_refused(account, place, monkeypatch):
    place.write(account)
    other = place.plain()
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    theirs = other.to_pyarrow_table().slice(0, 1)

    class Racing(DeltaTable):
        """A table in which another program commits just before us."""

        def create_write_transaction(self, *arguments: Any, **options: Any) -> None:
            write_deltalake(other, theirs, mode="append")
            super().create_write_transaction(*arguments, **options)

    monkeypatch.setattr("dyno_frames.export.delta.store.DeltaTable", Racing)
    with pytest.raises(ConfigError, match="another run has written version 1"):
        place.write(account, mode="sync")
    monkeypatch.undo()
    assert place.plain().version() == 1
    with pytest.raises(ConfigError, match=r"another program has changed .* after version 0 \(WRITE\)"):
        place.write(account, mode="sync")
    assert place.write(account).version == 2
    same(place.open().to_frame(), account.find())


def test_the_commit_says_what_the_rows_are_and_holds_no_secret(account, place):
    place.write(account, "opens > 3")
    commit = place.plain().history()[0]
    manifest = json.loads(commit["dyno_frames"])
    assert manifest["origin"]["expression"] == "opens > 3"
    assert manifest["certificate"]["verdict"] == "exact"
    assert manifest["watermark"]
    assert manifest["origin"]["account"]
    text = json.dumps(commit)
    assert account.box.api_key not in text
    assert SECRET not in text
    opened = place.open()
    assert SECRET not in repr(opened)
    assert SECRET.encode() not in pickle.dumps(opened)


def test_what_is_no_table_of_this_package_is_left_alone(account, tmp_path):
    foreign = tmp_path / "foreign"
    write_deltalake(foreign, pd.DataFrame({"id": ["1"]}))
    before = len(account.box.requests)
    for mode in ("overwrite", "append", "sync"):
        with pytest.raises(ConfigError, match="a Delta table that to_delta did not write"):
            account.scan().to_delta(foreign, mode=mode)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    with pytest.raises(ConfigError, match="a folder with other files"):
        account.scan().to_delta(tmp_path / "notes")
    with pytest.raises(ConfigError, match=r"a\.txt' is a file"):
        account.scan().to_delta(tmp_path / "notes" / "a.txt")
    with pytest.raises(ConfigError, match=r"none' does not exist; make it first"):
        account.scan().to_delta(tmp_path / "none" / "table")
    assert len(account.box.requests) == before
    assert DeltaTable(foreign).to_pandas()["id"].tolist() == ["1"]
    with pytest.raises(SchemaError, match="to_delta did not write"):
        dyno.open_delta(foreign)
    with pytest.raises(FileNotFoundError):
        dyno.open_delta(tmp_path / "nothing")


def test_arguments_are_checked_before_a_request(account, tmp_path):
    account.scan().to_delta(tmp_path / "t", partition_by="status")
    before = len(account.box.requests)
    wrong: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"mode": "merge"}, ConfigError, "mode='merge'"),
        ({"partition_by": "no_such"}, ConfigError, "no_such"),
        ({"storage_options": {"key": 5}}, ConfigError, "storage_options="),
        ({"storage_options": "key"}, ConfigError, "storage_options= is of type str"),
        (
            {"partition_by": "from_name"},
            ConfigError,
            r"partitioned by \['status'\], and this run by \['from_name'\]",
        ),
    ]
    for options, kind, said in wrong:
        with pytest.raises((kind, QueryError), match=said):
            account.scan().to_delta(tmp_path / "t", **options)
    with pytest.raises(ConfigError, match="path=5"):
        account.scan().to_delta(5)
    assert len(account.box.requests) == before


def test_another_query_or_another_account_is_not_synced_into_a_table(account, tmp_path):
    path = tmp_path / "t"
    account.scan("opens > 3").to_delta(path)
    with pytest.raises(ConfigError, match=r"holds the answer to 'opens > 3', and this query is"):
        account.scan("opens > 4").to_delta(path, mode="sync")


def test_a_damaged_file_is_named(account, place):
    written = place.write(account)
    name = written.manifest.files[0].path
    if place.options:
        files = bucket_files(place.options)
        address = f"{place.path}/{name}"
        files.pipe_file(address, files.cat_file(address)[:-1] + b"?")
    else:
        address = Path(place.path) / name
        address.write_bytes(address.read_bytes()[:-1] + b"?")
    with pytest.raises(SchemaError, match=f"{name}.*its SHA-256 differs"):
        place.open().to_frame()
    if place.options:
        files.rm_file(address)
    else:
        address.unlink()
    with pytest.raises(SchemaError, match=f"{name}.*does not exist"):
        place.open().to_frame()


def test_a_damaged_log_is_an_error_of_this_package(account, tmp_path):
    path = tmp_path / "t"
    account.scan().to_delta(path)
    [commit] = (path / "_delta_log").glob("*.json")
    commit.write_text(commit.read_text()[:200])
    with pytest.raises(ConfigError, match="cannot be read or written"):
        account.scan().to_delta(path, mode="sync")


def test_an_interrupted_run_is_resumed(account, tmp_path, monkeypatch):
    path = tmp_path / "t"
    with monkeypatch.context() as patched:
        patched.setattr("dyno_frames.export.delta.store.DeltaStore.publish", _stopped)
        with pytest.raises(KeyboardInterrupt):
            account.scan().to_delta(path)
    before = len(account.between.bodies["find"])
    account.scan().to_delta(path)
    assert len(account.between.bodies["find"]) <= before + 1
    same(dyno.open_delta(path).to_frame(), account.find())


def test_a_run_that_ends_before_its_first_commit_is_completed_by_the_next(account, place, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("dyno_frames.export.delta.commits.commit", _stopped)
        with pytest.raises(KeyboardInterrupt):
            place.write(account, partition_by="status")
    with pytest.raises(FileNotFoundError):
        place.open()
    same(place.write(account, partition_by="status").to_frame(), account.find())
    assert place.plain().to_pyarrow_table().num_rows == 300


def test_a_run_reads_the_commits_of_a_table_once(account, tmp_path, monkeypatch):
    path, read = tmp_path / "table", []
    account.scan().to_delta(path)
    history = DeltaTable.history
    monkeypatch.setattr(DeltaTable, "history", lambda self: read.append(self.version()) or history(self))
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    assert account.scan().to_delta(path, mode="sync").counts["changed"] == 1
    assert read == [0]


def test_a_reader_is_not_told_of_another_program_when_this_package_commits(account, place):
    first = place.write(account)
    store = delta_store(place.path, place.options)
    place.write(account, "opens > 3")
    store.check_newest(first.manifest)
    same(first.to_frame(), account.find())


@pytest.fixture
def elsewhere(account, place, tmp_path, monkeypatch) -> Callable[..., None]:
    """Let another machine write the table once, just before or after the next call of a method of deltalake."""

    def write() -> None:
        with monkeypatch.context() as patched:
            patched.setenv("DYNO_CACHE_DIR", str(tmp_path / "another machine"))
            place.write(account)

    def before(name: str, *, after: bool = False) -> None:
        method = getattr(DeltaTable, name)

        def replaced(self: DeltaTable, *arguments: Any, **options: Any) -> Any:
            setattr(DeltaTable, name, method)
            if not after:
                write()
            found = method(self, *arguments, **options)
            if after:
                write()
            return found

        monkeypatch.setattr(DeltaTable, name, replaced)

    return before


def test_versions_have_their_numbers_while_another_machine_writes(account, place, elsewhere):
    place.write(account, "opens > 3")
    second = place.write(account, "opens > 4")
    place.open().vacuum()
    elsewhere("history")
    assert place.open().versions == [1, place.plain().version()]
    same(second.to_frame(), account.find("opens > 4"))


def test_vacuum_is_refused_while_another_machine_writes(account, place, elsewhere):
    first, second = (place.write(account, query) for query in ("opens > 3", "opens > 4"))
    elsewhere("vacuum")
    with pytest.raises(ConfigError, match=r"another program wrote to the Delta table .*Run vacuum again"):
        second.vacuum()
    assert place.open().versions == [0, 1, 2]
    for written, query in ((first, "opens > 3"), (second, "opens > 4"), (place.open(), None)):
        same(written.to_frame(), account.find(query))
    assert place.open().vacuum() > 0
    same(place.open().to_frame(), account.find())


@pytest.mark.parametrize("place", ["disk"], indirect=True)
def test_vacuum_hides_no_version_that_another_machine_writes_meanwhile(account, place, elsewhere):
    place.write(account, "opens > 3")
    second = place.write(account, "opens > 4")
    left, week_ago = Path(place.path) / "part-of-an-old-run.parquet", time.time() - 8 * 86_400
    left.write_bytes(b"PAR1" * 25)
    os.utime(left, (week_ago, week_ago))
    elsewhere("vacuum", after=True)
    second.vacuum()
    assert not left.exists()
    assert place.open().versions == [1, place.plain().version() - 2]
    same(place.open().to_frame(), account.find())
    same(second.to_frame(), account.find("opens > 4"))
    assert place.write(account, mode="sync").rows == 300


def test_a_path_that_deltalake_reads_in_two_ways_is_refused_before_a_request(account, tmp_path):
    said = r"'.*a%20b' has '%20', and programs that read Delta tables"
    refused_before_a_request(account, tmp_path / "a%20b", ConfigError, said)


def test_vacuum_removes_files_of_interrupted_runs_after_the_retention_time(account, tmp_path):
    path = tmp_path / "table"
    made = account.scan().to_delta(path)
    olds = [path / "part-of-an-old-run.parquet", path / "folder" / f".part-0.parquet.{uuid4().hex}.part"]
    news = [path / "part-of-a-run-just-now.parquet", path / "folder" / f".part-1.parquet.{uuid4().hex}.part"]
    (path / "folder").mkdir()
    for left in (*olds, *news):
        left.write_bytes(b"PAR1" * 25)
    week_ago = time.time() - 8 * 86_400
    for old in olds:
        os.utime(old, (week_ago, week_ago))
    assert made.vacuum() == 200
    assert [one.exists() for one in (*olds, *news)] == [False, False, True, True]
    assert dyno.open_delta(path).versions == [0]
    same(dyno.open_delta(path).to_frame(), account.find())
    assert account.scan().to_delta(path, mode="sync").version == 0


def test_a_version_whose_completeness_alone_differs_is_a_commit_without_files(account, place):
    account.between.writing = lambda answer: answer.replace(b'"count":300', b'"count":301')
    with pytest.warns(IncompleteResultWarning):
        first = place.write(account)
    account.between.writing = bytes
    second = place.write(account, mode="sync")
    assert (first.version, second.version) == (0, 1)
    assert second.footer["certificate"]["verdict"] == "exact"
    same(second.to_frame(), account.find())


def _stopped(*_: Any) -> None:
    raise KeyboardInterrupt
