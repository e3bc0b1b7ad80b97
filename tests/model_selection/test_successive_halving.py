"""Successive halving trains on, keeps the rows in order, and counts few epochs."""

import pickle
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_rnn import (
    CompleteRows,
    DenseRegressor,
    GRUClassifier,
    GRURegressor,
    LagTransformer,
    LSTMRegressor,
)
from sklearn_rnn._training.loop import Trainer
from sklearn_rnn.model_selection import PanelTimeSeriesSplit, SuccessiveHalving, compare_models
from sklearn_rnn.model_selection._halving_candidates import setting
from tests.nets import few_epochs

pytestmark = few_epochs
RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4, 2))
Y = X[:, 1, 0] * X[:, 2, 1] + X[:, 0, 0]
TABLE = pd.DataFrame({"a": RNG.normal(size=90)}, pd.date_range("2026-01-01", periods=90))
TARGET = TABLE["a"]
NET = GRURegressor(hidden_size=3, max_epochs=9, early_stopping=False, random_state=0)
RATES = [1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
GRID = {"learning_rate": RATES}
IN_PIPELINE = {f"gruregressor__{name}": values for name, values in GRID.items()}


@pytest.fixture
def epochs(monkeypatch):
    """Count the epochs that are trained."""
    trained, step = [], Trainer.step

    def counted(self, *args):
        trained.append(self.state.epoch)
        return step(self, *args)

    monkeypatch.setattr(Trainer, "step", counted)
    return trained


def scores(search, rung=-1):
    """Return the scores of a rung, a row for each candidate with a column for each fold."""
    results = search.cv_results_
    at = results["iter"] == np.unique(results["iter"])[rung]
    folds = [results[f"split{i}_test_score"][at] for i in range(search.n_splits_)]
    return np.transpose(folds), [p for p, is_in in zip(results["params"], at, strict=True) if is_in]


def one_fit(model, settings, X, y, cv, **how):
    """Return the scores of a model that is fitted once for each fold."""
    return cross_validate(clone(model).set_params(**settings), X, y, cv=cv, **how)["test_score"]


WAYS = {
    "constant": {},
    "plateau": {"lr_schedule": "plateau", "patience": 1},
    "cosine": {"lr_schedule": "cosine"},
    "onecycle": {"lr_schedule": "onecycle"},
    "early stopping": {"early_stopping": True, "patience": 2, "validation_fraction": 0.3},
    "members": {"n_members": 2},
    "linear skip": {"linear_skip": True, "early_stopping": True},
    "lbfgs": {"optimizer": "lbfgs"},
}


@pytest.mark.parametrize("way", WAYS)
def test_scores_are_those_of_one_fit_bit_for_bit(way):
    net = clone(NET).set_params(**WAYS[way])
    grid = {"hidden_size": [2, 3, 4], "alpha": [0.001, 0.1]}
    search = SuccessiveHalving(net, grid, cv=KFold(2), refit=False).fit(X, Y)
    assert (search.n_resources_, search.n_candidates_) == ([3, 9], [6, 2])
    for rung, n_epochs in enumerate(search.n_resources_):
        if way in ("cosine", "onecycle") and rung == 0:
            continue  # of a schedule of 9 epochs, not of 3
        for found, params in zip(*scores(search, rung), strict=True):
            expected = one_fit(net, {**params, "max_epochs": n_epochs}, X, Y, KFold(2))
            assert found.tolist() == expected.tolist()


def around_lags(kind, net=NET):
    pipeline = make_pipeline(LagTransformer(3), net)
    return {
        "pipeline": pipeline,
        "target": TransformedTargetRegressor(pipeline, transformer=StandardScaler()),
        "complete rows": CompleteRows(pipeline),
        "nested": Pipeline([("same", FunctionTransformer()), ("inside", pipeline)]),
    }[kind]


PREFIX = {"pipeline": "", "target": "regressor__", "complete rows": "", "nested": "inside__"}


@pytest.mark.parametrize("kind", PREFIX)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_models_around_the_network_are_those_of_one_fit(kind, n_jobs):
    if kind == "complete rows":
        prefix = "estimator__gruregressor__"
    else:
        prefix = f"{PREFIX[kind]}gruregressor__"
    model, grid = around_lags(kind), {f"{prefix}learning_rate": RATES}
    search = SuccessiveHalving(model, grid, cv=2, n_jobs=n_jobs).fit(TABLE, TARGET)
    for found, params in zip(*scores(search), strict=True):
        expected = one_fit(model, params, TABLE, TARGET, TimeSeriesSplit(2))
        assert found.tolist() == expected.tolist()
    best = clone(model).set_params(**search.best_params_).fit(TABLE, TARGET)
    assert search.predict(TABLE).tolist() == best.predict(TABLE).tolist()


def test_the_number_of_epochs_is_that_of_the_rungs(epochs):
    grid = {"hidden_size": [1, 2, 3], "learning_rate": [1e-4, 1e-3, 1e-2]}
    search = SuccessiveHalving(NET, grid, cv=3, refit=False).fit(X, Y)
    assert (search.n_candidates_, search.n_resources_) == ([9, 3, 1], [1, 3, 9])
    steps = np.diff([0, *search.n_resources_])
    expected = int(search.n_splits_ * np.dot(search.n_candidates_, steps))
    assert len(epochs) == expected == 3 * (9 * 1 + 3 * 2 + 1 * 6)
    epochs.clear()
    full = GridSearchCV(NET, grid, cv=3, refit=False).fit(X, Y)
    assert len(epochs) == 3 * 9 * 9
    assert scores(search)[0][0].mean() in full.cv_results_["mean_test_score"]


def test_a_network_that_has_stopped_is_not_trained_on(epochs):
    net = clone(NET).set_params(patience=1, tol=10.0)
    SuccessiveHalving(net, GRID, cv=2, refit=False).fit(X, Y)
    assert len(epochs) == 2 * len(RATES) * 2  # the second epoch of each has not improved


@pytest.mark.parametrize(
    ("n", "factor", "least", "most", "resources", "candidates"),
    [
        (6, 3, 1, 9, [3, 9], [6, 2]),
        (6, 2, 1, 9, [1, 2, 4, 9], [6, 3, 2, 1]),
        (6, 2, 3, 9, [4, 9], [6, 3]),
        (6, 6, 1, 9, [1, 9], [6, 1]),
        (6, 3, 9, 9, [9], [6]),
        (2, 3, 1, 9, [9], [2]),
        (6, 3, 1, 2, [2], [6]),
        (6, 2, None, 9, [2, 4, 9], [6, 3, 2]),
        (6, 2, None, 3, [1, 3], [6, 3]),
    ],
)
def test_the_last_rung_has_all_epochs(n, factor, least, most, resources, candidates):
    how = {"factor": factor, "min_epochs": least, "max_epochs": most, "cv": 2, "refit": False}
    search = SuccessiveHalving(NET, {"learning_rate": RATES[:n]}, **how).fit(X, Y)
    assert (search.n_resources_, search.n_candidates_) == (resources, candidates)
    assert search.n_iterations_ == len(resources)


def test_the_best_of_each_rung_go_on():
    search = SuccessiveHalving(NET, GRID, cv=2).fit(X, Y)
    results, (n, n_last) = search.cv_results_, search.n_candidates_
    first = np.argsort(-results["mean_test_score"][:n])[:n_last]
    assert results["params"][n:] == [results["params"][i] for i in sorted(first)]
    last = results["mean_test_score"][n:]
    assert search.best_index_ == n + last.argmax()
    assert search.best_score_ == last.max()
    assert search.best_params_ == results["params"][search.best_index_]
    assert results["iter"].tolist() == [0] * n + [1] * n_last
    assert results["n_resources"].tolist() == [3] * n + [9] * n_last
    assert search.best_estimator_.n_iter_ == 9
    assert search.refit_time_ > 0


class Counted(TransformerMixin, BaseEstimator):
    """Notes its fits."""

    fits: ClassVar[list] = []

    def __init__(self, power=1):
        self.power = power

    def fit(self, X, y=None):
        self.fits.append((self.power, len(X)))
        return self

    def transform(self, X):
        return X**self.power


def test_steps_before_the_network_are_fitted_once_for_each_fold_and_setting():
    Counted.fits.clear()
    model = make_pipeline(Counted(), LagTransformer(3), NET)
    grid = {**IN_PIPELINE, "counted__power": [1, 2]}
    search = SuccessiveHalving(model, grid, cv=2, refit=False).fit(TABLE, TARGET)
    assert search.n_iterations_ == 3
    assert sorted(Counted.fits) == [(1, 30), (1, 60), (2, 30), (2, 60)]


def test_steps_with_equal_parameters_that_are_drawn_are_fitted_once():
    Counted.fits.clear()
    model = make_pipeline(Counted(), LagTransformer(3), NET)
    rates = {"gruregressor__learning_rate": [1e-3, 1e-2, 1e-1]}
    grid = {**rates, "counted__power": np.array([1, 2])}
    how = {"n_candidates": 6, "cv": 2, "refit": False, "random_state": 0}
    SuccessiveHalving(model, grid, **how).fit(TABLE, TARGET)
    assert sorted(Counted.fits) == [(1, 30), (1, 60), (2, 30), (2, 60)]


@pytest.mark.parametrize(
    "values",
    [[1, 1.0], [1, True], [(1, 2), (1, True)], [0.0, -0.0], [[1], [2]], [Ridge(), Ridge()]],
    ids=str,
)
def test_steps_whose_parameters_differ_are_no_same_setting(values):
    model, name = make_pipeline(Counted(), NET), "counted__power"
    first, second = (setting(model, {name: value, "gruregressor__alpha": 1}) for value in values)
    assert first != second
    assert first == setting(model, {name: values[0], "gruregressor__alpha": 2})


def test_in_a_comparison_the_rows_and_names_are_those_of_a_pipeline():
    Counted.fits.clear()
    model = make_pipeline(Counted(), LagTransformer(3), NET)
    search = SuccessiveHalving(model, IN_PIPELINE, cv=2, refit=False)
    inside = clone(search).set_params(estimator=CompleteRows(model)).fit(TABLE, TARGET)
    assert sorted(Counted.fits) == [(1, 30), (1, 60)]
    alone = search.fit(TABLE, TARGET)
    assert scores(inside)[0][0].tolist() == scores(alone)[0][0].tolist()
    inside.set_params(param_grid={"gruregressor__max_epochs": [1]}, max_epochs=3)
    with pytest.raises(ValueError, match="must not have 'gruregressor__max_epochs'"):
        inside.fit(TABLE, TARGET)
    compared = compare_models({"search": clone(search).set_params(refit=True)}, TABLE, TARGET, cv=2)
    assert compared.runs["error"].isna().all()
    assert compared.runs["n_omitted"].tolist() == [3, 3]


def test_names_of_columns_are_those_of_the_last_fit():
    search = SuccessiveHalving(DenseRegressor(max_epochs=2), {"alpha": [0.1]}, cv=2)
    assert search.fit(TABLE, TARGET).feature_names_in_.tolist() == ["a"]
    assert not hasattr(search.fit(TABLE.to_numpy(), TARGET.to_numpy()), "feature_names_in_")


def test_nothing_of_an_earlier_search_remains():
    search = SuccessiveHalving(DenseRegressor(max_epochs=2), {"alpha": [0.1]}, cv=2)
    search.fit(TABLE, TARGET)
    search.set_params(refit=False, param_grid={"alpha": [0.2]})
    new = clone(search).fit(TABLE, TARGET)
    assert vars(search.fit(TABLE, TARGET)).keys() == vars(new).keys()
    assert not hasattr(search, "best_estimator_")
    assert not hasattr(search, "predict")


def test_a_pipeline_with_a_memory_of_its_own_keeps_it(tmp_path):
    model = make_pipeline(LagTransformer(3), NET)
    kept = Pipeline(model.steps, memory=str(tmp_path))
    found = [SuccessiveHalving(m, IN_PIPELINE, cv=2).fit(TABLE, TARGET) for m in (model, kept)]
    assert any(tmp_path.iterdir())
    assert found[0].cv_results_["mean_test_score"].tolist() == (
        found[1].cv_results_["mean_test_score"].tolist()
    )
    assert found[0].best_estimator_.memory is None
    assert found[1].best_estimator_.memory == str(tmp_path)


def test_folds_are_in_the_order_of_time_as_in_a_comparison():
    model = make_pipeline(LagTransformer(3), NET)
    search = SuccessiveHalving(model, {"gruregressor__alpha": [0.1]}, cv=3).fit(TABLE, TARGET)
    compared = compare_models(
        {"net": model.set_params(gruregressor__alpha=0.1)}, TABLE, TARGET, cv=3
    )
    assert scores(search)[0][0].tolist() == compared.runs["score"].tolist()
    panel = pd.concat({"s": TABLE, "t": TABLE * 2})
    y = panel["a"]
    search = SuccessiveHalving(model, {"gruregressor__alpha": [0.1]}, cv=3).fit(panel, y)
    splits = PanelTimeSeriesSplit(3)
    assert scores(search)[0][0].tolist() == one_fit(model, {}, panel, y, splits).tolist()


def test_folds_that_train_on_later_rows_are_warned_of():
    search = SuccessiveHalving(make_pipeline(LagTransformer(3), NET), IN_PIPELINE, cv=KFold(2))
    text = "In 1 of 2 folds training rows are later than test rows"
    with pytest.warns(UserWarning, match=text) as warned:
        search.fit(TABLE, TARGET)
    assert [w.filename for w in warned if text in str(w.message)] == [__file__]


def test_a_grid_may_be_a_list_or_set_whole_networks():
    model = make_pipeline(LagTransformer(3), Ridge())
    nets = [GRURegressor(hidden_size=2, max_epochs=50), LSTMRegressor(hidden_size=2)]
    grid = [{"ridge": nets}, {"ridge": nets[:1], "ridge__learning_rate": [0.01]}]
    search = SuccessiveHalving(model, grid, max_epochs=4, cv=2, random_state=0)
    search.fit(TABLE, TARGET)
    assert search.n_candidates_ == [3, 1]
    assert search.best_estimator_[-1].max_epochs == 4
    assert nets[0].max_epochs == 50
    assert not hasattr(nets[0], "net_")


def test_candidates_can_be_drawn():
    given = {"hidden_size": [2, 3], "learning_rate": loguniform(1e-3, 1e-1)}
    how = {"n_candidates": 5, "max_epochs": 3, "cv": 2}
    first, again, other = (
        SuccessiveHalving(NET, given, random_state=seed, **how).fit(X, Y) for seed in (0, 0, 1)
    )
    assert first.n_candidates_ == [5, 2]
    assert first.cv_results_["params"] == again.cv_results_["params"]
    assert first.predict(X).tolist() == again.predict(X).tolist()
    assert first.cv_results_["params"] != other.cv_results_["params"]


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)])
def test_a_network_without_a_seed_gets_one_and_trains_on(seed):
    net = clone(NET).set_params(random_state=seed)
    search, other = (
        SuccessiveHalving(net, GRID, cv=KFold(2), random_state=s).fit(X, Y) for s in (0, 1)
    )
    of_net = search.best_estimator_.random_state
    assert of_net != other.best_estimator_.random_state
    for found, params in zip(*scores(search), strict=True):
        expected = one_fit(NET, {**params, "random_state": of_net}, X, Y, KFold(2))
        assert found.tolist() == expected.tolist()


