"""Drawn panels: windows by `LagTransformer`, and the same written out by a look-up in the table."""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from sklearn_rnn import LagTransformer
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.exceptions import IncompleteWindowsWarning


@dataclass
class Panel:
    """Windows of a table of several series; arrays have a row for each of them.

    `level` is what `flat` lacks, and what is taken from y; NaN is a missing value or row.
    """

    windows: WindowArray
    flat: np.ndarray
    is_complete: np.ndarray
    y: np.ndarray
    level: float
    weight: np.ndarray | None

    @property
    def fitted(self):
        """Return the samples that are fitted."""
        is_used = self.is_complete if self.weight is None else self.is_complete & (self.weight > 0)
        return np.flatnonzero(is_used)

    def target(self, index):
        return self.y[index] - self.level

    def weights(self, index):
        return None if self.weight is None else self.weight[index]

    def imputed(self, train, index):
        """Return samples, with the mean of each channel over the windows of a training set."""
        n_lags, n_channels = self.windows.shape[1:]
        own = self.flat[train].reshape(-1, n_lags, n_channels)
        weight = np.ones(len(train)) if self.weight is None else self.weight[train]
        weight = np.where(np.isnan(own), 0.0, weight[:, np.newaxis, np.newaxis])
        mean = (np.nan_to_num(own) * weight).sum(axis=(0, 1)) / weight.sum(axis=(0, 1))
        return np.where(np.isnan(self.flat[index]), np.tile(mean, n_lags), self.flat[index])

    def condition(self):
        """Return the condition number of the training set, or infinity if it is small."""
        design = self.imputed(self.fitted, self.fitted)
        if len(design) < 3 * design.shape[1]:
            return np.inf
        weight = np.ones(len(design)) if self.weight is None else self.weight[self.fitted]
        design = design - np.average(design, axis=0, weights=weight)
        return np.linalg.cond(design * np.sqrt(weight)[:, np.newaxis])


def draw_panel(seed, n_outputs=None, *, weighted=None, condition=1e4):
    """Draw a panel whose training set has at most a certain condition number."""
    rng = np.random.default_rng(seed)
    while True:
        panel = _draw_panel(rng, n_outputs, rng.random() < 0.5 if weighted is None else weighted)
        if panel.condition() < condition:
            return panel


def _draw_panel(rng, n_outputs, weighted):
    table, level = _draw_table(rng), rng.choice([0.0, 0.0, 1e6])
    names = list(table.columns[2:])
    n_lags, delay, step = (int(rng.integers(1, most)) for most in (6, 4, 4))
    known = names[:1] if len(names) > 1 and rng.random() < 0.3 else None
    table[names] += level
    lags = LagTransformer(
        n_lags, delay=delay, step=step, known_ahead=known, time="time", series="series"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWindowsWarning)  # of short series
        windows = lags.set_params(lag_unit="time").fit_transform(table)
    table[names] -= level  # as the rounded rows have them
    steps = step * np.arange(n_lags)[::-1]
    lags = [
        (name, lag + (0 if name in (known or []) else delay)) for lag in steps for name in names
    ]
    flat, is_complete = _look_up(table, lags)
    shape = (flat.shape[1], n_outputs or 1)
    coef = rng.normal(size=shape) * (rng.random((flat.shape[1], 1)) < 0.5)
    y = np.nan_to_num(flat) @ coef + rng.normal(size=(len(flat), n_outputs or 1)) + level
    weight = rng.uniform(size=len(y)) * (rng.random(len(y)) < 0.9) if weighted else None
    return Panel(windows, flat, is_complete, y if n_outputs else y.ravel(), level, weight)


def _draw_table(rng):
    """Draw series of different lengths, with missing rows and missing values, in any order."""
    n_channels, parts = int(rng.integers(1, 4)), []
    for series in range(rng.integers(1, 5)):
        values = rng.normal(size=(rng.integers(40, 120), n_channels))
        values = lfilter([1], [1, -rng.choice([0.0, 0.9, 0.999])], values, axis=0)
        part = pd.DataFrame(values, columns=list("abc")[:n_channels])
        part.insert(0, "time", np.arange(len(part)) + rng.integers(20))
        part.insert(0, "series", series)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    if n_channels > 1 and rng.random() < 0.3:  # nearly collinear
        table["b"] = table["a"] + 1e-2 * table["b"]
    if rng.random() < 0.7:
        table = table[rng.random(len(table)) < 0.97]
    if rng.random() < 0.5:
        values = table[table.columns[2:]]
        table = table.assign(**values.mask(rng.random(values.shape) < 0.03))
    return table.sample(frac=1, random_state=int(rng.integers(99))).reset_index(drop=True)


def _look_up(table, lags):
    """Return the values of (column, lag) in the series of each row, and whether the rows exist."""
    series, time = table["series"].to_numpy(), table["time"].to_numpy()
    shape = (series.max() + 1, time.max() + 1 + max(lag for _, lag in lags))  # 0 is long before
    is_row, columns = np.zeros(shape, dtype=bool), []
    is_row[series, time] = True
    for name, lag in lags:
        values = np.full(shape, np.nan)
        values[series, time] = table[name]
        columns.append(values[series, time - lag])
    return np.column_stack(columns), np.all([is_row[series, time - lag] for _, lag in lags], axis=0)
