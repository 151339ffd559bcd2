"""The journal: on the disk first, one writer at a time, and readable after a crash."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dyno_frames.actions import in_flight
from dyno_frames.actions.intent import Intent
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.outcome import Outcome
from dyno_frames.api import connect
from dyno_frames.client import journal_frame
from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import ConfigError, OutcomeUnknownError

ROW = {"status": "draft", "updated": 5, "start_time": None, "sent": 3, "opens": "many"}
BODY = {"campaign_id": "c1", "subject": "hello", "iso_start_time": "2026-07-01T09:30:00", "time_zone": "UTC"}


def intent(campaign: str = "c1", action: Action = Action.START, **changes) -> Intent:
    return Intent.of(action, ROW, BODY, campaign_id=campaign, now=100.0, until=200.0, **changes)


def outcome(of: Intent, status: str = "applied") -> Outcome:
    return Outcome(
        status=status,
        action=of.action,
        campaign_id=of.campaign_id,
        before="draft",
        after="running",
        evidence=("read",),
    )


def test_an_intent_is_on_the_disk_and_open_until_it_is_concluded(journal):
    one = intent()
    assert journal.intend(one, alone=True) == []
    (entry,) = Journal("server:1", folder=journal.path.parent).entries()
    assert entry.intent == one
    assert (entry.status, entry.blocks) == ("open", True)
    journal.conclude(one, outcome(one))
    (entry,) = journal.entries()
    assert (entry.status, entry.after, entry.evidence, entry.blocks) == (
        "applied",
        "running",
        ("read",),
        False,
    )


def test_an_intent_keeps_hashes_and_no_texts(journal):
    one = intent()
    journal.intend(one, alone=True)
    assert b"hello" not in journal.path.read_bytes()
    assert one.expects == "scheduled"
    assert one.start_epoch_s == 1782898200
    assert one.counters == {"sent": 3}
    assert set(one.overrides) == {"subject"}
    assert Intent.from_json(orjson.loads(orjson.dumps(one.to_json()))) == one


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_only_the_owner_may_read_it(journal):
    old = os.umask(0)
    try:
        journal.intend(intent(), alone=True)
    finally:
        os.umask(old)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_an_open_or_unknown_action_stands_in_the_way_of_its_own_campaign(journal):
    one, two = intent(), intent()
    journal.intend(one, alone=True)
    assert [entry.intent for entry in journal.intend(two, alone=True)] == [one]
    assert journal.intend(intent("c2"), alone=True) == []
    journal.conclude(one, outcome(one, "unknown"), blocks=True)
    assert [entry.intent for entry in journal.intend(two, alone=True)] == [one]
    assert journal.intend(two, alone=False) == []
    journal.conclude(one, outcome(one, "not_applied"))
    journal.conclude(two, outcome(two))
    assert journal.intend(intent(), alone=True) == []


def test_half_a_line_is_passed_over_and_not_continued(journal):
    one, two = intent(), intent("c2")
    journal.intend(one, alone=True)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + b'{"kind":"intent","id":"x","acti')
    journal.conclude(one, outcome(one))
    journal.intend(two, alone=True)
    assert [(e.intent, e.status) for e in journal.entries()] == [(one, "applied"), (two, "open")]


def test_a_line_cut_anywhere_leaves_what_stood_before(journal):
    one, two = intent(), intent("c2")
    journal.intend(one, alone=True)
    first = journal.path.read_bytes()
    journal.conclude(one, outcome(one))
    journal.intend(two, alone=True)
    whole = journal.path.read_bytes()
    for end in range(len(first), len(whole)):
        journal.path.write_bytes(whole[:end])
        entries = journal.entries()
        assert entries[0].intent == one
        assert len(entries) <= 2


CAMPAIGNS = st.sampled_from(["c1", "c2", "c", '"id":"c1"', "ü/\n", "outcome"])
MOVES = st.lists(st.tuples(CAMPAIGNS, st.sampled_from(["open", "applied", "unknown"])), max_size=12)


def test_a_refusal_that_is_cut_anywhere_leaves_no_open_action(journal):
    """A process may die while it writes that an action was refused: the action never left."""
    refused = intent(action=Action.CANCEL_SCHEDULE)
    journal.refuse(refused, outcome(refused, "not_applied"))
    whole = journal.path.read_bytes()
    (entry,) = journal.entries()
    assert (entry.status, entry.blocks) == ("not_applied", False)
    for end in range(len(whole)):
        journal.path.write_bytes(whole[:end])
        assert [one for one in journal.entries() if one.status == "open"] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_what_is_unresolved_is_found_without_reading_all(journal, moves):
    """A campaign's own lines are picked by their bytes; that must find what reading every line finds."""
    journal.path.unlink(missing_ok=True)
    for campaign, status in moves:
        one = intent(campaign)
        journal.intend(one, alone=False)
        if status != "open":
            journal.conclude(one, outcome(one, status), blocks=status == "unknown")
    for campaign, _ in moves:
        every = [e for e in journal.entries() if e.blocks and e.intent.campaign_id == campaign]
        assert journal.unresolved(campaign) == every


