"""Drawn designs: windows as a strided view, the same written out, targets and weights."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rnn._sequences.windows import lag_windows

KINDS = ("white", "walk", "level", "collinear")


@dataclass
class Drawn:
    windows: np.ndarray  # (n, n_lags, n_channels), a view
    flat: np.ndarray  # (n, n_lags * n_channels), less the level
    y: np.ndarray
    level: float
    weight: np.ndarray | None

    @property
    def target(self):
        """Return y less the level."""
        return self.y - self.level


def draw(seed, n_outputs=None, *, condition=1e4):
    """Draw a design whose columns have at most a certain condition number."""
    rng = np.random.default_rng(seed)
    while True:
        drawn = _draw(rng, n_outputs)
        if np.linalg.cond(drawn.flat - drawn.flat.mean(axis=0)) < condition:
            return drawn


def _draw(rng, n_outputs):
    kind = KINDS[rng.integers(len(KINDS))]
    n_channels, n_lags, step = rng.integers(1, 4), rng.integers(1, 8), rng.integers(1, 4)
    n_rows, every = rng.integers(150, 300), rng.choice([1, 1, 1, 2, 3])
    rows = rng.normal(size=(n_rows, n_channels))
    if kind in ("walk", "collinear"):
        rows = lfilter([1], [1, -0.9 if kind == "walk" else -0.999], rows, axis=0)
    windows = lag_windows(rows, n_lags, step=step)[::every]
    flat = windows.reshape(len(windows), -1)
    coef = rng.normal(size=(flat.shape[1], n_outputs or 1)) * (rng.random((flat.shape[1], 1)) < 0.5)
    y = flat @ coef + rng.normal(size=(len(flat), n_outputs or 1))
    level = 1e6 if kind == "level" else 0.0
    if level:
        windows = lag_windows(rows + level, n_lags, step=step)[::every]
        flat = (windows - level).reshape(len(windows), -1)  # as the rounded rows have them
    weight = None
    if rng.random() < 0.5:
        weight = rng.uniform(size=len(flat)) * (rng.random(len(flat)) < 0.9)
    return Drawn(windows, flat, (y if n_outputs else y.ravel()) + level, level, weight)


def fit_flat(model, drawn, *, standardize):
    """Fit a model of scikit-learn to the flat windows, whose columns may be standardised."""
    pipeline = make_pipeline(*[StandardScaler()] * standardize, model)
    weights = {f"{name}__sample_weight": drawn.weight for name, _ in pipeline.steps}
    return pipeline.fit(drawn.flat, drawn.target, **weights)


def assert_same_predictions(ours, theirs, drawn):
    """Check predictions of our model of the windows and theirs of the flat ones, less the level."""
    predicted = ours.predict(drawn.windows) - drawn.level
    assert_same(predicted, theirs.predict(drawn.flat), drawn.y)


def assert_same(ours, theirs, y):
    """Check predictions to 1e-8 of the deviation of y, after a shift of its level."""
    scale = np.std(y, axis=0).max()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8 * scale)
