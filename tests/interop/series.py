"""A series, and the network that has read its windows in the right order, oldest first."""

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from sklearn_rnn import LSTMRegressor

N_LAGS = 3
VALUES = np.random.default_rng(0).normal(size=80).cumsum()
SERIES = pd.Series(VALUES, pd.date_range("2026-01-01", periods=80, freq="D"), name="y")
WINDOWS = np.ascontiguousarray(sliding_window_view(VALUES, N_LAGS)[:-1])
TARGETS = VALUES[N_LAGS:]


def network():
    return LSTMRegressor(hidden_size=4, max_epochs=3, early_stopping=False, random_state=0)


def has_read(net, windows):
    """Return whether a network was fitted to these windows, by its losses."""
    expected = network().fit(windows, TARGETS).loss_curve_
    return np.allclose(net.loss_curve_, expected, rtol=1e-6)
