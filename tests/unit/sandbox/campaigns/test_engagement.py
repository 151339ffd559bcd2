"""Simulated recipients: reproducible, never decreasing, labelled, and never for real contacts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dyno_frames.contract.resources import CAMPAIGNS, LISTS
from dyno_frames.sandbox.campaigns.engagement import HOUR_S, SPAN_S, Engagement, opened_share
from dyno_frames.sandbox.campaigns.sending import Sender
from dyno_frames.sandbox.sample import account as sample
from dyno_frames.sandbox.store.storage import Store

NOW = sample.REFERENCE_S
FIGURES = ("recipients", "sent", "delivered", "bounces", "opens", "clicks", "unsubscribes")


def running(store, key="c", **fields):
    row = {
        "status": "running",
        "recipients": 5000,
        "simulated": True,
        **dict.fromkeys(FIGURES[1:], 0),
        **fields,
    }
    store.load(CAMPAIGNS, [{"id": key, "list_id": sample.lists()[0]["id"], **row}])


def figures(store, key="c"):
    row = store.get(CAMPAIGNS, key)
    return tuple(row[name] for name in FIGURES)


def lived(steps, *, seed=sample.SEED):
    """The figures of one campaign after each step of simulated time, all of it sent at first."""
    with Store() as store:
        running(store, sent=5000, delivered=5000, status="running")
        readers = Engagement(store, seed=seed)
        told = []
        for step_s in steps:
            readers.tick(step_s, now=NOW)
            told.append(figures(store))
        return told


def test_the_same_time_in_other_steps_gives_the_same_figures():
    coarse = lived([10 * HOUR_S])[-1]
    fine = lived([HOUR_S / 6] * 60)[-1]
    assert coarse == fine
    assert lived([10 * HOUR_S], seed=1)[-1] != coarse


def test_figures_only_grow_and_add_up():
    told = lived([HOUR_S] * 120)
    for before, after in pairwise(told):
        assert all(was <= now for was, now in zip(before[3:], after[3:], strict=True))
    for recipients, sent, delivered, bounces, opens, clicks, unsubscribes in told:
        assert recipients >= sent == delivered + bounces
        assert delivered >= opens >= clicks
        assert opens >= unsubscribes
    assert told[-1][4] > told[0][4] > 0
    assert told[-1] == told[100]


def test_most_opens_come_early():
    shares = [opened_share(hours * HOUR_S) for hours in range(0, 120, 4)]
    assert shares == sorted(shares)
    assert (shares[0], opened_share(SPAN_S)) == (0.0, 1.0)
    assert opened_share(4 * HOUR_S) > 0.45


def test_the_speed_applies_to_engagement():
    with Store() as store:
        sample.fill(store)
        running(store)
        sender = Sender(store, clock=lambda: NOW, speed=3600.0)
        for _ in range(96):
            sender.tick(1.0)
        told = figures(store)
    assert told[0] == told[1] == 5000
    assert told[4] > 0.1 * 5000


def test_a_campaign_of_the_sample_account_is_labelled_when_it_is_simulated():
    with Store() as store:
        sample.fill(store)
        store.insert(
            CAMPAIGNS,
            {
                "id": "new",
                "status": "running",
                "list_id": sample.lists()[0]["id"],
                "recipients": 100,
                "sent": 0,
                "delivered": 0,
            },
        )
        Sender(store, clock=lambda: NOW).tick(0.1)
        assert store.get(CAMPAIGNS, "new")["simulated"] is True


@pytest.mark.parametrize("in_sample_account", [True, False])
def test_real_contacts_are_not_simulated(in_sample_account):
    with Store() as store:
        if in_sample_account:
            sample.fill(store)
        store.load(LISTS, [{"id": "real", "name": "n", "emails": ["a@example.com"]}])
        store.insert(
            CAMPAIGNS, {"id": "new", "status": "running", "list_id": "real", "recipients": 1, "sent": 0}
        )
        sender = Sender(store, clock=lambda: NOW, speed=3600.0)
        for _ in range(50):
            sender.tick(1.0)
        row = store.get(CAMPAIGNS, "new")
    assert row.get("simulated") is None
    assert not row.get("opens")
    assert row["sent"] == 0


def test_an_account_without_simulated_rows_is_only_counted():
    with Store() as store:
        store.load(
            CAMPAIGNS,
            [{"id": "c", "status": "running", "recipients": 10, "sent": 0, "delivered": 0, "opens": 0}],
        )
        Sender(store, clock=lambda: NOW, speed=3600.0).tick(1.0)
        assert store.get(CAMPAIGNS, "c")["opens"] == 0


def test_age_is_kept_when_the_sandbox_ends(tmp_path):
    with Store(tmp_path / "box.db") as store:
        running(store, sent=5000, delivered=5000)
        Engagement(store).tick(5 * HOUR_S, now=NOW)
    with Store(tmp_path / "box.db") as store:
        Engagement(store).tick(5 * HOUR_S, now=NOW)
        assert figures(store) == lived([10 * HOUR_S])[-1]
