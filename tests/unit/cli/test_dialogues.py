"""The dialogues of commands that change something: on a terminal, and in a pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pexpect
import pytest

from dyno_frames.api import connect
from dyno_frames.sandbox.sandbox import Sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal")

ENTER = "\r"


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    """A server with an empty account."""
    with Sandbox(sample=False, speed=0) as box:
        yield box


@pytest.fixture
def draft(account: Any, own_state: Any, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Create a draft campaign, named as asked, whose list has a number of contacts; returns its id."""

    def create(name: str, contacts: int = 3) -> str:
        with connect(account.url, account.api_key) as client:
            emails = [f"contact-{number}@example.com" for number in range(contacts)]
            return client.campaigns.create(
                name=name, subject="Hello", from_name="Shop", from_email="shop@example.com",
                list_id=client.lists.create(name="Friends", emails=emails),
                template_id=client.templates.create(name="Plain", subject="Hello", html="<p>Hi</p>"),
            )  # fmt: skip

    return create


@pytest.fixture
def dialogue(account: Any, own_state: Any) -> Callable[..., tuple[str, int]]:
    """Run a command on a terminal, answer its questions, and return what is on the screen and the exit code."""

    def run(
        *arguments: object, answers: dict[str, str] | None = None, typed_ahead: str = ""
    ) -> tuple[str, int]:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "dyno_frames.cli", *map(str, arguments)],
            env={**os.environ, "DYNO_URL": account.url, "DYNO_API_KEY": account.api_key},
            encoding="utf-8", dimensions=(40, 500), timeout=30,
        )  # fmt: skip
        screen = ""
        child.send(typed_ahead)
        for question, answer in (answers or {}).items():
            child.expect_exact(question)
            screen += child.before + child.after
            child.send(answer)
        screen += child.read()
        child.close()
        return normal(screen), child.exitstatus

    return run


