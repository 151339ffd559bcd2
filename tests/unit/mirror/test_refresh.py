"""A refresh finds every change and proves deletes; whatever ends it, the last complete version answers."""

from __future__ import annotations

import threading

import pandas as pd
import pytest

from dyno_frames.errors import ConfigError, SchemaError, StaleError
from dyno_frames.export import disk
from dyno_frames.mirror.record import Record


def is_current(one) -> bool:
    found, wanted = one.mirror.query(offline=True), one.account.find()
    pd.testing.assert_frame_equal(found, wanted, check_exact=True)
    return True


def test_a_deleted_row_is_found_and_proved(synced):
    synced.sql("DELETE FROM campaigns WHERE id = '00037'")
    status = synced.mirror.refresh()
    assert (status.deletes, status.rows) == ("proved", 299)
    assert is_current(synced)


def test_a_deleted_row_beside_an_inserted_one_is_found(synced):
    synced.sql("UPDATE campaigns SET id = 'new', created = NOW, updated = NOW WHERE id = '00037'")
    assert synced.mirror.refresh().rows == 300
    assert is_current(synced)


def test_a_total_that_agrees_is_no_proof(mirrored):
    one = mirrored(1500)
    assert one.mirror.refresh().deletes == "proved"
    one.sql("UPDATE campaigns SET id = 'unseen', created = created + 30000000 WHERE id = '00037'")
    one.now_s += 60
    status = one.mirror.refresh()
    assert (status.deletes, status.proved.timestamp()) == ("assumed", 1_600_000_000)
    status = one.mirror.refresh(prove=True)
    assert status.deletes == "proved"
    assert is_current(one)


def test_a_row_that_is_inserted_while_rows_are_counted_does_not_hide_a_deleted_one(mirrored):
    one = mirrored(1500)
    one.mirror.refresh()
    newest = one.account.find().iloc[-40]["id"]
    one.sql("DELETE FROM campaigns WHERE id = ?", newest)
    one.sql("CREATE TABLE late AS SELECT * FROM campaigns WHERE id = '00037'")
    one.sql("UPDATE late SET id = 'late', created = NOW, updated = NOW")

    class Counts(list):
        def append(self, body):
            if any("updated" in find for find in one.account.between.bodies["find"]):  # changes were fetched
                one.sql("INSERT OR IGNORE INTO campaigns SELECT * FROM late")
            super().append(body)

    one.account.between.bodies["count"] = Counts()
    status = one.mirror.refresh(prove=True)
    assert len(one.account.between.bodies["count"]) > 1
    kept = newest in set(one.mirror.query(offline=True)["id"])
    assert not (kept and status.deletes == "proved")
    one.mirror.refresh(prove=True)
    assert is_current(one)


@pytest.mark.parametrize(
    "write",
    [
        "UPDATE campaigns SET opens = opens + 100, updated = NOW WHERE id = '00037'",
        "UPDATE campaigns SET opens = 5 WHERE id = '00074'",  # in the second of the latest change
        "DELETE FROM campaigns WHERE id = '00111'",
    ],
)
def test_rows_that_change_while_others_are_fetched_are_not_exact(mirrored, write):
    one = mirrored(1500)
    one.mirror.refresh()
    one.sql("UPDATE campaigns SET opens = 700, updated = NOW WHERE id = '00074'")

    class Counts(list):
        def append(self, body):
            if any("updated" in find for find in one.account.between.bodies["find"]):  # changes were fetched
                one.sql(write)
            super().append(body)

    one.account.between.bodies["count"] = Counts()
    status = one.mirror.refresh(prove=True)
    current = one.account.find()
    if status.verdict == "exact":
        pd.testing.assert_frame_equal(one.mirror.query(offline=True), current)
    one.account.between.bodies["count"] = []
    one.mirror.refresh(prove=True)
    assert is_current(one)


