"""What cannot be written is refused with the reason and the cure, before anything that was there is touched."""

from __future__ import annotations

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.cli.program import run
from dyno_frames.errors import ConfigError, IncompleteResultWarning, QueryError

pytestmark = pytest.mark.usefixtures("_small")

BEGAN_S = 1_400_000_000


@pytest.mark.parametrize(
    "cut",
    [
        lambda frame: frame.head(1),
        lambda frame: frame[frame.opens > 3],
        lambda frame: frame.drop_duplicates("opens"),
        lambda frame: pd.concat([frame, frame]),
        lambda frame: frame.head(0),
    ],
)
@pytest.mark.parametrize("name", ["c", "c.parquet"])
def test_a_frame_that_holds_other_rows_than_its_query_gave_is_not_exported(account, tmp_path, cut, name):
    frame = cut(account.find())
    account.between.forget()
    with pytest.raises(QueryError, match=r"no longer the answer to its query.*frame\.to_parquet"):
        frame.dyno.to_parquet(tmp_path / name)
    assert account.between.bodies == {"find": [], "count": []}
    assert list(tmp_path.iterdir()) == []


def test_a_frame_with_the_rows_of_its_query_is_exported_whole(account, tmp_path):
    frame = account.find("opens > 3")
    assert frame.dyno.to_parquet(tmp_path / "a").rows == len(frame)
    assert frame.copy().dyno.to_parquet(tmp_path / "b").rows == len(frame)
    assert account.find("opens > 10000").dyno.to_parquet(tmp_path / "c").rows == 0
    assert account.client.campaigns.frame().dyno.to_parquet(tmp_path / "d").rows == 300


def test_a_dataset_and_a_file_that_were_read_back_are_exported_again(account, tmp_path):
    account.scan("opens > 3").to_parquet(tmp_path / "a")
    account.sql("UPDATE campaigns SET opens = 1000, updated = NOW WHERE id < '00100'")
    account.scan("opens > 3").to_parquet(tmp_path / "a", mode="sync")
    account.scan("opens > 3").to_parquet(tmp_path / "b.parquet")
    for name in ("a", "b.parquet"):
        frame = dyno.read_dataset(tmp_path / name)
        assert frame.dyno.to_parquet(tmp_path / "again").rows == len(frame) > 0


def without(opened, *names, **values):
    """An account whose server sends rows without some of the times."""
    at = pd.Series(range(40))
    rows = pd.DataFrame(
        {"id": at.map("{:04d}".format), "name": "n", "created": BEGAN_S + at, "updated": BEGAN_S + at}
    )
    return opened(rows.drop(columns=list(names)).assign(**values))


def some_missing():
    return pd.Series([None, *range(BEGAN_S, BEGAN_S + 39)], dtype="Int64")


@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_a_server_without_updated_gives_a_whole_export_that_says_so(opened, tmp_path, mode):
    account = without(opened, "updated")
    written = account.scan().to_parquet(tmp_path / "c", mode=mode)
    assert (written.rows, written.footer["certificate"]["verdict"]) == (40, "exact")
    assert any("cannot be synced" in note for note in written.footer["certificate"]["notes"])
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())
    account.sql("DELETE FROM campaigns WHERE id = '0007'")
    assert account.scan().to_parquet(tmp_path / "c").rows == 39


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_command_line_says_that_a_dataset_without_updated_cannot_be_synced(
    opened, tmp_path, monkeypatch, capsys, form
):
    account = without(opened, "updated")
    monkeypatch.setenv("DYNO_URL", account.between.url)
    monkeypatch.setenv("DYNO_API_KEY", account.box.api_key)
    given = ["export", "campaigns", "--to", str(tmp_path / "c"), *form]
    assert run(given) == 0
    assert "rows without 'updated', so this dataset cannot be synced" in capsys.readouterr().out
    assert run([*given, "--mode", "sync"]) == 2
    assert "Use --mode overwrite, which fetches every row" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["all", "some"])
