"""A known API key is sent with every request and appears nowhere that a person or a program can read."""

from __future__ import annotations

import base64
import copy
import http.client
import inspect
import io
import json
import logging
import pickle
import secrets
import socket
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dyno_frames as dyno
from dyno_frames.contract.operations import operation
from dyno_frames.errors import DynoError, NotFoundError, OutcomeUnknownError, TransportError
from dyno_frames.sandbox.sandbox import Sandbox
from dyno_frames.transport.retry import Policy

CANARY = f"canary-{secrets.token_hex(12)}"
RECIPIENT = f"recipient-{secrets.token_hex(6)}@example.com"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(sample=True, speed=0, api_key=CANARY) as box:
        yield box


@pytest.fixture
def client(box, own_state) -> Iterator[Any]:
    with dyno.connect(box.url, CANARY, name="canary") as client:
        yield client


@pytest.fixture
def campaign(client) -> str:
    of = client.lists.create(name="Friends", emails=[RECIPIENT])
    return client.campaigns.create(name="Canary", list_id=of, subject="hello")


def clean(*texts: str | bytes, of: tuple[str, ...] = (CANARY, RECIPIENT)) -> None:
    """Check that no text contains the key or the recipient, plain or encoded."""
    for text in texts:
        content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        for secret in of:
            for form in (secret.encode(), base64.b64encode(secret.encode()), secret.encode().hex().encode()):
                assert form not in content, content[max(0, content.find(form) - 200) :][:400]


def shapes(value: Any) -> Iterator[str]:
    """Yield every text form of a value."""
    yield from (repr(value), str(value), f"{value}", f"{value!r:>50}", "%s %r" % (value, value))  # noqa: UP031 - a surface
    for name in ("_repr_html_", "_repr_markdown_", "_repr_json_"):
        if callable(getattr(type(value), name, None)):
            yield str(getattr(value, name)())
    mimes = getattr(value, "_repr_mimebundle_", None)
    if callable(mimes):
        yield str(mimes())


def insides(value: Any, depth: int = 6) -> Iterator[str]:
    """Yield the contents of a value's attributes, slots and containers, as a debugger shows them."""
    seen: set[int] = set()
    waiting = [(value, depth)]
    while waiting:
        one, left = waiting.pop()
        if id(one) in seen or left == 0 or inspect.ismodule(one) or isinstance(one, type):
            continue
        seen.add(id(one))
        yield repr(one)[:100_000]
        below: list[Any] = list(getattr(one, "__dict__", {}).values())
        below += [getattr(one, name, None) for kind in type(one).__mro__ for name in _slots(kind)]
        if isinstance(one, dict):
            below += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            below += list(one)
        waiting += [(part, left - 1) for part in below]


def _slots(kind: type) -> tuple[str, ...]:
    named = kind.__dict__.get("__slots__", ())
    return (named,) if isinstance(named, str) else tuple(named)


def verbose(error: BaseException) -> str:
    """Return a traceback with the local variables of every frame outside this test."""
    text: list[str] = []
    one: BaseException | None = error
    while one is not None:
        for frame, line in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename != __file__:
                text += [
                    f"{frame.f_code.co_qualname}:{line}",
                    *(_shown(value) for value in frame.f_locals.values()),
                ]
        text += traceback.format_exception_only(one)
        one = one.__cause__ or one.__context__
    return "\n".join(text)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - others' reprs fail in their own ways
        return type(error).__name__


def test_the_key_does_travel(box):
    """Otherwise the other tests would prove nothing."""
    with dyno.connect(box.url, CANARY) as client:
        assert client.lists.count() > 0
        assert client.connection.session.key.reveal() == CANARY


def test_client_session_and_all_that_hangs_on_them_show_nothing(client, campaign):
    frame = client.campaigns.find(limit=3)
    values = [
        client,
        client.connection.session,
        client.campaigns,
        client.lists,
        client.connection.settings,
        client.connection.journal,
    ]
    values += [client.connection.session.key, frame, frame.attrs, client.campaigns.scan(), client.journal]
    for value in values:
        clean(*shapes(value), *insides(value))
    clean(
        *insides(client.connection.session.endpoint._headers.__self__), repr(vars(client)), str(dir(client))
    )


def test_what_is_copied_or_pickled_shows_nothing(client, campaign):
    for value in (
        client.connection.settings,
        client.campaigns.plan("start", campaign),
        client.campaigns.find(limit=2),
    ):
        clean(pickle.dumps(value), *insides(copy.copy(value)), *insides(copy.deepcopy(value)))
    for value in (client, client.connection.session, client.connection.session.key):
        with pytest.raises(TypeError):
            pickle.dumps(value)
        clean(*insides(copy.copy(value)))


