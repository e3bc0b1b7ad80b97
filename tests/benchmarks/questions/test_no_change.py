"""The parts of the oil temperature, and the choice of a net."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Bunch

from benchmarks.harness.cache import Cache
from benchmarks.harness.runner import Model
from benchmarks.questions import no_change

N_ROWS = 400
PLAN = no_change.PLANS["quick"]


class Shifted(RegressorMixin, BaseEstimator):
    """Forecasts no change but for an error, which is another one on the test hours."""

    def __init__(self, before=0.0, after=0.0, n_members=1, random_state=None):
        self.before = before
        self.after = after
        self.n_members = n_members
        self.random_state = random_state

    def fit(self, X, y, **validation):
        return self

    def predict(self, X):
        last = np.asarray(X)[:, -1, -1]
        return last + np.where(last < N_ROWS // 2 - 1, self.before, self.after)


@pytest.fixture(autouse=True)
def _hours(monkeypatch):
    hours = np.arange(float(N_ROWS))
    table = pd.DataFrame({"HUFL": -hours, "OT": hours})
    monkeypatch.setattr(no_change, "fetch_ett", lambda *_, **__: Bunch(data=table))


@pytest.mark.parametrize("horizon", no_change.HORIZONS)
def test_parts_follow_one_another_and_windows_end_before_their_target(horizon):
    task = no_change.load(horizon, PLAN, False)
    held_out = task.validation
    for X, y in (
        (task.X, task.y),
        (held_out["X_val"], held_out["y_val"]),
        (task.X_test, task.y_test),
    ):
        np.testing.assert_array_equal(np.asarray(X)[:, -1, 1] + horizon, y)
        assert X.shape[1:] == (24, 2)
    assert task.y[-1] == 179
    np.testing.assert_array_equal(held_out["y_val"], np.arange(180, 200))
    assert np.asarray(task.X_test)[0, 0, 1] == 200, "no window of the test reads the first half"
    assert task.y_test[-1] == N_ROWS - 1


def test_nets_are_chosen_without_the_test_hours(monkeypatch):
    nets = {"a": Shifted(5.0, 0.0), "b": Shifted(0.5, 9.0), "c": Shifted(-3.0, 0.0)}
    models = [Model(name, net, seeded=True) for name, net in nets.items()]
    simple = Model(no_change.NO_CHANGE, Shifted())
    monkeypatch.setattr(no_change, "models", lambda *_: [simple, *models])
    task = no_change.load(1, PLAN, False)
    (complete,) = no_change.with_chosen([task], PLAN, Cache())
    assert complete.note == "b; b"
    assert [model.name for model in complete.models[-2:]] == [
        no_change.BY_HOURS,
        no_change.BY_FOLDS,
    ]
    for chosen in complete.models[-2:]:
        assert chosen.estimator.get_params() == nets["b"].set_params(n_members=2).get_params()


def test_figures_in_the_docs_stand_in_the_results():
    root = Path(__file__).parents[3]
    results = (root / "benchmarks" / "results" / "no_change.md").read_text(encoding="utf-8")
    table = results.partition("R2 on the test hours:")[2].split("\n\n")[1]
    told = (root / "docs" / "windows.md").read_text(encoding="utf-8").partition("(ETTh1, ")[2]
    rows = [re.findall(r"0\.\d{4}", line) for line in told.split("\n\n")[1].splitlines()[2:]]
    assert [len(row) for row in rows] == [3] * 7
    assert set(chain(*rows)) <= set(re.findall(r"0\.\d{4}", table))
