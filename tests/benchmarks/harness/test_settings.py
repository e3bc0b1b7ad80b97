"""What is told of settings that were chosen, and whether they lie at an end of what was tried."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LassoCV, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.harness.held_out import HeldOut
from benchmarks.harness.runner import Result
from benchmarks.harness.settings import describe
from benchmarks.report.tables import at_ends
from sklearn_rnn import CompleteRows, LagElasticNetCV, LagRidge


def result(model: str, settings: str) -> Result:
    return Result("task", model, None, {}, settings=settings)


@pytest.mark.parametrize(
    ("alpha", "tried", "told"),
    [
        (0.1, [0.01, 0.1, 1.0], "alpha=0.1"),
        (1.0, [0.01, 0.1, 1.0], "alpha=1 (end)"),
        (0.0, [0.0, 0.5], "alpha=0"),  # beyond it there is no further to go
        (0.5, [0.0, 0.5], "alpha=0.5 (end)"),
        (0.5, [0.5], "alpha=0.5"),
    ],
)
def test_a_setting_at_an_end_of_its_grid_is_marked(alpha, tried, told):
    assert describe(Ridge(alpha=alpha), {"alpha": tried}) == told
    pipe = make_pipeline(StandardScaler(), Ridge(alpha=alpha))
    assert describe(pipe, {"ridge__alpha": tried}) == told


def test_settings_without_an_order_have_no_end():
    model = LagRidge(standardize="last", target_channel=0)
    assert describe(model, {"standardize": [True, "last"]}) == "standardize=last"
    model.set_params(standardize=True)
    assert describe(model, {"standardize": [True, "last"]}) == "standardize=True"


def test_settings_that_were_chosen_at_an_end_of_their_grid_are_named():
    inside, ols = result("a", "alpha=0.1, size=8, tol=0.5"), result("ols", "")
    at_end = result("a", "alpha=0.1, size=16 (end), tol=0.5")
    assert at_ends([inside, ols]) == "No setting was chosen at an end of its grid."
    found = at_ends([at_end, inside, at_end, ols])
    assert found == "Chosen at an end of their grid: size=16 (a)."


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (GridSearchCV(Ridge(), {"alpha": [1e3, 0.1, 1e4]}, cv=3), "alpha=0.1"),
        (GridSearchCV(Ridge(), {"alpha": [0.1, 1e3]}, cv=3), "alpha=0.1 (end)"),
        (GridSearchCV(Ridge(), {"alpha": [0.0, 1e3]}, cv=3), "alpha=0"),
        (RidgeCV([0.1, 1e3]), "alpha=0.1 (end)"),
        (LassoCV(alphas=[1.0, 0.3], cv=3), "alpha=0.3 (end)"),
        (LassoCV(alphas=[3.0, 2.0], cv=3), "alpha=3"),  # no weight is left with any more
        (LagElasticNetCV(alphas=[1.0, 0.3], cv=3), "alpha=0.3 (end)"),
        (HeldOut(Ridge(), {"alpha": [0.1, 1e3]}, 30), "alpha=0.1 (end)"),
        (MultiOutputRegressor(LassoCV(alphas=[1.0, 0.3], cv=3)), "alpha=0.3 to 1 (end)"),
    ],
)
def test_what_a_model_has_chosen_by_itself_is_told_and_whether_it_lies_at_an_end(model, told):
    rng = np.random.default_rng(0)
    x, noise = np.tile([-1.0, 1.0], 30), 0.01 * rng.normal(size=60)
    y = np.stack([x + noise, noise], axis=1)
    y = y if isinstance(model, MultiOutputRegressor) else y[:, 0]
    pipe = make_pipeline(StandardScaler(), model)
    for fitted in (model, pipe, CompleteRows(pipe)):
        assert describe(fitted.fit(x[:, None], y), {}) == told


def test_an_end_that_a_model_has_chosen_by_itself_is_named():
    found = at_ends([result("m", "alpha=0.5 (end)")])
    assert found == "Chosen at an end of their grid: alpha=0.5 (m)."