@pytest.fixture
def pipe(account: Any, own_state: Any, run: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a command whose stdin is not a terminal."""
    monkeypatch.setenv("DYNO_URL", account.url)
    monkeypatch.setenv("DYNO_API_KEY", account.api_key)
    return run


def normal(screen: str) -> str:
    """Return a screen with ids and times replaced, which differ from run to run."""
    screen = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", screen.replace("\r\n", "\n"))
    return re.sub(r"\d\d:\d\d:\d\d UTC", "HH:MM:SS UTC", screen)


REVIEW = """\
You are about to send “{name}” NOW to {people} of the list “Friends”. Sent mail cannot be recalled.
Subject: Hello
From: Shop <shop@example.com>
List: Friends
As of: HH:MM:SS UTC, status draft
"""


def test_start_shows_the_review_of_the_panel_and_asks(draft, dialogue):
    draft("Spring")
    screen, code = dialogue("start", "Spring", answers={"[y/N]: ": f"y{ENTER}"})
    assert screen == REVIEW.format(name="Spring", people="3 recipients") + (
        "Send to 3 recipients? [y/N]: y\nstart ID: applied, draft → running\n"
    )
    assert code == 0


@pytest.mark.parametrize("answer", ["n", ""])
def test_any_other_answer_than_yes_sends_nothing(draft, dialogue, pipe, answer):
    key = draft(f"Kept {answer}")
    screen, code = dialogue("start", key, answers={"[y/N]: ": f"{answer}{ENTER}"})
    assert screen.endswith(f"Send to 3 recipients? [y/N]: {answer}\nNothing was sent.\n")
    assert code == 130
    assert '"status": "draft"' in pipe("get", "campaigns", key, "--format", "json").out


def test_ctrl_c_at_the_question_sends_nothing(draft, dialogue):
    screen, code = dialogue("start", draft("Interrupted"), answers={"[y/N]: ": "\x03"})
    assert screen.endswith("dyno-frames: interrupted\n")
    assert code == 130


@pytest.mark.parametrize(("contacts", "question"), [(3, "[y/N]: "), (1001, "Type 1001 to confirm: ")])
def test_text_typed_before_the_question_does_not_answer_it(draft, dialogue, pipe, contacts, question):
    key = draft("Ahead", contacts=contacts)
    screen, code = dialogue("start", key, answers={question: f"n{ENTER}"}, typed_ahead=f"y{ENTER}1001{ENTER}")
    assert screen.endswith(f"{question}n\nNothing was sent.\n")
    assert code == 130
    assert '"status": "draft"' in pipe("get", "campaigns", key, "--format", "json").out


def test_above_the_panels_threshold_the_number_is_typed(draft, dialogue):
    key = draft("Large", contacts=1001)
    screen, code = dialogue("start", key, answers={"Type 1001 to confirm: ": f"1000{ENTER}"})
    assert screen == REVIEW.format(name="Large", people="1,001 recipients") + (
        "Type 1001 to confirm: 1000\nNothing was sent.\n"
    )
    assert code == 130
    screen, code = dialogue("start", key, answers={"Type 1001 to confirm: ": f"1,001{ENTER}"})
    assert screen.endswith("Type 1001 to confirm: 1,001\nstart ID: applied, draft → running\n")
    assert code == 0


def test_stop_asks_for_the_word_or_the_name(draft, dialogue, pipe):
    key = draft("Over")
    assert pipe("start", key, "--yes").code == 0
    screen, code = dialogue("stop", key, answers={"Type stop to confirm: ": f"stop{ENTER}"})
    assert screen == (
        "You are about to stop “Over” for good. It cannot be resumed. 3 recipients will not receive it.\n"
        "As of: HH:MM:SS UTC, status running\n"
        "Note: it keeps sending until the server accepts this.\n"
        "Type stop to confirm: stop\n"
        "stop ID: applied, running → stopped\n"
    )
    assert code == 0


def test_a_schedule_is_moved_and_canceled(draft, dialogue, pipe):
    key = draft("Later")
    first = pipe("start", key, "--yes", "--at", "2100-01-01T09:00", "--time-zone", "Europe/Paris")
    assert (first.code, normal(first.out)) == (0, "start ID: applied, draft → scheduled\n")
    move = ("--at", "2100-02-01T09:00", "--time-zone", "Europe/Paris", "--subject", "Moved")
    screen, code = dialogue("reschedule", key, *move, answers={"[y/N]: ": f"y{ENTER}"})
    assert screen == (
        "You are about to move “Later” to 2100-02-01 09:00 Europe/Paris = 2100-02-01 08:00 UTC, to 3 recipients of the "
        "list “Friends”. Sent mail cannot be recalled.\n"
        "From: Shop <shop@example.com>\n"
        "List: Friends\n"
        "As of: HH:MM:SS UTC, status scheduled\n"
        "Changed: Subject “Hello” → “Moved”\n"
        "Schedule to 3 recipients? [y/N]: y\n"
        "reschedule ID: applied, scheduled → scheduled\n"
    )
    assert code == 0
    screen, code = dialogue("cancel-schedule", key, answers={"[y/N]: ": f"y{ENTER}"})
    assert screen == (
        "You are about to cancel the schedule of “Later”. It becomes a draft again; nothing is sent.\n"
        "As of: HH:MM:SS UTC, status scheduled\n"
        "Cancel the schedule? [y/N]: y\n"
        "cancel-schedule ID: applied, scheduled → draft\n"
    )
    assert code == 0


def test_delete_says_what_it_deletes_and_asks(draft, dialogue):
    key = draft("Old")
    screen, code = dialogue("delete", "campaigns", key, answers={"[y/N]: ": f"y{ENTER}"})
    assert screen == (
        "You are about to delete the campaign “Old” (ID, status draft). It cannot be restored.\n"
        "Delete it? [y/N]: y\n"
        "deleted campaign ID\n"
    )
    assert code == 0


def test_a_name_cannot_turn_the_text_around_it(draft, dialogue):
    key = draft("Sale\u202e100")
    screen, code = dialogue("delete", "campaigns", key, answers={"[y/N]: ": f"n{ENTER}"})
    assert screen.startswith("You are about to delete the campaign “Sale\\u202e100” (ID")
    assert code == 130


ASKING = ["start", "resume", "update-and-resume", "reschedule", "cancel-schedule", "stop"]


@pytest.mark.parametrize("command", ASKING)
def test_in_a_pipe_a_question_is_an_error_with_the_cure(run, command):
    ended = run(command, "some-id", "--url", "http://127.0.0.1:9", "--api-key", "unused")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"dyno-frames: nothing was sent: {command} asks for confirmation, and stdin is not a terminal. "
        "Add --yes to confirm, or --dry-run to print the request\n"
    )


def test_yes_answers_and_leaves_the_outcome_alone_on_stdout(draft, pipe):
    ended = pipe("start", draft("Piped"), "--yes")
    assert (ended.code, normal(ended.out)) == (0, "start ID: applied, draft → running\n")
    assert normal(ended.err) == REVIEW.format(name="Piped", people="3 recipients")


def test_yes_alone_does_not_confirm_a_large_number(draft, pipe):
    key = draft("Mass", contacts=1001)
    ended = pipe("start", key, "--yes")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith(
        "--yes alone does not confirm an action for 1,001 recipients. Add --recipients 1001\n"
    )
    wrong = pipe("start", key, "--yes", "--recipients", 1000)
    assert wrong.code == 2
    assert wrong.err.endswith("--recipients 1000, and the number of recipients is 1,001\n")
    assert pipe("start", key, "--yes", "--recipients", 1001).code == 0


def test_pause_and_resume_follow_each_other_and_pause_does_not_ask(draft, pipe):
    key = draft("Halted")
    assert pipe("start", key, "--yes").code == 0
    paused = pipe("pause", key)
    assert (paused.code, paused.err) == (0, "")
    assert normal(paused.out) == "pause ID: applied, running → paused\n"
    resumed = pipe("update-and-resume", key, "--subject", "Now right", "--yes")
    assert (resumed.code, normal(resumed.out)) == (0, "update-and-resume ID: applied, paused → running\n")
    assert "Changed: Subject “Hello” → “Now right”" in resumed.err
    assert (pipe("pause", key).code, pipe("resume", key, "--yes").code) == (0, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "soon"), "is 'soon'; expected"),
        (("--at", "2100-01-01T09:00"), "a wall time without a zone"),
        (("--at", "2100-01-01T09:00", "--time-zone", "Europe/Pars"), "'Europe/Pars' is not a time zone"),
        (("--time-zone", "Europe/Paris"), "give both, or neither"),
        (("--subject", "two\nlines"), "expected one line of text"),
        (("--recipients", "-1"), "-1 is not in the range"),
    ],
)
def test_a_wrong_option_of_an_action_is_said_before_any_request(run, options, said):
    ended = run("start", "some-id", "--yes", *options, "--url", "http://127.0.0.1:9", "--api-key", "unused")
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_the_help_says_which_commands_ask_and_that_an_id_is_looked_up_first(run):
    assert "required if the command asks" not in run("pause", "--help").out
    for command in ("pause", "start", "wait", "get", "update", "delete"):
        assert "An id is looked up first." in " ".join(run(command, "--help").out.split())


def test_each_action_has_the_options_of_its_request(run):
    assert "--at" in run("reschedule", "--help").out
    assert "--subject" in run("update-and-resume", "--help").out
    assert "--recipients" in run("resume", "--help").out
    for command in ("pause", "stop", "cancel-schedule"):
        assert not {"--at", "--subject", "--recipients"} & set(run(command, "--help").out.split())
