"""How far back models read: by their form, and by a change of the oldest row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_rnn import ARRegressor, DifferencedRegressor, LagTransformer, make_ar
from sklearn_rnn.preprocessing._lookback import lookback

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 2)), columns=["a", "b"])
SIDE_BY_SIDE = ColumnTransformer(
    [("a", LagTransformer(2, flatten=True), ["a"]), ("b", LagTransformer(3, flatten=True), ["b"])]
)
LAGS = LagTransformer(2, flatten=True)
MODELS = [
    (make_ar(4), 4),
    (make_ar(3, delay=2, step=3), 8),
    (make_ar(2, seasonal_lags=(7,)), 7),
    (make_ar(4, exogenous=["b"]), 4),
    (make_pipeline(SIDE_BY_SIDE, LinearRegression()), 3),
    (make_pipeline(LAGS, LagTransformer(3, flatten=True), LinearRegression()), 5),
    (TransformedTargetRegressor(make_ar(3)), 3),
    (DifferencedRegressor(make_ar(2), lag=5), 5),
    (DifferencedRegressor(make_ar(6), lag=5), 6),
    (GridSearchCV(make_ar(1), {"lagtransformer__n_lags": [5]}, cv=2), 5),
    (ARRegressor({"a": [1, 6]}), 6),
    (LinearRegression(), 0),
]


@pytest.mark.parametrize(("model", "expected"), MODELS, ids=lambda part: type(part).__name__)
def test_the_forecast_depends_on_so_many_rows(model, expected):
    assert lookback(model.fit(X, X["a"])) == expected
    if not expected:
        return
    last = model.predict(X)[-1]
    for back, depends in ((expected, True), (expected + 1, False)):
        changed = X.copy()
        changed.iloc[-1 - back] += 10.0
        assert (abs(model.predict(changed)[-1] - last) > 1e-9) == depends


def test_it_is_known_before_the_fit():
    assert [lookback(model) for model, _ in MODELS[:9]] == [n for _, n in MODELS[:9]]
