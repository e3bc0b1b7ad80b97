"""The windows of the long horizons."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.questions import etth


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_window_is_followed_by_the_hours_of_its_own_channel(monkeypatch, part):
    n = etth.N_LAGS
    monkeypatch.setattr(etth, "HOURS", {"train": (0, n + 40), "validation": (n + 40, n + 70)})
    hours = pd.date_range("2016-07-01", periods=n + 80, freq="h")
    table = pd.DataFrame({"a": np.arange(n + 80.0), "b": 1000 + np.arange(n + 80.0)}, index=hours)
    X, y = etth.examples(table, part, 5)
    n_hours = {"train": 40, "validation": 30}[part]
    assert (X.shape, y.shape) == ((2 * (n_hours - 4), n, 1), (2 * (n_hours - 4), 5))
    assert X.is_complete.all()
    whole = np.hstack([np.asarray(X)[:, :, 0], y])
    np.testing.assert_array_equal(np.diff(whole), np.ones((len(X), n + 4)))
    first = 0 if part == "train" else 40
    np.testing.assert_array_equal(np.unique(whole[:, 0])[:2], [first, first + 1])
