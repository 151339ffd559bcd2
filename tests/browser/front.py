"""A practice account behind a front that counts what passes: what the panel sends is seen here, not asked of it."""

from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd

HOSTILE = "<img src=x onerror=\"window.hacked=1\">, 'quoted' & <b>bold</b>"
KEY = "canary-key-for-the-browser"


class Counted(BaseHTTPRequestHandler):
    """Passes requests on to the practice server and counts them."""

    protocol_version = "HTTP/1.1"

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kept = {
            name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}
        }
        if self.server.dead:
            self.close_connection = True
            return
        self.server.seen[f"{self.command} {self.path}"] += 1
        if self.path.split("/")[-1] in self.server.losing:
            # The request arrives, and the client never learns what became of it.
            self.server.kept.append((self.command, self.path, body or None, kept))
            self.close_connection = True
            return
        with closing(HTTPConnection(self.server.behind, timeout=20)) as connection:
            connection.request(self.command, self.path, body or None, kept)
            answer = connection.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._pass_on
        raise AttributeError(name)

    def log_message(self, *_):
        pass


class Front(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Counted)
        self.behind = behind
        self.dead = False
        self.seen = Counter()
        self.losing = set()
        self.kept = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request, client_address):
        if self.dead:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def let_go(self):
        """Answer nobody, but carry out what was kept."""
        self.losing.clear()
        while self.kept:
            command, path, body, headers = self.kept.pop()
            with closing(HTTPConnection(self.behind, timeout=20)) as connection:
                connection.request(command, path, body, headers)
                connection.getresponse().read()

    def acts(self):
        return {path.split("/")[-1]: n for path, n in self.seen.items() if "/campaign_process/" in path}


def rows():
    names = {"draft": HOSTILE, "running": "Weekly news", "large": "To many", "paused": "Half way"}
    status = {"large": "draft"}
    at = pd.Timestamp("2026-11-01", tz="UTC")
    return pd.DataFrame(
        {
            "id": [f"campaign-{key}" for key in names],
            "name": list(names.values()),
            "subject": [HOSTILE, "News", "For all", "The rest"],
            "from_name": HOSTILE,
            "from_email": "sender@shop.example",
            "status": [status.get(key, key) for key in names],
            "list_id": ["list-small", "list-small", "list-large", "list-small"],
            "created": at,
            "updated": at,
            "recipients": [0, 800, 0, 800],
            "sent": [0, 300, 0, 300],
        }
    )


def lists():
    at = pd.Timestamp("2026-10-01", tz="UTC")
    keys = {"list-small": 800, "list-large": 12_034}
    return pd.DataFrame(
        {
            "id": list(keys),
            "name": "Readers <i>EU</i>",
            "contacts": list(keys.values()),
            "created": at,
            "updated": at,
        }
    )
