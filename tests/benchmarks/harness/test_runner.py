"""The laws of the runner: what is fitted on what, with which random state, and how often."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import ClassVar

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from benchmarks.harness.cache import Cache
from benchmarks.harness.runner import Model, Task, run
from sklearn_rnn import DenseRegressor


class Witness(TransformerMixin, BaseEstimator):
    """Passes rows on, and remembers which it was fitted on and which it was shown."""

    fitted_on: ClassVar[list[pd.Index]] = []
    shown: ClassVar[list[pd.Index]] = []

    def fit(self, X, y):
        self.fitted_on.append(X.index)
        return self

    def transform(self, X):
        self.shown.append(X.index)
        return X


class Noise(RegressorMixin, BaseEstimator):
    """Predicts its random state, and counts its fits."""

    n_fits = 0

    def __init__(self, random_state=None, shift=0.0):
        self.random_state = random_state
        self.shift = shift

    def fit(self, X, y):
        type(self).n_fits += 1
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.full(len(X), self.random_state + self.shift)


class Labeller(ClassifierMixin, BaseEstimator):
    """Labels a share of the samples right, and remembers its fits."""

    fits: ClassVar[list[tuple]] = []

    def __init__(self, share=1.0, random_state=None):
        self.share = share
        self.random_state = random_state

    def fit(self, X, y, X_val=None, y_val=None):
        self.fits.append((len(X), X_val, self.random_state))
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return self.share if len(X[0]) == 5 else 1 - self.share / 2


@pytest.fixture(autouse=True)
def _forgotten():
    Witness.fitted_on, Witness.shown, Noise.n_fits, Labeller.fits = [], [], 0, []


def task_of(*models: Model, **more) -> Task:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"])
    y = X["a"] + 0.1 * rng.normal(size=60)
    more = {"losses": np.subtract} | more  # keeps the predictions
    return Task.split("task", X, y, np.arange(60) < 40, models, TimeSeriesSplit(3), **more)


def test_test_rows_are_never_fitted_on_and_looked_at_once():
    pipe = make_pipeline(Witness(), Ridge())
    model = Model("ridge", pipe, {"ridge__alpha": [0.1, 1.0, 10.0]})
    run([task_of(model, losses=None)], seeds=[0], n_jobs=1)
    assert len(Witness.fitted_on) == 3 * 3 + 1
    assert max(index.max() for index in Witness.fitted_on) < 40
    looks = [index for index in Witness.shown if index.max() >= 40]
    assert [list(index) for index in looks] == [list(range(40, 60))]


def test_settings_are_chosen_on_later_training_rows_and_told():
    grid = {"ridge__alpha": [1e-3, 1e4]}
    model = Model("ridge", make_pipeline(Witness(), Ridge()), grid)
    results = run([task_of(model, losses=None)], seeds=[0], n_jobs=1)
    assert [r.settings for r in results] == ["alpha=0.001 (end)"]
    assert results[0].n_parameters == 3
    assert results[0].scores["R2"] > 0.9
    folds = Witness.fitted_on[:-1]
    assert [len(index) for index in folds] == [10, 20, 30] * 2


def test_what_was_chosen_already_is_not_searched_again():
    grid = {"shift": [0.0, 1.0, 2.0]}
    model = Model("noise", Noise(shift=2.0), grid, seeded=True, is_chosen=True)
    (result,) = run([task_of(model)], seeds=[0], n_jobs=1)
    assert (result.settings, result.predictions[0]) == ("shift=2 (end)", 2.0)
    assert Noise.n_fits == 1


def test_each_seed_is_set_and_unseeded_models_run_once():
    task = task_of(Model("noise", Noise(), seeded=True), Model("ridge", Ridge()))
    results = run([task], seeds=[3, 5], n_jobs=1)
    assert [(r.model, r.seed) for r in results] == [("noise", 3), ("noise", 5), ("ridge", None)]
    assert [r.predictions[0] for r in results[:2]] == [3.0, 5.0]


def test_model_without_random_state_cannot_be_seeded():
    with pytest.raises(ValueError, match="has no random_state; leave seeded=False"):
        run([task_of(Model("ols", LinearRegression(), seeded=True))], seeds=[0], n_jobs=1)


def test_interrupted_run_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "deep" / "fits.jsonl"
    task = task_of(Model("noise", Noise(), {"shift": [0.0, 1.0]}, seeded=True))
    first = run([task], seeds=[0, 1], cache=Cache(path), n_jobs=1)
    n_first = Noise.n_fits
    with path.open("a") as file:
        file.write('{"key": "killed while writ')
    again = run([task], seeds=[0, 1, 2], cache=Cache(path), n_jobs=1)
    assert n_first == 2 * 3 + 2
    assert Noise.n_fits == n_first + 1
    assert again[:2] == first
    assert run([task], seeds=[0, 1, 2], cache=Cache(path), n_jobs=1) == again
    assert Noise.n_fits == n_first + 1


def test_the_same_fit_under_two_names_is_run_once():
    names = ["a", "b", "c"]
    models = [Model(name, Noise(shift=float(name == "c")), seeded=True) for name in names]
    results = run([task_of(*models)], seeds=[1, 2], n_jobs=1)
    assert [r.predictions[0] for r in results] == [1.0, 2.0, 1.0, 2.0, 2.0, 3.0]
    assert Noise.n_fits == 4


@pytest.mark.parametrize("changed", ["data", "estimator", "version"])
def test_cache_does_not_answer_for_another_experiment(changed, monkeypatch):
    cache = Cache()
    run([task_of(Model("noise", Noise(), seeded=True))], seeds=[0], cache=cache, n_jobs=1)
    task = task_of(Model("noise", Noise(shift=float(changed == "estimator")), seeded=True))
    if changed == "data":
        task.y.iloc[0] += 1
    if changed == "version":
        monkeypatch.setattr("sklearn_rnn.__version__", "99")
    run([task], seeds=[0], cache=cache, n_jobs=1)
    assert Noise.n_fits == 2


def test_workers_give_the_same_bits():
    net = DenseRegressor(max_epochs=2, lr_schedule="cosine")
    task = task_of(Model("dense", net, {"alpha": [1e-3, 1e-2]}, seeded=True))
    one = run([task], seeds=[0, 1], n_jobs=1)
    with joblib.parallel_config("threading"):  # processes would import torch first
        two = run([task], seeds=[0, 1], n_jobs=2)
    assert [r.predictions for r in one] == [r.predictions for r in two]


def test_score_in_cross_validation_is_that_of_the_search_for_each_seed(tmp_path):
    net = DenseRegressor(max_epochs=2, lr_schedule="cosine")
    plain = task_of(Model("dense", net, {"alpha": [1e-3, 1e-2]}, seeded=True))
    path = tmp_path / "fits.jsonl"
    assert {r.cv_score for r in run([plain], seeds=[0], cache=Cache(path), n_jobs=1)} == {None}
    task = replace(plain, validate="every")
    results = run([task], seeds=[0, 1], cache=Cache(path), n_jobs=1)
    X, y = task.X, task.y
    for result in results:
        alpha = float(result.settings.partition("=")[2].removesuffix(" (end)"))
        search = GridSearchCV(
            net.set_params(random_state=result.seed), {"alpha": [alpha]}, cv=task.cv
        )
        assert result.cv_score == pytest.approx(search.fit(X, y).best_score_, abs=1e-6)
    assert results[0].cv_score != results[1].cv_score
    assert run([task], seeds=[0, 1], cache=Cache(path), n_jobs=1) == results


def test_score_of_the_first_seed_in_cross_validation_is_told_of_all_seeds():
    task = task_of(Model("dense", DenseRegressor(max_epochs=2, lr_schedule="cosine"), seeded=True))
    first, second = run([replace(task, validate="first")], seeds=[0, 1], n_jobs=1)
    (alone,) = run([replace(task, validate="every")], seeds=[0], n_jobs=1)
    assert first.cv_score == second.cv_score == alone.cv_score
    assert first.predictions == alone.predictions != second.predictions


def labelled(models=(), n_steps: int = 5, name: str = "parts", **more) -> Task:
    X = [np.full((n_steps, 1), float(i)) for i in range(12)]
    y = np.arange(12) % 2
    validation = {"X_val": X[:2], "y_val": y[:2]}
    how = {"score": share, "validation": validation} | more
    return Task(name, X[:8], y[:8], X[8:], y[8:], models, **how)


def share(fitted, X, y):
    return {"share": fitted.score(X, y), "size": len(X)}


def test_nets_are_fitted_once_a_seed_with_validation_and_others_once_without():
    net = Model("net", Labeller(0.5), seeded=True, cv_score=0.9)
    models = [Model("simple", Labeller(0.25)), net]
    found = run([labelled(models)], seeds=[0, 7], n_jobs=1)
    assert [(r.model, r.seed, r.cv_score) for r in found] == [
        ("simple", None, None),
        ("net", 0, 0.9),
        ("net", 7, 0.9),
    ]
    assert [r.scores for r in found] == [{"share": s, "size": 4} for s in (0.25, 0.5, 0.5)]
    assert [(n, X_val is not None, seed) for n, X_val, seed in Labeller.fits] == [
        (8, False, None),
        (8, True, 0),
        (8, True, 7),
    ]


def test_a_task_may_name_its_own_random_states():
    net = Model("net", Noise(), seeded=True)
    tasks = [task_of(net), replace(task_of(net), name="other", seeds=[7])]
    assert [(r.task, r.seed) for r in run(tasks, seeds=[0, 1], n_jobs=1)] == [
        ("task", 0),
        ("task", 1),
        ("other", 7),
    ]


def spending(fitted):
    begin = time.process_time()
    while (seconds := time.process_time() - begin) < 0.05:
        pass
    return {"seconds": seconds}


def test_scores_that_take_no_seconds_stand_beside_the_others():
    (found,) = run([labelled([Model("simple", Labeller(0.25))], also=spending)], n_jobs=1)
    assert list(found.scores) == ["share", "size", "seconds"]
    assert found.predict_seconds < 0.05 <= found.scores["seconds"]


def test_fits_are_not_run_again_unless_data_model_or_seed_are_new(tmp_path):
    path = tmp_path / "fits.jsonl"
    net = Model("net", Labeller(), seeded=True)
    first = run([labelled([net])], seeds=[0], cache=Cache(path), n_jobs=1)
    again = run([labelled([net])], seeds=[0], cache=Cache(path), n_jobs=1)
    assert first == again
    assert len(Labeller.fits) == 1
    other = Model("net", Labeller(0.5), seeded=True)
    for n_steps, model, seed in [(6, net, 0), (5, other, 0), (5, net, 1)]:
        n_before = len(Labeller.fits)
        run([labelled([model], n_steps)], seeds=[seed], cache=Cache(path), n_jobs=1)
        assert len(Labeller.fits) == n_before + 1


def test_predictions_are_kept_if_asked_for_and_fits_without_them_run_again():
    cache, task = Cache(), labelled([Model("simple", Labeller())])
    (without,) = run([task], cache=cache, n_jobs=1)
    keeping = replace(task, losses=np.not_equal)
    (kept,) = run([keeping], cache=cache, n_jobs=1)
    assert (without.predictions, kept.predictions) == ([], [0] * 4)
    assert run([keeping], cache=cache, n_jobs=1) == [kept]
    assert len(Labeller.fits) == 2


def test_size_of_a_model_of_a_transformed_target_is_told():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(30, 2)), columns=["a", "b"])
    net = DenseRegressor(hidden_layer_sizes=(), n_channels=2, max_epochs=2, lr_schedule="cosine")
    models = [
        Model("log ridge", TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp)),
        Model("net", TransformedTargetRegressor(net), seeded=True),
    ]
    task = Task.split("task", X, np.exp(X["a"]), np.arange(30) < 20, models)
    assert [r.n_parameters for r in run([task], seeds=[0], n_jobs=1)] == [3, 3]
