"""The sentences of a verdict."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from sklearn_rnn import Forecaster, LagTransformer, NaiveForecaster, make_ar
from sklearn_rnn.exceptions import TargetLeakWarning
from sklearn_rnn.model_selection import PanelTimeSeriesSplit, backtest, compare_models
from sklearn_rnn.model_selection._verdict import describe_size
from tests.model_selection.examples import FRAME, LINEAR, OfUnknownSize, X, Y, comparison_of

SWING = np.array([0.3, -0.3, 0.3, -0.3])


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        (
            {"a": np.zeros(4), "b": 0.1 + SWING, "c": 0.05 + SWING, "d": 0.2 + SWING},
            "Take 'a': 'd' has the best scorer, 0.2, but leads by only 0.2 (95 % confidence "
            "interval -0.64 to 1, corrected t-test p = 0.5), within one standard error of the "
            "difference (0.26). The best of the 2 other larger models, 'b', leads 'a' by 0.1 (95 % "
            "confidence interval -0.74 to 0.94).",
        ),
        (
            {"a": np.zeros(4), "b": 0.4 + SWING, "c": SWING[::-1] - 0.1},
            "Take 'b': it has the best scorer, 0.4, and leads 'a', the best of the simpler models, "
            "by 0.4 (95 % confidence interval -0.44 to 1.2, corrected t-test p = 0.23), more than "
            "one standard error of the difference (0.26), although the confidence interval "
            "includes zero. The larger model, 'c', trails 'b' by 0.5 ('b' minus 'c': 95 % "
            "confidence interval -1.2 to 2.2).",
        ),
        (
            {"a": 1 + SWING, "b": np.zeros(4), "c": np.zeros(4) - 1},
            "Take 'a': it has the best scorer, 1, and leads 'b' by 1 (95 % confidence interval "
            "0.16 to 1.8, corrected t-test p = 0.032); no model is simpler.",
        ),
        ({"a": SWING}, "Take 'a': it has the best scorer, 0."),
    ],
)
def test_the_verdict_says_by_which_rule_and_how_far_larger_models_are(scores, verdict):
    comparison = comparison_of(scores, {name: i for i, name in enumerate("abcd") if name in scores})
    # The losses of rows are all zero, which the test over rows calls equal.
    told = comparison.verdict().replace(", Diebold-Mariano test p = 1", "")
    assert re.sub(r" \(complexity \d\)", "", told) == verdict


def trailing(result):
    """Return what the verdict subtracts: two names, and the ends of the confidence interval."""
    told = re.search(r"\('(\w+)' minus '(\w+)': .*?(-\S+) to (\S+)\)", result.verdict())
    return told[1], told[2], [float(told[3]), float(told[4])]


def test_the_verdict_of_a_backtest_subtracts_the_smaller_error():
    days = pd.date_range("2026-01-01", periods=60)
    line = pd.Series(np.random.default_rng(0).normal(size=60).cumsum(), days)
    models = {f"ar{n}": Forecaster(make_ar(n), horizon=3) for n in (3, 2)}
    models["last"] = NaiveForecaster("last")
    result = backtest(models, line, cv=PanelTimeSeriesSplit(3, test_size=3))
    minuend, subtrahend, interval = trailing(result)
    assert (minuend, subtrahend) == ("ar3", "ar2")
    errors = result.errors(["fold", "model"])["mase"].unstack("model")
    middle = (errors[minuend] - errors[subtrahend]).mean()
    assert middle > 0
    assert np.mean(interval) == pytest.approx(middle, abs=0.01)


def test_the_verdict_of_a_comparison_subtracts_the_smaller_score():
    scores = {"a": np.zeros(4), "b": 0.4 + SWING, "c": SWING[::-1] - 0.1}
    minuend, subtrahend, interval = trailing(comparison_of(scores, {"a": 0, "b": 1, "c": 2}))
    assert (minuend, subtrahend) == ("b", "c")
    middle = (scores[minuend] - scores[subtrahend]).mean()
    assert np.mean(interval) == pytest.approx(middle, abs=0.05)


def test_the_verdict_speaks_of_the_complexity_that_was_given():
    sizes = {"mean": 2.5, "lasso": 1e6, "ols": 1e7}
    for complexity in (sizes, lambda model: {DummyRegressor: 2.5}.get(type(model), 1e6)):
        told = compare_models(LINEAR, X, Y, cv=3, complexity=complexity).verdict()
        assert "(complexity 1e+06)" in told
        assert "parameter" not in told


def test_the_verdict_says_where_the_complexity_is_unknown():
    one, other = OfUnknownSize(), OfUnknownSize(-1.0)
    told = compare_models({"one": one, "other": other}, X, Y).verdict()
    assert told.endswith("; the complexity of all models is unknown, so the best score decides.")
    assert "simpler" not in told
    models = {"ols": LinearRegression(), "one": one, "other": other}
    told = compare_models(models, X, Y).verdict()
    end = "; the complexity of 'one' and 'other' is unknown and counts as the greatest."
    assert told.endswith(end)
    assert "unknown" not in compare_models(LINEAR, X, Y).verdict()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_verdict_names_models_that_read_the_target(n_jobs):
    def lagged(delay):
        return make_pipeline(LagTransformer(2, delay=delay, flatten=True), Ridge())

    models = {"honest": lagged(1), "leak": lagged(0)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        told = compare_models(models, FRAME, FRAME["a"], cv=3, n_jobs=n_jobs).verdict()
    assert told.startswith("The target is among the inputs of 'leak': see TargetLeakWarning. Take")
    if n_jobs == 1:  # workers show theirs themselves
        assert [w for w in caught if issubclass(w.category, TargetLeakWarning)]
        with warnings.catch_warnings():  # they are named, whether they are shown or not
            warnings.simplefilter("ignore", TargetLeakWarning)
            assert compare_models(models, FRAME, FRAME["a"], cv=3).verdict() == told
    assert "among" not in compare_models({"honest": lagged(1)}, FRAME, FRAME["a"]).verdict()


def test_the_verdict_names_the_unit_of_a_size():
    models = {"tree": DecisionTreeRegressor(max_depth=1), "knn": KNeighborsRegressor()}
    told = compare_models(models, X, Y).verdict()
    assert "'tree' (2 leaves)" in told
    assert " stored values)" in told
    assert [describe_size(n, "leaf") for n in (1, 1234)] == ["1 leaf", "1,234 leaves"]
    assert [describe_size(n, "parameter") for n in (1, 0)] == ["1 parameter", "0 parameters"]
    assert describe_size(np.nan, "parameter") == ""
