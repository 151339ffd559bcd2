"""A Parquet file holds the whole answer, says where it came from, and is either the old one or the new one."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dyno_frames as dyno
from dyno_frames.contract.profile import Profile
from dyno_frames.errors import ConfigError, ContractError, DynoError, QueryError, SchemaError
from dyno_frames.export.footer import read_footer

ROWS = [
    {
        "id": f"{place:04d}",
        "name": ["plain", "a,b", "50 % _x_", "é\u0301 ünï 😀", 'q"u\\o\nte'][place % 5],
        "subject": None if place % 3 == 0 else f"subject {place}",
        "status": ["draft", "finished", "zombie"][place % 3],
        "created": 1_400_000_000 + place // 2,
        "updated": 1_400_000_100 + place,
        "start_time": None if place % 4 == 0 else -place,
        "opens": place,
        "clicks": 2**53 + 1 + place,
        "wide": None if place % 5 == 0 else 2**63 - 1 - place,
        "rate": None if place % 6 == 0 else place / 7,
        "flag": None if place % 7 == 0 else place % 2 == 0,
        "tags": [None, ["a", 1, None], {"b": {"c": [True]}}, "text", 2**64 - 1 - place][place % 5],
        "nothing": None,
    }
    for place in range(250)
]


def lines(folder: Path) -> Path:
    path = folder / "campaigns.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    load = {"campaigns": lines(tmp_path_factory.mktemp("rows"))}
    with dyno.sandbox(load=load, speed=0) as box:
        yield box


@pytest.fixture(params=[None, "numpy_nullable", "pyarrow"])
def any_backend(box, request):
    with box.client(
        name=f"any {request.param}", page_size=60, dtype_backend=request.param, profile=Profile()
    ) as client:
        yield client


@pytest.fixture
def client(box):
    with box.client(page_size=60, profile=Profile()) as client:
        yield client


QUESTIONS = [
    (None, {}),
    ("opens > 100", {}),
    ("opens > clicks or subject.isna()", {}),
    ("opens > opens.mean()", {}),
    (None, {"columns": ["tags", "status", "start_time"]}),
    (None, {"columns": ["wide"], "limit": 7, "offset": 3}),
    (None, {"order_by": ["status", "rate"], "ascending": [False, True]}),
    ("name == 'nobody'", {}),
    ("opens > 5 and opens < 3", {}),
]


@pytest.mark.parametrize(("expr", "shape"), QUESTIONS)
def test_what_is_read_back_is_the_frame(any_backend, tmp_path, expr, shape):
    frame = any_backend.campaigns.find(expr, **shape)
    written = any_backend.campaigns.scan(expr, **shape).to_parquet(tmp_path / "answer.parquet")
    again = dyno.read_dataset(written.path)
    pd.testing.assert_frame_equal(again, frame)
    pd.testing.assert_frame_equal(written.to_frame(), frame)
    assert written.rows == len(frame)
    assert written.size_bytes == written.path.stat().st_size
    assert again.dyno.certificate.verdict == frame.dyno.certificate.verdict
    origin = {name: value for name, value in again.attrs["dyno"].items() if name != "certificate"}
    assert origin == {name: value for name, value in frame.attrs["dyno"].items() if name != "certificate"}


def test_a_frame_read_back_is_bound_and_asks_again(client, tmp_path):
    frame = client.campaigns.find("opens > 100")
    again = dyno.read_dataset(frame.dyno.to_parquet(tmp_path / "a.parquet").path)
    pd.testing.assert_frame_equal(again.dyno.refresh(), frame)
    pd.testing.assert_frame_equal(again.dyno.query("opens > 240"), client.campaigns.find("opens > 240"))


def test_plain_readers_see_plain_columns(client, tmp_path):
    path = tmp_path / "plain.parquet"
    client.campaigns.scan().to_parquet(path)
    frame = client.campaigns.find()
    plain = pd.read_parquet(path)
    assert list(plain.columns) == list(frame.columns)
    assert isinstance(plain["status"].dtype, pd.CategoricalDtype)
    assert plain["status"].astype(str).tolist() == frame["status"].astype(str).tolist()
    assert str(plain["created"].dt.tz) == "UTC"
    assert (plain["created"] == frame["created"]).all()
    assert plain["clicks"].tolist() == frame["clicks"].tolist()
    assert str(plain["clicks"].dtype) == "int64"
    table = pq.read_table(path)
    assert table["wide"].to_pylist() == [None if value is pd.NA else value for value in frame["wide"]]
    texts = table["tags"].to_pylist()
    assert [None if text is None else json.loads(text) for text in texts] == frame["tags"].tolist()
    assert table.num_rows == len(ROWS)


def test_the_file_holds_every_value_that_was_loaded(client, tmp_path):
    client.campaigns.scan().to_parquet(tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    for name in ROWS[0]:
        column = table[name].to_pylist()
        if name in {"created", "updated", "start_time"}:
            column = [None if value is None else int(value.timestamp()) for value in column]
        if name == "tags":
            column = [None if value is None else json.loads(value) for value in column]
        assert column == [row[name] for row in ROWS], name


def test_the_footer_tells_the_question_and_never_the_key(client, box, tmp_path):
    written = client.campaigns.scan(
        "opens > 100 and subject.str.contains('1')", columns=["id", "opens"]
    ).to_parquet(tmp_path / "f.parquet")
    footer = read_footer(written.path)
    assert footer == written.footer
    assert footer["origin"]["expression"] == "opens > 100 and subject.str.contains('1')"
    assert footer["origin"]["columns"] == ["id", "opens"]
    assert (footer["origin"]["url"], footer["origin"]["resource"]) == (box.url, "campaigns")
    assert footer["rows"] == written.rows == pq.read_metadata(written.path).num_rows
    assert footer["certificate"]["verdict"] == "exact"
    assert footer["certificate"]["rows_returned"] == written.rows
    assert "exact" in repr(written)
    assert box.api_key not in repr(written)
    assert box.api_key.encode() not in written.path.read_bytes()


def test_the_key_is_nowhere_in_an_uncompressed_file_either(client, box, tmp_path):
    written = client.campaigns.scan().to_parquet(tmp_path / "f.parquet", compression="none")
    content = written.path.read_bytes()
    assert b"subject 100" in content, "the search would find what is there"
    assert box.api_key.encode() not in content


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "brotli", "lz4", "none"])
def test_every_compression_is_read_back(client, tmp_path, compression):
    written = client.campaigns.scan("opens > 200").to_parquet(tmp_path / "c.parquet", compression=compression)
    found = pq.read_metadata(written.path).row_group(0).column(0).compression.lower()
    assert found == {"none": "uncompressed"}.get(compression, compression)
    assert len(written.to_frame()) == 49


def test_writing_twice_is_writing_once(client, tmp_path):
    path = tmp_path / "twice.parquet"
    first = client.campaigns.scan().to_parquet(path)
    second = client.campaigns.scan("opens < 10").to_parquet(path, mode="overwrite")
    assert (first.rows, second.rows) == (250, 10)
    assert len(dyno.read_dataset(path)) == 10
    assert names_in(tmp_path) == ["twice.parquet"]


def test_a_file_has_the_rights_that_any_new_file_has(client, tmp_path):
    (tmp_path / "plain").touch()
    written = client.campaigns.scan("opens < 10").to_parquet(tmp_path / "a.parquet")
    assert stat.S_IMODE(written.path.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_an_export_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "kept.parquet"
    with dyno.sandbox(load={"campaigns": lines(tmp_path)}, speed=0) as box:
        client = box.client(page_size=20, timeout_s=2.0, profile=Profile())
        scan = client.campaigns.scan("opens < 100")
        scan.to_parquet(path)
        before = path.read_bytes()
        client.campaigns.frame()
        wrong = client.campaigns.scan()
        with box._store.transaction() as connection:
            connection.execute("UPDATE campaigns SET opens = 1.5 WHERE id = '0200'")
        with pytest.raises(ContractError, match="row 0200"):
            wrong.to_parquet(path)
        assert path.read_bytes() == before
        assert names_in(tmp_path) == ["campaigns.jsonl", "kept.parquet"]
        client.close()
        with pytest.raises(DynoError):
            wrong.to_parquet(path)
        with pytest.raises(DynoError):
            wrong.to_parquet(tmp_path / "new.parquet")
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["campaigns.jsonl", "kept.parquet"]


def test_an_interrupted_export_leaves_the_old_file_and_nothing_else(client, tmp_path, monkeypatch):
    path = tmp_path / "kept.parquet"
    client.campaigns.scan("opens < 100").to_parquet(path)
    before = path.read_bytes()

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pq.ParquetWriter, "write_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client.campaigns.scan().to_parquet(path)
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["kept.parquet"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "replace"}, "mode='replace'; expected 'overwrite', 'append' or 'sync'"),
        ({"compression": "zip"}, "compression='zip'; expected one of zstd"),
        ({"compression": None}, "compression=None; expected one of"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_asked(client, tmp_path, arguments, message):
    with pytest.raises(ConfigError, match=message):
        client.campaigns.scan().to_parquet(tmp_path / "a.parquet", **arguments)
    assert names_in(tmp_path) == []


def test_a_folder_or_a_missing_one_is_refused_with_the_cure(client, tmp_path):
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "kept.txt").touch()
    with pytest.raises(ConfigError, match=r"is a folder; give the name of a file"):
        client.campaigns.scan().to_parquet(tmp_path / "folder.parquet")
    with pytest.raises(ConfigError, match=r"is a folder with files of another program in it"):
        client.campaigns.scan().to_parquet(tmp_path)
    with pytest.raises(ConfigError, match=r"does not exist; make it first"):
        client.campaigns.scan().to_parquet(tmp_path / "not" / "there.parquet")


def test_a_name_without_a_folder_is_written_where_one_stands(client, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert client.campaigns.scan("opens < 3").to_parquet("here.parquet").rows == 3
    assert (tmp_path / "here.parquet").is_file()


def test_a_function_of_ones_own_can_be_exported_but_not_asked_again(client, tmp_path):
    frame = client.campaigns.frame().dyno[lambda c: pd.Series(c["opens"].map(lambda n: n % 2 == 0))]
    with pytest.raises(QueryError, match=r"\.dyno\.scan\("):
        frame.dyno.to_parquet(tmp_path / "a.parquet")
    assert names_in(tmp_path) == []
    scan = frame.dyno.scan(lambda c: pd.Series(c["opens"].map(lambda n: n % 2 == 0)))
    assert scan.to_parquet(tmp_path / "a.parquet").rows == len(frame) == 125


def test_a_file_of_another_program_is_refused_with_the_cure(tmp_path):
    foreign = tmp_path / "foreign.parquet"
    pq.write_table(pa.table({"id": ["a"]}), foreign)
    with pytest.raises(SchemaError, match=r"not written by dyno_frames; read it with pandas\.read_parquet"):
        dyno.read_dataset(foreign)
    text = tmp_path / "text.parquet"
    text.write_text("no Parquet at all", encoding="utf-8")
    with pytest.raises(SchemaError, match="cannot be read as Parquet"):
        dyno.read_dataset(text)
    with pytest.raises(FileNotFoundError):
        dyno.read_dataset(tmp_path / "missing.parquet")


@pytest.mark.parametrize("version", [0, 2, -1, "1"])
def test_a_single_file_has_one_version(client, tmp_path, version):
    path = client.campaigns.scan("opens < 3").to_parquet(tmp_path / "a.parquet").path
    assert len(dyno.read_dataset(path, version=1)) == len(dyno.read_dataset(str(path))) == 3
    with pytest.raises(SchemaError, match="has version 1 only"):
        dyno.read_dataset(path, version=version)


def test_a_file_that_has_lost_rows_is_no_dataset(client, tmp_path):
    path = client.campaigns.scan("opens < 30").to_parquet(tmp_path / "a.parquet").path
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SchemaError, match="cannot be read as Parquet"):
        dyno.read_dataset(path)


def test_nothing_is_shown_where_nobody_looks(client, tmp_path, capfd):
    client.campaigns.scan().to_parquet(tmp_path / "a.parquet")
    assert capfd.readouterr() == ("", "")
    client.campaigns.scan().to_parquet(tmp_path / "a.parquet", progress=True)
    assert "250" in capfd.readouterr().err


def sparse(folder: Path) -> Path:
    """The oldest of 150 campaigns alone has a number in a field that is null in all the others."""
    path = folder / "sparse.jsonl"
    rows = [
        {"id": f"{at:03d}", "name": "n", "status": f"s{at}", "created": at, "updated": at}
        for at in range(150)
    ]
    rows[0]["mood"] = 7
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_a_field_that_the_sample_held_no_value_of_is_exported_as_declared(tmp_path):
    with dyno.sandbox(load={"campaigns": sparse(tmp_path)}, speed=0) as box:
        with box.client(name="declared", schema={"mood": "int"}) as client:
            written = client.campaigns.scan().to_parquet(tmp_path / "a.parquet")
            frame = client.campaigns.find()
        again = written.to_frame()
    pd.testing.assert_frame_equal(again, frame)
    assert again["mood"].tolist()[0] == 7
    assert again["mood"].isna().sum() == 149


def test_more_status_words_than_fit_a_byte_are_all_kept(tmp_path):
    with (
        dyno.sandbox(load={"campaigns": sparse(tmp_path)}, speed=0) as box,
        box.client(schema={"mood": "object"}) as client,
    ):
        written = client.campaigns.scan().to_parquet(tmp_path / "a.parquet")
        assert written.to_frame()["status"].tolist() == [f"s{at}" for at in range(150)]
        assert pd.read_parquet(written.path)["status"].tolist() == [f"s{at}" for at in range(150)]
