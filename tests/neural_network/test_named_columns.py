"""Names of columns tell networks the channels and the order of the lags of a flat table."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn import (
    DenseClassifier,
    DenseRegressor,
    LagTransformer,
    LSTMRegressor,
    PersistenceRegressor,
)
from tests.nets import NETS, STEPWISE, few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(RNG.normal([3.0, -100.0], [1.0, 40.0], size=(60, 2)), columns=["a", "b"])
WINDOWS = np.array(LagTransformer(4).fit_transform(ROWS))[4:]
FLAT = WINDOWS.reshape(56, 8)
NAMES = [f"{channel}_lag{lag}" for lag in (4, 3, 2, 1) for channel in ("a", "b")]
TABLE = pd.DataFrame(FLAT, columns=NAMES)
Y = ROWS["a"].to_numpy()[4:]
SIZES = {"hidden_size": 3, "num_channels": 3, "hidden_layer_sizes": (3,)}
each_net = pytest.mark.parametrize("cls", NETS, ids=lambda cls: cls.__name__)


def make(cls, **parameters):
    sizes = {name: value for name, value in SIZES.items() if name in cls().get_params()}
    settings = {"max_epochs": 2, "random_state": 0, "device": "cpu"}
    return cls(**{**sizes, **settings, **parameters})


def target(net):
    return np.median(Y) < Y if is_classifier(net) else Y


def raw_output(net, X):
    return getattr(net, "decision_function", net.predict)(X)


@each_net
@pytest.mark.parametrize("parameters", [{}, {"linear_skip": True}, {"penalty": "group"}])
def test_a_table_with_names_is_read_as_the_windows_that_it_holds(cls, parameters):
    given = {"alpha": 0.1, "l1_ratio": 1.0, **parameters}
    windows = make(cls, **given).fit(WINDOWS, target(make(cls)))
    columns = sorted(NAMES)  # first all lags of channel a, newest first
    table = make(cls, **given).fit(TABLE[columns], target(make(cls)))
    assert (table.n_steps_, table.n_channels_, table.n_features_in_) == (4, 2, 8)
    assert table.n_parameters_ == windows.n_parameters_
    assert_array_equal(table.channel_scale_.mean, windows.channel_scale_.mean)
    assert_array_equal(raw_output(table, TABLE[columns]), raw_output(windows, WINDOWS))
    if "penalty" in parameters or not cls.__name__.startswith("TCN"):
        assert_array_equal(table.selected_channels_, windows.selected_channels_)


@each_net
@pytest.mark.parametrize("style", ["lag_{}", "lag{}", "y_lag_{}"])
def test_lags_newest_first_are_read_oldest_first(cls, style):
    names = [style.format(lag) for lag in (1, 2, 3, 4)]
    newest_first = pd.DataFrame(WINDOWS[:, ::-1, 0], columns=names)
    table = make(cls).fit(newest_first, target(make(cls)))
    windows = make(cls).fit(WINDOWS[:, :, :1], target(make(cls)))
    expected = raw_output(windows, WINDOWS[:, :, :1])
    assert_allclose(raw_output(table, newest_first), expected, rtol=1e-9, atol=1e-12)


@each_net
def test_the_order_of_fit_holds_in_every_later_call(cls):
    shuffled = TABLE[NAMES[::-1]]
    net, y = make(cls, warm_start=True), target(make(cls))
    net.fit(shuffled, y, X_val=shuffled, y_val=y)
    net.fit(shuffled, y)
    net.partial_fit(shuffled, y)
    expected = raw_output(net, shuffled)
    for same in (WINDOWS[:, :, ::-1], shuffled.to_numpy()):
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            assert_allclose(raw_output(net, same), expected, rtol=1e-9, atol=1e-12)
    with pytest.raises(ValueError, match=r"^X: The feature names should match"):
        net.predict(TABLE)


@pytest.mark.parametrize("cls", STEPWISE, ids=lambda cls: cls.__name__)
def test_a_missing_newest_step_of_named_lags_keeps_its_place(cls):
    net = make(cls).fit(TABLE, target(make(cls)))
    missing = TABLE.assign(a_lag1=np.nan, b_lag1=np.nan)
    mean = net.channel_scale_.mean
    filled = TABLE.assign(a_lag1=mean[0], b_lag1=mean[1])
    assert_allclose(raw_output(net, missing), raw_output(net, filled), rtol=1e-9)


@pytest.mark.parametrize("cls", [LSTMRegressor, DenseRegressor, PersistenceRegressor])
@pytest.mark.parametrize(
    ("columns", "n_channels", "text"),
    [
        ([*NAMES[:7], "price"], None, "^X has .* 'a_lag4', and others: 'price'. Leave"),
        (NAMES, 1, "^n_channels=1, but the columns of X are lags of 2 channels: 'a', 'b'. Leave"),
        (NAMES, 4, "^n_channels=4, but"),
        ([*NAMES[:7], "b_lag9"], None, "^X has the lags 1, 2, 3, 4 of 'a', but 2, 3, 4, 9 of 'b'"),
    ],
)
def test_names_that_contradict_are_refused_before_training(cls, columns, n_channels, text):
    net = cls(n_channels=n_channels)
    with pytest.raises(ValueError, match=text):
        net.fit(TABLE.set_axis(columns, axis=1), Y)
    assert vars(net) == net.get_params()


def test_the_transformer_hands_its_names_to_a_network():
    flat = LagTransformer(4, flatten=True).set_output(transform="pandas")
    table = flat.fit_transform(ROWS)[4:]  # complete rows: the others are omitted from windows
    assert list(table.columns) == NAMES
    net = make(LSTMRegressor).fit(table, Y)
    windows = make(LSTMRegressor).fit(LagTransformer(4).fit_transform(ROWS)[4:], Y)
    assert_allclose(net.predict(table), windows.predict(WINDOWS), rtol=1e-9)


# --- dense networks on tables --------------------------------------------------------------------

UNITS = FLAT * 10.0 ** np.arange(-4, 4) + np.arange(8)


@pytest.mark.parametrize("cls", [DenseRegressor, DenseClassifier])
def test_each_column_of_a_table_has_a_scale_of_its_own(cls):
    net = make(cls).fit(UNITS, target(make(cls)))
    scaler = StandardScaler().fit(UNITS)
    assert_allclose(net.channel_scale_.mean, scaler.mean_)
    assert_allclose(net.channel_scale_.scale, scaler.scale_)
    assert net.selected_channels_.shape == (8,)
    scaled = make(cls).fit(scaler.transform(UNITS), target(make(cls)))
    assert_allclose(
        raw_output(net, UNITS), raw_output(scaled, scaler.transform(UNITS)), rtol=1e-6, atol=1e-9
    )
    common = make(cls, n_channels=1).fit(UNITS, target(make(cls)))
    assert common.channel_scale_.scale.shape == (1,)


@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_a_linear_net_on_a_table_is_ridge_behind_a_scaler(alpha):
    settings = {"hidden_layer_sizes": (), "optimizer": "lbfgs", "max_epochs": 500, "tol": 0.0}
    net = DenseRegressor(**settings, patience=50, alpha=alpha, random_state=0).fit(UNITS, Y)
    classic = make_pipeline(StandardScaler(), Ridge(alpha=alpha * len(Y))).fit(UNITS, Y)
    assert_allclose(net.predict(UNITS), classic.predict(UNITS), atol=1e-6)
    labels = target(DenseClassifier())
    net = DenseClassifier(**settings, patience=50, alpha=alpha, random_state=0).fit(UNITS, labels)
    logistic = LogisticRegression(C=1 / (alpha * len(Y)), tol=1e-8, max_iter=1000)
    classic = make_pipeline(StandardScaler(), logistic).fit(UNITS, labels)
    assert_allclose(net.predict_proba(UNITS), classic.predict_proba(UNITS), atol=1e-5)


def test_a_column_of_a_table_has_an_indicator_of_its_own():
    table = UNITS.copy()
    table[::3, 5] = np.nan
    assert_array_equal(make(DenseRegressor).fit(table, Y).missing_channels_, [5])