def test_deletes_are_proved_again_after_an_hour(mirrored):
    one = mirrored(1500)
    one.mirror.refresh()
    one.sql("UPDATE campaigns SET id = 'unseen', created = created + 30000000 WHERE id = '00037'")
    one.now_s += 3700
    assert one.mirror.query().dyno.certificate.mirror["deletes"] == "proved"
    assert is_current(one)


def test_a_proof_from_before_the_clock_was_set_back_is_made_again(synced):
    synced.sql("UPDATE campaigns SET id = 'unseen', created = created + 30000000 WHERE id = '00037'")
    synced.now_s -= 86_400
    assert synced.mirror.query().dyno.certificate.mirror["deletes"] == "proved"
    assert is_current(synced)


def test_one_deletion_among_many_rows_is_located_by_few_counts(mirrored):
    one = mirrored(5000)
    one.mirror.refresh()
    one.sent()
    one.sql("DELETE FROM campaigns WHERE id = '00037'")
    one.mirror.count(fresh=True)
    finds, counts = one.sent()
    assert counts <= 80
    assert finds <= 8
    assert is_current(one)


def test_a_row_from_the_future_hides_no_change_on_a_server_whose_clock_is_behind(mirrored):
    one = mirrored()
    server = one.account
    server.between.date = lambda: server.now
    one.sql("UPDATE campaigns SET updated = ? WHERE id = '00037'", server.now + 100_000)
    one.mirror.refresh()
    one.sql("UPDATE campaigns SET opens = 999, updated = NOW WHERE id = '00000'")
    assert 999 in one.mirror.query(fresh=True)["opens"].to_numpy()
    one.sql("UPDATE campaigns SET opens = 998, updated = NOW WHERE id = '00000'")
    server.scan().to_parquet(one.folder / "c", mode="sync")
    one.sql("UPDATE campaigns SET opens = 997, updated = NOW WHERE id = '00000'")
    assert 997 in server.scan().to_parquet(one.folder / "c", mode="sync").to_frame()["opens"].to_numpy()


def test_changes_of_one_instant_are_seen_by_the_next_refresh(synced):
    synced.sql("UPDATE campaigns SET opens = 700, updated = 1600000000 WHERE id = '00037'")
    synced.mirror.refresh()
    synced.sql("UPDATE campaigns SET opens = 701, updated = 1600000000 WHERE id = '00074'")
    synced.sql("UPDATE campaigns SET opens = 702, updated = 1600000000 - 599 WHERE id = '00111'")
    synced.mirror.refresh()
    assert is_current(synced)


def test_a_new_field_becomes_a_column(synced):
    rows = synced.account.find()
    shown = synced.account.between
    shown.answering = lambda rows: [
        row | {"flavor": "sweet"} if row["id"] == "00037" else row for row in rows
    ]
    synced.sql("UPDATE campaigns SET created = NOW, updated = NOW WHERE id = '00037'")
    synced.mirror.refresh()
    found = synced.mirror.query("flavor == 'sweet'", offline=True)
    assert found["id"].tolist() == ["00037"]
    assert len(synced.mirror.query(offline=True)) == len(rows)


def test_a_mirror_of_another_account_server_or_contract_is_refused_before_a_request(synced, mirrored):
    other = mirrored()
    path = synced.mirror.path
    with pytest.raises(ConfigError, match="the server is"):
        other.client.campaigns.mirror(path)
    with pytest.raises(ConfigError, match="it holds campaigns"):
        synced.client.lists.mirror(path)
    assert other.sent() == (0, 0)
    assert len(synced.mirror.query(offline=True)) == 300


def test_a_path_that_is_taken_is_refused_before_a_request(synced, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "letter.txt").write_text("dear")
    synced.account.scan("opens > 3").to_parquet(tmp_path / "exported")
    synced.sent()
    for path, said in (
        (taken, "files of another program"),
        (taken / "letter.txt", "is a file"),
        (taken / "letter.txt" / "below", "is a file"),
        (tmp_path / "exported", "to_parquet"),
        (tmp_path / "one.parquet", "one file"),
        ("s3://bucket/campaigns", "URL"),
        ("/proc/campaigns", "cannot be written"),
        (5, "path=5"),
    ):
        with pytest.raises(ConfigError, match=said):
            synced.client.campaigns.mirror(path).refresh()
    assert synced.sent() == (0, 0)


