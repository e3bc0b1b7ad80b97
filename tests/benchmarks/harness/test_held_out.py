"""How the simple models of the benchmark `jena` are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.harness.held_out import HeldOut


def test_a_penalty_is_chosen_on_later_rows_and_the_model_is_not_refitted_to_them():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(30, 3)), rng.normal(5, 2, size=(20, 3))])
    y = X[:, 0] + rng.normal(scale=2, size=50)
    scaled = Pipeline([("scale", StandardScaler()), ("model", Ridge())])
    alphas = [0.01, 10.0, 1000.0]
    model = HeldOut(scaled, {"model__alpha": alphas}, 30).fit(X, y)
    alone = [scaled.set_params(model__alpha=a).fit(X[:30], y[:30]).predict(X) for a in alphas]
    errors = [np.abs(y - p)[30:].mean() for p in alone]
    np.testing.assert_allclose(model.predict(X), alone[int(np.argmin(errors))])
    np.testing.assert_allclose(model.best_estimator_["scale"].mean_, X[:30].mean(axis=0))


def test_without_settings_the_model_is_fitted_to_the_first_rows():
    y = np.arange(10.0)
    assert HeldOut(DummyRegressor(), {}, 4).fit(y[:, None], y).predict(y[:1]) == pytest.approx(1.5)
