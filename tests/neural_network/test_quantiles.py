"""Quantiles: they never cross, cover their share, and have the units and shape of y."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_rnn import (
    CompleteRows,
    DenseRegressor,
    GRURegressor,
    LagTransformer,
    LSTMRegressor,
    make_lagged,
)
from sklearn_rnn.inspection import lag_importance
from tests.nets import REGRESSORS, STEPWISE, few_epochs

# scikit-learn 1.6 calls SciPy 1.16 so.
pytestmark = pytest.mark.filterwarnings("ignore:scipy.optimize. The `disp`:DeprecationWarning")

LEVELS = [0.05, 0.3, 0.5, 0.9]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4, 2))
FLAT = X.reshape(200, -1)
Y = 50 + 10 * (X[:, -1, 0] + np.exp(0.5 * X[:, -1, 1]) * RNG.standard_t(4, size=200))
BOTH = np.stack([Y, -3 * X[:, 0, 0]], axis=1)
WEIGHT = RNG.integers(0, 3, size=200).astype(float)
ROWS = np.cumsum(RNG.normal(size=(150, 2)), axis=0)
OUTSIDE = np.concatenate([c * RNG.normal(size=(50, 4, 2)) for c in (1.0, 1e2, 1e6)])
SIZES = {"hidden_size": 4, "num_channels": 4, "hidden_layer_sizes": (4,)}

each_net = pytest.mark.parametrize("cls", REGRESSORS, ids=lambda cls: cls.__name__)


def net(cls=DenseRegressor, **parameters):
    """Return a small net for several quantiles that does not warn."""
    sizes = {name: size for name, size in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 5, "lr_schedule": "onecycle", "learning_rate": 0.02}
    several = {"loss": "quantile", "quantile": LEVELS, "random_state": 0, "device": "cpu"}
    return cls(**{**sizes, **settings, **several, **parameters})


def linear(**parameters):
    """Return a linear net that is trained to the end."""
    whole = {"hidden_layer_sizes": (), "alpha": 0.0, "early_stopping": False, "batch_size": 200}
    return net(**{**whole, "max_epochs": 800, "lr_schedule": "cosine", **parameters})


def quantiles_of(model, data=X):
    return model.predict(data, quantiles=LEVELS)


def never_cross(quantiles):
    return bool((np.diff(quantiles, axis=-1) >= 0).all())


def pinball(y, quantiles, weight=None):
    """Return the pinball loss of each level."""
    error = y[..., np.newaxis] - quantiles
    terms = np.where(error > 0, np.multiply(LEVELS, error), np.subtract(LEVELS, 1) * error)
    return np.average(terms, axis=0, weights=weight)


# --- what is predicted ---------------------------------------------------------------------------


@each_net
def test_quantiles_never_cross_and_the_median_is_the_prediction(cls):
    model = net(cls).fit(X, Y)
    for data in (X, OUTSIDE):
        quantiles = model.predict(data, quantiles=LEVELS)
        assert quantiles.shape == (len(data), 4)
        assert never_cross(quantiles)
        assert_allclose(quantiles[:, 2], model.predict(data), rtol=1e-12)
    assert_array_equal(model.predict(X, quantiles=[0.9, 0.05]), quantiles_of(model)[:, [3, 0]])


def test_levels_that_differ_by_rounding_are_the_same():
    model = net(quantile=[0.3, 0.5, 1 - 0.1]).fit(X, Y)
    asked = model.predict(X[:3], quantiles=np.array([0.1 + 0.2, 0.9]))
    assert_array_equal(asked, model.predict(X[:3], quantiles=(0.3, 0.9)))


def test_each_output_has_quantiles():
    model = net().fit(X, BOTH)
    quantiles = quantiles_of(model)
    assert quantiles.shape == (200, 2, 4)
    assert never_cross(quantiles)
    assert_allclose(quantiles[..., 2], model.predict(X), rtol=1e-12)
    assert quantiles_of(net().fit(X, Y[:, np.newaxis])).shape == (200, 1, 4)


@pytest.mark.parametrize("cls", [cls for cls in STEPWISE if cls in REGRESSORS][:2])
def test_each_step_has_quantiles_and_padding_has_none(cls):
    ragged = [x[: 2 + i % 3] for i, x in enumerate(X[:30])]
    model = net(cls, return_sequences=True).fit(ragged, [x[:, 0] for x in ragged])
    of_lists = quantiles_of(model, ragged)
    assert [q.shape for q in of_lists] == [(len(x), 4) for x in ragged]
    padded = np.full((30, 4, 2), np.nan)
    for row, x in zip(padded, ragged, strict=True):
        row[: len(x)] = x
    of_array = quantiles_of(model, padded)
    for row, part, median in zip(of_array, of_lists, model.predict(ragged), strict=True):
        assert_allclose(row[: len(part)], part, rtol=1e-9)
        assert np.isnan(row[len(part) :]).all()
        assert_allclose(part[:, 2], median, rtol=1e-12)
    assert -10 < model.score(ragged, [x[:, 0] for x in ragged]) <= 1
    model = net(cls, return_sequences=True).fit(X, X)
    assert quantiles_of(model).shape == (200, 4, 2, 4)
    assert -10 < model.score(X, X, sample_weight=WEIGHT) <= 1


@pytest.mark.parametrize("standardize", [True, "last", "window"])
def test_quantiles_have_the_units_of_y(standardize):
    given = {"standardize": standardize, "dtype": "float64"}
    windows, y = make_lagged(ROWS, ROWS[:, 0], 5)
    model = net(**given).fit(windows, y)
    moved = net(**given).fit(*make_lagged(1000 * ROWS + 5, 1000 * ROWS[:, 0] + 5, 5))
    new = ROWS[np.newaxis, :5]
    assert_allclose(
        quantiles_of(moved, 1000 * new + 5), 1000 * quantiles_of(model, new) + 5, rtol=1e-6
    )


@pytest.mark.parametrize("kind", ["last", "window"])
def test_quantiles_follow_their_windows(kind):
    windows, y = make_lagged(ROWS, ROWS[:, [1, 0]], 6)  # outputs that follow different channels
    model = net(GRURegressor, standardize=kind).fit(windows, y)
    data = np.asarray(windows)
    shift = np.array([1e3, -500.0])
    before, after = quantiles_of(model, data), quantiles_of(model, data + shift)
    assert_allclose(after, before + shift[::-1, np.newaxis], atol=1e-5)
    assert never_cross(after)


@pytest.mark.parametrize("several", [True, False])
def test_the_loss_of_windows_has_the_units_of_all_windows(several):
    windows, y = make_lagged(ROWS, ROWS[:, [1, 0]] if several else ROWS[:, [1]], 6)
    train, test = slice(0, 100), slice(100, None)
    model = net(standardize="window", early_stopping=False, dtype="float64")
    model.fit(windows[train], y[train], X_val=windows[test], y_val=y[test])
    unit = model._encoder.unit * model._encoder.scale.scale
    loss = pinball(y[test] / unit, quantiles_of(model, windows[test]) / unit[:, np.newaxis])
    assert model.validation_loss_curve_[-1] == pytest.approx(loss.mean(), rel=1e-9)


def test_members_are_averaged_at_each_level():
    model = net(n_members=3).fit(X, Y)
    of_each = [quantiles_of(member) for member in model.members_]
    assert_allclose(quantiles_of(model), np.mean(of_each, axis=0), rtol=1e-12)
    assert_allclose(model.predict_members(X), [q[:, 2] for q in of_each], rtol=1e-12)


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_a_linear_net_covers_the_share_of_the_level(weight):
    model = linear().fit(X, Y, sample_weight=weight)
    below = Y[:, np.newaxis] <= quantiles_of(model)
    assert_allclose(np.average(below, axis=0, weights=weight), LEVELS, atol=0.05)
    widths = np.ptp(quantiles_of(model), axis=1)
    assert np.corrcoef(widths, np.exp(0.5 * X[:, -1, 1]))[0, 1] > 0.7, "they see the spread"


def test_without_weights_the_quantiles_are_those_of_y():
    model = linear(alpha=10.0, l1_ratio=1.0).fit(X, Y)
    quantiles, expected = quantiles_of(model), np.quantile(Y, LEVELS)[np.newaxis]
    assert (np.ptp(quantiles, axis=0) < 1e-9).all()
    assert_allclose(pinball(Y, quantiles), pinball(Y, expected), rtol=5e-3)


def test_the_median_alone_is_median_regression():
    model, alone = linear(quantile=[0.5]).fit(X, Y), linear(quantile=0.5).fit(X, Y)
    assert_allclose(model.predict(X), alone.predict(X), rtol=1e-9)
    classic = QuantileRegressor(quantile=0.5, alpha=0).fit(FLAT, Y).predict(FLAT)
    risks = [np.abs(Y - prediction).mean() for prediction in (model.predict(X), classic)]
    assert risks[0] == pytest.approx(risks[1], rel=1e-3)


# --- score ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [Y, BOTH], ids=["one", "two"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_the_score_is_the_mean_d2_of_the_pinball_loss(y, weight):
    model = net().fit(X, y)
    quantiles = quantiles_of(model)
    scores = [
        d2_pinball_score(y, quantiles[..., i], alpha=level, sample_weight=weight)
        for i, level in enumerate(LEVELS)
    ]
    assert model.score(X, y, sample_weight=weight) == pytest.approx(np.mean(scores))
    if weight is None:
        constant = np.quantile(y, LEVELS, axis=0, method="averaged_inverted_cdf")
        shares = pinball(y, quantiles) / pinball(y, np.moveaxis(constant, 0, -1)[np.newaxis])
        assert model.score(X, y) == pytest.approx(1 - shares.mean(), abs=1e-3)


def test_one_level_is_scored_as_a_prediction_is():
    model = net(quantile=0.9).fit(X, Y)
    assert model.score(X, Y) == r2_score(Y, model.predict(X))
    assert_array_equal(model.predict(X, quantiles=[0.9]), model.predict(X)[:, np.newaxis])


# --- with the rest of the package and of scikit-learn ---------------------------------------------


OPTIONS = {
    "missing values": {},
    "early stopping": {"early_stopping": True},
    "linear model": {"linear_skip": True, "early_stopping": True},
    "lasso": {"linear_skip": True, "l1_ratio": 0.9, "alpha": 0.02},
    "groups": {"penalty": "group", "l1_ratio": 0.9, "alpha": 0.005},
    "lbfgs": {"optimizer": "lbfgs"},
    "single precision": {"dtype": "float32"},
    "augmentation": {"augmentation": {"jitter": 0.1, "mixup": 0.2}},
    "batches": {"batch_size": 16},
    "members": {"n_members": 2},
}


@pytest.mark.parametrize("cls", [DenseRegressor, LSTMRegressor], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("name", OPTIONS)
@few_epochs  # of L-BFGS
def test_quantiles_go_with_other_parameters(cls, name):
    data = np.where(RNG.random(X.shape) < 0.1, np.nan, X) if name == "missing values" else X
    model = net(cls, max_epochs=20, **OPTIONS[name]).fit(data, Y)
    assert never_cross(quantiles_of(model, np.concatenate([data, OUTSIDE])))
    assert -0.01 < model.score(data, Y) < 1  # about 0 if the penalty leaves constants


def test_training_goes_on():
    model = net(warm_start=True, max_epochs=2).fit(X, Y)
    assert model.fit(X, Y).n_iter_ == 4
    assert model.partial_fit(X, Y).n_iter_ == 5
    assert never_cross(quantiles_of(model))
    text = f"quantile cannot change from {LEVELS} to [0.5, 0.9] when training is continued"
    with pytest.raises(ValueError, match=re.escape(text)):
        model.set_params(quantile=[0.5, 0.9]).fit(X, Y)
    first = net().partial_fit(X, Y)
    assert quantiles_of(first).shape == (200, 4)


def test_a_fitted_net_keeps_its_quantiles():
    model = net().fit(X, Y)
    copies = [pickle.loads(pickle.dumps(model)), clone(model).fit(X, Y)]
    copies.append(pickle.loads(pickle.dumps(model)).set_params(loss="huber", quantile=0.2))
    for copy in copies:
        assert_array_equal(quantiles_of(copy), quantiles_of(model))


def test_pipelines_and_searches_pass_quantiles_on():
    table = pd.DataFrame(ROWS, columns=["a", "b"])
    pipeline = make_pipeline(LagTransformer(3), net())
    for model in (pipeline, CompleteRows(pipeline)):
        quantiles = model.fit(table, table["a"]).predict(table, quantiles=[0.5, 0.9])
        assert_allclose(quantiles[:, 0], model.predict(table), rtol=1e-12)
        assert never_cross(quantiles)
    grid = {"denseregressor__alpha": [0.0, 0.1]}
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(2)).fit(table, table["a"])
    scores = cross_val_score(search.best_estimator_, table, table["a"], cv=TimeSeriesSplit(2))
    assert search.best_score_ == pytest.approx(scores.mean())


def test_importance_is_that_of_the_median():
    model = linear(max_epochs=50).fit(X, Y)
    effects = lag_importance(model, X, method="integrated_gradients").effects
    zero = np.tile(model.channel_scale_.mean, (4, 1))[None]
    moved = zero + model.channel_scale_.scale * np.eye(8).reshape(8, 4, 2)
    assert_allclose(effects.ravel(), model.predict(moved) - model.predict(zero), atol=1e-6)


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        ([0.9, 0.5], "got [0.9, 0.5]: give [0.5, 0.9]."),
        ([0.1, 0.9], "with 0.5 among them, which predict returns; got [0.1, 0.9]: give [0.1, 0.5,"),
        ([0.5, 0.5], "got [0.5, 0.5]: give [0.5]."),
        ([0.0, 0.5], "a list of numbers above 0 and below 1, such as [0.05, 0.5"),
        ([0.5, 1.5], "got [0.5, 1.5]."),
        ([], "a list of numbers above 0 and below 1"),
        ([[0.5]], "a list of numbers above 0 and below 1"),
        (["a", 0.5], "a list of numbers above 0 and below 1"),
        ([np.nan, 0.5], "a list of numbers above 0 and below 1"),
    ],
)
def test_levels_that_cannot_be_trained_are_refused(levels, text):
    model = net(quantile=levels)
    with pytest.raises(ValueError, match="^quantile must be .*" + re.escape(text)):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


def test_levels_that_were_not_trained_are_refused():
    model = net().fit(X, Y)
    text = (
        "quantiles=[0.5, 0.25]: [0.25] were not trained, those trained are [0.05, 0.3, 0.5, 0.9]. "
        "Fit with quantile=[0.05, 0.25, 0.3, 0.5, 0.9]."
    )
    with pytest.raises(ValueError, match=re.escape(text)):
        model.predict(X, quantiles=[0.5, 0.25])
    for levels in (0.5, [], [0.0], [2], "high"):
        with pytest.raises(ValueError, match="quantiles must be a list of numbers above 0 and"):
            model.predict(X, quantiles=levels)
    text = '"negative_binomial", or with loss="quantile" at these levels.'
    with pytest.raises(ValueError, match=re.escape(text)):
        net(loss="huber").fit(X, Y).predict(X, quantiles=[0.1])
