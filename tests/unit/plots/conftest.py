import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

STATUSES = ["draft", "scheduled", "running", "paused", "finished", "stopped"]
COUNTERS = ["recipients", "sent", "delivered", "opens", "clicks", "bounces", "complaints", "unsubscribes"]


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def campaigns(rows=40):
    rng = np.random.default_rng(7)
    minutes = np.sort(rng.integers(0, 150 * 24 * 60, rows))
    start = pd.Series(pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(minutes, unit="min"))
    sent = rng.integers(50, 12_000, rows)
    delivered = (sent * rng.uniform(0.94, 0.995, rows)).astype("int64")
    return pd.DataFrame(
        {
            "id": [f"campaign-{i}" for i in range(rows)],
            "name": [f"Issue {i}" for i in range(rows)],
            "status": pd.Categorical(rng.choice(["finished", "stopped"], rows), categories=STATUSES),
            "created": (start - pd.Timedelta(days=2)).astype("datetime64[s, UTC]"),
            "start_time": start.astype("datetime64[s, UTC]"),
            "time_zone": pd.Series(rng.choice(["Europe/Paris", "America/New_York", "Mars/Base", None], rows)),
            "list_id": rng.choice(["eu", "us"], rows),
            "recipients": sent,
            "sent": sent,
            "delivered": delivered,
            "opens": (delivered * 0.3).astype("int64"),
            "clicks": (delivered * rng.uniform(0.01, 0.08, rows)).astype("int64"),
            "bounces": sent - delivered,
            "complaints": (delivered * 0.0004).astype("int64"),
            "unsubscribes": (delivered * 0.003).astype("int64"),
        }
    )


@pytest.fixture
def frame():
    return campaigns()
