"""A sync that counts more rows than it has finds them, and says so where it cannot."""

from __future__ import annotations

import json
import time

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ContractError

pytestmark = [
    pytest.mark.usefixtures("_small"),
    pytest.mark.filterwarnings("ignore::dyno_frames.errors.IncompleteResultWarning"),
]

BEGAN_S = 1_400_000_000


def add(account, row_id, *, created, updated=None, number=1):
    """Insert copies of a row as if the server's clock had been set back when they were made."""
    with account.box._store.transaction() as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(campaigns)")]
        for at in range(number):
            values = {
                "id": f"'{row_id}-{at:04d}'",
                "position": f"position + {1_000_000 * (at + 1) + len(row_id)}",
                "created": str(created + at),
                "updated": str((created if updated is None else updated) + at),
            }
            connection.execute(
                f"INSERT INTO campaigns ({', '.join(names)}) "  # noqa: S608 - names of the schema
                f"SELECT {', '.join(values.get(name, name) for name in names)} FROM campaigns WHERE id = '00037'"
            )


def verdict(dataset):
    return dataset.footer["certificate"]["verdict"]


@pytest.fixture
def path(account, tmp_path):
    """A synced dataset."""
    account.scan().to_parquet(tmp_path / "c", mode="sync")
    return tmp_path / "c"


def test_a_sync_reads_every_id_once_from_a_server_that_is_not_calibrated(opened, tmp_path):
    numbers = pd.Series(range(3_000))
    times = dict.fromkeys(("created", "updated"), BEGAN_S + 1_000 * numbers)
    account = opened(pd.DataFrame({"name": "a", "opens": numbers, **times}), profile="auto", workers=4)
    account.scan().to_parquet(tmp_path / "c")
    account.sql("DELETE FROM campaigns WHERE opens = 1234")
    account.between.forget()
    synced = account.scan().to_parquet(tmp_path / "c", mode="sync")
    assert verdict(synced) == "exact"
    asked = sum(len(bodies) for bodies in account.between.bodies.values())
    assert asked <= 1.5 * 3_000 / 50, "no more requests than for an export of everything"
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())


@pytest.mark.parametrize("back_s", [301, 3_600, 4_000_000, 20_000_000])
def test_a_row_stamped_long_before_the_watermark_is_found(account, path, back_s):
    watermark = int(account.find()["updated"].max().timestamp())
    add(account, "late", created=watermark - back_s)
    synced = account.scan().to_parquet(path, mode="sync")
    assert (synced.rows, synced.counts["added"], verdict(synced)) == (301, 1, "exact")
    assert any("1 row" in note for note in synced.footer["certificate"]["notes"])
    assert synced.counts["moved"] < 100
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


@pytest.mark.parametrize("partition_by", [None, "status", "created:month"])
@pytest.mark.parametrize("number", [1, 7, 130])
def test_many_late_rows_are_found_beside_other_changes(account, tmp_path, partition_by, number):
    path, shape = tmp_path / "c", {"partition_by": partition_by, "max_rows_per_file": 70}
    account.scan().to_parquet(path, mode="sync", **shape)
    add(account, "late", created=BEGAN_S + 4_000_000, number=number)
    add(account, "older", created=BEGAN_S - 4_000_000, number=number)
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id < '00100'")
    account.sql("DELETE FROM campaigns WHERE id BETWEEN '09900' AND '1'")
    synced = account.scan().to_parquet(path, mode="sync", **shape)
    assert synced.counts["added"] == 2 * number
    assert synced.counts["removed"] > 0
    assert verdict(synced) == "exact"
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


def test_a_late_row_is_found_though_another_row_is_gone(account, path):
    add(account, "late", created=BEGAN_S + 9_000_000)
    account.sql("DELETE FROM campaigns WHERE id = '00000'")
    synced = account.scan().to_parquet(path, mode="sync")
    assert (synced.rows, synced.counts["added"], synced.counts["removed"]) == (300, 1, 1)
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


def test_late_rows_come_into_a_dataset_that_had_none(account, tmp_path):
    path, question = tmp_path / "c", "opens > 10000"
    account.scan(question).to_parquet(path, mode="sync")
    account.sql("UPDATE campaigns SET opens = 20000 WHERE id < '02000'")  # updated does not move
    synced = account.scan(question).to_parquet(path, mode="sync")
    assert synced.counts["added"] == len(account.find(question)) > 10
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find(question))