def test_classifiers_and_scores():
    y = np.where(Y > 0, "up", "down")
    net = GRUClassifier(hidden_size=2, max_epochs=4, random_state=0)
    scoring = "neg_log_loss"
    search = SuccessiveHalving(net, GRID, cv=2, scoring=scoring, return_train_score=True).fit(X, y)
    assert search.classes_.tolist() == ["down", "up"]
    assert search.predict_proba(X).shape == (90, 2)
    assert search.score(X, y) == search.scorer_(search.best_estimator_, X, y)
    assert np.isfinite(search.cv_results_["mean_train_score"]).all()
    for found, params in zip(*scores(search), strict=True):
        expected = one_fit(net, params, X, y, 2, scoring=scoring)
        assert found.tolist() == expected.tolist()


def test_groups_and_weights_reach_their_places():
    groups, weight = np.arange(90) // 10, RNG.uniform(size=90)
    search = SuccessiveHalving(NET, GRID, cv=GroupKFold(3), scoring="r2")
    search.fit(X, Y, groups=groups, sample_weight=weight)
    best = clone(NET).set_params(**search.best_params_).fit(X, Y, sample_weight=weight)
    assert search.predict(X).tolist() == best.predict(X).tolist()
    with sklearn.config_context(enable_metadata_routing=True):
        net = clone(NET).set_fit_request(sample_weight=True, groups=False)
        net.set_score_request(sample_weight=False)
        routed = SuccessiveHalving(net, GRID, cv=GroupKFold(3))
        routed.fit(X, Y, groups=groups, sample_weight=weight)
        folds = list(GroupKFold(3).split(X, Y, groups))
    for found, params in zip(*scores(routed), strict=True):
        expected = one_fit(NET, params, X, Y, folds, params={"sample_weight": weight})
        assert found.tolist() == expected.tolist()


