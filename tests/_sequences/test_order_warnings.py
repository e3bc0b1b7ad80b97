"""Arrays whose steps stand in another order than is read are a warning with the call to make."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from sklearn_rnn import (
    CNNRegressor,
    DenseRegressor,
    GRURegressor,
    LagRidge,
    LagTransformer,
    TCNRegressor,
)
from tests.nets import few_epochs

pytestmark = few_epochs

RNG = np.random.default_rng(0)
SERIES = RNG.normal(size=(80, 2))
WINDOWS = np.ascontiguousarray(sliding_window_view(SERIES, 4, axis=0).swapaxes(1, 2))  # by step
Y = np.append(WINDOWS[1:, -1, 0], 0.0)
UNIVARIATE = WINDOWS[:, :, 0].copy()
BY_VARIABLE = np.hstack([WINDOWS[:, :, 0], WINDOWS[:, :, 1]])
WAVES = np.sin(np.arange(50) / 5 + RNG.uniform(0, 6, size=(len(Y), 2, 1)))


def fit(X, cls=GRURegressor):
    return cls(max_epochs=1, early_stopping=False, random_state=0).fit(X, Y)


FOUND = {
    "newest first": (UNIVARIATE[:, ::-1].copy(), "X[:, ::-1]", UNIVARIATE),
    "newest first, two variables": (WINDOWS[:, ::-1].copy(), "X[:, ::-1]", WINDOWS),
    "channels first": (WINDOWS.swapaxes(1, 2).copy(), "X.swapaxes(1, 2)", WINDOWS),
    "newest first, channels first": (
        WINDOWS[:, ::-1].swapaxes(1, 2).copy(),
        "X.swapaxes(1, 2)[:, ::-1]",
        WINDOWS,
    ),
    "one channel first": (UNIVARIATE[:, np.newaxis], "X.swapaxes(1, 2)", UNIVARIATE[:, :, None]),
    "by variable": (BY_VARIABLE, "X.reshape(len(X), 2, 4).swapaxes(1, 2)", WINDOWS),
    "waves, channels first": (WAVES, "X.swapaxes(1, 2)", WAVES.swapaxes(1, 2)),
}


@pytest.mark.parametrize("case", FOUND)
@pytest.mark.parametrize("cls", [GRURegressor, TCNRegressor, CNNRegressor])
def test_another_order_is_a_warning_whose_call_gives_the_right_one(cls, case):
    X, call, expected = FOUND[case]
    with pytest.warns(UserWarning, match=rf"; give {re.escape(call)}[.,]") as raised:
        net = fit(X, cls)
    assert len(raised) == 1
    net.predict(X)  # tells it no more
    right = eval(call, {"X": X, "len": len})
    assert np.array_equal(right, expected)
    fit(right, cls)


QUIET = {
    "windows": WINDOWS,
    "one variable": UNIVARIATE,
    "with gaps": np.delete(UNIVARIATE, np.arange(0, 77, 5), axis=0),
    "constant": np.ones((40, 4)),
    "period of two": np.tile([[0.0, 1, 0, 1], [1, 0, 1, 0]], (20, 1)),
    "noise": RNG.normal(size=(40, 3, 8)),
    "many channels, one step": RNG.normal(size=(40, 1, 8)),
    "waves": WAVES.swapaxes(1, 2).copy(),
    "few values": RNG.integers(0, 2, size=(60, 6)).astype(float),
    "two samples": WINDOWS[:2, ::-1].copy(),
    "missing": np.where(RNG.uniform(size=UNIVARIATE.shape) < 0.1, np.nan, UNIVARIATE),
}


@pytest.mark.parametrize("case", QUIET)
def test_what_may_be_right_is_no_warning(case):
    X = QUIET[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # one epoch is too few to converge
        warnings.filterwarnings("ignore", "Stochastic|max_epochs|.*converge")
        GRURegressor(max_epochs=1, early_stopping=False).fit(X, RNG.normal(size=len(X)))


def test_names_of_lags_tell_the_order_without_a_warning():
    table = pd.DataFrame(UNIVARIATE[:, ::-1], columns=["lag_1", "lag_2", "lag_3", "lag_4"])
    assert np.allclose(fit(table).predict(table), fit(UNIVARIATE).predict(UNIVARIATE))


def test_models_without_an_order_of_steps_do_not_warn():
    fit(UNIVARIATE[:, ::-1].copy(), DenseRegressor)
    LagRidge().fit(UNIVARIATE[:, ::-1].copy(), Y)


def test_windows_of_the_package_do_not_warn():
    fit(LagTransformer(3, delay=0).fit_transform(SERIES)[: len(Y)])