def test_a_damaged_file_is_a_clear_error_and_a_full_refresh_repairs_it(mirrored):
    one = mirrored(200)
    one.mirror.refresh()
    [file] = [path for path in one.mirror.path.iterdir() if path.suffix == ".parquet"]
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 4
    file.write_bytes(content)
    with pytest.raises(SchemaError, match=r"SHA-256 differs.*refresh\(full=True\)"):
        one.mirror.query(offline=True)
    one.sql("UPDATE campaigns SET opens = 700, updated = NOW WHERE id = '00037'")
    with pytest.raises(StaleError, match=r"refresh\(full=True\)"):
        one.mirror.query(fresh=True)
    one.mirror.refresh(full=True)
    assert is_current(one)


def test_a_damaged_record_is_a_clear_error(synced):
    record = synced.mirror.path.with_name(".campaigns.dyno") / "mirror.json"
    record.write_text(record.read_text().replace("exact", "exalt"))
    with pytest.raises(SchemaError, match="mirror remove"):
        synced.mirror.query()
    with pytest.raises(SchemaError, match="mirror remove"):
        synced.client.campaigns.mirror(synced.mirror.path)


def test_a_full_disk_leaves_the_last_version(synced, monkeypatch):
    before = synced.mirror.query()
    synced.sql("UPDATE campaigns SET opens = 700, updated = NOW WHERE id = '00037'")
    with monkeypatch.context() as full:
        full.setattr(disk, "put", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(StaleError, match="No space left"):
            synced.mirror.query(fresh=True)
    pd.testing.assert_frame_equal(synced.mirror.query(offline=True), before)
    synced.mirror.refresh()
    assert is_current(synced)


def test_a_version_counts_once_its_check_is_recorded(synced, monkeypatch):
    before = synced.mirror.query()
    synced.sql("DELETE FROM campaigns WHERE opens > 5")
    with monkeypatch.context() as killed:
        killed.setattr(Record, "with_check", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            synced.mirror.refresh()
    pd.testing.assert_frame_equal(synced.mirror.query(offline=True), before)
    synced.mirror.path.unlink()  # and the link to the newest version was lost
    synced.mirror.refresh()
    assert is_current(synced)


def test_only_one_of_several_refreshes_at_a_time(synced):
    synced.now_s += 3600
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(len(synced.mirror.query()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [300] * 6
    assert sum(synced.sent()) <= 8, "the others answer from the version that the first one checked"


def test_a_mirror_can_be_removed_and_made_again(synced):
    synced.mirror.remove()
    assert not synced.mirror.path.exists()
    assert synced.mirror.status().version is None
    assert len(synced.mirror.query()) == 300


def test_the_status_shows_itself_as_text_and_html(synced):
    text = str(synced.mirror.status())
    assert "exact as of 2020-09-13 12:26:40 UTC, 0 s ago" in text
    assert "deletes      proved" in text
    assert synced.mirror._repr_html_().startswith("<table>")
    assert synced.client.account in repr(synced.mirror.status().account)


@pytest.mark.parametrize("seconds", [1, 300])
def test_changes_are_moved_once_even_if_many_share_an_instant(mirrored, seconds):
    one = mirrored(3000)
    one.mirror.refresh()
    some = "SELECT id FROM campaigns ORDER BY id LIMIT 1000"
    one.sql(f"UPDATE campaigns SET opens = 700, updated = NOW + rowid % {seconds} WHERE id IN ({some})")  # noqa: S608 - the numbers above
    status = one.mirror.refresh()
    assert (status.verdict, status.deletes) == ("exact", "proved")
    assert status.rows_moved <= 1300
    assert is_current(one)
