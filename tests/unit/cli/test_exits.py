from __future__ import annotations

import pytest

from dyno_frames import errors
from dyno_frames.cli.exits import Exit, exit_code, one_line, printable

LEAVES = {
    errors.QuerySyntaxError("q"): Exit.COMMAND,
    errors.UnknownFieldError("q"): Exit.COMMAND,
    errors.LiteralTypeError("q"): Exit.COMMAND,
    errors.NotPushableError("q"): Exit.COMMAND,
    errors.SchemaError("s"): Exit.COMMAND,
    errors.ConfigError("c"): Exit.COMMAND,
    errors.TableError("t", refused={"lists": {0: "no name"}}): Exit.COMMAND,
    errors.NotFoundError("a", code="404"): Exit.COMMAND,
    errors.AuthenticationError("a", code="401"): Exit.COMMAND,
    errors.IllegalTransitionError("a", code="409"): Exit.SERVER,
    errors.RejectedError("a", code="400"): Exit.SERVER,
    errors.RateLimitError("a", code="429"): Exit.SERVER,
    errors.ApiError("a", code="777"): Exit.SERVER,
    errors.ConnectError("t"): Exit.SERVER,
    errors.ReadTimeoutError("t"): Exit.SERVER,
    errors.RetriesExhaustedError("t"): Exit.SERVER,
    errors.ContractError("c"): Exit.SERVER,
    errors.OutcomeUnknownError("o"): Exit.UNKNOWN,
    errors.WaitError("w", reason="timeout"): Exit.SERVER,
    errors.StaleError("s", age_s=None): Exit.SERVER,
    errors.MissingExtraError.of("jupyterlab", "lab"): Exit.COMMAND,
    FileNotFoundError(2, "No such file", "rows.csv"): Exit.COMMAND,
    ConnectionResetError("reset"): Exit.SERVER,
    KeyboardInterrupt(): Exit.INTERRUPTED,
}


@pytest.mark.parametrize("error", LEAVES, ids=lambda error: type(error).__name__)
def test_every_error_has_the_exit_code_of_its_kind(error):
    assert exit_code(error) is LEAVES[error]


def test_ctrl_c_says_what_was_interrupted_and_ends_with_3_if_a_request_may_have_changed_something():
    def interrupt(*, perhaps_sent: bool) -> BaseException:
        outer = errors.short_interrupt("the start was interrupted", perhaps_sent=perhaps_sent)
        with pytest.raises(KeyboardInterrupt) as caught, outer, errors.short_interrupt("the request"):
            raise KeyboardInterrupt
        return caught.value

    assert one_line(KeyboardInterrupt()) == "interrupted"
    assert one_line(interrupt(perhaps_sent=False)) == "the start was interrupted"
    assert exit_code(interrupt(perhaps_sent=False)) is Exit.INTERRUPTED
    assert exit_code(interrupt(perhaps_sent=True)) is Exit.UNKNOWN


def test_no_leaf_of_the_error_tree_is_forgotten():
    def leaves(kind: type) -> set[type]:
        below = kind.__subclasses__()
        return set().union(*map(leaves, below)) if below else {kind}

    inside = {leaf for leaf in leaves(errors.DynoError) if leaf.__module__ == errors.__name__}
    assert inside <= {type(error) for error in LEAVES}


def test_an_error_is_one_line_but_for_a_caret_and_a_report_of_rows():
    assert one_line(errors.ConfigError("no url:\n  set DYNO_URL")) == "no url: set DYNO_URL"
    assert one_line(errors.QuerySyntaxError("a ==\n   ^")) == "a ==\n   ^"
    assert one_line(errors.TableError("2 rows:\n  no name", refused={})) == "2 rows:\n  no name"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\r", "\x9b31m", "\u202e", "\u2028", "\ud800"])
def test_no_word_of_a_server_steers_the_terminal(hostile):
    shown = printable(f"a{hostile}b")
    assert hostile[0] not in shown
    assert shown.startswith("a\\")


@pytest.mark.parametrize("text", ["naïve – “quoted”", "日本語", "👩‍👧 family", "a\u00a0b"])
def test_people_s_own_letters_stay(text):
    assert printable(text) == text


def test_a_file_that_cannot_be_used_is_named_with_the_cure():
    shown = one_line(FileNotFoundError(2, "No such file or directory", "/proc/x"))
    assert (
        shown
        == "'/proc/x' cannot be used: No such file or directory; choose another path, or check its folder"
    )
    assert one_line(OSError(28, "No space left on device")).startswith(
        "the output cannot be written: No space left"
    )
    assert one_line(ConnectionResetError(104, "reset")) == "[Errno 104] reset"
