"""Regression: its limits in classical models, scales, shapes, and every refusal in words."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    LinearRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)
from skorch.callbacks import Callback

from sklearn_rnn import (
    DenseRegressor,
    LagRidge,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
    TCNRegressor,
)
from sklearn_rnn._sequences.scaling import Scale, is_scaled
from sklearn_rnn._sequences.windows import lag_windows
from tests.nets import REGRESSORS as NETS
from tests.nets import few_epochs

# scikit-learn 1.6 calls SciPy 1.16 so.
pytestmark = pytest.mark.filterwarnings("ignore:scipy.optimize. The `disp`:DeprecationWarning")

RNG = np.random.default_rng(0)
N, N_STEPS, N_CHANNELS = 80, 3, 2
X = RNG.normal([1.0, -2.0], [1.0, 3.0], size=(N, N_STEPS, N_CHANNELS))
FLAT = X.reshape(N, -1)
COEF = np.array([1.0, 0.0, -0.5, 0.3, 0.0, 0.2])
Y = FLAT @ COEF + RNG.standard_t(3, size=N)
COUNTS = RNG.poisson(np.exp(0.3 * X[:, -1, 0] + 0.1 * X[:, 0, 1]))
WEIGHT = RNG.integers(1, 4, size=N).astype(float)
# Standardised by column, which the net leaves as it is: it has one scale for a channel.
Z = (X - X.mean(axis=0)) / X.std(axis=0)
Z_FLAT = Z.reshape(N, -1)

SIZES = {"hidden_size": 4, "num_channels": 4, "hidden_layer_sizes": (4,)}
each_net = pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)


def small(cls=DenseRegressor, **parameters):
    """Return a small net that trains for a moment and does not warn."""
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 3, "lr_schedule": "cosine", "random_state": 0, "device": "cpu"}
    return cls(**{**sizes, **settings, "learning_rate": 0.01, **parameters})


def linear(**parameters):
    """Return a linear net that is trained to the end."""
    settings = {
        "hidden_layer_sizes": (),
        "optimizer": "lbfgs",
        "alpha": 0.0,
        "tol": 0.0,
        "max_epochs": 2000,
        "dtype": "float64",
        "early_stopping": False,
        "random_state": 0,
        "device": "cpu",
    }
    return DenseRegressor(**{**settings, **parameters})


def hidden(**parameters):
    return linear(hidden_layer_sizes=(3,), max_epochs=30, **parameters)


UNUSABLE = "X_val and y_val cannot be used for validation. "


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_a_linear_net_is_linear_regression(weight):
    net = linear().fit(X, Y, sample_weight=weight)
    classic = LinearRegression().fit(FLAT, Y, sample_weight=weight)
    assert_allclose(net.predict(X), classic.predict(FLAT), atol=1e-6)
    slopes = net.predict(np.eye(6).reshape(6, 3, 2)) - net.predict(np.zeros((1, 3, 2)))
    assert_allclose(slopes, classic.coef_, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_a_penalised_linear_net_is_ridge_on_standardised_data(alpha):
    net = linear(alpha=alpha).fit(Z, Y)
    y = (Y - Y.mean()) / Y.std()
    classic = Ridge(alpha=alpha * N).fit(Z_FLAT, y)
    assert_allclose(net.predict(Z), classic.predict(Z_FLAT) * Y.std() + Y.mean(), atol=1e-6)


@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.05, 0.5), (0.1, 1.0)])
def test_a_linear_net_with_both_penalties_is_the_elastic_net(alpha, l1_ratio):
    net = linear(alpha=alpha, l1_ratio=l1_ratio).fit(Z, Y)
    y = (Y - Y.mean()) / Y.std()
    classic = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-10).fit(Z_FLAT, y)
    assert_allclose(net.predict(Z), classic.predict(Z_FLAT) * Y.std() + Y.mean(), atol=1e-4)
    assert 0 < (classic.coef_ == 0).sum() < 6


def test_a_lasso_that_is_strong_enough_predicts_the_mean():
    net = linear(alpha=10.0, l1_ratio=1.0).fit(X, Y)
    assert_allclose(net.predict(X), Y.mean(), atol=1e-6)


def test_a_linear_net_for_counts_is_poisson_regression():
    net = linear(loss="poisson").fit(X, COUNTS)
    classic = PoissonRegressor(alpha=0, tol=1e-10, max_iter=1000).fit(FLAT, COUNTS)
    assert_allclose(net.predict(X), classic.predict(FLAT), rtol=1e-5)


@pytest.mark.parametrize(
    ("loss", "quantile"), [("quantile", 0.8), ("quantile", 0.2), ("absolute_error", 0.5)]
)
def test_a_linear_net_for_quantiles_is_quantile_regression(loss, quantile):
    net = linear(loss=loss, quantile=quantile, optimizer="adam", lr_schedule="cosine")
    net.set_params(learning_rate=0.03, max_epochs=1500, batch_size=N).fit(X, Y)
    classic = QuantileRegressor(quantile=quantile, alpha=0).fit(FLAT, Y)

    def risk(prediction):
        error = Y - prediction
        return np.maximum(quantile * error, (quantile - 1) * error).mean()

    assert risk(net.predict(X)) == pytest.approx(risk(classic.predict(FLAT)), rel=1e-3)
    assert_allclose(net.predict(X), classic.predict(FLAT), atol=0.2)
    assert abs((net.predict(X) >= Y).mean() - quantile) < 0.06


@pytest.mark.parametrize("delta", [0.5, 1.35])
def test_a_linear_net_with_the_huber_loss_minimises_it(delta):
    net = linear(loss="huber", delta=delta).fit(X, Y)
    scale = Y.std()

    def risk(coef, intercept):
        error = np.abs(Y - FLAT @ coef - intercept) / scale
        return np.where(error < delta, error**2 / 2, delta * (error - delta / 2)).mean()

    fitted = LinearRegression().fit(FLAT, net.predict(X))
    lowest = risk(fitted.coef_, fitted.intercept_)
    for step in 0.01 * np.vstack([np.eye(7), -np.eye(7)]):
        assert risk(fitted.coef_ + step[:6], fitted.intercept_ + step[6]) > lowest


def test_the_huber_loss_withstands_an_outlier():
    spoilt = Y.copy()
    spoilt[0] = 1e3
    truth = LinearRegression().fit(FLAT, Y).predict(FLAT)
    errors = {
        loss: np.abs(linear(loss=loss, delta=0.01).fit(X, spoilt).predict(X) - truth).max()
        for loss in ("huber", "squared_error")
    }
    classic = HuberRegressor(alpha=0, max_iter=1000).fit(FLAT, spoilt).predict(FLAT)
    assert errors["huber"] < 2 * np.abs(classic - truth).max() + 0.5
    assert errors["huber"] < errors["squared_error"] / 10


@few_epochs
def test_a_hidden_layer_makes_a_model_that_is_not_linear():
    linear_ = LinearRegression().fit(FLAT, Y)
    for activation in ("tanh", "relu"):
        net = hidden(activation=activation).fit(X, Y)
        assert net.score(X, Y) > linear_.score(FLAT, Y) + 0.01
        bent = LinearRegression().fit(FLAT, net.predict(X))
        assert np.abs(bent.predict(FLAT) - net.predict(X)).max() > 0.1
    straight = hidden(activation="identity").fit(X, Y)
    bent = LinearRegression().fit(FLAT, straight.predict(X))
    assert_allclose(bent.predict(FLAT), straight.predict(X), atol=1e-8)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("squared_error", COUNTS.mean()),
        ("absolute_error", np.median(COUNTS)),
        ("poisson", COUNTS.mean()),
    ],
)
@each_net
def test_without_information_in_x_each_loss_predicts_its_own_centre(cls, loss, expected):
    net = small(cls, loss=loss, max_epochs=300, learning_rate=0.03, batch_size=N, alpha=0.0)
    prediction = net.fit(np.zeros_like(X), COUNTS).predict(np.zeros_like(X))
    assert_allclose(prediction, expected, atol=0.05)


# --- scales and units ----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
@each_net
def test_units_of_y_carry_over_to_the_predictions(cls, loss):
    base = small(cls, loss=loss).fit(X, Y).predict(X)
    moved = small(cls, loss=loss).fit(X, 1000.0 * Y - 7.0).predict(X)
    assert_allclose(moved, 1000.0 * base - 7.0, rtol=1e-7)


@each_net
def test_units_of_counts_carry_over_to_the_predictions(cls):
    base = small(cls, loss="poisson").fit(X, COUNTS).predict(X)
    assert_allclose(small(cls, loss="poisson").fit(X, 60.0 * COUNTS).predict(X), 60.0 * base)
    assert (base > 0).all()


@each_net
def test_units_of_channels_do_not_matter(cls):
    base = small(cls).fit(X, Y).predict(X)
    other = X * [1e-3, 1e4] + [5.0, -1e5]
    assert_allclose(small(cls).fit(other, Y).predict(other), base, rtol=1e-6)


@pytest.mark.parametrize("exponents", [(-900, 1000, -1060), (1000, -900, 1020), (110, 130, 90)])
@each_net
def test_units_and_weights_may_be_as_extreme_as_numbers_are(cls, exponents):
    of_x, of_y, of_weight = (2.0**exponent for exponent in exponents)
    net = small(cls, dtype="float32").fit(X, Y, WEIGHT)
    other = small(cls, dtype="float32").fit(X * of_x, Y * of_y, WEIGHT * of_weight)
    assert_array_equal(other.predict(X * of_x), net.predict(X) * of_y)


@pytest.mark.parametrize("largest", [1e30, np.finfo(np.float32).max, np.finfo(np.float64).max])
@pytest.mark.parametrize("standardize", [True, False])
@each_net
def test_predictions_of_finite_sequences_are_finite_in_single_precision(cls, standardize, largest):
    net = small(cls, dtype="float32", standardize=standardize).fit(X, Y)
    extreme = X[:4].copy()
    extreme[0, 1, 0], extreme[1, 2, 1], extreme[2] = largest, -largest, largest
    predictions = net.predict(extreme)
    assert np.isfinite(predictions).all()
    assert_allclose(predictions[3:], net.predict(X[3:4]), rtol=1e-5)


@pytest.mark.parametrize("constant", [1.99, 0.1, -1e-200, 1e300])
@each_net
def test_a_channel_that_is_constant_in_training_is_centred_and_not_magnified(cls, constant):
    price = np.zeros((N, N_STEPS, 1))
    zero = small(cls).fit(np.dstack([X, price]), Y)
    net = small(cls).fit(np.dstack([X, price + constant]), Y)
    assert (net.channel_scale_.mean[2], net.channel_scale_.scale[2]) == (constant, 1.0)
    assert_array_equal(
        net.predict(np.dstack([X, price + constant])), zero.predict(np.dstack([X, price]))
    )
    moved = constant - 0.5
    expected = zero.predict(np.dstack([X, price + (moved - constant)]))
    assert_array_equal(net.predict(np.dstack([X, price + moved])), expected)


@each_net
def test_without_standardisation_units_do_matter(cls):
    net = small(cls, standardize=False).fit(X, Y)
    other = small(cls, standardize=False).fit(10 * X, Y)
    assert np.abs(other.predict(10 * X) - net.predict(X)).max() > 1e-3
    for scale, size in ((net.channel_scale_, 2), (net.target_scale_, 1)):
        assert_array_equal(scale.mean, np.zeros(size))
        assert_array_equal(scale.scale, np.ones(size))


@each_net
def test_rows_that_need_no_scale_are_read_where_they_lie_and_left_alone(cls):
    data = X.copy()
    rows, identity = data.reshape(-1, N_CHANNELS), Scale.identity(N_CHANNELS)
    assert is_scaled(rows, identity, "float64")
    assert not is_scaled(rows, identity, "float32")
    assert not is_scaled(rows, Scale.of(rows, np.ones(len(rows))), "float64")
    for others in (rows[::2], rows.T.copy().T, np.where(rows > 0, rows, np.nan)):
        assert not is_scaled(others, identity, "float64")
    raw_output = small(cls, standardize=False, dtype="float64").fit(data, Y).predict(data)
    assert_array_equal(data, X)
    data.flags.writeable = False  # these are copied
    again = small(cls, standardize=False, dtype="float64").fit(data, Y).predict(data)
    assert_array_equal(again, raw_output)


class Doubling(Callback):
    """Writes to what it is shown."""

    def on_batch_begin(self, net, batch, training, **kwargs):
        batch[0].mul_(2)


def test_a_callback_that_writes_to_batches_does_not_reach_the_data():
    data = X.copy()
    net = small(standardize=False, dtype="float64", shuffle=False, batch_size=N)
    curve = net.fit(data, Y).loss_curve_
    net.set_params(callbacks=[Doubling()]).fit(data, Y)
    assert net.loss_curve_ != curve
    assert_array_equal(data, X)


def test_scales_are_those_of_the_rows_that_are_trained_on():
    net = small(early_stopping=True, validation_fraction=0.25)
    net.fit(X, Y, sample_weight=WEIGHT)
    w = WEIGHT[:60]
    mean = np.average(X[:60].mean(axis=1), axis=0, weights=w)
    square = np.average(((X[:60] - mean) ** 2).mean(axis=1), axis=0, weights=w)
    assert_allclose(net.channel_scale_.mean, mean)
    assert_allclose(net.channel_scale_.scale, np.sqrt(square))
    assert_allclose(net.target_scale_.mean, np.average(Y[:60], weights=w))


@each_net
def test_constant_channels_and_targets_are_fine(cls):
    third = np.full((N, N_STEPS, 1), 0.1)  # whose weighted mean is off by rounding
    data = np.concatenate([X, third], axis=2)
    net = small(cls).fit(data, np.full(N, 3.0), sample_weight=WEIGHT)
    assert_allclose(net.predict(data), 3.0, atol=1.0)
    assert net.channel_scale_.scale[2] == 1.0


# --- shapes and forms ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(N,), (N, 1), (N, 3)])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@each_net
def test_predictions_have_the_shape_of_y(cls, loss, shape):
    y = np.abs(np.resize(Y, shape))
    net = small(cls, loss=loss).fit(X, y)
    assert net.predict(X[:5]).shape == (5, *shape[1:])
    assert net.predict(X[:5]).dtype == np.float64
    assert np.isscalar(net.score(X, y))


def test_several_targets_by_a_linear_net_are_several_regressions():
    y = np.column_stack([Y, 5 - 100 * Y**2, COUNTS])
    together = linear().fit(X, y).predict(X)
    assert_allclose(together, LinearRegression().fit(FLAT, y).predict(FLAT), rtol=1e-5, atol=1e-4)


def test_a_column_is_predicted_as_its_vector():
    column = small().fit(X, Y[:, None]).predict(X)
    assert_array_equal(column[:, 0], small().fit(X, Y).predict(X))


@each_net
def test_blocks_of_columns_are_steps_of_channels(cls):
    by_steps = small(cls).fit(X, Y)
    by_columns = small(cls, n_channels=2).fit(FLAT, Y)
    assert_array_equal(by_columns.predict(FLAT), by_steps.predict(X))
    assert (by_columns.n_features_in_, by_steps.n_features_in_) == (6, 2)
    for net in (by_columns, by_steps):
        assert (net.n_steps_, net.n_channels_) == (3, 2)
    other = small(cls).fit(FLAT, Y)
    assert (other.n_steps_, other.n_channels_) == ((1, 6) if cls is DenseRegressor else (6, 1))
    one = small(cls, n_channels=1).fit(FLAT, Y)
    assert (one.n_steps_, one.n_channels_) == (6, 1)
    assert not np.allclose(other.predict(FLAT), by_steps.predict(X))


@each_net
def test_windows_as_a_view_are_their_copy(cls):
    rows = np.random.default_rng(0).normal(size=(N + 2, 2))
    view = lag_windows(rows, 3)
    assert np.shares_memory(view, rows)
    copy = np.ascontiguousarray(view)
    net = small(cls).fit(view, Y)
    assert_allclose(net.predict(view), small(cls).fit(copy, Y).predict(copy), rtol=1e-10)
    assert_allclose(net.predict(view), net.predict(copy), rtol=1e-12)
    assert_allclose(net.predict(view[::-1])[::-1], net.predict(copy), rtol=1e-12)


@pytest.mark.parametrize("kind", ["float32", "int64", "int8", "bool", "list", "fortran"])
def test_other_forms_of_the_same_numbers_give_the_same_net(kind):
    numbers = np.round(X)
    if kind == "bool":
        numbers = numbers > 0
    forms = {"list": lambda a: a.tolist(), "fortran": np.asfortranarray}
    other = forms.get(kind, lambda a: a.astype(kind))(numbers)
    expected = small().fit(numbers.astype(float), Y).predict(numbers.astype(float))
    assert_allclose(small().fit(other, Y).predict(other), expected, rtol=1e-6)


def test_read_only_data_are_left_as_they_were():
    data, y = X.copy(), Y.copy()
    data.flags.writeable = y.flags.writeable = False
    assert_array_equal(small().fit(data, y).predict(data), small().fit(X, Y).predict(X))
    assert_array_equal(data, X)


def test_predictions_do_not_depend_on_the_other_rows(monkeypatch):
    for cls in NETS:
        net = small(cls).fit(X, Y)
        whole = net.predict(X)
        assert_allclose(np.concatenate([net.predict(X[[i]]) for i in range(N)]), whole, rtol=1e-9)
        order = RNG.permutation(N)
        assert_allclose(net.predict(X[order]), whole[order], rtol=1e-9)


def test_names_of_columns_are_learned_and_held_against():
    frame = pd.DataFrame(FLAT, columns=list("abcdef"))
    net = small(n_channels=2)
    with pytest.warns(UserWarning, match=r"^The indexes of X and y differ: row 0 is 0 in X and 5"):
        net.fit(frame, pd.Series(Y, index=range(5, N + 5)))
    assert list(net.feature_names_in_) == list("abcdef")
    assert_array_equal(net.predict(frame), small().fit(X, Y).predict(X))
    text = "X: The feature names should match those that were passed during fit."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        net.predict(frame[list("bacdef")])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        net.predict(FLAT)


@pytest.mark.parametrize("cls", [LSTMRegressor, TCNRegressor])
def test_nets_along_the_steps_take_sequences_of_another_length(cls):
    net = small(cls).fit(X, Y)
    assert net.predict(X[:, :2]).shape == (N,)
    longer = np.concatenate([X, X], axis=1)
    assert not np.allclose(net.predict(longer), net.predict(X))


# --- refusals ------------------------------------------------------------------------------------

NOT_FINITE = np.where(np.arange(N)[:, None, None] == 3, np.inf, X)
REFUSED = {
    "one dimension": (
        Y,
        Y,
        {},
        "X must have two or three dimensions; got one, of length 80. Reshape",
    ),
    "no dimension": (3.0, Y, {}, "X: Expected 2D array, got scalar array instead:"),
    "four dimensions": (X[None], Y, {}, "X must have two or three dimensions; got 4."),
    "columns that are no blocks": (
        FLAT,
        Y,
        {"n_channels": 4},
        "X has 6 columns, which is not a multiple of n_channels=4; the columns must be blocks of "
        "n_channels, a block for each step, oldest first.",
    ),
    "other channels than n_channels": (
        X,
        Y,
        {"n_channels": 3},
        "X has 2 channels in its last axis, but n_channels=3; leave n_channels at None for a 3-D "
        "X.",
    ),
    "no samples": (
        X[:0],
        Y[:0],
        {},
        "X: Found array with 0 sample(s) (shape=(0, 3, 2)) while a minimum of 1 is required by "
        "DenseRegressor.",
    ),
    "no steps": (
        X[:, :0],
        Y,
        {},
        "X must hold at least one step of one channel; got the shape (80, 0, 2).",
    ),
    "no channels": (
        X[:, :, :0],
        Y,
        {},
        "X must hold at least one step of one channel; got the shape (80, 3, 0).",
    ),
    "infinite": (
        NOT_FINITE,
        Y,
        {},
        "Input X contains infinity or a value too large for dtype('float64').",
    ),
    "infinite, flat": (
        NOT_FINITE.reshape(N, 6),
        Y,
        {},
        "Input X contains infinity or a value too large for dtype('float64').",
    ),
    "complex": (X + 1j, Y, {}, "Complex data not supported: X has the dtype complex128."),
    "complex, flat": (FLAT + 1j, Y, {}, "Complex data not supported: X has the dtype"),
    "object strings": (
        np.full(X.shape, "a", dtype=object),
        Y,
        {},
        "X must hold numbers, in a regular array. could not convert",
    ),
    "object strings, flat": (
        np.full(FLAT.shape, "a", dtype=object),
        Y,
        {},
        "X must hold numbers, in a regular array. could not convert",
    ),
    "strings": (
        np.full(X.shape, "a"),
        Y,
        {},
        "X must hold numbers; got the dtype <U1.",
    ),
    "no y": (
        X,
        None,
        {},
        "This DenseRegressor estimator requires y to be passed, but the target y is None.",
    ),
    "y of another length": (
        X,
        Y[:-1],
        {},
        "y has 79 samples, but X has 80; give one for each sample of X.",
    ),
    "y of another length, flat": (
        FLAT,
        Y[:-1],
        {},
        "y has 79 samples, but X has 80; give one for each sample of X.",
    ),
    "infinite y": (
        X,
        np.where(Y > 2, np.inf, Y),
        {},
        "Input y contains infinity or a value too large for dtype('float64').",
    ),
    "missing y": (X, np.where(Y > 2, np.nan, Y), {}, "Input y contains NaN."),
    "strings as y": (X, np.full(N, "a"), {}, "y must hold numbers; got the dtype <U1."),
    "negative counts": (
        X,
        COUNTS - 1.0,
        {"loss": "poisson"},
        'loss="poisson" needs y to be non-negative; got a minimum of -1.',
    ),
    "no counts": (
        X,
        0 * COUNTS,
        {"loss": "poisson"},
        'loss="poisson" needs y to have a positive mean in each output.',
    ),
    "no units": (
        X,
        Y,
        {"hidden_layer_sizes": (3, 0)},
        "hidden_layer_sizes must hold integers of at least 1; got (3, 0).",
    ),
    "half units": (
        X,
        Y,
        {"hidden_layer_sizes": [2.5]},
        "hidden_layer_sizes must hold integers of at least 1; got [2.5].",
    ),
    "no such device": (X, Y, {"device": "abacus"}, "device='abacus' cannot be used: "),
    "too few to hold out": (
        X[:1],
        Y[:1],
        {"early_stopping": True},
        "early_stopping=True needs at least two samples; got 1 with validation_fraction=0.1.",
    ),
}


@pytest.fixture
def no_training(monkeypatch):
    """Let every step of training fail."""
    monkeypatch.setattr("sklearn_rnn._training.loop.Trainer.epoch", None)


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(("data", "y", "parameters", "text"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_input_is_refused_in_words_before_training(data, y, parameters, text, method):
    if method == "partial_fit" and "early_stopping" in parameters:
        method = "fit"  # partial_fit does not hold out
    if parameters == {"loss": "poisson"} and not np.any(y):
        method = "fit"  # in parts, counts may come later
    net = small(**parameters)
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        getattr(net, method)(data, y)
    assert vars(net) == net.get_params()


@pytest.mark.usefixtures("no_training")
def test_sparse_input_is_refused():
    text = (
        "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to "
        "a dense numpy array."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(text)}"):
        small().fit(csr_array(FLAT), Y)


ZERO_WEIGHTS = (
    # scikit-learn from 1.9 on
    "sample_weight: Sample weights must contain at least one non-zero number.",
    "All samples have weight zero; give some a positive weight.",
)


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize(
    ("weight", "texts"),
    [
        (-WEIGHT, ["Negative values in data passed to `sample_weight`."]),
        (0 * WEIGHT, ZERO_WEIGHTS),
        (WEIGHT[:-1], ["sample_weight.shape == (79,), expected (80,)!"]),
        (np.where(WEIGHT > 2, np.nan, WEIGHT), ["Input sample_weight contains NaN."]),
        (WEIGHT[:, None], ["sample_weight: Sample weights must be 1D array or scalar"]),
    ],
    ids=["negative", "zero", "short", "missing", "column"],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_weights_are_refused_in_words(weight, texts, method):
    net = small()
    with pytest.raises(ValueError, match="^(" + "|".join(map(re.escape, texts)) + ")"):
        getattr(net, method)(X, Y, sample_weight=weight)
    assert vars(net) == net.get_params()


@pytest.mark.parametrize(
    ("fitted_on", "data", "text"),
    [
        (
            X,
            X[:, :, :1],
            "X has 1 channels, but DenseRegressor is expecting 2 channels as input.",
        ),
        (
            X,
            X[:, :2],
            "X has 2 steps, but DenseRegressor was fitted on 3 and needs as many.",
        ),
        (X, FLAT, "X has 6 features, but DenseRegressor is expecting 2 features as input."),
        (
            X,
            FLAT[:, :2],
            "X has 1 steps, but DenseRegressor was fitted on 3 and needs as many.",
        ),
        (FLAT, X, "X has 2 channels, but DenseRegressor is expecting 6 channels as input."),
        (FLAT, FLAT[:, :5], "X has 5 features, but DenseRegressor is expecting 6 features"),
        (
            FLAT,
            np.zeros((4, 6, 6)),
            "X has 6 steps, but DenseRegressor was fitted on 1 and needs as many.",
        ),
        (X, NOT_FINITE, "Input X contains infinity or a value too large for dtype('float64')."),
        (X, X[:0], "X: Found array with 0 sample(s) (shape=(0, 3, 2)) while a minimum of 1"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "fit", "partial_fit", "X_val"])
def test_data_unlike_those_of_fit_are_refused_in_words(fitted_on, data, text, method):
    net = small(warm_start=True).fit(fitted_on, Y)
    before, y = net.predict(fitted_on), np.resize(Y, len(data))
    text = f"{UNUSABLE}{text}" if method == "X_val" else text
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):  # noqa: PT012  # one call
        if method == "X_val":
            small().fit(fitted_on, Y, X_val=data, y_val=y)
        elif method == "predict":
            net.predict(data)
        else:
            getattr(net, method)(data, y)
    assert_array_equal(net.predict(fitted_on), before)


@pytest.mark.parametrize("cls", [LSTMRegressor, TCNRegressor])
def test_nets_along_the_steps_refuse_other_channels_too(cls):
    net = small(cls).fit(X, Y)
    text = f"X has 1 channels, but {cls.__name__} is expecting 2 channels as input."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        net.predict(X[:, :, :1])


@pytest.mark.parametrize("given", [{"X_val": X}, {"y_val": Y}])
def test_validation_data_come_as_a_pair(given):
    text = "X_val and y_val must be given together; got only one of them."
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        small().fit(X, Y, **given)


@pytest.mark.parametrize(
    ("fitted_on", "y", "text"),
    [
        (
            Y,
            Y[:, None],
            "y has the shape (80, 1), but DenseRegressor was fitted on targets of the shape "
            "(n_samples).",
        ),
        (
            np.column_stack([Y, Y]),
            Y,
            "y has the shape (80,), but DenseRegressor was fitted on targets of the shape "
            "(n_samples, 2).",
        ),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "y_val"])
def test_targets_of_another_shape_are_refused_in_words(fitted_on, y, text, method):
    net = small(warm_start=True).fit(X, fitted_on)
    text = f"{UNUSABLE}{text}" if method == "y_val" else text
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):  # noqa: PT012  # one call
        if method == "y_val":
            small().fit(X, fitted_on, X_val=X, y_val=y)
        else:
            getattr(net, method)(X, y)


def test_counts_of_zero_may_come_later():
    net = small(loss="poisson").partial_fit(X, COUNTS).partial_fit(X, 0 * COUNTS)
    assert net.n_iter_ == 2


def test_another_loss_after_fit_changes_no_prediction():
    net = small().fit(X, Y)
    before = net.predict(X)
    assert_array_equal(net.set_params(loss="poisson").predict(X), before)


@pytest.mark.parametrize(
    ("bad", "error", "text"),
    [
        ([[[1.0], [2.0]], [[1.0]]], ValueError, "X holds sequences of different length, but Dense"),
        (np.full((2, 3, 1), np.datetime64("2020-01-01")), TypeError, "X must hold numbers; got"),
    ],
    ids=["ragged", "times"],
)
def test_the_name_of_x_stands_in_the_errors_of_numpy(bad, error, text):
    with pytest.raises(error, match=f"^{text}"):
        small().fit(bad, [0.0, 1.0])


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pd.date_range("2026", periods=80), "X must hold numbers, but its column 'b' is of the"),
        (pd.timedelta_range("1h", periods=80), "X must hold numbers, but its column 'b' is of"),
        (np.array(["u", 1.0] * 40, dtype=object), "X must hold numbers. In its column 'b': could"),
        (1j * Y, "Complex data not supported: column 'b' of X is complex128."),
    ],
    ids=["dates", "durations", "objects", "complex"],
)
@pytest.mark.parametrize("reader", [small, LagTransformer, PersistenceRegressor])
def test_columns_that_are_no_numbers_are_refused_by_name(reader, column, text):
    table = pd.DataFrame({"a": Y, "b": column})
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(text)}"):
        reader().fit(table, Y)
    reader().fit(pd.DataFrame({"a": Y, "b": np.full(80, 3, object)}), Y)


@pytest.mark.parametrize("reader", [small, LagRidge, PersistenceRegressor])
@pytest.mark.parametrize("labels", [["u", "v"], [1, 2]])
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_categories_that_are_no_channels_of_windows_are_refused_by_name(reader, labels, library):
    table = pd.DataFrame({"a": Y, "b": pd.Categorical(labels * 40)})
    if library == "polars":
        column = pl.Series(list(map(str, labels)) * 40, dtype=pl.Categorical)
        table = pl.DataFrame({"a": Y, "b": column})
    text = r"^X has the categories \['b'\], which .* put LagTransformer\(1, delay=0\) before it"
    with pytest.raises(ValueError, match=text):
        reader().fit(table, Y)


def test_a_net_of_flat_windows_reads_the_same_windows_in_three_dimensions():
    net = small(n_channels=2).fit(FLAT, Y)
    assert_array_equal(net.predict(X), net.predict(FLAT))
    with pytest.raises(ValueError, match=r"^X has 1 channels in its last axis, but n_channels=2"):
        net.predict(X[:, :, :1])
