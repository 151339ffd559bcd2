"""``scan.to_dask()`` on a cluster of processes: equal to pandas, without a key in a graph, and within one budget."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask
import pandas as pd
import pytest
from cloudpickle import dumps

import dyno_frames
from dyno_frames.api import connect
from dyno_frames.errors import ConfigError, QueryError, StaleError
from dyno_frames.integrations.dask.plugin import WorkerConnection
from dyno_frames.sandbox.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parents[2]))

from conformance.account import account
from conformance.expressions import LOCALS, ROWS

VARIABLE = "DYNO_TEST_CLUSTER_KEY"
MANY = 4_000


@pytest.fixture(scope="module")
def box(cluster_keys):
    keys = dict(cluster_keys)
    with Sandbox(
        load=account().loadable(), speed=0, api_key=keys.pop("main"), accounts=keys, faults=[]
    ) as box:
        yield box


@pytest.fixture(scope="module")
def client(box, cluster, cluster_keys):
    with connect(box.url, cluster_keys["main"], page_size=100) as client:
        yield client


def scans(client, rows):
    """Return the scans of the table's expressions whose partitions can be read independently."""
    found = []
    for row in rows:
        expr = row.query if row.query is not None else row.python
        if row.resource != "campaigns" or row.warns:
            continue
        try:
            scan = client.campaigns.scan(
                expr, local_dict=LOCALS, columns=["id", "opens", "status", "subject"]
            )
            found.append((scan, scan.to_dask(rows_per_partition=150)))
        except QueryError:
            continue
    return found


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_expressions_of_the_table_have_the_rows_of_pandas(client, seed):
    found = scans(client, random.Random(seed).sample(ROWS, 40))  # noqa: S311 - a test's dice
    assert len(found) > 15
    computed = dask.compute(*(collection for _, collection in found))
    for (scan, _), frame in zip(found, computed, strict=True):
        pd.testing.assert_frame_equal(frame.reset_index(drop=True), scan.to_frame())


def test_the_key_is_in_no_graph_log_dump_or_page_of_the_cluster(client, cluster, cluster_keys, tmp_path):
    collection = client.campaigns.scan("opens > 3").to_dask(rows_per_partition=100)
    failing = collection.map_partitions(lambda _part: 1 / 0, meta=("broken", "int64"))
    with pytest.raises(ZeroDivisionError):
        failing.compute()
    collection.compute()
    cluster.dump_cluster_state(str(tmp_path / "dump"), format="yaml")
    seen = dumps(collection) + dumps(collection.optimize().__dask_graph__())
    seen += (tmp_path / "dump.yaml").read_bytes()
    seen += repr((cluster.get_worker_logs(), cluster.get_scheduler_logs(), cluster.get_events())).encode()
    base = cluster.dashboard_link.rpartition("/")[0]
    for page in ("info/main/workers.html", "json/counts.json", "json/index.html"):
        with urllib.request.urlopen(f"{base}/{page}") as reply:  # noqa: S310 - loopback
            seen += reply.read()
    assert b"dyno-" in seen
    assert cluster_keys["main"].encode() not in seen


def test_a_worker_without_the_key_of_the_account_is_named_before_the_first_task(box, cluster, cluster_keys):
    with connect(box.url, cluster_keys["unknown"], name="unknown") as unknown:
        scan = unknown.campaigns.scan()
        sent = len(box.requests)
        with pytest.raises(
            ConfigError, match="the key of another account in the environment variable DYNO_API_KEY"
        ) as caught:
            scan.to_dask()
        assert len(box.requests) <= sent + 4
    assert "register_plugin(WorkerConnection(" in str(caught.value)
    assert cluster_keys["main"] not in str(caught.value)


def test_a_plugin_names_the_place_of_a_key(box, cluster, cluster_keys):
    with connect(box.url, cluster_keys["other"], name="other") as other:
        other.campaigns.create(name="alone", list_id="none")
        with pytest.raises(ConfigError, match="no API key of the account"):
            other.campaigns.scan().to_dask()
        cluster.register_plugin(WorkerConnection("other", box.url, f"env:{VARIABLE}"))
        assert other.campaigns.scan().to_dask().compute().name.tolist() == ["alone"]


def test_an_action_in_a_task_of_a_cluster_is_refused(box, cluster):
    def act(url):
        with connect(url) as client:
            client.campaigns.pause("any")

    with pytest.raises(ConfigError, match="pause was called in a task of Dask"):
        cluster.submit(act, box.url).result()


def most_at_once(entries):
    """Return how many requests were at the server at once."""
    ends = [(entry.at, 1) for entry in entries] + [(entry.at + entry.duration_s, -1) for entry in entries]
    most = now = 0
    for _, change in sorted(ends):
        now += change
        most = max(most, now)
    return most


def act_in(thread_of):
    """Return a task that acts in a thread which it starts."""

    def act(url):
        def pause():
            with connect(url) as client:
                client.campaigns.pause("any")

        return thread_of(pause)

    return act


def in_pool(act):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act).result()


def in_asyncio(act):
    return asyncio.run(asyncio.to_thread(act))


