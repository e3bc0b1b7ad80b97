"""Weights, groups and other metadata reach the models of a comparison as in cross_validate."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import LagTransformer
from sklearn_rnn.model_selection import compare_models

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X[:, 0] + RNG.normal(size=60)
WEIGHT = RNG.uniform(0.1, 5.0, size=60)
GROUPS = np.arange(60) % 6
ALPHAS = {"alpha": [0.01, 0.3]}


def test_without_routing_every_fit_is_given_all_of_it():
    models = {"ols": LinearRegression(), "ridge": Ridge()}
    params = {"sample_weight": WEIGHT}
    comparison = compare_models(models, X, Y, cv=3, params=params)
    for name, model in models.items():
        expected = cross_validate(model, X, Y, cv=KFold(3), params=params)["test_score"]
        np.testing.assert_allclose(comparison.scores[name], expected)
    assert not np.allclose(comparison.scores, compare_models(models, X, Y, cv=3).scores)


@pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error", make_scorer(r2_score)])
def test_targets_of_rows_with_weight_zero_change_nothing(scoring):
    known = np.random.default_rng(1).random(60) > 0.2
    models = {
        "lags": make_pipeline(LagTransformer(1, flatten=True), Ridge()),
        "ols": LinearRegression(),
    }
    params = {"sample_weight": 2.0 * known}
    found = [
        compare_models(
            models,
            X,
            np.where(known, Y, fill),
            cv=TimeSeriesSplit(3),
            scoring=scoring,
            params=params,
        )
        for fill in (0.0, 1e4)
    ]
    assert not found[0].failures.any()
    pd.testing.assert_frame_equal(found[0].scores, found[1].scores)
    pd.testing.assert_frame_equal(found[0].losses, found[1].losses)
    assert found[0].verdict() == found[1].verdict()
    weighted = compare_models(
        {"ols": LinearRegression()}, X[known], Y[known], cv=_folds_of(known), scoring=scoring
    )
    np.testing.assert_allclose(weighted.scores["ols"], found[0].scores["ols"])


def _folds_of(known):
    """Return the folds of all rows as positions in the rows that are known."""
    place = np.cumsum(known) - 1
    return [[place[f[known[f]]] for f in fold] for fold in TimeSeriesSplit(3).split(X)]


def test_a_score_without_weights_is_refused_if_rows_have_weight_zero():
    text = r"^scoring must accept sample_weight if .*got make_scorer\(max_error.* such as 'r2'"
    params = {"sample_weight": np.arange(60)}
    with pytest.raises(ValueError, match=text):
        compare_models({"ols": LinearRegression()}, X, Y, scoring="neg_max_error", params=params)
    params = {"sample_weight": np.arange(1, 61)}
    compare_models({"ols": LinearRegression()}, X, Y, scoring="neg_max_error", params=params)


def test_a_model_that_does_not_take_it_fails_alone():
    class Plain(LinearRegression):
        def fit(self, X, y):
            return super().fit(X, y)

    models = {"plain": Plain(), "ols": LinearRegression()}
    comparison = compare_models(models, X, Y, params={"sample_weight": WEIGHT})
    assert list(comparison.failures) == [5, 0]
    assert "sample_weight" in comparison.to_frame()["message"]["plain"]


def test_with_routing_each_is_given_what_it_requests():
    with config_context(enable_metadata_routing=True):
        asks, refuses = (
            lambda model: model.set_fit_request(sample_weight=True),
            lambda model: model.set_fit_request(sample_weight=False),
        )
        scoring = make_scorer(r2_score).set_score_request(sample_weight=True)
        models = {
            "asks": make_pipeline(refuses(StandardScaler()), asks(LinearRegression())),
            "refuses": refuses(LinearRegression()),
            "search": GridSearchCV(asks(Lasso()), ALPHAS, cv=GroupKFold(3), scoring=scoring),
        }
        params = {"sample_weight": WEIGHT, "groups": GROUPS}
        given = {"cv": GroupKFold(3), "scoring": scoring, "params": params}
        comparison = compare_models(models, X, Y, **given)
        assert not comparison.failures.any()
        for name, model in models.items():
            expected = cross_validate(model, X, Y, **given)["test_score"]
            np.testing.assert_allclose(comparison.scores[name], expected)
        assert not np.allclose(comparison.scores["asks"], comparison.scores["refuses"])


def test_what_nobody_requested_or_refused_is_an_error_as_in_cross_validate():
    with config_context(enable_metadata_routing=True):
        text = re.escape("[sample_weight] are passed but are not explicitly set as requested")
        with pytest.raises(UnsetMetadataPassedError, match=text) as caught:
            compare_models({"ols": LinearRegression()}, X, Y, params={"sample_weight": WEIGHT})
        assert "compare_models.fit" not in str(caught.value)
        with pytest.raises(TypeError, match=r"unexpected argument.*colour"):
            compare_models({"ols": LinearRegression()}, X, Y, params={"colour": WEIGHT})
        with pytest.raises(ValueError, match="groups cannot be given while metadata routing is"):
            compare_models({"ols": LinearRegression()}, X, Y, groups=GROUPS)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda search: search,
        lambda search: make_pipeline(StandardScaler(), search),
        TransformedTargetRegressor,
    ],
)
def test_groups_reach_searches_that_split_by_them(wrap):
    class AsksForGroups:
        """A splitter of another package, which does not tell whether it wants groups."""

        def split(self, X, y=None, groups=None):
            return GroupKFold(2).split(X, y, groups)

        def get_n_splits(self, X=None, y=None, groups=None):
            return 2

    for inner in (GroupKFold(2), AsksForGroups()):
        model = wrap(GridSearchCV(Lasso(), ALPHAS, cv=inner))
        models = {"search": model, "plain": wrap(GridSearchCV(Lasso(), ALPHAS, cv=KFold(2)))}
        comparison = compare_models(models, X, Y, cv=GroupKFold(3), groups=GROUPS)
        assert not comparison.failures.any()
        for fold, (train, test) in enumerate(GroupKFold(3).split(X, Y, GROUPS)):
            folds = list(GroupKFold(2).split(X[train], Y[train], GROUPS[train]))
            alone = wrap(GridSearchCV(Lasso(), ALPHAS, cv=folds)).fit(X[train], Y[train])
            score = alone.score(X[test], Y[test])
            assert comparison.scores["search"][fold] == pytest.approx(score)
