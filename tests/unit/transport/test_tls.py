"""Over TLS, directly and through a proxy: the same knowledge of what has left, and no key before trust."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from dyno_frames.contract.operations import operation
from dyno_frames.errors import ConnectError, InsecureTransportWarning, ReadTimeoutError, TransportError
from dyno_frames.transport.retry import Policy

FIND, START = operation("campaigns", "find"), operation("campaigns", "start")

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed: no certificates"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate of 127.0.0.1 and of a name that only a proxy knows, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    line = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=dyno -keyout key.pem -out cert.pem"
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:dyno.invalid"]
    subprocess.run([*line.split(), *names], cwd=folder, check=True, capture_output=True)
    return folder


def _request(connection: socket.socket) -> bytes:
    """Read a request to its end: to close with some of it unread would reset the connection."""
    content = b""
    while not content.endswith(b"}") and (part := connection.recv(65536)):
        content += part
    return content


class Tls:
    """A server over TLS that meets every request with the same answer, or with silence."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked: list[bytes] = []
        self._content = content
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError), plain, self._context.wrap_socket(plain, server_side=True) as connection:
                connection.settimeout(10)
                self.asked.append(_request(connection))
                if not self._content:
                    self._ended.wait(10)
                connection.sendall(self._content)

    def close(self) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def tls(certificate):
    servers = []

    def start(content: bytes) -> Tls:
        servers.append(Tls(certificate, content))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def tunnel():
    """Start a proxy that opens a tunnel to one port, whatever it is asked for, or says no."""
    ended: list[socket.socket] = []

    def start(port: int, *, status: bytes = b"200 OK") -> tuple[str, list[bytes]]:
        listener, seen = socket.create_server(("127.0.0.1", 0)), []
        ended.append(listener)

        def pipe(source: socket.socket, target: socket.socket) -> None:
            with suppress(OSError):
                while content := source.recv(65536):
                    target.sendall(content)
            with suppress(OSError):
                target.shutdown(socket.SHUT_WR)

        def run() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    seen.append(client.recv(65536))
                    client.sendall(b"HTTP/1.1 " + status + b"\r\n\r\n")
                    if status.startswith(b"200"):
                        with socket.create_connection(("127.0.0.1", port)) as server:
                            back = threading.Thread(target=pipe, args=(server, client))
                            back.start()
                            pipe(client, server)
                            back.join(10)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}", seen

    yield start
    for listener in ended:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


ONCE = Policy(attempts=1, outlast_s=0)


def test_a_server_that_is_trusted_is_asked(tls, connect, wire, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    server = tls(wire.ok(7).content)
    session = connect(f"https://127.0.0.1:{server.port}")
    assert session.send(FIND, body={}).data == 7
    assert session.send(START, body={"campaign_id": "c"}).data == 7
    assert all(wire.key.encode() in asked for asked in server.asked)


def test_a_certificate_that_is_not_trusted_ends_it_before_the_key_leaves(tls, connect, wire):
    server = tls(wire.ok(7).content)
    session = connect(f"https://127.0.0.1:{server.port}")
    with pytest.raises(ConnectError, match=r"certificate was not accepted.*REQUESTS_CA_BUNDLE") as caught:
        session.send(START, body={"campaign_id": "c"})
    assert not caught.value.retryable
    assert not any(wire.key.encode() in asked for asked in server.asked)


def test_silence_over_tls_is_a_timeout_within_the_deadline(tls, connect, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    server = tls(b"")
    session = connect(f"https://127.0.0.1:{server.port}", timeout_s=0.3)
    with pytest.raises(ReadTimeoutError):
        session.send(START, body={"campaign_id": "c"})
    assert len(server.asked) == 1


def test_silence_while_tls_is_agreed_on_is_no_connection(connect):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        session = connect(f"https://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.3, policy=ONCE)
        with pytest.raises(ConnectError):
            session.send(START, body={"campaign_id": "c"})


@pytest.fixture
def proxied(certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "")
    return lambda url: [monkeypatch.setenv(name, url) for name in ("HTTPS_PROXY", "https_proxy")]


def test_a_tunnel_through_a_proxy_carries_the_request_and_shows_the_proxy_no_key(
    tls, tunnel, connect, wire, proxied
):
    server = tls(wire.ok(7).content)
    url, seen = tunnel(server.port)
    proxied(url)
    session = connect("https://dyno.invalid")
    assert session.send(START, body={"campaign_id": "c"}).data == 7
    assert seen[0].startswith(b"CONNECT dyno.invalid:443")
    assert wire.key.encode() not in b"".join(seen)
    assert wire.key.encode() in server.asked[0]


def test_a_proxy_that_opens_no_tunnel_is_no_connection(tunnel, connect, proxied):
    url, seen = tunnel(1, status=b"403 Forbidden")
    proxied(url)
    with pytest.raises(ConnectError):
        connect("https://dyno.invalid", policy=ONCE).send(START, body={"campaign_id": "c"})
    assert len(seen) == 1


def test_silence_behind_a_tunnel_is_a_timeout_and_not_sent_again(tls, tunnel, connect, proxied):
    server = tls(b"")
    url, seen = tunnel(server.port)
    proxied(url)
    with pytest.raises(TransportError) as caught:
        connect("https://dyno.invalid", timeout_s=0.3).send(START, body={"campaign_id": "c"})
    assert not isinstance(caught.value, ConnectError)
    assert len(seen) == len(server.asked) == 1


def test_no_warning_is_given_for_tls(connect, recwarn):
    connect("https://dyno.invalid")
    assert not [one for one in recwarn if issubclass(one.category, InsecureTransportWarning)]