@pytest.mark.parametrize("thread_of", [in_pool, in_asyncio])
def test_an_action_in_a_thread_that_a_task_starts_is_refused(box, cluster, thread_of):
    with pytest.raises(ConfigError, match="pause was called in a task of Dask"):
        cluster.submit(act_in(thread_of), box.url).result()


def test_a_later_frame_does_not_get_the_rows_that_an_earlier_one_has_persisted(changing, cluster):
    box, client = changing
    kept = client.campaigns.scan().to_dask(rows_per_partition=1_000).persist()
    kept.opens.sum().compute()
    with box._store.transaction() as connection:
        connection.execute("UPDATE campaigns SET opens = 7")
    assert client.campaigns.scan().to_dask(rows_per_partition=1_000).opens.sum().compute() == 7 * MANY
    assert kept.npartitions


def test_the_certificate_is_that_of_the_last_computation_wherever_it_was(changing, cluster):
    _, client = changing
    found = client.campaigns.scan().to_dask(rows_per_partition=1_000, pinned=False)
    found.compute()
    assert dyno_frames.certificate_of(found).verdict == "exact"
    client.campaigns.delete(client.campaigns.find(limit=1).id[0])
    assert len(found.compute(scheduler="threads")) == MANY - 1
    assert dyno_frames.certificate_of(found).verdict == "at_least_once"


def test_workers_is_the_number_of_concurrent_requests_of_the_whole_cluster(many, cluster_keys, injected):
    with (
        connect(many.url, cluster_keys["main"], page_size=100) as client,
        injected(many, {"kind": "latency", "delay_s": 0.02}),
    ):
        for workers in (1, 2):
            collection = client.campaigns.scan().to_dask(rows_per_partition=500, workers=workers)
            sent = len(many.requests)
            assert len(collection.compute()) == MANY
            assert most_at_once(many.requests[sent:]) == workers


def test_the_rate_is_that_of_the_whole_cluster(many, cluster_keys):
    with connect(many.url, cluster_keys["main"], page_size=200) as client:
        collection = client.campaigns.scan().to_dask(rows_per_partition=1_000, max_requests_per_second=50)
        sent = len(many.requests)
        collection.compute()
        times = sorted(entry.at for entry in many.requests[sent:])
        assert len(times) > 20
        assert (len(times) - 1) / (times[-1] - times[0]) <= 55


def test_a_pause_that_the_server_asks_of_one_worker_holds_for_all(many, cluster_keys, injected):
    with connect(many.url, cluster_keys["main"], page_size=100) as client:
        collection = client.campaigns.scan().to_dask(rows_per_partition=500)
        sent = len(many.requests)
        with injected(many, {"kind": "slow_down", "after": 12, "times": 1, "retry_after_s": 1}):
            assert len(collection.compute()) == MANY
        entries = sorted(many.requests[sent:], key=lambda entry: entry.at)
    (slow,) = (entry for entry in entries if entry.status == 429)
    came = slow.at + slow.duration_s
    assert [entry for entry in entries if came + 0.2 < entry.at < came + 0.9] == []


def test_a_cluster_sends_about_as_many_requests_as_one_process(many, cluster_keys):
    with connect(many.url, cluster_keys["main"], page_size=50) as client:
        scan = client.campaigns.scan()
        alone = scan.run().certificate.requests
        sent = len(many.requests)
        collection = scan.to_dask(rows_per_partition=2_000)
        planned = len(many.requests) - sent
        collection.compute()
    certificate = dyno_frames.certificate_of(collection)
    assert certificate.verdict == "exact"
    assert certificate.requests + planned <= 1.05 * alone


def test_the_certificate_knows_more_partitions_than_the_scheduler_keeps_events_of_a_topic(
    many, cluster_keys, most_events
):
    with connect(many.url, cluster_keys["main"], page_size=100) as client:
        collection = client.campaigns.scan(columns=["id"]).to_dask(rows_per_partition=50)
    assert collection.npartitions > most_events
    collection.compute()
    assert dyno_frames.certificate_of(collection).verdict == "exact"


def test_rows_are_neither_lost_nor_doubled_when_workers_are_killed(
    many, cluster_keys, kill_one, cluster, seed
):
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    with connect(many.url, cluster_keys["main"], page_size=50) as client:
        expected = client.campaigns.scan().to_frame().id
        for _ in range(4):
            collection = client.campaigns.scan().to_dask(rows_per_partition=400)
            running = collection.persist()
            killing = threading.Timer(dice.uniform(0, 0.6), kill_one, (cluster, dice.random()))
            killing.start()
            found = running.compute()
            killing.join()
            pd.testing.assert_series_equal(found.id.reset_index(drop=True), expected)
            cluster.wait_for_workers(2, timeout=30)


def test_errors_of_a_task_reach_the_client_as_errors_of_the_package(many, cluster_keys, cluster):
    with connect(many.url, cluster_keys["main"], page_size=100) as client:
        collection = client.campaigns.scan().to_dask(rows_per_partition=500)
        client.campaigns.delete(client.campaigns.find(limit=1).id[0])
        with pytest.raises(StaleError, match="created up to"):
            collection.compute()
