"""The one-standard-error rule for searches, against glmnet's by hand."""

import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Lasso
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_score,
)

from sklearn_rnn.model_selection import n_parameters, one_standard_error
from tests.model_selection.examples import OfUnknownSize, X, Y

GRID = {"alpha": [0.001, 0.01, 0.1, 0.2, 0.3, 0.5, 1.0]}


def lambda_1se(X, y, n_splits):
    """Return glmnet's lambda.1se: the largest penalty whose error is below the least + 1 cvsd."""
    errors = np.array(
        [-cross_val_score(Lasso(a), X, y, cv=n_splits, scoring="r2") for a in GRID["alpha"]]
    )
    cvm, cvsd = errors.mean(axis=1), np.sqrt(errors.var(axis=1) / (n_splits - 1))
    best = cvm.argmin()
    return max(a for a, e in zip(GRID["alpha"], cvm, strict=True) if e <= cvm[best] + cvsd[best])


@pytest.mark.parametrize("n_splits", [3, 5])
def test_the_rule_is_glmnets(n_splits):
    rule = one_standard_error("alpha", larger_is_simpler=True)
    search = GridSearchCV(Lasso(), GRID, refit=rule, cv=n_splits).fit(X, Y)
    assert search.best_params_["alpha"] == lambda_1se(X, Y, n_splits)
    assert (
        search.best_params_["alpha"] > GridSearchCV(Lasso(), GRID).fit(X, Y).best_params_["alpha"]
    )


def test_a_key_and_the_recorded_size_order_the_candidates_too():
    by_param = one_standard_error("alpha", larger_is_simpler=True)
    expected = GridSearchCV(Lasso(), GRID, refit=by_param).fit(X, Y).best_params_
    by_key = one_standard_error(key=lambda params: -params["alpha"])
    assert GridSearchCV(Lasso(), GRID, refit=by_key).fit(X, Y).best_params_ == expected
    scoring = {"score": "r2", "n_parameters": n_parameters}
    search = GridSearchCV(Lasso(), GRID, refit=one_standard_error(), scoring=scoring).fit(X, Y)
    sizes = search.cv_results_["mean_test_n_parameters"]
    assert sizes[search.best_index_] == sizes[: GRID["alpha"].index(expected["alpha"]) + 1].min()
    named = one_standard_error("alpha", larger_is_simpler=True, metric="r2")
    scoring = ["r2", "neg_mean_squared_error"]
    search = GridSearchCV(Lasso(), GRID, refit=named, scoring=scoring).fit(X, Y)
    assert search.best_params_ == expected


def test_ties_go_to_the_better_and_failed_candidates_are_left_out():
    results = {
        "params": [{"a": 1}, {"a": 1}, {"a": 0}, {"a": 2}],
        "mean_test_score": np.array([0.9, 0.95, np.nan, 1.0]),
        "split0_test_score": np.array([0.8, 0.85, np.nan, 0.9]),
        "split1_test_score": np.array([1.0, 1.05, np.nan, 1.1]),
    }
    assert one_standard_error("a")(results) == 1
    assert one_standard_error("a", larger_is_simpler=True)(results) == 3


def test_a_size_that_is_unknown_cannot_order_the_candidates():
    scoring = {"score": "r2", "n_parameters": n_parameters}
    search = GridSearchCV(
        OfUnknownSize(), {"factor": [0.9, 1.0]}, refit=one_standard_error(), scoring=scoring
    )
    warned = pytest.warns(UserWarning, match="scores are non-finite")
    with (
        warned,
        pytest.raises(
            ValueError, match=r"^The size of the candidate {'factor': .* is unknown \(NaN\)"
        ),
    ):
        search.fit(X, Y)


def test_the_rule_survives_clone_and_pickle():
    rule = one_standard_error("alpha", larger_is_simpler=True)
    search = GridSearchCV(Lasso(), GRID, refit=rule)
    again = pickle.loads(pickle.dumps(clone(search)))
    assert again.refit == rule
    assert again.fit(X, Y).best_params_ == search.fit(X, Y).best_params_
    assert "alpha" in repr(search)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (one_standard_error("beta"), "param='beta' is not set by the candidate {'alpha': "),
        (one_standard_error(), "one_standard_error() cannot order the candidates by size: "),
        (
            one_standard_error("alpha", metric="r2"),
            "metric='r2' is not among the scores of the search, ['score'].",
        ),
    ],
)
def test_errors_of_the_rule(rule, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        GridSearchCV(Lasso(), GRID, refit=rule).fit(X, Y)


def test_param_and_key_exclude_each_other():
    text = "param and key both order the candidates; give only one of them."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        one_standard_error("alpha", key=len)
