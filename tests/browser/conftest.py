"""One JupyterLab and one Chromium for the browser tests; neither speaks to anything but this machine."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import requests

ROOT = Path(__file__).parents[2]
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A notebook is ready when its kernel has answered, not when the indicator says idle: it does so before.
KERNEL_ANSWERS = """async () => {
  const notebook = window.jupyterapp.shell.currentWidget;
  await notebook.context.ready;
  await notebook.sessionContext.ready;
  await notebook.sessionContext.session.kernel.info;
}"""
RUN_ALL = """async () => {
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  return cells.flatMap(cell => cell.outputs ? cell.outputs.toJSON() : [])
    .filter(output => output.output_type === 'error').map(output => `${output.ename}: ${output.evalue}`);
}"""


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = os.environ.get("DYNO_CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        if os.environ.get("CI"):
            pytest.fail(f"no Chromium at {path}, and CI is set: install it or name it in DYNO_CHROMIUM")
        pytest.skip(f"no Chromium at {path}: install it or name it in DYNO_CHROMIUM")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser", "--ip=127.0.0.1"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"),
        *(f"--ServerApp.root_dir={notebooks}", "--ServerApp.jpserver_extensions={'jupyterlab': True}"),
        "--LabApp.expose_app_in_browser=True",
    ]
    log_path = folder / "server.log"
    with log_path.open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=_environment(folder), start_new_session=True
        )
        try:
            _await(lambda: _answers(f"{url}/api/status?token={token}"), server, log_path)
            yield SimpleNamespace(url=url, token=token, notebooks=notebooks)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)


def _environment(folder):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "share",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    own = {name: str(folder / place) for name, place in places.items()}
    return inherited | own | {"JUPYTER_NO_CONFIG": "1", "PYTHONPATH": str(ROOT)}


def _answers(url):
    try:
        return requests.get(url, timeout=1).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def _await(condition, server, log_path, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"JupyterLab did not start:\n{log_path.read_text()[-3000:]}")
        time.sleep(0.05)


@pytest.fixture
def open_cells(lab, browser, tmp_path, request):
    """Open a notebook of these cells in JupyterLab, run it, and return the page."""
    outside = []
    context = browser.new_context(
        timezone_id="America/New_York", locale="en-US", viewport={"width": 1280, "height": 1000}
    )
    context.set_default_timeout(20_000)
    context.route(
        lambda address: not address.startswith((lab.url, "data:", "blob:")),
        lambda route: (outside.append(route.request.url), route.abort()),
    )
    context.tracing.start(snapshots=True)
    page = context.new_page()

    def show(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        name = f"{secrets.token_hex(6)}.ipynb"
        nbformat.write(notebook, lab.notebooks / name)
        page.goto(f"{lab.url}/doc/tree/{name}?token={lab.token}")
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context")
        page.evaluate(KERNEL_ANSWERS)
        assert page.evaluate(RUN_ALL) == []
        return page

    show.outside = outside
    failures = request.session.testsfailed
    yield show
    trace = {"path": tmp_path / "trace.zip"} if request.session.testsfailed > failures else {}
    context.tracing.stop(**trace)
    context.close()
    _free_kernels(lab)


def _free_kernels(lab):
    account = {"token": lab.token}
    for session in requests.get(f"{lab.url}/api/sessions", params=account, timeout=10).json():
        requests.delete(
            f"{lab.url}/api/sessions/{session['id']}", params=account, timeout=10
        ).raise_for_status()
