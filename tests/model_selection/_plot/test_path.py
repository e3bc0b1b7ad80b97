"""The display of a penalty path: what it holds and draws."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    CompleteRows,
    DenseRegressor,
    LagElasticNetCV,
    LagRidgeCV,
    LagTransformer,
)
from sklearn_rnn.model_selection import penalty_path
from sklearn_rnn.plotting import PathDisplay
from tests.displays import labels
from tests.nets import few_epochs

pytestmark = [
    pytest.mark.usefixtures("close_figures"),
    few_epochs,
]

X = np.random.default_rng(0).normal(size=(200, 3, 4))
Y = X[:, -1, 0] - 0.7 * X[:, -2, 1] + 0.3 * np.random.default_rng(1).normal(size=200)


def linear(cls=DenseRegressor, **parameters):
    exact = {"optimizer": "lbfgs", "tol": 1e-10, "max_epochs": 1000, "dtype": "float64"}
    return cls(**{"hidden_layer_sizes": (), "l1_ratio": 1.0, **exact, **parameters})


def test_the_picture_shows_every_group_and_counts_them():
    display = PathDisplay.from_estimator(linear(), X, Y, n_alphas=10, eps=0.05, n_labels=3)
    assert len(display.lines_) == 12
    for line, column in zip(display.lines_, display.coefficients.T, strict=True):
        assert_array_equal(line.get_ydata(), column)
        assert_allclose(line.get_xdata(), -np.log(display.alphas))
    named = set(labels(display.ax_.get_legend().get_texts()))
    assert {"x0_lag1", "x1_lag2"} < named
    assert len(named) == 3
    ticks = labels(display.top_ax_.get_xticklabels())
    assert ticks[0] == "0"
    assert ticks[-1] == str((display.coefficients[-1] != 0).sum())
    assert display.top_ax_.get_xlim() == display.ax_.get_xlim()
    path = penalty_path(linear(), X, Y, alphas=[0.2, 0.1])
    again = PathDisplay.from_path(path, ax=display.ax_)
    assert again.figure_ is display.figure_


def test_the_path_of_a_linear_model_is_known():
    model = LagElasticNetCV(alphas=20).fit(X, Y)
    display = PathDisplay.from_estimator(model, n_labels=2)
    assert_array_equal(display.alphas, model.alphas_)
    assert_allclose(display.coefficients, model.coefs_ * X.reshape(200, -1).std(axis=0))
    assert set(labels(display.ax_.get_legend().get_texts())) == {"x0_lag1", "x1_lag2"}
    search = make_pipeline(LagTransformer(2), LagElasticNetCV(alphas=3)).fit(X[:, 0], Y)
    assert len(PathDisplay.from_estimator(search).lines_) == 8
    with pytest.raises(NotFittedError, match="This LagElasticNetCV instance is not fitted yet"):
        PathDisplay.from_estimator(LagElasticNetCV())


def with_lags(**lags):
    return make_pipeline(LagTransformer(2, **lags), LagElasticNetCV(alphas=3))


AHEAD = {"delay": 2, "known_ahead": ["day"]}


@pytest.mark.parametrize(
    "model",
    [
        with_lags(**AHEAD),
        with_lags(**AHEAD, flatten=True),
        with_lags(**AHEAD, flatten=True).set_output(transform="pandas"),
        CompleteRows(with_lags(**AHEAD)),
        GridSearchCV(with_lags(**AHEAD), {"lagelasticnetcv__rule": ["1se"]}, cv=2),
    ],
    ids=["windows", "flat", "frame", "complete", "search"],
)
def test_names_are_those_of_the_columns_and_their_lags(model):
    frame = pd.DataFrame(X[:, 0, :2], columns=["sales", "day"])
    groups = PathDisplay.from_estimator(model.fit(frame, Y)).groups
    assert groups == ["sales_lag3", "day_lag1", "sales_lag2", "day_lag0"]


def test_names_pass_through_the_steps_before_the_lags():
    frame = pd.DataFrame(X[:, 0, :2], columns=["sales", "day"])
    model = make_pipeline(StandardScaler(), LagTransformer(2), LagElasticNetCV(alphas=3))
    groups = PathDisplay.from_estimator(model.fit(frame, Y)).groups
    assert groups == ["sales_lag2", "day_lag2", "sales_lag1", "day_lag1"]


def test_weights_of_several_targets_are_norms():
    model = LagRidgeCV(alphas=[0.0, 1.0, 10.0], standardize=False).fit(X, np.column_stack([Y, -Y]))
    display = PathDisplay.from_estimator(model)
    assert display.alphas.tolist() == [10.0, 1.0]
    assert_allclose(display.coefficients[-1], np.sqrt(2) * np.abs(model.coefs_[1, 0]))


def test_a_path_without_a_penalty_is_refused_by_name():
    model = LagElasticNetCV(alphas=[0.0]).fit(X, Y)
    with pytest.raises(ValueError, match=r"PathDisplay.* above 0; got \[0\.0\]"):
        PathDisplay.from_estimator(model)
