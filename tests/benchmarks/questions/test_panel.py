"""What of panels is forecast, and how models are compared."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("matplotlib")

from benchmarks.harness import panels
from benchmarks.questions import panel


def test_the_last_rows_of_each_series_are_forecast_from_all_before():
    table = panels.investment().drop(("IBM", "1954"))  # a series that ends before the others
    _, [(train, test)] = panel.prepare("investment", table)
    ends = table.iloc[test].groupby(level="series").tail(3)
    assert len(ends) == len(test) == 33
    pd.testing.assert_frame_equal(ends, table.groupby(level="series").tail(3))
    np.testing.assert_array_equal(np.sort(np.append(train, test)), np.arange(len(table)))


def test_columns_of_later_temperatures_are_known_at_midnight(monkeypatch):
    times = pd.date_range("2014-01-01", periods=1440, freq="30min")
    table = pd.DataFrame({"y": 0.0, "WorkDay": 0.0, "Temperature": np.arange(1440.0)}, times)
    wide, cv = panel.prepare("electricity", table)
    for _, test in cv.split(wide):
        first = wide.iloc[test[0]]
        assert first.name.hour == first.name.minute == 0
        later = first[list(panel.KNOWN[1:])] - first["Temperature"]
        assert later.tolist() == [0, 12, 24, 36]
        assert first[panel.KNOWN[-1]] <= wide["Temperature"].iloc[test[-1]]


def test_gains_are_paired_over_series_after_the_mean_of_seeds():
    errors = pd.DataFrame(
        {(panel.NAIVE, 0): [1.0, 2.0], ("net", 0): [0.0, 3.0], ("net", 1): [1.0, 2.0]}
    )
    found = panel.paired(errors)
    error = np.std([0.5, -0.5], ddof=1) / 2**0.5
    assert found == {"net": {"gain": 0.0, "error": pytest.approx(error), "n_better": 1, "n": 2}}


def test_the_conclusion_says_where_the_networks_lose():
    means = {("a", panel.NAIVE): 2.0, ("a", "linear"): 1.0, ("a", "GRU"): 1.5}
    told = panel.conclusion(pd.Series(means))
    lost = {name: where for name, where in told["lost"].items() if where}
    assert lost == {"linear models": ["a (1.500, 1.000)"]}
    assert (told["best"], told["n_won"]) == (["a: linear (1.000)"], 0)
