"""make_lasso and make_linear: what they are made of, and where they end."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from sklearn_rnn import (
    LagElasticNetCV,
    LagRidgeCV,
    PersistenceRegressor,
    make_ar,
    make_lagged,
    make_lasso,
    make_linear,
)
from sklearn_rnn.datasets import load_nyse
from sklearn_rnn.model_selection import compare_models

NYSE = load_nyse(as_frame=True).frame[["DJ_return", "log_volume", "log_volatility"]].iloc[:600]
VOLUME = NYSE["log_volume"]
LAGS = {
    "delay": 3,
    "step": 2,
    "known_ahead": ["a"],
    "fill_value": 0.5,
    "history": "never",
    "max_gap": 2,
    "lag_unit": "rows",
}
RULES = {"rule": "1se", "cv": 3}


@pytest.mark.parametrize(
    ("make", "model", "given"),
    [
        (make_lasso, LagElasticNetCV, {"l1_ratio": 0.5, "groups": "lag", **RULES}),
        (make_linear, LagRidgeCV, {"standardize": True, "target_channel": 1, **RULES}),
    ],
)
def test_parameters_are_handed_on(make, model, given):
    made = make(7, **LAGS, **given)
    of_windows = {"n_lags": 7, "flatten": False, "time": None, "series": None}
    assert made[0].get_params() == {**of_windows, **LAGS}
    assert made[1].get_params() == model(**given).get_params()


def test_the_lasso_is_that_of_complete_windows():
    windows, y = make_lagged(NYSE, VOLUME, 10)
    alone = LagElasticNetCV(rule="1se").fit(windows, y)
    model = make_lasso(10, rule="1se").fit(NYSE, VOLUME)
    assert model.n_rows_omitted_ == 10
    np.testing.assert_allclose(model[-1].mse_path_[:, -1], alone.mse_path_[:, -1], rtol=0.1)
    np.testing.assert_allclose(model[-1].alphas_, alone.alphas_, rtol=1e-8)
    assert 0 < (model[-1].coef_ != 0).sum() < 30


def test_without_a_penalty_it_is_the_autoregression():
    lasso = make_lasso(5).set_params(lagelasticnetcv__alphas=[0.0]).fit(NYSE, VOLUME)
    linear = make_linear(5, target_channel="log_volume")
    linear.set_params(lagridgecv__alphas=[0.0]).fit(NYSE, VOLUME)
    ar = make_ar(5).fit(NYSE, VOLUME)
    np.testing.assert_allclose(lasso.predict(NYSE), ar.predict(NYSE), atol=1e-7)
    np.testing.assert_allclose(
        linear[-1].predict(linear[:-1].transform(NYSE)), linear.predict(NYSE)
    )


def test_with_a_strong_penalty_it_is_the_last_value():
    X = VOLUME.to_frame()
    model = make_linear(4).set_params(lagridgecv__alphas=[1e12]).fit(X, VOLUME)
    windows, _ = make_lagged(X, VOLUME, 4)
    last = PersistenceRegressor().fit(windows, VOLUME[4:]).predict(windows)
    drift = model[-1].intercept_
    np.testing.assert_allclose(model.predict(X)[4:], last + drift, atol=1e-6)
    assert abs(drift) < 0.01


def test_several_steps_share_one_fit():
    y = pd.concat([VOLUME.shift(-h) for h in range(3)], axis=1).dropna().to_numpy()
    both = make_linear(4, target_channel=1).fit(NYSE[: len(y)], y)
    assert both.predict(NYSE).shape == (600, 3)
    assert both[-1].lag_coef_.shape == (3, 4, 3)
    made = make_linear(4, 3, target_channel=1).fit(NYSE, VOLUME)
    assert made.n_rows_omitted_ == 4 + 2
    np.testing.assert_allclose(made.predict(NYSE)[4:], both.predict(NYSE)[4:], rtol=1e-8)
    folds = TimeSeriesSplit(3)
    scores = [
        cross_val_score(make_linear(4, h, target_channel=1), NYSE, VOLUME, cv=folds).mean()
        for h in (1, 3)
    ]
    assert 0.2 < scores[1] < scores[0]


def test_they_are_searched_and_compared():
    grid = {"lagtransformer__n_lags": [2, 5]}
    search = GridSearchCV(make_lasso(), grid, cv=TimeSeriesSplit(2)).fit(NYSE, VOLUME)
    assert search.best_params_["lagtransformer__n_lags"] in (2, 5)
    models = {"lasso": make_lasso(5), "linear": make_linear(5, target_channel=1)}
    comparison = compare_models(models, NYSE, VOLUME, cv=TimeSeriesSplit(2))
    assert "lasso" in str(comparison)
