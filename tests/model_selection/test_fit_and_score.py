"""The runs of a comparison: folds, seeds, failures, and the losses of rows."""

import re
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import LagTransformer, PersistenceRegressor
from sklearn_rnn.model_selection import compare_models
from tests.model_selection.examples import DAYS, FRAME, LINEAR, FailsOnLargeTraining, Random, X, Y

RNG = np.random.default_rng(0)


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
        "by time, or give a splitter, such as cv=KFold(5)."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        compare_models(LINEAR, FRAME[::-1], Y)
    with pytest.raises(ValueError, match=r"^cv=3 splits by time, .*KFold\(3\)\.$"):
        compare_models(LINEAR, FRAME[::-1], Y, cv=3)
    comparison = compare_models(LINEAR, FRAME[::-1], Y, cv=KFold(3))
    assert comparison.test_share == pytest.approx(40 / 80)


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


def test_parallel_runs_give_the_same():
    models = {"forest": RandomForestRegressor(3), **LINEAR}
    one, two = (compare_models(models, X, Y, seeds=2, n_jobs=n_jobs) for n_jobs in (1, 2))
    pd.testing.assert_frame_equal(one.losses, two.losses)
    times = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(one.runs.drop(columns=times), two.runs.drop(columns=times))


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


def test_the_progress_bar_is_written_only_if_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("sklearn_rnn.model_selection._run_all.PROGRESS_DELAY", 0.0)
    compare_models(LINEAR, X, Y, verbose=0)
    assert capsys.readouterr().err == ""
    compare_models(LINEAR, X, Y, verbose=1)
    assert "15/15" in capsys.readouterr().err
