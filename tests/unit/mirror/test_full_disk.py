"""A full disk is a clear error of the package, and the last complete version still answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of file sizes are POSIX's")

ROOT = str(Path(__file__).parents[3])

BEGIN = """
    import sys
    import dyno_frames as dyno
    from dyno_frames.contract.profile import Profile
    from dyno_frames.errors import ConfigError, DynoError, StaleError

    url, key, path = sys.argv[1:]
    client = dyno.connect(url, key, profile=Profile(), page_size=50)
    mirror = client.campaigns.mirror(path)

    def fails(act):
        try:
            act()
        except DynoError as error:
            print(type(error).__name__, error)
            return
        sys.exit("no error")
"""

LIMITED = """
    import resource

    client.campaigns.frame()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(LIMIT), resource.RLIM_INFINITY))
    fails(lambda: mirror.count("opens > 5"))
    fails(mirror.refresh)
    print(mirror.status().version)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(mirror.count())
"""

FULL = """
    from pathlib import Path

    print(mirror.count())
    filler = Path(path).with_name("filler")
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 512) == 512:
                pass
        except OSError:
            pass
    for act in (mirror.refresh, lambda: mirror.refresh(full=True), lambda: mirror.count(fresh=True)):
        fails(act)
        print(mirror.count(offline=True))
    filler.unlink()
    print(mirror.refresh(full=True).rows)
"""


def run(script: str, account, path: Path, command: tuple[str, ...] = ()) -> list[str]:
    text = textwrap.dedent(BEGIN) + textwrap.dedent(script)
    done = subprocess.run(
        [*command, sys.executable, "-c", text, account.between.url, account.box.api_key, str(path)],
        env={**os.environ, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("limit", [0, 100, 3_000])
def test_a_first_query_on_a_full_disk_is_a_clear_error(mirrored, tmp_path, limit):
    said = run(LIMITED.replace("LIMIT)", f"{limit})"), mirrored().account, tmp_path / "m")
    for line in said[:2]:
        assert line.startswith("ConfigError the mirror")
        assert "cannot be written: File too large. Free space" in line
    assert said[2:] == ["None", "300"], "nothing is half written, and the next query fetches every row"


def test_a_refresh_on_a_full_disk_is_a_clear_error_and_the_last_version_answers(mirrored, tmp_path):
    unshare = shutil.which("unshare")
    mount = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
    command = (unshare or "", "-rm", "sh", "-c", mount, str(tmp_path))
    if unshare is None or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small file system")
    first, *pairs, last = run(FULL, mirrored().account, tmp_path / "m", command)
    assert (first, last) == ("300", "300")
    errors, counts = pairs[::2], pairs[1::2]
    assert counts == ["300"] * 3, "the last complete version answers"
    assert [line.split()[0] for line in errors] == ["ConfigError", "ConfigError", "StaleError"]
    for line in errors:
        assert "cannot be written: No space left on device" in line
