"""``dyno-frames panel``: the panel as a page of its own, for whoever has its address."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import pytest
import requests
from front import KEY
from steps import picture, press, shows, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        find_spec("voila") is None, reason="voila is not installed: it comes with the extra 'test'"
    ),
]


@contextmanager
def served(account, folder):
    """Run the command as a user does, and return the address it prints."""
    account_of_the_user = {"DYNO_URL": account.url, "DYNO_API_KEY": KEY}
    program = subprocess.Popen(
        [sys.executable, "-m", "dyno_frames.cli", "panel", "--no-browser", "--to", str(folder)],
        env={**os.environ, **account_of_the_user},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    try:
        for line in program.stdout:
            said.append(line)
            if found := re.search(r"The panel is at (http://127\.0\.0\.1:\d+/\?token=\w+)", line):
                yield found[1]
                break
        else:
            pytest.fail("".join(said))
    finally:
        program.terminate()
        program.communicate(timeout=60)


def test_the_page_needs_its_token_acts_and_asks_no_other_host_for_anything(account, browser, tmp_path):
    with served(account, tmp_path) as address:
        page_url = address.partition("?")[0]
        barred = requests.get(page_url, timeout=30, allow_redirects=False)
        assert (barred.status_code, "login" in barred.headers["Location"]) == (302, True)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        outside = []
        page.on(
            "request",
            lambda r: None if r.url.startswith((page_url, "data:", "blob:")) else outside.append(r.url),
        )
        page.goto(address)
        press(page, "^Weekly news$")
        shows(page, "Why are others unavailable")
        press(page, "^Pause$", clicks=3)
        shows(page, "Pause: applied. The campaign is paused")
        picture(page, tmp_path, "page")
        assert violations(page, "html") == []
        page.close()
        assert account.acts() == {"pause": 1}
        assert outside == []
        assert KEY not in (tmp_path / "campaigns.ipynb").read_text(encoding="utf-8")
