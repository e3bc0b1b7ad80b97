"""Searches: optuna, whose trials end early, halving by epochs, and pipelines with a memory."""

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - scikit-learn needs it
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_rnn import GRURegressor, LagTransformer
from sklearn_rnn.exceptions import IncompleteWindowsWarning
from sklearn_rnn.model_selection import PruneTrial
from tests.nets import few_epochs

optuna.logging.set_verbosity(optuna.logging.ERROR)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4, 2))
Y = X[:, 1, 0] + 0.1 * RNG.normal(size=120)
TABLE = pd.DataFrame({"a": RNG.normal(size=120)}, pd.date_range("2026-01-01", periods=120))
TARGET = TABLE["a"]


def pipeline(max_epochs=2):
    net = GRURegressor(max_epochs=max_epochs, early_stopping=False, random_state=0)
    return make_pipeline(LagTransformer(3), net)


class Objective:
    """The validation loss of a network, whose learning rate is that of the trial."""

    def __init__(self):
        self.nets = []

    def __call__(self, trial):
        rate = trial.suggest_categorical("learning_rate", [0.02, 1e-6])
        net = GRURegressor(hidden_size=4, learning_rate=rate, max_epochs=8, early_stopping=True)
        self.nets.append(net.set_params(random_state=0, callbacks=[PruneTrial(trial)]))
        return min(self.nets[-1].fit(X, Y).validation_loss_curve_)


@few_epochs
def test_trials_that_fall_behind_are_pruned_after_few_epochs():
    study = optuna.create_study(
        sampler=optuna.samplers.GridSampler({"learning_rate": [0.02, 1e-6]}, seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=2),
    )
    study.enqueue_trial({"learning_rate": 0.02})
    objective = Objective()
    study.optimize(objective, n_trials=3)
    states = {t.params["learning_rate"]: t.state.name for t in study.trials}
    assert states == {0.02: "COMPLETE", 1e-6: "PRUNED"}
    epochs = {t.params["learning_rate"]: len(t.intermediate_values) for t in study.trials}
    assert epochs == {0.02: 8, 1e-6: 2}
    assert study.best_params == {"learning_rate": 0.02}
    fitted = {net.learning_rate: hasattr(net, "net_") for net in objective.nets}
    assert fitted == {0.02: True, 1e-6: False}


@few_epochs
def test_halving_by_epochs_keeps_the_folds_in_the_order_of_time():
    grid = {"gruregressor__hidden_size": [2, 4, 8]}
    epochs = {"resource": "gruregressor__max_epochs", "min_resources": 2, "max_resources": 6}
    search = HalvingGridSearchCV(pipeline(), grid, **epochs, cv=TimeSeriesSplit(2)).fit(
        TABLE, TARGET
    )
    full = GridSearchCV(pipeline(6), grid, cv=TimeSeriesSplit(2)).fit(TABLE, TARGET)
    last = search.cv_results_["iter"].argmax()
    hidden = search.cv_results_["params"][last]["gruregressor__hidden_size"]
    at = full.cv_results_["param_gruregressor__hidden_size"].tolist().index(hidden)
    assert search.n_resources_ == [2, 6]
    for fold in ("split0_test_score", "split1_test_score"):
        assert search.cv_results_[fold][last] == full.cv_results_[fold][at]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # as in `few_epochs`
@pytest.mark.filterwarnings("ignore:Lags are filled in")  # where rows that were not drawn would be
def test_halving_by_rows_warns_since_it_draws_them_at_random():
    grid = {"gruregressor__hidden_size": [2, 4]}
    how = {"cv": TimeSeriesSplit(2), "min_resources": 40, "random_state": 0}
    search = HalvingGridSearchCV(pipeline(), grid, **how)
    with pytest.warns(IncompleteWindowsWarning, match="The times of X"):
        search.fit(TABLE, TARGET)


@few_epochs
def test_a_pipeline_with_a_memory_learns_the_same(tmp_path):
    plain = pipeline()
    kept = Pipeline(plain.steps, memory=str(tmp_path))
    grid = {"gruregressor__hidden_size": [2, 4]}
    expected, *found = (
        GridSearchCV(model, grid, cv=TimeSeriesSplit(2)).fit(TABLE, TARGET)
        for model in (plain, kept, kept)  # windows are made by the first and read by the second
    )
    for search in found:
        assert search.best_estimator_[-1].n_rows_omitted_ == 3
        assert np.array_equal(search.predict(TABLE), expected.predict(TABLE))
