"""A dataset is a row of versions: each whole, the newest seen by every reader, the older ones readable until removed."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import dyno_frames as dyno
from dyno_frames.api import connect
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError, IncompleteResultWarning, SchemaError
from dyno_frames.export.manifest import Manifest

pytestmark = pytest.mark.usefixtures("_small")


BEGAN_S = 1_400_000_000


@pytest.fixture
def many_ties(opened):
    """An account whose campaigns were all made in one second, with ids in a row."""
    at = pd.Series(range(300))
    return opened(
        pd.DataFrame(
            {
                "id": [f"{place:04d}" for place in at],
                "name": "n",
                "status": "draft",
                "opens": 0,
                "created": BEGAN_S,
                "updated": BEGAN_S,
            }
        ),
        page_size=1000,
    )


def test_a_path_may_begin_with_the_home_folder_as_in_pandas(account, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for path in ("~/c", Path("~/one.parquet")):
        account.scan().to_parquet(path)
        pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())
    assert dyno.open_dataset("~/c").rows == 300
    account.scan().to_delta("~/table")
    assert dyno.open_delta("~/table").rows == 300
    assert {"c", "one.parquet", "table"} <= {path.name for path in tmp_path.iterdir()}


def readers(path: Path) -> dict[str, pd.DataFrame]:
    """Every plain way to read a folder."""
    pattern = f"{path}/**/*.parquet"
    return {
        "pandas": pd.read_parquet(path),
        "pyarrow": ds.dataset(path, format="parquet", partitioning="hive").to_table().to_pandas(),
        "read_table": pq.read_table(path).to_pandas(),
        "duckdb": duckdb.sql(f"SELECT * FROM read_parquet('{pattern}')").df(),  # noqa: S608 - a path of our own
        "polars folder": pl.read_parquet(path).to_pandas(),
        "polars pattern": pl.read_parquet(pattern).to_pandas(),
    }


def same_rows(path: Path, frame: pd.DataFrame) -> None:
    """Every reader sees exactly these rows."""
    wanted = frame.sort_values("id", ignore_index=True)
    for name, found in readers(path).items():
        sorted_rows = found.sort_values("id", ignore_index=True)
        for column in ("id", "opens", "clicks"):
            assert sorted_rows[column].tolist() == wanted[column].tolist(), f"{name} reads other {column}"
    pd.testing.assert_frame_equal(dyno.read_dataset(path), frame)


@pytest.mark.parametrize("partition_by", [None, "status", ["created:year", "status"], "created:month"])
def test_every_reader_sees_the_newest_rows_after_every_commit(account, tmp_path, partition_by):
    path, shape = tmp_path / "c", {"partition_by": partition_by, "max_rows_per_file": 70}
    written = account.scan().to_parquet(path, **shape)
    assert (written.version, written.rows, written.counts["added"]) == (1, 300, 300)
    same_rows(path, account.find())
    account.sql("UPDATE campaigns SET opens = 77, status = 'draft', updated = NOW WHERE id < '00100'")
    account.sql("DELETE FROM campaigns WHERE id > '09900'")
    synced = account.scan().to_parquet(path, mode="sync", **shape)
    assert synced.counts["removed"] > 0
    assert synced.counts["changed"] > 0
    same_rows(path, account.find())
    appended = account.scan("opens > 3").to_parquet(path, mode="append", **shape)
    assert appended.counts == synced.counts | {"added": 0, "changed": 0, "removed": 0} | {
        "moved": appended.counts["moved"]
    }
    over = account.scan("opens > 3").to_parquet(path, **shape)
    assert over.version == 3
    same_rows(path, account.find("opens > 3"))


def test_nulls_categories_zones_and_wide_numbers_are_read_back_by_every_reader(account, tmp_path):
    path = tmp_path / "c"
    account.scan().to_parquet(path)
    frame = account.find()
    plain = pd.read_parquet(path)
    assert isinstance(plain["status"].dtype, pd.CategoricalDtype)
    assert str(plain["created"].dt.tz) == "UTC"
    rows = {
        "duckdb": duckdb.sql(f"FROM '{path}/*.parquet' ORDER BY created, id").fetchall(),
        "polars": pl.read_parquet(path).sort("created", "id").rows(),
        "pyarrow": [tuple(row.values()) for row in pq.read_table(path).to_pylist()],
    }
    names = list(frame.columns)
    wide = [None if value is pd.NA else value for value in frame["wide"]]
    subjects = [None if pd.isna(value) else value for value in frame["subject"]]
    starts = [None if pd.isna(value) else int(value.timestamp()) for value in frame["start_time"]]
    for reader, found in rows.items():
        column = {name: [row[at] for row in found] for at, name in enumerate(names)}
        assert column["wide"] == wide, reader
        assert column["clicks"] == frame["clicks"].tolist(), reader
        assert column["subject"] == subjects, reader
        assert column["status"] == frame["status"].tolist(), reader
        assert [None if one is None else int(one.timestamp()) for one in column["start_time"]] == starts, (
            reader
        )
        assert column["flag"] == [None if value is pd.NA else value for value in frame["flag"]], reader


def test_the_older_versions_stay_until_they_are_removed(account, tmp_path):
    path = tmp_path / "c"
    first = account.scan().to_parquet(path)
    was = account.find()
    account.sql("DELETE FROM campaigns WHERE id < '05000'")
    second = account.scan().to_parquet(path, mode="sync")
    pd.testing.assert_frame_equal(dyno.read_dataset(path, version=1), was)
    pd.testing.assert_frame_equal(first.to_frame(), was)
    assert second.versions == [1, 2]
    assert second.vacuum() > 0
    assert second.versions == [2]
    pd.testing.assert_frame_equal(second.to_frame(), account.find())
    with pytest.raises(SchemaError, match=r"version=1: there is no such version of .*; its versions are 2"):
        dyno.read_dataset(path, version=1)
    assert second.vacuum() == 0
    same_rows(path, account.find())
    with pytest.raises(SchemaError, match="keep=0; the newest version always stays"):
        second.vacuum(keep=0)


def test_files_that_did_not_change_are_the_same_file_in_both_versions(account, tmp_path):
    path = tmp_path / "c"
    first = account.scan().to_parquet(path, max_rows_per_file=60)
    account.sql(
        "UPDATE campaigns SET opens = 1000, updated = NOW WHERE created = (SELECT min(created) FROM campaigns)"
    )
    second = account.scan().to_parquet(path, mode="sync", max_rows_per_file=60)
    inodes = [{Path(name).stat().st_ino for name in one.files} for one in (first, second)]
    assert [len(one) for one in inodes] == [5, 5]
    assert len(inodes[0] & inodes[1]) == 4


def test_rows_that_share_created_stay_in_order_across_files(many_ties, tmp_path):
    account = many_ties
    account.scan().to_parquet(tmp_path / "c", max_rows_per_file=50)
    account.sql("UPDATE campaigns SET opens = 1000, updated = NOW WHERE id LIKE '%7'")
    account.sql("DELETE FROM campaigns WHERE id LIKE '%9'")
    synced = account.scan().to_parquet(tmp_path / "c", mode="sync", max_rows_per_file=50)
    assert synced.counts["changed"] > 10
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())
    added = account.scan("opens == 1000").to_parquet(tmp_path / "c", mode="append")
    assert (added.counts["added"], added.counts["changed"]) == (0, 0)


def test_rows_are_kept_where_their_absence_is_not_certain(many_ties, tmp_path):
    path = tmp_path / "c"
    many_ties.scan().to_parquet(path)
    many_ties.sql("DELETE FROM campaigns WHERE id LIKE '%9'")
    small = {"page_size": 50, "name": "small pages", "profile": Profile()}
    many_ties.between.asking = lambda body: {name: body[name] for name in body if "order" not in name}
    with (
        connect(many_ties.between.url, many_ties.box.api_key, **small) as client,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", IncompleteResultWarning)
        synced = client.campaigns.scan().to_parquet(path, mode="sync")
    assert synced.counts["removed"] == 0, "the server keeps no order, so nobody can be sure"
    many_ties.between.asking = lambda body: body
    with connect(many_ties.between.url, many_ties.box.api_key, **small | {"page_size": 1000}) as client:
        synced = client.campaigns.scan().to_parquet(path, mode="sync")
    assert synced.counts["removed"] == 30


def test_files_hold_rows_in_order_with_an_index_of_pages(account, tmp_path):
    written = account.scan().to_parquet(tmp_path / "c", max_rows_per_file=100)
    assert [one.rows for one in written.manifest.files] == [100, 100, 100]
    last = (0, "")
    for name, one in zip(written.files, written.manifest.files, strict=True):
        table = pq.read_table(name)
        created = [int(at.timestamp()) for at in table["created"].to_pylist()]
        keys = list(zip(created, table["id"].to_pylist(), strict=True))
        assert keys == sorted(keys)
        assert (keys[0], keys[-1]) == (one.first, one.last)
        assert last < keys[0]
        last = keys[-1]
        metadata = pq.read_metadata(name)
        group = metadata.row_group(0)
        assert max(metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)) == 32
        assert group.column(0).has_offset_index
        assert group.column(0).has_column_index
        assert group.column(0).compression == "ZSTD"
        assert one.size_bytes == Path(name).stat().st_size


def test_the_manifest_tells_all_and_never_the_key(account, tmp_path):
    path = tmp_path / "c"
    written = account.scan("opens > 3").to_parquet(path, partition_by="status")
    [place] = (tmp_path / ".c.dyno" / "manifests").iterdir()
    text = place.read_text(encoding="utf-8")
    stored = json.loads(text)
    assert Manifest.from_json(text.encode(), name="it") == written.manifest
    assert stored["origin"]["expression"] == "opens > 3"
    assert stored["origin"]["url"] == account.between.url
    assert stored["plan"]["requests"][0]["opens"] == {"gte": 4}
    assert stored["profile"]["like"] == "substring"
    assert stored["certificate"]["verdict"] == "exact"
    assert stored["watermark"] == int(account.find()["updated"].max().timestamp())
    assert {"python", "pandas", "pyarrow", "dyno_frames"} <= stored["libraries"].keys()
    assert stored["counts"]["rows"] == sum(one["rows"] for one in stored["files"]) == written.rows
    assert all(len(one["sha256"]) == 64 for one in stored["files"])
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or account.box.api_key.encode() not in file.read_bytes()


def test_a_sync_that_finds_nothing_new_writes_nothing(account, tmp_path):
    path = tmp_path / "c"
    account.scan().to_parquet(path)
    before = sorted(map(str, tmp_path.rglob("*")))
    again = account.scan().to_parquet(path, mode="sync")
    assert again.version == 1
    assert {name: again.counts[name] for name in ("added", "changed", "removed")} == {
        "added": 0,
        "changed": 0,
        "removed": 0,
    }
    assert sorted(map(str, tmp_path.rglob("*"))) == before


def test_a_sync_moves_what_has_changed_and_little_more(account, tmp_path):
    path = tmp_path / "c"
    account.scan().to_parquet(path)
    account.sql("UPDATE campaigns SET opens = 5000, updated = NOW WHERE id IN ('00037', '00074')")
    account.sql("DELETE FROM campaigns WHERE id = '00111'")
    account.between.forget()
    synced = account.scan().to_parquet(path, mode="sync")
    assert {name: synced.counts[name] for name in ("added", "changed", "removed")} == {
        "added": 0,
        "changed": 2,
        "removed": 1,
    }
    assert synced.counts["moved"] < 60
    assert synced.manifest.parent == 1
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


def test_a_row_that_leaves_the_question_leaves_the_dataset_and_may_come_back(account, tmp_path):
    path, question = tmp_path / "c", "status == 'draft'"
    account.scan(question).to_parquet(path)
    account.sql("UPDATE campaigns SET status = 'finished', updated = NOW WHERE id = '00000'")
    left = account.scan(question).to_parquet(path, mode="sync")
    assert (left.counts["removed"], left.counts["added"]) == (1, 0)
    account.sql("UPDATE campaigns SET status = 'draft', updated = NOW WHERE id = '00000'")
    back = account.scan(question).to_parquet(path, mode="sync")
    assert (back.counts["removed"], back.counts["added"]) == (0, 1)
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find(question))


def test_rows_that_changed_in_the_second_of_the_watermark_are_not_missed(account, tmp_path):
    path = tmp_path / "c"
    account.sql("UPDATE campaigns SET opens = 1, updated = NOW WHERE id = '00037'")
    mark = account.now
    account.scan().to_parquet(path)
    account.sql("UPDATE campaigns SET opens = 2, updated = ? WHERE id = '00074'", mark)
    synced = account.scan().to_parquet(path, mode="sync")
    assert synced.counts["changed"] == 1
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


def test_a_row_that_changes_while_the_rows_come_is_caught_by_the_next_sync(account, tmp_path):
    path = tmp_path / "c"
    first = account.find()["id"].iloc[0]
    account.between.forget()

    written = []

    def write(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        if not written and len(rows) > 1 and rows[0]["id"] == first:
            written.append(
                account.sql("UPDATE campaigns SET opens = 4321, updated = NOW WHERE id = ?", first)
            )
        return rows

    account.between.answering = write
    account.scan().to_parquet(path)
    assert written
    assert dyno.read_dataset(path)["opens"].iloc[0] != 4321
    account.scan().to_parquet(path, mode="sync")
    assert dyno.read_dataset(path)["opens"].iloc[0] == 4321


def test_what_is_appended_takes_the_place_of_rows_with_its_id(account, tmp_path):
    path = tmp_path / "c"
    account.scan("opens < 6").to_parquet(path)
    account.sql("UPDATE campaigns SET name = 'renamed', updated = NOW WHERE opens = 5")
    added = account.scan("opens >= 5").to_parquet(path, mode="append")
    assert added.counts["changed"] == len(account.find("opens == 5"))
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())
    with pytest.raises(ConfigError, match=r"holds the answer to 'several queries'"):
        account.scan().to_parquet(path, mode="sync")


def test_a_dataset_without_rows_has_its_columns(account, tmp_path):
    path = tmp_path / "c"
    written = account.scan("opens > 10000").to_parquet(path)
    assert written.rows == 0
    assert list(pd.read_parquet(path).columns) == list(account.find().columns)
    same_rows(path, account.find("opens > 10000"))
    account.sql("UPDATE campaigns SET opens = 20000, updated = NOW WHERE id = '00000'")
    account.scan("opens > 10000").to_parquet(path, mode="sync")
    same_rows(path, account.find("opens > 10000"))


@pytest.mark.parametrize(
    ("expr", "shape"),
    [
        (None, {"order_by": "opens", "ascending": False}),
        (None, {"limit": 17, "offset": 3}),
        ("opens > opens.mean()", {}),
        (None, {"columns": ["name", "opens"]}),
        ("opens > 3 or subject.isna()", {"columns": ["opens", "id"]}),
    ],
)
def test_an_answer_in_any_shape_can_be_written_and_read_back(account, tmp_path, expr, shape):
    account.scan(expr, **shape).to_parquet(tmp_path / "c", max_rows_per_file=50)
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find(expr, **shape))


def test_alternatives_are_written_window_by_window_and_gone_on_with(account, tmp_path):
    question = "opens > 8 or name == 'plain'"
    scan = account.scan(question)
    assert len(scan.plan.filters) > 1
    scan.to_parquet(tmp_path / "c")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find(question))
    windows = {json.dumps(body.get("created"), sort_keys=True) for body in account.between.bodies["count"]}
    assert len(windows) > 5, "it is cut into windows by counts"
    account.sql("UPDATE campaigns SET opens = 99, updated = NOW WHERE id < '02000'")
    account.sql("DELETE FROM campaigns WHERE id > '09000'")
    account.scan(question).to_parquet(tmp_path / "c", mode="sync")
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find(question))


@pytest.mark.parametrize(
    ("expr", "shape", "message"),
    [
        (None, {"limit": 3}, "has an order, a limit or an offset"),
        ("opens > opens.mean()", {}, "compares rows with other rows"),
        (None, {"columns": ["id", "name"]}, "needs the columns created, updated"),
    ],
)
def test_what_cannot_be_synced_is_refused_before_anything_is_asked(account, tmp_path, expr, shape, message):
    scan = account.scan(expr, **shape)
    account.between.forget()
    with pytest.raises(ConfigError, match=message):
        scan.to_parquet(tmp_path / "c", mode="sync")
    assert account.between.bodies == {"find": [], "count": []}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "upsert"}, "mode='upsert'; expected 'overwrite', 'append' or 'sync'"),
        ({"compression": "zip"}, "compression='zip'; expected one of zstd"),
        ({"max_rows_per_file": 0}, "max_rows_per_file=0; expected a whole number from 1"),
        ({"max_rows_per_file": True}, "max_rows_per_file=True; expected"),
        ({"partition_by": "stauts"}, "partition_by: no column is called 'stauts'"),
        ({"partition_by": "created"}, "use 'created:month'"),
        ({"partition_by": "created:week"}, "expected created:year, created:month, created:day"),
        ({"partition_by": "name:month"}, "name is not a time"),
        ({"partition_by": ["status", "status"]}, "names a folder twice"),
        ({"partition_by": "rate"}, "too many values"),
        ({"mode": "x", "compression": "y"}, "mode='x'.*compression='y'"),
    ],
)
def test_arguments_that_cannot_be_used_are_told_all_at_once(account, tmp_path, arguments, message):
    with pytest.raises(ConfigError, match=message):
        account.scan().to_parquet(tmp_path / "c", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_is_synced_with_its_own_question_alone(account, opened, tmp_path):
    path = tmp_path / "c"
    account.scan("opens > 3").to_parquet(path, partition_by="status")
    with pytest.raises(ConfigError, match=r"holds the answer to 'opens > 3', and this query is 'opens > 4'"):
        account.scan("opens > 4").to_parquet(path, mode="sync")
    with pytest.raises(ConfigError, match=r"is partitioned by \['status'\]. Leave it out"):
        account.scan("opens > 3").to_parquet(path, mode="sync", partition_by="created:year")


def test_one_name_is_one_file_and_cannot_grow(account, tmp_path):
    with pytest.raises(ConfigError, match=r"is the name of one. Leave out the ending: .*/c'"):
        account.scan().to_parquet(tmp_path / "c.parquet", mode="sync")
    with pytest.raises(ConfigError, match="partition_by= makes a dataset of several files"):
        account.scan().to_parquet(tmp_path / "c.parquet", partition_by="status")
    one = account.scan().to_parquet(tmp_path / "c.parquet")
    assert (one.versions, one.files, one.counts) == ([1], [str(tmp_path / "c.parquet")], None)
    with pytest.raises(SchemaError, match="is one file and has no versions"):
        one.diff(1)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is a file; expected a new name"):
        account.scan().to_parquet(tmp_path / "file")


def test_an_empty_folder_and_a_link_of_ones_own_are_taken(account, tmp_path):
    (tmp_path / "made").mkdir()
    account.scan("opens > 3").to_parquet(tmp_path / "made")
    same_rows(tmp_path / "made", account.find("opens > 3"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    account.scan("opens > 3").to_parquet(tmp_path / "link")
    same_rows(tmp_path / "elsewhere", account.find("opens > 3"))
    same_rows(tmp_path / "link", account.find("opens > 3"))


def test_a_dataset_may_be_moved_with_its_hidden_folder(account, tmp_path):
    account.scan().to_parquet(tmp_path / "c")
    (tmp_path / "away").mkdir()
    (tmp_path / "c").rename(tmp_path / "away" / "c")
    (tmp_path / ".c.dyno").rename(tmp_path / "away" / ".c.dyno")
    same_rows(tmp_path / "away" / "c", account.find())


def test_a_difference_tells_what_was_added_changed_and_removed(account, tmp_path):
    path = tmp_path / "c"
    account.scan().to_parquet(path, max_rows_per_file=60)
    was = account.find().set_index("id")
    account.sql("UPDATE campaigns SET opens = 900, subject = NULL, updated = NOW WHERE id = '00037'")
    account.sql("UPDATE campaigns SET opens = 901, updated = NOW WHERE id = '00000'")
    account.sql("DELETE FROM campaigns WHERE id = '00111'")
    made = account.client.campaigns.create(name="the new one")
    dataset = account.scan().to_parquet(path, mode="sync", max_rows_per_file=60)
    diff = dataset.diff(1).set_index("id")
    assert diff["change"].to_dict() == {
        "00037": "changed",
        "00000": "changed",
        "00111": "removed",
        made: "added",
    }
    assert diff["fields"].to_dict() == {
        "00037": ("subject", "opens", "updated"),
        "00000": ("opens", "updated"),
        "00111": (),
        made: (),
    }
    assert diff.loc["00037", "opens"] == 900
    assert diff.loc["00037", "opens_before"] == was.loc["00037", "opens"]
    assert diff.loc["00037", "subject_before"] == was.loc["00037", "subject"]
    assert diff.loc["00111", "name"] == was.loc["00111", "name"]
    assert pd.isna(diff.loc[made, "opens_before"])
    back = dataset.diff(2, 1).set_index("id")
    assert back["change"].to_dict()[made] == "removed"
    assert back["change"].to_dict()["00111"] == "added"
    nothing = dataset.diff(2)
    assert len(nothing) == 0
    assert list(nothing.columns)[:2] == ["change", "fields"]
    assert nothing["opens"].dtype == was["opens"].dtype


def test_questions_of_other_resources_can_be_synced_too(account, tmp_path):
    made = account.client.lists.create(name="one", emails=["ann.lee@example.com"])
    account.client.lists.scan().to_parquet(tmp_path / "lists")
    account.client.lists.create(name="two")
    synced = account.client.lists.scan().to_parquet(tmp_path / "lists", mode="sync")
    assert synced.counts["added"] == 1
    assert made in set(synced.to_frame()["id"])
    with pytest.raises(ConfigError, match=r"came from lists of .* and this query reads campaigns of"):
        account.scan().to_parquet(tmp_path / "lists", mode="sync")
