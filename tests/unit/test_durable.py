"""Files are replaced in one step, on Windows too, where no file can be replaced while a program has it open."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyno_frames import durable


@pytest.fixture
def held(monkeypatch):
    """Make a number of attempts to replace a file fail, as Windows does while a program has it open."""
    replace, left = Path.replace, [0]

    def refuse(self, target):
        if left[0]:
            left[0] -= 1
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(durable, "_PATIENCE_S", 0.2)
    return left


def test_on_windows_a_file_that_a_program_has_open_is_replaced_once_it_is_closed(held, tmp_path, monkeypatch):
    path = tmp_path / "journal"
    durable.replace(path, b"one")
    with monkeypatch.context() as patched:
        patched.setattr(durable.sys, "platform", "win32")
        held[0] = 3
        durable.replace(path, b"two")
        assert path.read_bytes() == b"two"
        held[0] = 10_000
        with pytest.raises(PermissionError):
            durable.replace(path, b"three")
    assert [one.name for one in tmp_path.iterdir()] == ["journal"]
    assert path.read_bytes() == b"two"


def test_elsewhere_a_refusal_is_raised_at_once(held, tmp_path):
    held[0] = 1
    with pytest.raises(PermissionError):
        durable.replace(tmp_path / "journal", b"one")
    assert [*tmp_path.iterdir()] == []