def test_a_sync_from_a_server_without_updated_is_refused_with_the_reason(opened, tmp_path, missing):
    account = without(opened, "updated") if missing == "all" else without(opened, updated=some_missing())
    scan = account.scan()
    account.between.forget()
    with pytest.raises(ConfigError, match=r"the server sends rows without 'updated'. Use mode='overwrite'"):
        scan.to_parquet(tmp_path / "c", mode="sync")
    assert account.between.bodies == {"find": [], "count": []}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["all", "some"])
@pytest.mark.parametrize("mode", ["overwrite", "append", "sync"])
def test_a_dataset_of_rows_without_created_is_refused_with_the_cure(opened, tmp_path, missing, mode):
    account = without(opened, "created") if missing == "all" else without(opened, created=some_missing())
    with pytest.raises(
        ConfigError, match=r"rows without 'created'.*Write one file: a name that ends in '\.parquet'"
    ):
        account.scan().to_parquet(tmp_path / "c", mode=mode)
    assert list(tmp_path.iterdir()) == []
    with pytest.warns(IncompleteResultWarning, match="created"):
        assert account.scan().to_parquet(tmp_path / "c.parquet").rows == 40


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x" * 300, r"the value 'x+…' makes the name of a folder 305 bytes long; expected at most 255"),
        ("ä" * 60, r"makes the name of a folder 365 bytes long"),
        ("__HIVE_DEFAULT_PARTITION__", r"means null to pandas and other readers of partitions"),
    ],
)
@pytest.mark.parametrize("mode", ["overwrite", "sync"])
def test_a_value_that_no_folder_can_stand_for_is_refused_and_nothing_is_lost(
    account, tmp_path, value, message, mode
):
    path = tmp_path / "c"
    account.scan().to_parquet(path, partition_by="name")
    before = dyno.read_dataset(path)
    account.sql("UPDATE campaigns SET name = ?, updated = NOW WHERE id = '00037'", value)
    with pytest.raises(ConfigError, match=f"partition_by='name': .*{message}.*leave out partition_by="):
        account.scan().to_parquet(path, mode=mode, partition_by="name")
    pd.testing.assert_frame_equal(dyno.read_dataset(path), before)
    assert sorted(pd.read_parquet(path)["id"]) == sorted(before["id"])
    account.scan().to_parquet(path)
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


def test_the_longest_value_of_a_partition_is_read_back_by_everyone(account, tmp_path):
    value = "x" * (255 - len("name="))
    account.sql("UPDATE campaigns SET name = ?, updated = NOW WHERE id = '00037'", value)
    account.scan().to_parquet(tmp_path / "c", partition_by="name")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())
    assert value in set(pd.read_parquet(tmp_path / "c")["name"].astype(str))


@pytest.mark.parametrize("mode", ["overwrite", "append", "sync"])
def test_a_url_of_a_local_file_is_refused_with_the_path(account, tmp_path, mode):
    scan = account.scan()
    account.between.forget()
    with pytest.raises(
        ConfigError, match=rf"is not in an object store.*Give the path itself, '{tmp_path}/c'"
    ):
        scan.to_parquet(f"file://{tmp_path}/c", mode=mode)
    assert account.between.bodies == {"find": [], "count": []}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["local://{}/c", "zip://c::file://{}/a.zip", "dir://c::file://{}"])
def test_other_file_systems_on_which_files_can_be_seen_half_written_are_refused(account, tmp_path, url):
    with pytest.raises(ConfigError, match=r"is not in an object store|is a chain of file systems"):
        account.scan().to_parquet(url.format(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("query", [None, "list_name == 'Readers'"])
def test_a_sync_of_the_names_of_lists_is_refused_because_a_list_may_be_renamed(account, tmp_path, query):
    columns = ["id", "created", "updated", "list_id" if query else "list_name"]
    scan = account.scan(query, columns=columns)
    with pytest.raises(
        ConfigError, match=r"list_name changes when one of the lists is renamed.*list_id in place"
    ):
        scan.to_parquet(tmp_path / "c", mode="sync")
    assert scan.to_parquet(tmp_path / "c").footer["certificate"]["verdict"] == "exact"
