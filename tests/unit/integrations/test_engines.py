"""Spark and Ray read exports, Delta tables and Arrow streams, and get the rows that pandas gets.

Both are too large for the extra ``test``: ``pip install -e '.[test,engines]'`` installs them; Spark needs Java.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from dyno_frames.api import connect
from dyno_frames.sandbox.sandbox import Sandbox

# Spark and Ray warn about pandas, and leave files open
pytestmark = pytest.mark.filterwarnings("ignore")

STATUSES = ("draft", "finished", "running")
ROWS = pd.DataFrame(
    {
        "name": [
            (f"row {number}", f"<b>{number}</b>, «né»", f'"{number}"\n\\')[number % 3]
            for number in range(300)
        ],
        "subject": [None if number % 4 == 0 else f"subject {number}" for number in range(300)],
        "start_time": [None if number % 5 == 0 else 1_450_000_000 + number for number in range(300)],
        "status": [STATUSES[number % 3] for number in range(300)],
        "opens": [number % 97 for number in range(300)],
        "created": [1_450_000_000 + 3_600 * number for number in range(300)],
    }
)


@pytest.fixture(scope="module")
def scan() -> Iterator[Any]:
    with (
        Sandbox(load={"campaigns": ROWS}, speed=0) as box,
        connect(box.url, box.api_key, page_size=100) as client,
    ):
        yield client.campaigns.scan("opens > 3", progress=False)


@pytest.fixture(scope="module")
def expected(scan: Any) -> list[dict[str, Any]]:
    return sorted_rows([scan.to_arrow()])


@pytest.fixture(scope="module")
def dataset(scan: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a dataset of two versions and several files."""
    path = tmp_path_factory.mktemp("exports") / "campaigns"
    for _ in range(2):
        scan.to_parquet(path, mode="overwrite", max_rows_per_file=100)
    return str(path)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    sql = pytest.importorskip(
        "pyspark.sql", reason="pyspark is not installed: it comes with the extra 'engines'"
    )
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
    }
    session = sql.SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.fixture(scope="module")
def ray_data() -> Iterator[Any]:
    ray = pytest.importorskip("ray", reason="ray is not installed: it comes with the extra 'engines'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_DATA_PARQUET_FOOTER_NUM_ACTORS", "1")  # each is a process; there are 32 by default
        ray.init(
            address="local",
            num_cpus=4,
            object_store_memory=100 * 2**20,
            include_dashboard=False,
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
        )
        yield pytest.importorskip("ray.data")
        ray.shutdown()


def sorted_rows(tables: Iterable[pa.Table]) -> list[dict[str, Any]]:
    """Return the rows of tables as dictionaries, by their ids."""
    return sorted((row for table in tables for row in table.to_pylist()), key=itemgetter("id"))


def rows_of(found: Any) -> list[dict[str, Any]]:
    """Return the rows of a dataset of Ray."""
    ray = pytest.importorskip("ray")
    return sorted_rows(ray.get(found.to_arrow_refs()))


def test_spark_reads_a_dataset(spark, dataset, expected):
    assert sorted_rows([spark.read.parquet(dataset).toArrow()]) == expected


def test_spark_takes_an_arrow_table(spark, scan, expected):
    assert sorted_rows([spark.createDataFrame(scan.to_arrow()).toArrow()]) == expected


def test_ray_reads_a_dataset(ray_data, dataset, expected):
    assert rows_of(ray_data.read_parquet(dataset)) == expected


def test_ray_reads_a_delta_table(ray_data, scan, expected, tmp_path):
    scan.to_delta(tmp_path / "table", partition_by="status")
    assert rows_of(ray_data.read_delta(str(tmp_path / "table"))) == expected


def test_ray_takes_an_arrow_stream(ray_data, scan, expected):
    batches = pa.RecordBatchReader.from_stream(scan)
    assert rows_of(ray_data.from_arrow([pa.Table.from_batches([batch]) for batch in batches])) == expected