def test_a_candidate_that_fails_does_not_go_on():
    grid = {"learning_rate": [1e-3, 1e300, 1e-2]}
    search = SuccessiveHalving(NET, grid, cv=2, factor=2)
    with (
        pytest.warns(FitFailedWarning, match="2 fits failed"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        search.fit(X, Y)
    assert search.n_candidates_ == [3, 2, 1]
    assert search.cv_results_["params"][3:5] == [{"learning_rate": 1e-3}, {"learning_rate": 1e-2}]
    with pytest.raises(ValueError, match="Training diverged"):
        search.set_params(error_score="raise").fit(X, Y)
    with pytest.raises(ValueError, match=r"(?s)All the 2 fits failed.*Training diverged"):
        SuccessiveHalving(NET, {"learning_rate": [1e300]}, cv=2).fit(X, Y)


def test_a_candidate_that_fails_never_wins():
    worse = np.random.default_rng(1).normal(
        size=90
    )  # r2 is negative, so that the score of an error is greatest
    grid = {"learning_rate": [1e-4, 1e300, 2e-4, 1e-3]}
    search = SuccessiveHalving(NET, grid, cv=2, error_score=0.0, refit=False)
    with pytest.warns(FitFailedWarning, match="2 fits failed"):
        search.fit(X, worse)
    assert search.best_params_["learning_rate"] != 1e300
    assert search.best_score_ < 0
    assert search.cv_results_["mean_test_score"][1] == 0.0
    assert {"learning_rate": 1e300} not in search.cv_results_["params"][4:]


def test_scores_that_are_no_numbers_are_an_error():
    def never(estimator, X, y):
        return np.nan

    with pytest.raises(ValueError, match=r"^scoring=.*never.* is finite for no candidate"):
        SuccessiveHalving(NET, GRID, cv=2, scoring=never).fit(X, Y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")  # the error names it
@pytest.mark.filterwarnings("ignore:Scoring failed")  # NaN in the test rows
def test_the_cause_of_scores_that_are_not_finite_is_in_the_error():
    missing = np.where(np.arange(90) == 3, np.nan, Y)
    with pytest.raises(ValueError, match=r"no candidate\. The first .* raised ValueError: .*NaN"):
        SuccessiveHalving(NET, GRID, cv=KFold(2)).fit(X, missing)
    net = GRUClassifier(hidden_size=2, max_epochs=4, early_stopping=False, random_state=0)
    with pytest.raises(ValueError, match=r"no candidate\. The first .* raised ValueError: .*class"):
        SuccessiveHalving(net, GRID, cv=TimeSeriesSplit(2)).fit(X, np.arange(90) > 40)


@pytest.mark.parametrize("error_score", [np.nan, 0.0, "raise"])
def test_a_score_that_is_a_dict_is_named(error_score):
    def several(estimator, X, y):
        return {"r2": 0.5, "max_error": 1.0}

    search = SuccessiveHalving(NET, GRID, cv=2, scoring=several, error_score=error_score)
    with pytest.raises(TypeError, match=r"^scoring=.*several.* must return one number.*'r2': 0.5"):
        search.fit(X, Y)


def callbacks():
    return []


@pytest.mark.parametrize(
    ("estimator", "grid", "how", "text"),
    [
        (
            Ridge(),
            {},
            {},
            r"^estimator must be a network .* can pause; got Ridge\(\)\.",
        ),
        (make_pipeline(Ridge()), {}, {}, r"got Ridge\(\) inside of Pipeline\."),
        (BaggingRegressor(NET), {}, {}, "^estimator must be a network"),
        (NET, {"hidden": [1]}, {}, "^param_grid: Invalid parameter"),
        (NET, {"alpha": 0.1}, {}, "^param_grid: .*'alpha'"),
        (NET, {"alpha": loguniform(1, 2)}, {}, "^param_grid: .*'alpha'"),
        (NET, [], {}, "^param_grid: there must be at least one candidate; got none"),
        (NET, {"alpha": [0.1, -1]}, {}, "^The 'alpha' parameter of GRURegressor must be"),
        (
            NET,
            {"max_epochs": [1, 2]},
            {},
            "^param_grid must not have 'max_epochs', which the search",
        ),
        (
            make_pipeline(LagTransformer(2), NET),
            {"gruregressor__max_epochs": [1]},
            {},
            "^param_grid must not have 'gruregressor__max_epochs'",
        ),
        (
            make_pipeline(NET),
            {"gruregressor": [NET, GRURegressor()]},
            {},
            r"^max_epochs must be given if .*; they have \[9, 200\]",
        ),
        (NET, GRID, {"min_epochs": 10}, "^min_epochs=10 must be at most max_epochs=9"),
        (
            clone(NET).set_params(callbacks=callbacks),
            GRID,
            {},
            "^callbacks must be None in a search",
        ),
        (clone(NET).set_params(checkpoint="x"), GRID, {}, "^checkpoint must be None in a search"),
        (NET, GRID, {"factor": 1}, "^The 'factor' parameter of SuccessiveHalving must be"),
    ],
)
def test_errors_come_before_any_training(estimator, grid, how, text, epochs):
    search = SuccessiveHalving(estimator, grid, cv=2, **how)
    before = dict(vars(search))
    with pytest.raises((ValueError, TypeError), match=text):
        search.fit(X, Y)
    assert epochs == []
    assert vars(search) == before


def test_a_search_that_fails_is_left_as_it_was():
    search = SuccessiveHalving(NET, GRID, cv=2).fit(X, Y)
    before = search.predict(X).tolist()
    with pytest.raises(ValueError, match="min_epochs=100 must"):
        search.set_params(min_epochs=100).fit(X, Y)
    assert search.predict(X).tolist() == before
    known = dict(vars(search))
    with pytest.raises(ValueError, match="NaN"):
        search.set_params(min_epochs=None, error_score="raise").fit(X, np.full(90, np.nan))
    assert {**vars(search), "min_epochs": 100, "error_score": known["error_score"]} == known


def test_it_is_an_estimator_like_the_searches_of_scikit_learn(capsys):
    search = SuccessiveHalving(clone(NET), GRID, cv=2, verbose=1).fit(X, Y)
    assert capsys.readouterr().out == (
        "rung 1/2: 6 candidates, 3 epochs\nrung 2/2: 2 candidates, 9 epochs\n"
    )
    again = pickle.loads(pickle.dumps(search))
    assert again.predict(X).tolist() == search.predict(X).tolist()
    assert again.cv_results_["params"] == search.cv_results_["params"]
    copied = clone(search.set_params(estimator__alpha=0.5, factor=2))
    assert (copied.estimator.alpha, copied.factor) == (0.5, 2)
    assert not hasattr(copied, "best_estimator_")
    assert not hasattr(copied, "n_features_in_")
    unfit = SuccessiveHalving(clone(NET), GRID, cv=2, refit=False).fit(X, Y)
    assert unfit.best_params_
    assert not hasattr(unfit, "predict")


def test_it_is_searched_within_a_comparison():
    search = SuccessiveHalving(DenseRegressor(max_epochs=3), GRID, cv=2)
    compared = compare_models(
        {"net": search, "ridge": make_pipeline(FunctionTransformer(flat), Ridge())}, X, Y, cv=2
    )
    assert compared.runs["error"].isna().all()


def flat(X):
    return X.reshape(len(X), -1)


def test_a_score_that_the_targets_do_not_have_is_named():
    search = SuccessiveHalving(clone(NET), GRID, cv=2, scoring="accuracy", error_score="raise")
    with pytest.raises(ValueError, match="scoring='accuracy' cannot be computed: "):
        search.fit(X, Y)
