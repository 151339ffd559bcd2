"""``dyno-frames doctor``: each injected fault fails its own check with exit code 1, and names its cure."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import matplotlib as mpl
import pytest
from filelock import FileLock

from dyno_frames.api import connect

NAMES = [
    "python", "packages", "connections", "key", "encryption", "server", "clock", "profile", "cache", "journal",
    "widgets", "fonts",
]  # fmt: skip


@dataclass(slots=True)
class Machine:
    """What a fault is injected into."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    sandbox: Any
    exits: ExitStack
    arguments: list[str] = field(default_factory=list)

    def use(self, url: str | None = None, key: str | None = None) -> None:
        self.arguments = ["--url", url or self.sandbox.url, "--api-key", key or self.sandbox.api_key]

    def install(self, name: str, version: str, *metadata: str) -> None:
        """Put the metadata of a distribution before that of the installed one."""
        site = self.folder / "site"
        place = site / f"{name}-{version}.dist-info"
        place.mkdir(parents=True)
        head = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        (place / "METADATA").write_text("\n".join([*head, *metadata, ""]), encoding="utf-8")
        self.monkeypatch.syspath_prepend(site)


@pytest.fixture
def machine(own_state, monkeypatch, sandbox):
    for name in ("DYNO_URL", "DYNO_API_KEY", "DYNO_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as exits:
        yield Machine(own_state, monkeypatch, sandbox, exits)


def served(machine, *, body=None, date=None):
    """Serve what the sandbox answers, with another body or time."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            behind = http.client.HTTPConnection(urlsplit(machine.sandbox.url).netloc, timeout=30)
            headers = {"User-Api-Key": self.headers["User-Api-Key"], "Content-Type": "application/json"}
            behind.request("POST", self.path, content, headers)
            answer = body or behind.getresponse().read()
            behind.close()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def date_time_string(self, timestamp=None):
            return date or super().date_time_string(timestamp)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    machine.exits.callback(thread.join)
    machine.exits.callback(server.server_close)
    machine.exits.callback(server.shutdown)
    machine.use(f"http://127.0.0.1:{server.server_address[1]}")


def python_is_too_old(machine):
    machine.install("dyno_frames", "0.1.0", "Requires-Python: >=99")


def a_package_is_outside_its_bounds(machine):
    machine.install("dyno_frames", "0.1.0", "Requires-Dist: pandas>=999")


def a_package_is_missing(machine):
    machine.install("dyno_frames", "0.1.0", "Requires-Dist: no-such-package>=1")


def the_file_of_connections_has_a_key(machine):
    text = '[connections.a]\nurl = "http://h"\nkey = "k3y-that-must-not-show"\n'
    (machine.folder / "config" / "connections.toml").write_text(text, encoding="utf-8")


def the_connection_is_unknown(machine):
    machine.arguments = ["--connection", "absent"]


def the_variable_with_the_key_is_not_set(machine):
    machine.monkeypatch.delenv("MAIL_KEY", raising=False)
    text = '[connections.a]\nurl = "http://h"\nkey = "env:MAIL_KEY"\n'
    (machine.folder / "config" / "connections.toml").write_text(text, encoding="utf-8")
    machine.monkeypatch.setenv("DYNO_CONNECTION", "a")


def the_keyring_does_not_answer(machine):
    site = machine.folder / "site"
    site.mkdir()
    text = "import threading\ndef get_password(*_):\n    threading.Event().wait(60)\n"
    (site / "keyring.py").write_text(text, encoding="utf-8")
    machine.monkeypatch.syspath_prepend(site)
    machine.exits.callback(sys.modules.pop, "keyring", None)
    machine.arguments = ["--url", machine.sandbox.url]


def the_server_is_not_there(machine):
    machine.use("http://127.0.0.1:9")


def the_server_rejects_the_key(machine):
    machine.use(key="k3y-that-must-not-show")


def the_server_is_another_program(machine):
    served(machine, body=b"<html>It works!</html>")


def the_clocks_differ(machine):
    served(machine, date="Sat, 01 Jan 2022 00:00:00 GMT")


def the_cache_folder_is_a_file(machine):
    (machine.folder / "file").write_text("", encoding="utf-8")
    machine.monkeypatch.setenv("DYNO_CACHE_DIR", str(machine.folder / "file"))


def a_stored_profile_is_damaged(machine):
    profiles = machine.folder / "cache" / "profiles"
    profiles.mkdir()
    (profiles / "0123.json").write_text('{"version": 2, "at"', encoding="utf-8")


def the_journal_folder_is_a_file(machine):
    (machine.folder / "file").write_text("", encoding="utf-8")
    machine.monkeypatch.setenv("DYNO_STATE_DIR", str(machine.folder / "file" / "deeper"))


def the_journal_folder_cannot_be_created(machine):
    machine.monkeypatch.setenv("DYNO_STATE_DIR", str(machine.folder / "deep" / ("x" * 300)))


def the_server_sends_no_count(machine):
    served(machine, body=b'{"has_error": false, "error_code": "", "data": null}')


def the_key_of_a_variable_is_wrong(machine):
    machine.monkeypatch.setenv("MAIL_KEY", "k3y-that-must-not-show")
    (machine.folder / "config").mkdir(exist_ok=True)
    file = f'[connections.mail]\nurl = "{machine.sandbox.url}"\nkey = "env:MAIL_KEY"\n'
    (machine.folder / "config" / "connections.toml").write_text(file, encoding="utf-8")
    machine.monkeypatch.setenv("DYNO_CONFIG_DIR", str(machine.folder / "config"))
    machine.arguments = ["--connection", "mail"]


def a_journal_is_damaged(machine):
    with connect(machine.sandbox.url, machine.sandbox.api_key) as client:
        client.campaigns.pause(client.campaigns.find("status == 'running'", limit=1)["id"].item())
    (journal,) = (machine.folder / "state").glob("journal-*.jsonl")
    journal.write_bytes(journal.read_bytes()[:20])


def a_process_holds_the_journal(machine):
    machine.exits.enter_context(FileLock(machine.folder / "state" / "journal-0123.lock"))


def the_front_end_is_outside_its_bounds(machine):
    machine.install("ipywidgets", "8.1.9", "Requires-Dist: jupyterlab_widgets>=99")


def the_front_end_is_disabled(machine):
    settings = machine.folder / "jupyter" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True)
    disabled = {"disabledExtensions": {"@jupyter-widgets/jupyterlab-manager": True}}
    settings.write_text(json.dumps(disabled), encoding="utf-8")
    machine.monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(machine.folder / "jupyter"))


def a_font_is_not_installed(machine):
    from matplotlib import font_manager  # so that the list of fonts exists

    assert font_manager.fontManager.ttflist
    machine.exits.enter_context(mpl.rc_context({"font.family": ["No Such Font"]}))


FAULTS = {
    python_is_too_old: ("python", "Install Python >=99"),
    a_package_is_outside_its_bounds: ("packages", "pip install 'pandas>=999'"),
    a_package_is_missing: ("packages", "pip install 'no-such-package>=1'"),
    the_file_of_connections_has_a_key: ("connections", "Edit the file"),
    the_connection_is_unknown: ("key", "dyno-frames connections add"),
    the_variable_with_the_key_is_not_set: ("key", "dyno-frames connections add"),
    the_keyring_does_not_answer: ("key", "DYNO_API_KEY"),
    the_server_is_not_there: ("server", "Is the server running?"),
    the_server_rejects_the_key: ("server", "The server refused the key from --api-key"),
    the_server_is_another_program: ("server", "A proxy or a login page may have answered"),
    the_clocks_differ: ("clock", "Set the clock"),
    the_cache_folder_is_a_file: ("cache", "DYNO_CACHE_DIR"),
    a_stored_profile_is_damaged: ("cache", "Delete them"),
    the_journal_folder_is_a_file: ("journal", "DYNO_STATE_DIR"),
    the_journal_folder_cannot_be_created: ("journal", "DYNO_STATE_DIR"),
    the_server_sends_no_count: ("server", "Check the URL"),
    the_key_of_a_variable_is_wrong: ("server", "the environment variable MAIL_KEY"),
    a_journal_is_damaged: ("journal", "dyno-frames journal --accept-damage"),
    a_process_holds_the_journal: ("journal", "end the process"),
    the_front_end_is_outside_its_bounds: ("widgets", "pip install"),
    the_front_end_is_disabled: ("widgets", "labextension enable"),
    a_font_is_not_installed: ("fonts", "font.family"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_fails_its_check_with_exit_code_1_and_names_its_cure(machine, run, fault):
    fault(machine)
    ended = run("doctor", "--json", *machine.arguments)
    found = json.loads(ended.out)
    name, cure = FAULTS[fault]
    assert (ended.code, ended.err, found["ok"]) == (1, "", False)
    assert [check["name"] for check in found["checks"]] == NAMES
    (failed,) = [check for check in found["checks"] if check["status"] == "failed"]
    assert failed["name"] == name
    assert cure in failed["cure"]
    assert "k3y-that-must-not-show" not in ended.out
    shown = run("doctor", *machine.arguments)
    assert shown.code == 1
    assert f"\nfailed   {name} " in f"\n{shown.out}"
    assert shown.out.endswith(f"1 of 12 checks failed: {name}\n")


def test_a_machine_without_faults_ends_with_0_and_skips_nothing_but_the_profile(machine, run):
    machine.use()
    found = json.loads(run("doctor", "--json", *machine.arguments).out)
    assert found["ok"]
    statuses = {check["name"]: check["status"] for check in found["checks"]}
    assert statuses.pop("profile") == "skipped"
    assert statuses.pop("fonts") in {"ok", "skipped"}
    assert set(statuses.values()) == {"ok"}


def test_without_an_account_nothing_is_sent_and_it_ends_with_0(machine, run):
    ended = run("doctor")
    assert (ended.code, ended.err) == (0, "")
    assert "skipped  key          no account is configured; the sandbox needs none" in ended.out
    assert ended.out.endswith("No check failed\n")


def test_plain_http_to_another_machine_is_a_warning(machine, run):
    ended = run("doctor", "--json", "--url", "http://mail.invalid", "--api-key", "not-shown")
    checks = {check["name"]: check for check in json.loads(ended.out)["checks"]}
    assert checks["encryption"]["status"] == "warning"
    assert checks["profile"]["status"] == "warning"
    assert "0 of" in checks["profile"]["finding"]


def test_a_check_that_breaks_does_not_end_the_report(machine, run):
    machine.install("dyno_frames", "0.1.0", "Requires-Dist: ??? not a requirement")
    ended = run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(ended.out)["checks"]}
    assert ended.code == 1
    assert (checks["packages"]["status"], checks["fonts"]["name"]) == ("failed", "fonts")


def test_the_doctor_loads_no_package_that_takes_long():
    script = (
        "import sys\nfrom dyno_frames.cli import main\nmain(['doctor'])\n"
        "print(sorted(set(sys.modules) & {'jupyterlab', 'IPython', 'polars', 'dask', 'ipywidgets', 'starlette'}))"
    )
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines()[-1] == "[]"
