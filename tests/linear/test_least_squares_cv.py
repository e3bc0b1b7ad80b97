"""The models with cross-validation against scikit-learn's, and the rules against glmnet's."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import ElasticNetCV, MultiTaskLassoCV, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
    TimeSeriesSplit,
)

from sklearn_rnn import LagElasticNet, LagElasticNetCV, LagRidge, LagRidgeCV, LagTransformer
from sklearn_rnn.model_selection import PanelTimeSeriesSplit
from tests.linear.designs import draw

EXACT = {"tol": 1e-12, "max_iter": 100_000}
SPLITTERS = {
    "time": TimeSeriesSplit(4),
    "gap": TimeSeriesSplit(3, gap=5),
    "blocks": KFold(4),
    "shuffled": KFold(4, shuffle=True, random_state=0),
    "random": ShuffleSplit(6, random_state=0),
}
RAW = {"standardize": False}


def data(n_outputs=None):
    drawn = draw(8, n_outputs)
    return drawn.windows, drawn.flat, drawn.target


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
def test_the_path_is_that_of_elastic_net_cv(name, weighted, l1_ratio):
    windows, flat, y = data()
    weight = np.random.default_rng(0).integers(1, 4, size=len(y)) if weighted else None
    alphas = np.geomspace(2, 1e-3, 12)
    given = {"l1_ratio": l1_ratio, "alphas": alphas, "cv": SPLITTERS[name], **EXACT}
    theirs = ElasticNetCV(**given).fit(flat, y, sample_weight=weight)
    ours = LagElasticNetCV(**given, **RAW).fit(windows, y, weight)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-7)
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_)
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)


def test_the_grid_begins_where_scikit_learns_does():
    windows, flat, y = data()
    slopes = np.abs((flat - flat.mean(axis=0)).T @ (y - y.mean())) / len(y)
    ours = LagElasticNetCV(l1_ratio=0.7, alphas=20, **RAW).fit(windows, y)
    expected = slopes.max() / 0.7 * np.geomspace(1, 1e-3, 20)
    np.testing.assert_allclose(ours.alphas_, expected, rtol=1e-10)
    assert (ours.coefs_[0] == 0).all()
    assert (ours.coefs_[1] != 0).any()


def test_the_path_of_several_targets_is_that_of_multi_task_lasso_cv():
    windows, flat, y = data(2)
    given = {"alphas": np.geomspace(1, 1e-2, 8), "cv": TimeSeriesSplit(3), **EXACT}
    theirs = MultiTaskLassoCV(**given).fit(flat, y)
    ours = LagElasticNetCV(groups="column", **given, **RAW).fit(windows, y)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-7)
    assert ours.alpha_ == theirs.alpha_
    assert ours.coefs_.shape == (8, 2, flat.shape[1])


@pytest.mark.parametrize("name", SPLITTERS)
def test_ridge_is_a_search_over_ridge(name):
    windows, flat, y = data()
    alphas = [0.0, 0.1, 1.0, 10.0, 100.0]
    grid = {"alpha": alphas}
    search = GridSearchCV(Ridge(), grid, cv=SPLITTERS[name], scoring="neg_mean_squared_error")
    search.fit(flat, y)
    ours = LagRidgeCV(alphas=alphas, cv=SPLITTERS[name], **RAW).fit(windows, y)
    for fold in range(ours.mse_path_.shape[1]):
        scores = search.cv_results_[f"split{fold}_test_score"]
        np.testing.assert_allclose(ours.mse_path_[::-1, fold], -scores, rtol=1e-8)
    np.testing.assert_allclose(ours.coef_, LagRidge(ours.alpha_).fit(windows, y).coef_, rtol=1e-8)


@pytest.mark.parametrize("model", [LagElasticNetCV(alphas=3), LagRidgeCV(alphas=3)])
def test_an_integer_is_a_number_of_folds_in_time(model):
    windows, _, y = data()
    one = model.set_params(cv=3).fit(windows, y).mse_path_
    np.testing.assert_array_equal(
        one, model.set_params(cv=TimeSeriesSplit(3)).fit(windows, y).mse_path_
    )


def glmnet_statistics(losses, weights):
    """``cvstats`` of glmnet, line by line."""
    mean = np.average(losses, axis=1, weights=weights)
    squares = np.average((losses - mean[:, None]) ** 2, axis=1, weights=weights)
    return mean, np.sqrt(squares / (losses.shape[1] - 1))


@pytest.mark.parametrize("model", [LagElasticNetCV(), LagRidgeCV(alphas=30)])
def test_one_standard_error_is_lambda_1se(model):
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(200, 5, 3))
    y = windows[:, -1, 0] + 3 * rng.normal(size=200)
    folds = list(KFold(7).split(y))  # of different sizes
    model.set_params(cv=folds, rule="1se").fit(windows, y)
    mean, error = glmnet_statistics(model.mse_path_, [len(test) for _, test in folds])
    np.testing.assert_allclose(model.mse_mean_, mean)
    np.testing.assert_allclose(model.mse_error_, error)
    best = np.argmin(mean)
    assert model.alpha_ == model.alphas_[mean <= mean[best] + error[best]].max()
    assert model.alpha_ > model.set_params(rule="min").fit(windows, y).alpha_


def test_with_few_samples_a_fold_errors_are_averaged_over_samples():
    windows, _, y = data()
    windows, y = windows[:40], y[:40]
    one = LagRidgeCV(alphas=5, cv=LeaveOneOut()).fit(windows, y)
    pairs = LagRidgeCV(alphas=one.alphas_, cv=KFold(20)).fit(windows, y)
    triples = LagRidgeCV(alphas=one.alphas_, cv=KFold(13)).fit(windows, y)
    np.testing.assert_allclose(one.mse_error_, glmnet_statistics(one.mse_path_, None)[1])
    assert not np.allclose(pairs.mse_error_, glmnet_statistics(pairs.mse_path_, None)[1])
    assert triples.mse_path_.shape == (5, 13)


def test_the_chosen_model_is_that_of_its_alpha():
    windows, flat, y = data(2)
    model = LagElasticNetCV(rule="1se", **EXACT).fit(windows, y)
    np.testing.assert_allclose(model.scale_, flat.std(axis=0), rtol=1e-10)
    alone = LagElasticNet(model.alpha_, standardize=True, **EXACT).fit(windows, y)
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-7)
    np.testing.assert_allclose(model.predict(windows), alone.predict(windows), atol=1e-6)
    chosen = np.flatnonzero(model.alphas_ == model.alpha_)[0]
    np.testing.assert_array_equal(model.coefs_[chosen], model.coef_)


def test_samples_of_weight_zero_are_neither_fitted_nor_predicted():
    windows, _, y = data()
    weight = (np.random.default_rng(0).random(len(y)) < 0.8).astype(float)
    kept = np.flatnonzero(weight)
    wrong = np.where(weight > 0, y, 1e9)
    folds = list(KFold(3).split(y))
    number = np.cumsum(weight).astype(int) - 1
    left = [tuple(number[part[weight[part] > 0]] for part in fold) for fold in folds]
    one = LagRidgeCV(alphas=4, cv=folds).fit(windows, wrong, weight)
    two = LagRidgeCV(alphas=4, cv=left).fit(windows[kept], y[kept])
    np.testing.assert_allclose(one.mse_path_, two.mse_path_, rtol=1e-9)


def test_a_constant_target_has_no_coefficients():
    windows, _, y = data()
    model = LagElasticNetCV(alphas=3).fit(windows, np.full(len(y), 2.0))
    assert (model.coef_ == 0).all()
    assert model.intercept_ == 2.0


def test_panels_are_split_in_time():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([["a", "b"], range(40)], names=["series", "time"])
    X = pd.DataFrame(rng.normal(size=(80, 3)), index=index, columns=["x_lag3", "x_lag2", "x_lag1"])
    model = LagElasticNetCV(alphas=3, cv=PanelTimeSeriesSplit(3)).fit(X, rng.normal(size=80))
    assert model.mse_path_.shape == (3, 3)


def test_windows_that_know_their_times_are_split_by_them():
    rng = np.random.default_rng(0)
    times = pd.date_range("2026-01-01", periods=40)
    index = pd.MultiIndex.from_product([["a", "b"], times], names=["series", "time"])
    X = pd.DataFrame({"x": rng.normal(size=80)}, index=index)
    windows, y = LagTransformer(3).fit_transform(X), rng.normal(size=80)
    model = LagRidgeCV(alphas=[1.0]).fit(windows, y)
    complete = np.flatnonzero(windows.is_complete)
    for fold, parts in enumerate(PanelTimeSeriesSplit(5).split(X.iloc[complete])):
        train, test = (complete[part] for part in parts)
        alone = LagRidge(1.0, standardize=True).fit(np.asarray(windows)[train], y[train])
        error = np.mean((alone.predict(windows[test]) - y[test]) ** 2)
        np.testing.assert_allclose(model.mse_path_[0, fold], error, rtol=1e-9)


def test_an_integer_makes_folds_of_the_samples_that_are_fitted():
    rng = np.random.default_rng(0)
    y = rng.normal(size=60)
    windows = LagTransformer(12).fit_transform(y[:, np.newaxis])
    model = LagElasticNetCV(alphas=3).fit(windows, y)
    kept = LagElasticNetCV(alphas=3).fit(np.asarray(windows)[12:], y[12:])
    np.testing.assert_allclose(model.mse_path_, kept.mse_path_)
    flat, weight = np.asarray(windows).copy(), np.repeat([0.0, 1.0], [12, 48])
    flat[:12] = 7.0
    np.testing.assert_allclose(
        LagElasticNetCV(alphas=3).fit(flat, y, weight).mse_path_, kept.mse_path_
    )
    with pytest.raises(ValueError, match=r"n_samples=48\. Of 60 samples 12 lack"):
        LagElasticNetCV(cv=48).fit(windows, y)
    text = "Fold 0 of cv has 0 samples to train on and 48 to predict; each fold needs one of both. "
    text += "Of 60 samples 12 lack some of their lags."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        LagElasticNetCV(cv=[(np.arange(9), np.arange(9, 60))]).fit(windows, y)
    weight[:14] = 0.0
    with pytest.raises(ValueError, match=r"12 lack some of their lags and 2 have weight 0\.$"):
        LagElasticNetCV(cv=46).fit(windows, y, weight)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"alphas": [1.0, -1.0]}, "alphas must be one or more finite numbers from 0 up; got [1.0"),
        ({"alphas": [[1.0]]}, "alphas must be one or more finite numbers from 0 up; got [[1.0]]"),
        ({"alphas": []}, "alphas must be one or more finite numbers from 0 up; got []"),
        ({"cv": 9}, "cv makes 9 folds in the order of time, which need 10 samples at least; got"),
        ({"cv": [([0, 1], [])]}, "cv must be pairs of training and test rows, each with integers"),
        (
            {"cv": [([0, 1, 1], [2])]},
            "Fold 0 of cv has a sample several times; give it a weight",
        ),
    ],
)
@pytest.mark.parametrize("model", [LagElasticNetCV, LagRidgeCV])
def test_errors_name_argument_rule_and_value(model, given, text):
    model = model(**given)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        model.fit(np.zeros((9, 2, 1)), np.arange(9.0))
    assert vars(model) == before