@pytest.mark.parametrize("question", ["opens > clicks or name == 'plain'", "status == 'draft' or opens > 8"])
def test_late_rows_are_found_for_queries_that_the_server_cannot_count(account, tmp_path, question):
    path = tmp_path / "c"
    account.scan(question).to_parquet(path, mode="sync")
    account.sql("UPDATE campaigns SET name = 'plain', opens = 9 WHERE id < '01000'")
    late = len(account.find(question)) - len(dyno.read_dataset(path))
    assert late > 0
    synced = account.scan(question).to_parquet(path, mode="sync")
    assert synced.counts["added"] == late
    assert sorted(dyno.read_dataset(path)["id"]) == sorted(account.find(question)["id"])


class Lying:
    """Has the server count rows that it does not return."""

    def __init__(self, account, more):
        self.passed = account.between.passed
        self.more = more
        account.between.passed = self

    def __call__(self, behind, url_path, content, key):
        status, answer = self.passed(behind, url_path, content, key)
        if url_path.endswith("/count"):
            envelope = json.loads(answer)
            created = json.loads(content).get("created") or {}
            if created.get("gte", 0) <= BEGAN_S + 5 and created.get("lt", 2**40) > BEGAN_S + 5:
                envelope["data"]["count"] += self.more
            answer = json.dumps(envelope).encode()
        return status, answer


def test_rows_that_are_counted_and_cannot_be_found_make_a_sync_uncertified(account, path):
    Lying(account, 1)
    synced = account.scan().to_parquet(path, mode="sync")
    assert verdict(synced) == "uncertified"
    assert synced.rows == 300
    assert any("counted 301" in reason for reason in synced.footer["certificate"]["reasons"])
    assert dyno.read_dataset(path).dyno.certificate.verdict == "uncertified", (
        "it is said of what is stored, too"
    )


def test_rows_that_cannot_be_found_make_a_sync_uncertified_when_something_else_has_changed(account, path):
    Lying(account, 1)
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id < '00100'")
    synced = account.scan().to_parquet(path, mode="sync")
    assert synced.counts["changed"] > 0
    assert verdict(synced) == "uncertified"
    pd.testing.assert_frame_equal(dyno.read_dataset(path), account.find())


def test_a_strict_sync_raises_where_rows_cannot_be_found_and_commits_nothing(account, path):
    lying = Lying(account, 1)
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id < '00100'")
    with pytest.raises(
        ContractError, match=r"strict=True, and the answer cannot be certified: .*counted 301"
    ):
        account.client.campaigns.scan(strict=True).to_parquet(path, mode="sync")
    assert dyno.read_dataset(path)["opens"].max() < 77
    lying.more = 0
    synced = account.client.campaigns.scan(strict=True).to_parquet(path, mode="sync")
    assert (synced.version, verdict(synced)) == (2, "exact")


def test_a_sync_over_an_uncertified_version_compares_every_id_and_makes_up_for_it(account, path):
    lying = Lying(account, 1)
    assert verdict(account.scan().to_parquet(path, mode="sync")) == "uncertified"
    compared = account.scan().to_parquet(path, mode="sync")
    again = account.scan().to_parquet(path, mode="sync")
    assert verdict(compared) == verdict(again) == "uncertified"
    assert again.version == compared.version, "a version is not written again to say the same"
    lying.more = 0
    done = account.scan().to_parquet(path, mode="sync")
    assert (done.version, done.rows, verdict(done)) == (again.version + 1, 300, "exact")
    assert done.footer["certificate"]["reasons"] == []


def test_the_certificate_of_a_dataset_counts_the_rows_of_the_dataset(account, path):
    account.sql("UPDATE campaigns SET opens = 77, updated = NOW WHERE id = '00037'")
    account.scan().to_parquet(path, mode="sync")
    frame = dyno.read_dataset(path)
    assert frame.dyno.certificate.rows_returned == len(frame) == 300
    assert frame.dyno.to_parquet(path.with_name("again")).rows == 300


def test_a_sync_that_finds_nothing_new_counts_a_few_windows_and_moves_next_to_nothing(account, path):
    account.between.forget()
    again = account.scan().to_parquet(path, mode="sync")
    assert again.version == 1
    assert 1 < len(account.between.bodies["count"]) <= 8
    assert len(account.between.bodies["find"]) <= 8
    assert again.counts["moved"] < 10


def test_a_row_stamped_in_the_far_future_does_not_hide_later_changes(account, tmp_path):
    account.sql("UPDATE campaigns SET updated = 4102444800 WHERE id = '00037'")
    account.scan().to_parquet(tmp_path / "c")
    now = int(time.time()) + 1
    account.sql("UPDATE campaigns SET opens = 77, updated = ? WHERE id = '00074'", now)
    synced = account.scan().to_parquet(tmp_path / "c", mode="sync")
    assert synced.counts["changed"] == 1
    pd.testing.assert_frame_equal(dyno.read_dataset(tmp_path / "c"), account.find())