ERRORS: dict[str, Callable[[Any], object]] = {
    "not found": lambda client: client.campaigns.get("nothing"),
    "nothing to start": lambda client: client.campaigns.start("nothing"),
    "a recipient beside a fault": lambda client: client.lists.create(name=3, emails=[RECIPIENT]),
    "a recipient beside what is none": lambda client: client.lists.create(
        name="x", emails=[RECIPIENT, "none"]
    ),
    "a recipient the server refuses": lambda client: client.lists.create(
        name="x", emails=[RECIPIENT, "a b@c d"]
    ),
    "a recipient as an id": lambda client: client.lists.get(RECIPIENT),
    "a query that names no column": lambda client: beside_a_secret(client, "nmae == 'x'"),
    "a query that cannot be parsed": lambda client: beside_a_secret(client, "name == @least and"),
    "a query that pandas refuses": lambda client: beside_a_secret(client, "contacts > 'many'"),
    "a query of a name that is none": lambda client: beside_a_secret(client, "name == @nothing"),
    "a query that its caller gives names": lambda client: client.lists.frame().dyno.query(
        "nmae == @x", local_dict={"x": 1, "key": CANARY}, global_dict={"key": RECIPIENT}
    ),
    "a query that strict refuses": lambda client: beside_a_secret(client, "contacts > created", strict=True),
    "a recipient beside what JSON cannot carry": lambda client: client.lists.create(
        name="x", emails=[RECIPIENT], other=object()
    ),
    "a recipient in a list that is not known": lambda client: client.lists.update(
        "nothing", emails=[RECIPIENT]
    ),
    "a recipient in a body that is no JSON": lambda client: client.connection.session.send(
        operation("lists", "create"), body={"emails": [RECIPIENT], "name": object()}
    ),
    "a filter the server refuses": lambda client: client.connection.session.send(
        FIND, body={"name": {"like": 3}}
    ),
    "a body that is no JSON": lambda client: client.connection.session.send(FIND, body={"name": object()}),
    "a closed session": lambda client: (client.close(), client.lists.get("1")),
}
FIND = operation("lists", "find")


def beside_a_secret(client: Any, text: str, **more: Any) -> object:
    """Ask where a variable and a global hold secrets, in a query string and in the frame's own verb."""
    mine, least = f"{CANARY} {RECIPIENT}", "x"
    frame = client.lists.frame()
    for ask in (client.lists.find, frame.dyno.query, frame.dyno.scan):
        try:
            ask(text, **more)
        except DynoError as error:
            raised = error
    assert mine.endswith(RECIPIENT)
    assert least == "x"
    raise raised


@pytest.mark.parametrize("case", ERRORS)
def test_no_error_shows_the_key_or_a_recipient(client, case, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DynoError) as caught:
        ERRORS[case](client)
    clean(*shapes(caught.value), *insides(vars(caught.value)), pickle.dumps(caught.value))
    # An id that is an address is an argument of ours; recipients and the caller's variables are not shown.
    clean(verbose(caught.value), of=(CANARY,) if case == "a recipient as an id" else (CANARY, RECIPIENT))
    clean(caplog.text, *(repr(vars(record)) for record in caplog.records))


@pytest.mark.parametrize("ending", ["nobody", "silence", "nonsense", "echo"])
def test_no_failure_on_the_way_shows_the_key(own_state, ending, caplog):
    caplog.set_level(logging.DEBUG)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    if ending == "nobody":
        listener.close()
    with dyno.connect(url, CANARY, timeout_s=0.3) as client:
        client.connection.session.policy = Policy(attempts=2, outlast_s=0, deadline_s=1.0)
        client.connection.session.deadline_s = 1.0
        if ending in {"nonsense", "echo"}:
            threading.Thread(target=_answer, args=(listener, ending == "echo")).start()
        for ask in (lambda: client.lists.get("1"), lambda: client.lists.create(name="x", emails=[RECIPIENT])):
            with pytest.raises(DynoError) as caught:
                ask()
            clean(*shapes(caught.value), *insides(vars(caught.value)), pickle.dumps(caught.value))
            clean(verbose(caught.value))
    if ending != "nobody":
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    clean(caplog.text, *(repr(vars(record)) for record in caplog.records))


