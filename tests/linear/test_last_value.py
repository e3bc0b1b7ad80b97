"""Linear models on windows less their last value, against the same written out by hand."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    LagElasticNet,
    LagElasticNetCV,
    LagRidge,
    LagRidgeCV,
    LagTransformer,
    make_lagged,
)
from sklearn_rnn._sequences.windows import lag_windows

LAST = {"standardize": "last", "target_channel": 1}


def walk(level=0.0, n_outputs=None):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 2)).cumsum(axis=0) + level
    windows = lag_windows(rows, 5)[:-3]
    steps = [rows[5 + k : len(rows) - 2 + k, 1] for k in range(n_outputs or 1)]
    return windows, np.column_stack(steps) if n_outputs else steps[0]


class ByHand:
    """A linear model of scikit-learn on differences to the last value."""

    def __init__(self, model):
        self.model, self.scaler = model, StandardScaler()

    def _differences(self, windows):
        return (windows - windows[:, -1:])[:, :-1].reshape(len(windows), -1)

    def fit(self, windows, y):
        self.last = (slice(None), -1, windows.shape[2] - 1, *[np.newaxis] * (y.ndim - 1))
        X = self.scaler.fit_transform(self._differences(windows))
        self.model.fit(X, y - windows[self.last])
        return self

    def predict(self, windows):
        X = self.scaler.transform(self._differences(windows))
        return self.model.predict(X) + windows[self.last]


@pytest.mark.parametrize("level", [0.0, 1e6])
@pytest.mark.parametrize("n_outputs", [None, 3])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (LagRidge(0.0), LinearRegression()),
        (LagRidge(10.0), Ridge(10.0)),
        (LagElasticNet(0.1, tol=1e-12), Lasso(0.1, tol=1e-12)),
        (LagElasticNet(0.1, l1_ratio=0.5, tol=1e-12), ElasticNet(0.1, l1_ratio=0.5, tol=1e-12)),
    ],
)
def test_it_is_the_model_of_differences(ours, theirs, n_outputs, level):
    windows, y = walk(level, n_outputs)
    by_hand = ByHand(theirs).fit(windows[:200], y[:200])
    ours.set_params(**LAST).fit(windows[:200], y[:200])
    np.testing.assert_allclose(ours.predict(windows), by_hand.predict(windows), atol=1e-7)


@pytest.mark.parametrize("slope", [0.0, 1.0, 100.0, 1e4])
def test_a_trend_loses_no_digits(slope):
    rng = np.random.default_rng(0)
    rows = slope * np.arange(2000.0) + rng.normal(size=2000).cumsum() / 10 + rng.normal(size=2000)
    windows, y = lag_windows(rows[:, np.newaxis], 5)[:-1], rows[5:]
    for ours, theirs in (
        (LagRidge(0.0), LinearRegression()),
        (LagRidge(1.0), Ridge(1.0, solver="svd")),
        (LagRidgeCV(alphas=[1.0]), Ridge(1.0, solver="svd")),
        (LagElasticNet(0.01, tol=1e-12), Lasso(0.01, tol=1e-12)),
        (LagElasticNetCV(alphas=[0.01], tol=1e-12), Lasso(0.01, tol=1e-12)),
    ):
        ours.set_params(standardize="last").fit(windows, y)
        expected = ByHand(theirs).fit(windows, y).predict(windows)
        np.testing.assert_allclose(ours.predict(windows), expected, rtol=0, atol=1e-7)
        if isinstance(ours, LagRidgeCV):
            for fold, (train, test) in enumerate(TimeSeriesSplit(5).split(y)):
                by_hand = ByHand(theirs).fit(windows[train], y[train])
                error = np.mean((by_hand.predict(windows[test]) - y[test]) ** 2)
                np.testing.assert_allclose(ours.mse_path_[0, fold], error, rtol=1e-7)


def test_ill_conditioned_differences_on_a_trend_are_solved():
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=400).cumsum().cumsum().cumsum()
    rows = (100 * smooth / smooth.std() + 1000 * np.arange(400.0))[:, np.newaxis]
    windows, y = lag_windows(rows, 8)[:-1], rows[8:, 0] + rng.normal(size=392)
    by_hand = ByHand(LinearRegression()).fit(windows, y)
    assert np.linalg.cond(by_hand.scaler.transform(by_hand._differences(windows))) > 1e4
    ours = LagRidge(0.0, standardize="last").fit(windows, y)
    np.testing.assert_allclose(ours.predict(windows), by_hand.predict(windows), atol=1e-7)


@pytest.mark.parametrize("weight", [None, np.random.default_rng(1).uniform(size=1995)])
@pytest.mark.parametrize("model", [LagRidge(0.0), LagRidgeCV(), LagElasticNet(0.0)], ids=repr)
def test_a_trend_without_noise_has_constant_differences(model, weight):
    trend = 123.456 * np.arange(2000.0)
    windows, y = lag_windows(trend[:, np.newaxis], 5)[:-1], trend[5:]
    y = y + np.random.default_rng(0).normal(size=1995)
    model.set_params(standardize="last").fit(windows, y, weight)
    np.testing.assert_allclose(model.coef_, [0.0, 0.0, 0.0, 0.0, 1.0], atol=1e-12)


def test_cross_validation_is_that_of_differences():
    windows, y = walk()
    model = LagRidgeCV(alphas=[1.0], **LAST).fit(windows, y)
    for fold, (train, test) in enumerate(TimeSeriesSplit(5).split(y)):
        by_hand = ByHand(Ridge(1.0)).fit(windows[train], y[train])
        error = np.mean((by_hand.predict(windows[test]) - y[test]) ** 2)
        np.testing.assert_allclose(model.mse_path_[0, fold], error, rtol=1e-8)


def test_with_a_strong_penalty_it_is_no_change_and_drift():
    windows, y = walk()
    model = LagElasticNetCV(**LAST).fit(windows, y)
    strong = LagElasticNet(1e6, **LAST).fit(windows, y)
    np.testing.assert_allclose(strong.predict(windows), windows[:, -1, 1] + strong.intercept_)
    np.testing.assert_allclose(strong.intercept_, np.mean(y - windows[:, -1, 1]))
    assert (model.coefs_[0].reshape(5, 2)[:-1] == 0).all()


def test_predictions_follow_the_level_of_a_window():
    windows, y = walk()
    model = LagRidge(**LAST).fit(windows, y)
    moved = model.predict(windows + 100.0)
    np.testing.assert_allclose(moved, model.predict(windows) + 100.0)


def test_channels_known_ahead_keep_their_values():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"day": np.arange(200) % 7.0, "y": rng.normal(size=200).cumsum()})
    windows = LagTransformer(3, known_ahead=["day"]).fit_transform(X)[3:]
    y = X["y"].to_numpy()[3:]
    model = LagRidge(0.0, standardize="last", target_channel="y").fit(windows, y)
    array = np.asarray(windows)
    design = np.column_stack([array[:, :, 0], array[:, :-1, 1] - array[:, -1:, 1]])
    by_hand = LinearRegression().fit(design, y - array[:, -1, 1])
    np.testing.assert_allclose(
        model.predict(windows), by_hand.predict(design) + array[:, -1, 1], atol=1e-8
    )


@pytest.mark.parametrize("horizon", [1, 3])
def test_the_channel_of_y_is_found_in_windows(horizon):
    rows = np.random.default_rng(0).normal(size=(200, 3)).cumsum(axis=0)
    windows, y = make_lagged(rows, rows[:, 2], 4, horizon=horizon)
    weight = np.arange(len(y)) % 2.0
    spoiled = np.where(weight.reshape(-1, *[1] * (y.ndim - 1)) == 0, y.mean(), y)  # not fitted
    named = LagRidge(standardize="last", target_channel=2).fit(windows, y, weight)
    found = LagRidge(standardize="last").fit(windows, spoiled, weight)
    np.testing.assert_array_equal(found.predict(windows), named.predict(windows))


@pytest.mark.parametrize(
    ("y", "got"),
    [
        (np.log, "y equals no channel row by row"),
        (lambda rows: rows[:, [0, 1]], r"the outputs of y equal the channels \[0, 1\]"),
    ],
)
def test_a_channel_of_y_that_is_not_found_raises_an_error(y, got):
    rows = np.exp(np.random.default_rng(0).normal(size=(200, 2)).cumsum(axis=0) / 10)
    windows = LagTransformer(4).fit_transform(rows)
    target = y(rows[:, 1]) if y is np.log else y(rows)
    with pytest.raises(ValueError, match=f"needs target_channel.* got None, and {got}"):
        LagRidge(standardize="last").fit(windows, target)


@pytest.mark.parametrize("channel", [None, 2, "price"])
def test_the_channel_of_y_must_be_told(channel):
    windows, y = walk()
    array = " and X is not windows of LagTransformer or make_lagged" if channel is None else ""
    text = (
        'standardize="last" needs target_channel, the channel of X with past values of y: a '
        f"position below 2; got {channel!r}{',' * bool(array)}{array}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        LagRidge(standardize="last", target_channel=channel).fit(windows, y)
