"""Comparison of models against the same by hand, and the one-standard-error rule."""

import pickle
import re
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import log_loss, make_scorer, mean_pinball_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from sklearn_rnn import DenseRegressor, LagTransformer, PersistenceRegressor, make_ar
from sklearn_rnn.model_selection import compare_models, n_parameters, one_standard_error
from sklearn_rnn.model_selection._paired_tests import corrected_t, diebold_mariano

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = X[:, 0] - 0.5 * X[:, 1] + RNG.normal(size=120)
DAYS = pd.date_range("2020-01-01", periods=120)
FRAME = pd.DataFrame(X, index=DAYS, columns=list("abcd"))
LINEAR = {"mean": DummyRegressor(), "lasso": Lasso(0.3), "ols": LinearRegression()}


class Random(RegressorMixin, BaseEstimator):
    """Predicts by its seed alone."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        self.n_parameters_ = 3
        return self

    def predict(self, X):
        return np.full(len(X), float(self.random_state))


class FailsOnLargeTraining(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        if len(X) > 50:
            raise RuntimeError("too many rows\nand a second line")
        self.coef_ = np.zeros(1)
        return self

    def predict(self, X):
        return np.zeros(len(X))


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


def test_a_time_index_is_split_by_time_and_anything_else_as_scikit_learn_does():
    def n_train(X, y=Y, models=LINEAR):
        comparison = compare_models(models, X, y)
        return comparison.test_share

    by_time = np.mean([20 / n for n in (20, 40, 60, 80, 100)])
    assert n_train(FRAME) == pytest.approx(by_time)
    assert n_train(FRAME.set_index(DAYS.to_period())) == pytest.approx(by_time)
    panel = FRAME.set_index(pd.MultiIndex.from_arrays([["u"] * 60 + ["v"] * 60, DAYS]))
    assert n_train(panel) == pytest.approx(by_time)
    assert n_train(FRAME.reset_index(drop=True)) == pytest.approx(24 / 96)
    text = (
        "cv=None splits by time, but the time index of X is not in ascending order; sort X and y "
        "by time, or give cv."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        compare_models(LINEAR, FRAME[::-1], Y)
    assert compare_models(LINEAR, FRAME[::-1], Y, cv=3).test_share == pytest.approx(40 / 80)


def test_groups_and_lists_of_splits_are_folds_too():
    groups = np.arange(120) % 3
    comparison = compare_models(LINEAR, X, Y, cv=GroupKFold(3), groups=groups)
    expected = cross_val_score(LINEAR["ols"], X, Y, cv=GroupKFold(3), groups=groups)
    np.testing.assert_allclose(comparison.scores["ols"], expected)
    one = compare_models(LINEAR, X, Y, cv=[(np.arange(80), np.arange(80, 120))])
    assert one.to_frame()["standard_error"].isna().all()
    assert one.simplest_as_good(paired=False) == one.best == "ols"


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
        assert "Diebold-Mariano p" in told
        assert f"95 % interval in 'squared_error' {test.low:.2g} to {test.high:.2g}" in told
        side = "within" if as_good else "beyond"
        assert (
            f"{side} one standard error of the difference in 'squared_error' "
            f"({test.standard_error:.2g})"
        ) in told


def test_seeds_go_to_what_is_random_and_the_rest_runs_once():
    models = {"random": make_pipeline(StandardScaler(), Random()), "ols": LinearRegression()}
    comparison = compare_models(models, X, Y, cv=3, seeds=[0, 5])
    runs = comparison.runs
    assert runs[runs["model"] == "ols"]["seed"].isna().all()
    assert list(runs[runs["model"] == "random"]["seed"]) == [0, 5] * 3
    np.testing.assert_allclose(comparison.losses["random"], ((Y - 0.0) ** 2 + (Y - 5.0) ** 2) / 2)
    frame = comparison.to_frame()
    by_seed = runs.groupby(["model", "seed"])["score"].mean()["random"]
    np.testing.assert_allclose(frame["std_seeds"]["random"], by_seed.std(ddof=1))
    assert frame["std_seeds"]["ols"] == 0
    assert np.isnan(compare_models(models, X, Y, seeds=1).to_frame()["std_seeds"]["random"])
    assert models["random"][-1].random_state is None  # clones are set, not the models given
    assert len(compare_models(models, X, Y, cv=3, seeds=3).runs) == 3 * 3 + 3


def test_seeds_reach_into_searches():
    search = GridSearchCV(Random(), {"random_state": [1, 2]}, cv=2)
    forest = GridSearchCV(RandomForestRegressor(3), {"max_depth": [1, 2]}, cv=2)
    comparison = compare_models({"forest": forest, "random": search}, X, Y, cv=2, seeds=2)
    scores = comparison.runs[comparison.runs["model"] == "forest"].groupby("fold")["score"]
    assert scores.nunique().eq(2).all()


class Counting(Random):
    """Notes the seed of every fit."""

    fits: ClassVar[list] = []

    def fit(self, X, y):
        self.fits.append(self.random_state)
        return super().fit(X, y)


class CountingWithoutSeed(FailsOnLargeTraining):
    fits: ClassVar[list] = []

    def fit(self, X, y):
        self.fits.append(None)
        self.constant_ = 0.0
        return self


def test_what_is_not_random_is_fitted_once_a_fold_whatever_it_is_inside_of():
    def wrapped(model):
        search = GridSearchCV(model, {}, cv=2)  # two fits, and one to refit
        return {
            "alone": model,
            "pipeline": make_pipeline(StandardScaler(), model),
            "search": make_pipeline(StandardScaler(), search),
        }

    for model, n_seeds in ((Counting(), 3), (CountingWithoutSeed(), 1)):
        model.fits.clear()
        compare_models(wrapped(model), X, Y, cv=4, seeds=3)
        assert len(model.fits) == 4 * n_seeds * (1 + 1 + 3)
    assert set(Counting.fits) == {0, 1, 2}


@pytest.mark.parametrize("wrap", [lambda search: search, make_pipeline])
def test_seeds_reach_splitters_that_shuffle_unseeded(wrap):
    def search(cv):
        return wrap(GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [4, 5, 6]}, cv=cv))

    cv = KFold(2, shuffle=True)
    models = {
        "shuffled": search(cv),
        "random": search(ShuffleSplit(2)),
        "seeded": search(KFold(2, shuffle=True, random_state=1)),
        "in order": search(KFold(2)),
    }
    one, two = (compare_models(models, X, Y, cv=3, seeds=2) for _ in range(2))
    assert (one.runs.groupby("model")["seed"].nunique() == 2).to_dict() == {
        "shuffled": True, "random": True, "seeded": False, "in order": False,
    }  # fmt: skip
    np.testing.assert_array_equal(one.runs["score"], two.runs["score"])
    assert cv.random_state is None
    train, test = next(KFold(3).split(X))
    alone = search(KFold(2, shuffle=True, random_state=1)).fit(X[train], Y[train])
    of_seed = one.runs.query("model == 'shuffled' and seed == 1 and fold == 0")["score"]
    assert of_seed.item() == alone.score(X[test], Y[test])


def test_a_number_of_seeds_may_be_numpys():
    comparison = compare_models({"random": Random()}, X, Y, cv=2, seeds=np.int64(2))
    assert comparison.runs["seed"].tolist() == [0, 1, 0, 1]


def test_a_spread_over_seeds_of_rounding_alone_is_none():
    class Summing(Random):
        def predict(self, X):
            return np.full(len(X), 1e-13 * self.random_state)

    frame = compare_models({"sum": Summing()}, X, Y, cv=2, seeds=3).to_frame()
    assert frame["std_seeds"]["sum"] == 0.0


def test_parallel_runs_give_the_same():
    models = {"forest": RandomForestRegressor(3), **LINEAR}
    one, two = (compare_models(models, X, Y, seeds=2, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one.losses, two.losses)
    times = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(one.runs.drop(columns=times), two.runs.drop(columns=times))


def test_a_search_is_scored_like_the_others():
    search = GridSearchCV(Lasso(), {"alpha": [0.1, 1.0]}, scoring="neg_mean_squared_error")
    comparison = compare_models({"search": search, "ols": LinearRegression()}, X, Y)
    assert comparison.scoring == "r2"
    assert comparison.scores["search"].gt(0).all()


def test_failures_are_reported_and_left_out_of_the_choice():
    models = {"broken": FailsOnLargeTraining(), "ols": LinearRegression()}
    comparison = compare_models(models, FRAME, Y)
    frame = comparison.to_frame()
    assert list(frame["failures"]) == [3, 0]
    assert frame["message"]["broken"] == "RuntimeError: too many rows\nand a second line"
    assert comparison.scores["broken"].notna().tolist() == [True, True, False, False, False]
    assert comparison.best == comparison.simplest == comparison.simplest_as_good() == "ols"
    assert comparison.verdict().endswith(
        "is the best; 'broken' failed in 3 of 5 runs and is left out (RuntimeError: too many rows)."
    )
    shared = comparison.scores.dropna()
    expected = (shared["ols"] - shared["broken"]).mean()
    assert comparison.difference("ols", "broken")["score"] == pytest.approx(expected)


def test_a_score_that_is_no_number_is_a_failure():
    class NotANumber(FailsOnLargeTraining):
        def predict(self, X):
            return np.full(len(X), np.inf)

    scoring = make_scorer(lambda y, p: np.nan if np.isinf(p).any() else 0.0)
    comparison = compare_models(
        {"nan": NotANumber(), "ols": LinearRegression()}, X[:40], Y[:40], scoring=scoring
    )
    assert list(comparison.failures) == [5, 0]
    assert comparison.to_frame()["message"]["nan"] == "ValueError: the score is nan"


def test_when_every_model_failed_somewhere_there_is_a_table_and_no_choice():
    comparison = compare_models({"broken": FailsOnLargeTraining()}, FRAME, Y)
    assert comparison.verdict().startswith("No model ran without a failure: 'broken' failed in 3")
    assert "broken" in repr(comparison)
    text = "All runs of all models failed; the first with RuntimeError: too many rows"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        compare_models({"broken": FailsOnLargeTraining()}, X, Y)


def comparison_of(scores, complexity):
    """Return a comparison whose models have these scores in the folds."""

    class Scripted(RegressorMixin, BaseEstimator):
        def __init__(self, name=""):
            self.name = name

        def fit(self, X, y):
            return self

        def predict(self, X):
            return np.zeros(len(X))

    def scorer(estimator, X, y):
        return scores[estimator.name][int(y[0])]

    n_folds = len(next(iter(scores.values())))
    y = np.repeat(np.arange(n_folds), 4)
    models = {name: Scripted(name) for name in scores}
    return compare_models(
        models, np.zeros((len(y), 1)), y, cv=n_folds, scoring=scorer, complexity=complexity
    )


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
    assert "which is within one standard error of the difference (0.26)" in comparison.verdict()
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


def test_classifiers_are_compared_by_accuracy_and_wrong_labels():
    y = np.where(Y > 0, "up", "down")
    models = {"prior": DummyClassifier(), "logistic": LogisticRegression()}
    comparison = compare_models(models, X, y, cv=StratifiedKFold(4))
    assert (comparison.scoring, comparison.loss) == ("accuracy", "zero_one")
    expected = cross_val_score(models["logistic"], X, y, cv=StratifiedKFold(4))
    np.testing.assert_allclose(comparison.scores["logistic"], expected)
    np.testing.assert_allclose(comparison.losses["logistic"].mean(), 1 - expected.mean(), rtol=0.05)
    assert set(comparison.losses["logistic"]) == {0.0, 1.0}


def test_a_score_of_probabilities_takes_the_log_loss_of_rows():
    y = np.where(Y > 0.5, "up", np.where(Y < -0.5, "down", "flat"))
    models = {"prior": DummyClassifier(), "logistic": LogisticRegression()}
    cv = KFold(4)
    comparison = compare_models(models, X, y, cv=cv, scoring="neg_log_loss")
    assert comparison.loss == "log_loss"
    for train, test in cv.split(X):
        model = LogisticRegression().fit(X[train], y[train])
        expected = log_loss(y[test], model.predict_proba(X[test]), labels=model.classes_)
        np.testing.assert_allclose(comparison.losses["logistic"][test].mean(), expected)


def test_a_label_unseen_in_training_is_as_bad_as_can_be():
    y = np.array(["a", "b"] * 10 + ["c"] * 10)
    comparison = compare_models(
        {"prior": DummyClassifier()}, X[:30], y, cv=[(np.arange(20), np.arange(20, 30))],
        loss="log_loss",
    )  # fmt: skip
    np.testing.assert_allclose(comparison.losses["prior"], -np.log(np.finfo(float).eps))


def test_several_targets_are_averaged_in_a_row():
    y = np.column_stack([Y, 10 * Y])
    comparison = compare_models({"mean": DummyRegressor()}, X, y, cv=[(range(60), range(60, 120))])
    expected = ((y[60:] - y[:60].mean(axis=0)) ** 2).mean(axis=1)
    np.testing.assert_allclose(comparison.losses["mean"], expected)


def test_absolute_scores_take_absolute_losses():
    comparison = compare_models(LINEAR, X, Y, scoring="neg_median_absolute_error")
    assert comparison.loss == "absolute_error"


def test_a_scorer_has_the_name_of_its_metric():
    scoring = make_scorer(mean_pinball_loss, greater_is_better=False, alpha=0.9)
    assert compare_models(LINEAR, X, Y, scoring=scoring).scoring == "-mean_pinball_loss"


def test_rows_of_a_panel_at_one_time_become_one():
    index = pd.MultiIndex.from_product([DAYS[:60], ["u", "v"]]).swaplevel()
    panel = FRAME.set_index(index)
    comparison = compare_models({"ols": LinearRegression()}, panel, Y)
    plain = compare_models({"ols": LinearRegression()}, X, Y, cv=TimeSeriesSplit(5))
    assert comparison.losses.index.equals(DAYS[10:60])
    pairs = plain.losses["ols"].to_numpy().reshape(-1, 2).mean(axis=1)
    np.testing.assert_allclose(comparison.losses["ols"], pairs)


@pytest.mark.parametrize("order", ["by time", "by series"])
def test_no_time_of_a_panel_is_in_training_and_test(order):
    index = pd.MultiIndex.from_product([["u", "v", "w"], DAYS[:40]])
    panel = FRAME.set_index(index)
    if order == "by time":
        panel = panel.sort_index(level=1, sort_remaining=False)

    class Watching(Random):
        def fit(self, X, y):
            self.last_ = X.index.get_level_values(1).max()
            return super().fit(X, y)

        def predict(self, X):
            assert X.index.get_level_values(1).min() > self.last_
            assert X.index.get_level_values(1).nunique() == 6
            assert len(X) == 18
            return super().predict(X)

    comparison = compare_models({"watching": Watching()}, panel, Y)
    assert not comparison.failures.any()
    assert comparison.losses.index.equals(DAYS[10:40])
    panel.index = pd.MultiIndex.from_arrays([range(120), [pd.NaT, *DAYS[1:]]])
    with pytest.raises(ValueError, match="the time index of X is not in ascending order"):
        compare_models(LINEAR, panel, Y)


def test_lags_see_the_true_past_in_every_fold():
    series = pd.DataFrame({"y": np.cumsum(RNG.normal(size=120))}, index=DAYS)
    models = {"persistence": make_pipeline(LagTransformer(1), PersistenceRegressor())}
    comparison = compare_models(models, series, series["y"])
    steps = np.diff(series["y"])[19:]
    np.testing.assert_allclose(comparison.losses["persistence"], steps**2)


def test_successive_rows_are_handed_on_as_views():
    class Watching(FailsOnLargeTraining):
        def fit(self, X, y):
            assert np.shares_memory(X, windows)
            return self

    windows = np.zeros((40, 3, 2))
    comparison = compare_models({"w": Watching()}, windows, Y[:40], cv=TimeSeriesSplit(3))
    assert comparison.failures["w"] == 0


def test_an_unknown_model_is_refused_by_name():
    comparison = compare_models(LINEAR, X, Y)
    text = "There is no model 'net'; they are ['mean', 'lasso', 'ols']."
    for ask in (
        lambda: comparison.difference("ols", "net"),
        lambda: comparison.difference("net", "ols"),
        lambda: comparison.plot(kind="differences", reference="net"),
    ):
        with pytest.raises(ValueError, match=re.escape(text)):
            ask()


def test_a_comparison_can_be_pickled_and_shown():
    comparison = compare_models({"<b>": LinearRegression(), **LINEAR}, X, Y)
    again = pickle.loads(pickle.dumps(comparison))
    pd.testing.assert_frame_equal(again.to_frame(), comparison.to_frame())
    page = comparison._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert comparison.verdict() in repr(comparison)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"models": {}}, "models must be a mapping of names to estimators, with one at least; "),
        (
            {"models": {"a": DummyClassifier(), "b": Ridge()}},
            "models must be all classifiers or all regressors; classifiers are ['a'], the others",
        ),
        ({"loss": "log"}, "loss must be 'auto' or one of ['absolute_error', 'log_loss', 'squared"),
        ({"horizon": 0}, "horizon must be at least 1; got 0."),
        ({"seeds": ()}, "seeds must hold at least one seed."),
        ({"seeds": -1}, "seeds must be at least 1, if it is their number; got -1."),
        ({"seeds": [1, 1]}, "seeds must be different numbers from 0 on; got [1, 1]."),
        ({"seeds": [-1]}, "seeds must be different numbers from 0 on; got [-1]."),
        ({"models": {1: Ridge()}}, "The names in models must be strings; got [1]."),
        (
            {"complexity": {"ols": 1, "net": 2}},
            "complexity speaks of ['net'], which are not among the models ['mean', 'lasso', 'ols']",
        ),
        *(
            (
                {"scoring": scoring},
                f"scoring must be one score, a str or a callable; got {scoring!r}",
            )
            for scoring in (["r2"], ("r2",), {"score": "r2"})
        ),
    ],
)
def test_errors_name_argument_rule_and_value(given, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        compare_models(**{"models": LINEAR, "X": X, "y": Y, **given})


def test_the_progress_bar_is_written_only_if_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("sklearn_rnn.model_selection._fit_and_score.PATIENCE", 0.0)
    compare_models(LINEAR, X, Y, verbose=0)
    assert capsys.readouterr().err == ""
    compare_models(LINEAR, X, Y, verbose=1)
    assert "15/15" in capsys.readouterr().err


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
    search = GridSearchCV(SVR(), {"C": [0.9, 1.0]}, refit=one_standard_error(), scoring=scoring)
    warned = pytest.warns(UserWarning, match="scores are non-finite")
    with (
        warned,
        pytest.raises(ValueError, match=r"^The size of the candidate {'C': .* is unknown \(NaN\)"),
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
        (one_standard_error(), "one_standard_error() does not know which candidate is simple; "),
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
    text = "param and key both say how to order the candidates; give one of them."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        one_standard_error("alpha", key=len)


def test_classifier_tag_of_a_mixin_is_enough():
    class Constant(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            return self

        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    comparison = compare_models({"constant": Constant()}, X, Y > 0)
    assert (comparison.scoring, comparison.loss) == ("accuracy", "zero_one")
