"""A server that refuses large pages, instead of sending fewer rows, can be used."""

from __future__ import annotations

import pytest

from dyno_frames import sandbox
from dyno_frames.api import connect
from dyno_frames.contract.profile import Overlong, Profile
from dyno_frames.errors import RejectedError


@pytest.fixture
def refusing():
    """Start servers that refuse pages of more rows than this."""
    boxes = []

    def start(rows):
        box = sandbox(profile=Profile(page_limit=rows, overlong=Overlong.ERROR))
        boxes.append(box)
        return box

    yield start
    for box in boxes:
        box.close()


@pytest.mark.parametrize("settings", [{}, {"page_size": 37}])
@pytest.mark.parametrize("profile", ["auto", Profile(page_limit=None)])
def test_the_largest_page_is_learnt_where_a_sample_is_refused(refusing, settings, profile):
    box = refusing(37)
    with connect(box.url, box.api_key, profile=profile, **settings) as client:
        found = client.campaigns.find()
        assert (len(found), found.dyno.certificate.page_cap) == (400, 37)


def test_a_refused_page_names_the_setting(refusing):
    box = refusing(500)
    with connect(box.url, box.api_key) as client, pytest.raises(RejectedError, match="page_size="):
        client.campaigns.find()
    with connect(box.url, box.api_key, page_size=500) as client:
        assert len(client.campaigns.find()) == 400
