"""A function that does not choose rows is refused, and an error of pandas comes as one of this package."""

from __future__ import annotations

import pytest

from dyno_frames.api import connect
from dyno_frames.errors import QueryError


@pytest.fixture(scope="module")
def campaigns(sandbox):
    with connect(sandbox.url, sandbox.api_key, name="choices") as client:
        yield client.campaigns.frame().dyno


def test_a_mask_of_several_columns_is_refused_because_it_blanks_values_instead_of_choosing_rows(campaigns):
    with pytest.raises(QueryError, match="does not choose rows; it gives a frame with other values"):
        campaigns[lambda c: c[["opens", "clicks"]] > 100]


@pytest.mark.parametrize(
    "mask",
    [
        lambda c: c.opens.head(3) > 5,
        lambda c: c[c.opens > 5].opens > 0,
        lambda c: c.set_index("id").opens > 5,
    ],
)
def test_a_mask_of_other_rows_than_the_account_has_is_a_query_error(campaigns, mask):
    with pytest.raises(QueryError, match="pandas refuses"):
        campaigns.query(mask)


def test_a_function_of_all_rows_still_chooses_them(campaigns):
    every = campaigns.query(None)
    found = campaigns.query(lambda c: c.opens > c.opens.mean())
    assert found["id"].tolist() == every[every.opens > every.opens.mean()]["id"].tolist()
    assert 0 < len(found) < len(every)


def test_an_error_of_the_callers_function_shows_no_address(campaigns):
    def fails(frame):
        if frame.opens.tolist():
            raise KeyError("someone@example.com")
        return frame.opens > 1

    with pytest.raises(QueryError) as caught:
        campaigns.query(fails)
    assert "someone@" not in str(caught.value)
    assert caught.value.__cause__ is None
