"""Damaged files, wrong arguments and a second writer give the package's own errors."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dyno_frames as dyno
from dyno_frames.errors import ConfigError, SchemaError
from dyno_frames.export.files import FOOTER
from dyno_frames.export.stores import store_of

pytestmark = pytest.mark.usefixtures("_small")


@pytest.mark.parametrize("name", ["id", "name", "opens"])
def test_a_flipped_bit_in_the_values_of_a_single_file_is_a_schema_error(account, tmp_path, name):
    path = account.scan().to_parquet(tmp_path / "c.parquet", compression="none").path
    metadata = pq.read_metadata(path)
    values = metadata.row_group(0).column(metadata.schema.names.index(name))
    content = bytearray(path.read_bytes())
    content[values.data_page_offset + values.total_compressed_size // 2] ^= 4
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"c\.parquet' cannot be read as Parquet"):
        dyno.read_dataset(path)


@pytest.mark.parametrize("footer", [b"{", b"[]", b"{}", json.dumps({"schema": {"fields": 1}}).encode()])
def test_a_damaged_footer_of_a_single_file_is_a_schema_error(tmp_path, footer):
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"id": ["a"]}).replace_schema_metadata({FOOTER: footer}), path)
    with pytest.raises(SchemaError, match=r"c\.parquet' has a damaged footer"):
        dyno.read_dataset(path)


@pytest.mark.parametrize("given", [5, 1.5, [["status"]], [None]])
def test_a_partition_that_is_not_a_name_is_refused(account, tmp_path, given):
    with pytest.raises(ConfigError, match="partition_by"):
        account.scan().to_parquet(tmp_path / "c", partition_by=given)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keep", [1.5, "2", None, True])
def test_the_number_of_versions_to_keep_is_a_whole_number(dataset, keep):
    with pytest.raises(SchemaError, match=r"keep=.*expected a whole number from 1"):
        dataset.vacuum(keep=keep)
    assert dataset.versions == [1, 2]


def test_only_one_of_two_writers_commits_a_version_on_a_disk(dataset, tmp_path):
    before = dataset.to_frame()
    files = zip(dataset.manifest.files, map(Path, dataset.files), strict=True)
    fresh = {one.path: path for one, path in files}
    with pytest.raises(ConfigError, match=r"another run has written version 2 of .* meanwhile"):
        store_of(dataset.path).publish(dataset.manifest, fresh)
    assert dataset.versions == [1, 2]
    assert dataset.to_frame().equals(before)
    assert sorted(path.name for path in (tmp_path / ".c.dyno" / "versions").iterdir()) == ["000001", "000002"]
