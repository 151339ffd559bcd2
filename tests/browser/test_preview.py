"""A message before it is sent: whatever stands in it stays in its frame and asks nobody for anything."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from front import KEY
from steps import until, violations

pytestmark = pytest.mark.browser

PIXEL = bytes.fromhex(
    "47494638396101000100800000ff0000ffffff21f90401000000002c00000000010001000002024401003b"
)


class Witness(ThreadingHTTPServer):
    """A server elsewhere: it notes every connection, and every request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Pixels)
        self.connections, self.asked = 0, []

    def get_request(self):
        self.connections += 1
        return super().get_request()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Pixels(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "image/gif")
        self.end_headers()
        self.wfile.write(PIXEL)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.do_GET
        raise AttributeError(name)

    def log_message(self, *_):
        pass


@pytest.fixture
def witness():
    with Witness() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


HOSTILE = """<link rel=preconnect href="{0}"><link rel=dns-prefetch href="{0}"><LINK rel=stylesheet href="{0}/css">
<link rel=prefetch href="{0}/prefetch"><link rel=preload as=image href="{0}/preload"><link rel=icon href="{0}/icon">
<meta http-equiv=refresh content="0; url={0}/refresh"><base href="{0}/base/" target=_top>
<style>@import url({0}/import); @font-face {{ font-family: f; src: url({0}/font) }}
body {{ background: url({0}/css-image); font-family: f }}</style>
<script>parent.hacked = 1; top.hacked = 1; new Image().src = "{0}/script"</script>
<p id=read>Hello {{{{ name }}}}, read this.</p><img src="{0}/pixel.gif"><img src="relative.gif"><img src=x onerror="parent.hacked=1">
<iframe src="{0}/frame"></iframe><object data="{0}/object"></object><embed src="{0}/embed">
<video poster="{0}/poster" src="{0}/video" autoplay></video><svg><image href="{0}/svg" /></svg>
<table background="{0}/table"><tr><td>cell</table>
<a id=plain href="{0}/plain">a link</a> <a id=self href="{0}/self" Target = "_self" ping="{0}/ping">another</a>
<a id=top href="{0}/top" target=_top>out</a> <a id=js href="javascript:parent.hacked=1">script</a>
<form action="{0}/form" method=post><button id=send>send</button></form>
"></iframe><img src=y onerror="window.hacked=1"><script>window.hacked=1</script>"""


def cells(account, html, subject="A subject"):
    lines = (
        "from dyno_frames.api import connect",
        f"client = connect({account.url!r}, {KEY!r})",
        f"key = client.templates.create(name='Hostile', subject={subject!r}, html={html!r}, text='Plain words')",
        "client.templates.preview(key, contacts=[{'name': 'Ann'}, {'name': '<b>Bo</b>'}])",
    )
    return ("\n".join(lines),)


def picture(page, tmp_path, name):
    page.locator(".dyno-preview").screenshot(path=tmp_path / f"{name}.png")


@pytest.mark.parametrize("host", ["lab", "voila"])
def test_a_hostile_message_stays_in_its_frame_and_asks_nobody_until_its_pictures_are_asked_for(
    account, open_cells, tmp_path, witness, host
):
    page = open_cells(
        *cells(account, HOSTILE.format(witness.url), "<img src=x onerror='window.hacked=1'>"), host=host
    )
    frame = page.frame_locator(".dyno-preview iframe")
    frame.locator("#read").wait_for()
    assert frame.locator("#read").inner_text() == "Hello Ann, read this."
    for link in ("plain", "self", "top", "js", "send"):
        frame.locator(f"#{link}").click(no_wait_after=True)
    assert frame.locator("#read").is_visible()
    picture(page, tmp_path, f"{host}-hostile")
    page.get_by_label("Show for").select_option("2: <b>Bo</b>")
    page.frame_locator(".dyno-preview iframe").get_by_text("Hello <b>Bo</b>, read this.").wait_for()
    assert page.locator(".dyno-preview img, .dyno-preview script").count() == 0
    assert page.evaluate("() => window.hacked") is None
    assert (witness.connections, witness.asked) == (0, [])
    page.get_by_role("button", name=re.compile("^Load remote images$")).click()
    page.get_by_text("the sender may record an open").wait_for()
    until(lambda: {"/pixel.gif", "/css-image"} <= set(witness.asked))
    page.frame_locator(".dyno-preview iframe").locator("#read").wait_for()
    picture(page, tmp_path, f"{host}-remote")
    assert set(witness.asked) <= {"/pixel.gif", "/css-image", "/svg", "/table", "/poster"}
    assert page.evaluate("() => window.hacked") is None


def test_the_sample_accounts_own_message_is_shown_filled_in_both_widths(open_cells, tmp_path, sandbox):
    lines = (
        "from dyno_frames.api import connect",
        f"client = connect({sandbox.url!r}, {sandbox.api_key!r})",
        "[draft] = client.campaigns.find(\"name == 'Winter sale' and status == 'draft'\", limit=1)['id']",
        "client.campaigns.preview(draft, contacts={'name': 'Zoë'})",
    )
    page = open_cells("\n".join(lines))
    page.frame_locator(".dyno-preview iframe").get_by_text("Zoë").first.wait_for()
    picture(page, tmp_path, "computer")
    assert violations(page, ".dyno-preview") == []
    page.get_by_label("Show on").select_option("Phone")
    page.wait_for_function("() => document.querySelector('.dyno-preview iframe').clientWidth < 380")
    picture(page, tmp_path, "phone")
    page.get_by_label("name", exact=True).fill("Mia")
    page.get_by_label("name", exact=True).press("Enter")
    page.frame_locator(".dyno-preview iframe").get_by_text("Mia").first.wait_for()
    page.get_by_role("tab", name="Plain text").click()
    page.locator(".dyno-preview pre").get_by_text("Mia").wait_for()
    picture(page, tmp_path, "text")
    assert open_cells.outside == []