def test_servers_have_journals_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("DYNO_STATE_DIR", str(tmp_path))
    one, other = Journal("a:1"), Journal("b:1")
    assert one.path.parent == other.path.parent == tmp_path
    assert one.path != other.path
    assert "a:1" not in one.path.name


def test_accounts_of_a_server_have_journals_of_their_own(journal):
    """A practice server on a port that another had before begins with an empty journal."""
    old, new = journal.of("1f"), journal.of("2e")
    done = intent()
    old.intend(done, alone=True)
    old.conclude(done, outcome(done))
    assert len(old.entries()) == 1
    assert new.entries() == []
    assert not new.path.exists()


@pytest.mark.parametrize("before", ["1f", ""], ids=["another key", "a journal of all accounts"])
def test_what_is_open_is_found_whichever_key_it_was_asked_with(journal, before):
    """A key that is replaced, or a journal of an earlier version, hides no action of which nobody knows."""
    old, new = journal.of(before), journal.of("2e")
    done, lost = intent("c2"), intent()
    for one in (done, lost):
        old.intend(one, alone=True)
    old.conclude(done, outcome(done))
    assert [entry.intent for entry in new.entries()] == [lost]
    assert [entry.intent for entry in new.intend(intent(), alone=True)] == [lost]
    (entry,) = new.unresolved("c1")
    new.keeper(entry).conclude(lost, outcome(lost))
    assert new.entries() == []
    assert [entry.status for entry in old.entries()] == ["applied", "applied"]
    assert new.intend(intent(), alone=True) == []


def test_other_servers_and_other_files_are_none_of_its_own(journal):
    one = intent()
    Journal("server:2", account="1f", folder=journal.path.parent).intend(one, alone=True)
    (journal.path.parent / "notes.jsonl").write_text("{}")
    assert journal.unresolved("c1") == journal.entries() == []


def test_a_folder_that_cannot_be_written_stops_the_action_and_names_the_variable(tmp_path):
    (tmp_path / "file").write_text("")
    journal = Journal("a", folder=tmp_path / "file" / "below")
    with pytest.raises(ConfigError, match="DYNO_STATE_DIR"):
        journal.intend(intent(), alone=True)


def test_a_lock_that_another_process_holds_is_waited_for_and_then_refused(journal, monkeypatch):
    monkeypatch.setattr("dyno_frames.actions.journal._LOCK_S", 0.2)
    journal.intend(intent("c0"), alone=True)
    (lock,) = journal.path.parent.glob("*.lock")
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(lock)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ConfigError, match=r"Another process has held .* Nothing was sent"):
        journal.intend(intent(), alone=True)
    holder.kill()  # the lock goes with its process
    holder.communicate()
    assert journal.intend(intent(), alone=True) == []


HOLDER = """
    import sys, time
    from filelock import FileLock
    with FileLock(sys.argv[1]):
        print("held", flush=True)
        time.sleep(60)
"""

WRITER = """
    import sys
    from pathlib import Path
    from dyno_frames.actions.intent import Intent
    from dyno_frames.actions.journal import Journal
    from dyno_frames.contract.lifecycle import Action
    journal = Journal("server:1", folder=Path(sys.argv[1]))
    journal = journal.of(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(40):
        intent = Intent.of(Action.START, {"status": "draft"}, {}, campaign_id=f"c{number}", now=1.0, until=2.0)
        if not journal.intend(intent, alone=True):
            print(number, flush=True)
"""


