"""A disk without room: an intent that cannot be written whole is not sent, at whatever byte the room ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dyno_frames.actions.intent import Intent
from dyno_frames.actions.outcome import Outcome
from dyno_frames.contract.lifecycle import Action
from dyno_frames.errors import OutcomeUnknownError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of file sizes are POSIX's")

ROOT = str(Path(__file__).parents[3])

EVERY_BYTE = """
    import resource, sys
    from pathlib import Path
    from dyno_frames.actions.intent import Intent
    from dyno_frames.actions.journal import Journal
    from dyno_frames.contract.lifecycle import Action
    from dyno_frames.errors import ConfigError

    journal = Journal("server:1", folder=Path(sys.argv[1]))

    def intent(campaign):
        return Intent.of(Action.START, {"status": "draft"}, {}, campaign_id=campaign, now=1.0, until=2.0)

    def intend(room):
        size = journal.path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))
        try:
            assert journal.intend(intent("c1"), alone=True) == []
            return True
        except ConfigError as error:
            assert "cannot be written" in str(error), error
            assert "Nothing was sent" in str(error), error
            return False
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    assert journal.intend(intent("c0"), alone=True) == []
    whole = journal.path.read_bytes()
    room = 0
    while not intend(room):
        assert journal.path.read_bytes() == whole, room
        assert journal.unresolved("c1") == [], room
        room += 1
    assert [entry.intent.campaign_id for entry in journal.entries()] == ["c0", "c1"]
    print(room, len(journal.path.read_bytes()) - len(whole))
"""


def run(script: str, *arguments: object, command: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_at_every_byte_where_the_room_ends_an_intent_is_refused_and_leaves_no_trace(tmp_path):
    done = run(EVERY_BYTE, tmp_path / "journal")
    assert done.returncode == 0, done.stderr
    refused, line = map(int, done.stdout.split())
    assert refused == line > 250


START = """
    import resource, sys
    from dyno_frames.actions.context import PollPolicy
    from dyno_frames.api import connect
    from dyno_frames.errors import DynoError

    url, key, campaign, verb, room = sys.argv[1:]
    with connect(url, key) as client:
        client.campaigns.poll_policy = PollPolicy(settle_s=0.6, first_s=0.05, longest_s=0.2)
        size = client.connection.journal.path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(room), resource.RLIM_INFINITY))
        try:
            outcome = getattr(client.campaigns, verb)(campaign)
            print(outcome.status, *outcome.evidence, sep="\\n")
        except DynoError as error:
            print(type(error).__name__, error, sep="\\n")
"""


@pytest.fixture
def line_size(client, campaign):
    """Write a journal of one concluded action, and return how long a line of an intent is."""
    other = client.campaigns.create(name="other")
    client.campaigns.start(other)
    intent = Intent.of(
        Action.START, client.campaigns.get(campaign), {}, campaign_id=campaign, now=1.0, until=2.0
    )
    before = client.connection.journal.path.stat().st_size
    client.connection.journal.intend(intent, alone=True)
    size = client.connection.journal.path.stat().st_size - before
    client.connection.journal.conclude(
        intent, Outcome(status="not_applied", action=Action.START, campaign_id=campaign, before="draft")
    )
    return size


@pytest.mark.parametrize("room", [0, 1, 50, 200, -1])
def test_nothing_is_sent_where_the_intent_does_not_fit_and_once_where_it_does_again(
    client, wire, campaign, line_size, room
):
    """The answer of a start that was sent with half an intent is lost, and a second start must not follow."""
    wire.break_("lose_answer", "campaign_process/init")
    wire.passed.clear()
    room = line_size - 40 if room < 0 else room
    done = run(START, wire.url, client.connection.session.key.reveal(), campaign, "start", room)
    assert done.stdout.startswith("ConfigError"), done.stdout + done.stderr
    assert "Nothing was sent" in done.stdout
    assert wire.sent("campaign_process") == 0
    assert client.campaigns.get(campaign)["status"] == "draft"
    assert client.campaigns.start(campaign).status == "applied"
    assert wire.sent("campaign_process") == 1


def test_an_action_whose_outcome_cannot_be_written_is_told_and_blocks_the_next(
    client, wire, campaign, line_size
):
    client.campaigns.start(campaign)
    client.campaigns.pause(campaign)
    wire.passed.clear()
    done = run(START, wire.url, client.connection.session.key.reveal(), campaign, "resume", line_size + 100)
    told = done.stdout.splitlines()
    assert told[0] == "applied", done.stdout + done.stderr
    assert "the journal could not note the outcome" in told
    assert wire.sent("campaign_process") == 1
    assert client.journal.iloc[-1][["outcome", "blocks"]].tolist() == ["open", True]
    client.campaigns.pause(campaign)
    wire.passed.clear()
    with pytest.raises(OutcomeUnknownError, match="resolve"):
        client.campaigns.resume(campaign)
    assert wire.sent("campaign_process") == 0


FATAL = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n" + textwrap.dedent(START)


@pytest.mark.parametrize("room", [0, 1, 120])
@pytest.mark.usefixtures("line_size")
def test_a_process_that_dies_while_it_writes_an_intent_has_sent_nothing_and_blocks_nothing(
    client, wire, campaign, room
):
    wire.passed.clear()
    done = run(FATAL, wire.url, client.connection.session.key.reveal(), campaign, "start", room)
    assert done.returncode == -signal.SIGXFSZ, done.stdout + done.stderr
    assert wire.sent("campaign_process") == 0
    assert not client.journal["blocks"].any()
    assert client.campaigns.start(campaign).status == "applied"
    assert client.journal["outcome"].tolist() == ["not_applied", "applied", "applied"]


FULL = """
    import sys
    from pathlib import Path
    from dyno_frames.actions.intent import Intent
    from dyno_frames.actions.journal import Journal
    from dyno_frames.contract.lifecycle import Action
    from dyno_frames.errors import ConfigError

    folder = Path(sys.argv[1])
    journal = Journal("server:1", folder=folder)
    written = []
    filler = (folder / "filler").open("wb", buffering=0)
    refused = 0
    for number in range(400):
        intent = Intent.of(Action.START, {"status": "draft"}, {}, campaign_id=f"c{number}", now=1.0, until=2.0)
        try:
            assert journal.intend(intent, alone=True) == []
            written.append(intent.campaign_id)
        except ConfigError as error:
            assert "No space left" in str(error), error
            assert "Nothing was sent" in str(error), error
            refused += 1
            filler.truncate(0)
            filler.seek(0)
        if number % 7 == 3:
            try:
                while filler.write(b"x" * 512) == 512:
                    pass
            except OSError:
                pass
        assert [entry.intent.campaign_id for entry in journal.entries()] == written, number
    print(refused)
"""


def test_on_a_disk_that_is_full_again_and_again_every_intent_is_whole_or_refused(tmp_path):
    unshare = shutil.which("unshare")
    mount = 'mount -t tmpfs -o size=512k none "$0" && exec "$@"'
    command = (unshare or "", "-rm", "sh", "-c", mount, str(tmp_path))
    if unshare is None or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    done = run(FULL, tmp_path, command=command)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
