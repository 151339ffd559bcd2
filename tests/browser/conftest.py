"""One Jupyter server and one Chromium for the browser tests; neither speaks to anything but this machine."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import nbformat
import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent))

from front import KEY, Front, lists, rows
from steps import KERNEL_ANSWERS

ROOT = Path(__file__).parents[2]
QUIET = (
    # No name is known but this machine's. A route that refuses the others would switch the cache off.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

VIEWPORT = {"width": 1280, "height": 1000}
_PACKAGES = {"lab": "jupyterlab", "notebook": "notebook", "voila": "voila"}
_EXTENSIONS = {
    {"voila": "voila.server_extension"}.get(name, name): True
    for name in _PACKAGES.values()
    if find_spec(name)
}
HOSTS = {"lab": "doc/tree", "notebook": "notebooks", "voila": "voila/render"}
"""Where a notebook is opened, by host; Voilà runs it by itself and shows no code."""

OPEN = """async (path) => {
  await window.jupyterapp.commands.execute("docmanager:open", { path });
  delete window.hacked;
}"""
"""Opens another notebook in a JupyterLab that is loaded."""

CLOSE = "() => window.jupyterapp.shell.currentWidget.dispose()"
"""Closes a notebook of JupyterLab without a question."""

RUN_ALL = """async () => {
  await window.jupyterapp.commands.execute('notebook:run-all-cells');
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  return cells.flatMap(cell => cell.outputs ? cell.outputs.toJSON() : [])
    .filter(output => output.output_type === 'error').map(output => `${output.ename}: ${output.evalue}`);
}"""

FORGET = """async () => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const code = "import ipywidgets; ipywidgets.Widget.close_all(); get_ipython().reset()";
  await kernel.requestExecute({ code, silent: true, store_history: false }).done;
  return kernel.id;
}"""
"""Closes the widgets of a kernel, removes its variables, and returns its id, because the next notebook gets it."""


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
        *(f"--ServerApp.root_dir={notebooks}", f"--ServerApp.jpserver_extensions={_EXTENSIONS}"),
        *("--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"),
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


@pytest.fixture(scope="session")
def window(lab, browser):
    """One window, one JupyterLab and one kernel for all tests, because they start slowly; records requests to others."""
    context = browser.new_context(timezone_id="America/New_York", locale="en-US", viewport=VIEWPORT)
    context.set_default_timeout(20_000)
    outside = []

    def record(request):
        if not request.url.startswith((lab.url, "data:", "blob:")):
            outside.append(request.url)

    context.on("request", record)
    yield SimpleNamespace(context=context, outside=outside, loaded=None, kernel=None)
    context.close()


@pytest.fixture
def open_cells(lab, window, tmp_path, request):
    """Open a notebook of these cells in a host, run it, and return the page."""
    window.outside.clear()

    def show(*cells, host="lab"):
        if not find_spec(_PACKAGES[host]):
            pytest.skip(f"{_PACKAGES[host]} is not installed: it comes with the extra 'test'")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        name = f"{secrets.token_hex(6)}.ipynb"
        nbformat.write(notebook, lab.notebooks / name)
        if host != "voila" and window.kernel:
            _use_kernel(lab, window.kernel, name)
        show.host = host
        loaded = window.loaded if host == "lab" else None
        page = show.page = loaded or window.context.new_page()
        if loaded:
            window.loaded = None
            page.evaluate(OPEN, name)
        else:
            page.goto(f"{lab.url}/{HOSTS[host]}/{name}?token={lab.token}")
        if host != "voila":
            page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context")
            page.evaluate(KERNEL_ANSWERS)
            assert page.evaluate(RUN_ALL) == []
        return page

    show.outside, show.host, show.page = window.outside, "", None
    failures = request.session.testsfailed
    yield show
    if show.page is None:
        return
    if request.session.testsfailed > failures:
        show.page.screenshot(path=tmp_path / "failed.png")
        show.page.close()
        _free_kernels(lab)
        window.kernel = None
        return
    if show.host != "voila":
        window.kernel = show.page.evaluate(FORGET)
    if show.host != "lab":
        show.page.close()
        return
    show.page.evaluate(CLOSE)
    show.page.set_viewport_size(VIEWPORT)
    show.page.mouse.move(0, 0)
    window.loaded = show.page


def _use_kernel(lab, kernel, name):
    """Let a notebook that is opened next use a kernel that runs."""
    session = {"path": name, "name": name, "type": "notebook", "kernel": {"id": kernel}}
    answer = requests.post(f"{lab.url}/api/sessions", params={"token": lab.token}, json=session, timeout=10)
    answer.raise_for_status()


def _free_kernels(lab):
    account = {"token": lab.token}
    for kernel in requests.get(f"{lab.url}/api/kernels", params=account, timeout=10).json():
        kernel_url = f"{lab.url}/api/kernels/{kernel['id']}"
        requests.delete(kernel_url, params=account, timeout=10).raise_for_status()


@pytest.fixture
def account(request):
    """The practice server with four campaigns, or those of a test's own, behind a front that counts."""
    from dyno_frames.sandbox.sandbox import Sandbox

    campaigns = getattr(request, "param", None)
    campaigns = rows() if campaigns is None else campaigns
    with Sandbox(load={"campaigns": campaigns, "lists": lists()}, speed=0, api_key=KEY) as box:
        front = Front(urlsplit(box.url).netloc)
        thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield front
        front.shutdown()
        thread.join()
        front.server_close()