def test_of_several_processes_one_alone_may_send_for_a_campaign_whatever_their_keys(journal):
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(journal.path.parent)]
    environment = {**os.environ, "PYTHONPATH": root}
    writers = [
        subprocess.Popen(
            [*command, account], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        for account in ("", "1f", "1f")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    sent = [number for writer in writers for number in writer.communicate(timeout=60)[0].split()]
    assert sorted(map(int, sent)) == list(range(40))
    assert len(journal.entries()) == 40
    assert {writer.returncode for writer in writers} == {0}


def test_looking_and_writing_are_one_step(journal, monkeypatch):
    """A second writer that comes between the look and the line has to wait, and then finds the line."""
    began, results = threading.Event(), []
    second = threading.Thread(
        target=lambda: (
            began.set(),
            results.append(Journal("server:1", folder=journal.path.parent).intend(intent(), alone=True)),
        )
    )
    look = journal.unresolved

    def slow(campaign_id: str):
        found = look(campaign_id)
        second.start()
        began.wait(10)
        second.join(0.2)  # without a lock the second writer ends here
        return found

    monkeypatch.setattr(journal, "unresolved", slow)
    assert journal.intend(intent(), alone=True) == []
    second.join(15)
    assert [len(blockers) for blockers in results] == [1]
    assert len(journal.entries()) == 1


def test_threads_write_whole_lines(journal):
    def write(name: str) -> None:
        for number in range(25):
            one = intent(f"{name}-{number}")
            journal.intend(one, alone=True)
            journal.conclude(one, outcome(one))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.entries()) == 100
    assert all(entry.status == "applied" for entry in journal.entries())


def test_an_intent_is_under_way_as_long_as_its_process_may_be_at_it():
    mine = intent()
    assert not in_flight.is_sending(mine, now=150.0)
    with in_flight.sending(mine.id):
        assert in_flight.is_sending(mine, now=150.0)
        assert not in_flight.is_sending(mine, now=200.0)
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True
    )
    stored = {**mine.to_json(), "pid": int(dead.stdout)}
    assert not in_flight.is_sending(Intent.from_json(stored), now=150.0)
    assert in_flight.is_sending(Intent.from_json({**stored, "pid": os.getppid()}), now=150.0)
    assert in_flight.is_sending(Intent.from_json({**stored, "machine": "elsewhere"}), now=150.0)


def test_an_empty_journal_has_the_dtypes_of_a_full_one(journal):
    empty = journal_frame.frame(journal.entries())
    for number, status in enumerate(("applied", "unknown")):
        one = intent(f"c{number}")
        journal.intend(one, alone=True)
        journal.conclude(one, outcome(one, status), blocks=status == "unknown")
    journal.intend(intent("c9"), alone=True)
    full = journal_frame.frame(journal.entries())
    assert (empty.dtypes == full.dtypes).all()
    assert list(full["outcome"]) == ["applied", "unknown", "open"]
    assert list(full["blocks"]) == [False, True, True]
    assert full["judged_at"].isna().tolist() == [False, False, True]
    assert empty.empty


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST"])
def test_spellings_of_one_server_share_one_journal(host, client, wire, box, campaign):
    wire.break_("lose_request", "campaign_process")
    with pytest.raises(OutcomeUnknownError):
        client.campaigns.start(campaign)
    wire.break_("", "")
    wire.passed.clear()
    url = wire.url.replace("127.0.0.1", host)
    with connect(url, box.api_key, name="spelled") as other:
        assert other.connection.journal.path == client.connection.journal.path
        with pytest.raises(OutcomeUnknownError, match="not sent"):
            other.campaigns.start(campaign)
        assert len(other.journal) == len(client.journal)
    assert wire.sent("campaign_process") == 0


def test_a_line_with_fields_that_are_written_no_more_is_read(journal):
    one = intent()
    stored = {**one.to_json(), "body_hash": "00"}
    assert Intent.from_json(stored) == one
