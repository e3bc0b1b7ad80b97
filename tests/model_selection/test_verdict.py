"""The sentences of a verdict."""

import re

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import SVR

from sklearn_rnn.model_selection import compare_models
from tests.model_selection.examples import LINEAR, X, Y, comparison_of

SWING = np.array([0.3, -0.3, 0.3, -0.3])


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        (
            {"a": np.zeros(4), "b": 0.1 + SWING, "c": 0.05 + SWING, "d": 0.2 + SWING},
            "Take 'a': the best scorer, 0.2 of 'd', is 0.2 (95 % interval -0.64 to 1, corrected t "
            "p = 0.5) higher, which is within one standard error of the difference (0.26). Of the "
            "2 other larger models the best, 'b', leads 'a' by 0.1 (95 % interval -0.74 to 0.94).",
        ),
        (
            {"a": np.zeros(4), "b": 0.4 + SWING, "c": SWING[::-1] - 0.1},
            "Take 'b': its scorer of 0.4 is the best, by 0.4 (95 % interval -0.44 to 1.2, "
            "corrected t p = 0.23) over 'a', the best of the simpler models, which is beyond one "
            "standard error of the difference (0.26), though the interval holds zero. The larger "
            "model, 'c', falls behind 'b' by 0.5 (95 % interval -1.2 to 2.2).",
        ),
        (
            {"a": 1 + SWING, "b": np.zeros(4), "c": np.zeros(4) - 1},
            "Take 'a': its scorer of 1 is the best, by 1 (95 % interval 0.16 to 1.8, corrected t "
            "p = 0.032) over 'b', and no model is simpler.",
        ),
        ({"a": SWING}, "Take 'a': its scorer of 0 is the best."),
    ],
)
def test_the_verdict_says_by_which_rule_and_how_far_larger_models_are(scores, verdict):
    comparison = comparison_of(scores, {name: i for i, name in enumerate("abcd") if name in scores})
    # The losses of rows are all zero, which the test over rows calls equal.
    told = comparison.verdict().replace(", Diebold-Mariano p = 1", "")
    assert re.sub(r" \(complexity \d\)", "", told) == verdict


def test_the_verdict_speaks_of_the_complexity_that_was_given():
    sizes = {"mean": 2.5, "lasso": 1e6, "ols": 1e7}
    for complexity in (sizes, lambda model: {DummyRegressor: 2.5}.get(type(model), 1e6)):
        told = compare_models(LINEAR, X, Y, cv=3, complexity=complexity).verdict()
        assert "(complexity 1e+06)" in told
        assert "parameter" not in told


def test_the_verdict_says_where_the_complexity_is_unknown():
    svr, knn = SVR(), KNeighborsRegressor()
    told = compare_models({"svr": svr, "knn": knn}, X, Y).verdict()
    end = "; the complexity of these models is unknown, so that the best score decides."
    assert told.endswith(end)
    assert "simpler" not in told
    some = compare_models({"ols": LinearRegression(), "svr": svr, "knn": knn}, X, Y).verdict()
    assert some.endswith(
        "; the complexity of 'svr' and 'knn' is unknown and counts as the greatest."
    )
    assert "unknown" not in compare_models(LINEAR, X, Y).verdict()
