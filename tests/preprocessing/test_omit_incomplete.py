"""Models of every kind are fitted to complete rows, and keep the names of their parameters."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_rnn import CompleteRows, LagTransformer
from sklearn_rnn.preprocessing._incomplete_rows import incomplete_rows
from sklearn_rnn.preprocessing._omit_incomplete import omit_incomplete

N, N_LAGS = 50, 4
X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=N).cumsum() + 50.0})
Y = X["a"]
PIPELINE = Pipeline([("lags", LagTransformer(N_LAGS, flatten=True)), ("last", LinearRegression())])
EXPECTED = CompleteRows(PIPELINE).fit(X, Y).predict(X)
FIRST = Pipeline([("lags", "passthrough"), ("last", LinearRegression())])
GRID = {"lags": [LagTransformer(N_LAGS, flatten=True)]}
MODELS = {
    "pipeline": PIPELINE,
    "nested": make_pipeline(FunctionTransformer(), PIPELINE),
    "search": GridSearchCV(PIPELINE, {"lags__n_lags": [N_LAGS]}, cv=2),
    "lags in a grid": GridSearchCV(FIRST, GRID, cv=2),
    "lags in grids": GridSearchCV(FIRST, [GRID], cv=2),
    "lags in a distribution": RandomizedSearchCV(FIRST, GRID, n_iter=1, cv=2),
    "search at the end": make_pipeline(
        FunctionTransformer(), GridSearchCV(PIPELINE, {"last__positive": [False]}, cv=2)
    ),
    "target": TransformedTargetRegressor(PIPELINE, transformer=StandardScaler()),
    "search for a target": GridSearchCV(
        TransformedTargetRegressor(PIPELINE), {"regressor__lags__n_lags": [N_LAGS]}, cv=2
    ),
    "ensemble": VotingRegressor([("one", PIPELINE), ("other", clone(PIPELINE))]),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_fitted_to_complete_rows(name):
    before = repr(MODELS[name])
    model = omit_incomplete(MODELS[name])
    fitted = clone(model).fit(X, Y)
    np.testing.assert_allclose(fitted.predict(X), EXPECTED, rtol=1e-10)
    assert omit_incomplete(model) is model
    assert repr(MODELS[name]) == before
    assert np.flatnonzero(incomplete_rows(fitted, X)).tolist() == list(range(N_LAGS))


@pytest.mark.parametrize(
    "model",
    [
        Ridge(),
        make_pipeline(StandardScaler(), Ridge()),
        GridSearchCV(Ridge(), {"alpha": [1.0]}),
        CompleteRows(PIPELINE, incomplete="fit"),
        LagTransformer(),
        VotingRegressor([("one", Ridge())]),
    ],
)
def test_other_models_are_left_as_they_are(model):
    assert omit_incomplete(model) is model


def test_rows_that_follow_those_of_fit_are_complete():
    days = X.set_axis(pd.date_range("2024", periods=N))
    fitted = CompleteRows(PIPELINE).fit(days[:40], Y[:40].to_numpy())
    assert not incomplete_rows(fitted, days[40:]).any()
    assert incomplete_rows(fitted, days[41:]).sum() == N_LAGS  # the windows of the missing row
