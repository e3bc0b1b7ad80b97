"""The size of a model: what it has learned, counted."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
)
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from sklearn_rnn import DenseRegressor, PersistenceRegressor
from sklearn_rnn.model_selection import compare_models, n_parameters
from tests.model_selection.examples import X, Y


def test_the_size_of_trees_is_in_nodes():
    trees = {
        "tree": DecisionTreeRegressor(max_depth=1, random_state=0),
        "forest": RandomForestRegressor(2, max_depth=1, random_state=0),
        "vote": VotingRegressor([("tree", DecisionTreeRegressor(max_depth=1)), ("ols", Ridge())]),
        "empty": GridSearchCV(Ridge(), {}, cv=2),
    }
    comparison = compare_models(trees, X, Y, cv=2)
    units = ["tree node", "tree node", "parameter", "parameter"]
    assert comparison.to_frame()["unit"].tolist() == units
    assert "(3 tree nodes)" in comparison.verdict() or "(6 tree nodes)" in comparison.verdict()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (LinearRegression(), 5),
        (LinearRegression(fit_intercept=False), 4),
        (Lasso(10.0), 1),
        (make_pipeline(StandardScaler(), GridSearchCV(Lasso(), {"alpha": [10.0]})), 1),
        (GridSearchCV(make_pipeline(StandardScaler(), Lasso()), {"lasso__alpha": [10.0]}), 1),
        (TransformedTargetRegressor(LinearRegression()), 5),
        (DummyRegressor(), 1),
        (DecisionTreeRegressor(max_depth=1), 3),
        (RandomForestRegressor(7, max_depth=1), 21),
        (PersistenceRegressor(), 0),
        (DenseRegressor(hidden_layer_sizes=(3,), max_epochs=1, lr_schedule="cosine"), 19),
        (DenseRegressor(hidden_layer_sizes=(), max_epochs=1, lr_schedule="cosine"), 5),
        (LogisticRegression(), 5),
    ],
)
def test_parameters_are_counted_inside(model, expected):
    y = Y > 0 if isinstance(model, LogisticRegression) else Y
    assert n_parameters(model.fit(X, y)) == expected


def test_parameters_of_scikit_learns_net_are_counted_and_of_others_unknown():
    with pytest.warns(UserWarning, match="Maximum iterations"):
        net = MLPRegressor(hidden_layer_sizes=(3,), max_iter=1).fit(X, Y)
    assert n_parameters(net) == 19
    assert np.isnan(n_parameters(StandardScaler().fit(X)))
