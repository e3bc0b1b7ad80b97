"""What a comparison says of its runs, against the same by hand."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    TimeSeriesSplit,
    cross_val_score,
)

from sklearn_rnn.model_selection import _comparison, compare_models
from sklearn_rnn.model_selection._paired_tests import corrected_t, diebold_mariano
from tests.model_selection.examples import (
    FRAME,
    LINEAR,
    FailsOnLargeTraining,
    Random,
    X,
    Y,
    comparison_of,
)


def test_differences_are_the_tests_on_scores_and_on_rows():
    cv = TimeSeriesSplit(4)
    comparison = compare_models(LINEAR, X, Y, cv=cv, horizon=2)
    scores = {name: cross_val_score(model, X, Y, cv=cv) for name, model in LINEAR.items()}
    folds = list(cv.split(X))
    rows = np.concatenate([test for _, test in folds])
    errors = {
        name: np.concatenate(
            [
                Y[test] - clone(model).fit(X[train], Y[train]).predict(X[test])
                for train, test in folds
            ]
        )
        for name, model in LINEAR.items()
    }
    share = np.mean([len(test) / len(train) for train, test in folds])
    by_score = corrected_t(scores["ols"] - scores["mean"], share)
    by_loss = diebold_mariano(errors["mean"] ** 2 - errors["ols"] ** 2, horizon=2)
    found = comparison.difference("ols", "mean")
    score = ["score", "standard_error", "low", "high", "p_corrected_t"]
    loss = ["loss", "loss_standard_error", "loss_low", "loss_high", "p_diebold_mariano"]
    assert list(found.index) == [*score, *loss]
    for test, names in ((by_score, score), (by_loss, loss)):
        expected = [test.difference, test.standard_error, test.low, test.high, test.p_value]
        np.testing.assert_allclose(found[names], expected)
    np.testing.assert_array_equal(comparison.losses.index, rows)
    np.testing.assert_allclose(comparison.losses["ols"], errors["ols"] ** 2)
    frame = comparison.to_frame()
    ends = ("", "_standard_error", "_low", "_high", "_p", "_p_dm")
    roles = [f"vs_simplest{end}" for end in ends]
    assert comparison.simplest == "mean"
    expected = found[[*score, "p_diebold_mariano"]]
    np.testing.assert_allclose(frame.loc["ols", roles].astype(float), expected)
    assert frame.loc["mean", roles].isna().all()
    assert frame["vs_best"].drop(comparison.best).lt(0).all()


def test_of_a_single_split_the_losses_of_its_rows_decide():
    class Shifted(RegressorMixin, BaseEstimator):
        def __init__(self, shift=0.0):
            self.shift = shift

        def fit(self, X, y):
            return self

        def predict(self, X):
            return X[:, 0] + self.shift

    split = [(np.arange(40), np.arange(40, 120))]
    for shift, as_good in ((0.05, True), (1.0, False)):
        models = {"simple": Shifted(shift), "large": Shifted()}
        comparison = compare_models(
            models, X, Y, cv=split, complexity={"simple": 1, "large": 2}, horizon=2
        )
        test = diebold_mariano((Y - X[:, 0] - shift)[40:] ** 2 - (Y - X[:, 0])[40:] ** 2, horizon=2)
        assert (test.difference <= test.standard_error) == as_good
        assert comparison.best == "large"
        assert comparison.simplest_as_good() == ("simple" if as_good else "large")
        assert comparison.simplest_as_good(paired=False) == "large"
        told = comparison.verdict()
        assert "corrected t" not in told
        assert "Diebold-Mariano test p" in told
        assert (
            f"95 % confidence interval in 'squared_error' {test.low:.2g} to {test.high:.2g}" in told
        )
        side = "within" if as_good else "more than"
        assert (
            f"{side} one standard error of the difference in 'squared_error' "
            f"({test.standard_error:.2g})"
        ) in told


def test_a_spread_over_seeds_of_rounding_alone_is_none():
    class Summing(Random):
        def predict(self, X):
            return np.full(len(X), 1e-13 * self.random_state)

    frame = compare_models({"sum": Summing()}, X, Y, cv=2, seeds=3).to_frame()
    assert frame["std_seeds"]["sum"] == 0.0


def test_failures_are_reported_and_left_out_of_the_choice():
    models = {"broken": FailsOnLargeTraining(), "ols": LinearRegression()}
    comparison = compare_models(models, FRAME, Y)
    frame = comparison.to_frame()
    assert list(frame["failures"]) == [3, 0]
    assert frame["message"]["broken"] == "RuntimeError: too many rows\nand a second line"
    assert comparison.scores["broken"].notna().tolist() == [True, True, False, False, False]
    assert comparison.best == comparison.simplest == comparison.simplest_as_good() == "ols"
    assert comparison.verdict().startswith(
        "'broken' failed in 3 of 5 runs and is excluded (RuntimeError: too many rows). Take 'ols'"
    )
    shared = comparison.scores.dropna()
    expected = (shared["ols"] - shared["broken"]).mean()
    assert comparison.difference("ols", "broken")["score"] == pytest.approx(expected)


def test_when_every_model_failed_somewhere_there_is_a_table_and_no_choice():
    comparison = compare_models({"broken": FailsOnLargeTraining()}, FRAME, Y)
    assert comparison.verdict().startswith("Every model failed in at least one run: 'broken' f")
    with pytest.raises(
        ValueError, match=r"^models must hold one that completes all runs; each failed in"
    ):
        comparison.simplest_as_good()
    assert "broken" in repr(comparison)
    text = "All runs of all models failed; the first, of 'broken', with RuntimeError: too many rows"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        compare_models({"broken": FailsOnLargeTraining()}, X, Y)


def test_the_paired_rule_by_hand():
    # The differences to the best have mean 0.25 and 0.4, and the standard deviation 0.3; the
    # standard error with four folds, each a third of its training part, is
    # sqrt((1/4 + 1/3) 0.09 * 4/3) = 0.265.
    swing = np.array([0.3, -0.3, 0.3, -0.3])
    best = np.array([1.0, 2.0, 3.0, 4.0])
    scores = {"best": best, "near": best - 0.25 + swing, "far": best - 0.4 + swing}
    comparison = comparison_of(scores, {"best": 9, "near": 5, "far": 1})
    error = np.sqrt((1 / 4 + 1 / 3) * 0.09 * 4 / 3)
    assert comparison.difference("best", "far")["standard_error"] == pytest.approx(error)
    assert comparison.best == "best"
    assert comparison.simplest_as_good() == "near"
    assert ", within one standard error of the difference (0.26)" in comparison.verdict()
    assert comparison.simplest_as_good(paired=False) == "far"
    # Behind by the same in every fold is behind for certain, however the folds differ.
    constant = comparison_of({"best": best, "near": best - 0.1}, {"best": 9, "near": 5})
    assert constant.simplest_as_good() == "best"
    assert constant.simplest_as_good(paired=False) == "near"


def test_glmnets_rule_by_hand():
    # The best has mean 3 and standard error sqrt(1/3): the bound is 2.42.
    scores = {"best": [2.0, 3.0, 4.0], "near": [1.45, 2.45, 3.45], "far": [1.4, 2.4, 3.4]}
    comparison = comparison_of(scores, {"best": 9, "near": 5, "far": 1})
    assert comparison.simplest == "far"
    assert comparison.simplest_as_good(paired=False) == "near"
    simplest = comparison_of(scores, {"best": 1, "near": 5, "far": 9})
    assert simplest.simplest_as_good(paired=False) == "best"


def test_of_equally_simple_models_the_better_is_taken():
    swing = np.array([0.5, -0.5, 0.5, -0.5])
    scores = {"a": swing, "b": swing + 0.1, "best": np.full(4, 0.2)}
    assert comparison_of(scores, {"a": 1, "b": 1, "best": 2}).simplest_as_good() == "b"


def test_an_unknown_model_is_refused_by_name():
    comparison = compare_models(LINEAR, X, Y)
    text = "must be one of ['mean', 'lasso', 'ols']; got 'net'."
    for argument, ask in (
        ("reference", lambda: comparison.difference("ols", "net")),
        ("model", lambda: comparison.difference("net", "ols")),
        ("reference", lambda: comparison.plot(kind="differences", reference="net")),
    ):
        with pytest.raises(ValueError, match=re.escape(f"{argument} {text}")):
            ask()


def test_a_comparison_can_be_pickled_and_shown():
    comparison = compare_models({"<b>": LinearRegression(), **LINEAR}, X, Y)
    again = pickle.loads(pickle.dumps(comparison))
    pd.testing.assert_frame_equal(again.to_frame(), comparison.to_frame())
    page = comparison._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert comparison.verdict() in repr(comparison)


def test_tables_and_tests_are_computed_once(monkeypatch):
    comparison = compare_models(LINEAR, X, Y, cv=3)
    calls = {"groupby": 0, "corrected_t": 0, "diebold_mariano": 0}

    def counted(name, function):
        def call(*args, **kwargs):
            calls[name] += name != "groupby" or args[0] is comparison.runs
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(pd.DataFrame, "groupby", counted("groupby", pd.DataFrame.groupby))
    for name in ("corrected_t", "diebold_mariano"):
        monkeypatch.setattr(_comparison, name, counted(name, getattr(_comparison, name)))
    repr(comparison)
    first = dict(calls)
    assert first["corrected_t"] == first["diebold_mariano"] <= 6  # ordered pairs of three models
    assert first["groupby"] <= 5  # scores, complexity, table, and twice by failures
    for show in (repr, type(comparison).to_frame, type(comparison).verdict):
        show(comparison)
    assert comparison.scores.shape == (3, 3)
    assert calls["corrected_t"] == first["corrected_t"]
    assert calls["diebold_mariano"] == first["diebold_mariano"]
    assert calls["groupby"] <= first["groupby"] + 2  # the failures in the two verdicts


def test_a_table_that_is_changed_does_not_change_the_comparison():
    comparison = compare_models(LINEAR, X, Y, cv=3)
    before = comparison.to_frame()
    for table in (comparison.scores, comparison.to_frame()):
        table.iloc[:, 0] = 7
    for series in (comparison.failures, comparison.difference("ols", "mean")):
        series.iloc[:] = 7
    pd.testing.assert_frame_equal(comparison.to_frame(), before)
    assert comparison.difference("ols", "mean")["score"] != 7
