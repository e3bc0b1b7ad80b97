"""What is told of settings that were chosen, and whether they lie at an end of what was tried."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LassoCV, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._held_out import HeldOut
from benchmarks._report import at_ends
from benchmarks._runner import Model, Result
from benchmarks._settings import describe

RESULT = Result("task", "m", None, {}, None, 1, 0.0, 0.0, "", [])


def test_beyond_a_setting_of_0_there_is_no_further_to_go():
    models = [Model("m", Ridge(), {"dropout": [0.0, 0.5]}, seeded=True)]
    for chosen, told in (("dropout=0", "No setting was chosen"), ("dropout=0.5", "Chosen at an")):
        assert at_ends([replace(RESULT, settings=chosen)], models).startswith(told)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (GridSearchCV(Ridge(), {"alpha": [1e3, 0.1, 1e4]}, cv=3), "alpha=0.1"),
        (GridSearchCV(Ridge(), {"alpha": [0.1, 1e3]}, cv=3), "alpha=0.1 (end)"),
        (GridSearchCV(Ridge(), {"alpha": [0.0, 1e3]}, cv=3), "alpha=0"),
        (RidgeCV([0.1, 1e3]), "alpha=0.1 (end)"),
        (LassoCV(alphas=[1.0, 0.3], cv=3), "alpha=0.3 (end)"),
        (LassoCV(alphas=[3.0, 2.0], cv=3), "alpha=3"),  # no weight is left with any more
        (HeldOut(Ridge(), {"alpha": [0.1, 1e3]}, 30), "alpha=0.1 (end)"),
        (MultiOutputRegressor(LassoCV(alphas=[1.0, 0.3], cv=3)), "alpha=0.3 to 1 (end)"),
    ],
)
def test_what_a_model_has_chosen_by_itself_is_told_and_whether_it_lies_at_an_end(model, told):
    rng = np.random.default_rng(0)
    x, noise = np.tile([-1.0, 1.0], 30), 0.01 * rng.normal(size=60)
    y = np.stack([x + noise, noise], axis=1)
    y = y if isinstance(model, MultiOutputRegressor) else y[:, 0]
    for fitted in (model, make_pipeline(StandardScaler(), model)):
        assert describe(fitted.fit(x[:, None], y), []) == told


def test_an_end_that_a_model_has_chosen_by_itself_is_named():
    models = [Model("m", LassoCV())]
    found = at_ends([replace(RESULT, settings="alpha=0.5 (end)")], models)
    assert found == "Chosen at an end of their grid: alpha=0.5 (m)."
