"""Comparison of models: its arguments, and scores against those of cross_val_score."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from sklearn_rnn import CompleteRows, DenseRegressor, LagTransformer, make_ar
from sklearn_rnn.model_selection import compare_models, n_parameters
from tests.model_selection.examples import LINEAR, Random, X, Y


def test_scores_are_those_of_cross_val_score():
    for cv in (KFold(4), TimeSeriesSplit(3)):
        comparison = compare_models(LINEAR, X, Y, cv=cv, scoring="neg_mean_absolute_error")
        for name, model in LINEAR.items():
            expected = cross_val_score(model, X, Y, cv=cv, scoring="neg_mean_absolute_error")
            np.testing.assert_allclose(comparison.scores[name], expected)
            np.testing.assert_allclose(comparison.to_frame()["mean"][name], expected.mean())
            np.testing.assert_allclose(
                comparison.to_frame()["std_folds"][name], expected.std(ddof=1)
            )


def test_groups_and_lists_of_splits_are_folds_too():
    groups = np.arange(120) % 3
    comparison = compare_models(LINEAR, X, Y, cv=GroupKFold(3), groups=groups)
    expected = cross_val_score(LINEAR["ols"], X, Y, cv=GroupKFold(3), groups=groups)
    np.testing.assert_allclose(comparison.scores["ols"], expected)
    one = compare_models(LINEAR, X, Y, cv=[(np.arange(80), np.arange(80, 120))])
    assert one.to_frame()["standard_error"].isna().all()
    assert one.simplest_as_good(paired=False) == one.best == "ols"


def test_a_number_of_seeds_may_be_numpys():
    comparison = compare_models({"random": Random()}, X, Y, cv=2, seeds=np.int64(2))
    assert comparison.runs["seed"].tolist() == [0, 1, 0, 1]


def test_a_search_is_scored_like_the_others():
    search = GridSearchCV(Lasso(), {"alpha": [0.1, 1.0]}, scoring="neg_mean_squared_error")
    comparison = compare_models({"search": search, "ols": LinearRegression()}, X, Y)
    assert comparison.scoring == "r2"
    assert comparison.scores["search"].gt(0).all()


def test_complexity_is_counted_given_or_computed():
    counted = compare_models(LINEAR, X, Y, cv=3).to_frame()
    assert counted["complexity"].equals(counted["n_parameters"].rename("complexity"))
    given = compare_models(LINEAR, X, Y, cv=3, complexity={"mean": 9, "lasso": 8, "ols": 7})
    assert given.simplest == "ols"
    assert given.to_frame()["n_parameters"].equals(counted["n_parameters"])
    computed = compare_models(LINEAR, X, Y, cv=3, complexity=lambda m: -n_parameters(m))
    assert computed.simplest == "ols"
    # What is not known counts as the most complex.
    assert compare_models(LINEAR, X, Y, cv=3, complexity={"lasso": 1}).simplest == "lasso"


def test_classifiers_are_compared_by_accuracy_and_wrong_labels():
    y = np.where(Y > 0, "up", "down")
    models = {"prior": DummyClassifier(), "logistic": LogisticRegression()}
    comparison = compare_models(models, X, y, cv=StratifiedKFold(4))
    assert (comparison.scoring, comparison.loss) == ("accuracy", "zero_one")
    expected = cross_val_score(models["logistic"], X, y, cv=StratifiedKFold(4))
    np.testing.assert_allclose(comparison.scores["logistic"], expected)
    np.testing.assert_allclose(comparison.losses["logistic"].mean(), 1 - expected.mean(), rtol=0.05)
    assert set(comparison.losses["logistic"]) == {0.0, 1.0}


def test_a_scorer_has_the_name_of_its_metric():
    scoring = make_scorer(mean_pinball_loss, greater_is_better=False, alpha=0.9)
    assert compare_models(LINEAR, X, Y, scoring=scoring).scoring == "-mean_pinball_loss"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"models": {}}, "models must be a non-empty mapping of names to estimators; "),
        (
            {"models": {"a": DummyClassifier(), "b": Ridge()}},
            "models must be all classifiers or all regressors; classifiers are ['a'], the others",
        ),
        ({"models": {"a": 3}}, "models must map names to estimators; ['a'] are none."),
        ({"models": {"a": Ridge}}, "models must map names to estimators; ['a'] are none."),
        ({"loss": "log"}, "The 'loss' parameter of compare_models must be a str among"),
        *(
            (
                {"horizon": horizon},
                "The 'horizon' parameter of compare_models must be an int in the range [1, inf). "
                f"Got {horizon} instead.",
            )
            for horizon in (0, 1.5)
        ),
        *(
            (
                {"seeds": seeds},
                f"seeds must be distinct integers from 0 up, at least one; got {list(seeds)}.",
            )
            for seeds in ((), [1, 1], [-1], [0.5], ["a"])
        ),
        *(({"seeds": n}, "The 'seeds' parameter of compare_models must be ") for n in (-1, "a")),
        ({"X": pl.LazyFrame({"a": [1.0]})}, "X must hold its values; got a LazyFrame"),
        ({"cv": []}, "cv must have at least one pair of training and test rows; got none."),
        ({"cv": [3]}, "cv must be pairs of training and test rows, each with integers from 0 to "),
        ({"models": {1: Ridge()}}, "The names in models must be strings; got [1]."),
        (
            {"complexity": {"ols": 1, "net": 2}},
            "complexity must map names of models to numbers; got ['net'].",
        ),
        (
            {"complexity": {"ols": "a"}},
            "complexity must map names of models to numbers; got ['ols'].",
        ),
        *(
            (
                {"scoring": scoring},
                "The 'scoring' parameter of compare_models must be an instance of 'str'",
            )
            for scoring in (["r2"], ("r2",), {"score": "r2"})
        ),
    ],
)
def test_errors_name_argument_rule_and_value(given, text):
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(text)}"):
        compare_models(**{"models": LINEAR, "X": X, "y": Y, **given})


def test_on_linear_data_a_net_is_not_worth_it():
    noise = np.random.default_rng(1).normal(size=400)
    series = np.zeros(400)
    for t in range(1, 400):
        series[t] = 0.7 * series[t - 1] + noise[t]
    data = pd.DataFrame({"y": series}, index=pd.date_range("2020", periods=400))
    net = DenseRegressor(max_epochs=15, lr_schedule="onecycle", learning_rate=0.01)
    models = {"ar": make_ar(1), "net": make_pipeline(LagTransformer(3), net)}
    comparison = compare_models(models, data, data["y"])
    assert comparison.simplest_as_good() == "ar"


DAILY = pd.DataFrame({"a": Y.cumsum()}, index=pd.date_range("2024-01-01", periods=len(Y)))
RIDGE = make_pipeline(LagTransformer(4, flatten=True), Ridge())


@pytest.mark.parametrize("data", [DAILY, DAILY.to_numpy()], ids=["series", "array"])
def test_models_with_lags_are_fitted_to_complete_rows_and_score_all(data):
    grid, cv, y = {"ridge__alpha": [0.1, 10.0]}, TimeSeriesSplit(3), DAILY["a"].to_numpy()
    models = {
        "pipeline": RIDGE,
        "ar": make_ar(2),
        "search": GridSearchCV(RIDGE, grid, cv=cv),
        "all rows": CompleteRows(RIDGE, incomplete="fit"),
        "mean": DummyRegressor(),
    }
    found = compare_models(models, data, y, cv=cv)
    complete = CompleteRows(RIDGE)
    same = {**models, "pipeline": complete, "search": GridSearchCV(complete, grid, cv=cv)}
    for name, model in {**same, "all rows": RIDGE}.items():
        np.testing.assert_allclose(found.scores[name], cross_val_score(model, data, y, cv=cv))
    table = found.to_frame()
    assert table["n_omitted"].tolist() == [4, 2, 4, 0, 0]
    has_past = isinstance(data, pd.DataFrame)
    assert table["n_incomplete"].tolist() == ([0] * 5 if has_past else [4, 2, 4, 4, 0])
    told = found.verdict()
    assert "; left out of each fit: up to 4 rows with incomplete windows" in told
    assert ("; scored with filled lags: up to 4 rows of each test set" in told) != has_past
    assert "incomplete" not in compare_models(LINEAR, X, Y).verdict()


def test_weights_and_groups_reach_the_steps_of_complete_rows():
    y, weight = DAILY["a"].to_numpy(), np.linspace(0.1, 1.0, len(DAILY))
    cv = TimeSeriesSplit(3)
    found = compare_models({"a": RIDGE}, DAILY, y, cv=cv, params={"sample_weight": weight})
    expected = cross_val_score(
        CompleteRows(RIDGE), DAILY, y, cv=cv, params={"ridge__sample_weight": weight}
    )
    np.testing.assert_allclose(found.scores["a"], expected)
    search = GridSearchCV(Ridge(), {"alpha": [1.0, 10.0]}, cv=GroupKFold(2))
    models = {"a": make_pipeline(LagTransformer(4, flatten=True), search)}
    groups, folds = np.arange(len(DAILY)) % 4, list(cv.split(DAILY))
    found = compare_models(models, DAILY, y, cv=folds, groups=groups)
    assert found.failures.tolist() == [0]


def test_rows_of_an_unknown_estimator_are_not_counted():
    class Outside(RegressorMixin, BaseEstimator):
        def __init__(self, lags=None):
            self.lags = lags

        def fit(self, X, y):
            self.inside_ = make_pipeline(self.lags, Ridge()).fit(X, y)
            return self

        def predict(self, X):
            return self.inside_.predict(X)

    models = {"outside": Outside(LagTransformer(2, flatten=True))}
    found = compare_models(models, DAILY, DAILY["a"].to_numpy(), cv=2)
    assert found.to_frame()[["n_omitted", "n_incomplete"]].isna().to_numpy().tolist() == [[0, 1]]


def test_classifier_tag_of_a_mixin_is_enough():
    class Constant(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    comparison = compare_models({"constant": Constant()}, X, Y > 0)
    assert (comparison.scoring, comparison.loss) == ("accuracy", "zero_one")
