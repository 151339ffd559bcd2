"""Requests that change something are refused in the tasks of schedulers, which run some of them twice."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

import dask
import pytest

from dyno_frames.api import connect
from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.sandbox import Sandbox

VERBS = {
    "pause": lambda client, key: client.campaigns.pause(key),
    "start": lambda client, key: client.campaigns.start(key),
    "campaigns.update": lambda client, key: client.campaigns.update(key, name="changed"),
    "campaigns.delete": lambda client, key: client.campaigns.delete(key),
    "lists.create": lambda client, key: client.lists.create(name="new"),
}


@pytest.fixture(scope="module")
def box():
    with Sandbox(speed=0) as box:
        yield box


@pytest.fixture(scope="module")
def client(box):
    with connect(box.url, box.api_key) as client:
        yield client


@pytest.fixture(scope="module")
def key(client):
    return client.campaigns.find("status == 'draft'", limit=1).id[0]


def in_another_process(url, api_key, verb, key):
    """Return the refusal of a verb in a process that a pool started, and whether a read was answered there."""
    with connect(url, api_key) as client:
        try:
            VERBS[verb](client, key)
        except ConfigError as error:
            return str(error), client.campaigns.count() > 0
    return "", False


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("scheduler", ["sync", "threads"])
def test_an_action_in_a_task_of_dask_is_refused_before_a_request(box, client, key, verb, scheduler):
    before = len(box.requests)
    with pytest.raises(ConfigError, match=rf"{verb} was called in a task of Dask.*Nothing was sent"):
        dask.delayed(VERBS[verb])(client, key).compute(scheduler=scheduler)
    assert len(box.requests) == before


@pytest.mark.parametrize("pool", ["pool", "executor"])
def test_an_action_in_a_process_pool_is_refused_and_a_read_is_not(box, key, pool):
    context, given = multiprocessing.get_context("spawn"), (box.url, box.api_key, "pause", key)
    if pool == "pool":
        with context.Pool(1) as workers:
            refused, is_read = workers.apply(in_another_process, given)
    else:
        with ProcessPoolExecutor(1, mp_context=context) as workers:
            refused, is_read = workers.submit(in_another_process, *given).result()
    assert refused.startswith("pause was called in a task of ")
    assert is_read


def test_threads_of_a_pool_may_change_something(client, key):
    with ThreadPool(1) as pool, ThreadPoolExecutor(1) as executor:
        pool.apply(client.campaigns.update, (key,), {"name": "by a pool"})
        executor.submit(client.campaigns.update, key, name="by an executor").result()
    assert client.campaigns.get(key)["name"] == "by an executor"
