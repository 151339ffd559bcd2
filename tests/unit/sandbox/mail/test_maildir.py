"""Mail that is written to a Maildir."""

from __future__ import annotations

import mailbox
import shutil

import pytest
from mailed_campaign import Campaign, addresses

from dyno_frames.errors import ConfigError
from dyno_frames.sandbox.mail.maildir import Maildir
from dyno_frames.sandbox.sandbox import Sandbox


def test_without_a_mail_server_mail_is_written_to_a_maildir(serve, until):
    api = serve(speed=5.0)
    campaign = Campaign(api, addresses(5), template={"html": "<p>Hello {{ name }}</p>"})
    until(lambda: campaign["status"] == "finished")
    assert campaign.figures() == (5, 5, 5, 0)
    box = mailbox.Maildir(api.box.outbox, create=False)
    assert sorted(message["To"] for message in box) == addresses(5)
    assert not list((api.box.outbox / "tmp").iterdir())
    api.box.close()
    assert not api.box.outbox.exists()


def test_the_outbox_of_a_database_is_beside_it_and_is_kept(serve, until, tmp_path):
    api = serve(tmp_path / "account.db", speed=5.0)
    campaign = Campaign(api, addresses(2))
    until(lambda: campaign["status"] == "finished")
    api.box.close()
    assert api.box.outbox == tmp_path / "account.outbox"
    assert len(list((tmp_path / "account.outbox" / "new").iterdir())) == 2
    assert (tmp_path / "account.outbox" / "new").stat().st_mode & 0o077 == 0


def test_a_maildir_that_cannot_be_written_pauses_with_a_reason(serve, until, tmp_path):
    api = serve(outbox=tmp_path / "outbox")
    shutil.rmtree(tmp_path / "outbox")
    (tmp_path / "outbox").write_text("in the way")
    campaign = Campaign(api, addresses(1))
    until(lambda: campaign["status"] == "paused")
    assert "outbox" in campaign["pause_reason"]


@pytest.mark.parametrize("place", ["/proc/x", "file", "file/below"])
def test_an_outbox_that_cannot_be_created_is_refused_at_the_start(tmp_path, place):
    (tmp_path / "file").write_text("in the way")
    outbox = tmp_path / place
    with pytest.raises(ConfigError, match=r"outbox is .*; give the path of a folder") as raised:
        Sandbox(outbox=outbox, speed=0)
    assert str(outbox) in str(raised.value)


def test_a_maildir_finds_messages_that_were_read(tmp_path):
    folder = Maildir(tmp_path)
    folder.open()
    (tmp_path / "cur" / "abc:2,S").write_text("x")
    assert (folder.has_delivered("abc"), folder.has_delivered("abd")) == (True, False)
