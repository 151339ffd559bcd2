"""Encryption, logins and URLs of mail servers."""

from __future__ import annotations

import ssl
import subprocess

import pytest
from aiosmtpd.smtp import AuthResult
from mailed_campaign import Campaign, addresses

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.mail.smtp_server import Tls, parse_smtp_url
from dyno_frames.sandbox.sandbox import Sandbox


def authenticator(server, session, envelope, mechanism, data):
    """Let in jo with the password 'open sesame'."""
    return AuthResult(success=data.login == b"jo" and data.password == b"open sesame", handled=False)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of an authority that nobody but this test knows."""
    folder = tmp_path_factory.mktemp("certificate")
    made = subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("no openssl that makes a certificate")
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure(mail_server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return mail_server(
        tls_context=context, authenticator=authenticator, auth_required=True, require_starttls=True
    )


def test_mail_is_encrypted_where_the_server_offers_it_and_the_password_is_given(
    serve, until, secure, certificate
):
    inbox, mail = secure
    host = mail.url.removeprefix("smtp://")
    api = serve(smtp=f"smtp://jo:open%20sesame@{host}?tls=required&ca={certificate[0]}")
    campaign = Campaign(api, addresses(2))
    until(lambda: campaign["status"] in {"finished", "paused"})
    assert (campaign["status"], campaign["pause_reason"]) == ("finished", None)
    assert (inbox.tls, inbox.logins) == ([True, True], [True, True])


@pytest.mark.parametrize(
    "case",
    [
        ("jo:wrong", "", "password"),
        ("", "", "refuses the sender"),
        ("jo:x", "?tls=none", "does not support this login"),
    ],
)
def test_a_refused_login_pauses_with_a_reason_without_the_password(serve, until, secure, case):
    user, more, word = case
    inbox, mail = secure
    host = mail.url.removeprefix("smtp://")
    campaign = Campaign(serve(smtp=f"smtp://{user}@{host}{more}" if user else mail.url), addresses(1))
    until(lambda: campaign["status"] == "paused")
    assert word in campaign["pause_reason"]
    assert "wrong" not in campaign["pause_reason"]
    assert inbox.received == []


def test_an_unknown_certificate_is_not_trusted_if_a_ca_is_given(serve, until, secure, tmp_path):
    _, mail = secure
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-keyout", "other.key", "-out", "other.pem", "-days", "2", "-subj", "/CN=other"),
        ],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    campaign = Campaign(serve(smtp=f"{mail.url}?ca={tmp_path / 'other.pem'}"), addresses(1))
    until(lambda: campaign["status"] == "paused")
    assert "certificate" in campaign["pause_reason"]


@pytest.mark.parametrize(
    "smtp",
    [
        "localhost:25",
        "http://x",
        "smtp://",
        "smtp://x:port",
        "smtp://x/path",
        "smtp://x?tls=perhaps",
        "smtp://x?what=1",
        "smtp://jo:secret@x?ca=missing.pem",
        5,
    ],
)
def test_a_url_that_is_not_smtp_is_refused_before_anything_starts(smtp):
    with pytest.raises(ConfigError, match="smtp://") as refused:
        Sandbox(smtp=smtp)
    assert "secret" not in str(refused.value)


def test_an_smtp_url_is_parsed_and_its_password_not_shown():
    read = parse_smtp_url("smtps://a%40b:p%2Fq@mail.example")
    assert (read.host, read.port, read.user, read.password, read.tls) == (
        "mail.example",
        465,
        "a@b",
        "p/q",
        Tls.IMPLICIT,
    )
    assert "p/q" not in repr(read)
    assert parse_smtp_url("smtp://mail.example").port == 25
