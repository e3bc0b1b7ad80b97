"""Laws of penalty paths: their ends, the classic paths as limits, and what they cost."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, enet_path
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

from sklearn_rnn import DenseClassifier, DenseRegressor, GRURegressor, TCNRegressor, make_lagged
from sklearn_rnn.datasets import load_hitters
from sklearn_rnn.model_selection import penalty_path
from tests.nets import few_epochs

pytestmark = few_epochs

X = np.random.default_rng(0).normal(size=(200, 3, 4))
Y = X[:, -1, 0] - 0.7 * X[:, -2, 1] + 0.3 * np.random.default_rng(1).normal(size=200)


def linear(cls=DenseRegressor, **parameters):
    exact = {"optimizer": "lbfgs", "tol": 1e-10, "max_epochs": 1000, "dtype": "float64"}
    return cls(**{"hidden_layer_sizes": (), "l1_ratio": 1.0, **exact, **parameters})


def standard(values):
    return (values - values.mean(0)) / values.std(0)


@pytest.fixture(scope="module")
def hitters():
    players, salary = load_hitters(return_X_y=True, as_frame=True)
    return pd.get_dummies(players, drop_first=True, dtype=float), salary.to_numpy()


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_the_path_of_a_linear_model_is_that_of_the_elastic_net(hitters, l1_ratio):
    players, salary = hitters
    model = linear(n_channels=19, l1_ratio=l1_ratio)
    path = penalty_path(model, players, salary, n_alphas=20, eps=0.01, patience=2)
    flat, target = standard(players.to_numpy()), standard(salary)
    first = np.abs(flat.T @ target).max() / len(target) / l1_ratio
    alphas = np.geomspace(first, 0.01 * first, 20)
    assert_allclose(path.alphas, alphas, rtol=2e-6)  # ours begin a millionth higher
    _, coefficients, _ = enet_path(
        flat, target, l1_ratio=l1_ratio, alphas=alphas, tol=1e-12, max_iter=100_000
    )
    assert_allclose(path.coefficients, coefficients.T, rtol=0, atol=1e-4)
    assert_array_equal(path.n_channels[1:], (coefficients != 0).sum(0)[1:])
    assert path.n_channels[0] == 0
    assert path.groups == list(players.columns)
    assert_allclose(path.scores[0], 0.0, atol=1e-9)
    assert (np.diff(path.scores) > 0).all()


def test_a_classifier_follows_the_logistic_regression(hitters):
    players, salary = hitters
    labels, flat = salary > np.median(salary), standard(players.to_numpy())
    path = penalty_path(
        linear(DenseClassifier, n_channels=19), players, labels, n_alphas=4, eps=0.1
    )
    for alpha, found in zip(path.alphas[1:], path.coefficients[1:], strict=True):
        reference = LogisticRegression(
            solver="saga", l1_ratio=1, C=1 / (263 * alpha), tol=1e-8, max_iter=100_000
        )
        if reference.penalty == "l2":  # scikit-learn before 1.8 does not read it from l1_ratio
            reference.set_params(penalty="elasticnet")
        reference.fit(flat, labels)
        assert_allclose(found, reference.coef_[0], rtol=0, atol=1e-3)


@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_fifty_alphas_cost_at_most_five_single_fits(hitters, tol):
    """Counted in epochs; the single fit is that with the weakest penalty of the path."""
    players, salary = hitters
    model = linear(n_channels=19, tol=tol)
    path = penalty_path(model, players, salary)
    single = model.set_params(alpha=path.alphas[-1], early_stopping=False).fit(players, salary)
    assert len(path.alphas) == 50
    assert path.n_iter.sum() + path.n_iter_search <= 5 * single.n_iter_


@pytest.mark.parametrize("cls", [DenseRegressor, GRURegressor, TCNRegressor])
def test_a_net_goes_from_nothing_to_what_matters(cls):
    sizes = {"hidden_layer_sizes": (6,), "hidden_size": 6, "num_channels": 6}
    chosen = {name: size for name, size in sizes.items() if name in cls().get_params()}
    net = cls(
        penalty="group", l1_ratio=0.8, optimizer="lbfgs", max_epochs=60, random_state=0, **chosen
    )
    path = penalty_path(net, X, Y, n_alphas=8, eps=0.05, patience=3)
    assert path.n_channels[0] == 0
    assert path.n_channels[-1] >= 2
    assert path.scores[-1] > 0.6
    n_groups = 12 if cls is DenseRegressor else 4
    assert path.coefficients.shape == (8, n_groups)
    assert (path.coefficients >= 0).all()
    assert len(path.groups) == n_groups
    assert (path.n_lags is not None) == (cls is DenseRegressor)
    last = dict(zip(path.groups, path.coefficients[-1], strict=True))
    best = sorted(last, key=last.get)[-2:]
    assert sorted(best) == (["x0_lag1", "x1_lag2"] if n_groups == 12 else ["x0", "x1"])


def test_two_channels_that_count_only_together_are_selected():
    """From all weights zero they would never enter; see also the benchmark ``selection``."""
    rng = np.random.default_rng(0)
    windows = rng.normal(size=(400, 2, 5))
    target = windows[:, -1, 0] + windows[:, -2, 1] * windows[:, -1, 1]
    net = DenseRegressor(penalty="group", l1_ratio=0.9, optimizer="lbfgs", random_state=0)
    path = penalty_path(net, windows, target, n_alphas=20, eps=0.01, patience=3)
    reads = (path.coefficients != 0).reshape(20, 2, 5).any(axis=1)
    assert (reads == [True, True, False, False, False]).all(axis=1).any()


def test_the_estimator_stays_as_it_was_and_other_data_can_judge():
    model = linear(random_state=0)
    before = model.get_params()
    path = penalty_path(model, X[:150], Y[:150], X_val=X[150:], y_val=Y[150:], alphas=[0.01, 0.1])
    assert model.get_params() == before
    assert not hasattr(model, "net_")
    assert_array_equal(path.alphas, [0.1, 0.01])
    assert path.n_iter_search == 0
    alone = model.set_params(alpha=0.01, early_stopping=False).fit(X[:150], Y[:150])
    assert path.scores[1] == pytest.approx(alone.score(X[150:], Y[150:]), abs=1e-4)


def test_a_search_chooses_among_the_alphas_of_a_path():
    alphas = penalty_path(linear(tol=1e-6), X, Y, n_alphas=6).alphas
    search = GridSearchCV(linear(tol=1e-6, early_stopping=False), {"alpha": alphas}, cv=3)
    assert alphas[-1] <= search.fit(X, Y).best_params_["alpha"] < alphas[0]
    assert search.best_estimator_.selected_channels_[:2].all()


def test_names_of_channels_and_of_lags():
    frame = pd.DataFrame(
        X.reshape(200, 12), columns=[f"{c}_lag{k}" for k in (3, 2, 1) for c in "abcd"]
    )
    model = linear(n_channels=4)
    assert penalty_path(model, frame, Y, alphas=[0.1]).groups == list(frame.columns)
    path = penalty_path(model, X, Y, alphas=[0.1])
    assert path.groups == [f"x{c}_lag{lag}" for lag in (3, 2, 1) for c in range(4)]
    assert path.coefficients[0, path.groups.index("x0_lag1")] > 0.3
    assert path.coefficients[0, path.groups.index("x1_lag2")] < -0.3


@pytest.mark.parametrize("columns", ["windows", "named columns"])
def test_indicators_of_missing_values_are_named_as_in_scikit_learn(columns):
    rows = pd.DataFrame(X[:, 0, :2], columns=["sales", "heat"])
    rows.loc[::7, "heat"] = np.nan
    windows, y = make_lagged(rows, Y, 2)
    if columns == "named columns":
        names = [f"{c}_lag{k}" for k in (1, 2) for c in rows]
        windows = pd.DataFrame(np.asarray(windows)[:, ::-1].reshape(-1, 4), columns=names)
    groups = penalty_path(linear(), windows, y, alphas=[0.1]).groups
    one = ["sales_lag2", "heat_lag2", "missingindicator_heat_lag2"]
    assert groups == one + [name.replace("2", "1") for name in one]
    net = GRURegressor(penalty="group", l1_ratio=0.8, max_epochs=1)
    shared = penalty_path(net, windows, y, alphas=[0.1]).groups
    assert shared == ["sales", "heat", "missingindicator_heat"]


def test_what_a_path_needs_is_said():
    with pytest.raises(ValueError, match=r"l1_ratio=0, .* set l1_ratio"):
        penalty_path(DenseRegressor(), X, Y)
    with pytest.raises(InvalidParameterError, match="'estimator' parameter of penalty_path"):
        penalty_path(make_pipeline(StandardScaler(), DenseRegressor(l1_ratio=0.5)), X, Y)
    for alphas in (None, [0.1]):
        with pytest.raises(ValueError, match='penalty="group"'):
            penalty_path(TCNRegressor(l1_ratio=0.5, max_epochs=1), X, Y, alphas=alphas)


def alone(**changed):
    return {"estimator": linear(), "X": X, "y": Y, **changed}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (alone(estimator=linear(l1_ratio=5.0)), "'l1_ratio' parameter of DenseRegressor must be"),
        (alone(estimator=linear(learning_rate=-1)), "'learning_rate' parameter of DenseRegressor"),
        (alone(alphas=[0.1, -1.0]), "alphas must be positive and finite; got [0.1, -1.0]."),
        (alone(alphas=[0.1, np.nan]), "alphas must be positive and finite; got [0.1, nan]."),
        (alone(alphas=[]), "alphas must be a non-empty one-dimensional array; got []."),
        (alone(alphas=[[0.1]]), "alphas must be a non-empty one-dimensional array; got [[0.1]]."),
        (alone(alphas=["a"]), "alphas must be numbers; got ['a']."),
        (alone(X_val=X), "X_val and y_val must be given together; got only one of them."),
        (alone(y_val=Y), "X_val and y_val must be given together; got only one of them."),
    ],
)
def test_arguments_are_refused_by_name_before_anything_is_trained(monkeypatch, given, text):
    monkeypatch.setattr(DenseRegressor, "_run", None)
    with pytest.raises(ValueError, match=re.escape(text)):
        penalty_path(**given)


@pytest.mark.parametrize("net", [linear(), GRURegressor(penalty="group", l1_ratio=0.8)])
def test_the_fits_are_those_of_a_warm_start(net):
    alphas, quick = [0.0003, 0.001, 0.003], {"max_epochs": 5, "random_state": 0}
    path = penalty_path(net.set_params(**quick), X, Y, alphas=alphas, patience=3)
    by_hand = clone(net).set_params(early_stopping=False)
    for alpha, score in zip(alphas, path.scores[::-1], strict=True):
        by_hand.set_params(alpha=alpha).fit(X, Y)
        assert score == by_hand.score(X, Y)
        by_hand.set_params(warm_start=True, patience=3)
    assert path.n_channels.all()
    assert path.n_iter.sum() == by_hand.n_iter_


def test_the_data_are_read_at_the_first_fit_and_once_more(monkeypatch):
    reads = []
    read = DenseRegressor._read
    monkeypatch.setattr(
        DenseRegressor, "_read", lambda self, *a, **k: reads.append(1) or read(self, *a, **k)
    )
    penalty_path(linear(tol=1e-4), X, Y, n_alphas=12, eps=0.1)
    assert len(reads) == 3  # for the first alpha, again, at the first fit of the path


@pytest.mark.parametrize("given", [{"n_alphas": 2, "eps": 0.1}, {"alphas": [0.1, 0.01]}])
@pytest.mark.parametrize("size", [(), (3,)])
def test_torchs_global_generator_stays_as_it_is(given, size):
    before = torch.get_rng_state()
    model = DenseRegressor(hidden_layer_sizes=size, l1_ratio=0.9, max_epochs=30, random_state=0)
    penalty_path(model, X, Y, **given)
    assert torch.equal(torch.get_rng_state(), before)


def test_constant_input_has_no_first_alpha():
    X = np.full((20, 3), 1e9, dtype=np.float32)
    net = DenseRegressor(l1_ratio=1.0, max_epochs=1, hidden_layer_sizes=(2,), random_state=0)
    with pytest.raises(ValueError, match=r"selected some input at every alpha .* give alphas"):
        penalty_path(net, X, np.arange(20.0), n_alphas=2)