def _answer(listener: socket.socket, echo: bool) -> None:  # noqa: FBT001 - a thread's argument
    """Answer every request with nonsense, or with an error that repeats the request's head."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            head = connection.recv(65536)
            body = b"<html>nonsense"
            if echo:
                said = head.decode("latin-1")
                body = json.dumps({"has_error": True, "error_code": "77", "error message": said}).encode()
            connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def test_logs_at_every_level_and_http_client_s_own_prints_show_nothing(client, campaign, caplog, monkeypatch):
    caplog.set_level(1)
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 9)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        client.lists.create(name="logged", emails=[RECIPIENT])
        client.campaigns.find("opens > 100")
        client.campaigns.start(campaign)
        with pytest.raises(NotFoundError):
            client.lists.get("nothing")
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    assert any(record.name.startswith("dyno_frames") for record in caplog.records)
    clean(caplog.text, out.getvalue(), err.getvalue(), *(repr(vars(record)) for record in caplog.records))


def test_frames_files_plans_and_the_journal_hold_nothing(client, campaign, own_state, tmp_path):
    frame = client.campaigns.find("opens > 10")
    dataset = tmp_path / "dataset"
    frame.dyno.to_parquet(dataset)
    frame.to_parquet(tmp_path / "frame.parquet")
    frame.to_pickle(tmp_path / "frame.pickle")
    clean(
        json.dumps(frame.attrs, default=str),
        frame.to_html(),
        frame.to_csv(),
        frame.to_json(date_format="iso"),
    )
    plan = client.campaigns.plan("start", campaign)
    clean(*shapes(plan), *insides(plan))
    clean(*shapes(client.campaigns.apply(plan)))
    clean(client.journal.to_csv())
    files = [path for path in own_state.rglob("*") if path.is_file()]
    assert any(path.suffix == ".jsonl" for path in files)
    assert any(path.suffix == ".parquet" for path in files)
    clean(*(path.read_bytes() for path in files), *(str(path) for path in files))


NOTEBOOK = [
    "import logging, sys; logging.basicConfig(level=1, stream=sys.stdout, force=True)",
    "%xmode Verbose",
    "import dyno_frames as dyno; client = dyno.connect(name='notebook'); client",
    "vars(client), vars(client.connection.session), client.connection.settings",
    "frame = client.campaigns.find(limit=5); frame",
    "frame.attrs",
    "frame.dyno.panel()",
    "key = client.campaigns.create(name='x', list_id=client.lists.find(limit=1)['id'].iloc[0]); plan = client.campaigns.plan('start', key); plan",
    "client.campaigns.apply(plan)",
    "client.campaigns.wait(key, until='running', progress=True)",
    "client.journal",
    "client.campaigns.get('nothing')",
    "client.campaigns.resume(key)",
    "client.lists.create(name=3)",
    "client.connection.session.endpoint.url = 'http://127.0.0.1:1'; client.connection.session.deadline_s = 1.0; client.campaigns.get('x')",
    "%whos",
    "globals()['client'].connection.session.endpoint._headers",
]


def run(notebook: Any, folder: Path) -> str:
    """Run a notebook in a kernel and return it as saved, with the state of its widgets."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install jupyterlab")
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # jupyter's own
        nbclient.NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            allow_errors=True,
            store_widget_state=True,
            resources={"metadata": {"path": str(folder)}},
        ).execute()
    saved: str = nbformat.writes(notebook)
    state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) > 10
    return saved


@pytest.fixture
def _kernels(box, own_state, monkeypatch) -> None:
    """Set the account in the environment of kernels."""
    monkeypatch.setenv("DYNO_URL", box.url)
    monkeypatch.setenv("DYNO_API_KEY", CANARY)
    monkeypatch.setenv("PYTHONPATH", str(Path(dyno.__file__).parents[1]))


@pytest.mark.usefixtures("_kernels")
def test_a_notebook_that_was_run_and_saved_with_its_widgets_holds_nothing(tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: pip install jupyterlab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in NOTEBOOK])
    saved = run(notebook, tmp_path)
    raised = [
        out["ename"] for cell in notebook.cells for out in cell.outputs if out["output_type"] == "error"
    ]
    assert raised == ["NotFoundError", "IllegalTransitionError", "ConfigError", "ConnectError"]
    assert "DEBUG" in saved
    clean(saved)


@pytest.mark.usefixtures("_kernels")
def test_a_panel_that_the_command_line_writes_holds_nothing(box, client, campaign, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: pip install jupyterlab")
    from click.testing import CliRunner

    from dyno_frames.cli import page
    from dyno_frames.cli.panel import panel

    monkeypatch.setattr(page, "run_page", lambda *_, **__: 0)  # else it runs until it is closed
    monkeypatch.setattr(page, "require_voila", lambda: None)
    line = [campaign, "--url", box.url, "--api-key", CANARY, "--to", str(tmp_path / "panel")]
    answered = CliRunner().invoke(panel, line)
    assert answered.exit_code == 0, answered.output
    (written,) = (tmp_path / "panel").rglob("*.ipynb")
    clean(answered.output, written.read_bytes())
    saved = run(nbformat.read(written, as_version=4), tmp_path)
    assert "Canary" in saved
    clean(saved)


def test_an_unknown_outcome_shows_no_recipient(client, monkeypatch):
    real = client.connection.session.send

    def send(operation: Any, **kwargs: Any) -> Any:
        reply = real(operation, **kwargs)
        if operation.name == "lists.create":
            raise TransportError("127.0.0.1: the connection broke")
        return reply

    monkeypatch.setattr(client.connection.session, "send", send)
    with pytest.raises(OutcomeUnknownError) as caught:
        client.lists.create(name="x", emails=[RECIPIENT])
    clean(*shapes(caught.value), *insides(vars(caught.value)), pickle.dumps(caught.value))
    assert client.lists.look_for() is not None
    assert isinstance(client.lists.find(limit=1), pd.DataFrame)
