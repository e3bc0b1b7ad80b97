"""The estimators inside of searches, pipelines and transformed targets."""

import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn._sklearn.metaestimators import default_scoring, final_estimator, open_search

X = [[float(i)] for i in range(12)]
Y = [0.0, 1.0, 1.0, 3.0] * 3
GRID = {"alpha": [0.1, 0.2]}


def test_a_search_is_opened_to_its_best_estimator_and_others_stay_themselves():
    search = GridSearchCV(Ridge(), GRID, cv=2)
    assert open_search(search) is search  # not fitted
    assert open_search(search.fit(X, Y)) is search.best_estimator_
    nested = GridSearchCV(RandomizedSearchCV(Ridge(), GRID, n_iter=1, cv=2), {}, cv=2).fit(X, Y)
    assert isinstance(open_search(nested), Ridge)
    model = Ridge()
    assert open_search(model) is model


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: model,
        lambda model: make_pipeline(StandardScaler(), model),
        lambda model: make_pipeline(make_pipeline(StandardScaler(), model)),
        lambda model: GridSearchCV(make_pipeline(StandardScaler(), model), {}, cv=2),
        lambda model: make_pipeline(GridSearchCV(model, {}, cv=2)),
        lambda model: TransformedTargetRegressor(make_pipeline(StandardScaler(), model)),
    ],
)
def test_the_final_estimator_is_the_fitted_one_that_predicts(wrap):
    found = final_estimator(wrap(Lasso(0.1)).fit(X, Y))
    assert isinstance(found, Lasso)
    assert hasattr(found, "coef_")


def test_the_default_score_is_that_of_the_task_whatever_a_search_uses():
    search = GridSearchCV(Ridge(), GRID, scoring="neg_mean_absolute_error")
    assert default_scoring(search) == "r2"
    assert default_scoring(make_pipeline(StandardScaler(), LogisticRegression())) == "accuracy"
