"""A journal that is not as it was written: nothing that sends leaves before a person has accepted the damage."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dyno_frames.actions.intent import Intent
from dyno_frames.actions.journal import Journal
from dyno_frames.actions.outcome import Outcome
from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import ConfigError, OutcomeUnknownError


def intent(campaign: str = "c1", action: Action = Action.START) -> Intent:
    return Intent.of(action, {"status": "draft"}, {}, campaign_id=campaign, now=100.0, until=200.0)


def concluded(journal: Journal, campaign: str) -> None:
    one = intent(campaign)
    journal.intend(one, alone=False)
    journal.conclude(
        one,
        Outcome(status="applied", action=one.action, campaign_id=campaign, before="draft", after="running"),
    )


@pytest.fixture
def blocked(journal) -> Journal:
    """A journal of a start that is open, between actions of other campaigns."""
    concluded(journal, "c0")
    assert journal.intend(intent(), alone=True) == []
    concluded(journal, "c2")
    assert journal.intend(intent("c3"), alone=True) == []
    assert journal.damage() == []
    return journal


def refuses(journal: Journal) -> bool:
    """Tell whether a start of the campaign that has one open is refused; nothing is written then."""
    return bool(journal.intend(intent(), alone=True))


def test_at_every_flipped_bit_of_an_open_intent_a_second_start_is_refused(blocked):
    whole = blocked.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    start = len(lines[0]) + len(lines[1])
    for place in range(start, start + len(lines[2])):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            blocked.path.write_bytes(damaged)
            assert blocked.damage(), (place - start, bit)
            assert refuses(blocked), (place - start, bit)
    blocked.path.write_bytes(whole)
    assert blocked.damage() == []


def test_at_every_flipped_bit_of_a_last_line_a_second_start_is_refused(journal):
    """The last line is no exception where it was written whole: its request may have left."""
    journal.intend(intent(), alone=True)
    whole = journal.path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        journal.path.write_bytes(damaged)
        assert refuses(journal), place


@pytest.mark.parametrize("last", ["open", "concluded"])
def test_a_journal_that_is_cut_at_any_byte_refuses_a_second_start(journal, last):
    journal.intend(intent(), alone=True)
    if last == "concluded":
        concluded(journal, "c2")
    whole = journal.path.read_bytes()
    for size in range(len(whole)):
        journal.path.write_bytes(whole[:size])
        assert refuses(journal), size


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def zeroed_block(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[300:812] = bytes(512)
    path.write_bytes(content)


def without_line(number: int):
    def damage(path: Path) -> None:
        lines = path.read_bytes().splitlines(keepends=True)
        del lines[number]
        path.write_bytes(b"".join(lines))

    return damage


def with_line_twice(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], lines[2], *lines[3:]]))


def with_lines_swapped(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


def an_older_copy(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))


DAMAGE = {
    "zeroed": zeroed,
    "zeroed block": zeroed_block,
    "without its open line": without_line(2),
    "without its first line": without_line(0),
    "without its last line": without_line(-1),
    "with a line twice": with_line_twice,
    "with lines swapped": with_lines_swapped,
    "emptied": emptied,
    "removed": removed,
    "an older copy": an_older_copy,
    "other text": lambda path: path.write_text("hello\n"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_lost_lines_are_noticed_wherever_they_stood(blocked, damage):
    damage(blocked.path)
    assert refuses(blocked)
    assert refuses(blocked), "asking again accepts nothing"
    (found,) = blocked.damage()
    assert found.path == blocked.path
    assert found.faults


@pytest.mark.parametrize(
    "damage", [removed, emptied, zeroed, lambda path: path.write_bytes(path.read_bytes()[:-1])]
)
def test_a_count_of_lines_that_is_lost_or_damaged_is_damage(blocked, damage):
    (count,) = blocked.path.parent.glob("*.count")
    damage(count)
    assert refuses(blocked)
    assert "count" in " ".join(blocked.damage()[0].faults)


def test_at_every_flipped_bit_of_the_count_a_second_start_is_refused(blocked):
    (count,) = blocked.path.parent.glob("*.count")
    whole = count.read_bytes()
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        count.write_bytes(damaged)
        assert refuses(blocked), place
        assert blocked.damage(), place


def test_the_count_of_an_earlier_moment_is_no_damage(journal):
    """A process may die after it has written its line and before it has counted it: its request has not left."""
    concluded(journal, "c0")
    (count,) = journal.path.parent.glob("*.count")
    before = count.read_bytes()
    journal.intend(intent(), alone=True)
    count.write_bytes(before)
    assert journal.damage() == []
    assert [entry.intent.campaign_id for entry in journal.unresolved("c1")] == ["c1"]
    concluded(journal, "c2")
    assert journal.damage() == []
    assert len(journal.entries()) == 3


def test_an_outcome_that_is_lost_or_damaged_leaves_its_action_open(journal):
    """Outcomes are counted with the next intent; without one, an action is not known to be over, and blocks."""
    concluded(journal, "c1")
    whole = journal.path.read_bytes()
    start = whole.index(b"\n") + 1
    for place in range(start, len(whole)):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]):
            journal.path.write_bytes(damaged)
            assert journal.damage() == []
            assert [entry.intent.campaign_id for entry in journal.unresolved("c1")] == ["c1"], place
    journal.intend(intent("c2"), alone=True)
    assert [entry.status for entry in journal.entries()] == ["open", "open"]
    assert journal.damage() == []


def test_what_a_process_wrote_of_a_line_before_it_died_blocks_nothing_and_goes(journal):
    concluded(journal, "c0")
    whole = journal.path.read_bytes()
    (count,) = journal.path.parent.glob("*.count")
    counted = count.read_bytes()
    journal.intend(intent(), alone=True)
    line = journal.path.read_bytes()[len(whole) :]
    for size in range(len(line)):
        for rest in (line[:size], bytes(size), line[:size] + bytes(len(line) - size)):
            journal.path.write_bytes(whole + rest)
            count.write_bytes(counted)
            assert journal.damage() == [], (size, rest)
            assert journal.unresolved("c1") == []
    assert journal.intend(intent("c3"), alone=True) == []
    assert journal.path.read_bytes().startswith(whole + b'{"kind":"intent"')
    assert [entry.intent.campaign_id for entry in journal.entries()] == ["c0", "c3"]


def test_damage_in_the_journal_of_one_key_is_damage_to_all_of_the_server_and_to_no_other(journal):
    old, new = journal.of("1f"), journal.of("2e")
    old.intend(intent(), alone=True)
    zeroed(old.path)
    assert refuses(new)
    assert [found.path for found in new.damage()] == [old.path]
    assert not Journal("server:2", folder=journal.path.parent).damage()


def test_actions_that_send_nothing_are_still_written_and_the_damage_remains(blocked):
    zeroed_block(blocked.path)
    known = len(blocked.entries())
    pause = intent("c5", Action.PAUSE)
    assert blocked.intend(pause, alone=False) == []
    assert [entry.intent for entry in blocked.unresolved("c5")] == [pause]
    assert len(blocked.entries()) == known + 1
    assert refuses(blocked)


def test_accepted_damage_is_kept_aside_and_what_can_be_read_stays(blocked):
    lines = blocked.path.read_bytes().splitlines(keepends=True)
    lines[0] = lines[0].replace(b"c0", b"c9")
    damaged = b"".join(lines)
    blocked.path.write_bytes(damaged)
    (accepted,) = blocked.accept_damage()
    assert accepted.kept is not None
    assert accepted.kept.read_bytes() == damaged
    assert accepted.kept.stat().st_mode & 0o777 == 0o600
    assert accepted.faults == ("line 1 is not as it was written (perhaps start of campaign c9)",)
    assert blocked.damage() == blocked.accept_damage() == []
    assert [(entry.intent.campaign_id, entry.status) for entry in blocked.entries()] == [
        ("c1", "open"),
        ("c2", "applied"),
        ("c3", "open"),
    ]
    assert refuses(blocked), "what is open stays open"
    (entry,) = blocked.unresolved("c1")
    blocked.conclude(
        entry.intent, Outcome(status="applied", action=Action.START, campaign_id="c1", before="draft")
    )
    assert not refuses(blocked)
    assert blocked.damage() == []


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_all_damage_can_be_accepted_twice_in_a_row(journal, damage):
    for number in range(2):
        for campaign in ("c0", "c1", "c2"):
            concluded(journal, campaign)
        journal.intend(intent(f"open {number}"), alone=True)
        damage(journal.path)
        assert len(journal.accept_damage()) == 1
        assert journal.damage() == []
        assert journal.intend(intent(f"new {number}"), alone=True) == []
        assert len(list(journal.path.parent.glob("*.damaged"))) == number + 1


def test_a_line_of_a_version_to_come_is_not_passed_over(journal, tmp_path):
    journal.intend(intent(), alone=True)
    from dyno_frames.actions.journal_file import JournalFile

    record = {**intent("c2").to_json(), "kind": "intent", "action": "archive"}
    JournalFile(journal.path).append(record, count=True)
    assert journal.damage() == []
    with pytest.raises(ConfigError, match="another version"):
        journal.entries()
    with pytest.raises(ConfigError, match="another version"):
        journal.intend(intent("c2"), alone=True)


# --- as a person meets it


@pytest.fixture
def damaged(client, wire, campaign):
    """A start whose answer was lost, in a process that died, and its line damaged."""
    real = client.connection.session.send

    def send(operation, **kwargs):
        reply = real(operation, **kwargs)
        if operation.name == "campaigns.start":
            raise KeyboardInterrupt
        return reply

    client.connection.session.send = send
    with pytest.raises(KeyboardInterrupt):
        client.campaigns.start(campaign)
    client.connection.session.send = real
    path = client.connection.journal.path
    path.write_bytes(path.read_bytes().replace(b'"kind":"intent"', b'"kind":"inte~t"'))
    client.campaigns.pause(campaign)
    wire.passed.clear()
    return client


def test_a_send_is_refused_until_the_damage_is_accepted_and_the_error_says_how(damaged, wire, campaign):
    for _ in range(2):
        with pytest.raises(OutcomeUnknownError, match="is damaged") as caught:
            damaged.campaigns.resume(campaign)
        assert "accept_journal_damage()" in str(caught.value)
        assert f"perhaps start of campaign {campaign}" in str(caught.value)
        assert (caught.value.outcome.status, caught.value.outcome.request) == ("not_applied", None)
    assert wire.sent("campaign_process") == 0
    (accepted,) = damaged.campaigns.accept_journal_damage()
    assert "line 1" in str(accepted)
    assert str(accepted.kept) in str(accepted)
    assert damaged.campaigns.resume(campaign).status == "applied"
    assert damaged.campaigns.accept_journal_damage() == ()
    assert wire.sent("campaign_process") == 1


def test_pausing_and_stopping_stay_possible(damaged, campaign):
    assert damaged.campaigns.stop(campaign).status == "applied"


def test_resolving_does_not_say_that_nothing_is_unresolved(damaged, campaign):
    with pytest.raises(OutcomeUnknownError, match=r"is damaged.*accept_journal_damage\(\)"):
        damaged.campaigns.resolve(campaign)
    damaged.campaigns.accept_journal_damage()
    assert damaged.campaigns.resolve(campaign) is None


def test_a_plan_says_that_the_journal_is_damaged(damaged, campaign):
    assert "accept_journal_damage()" in str(damaged.campaigns.plan("resume", campaign))
    assert "accept_journal_damage()" not in str(damaged.campaigns.plan("stop", campaign))


def test_the_journal_shows_the_damage_beside_what_can_be_read(damaged, campaign):
    shown = damaged.journal
    assert shown["outcome"].tolist() == ["applied", "damaged"]
    last = shown.iloc[-1]
    assert last["blocks"]
    assert last[["campaign_id", "action", "at", "judged_at"]].isna().all()
    assert "accept_journal_damage()" in last["evidence"]
    damaged.campaigns.accept_journal_damage()
    assert damaged.journal["outcome"].tolist() == ["applied"]
    assert (damaged.journal.dtypes == shown.dtypes).all()


def test_a_journal_that_is_read_while_it_is_made_and_written_is_not_damaged(tmp_path):
    for number in range(60):
        journal = Journal("server:1", folder=tmp_path / str(number))
        done, found = threading.Event(), []

        def read(journal=journal, done=done, found=found) -> None:
            while not done.is_set():
                found.extend(journal.damage())

        reader = threading.Thread(target=read)
        reader.start()
        for campaign in ("c0", "c1"):
            concluded(journal, campaign)
        done.set()
        reader.join()
        assert found == []
