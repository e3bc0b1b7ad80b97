"""Values of a case: rows, sequences, targets and weights, ordinary ones and others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

EXTREME, HUGE = 1e150, 1e290
"""From which numbers an overflow error is allowed, and from which infinite predictions."""

COLUMNS = ["a", "b", "c"]
N_ROWS, N_STEPS = 28, 4

# What is done to the ordinary values.
OF_X = {
    "missing values": lambda x, rng: _put(x, rng, np.nan),
    "a column of missing values": lambda x, rng: _put_column(x, np.nan),
    "infinity": lambda x, rng: _put(x, rng, np.inf),
    "one value of 1e100": lambda x, rng: _put(x, rng, 1e100),
    "one value of -1e300": lambda x, rng: _put(x, rng, -1e300),
    "times 1e140": lambda x, rng: x * 1e140,
    "times 1e160": lambda x, rng: x * 1e160,
    "times 1e300": lambda x, rng: x * 1e300,
    "times 1e-300": lambda x, rng: x * 1e-300,
    "a constant column": lambda x, rng: _put_column(x, 7.0),
    "plus 1e9": lambda x, rng: x + 1e9,
    "whole numbers": lambda x, rng: np.rint(10 * x).astype(np.int64),
    "true and false": lambda x, rng: x > 0,
    "half precision": lambda x, rng: x.astype(np.float16),
    "complex numbers": lambda x, rng: x + 1j,
    "words": lambda x, rng: np.where(x > 0, "up", "down"),
    "dates": lambda x, rng: np.rint(x).astype("datetime64[D]"),
    "no samples": lambda x, rng: x[:0],
    "one sample": lambda x, rng: x[:1],
    "three samples": lambda x, rng: x[:3],
    "one column": lambda x, rng: x[..., :1],
    "no columns": lambda x, rng: x[..., :0],
}
OF_TEXTS = {str(text): text for text in (None, 3.5, np.nan, b"a cat", b"\xff", ["a", "cat"])}
OF_Y = {
    "none": lambda y, rng: None,
    "too short": lambda y, rng: y[:-1],
    "missing values": lambda y, rng: _put(_real(y), rng, np.nan),
    "infinity": lambda y, rng: _put(_real(y), rng, np.inf),
    "three dimensions": lambda y, rng: np.stack([np.stack([y, y], -1)] * 2, -1),
    "complex numbers": lambda y, rng: _real(y) + 1j,
    "words": lambda y, rng: np.where(_real(y) > 0, "up", "down"),
    "objects": lambda y, rng: np.array([None, *y.tolist()[1:]], dtype=object)[: len(y)],
    "times 1e140": lambda y, rng: _real(y) * 1e140,
    "times 1e160": lambda y, rng: _real(y) * 1e160,
    "times 1e300": lambda y, rng: _real(y) * 1e300,
    "times 1e-300": lambda y, rng: _real(y) * 1e-300,
    "one value": lambda y, rng: np.zeros_like(y),
    "two outputs": lambda y, rng: np.stack([y, y[::-1]], axis=-1),
    "a column": lambda y, rng: y.reshape(-1, 1),
    "counts": lambda y, rng: np.abs(np.rint(_real(y))).astype(int),
    "fractions": lambda y, rng: np.abs(_real(y)),
    "negative": lambda y, rng: -np.abs(_real(y)) - 1,
    "a number": lambda y, rng: 3.0,
    "text": lambda y, rng: "abc",
}
OF_WEIGHTS = {
    "random": lambda w, rng: rng.random(len(w)),
    "counts": lambda w, rng: rng.integers(0, 3, len(w)),
    "zeros": lambda w, rng: 0 * w,
    "one zero": lambda w, rng: np.where(np.arange(len(w)) == 0, 0, w),
    "negative": lambda w, rng: -w,
    "missing values": lambda w, rng: _put(w, rng, np.nan),
    "infinity": lambda w, rng: _put(w, rng, np.inf),
    "too short": lambda w, rng: w[:-1],
    "two dimensions": lambda w, rng: np.stack([w, w], axis=-1),
    "words": lambda w, rng: np.full(len(w), "heavy"),
    "1e300": lambda w, rng: 1e300 * w,
    "1e-300": lambda w, rng: 1e-300 * w,
    "a number": lambda w, rng: 2.0,
}
NO_NUMBERS = ("complex numbers", "dates")
"""Kinds of X, and of y, that must be refused where numbers are read."""


@dataclass(frozen=True)
class Values:
    """Arrays of a case, before they are put into a container.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_columns)
        For containers of rows.
    sequences : ndarray of shape (n_samples, n_steps, n_columns)
        For containers of sequences.
    y, sample_weight : object
        Targets and weights of as many samples.
    kinds : dict of str to str
        What is not ordinary about X, y and sample_weight.
    """

    rows: Any
    sequences: Any
    y: Any
    sample_weight: Any
    kinds: dict[str, str]

    @property
    def largest(self) -> float:
        """The largest finite number, without its sign."""
        return max(map(largest, (self.rows, self.sequences, self.y, self.sample_weight)))


def ordinary_values(name: str, rng: np.random.Generator) -> Values:
    """Return values that suit a public name."""
    n = int(rng.integers(20, N_ROWS + 1))
    rows = np.cumsum(rng.normal(size=(n, len(COLUMNS))), axis=0) * 0.3
    sequences = rng.normal(size=(n, N_STEPS, len(COLUMNS)))
    y = rng.normal(size=n).cumsum()
    if "Classifier" in name or "Logistic" in name:
        y = _classes(rng, n)
        y = np.where(y == y[0], y[0], y[1]) if "Logistic" in name else y
    elif "Poisson" in name:
        y = np.abs(np.rint(y))
    elif name == "DifferencedRegressor":  # y must be a column of X
        y = rows[:, 0].copy()
    elif name.startswith("interval_"):  # X holds both ends
        rows, sequences = np.sort(rows[:, :2]), np.sort(sequences[:, :1, :2])
    return Values(rows, sequences, y, None, {})


def deviate(values: Values, of: str, rng: np.random.Generator) -> Values:
    """Return values of which X, y or the weights are of a kind that is drawn."""
    choices = {"X": OF_X, "texts": OF_TEXTS, "y": OF_Y, "sample_weight": OF_WEIGHTS}[of]
    kind = str(rng.choice([*choices]))
    kinds = {**values.kinds, of: kind}
    if of == "X":
        rows, sequences = (OF_X[kind](x, rng) for x in (values.rows, values.sequences))
        y, n = values.y, len(rows)
        y = y[:n] if np.ndim(y) else y
        return replace(values, rows=rows, sequences=sequences, y=y, kinds=kinds)
    if of == "y" and isinstance(values.y, np.ndarray):
        return replace(values, y=OF_Y[kind](values.y, rng), kinds=kinds)
    if of == "sample_weight":
        weights = OF_WEIGHTS[kind](np.ones(len(values.rows)), rng)
        return replace(values, sample_weight=weights, kinds=kinds)
    return replace(values, kinds=kinds)


def largest(thing: Any) -> float:
    """Return the largest finite number, without its sign, that something is or holds."""
    if isinstance(thing, dict | list | tuple):
        parts = thing.values() if isinstance(thing, dict) else thing
        return max(map(largest, parts), default=0.0)
    if isinstance(thing, float | np.ndarray) and np.asarray(thing).dtype.kind == "f":
        numbers = np.abs(np.asarray(thing, dtype=float))
        return float(np.max(numbers, where=np.isfinite(numbers), initial=0.0))
    return 0.0


def _classes(rng: np.random.Generator, n: int) -> Any:
    labels = [np.array([0, 1]), np.array(["no", "yes"]), np.array([-1, 3, 5]), np.array([0.0, 1.0])]
    of = labels[int(rng.integers(len(labels)))]
    return of[np.append(np.arange(len(of)), rng.integers(0, len(of), n - len(of)))]


def _real(y: Any) -> Any:
    return np.asarray(y, dtype=float) if y.dtype.kind in "biuf" else np.arange(len(y)) - 2.0


def _put(values: Any, rng: np.random.Generator, value: float) -> Any:
    values = values.copy()
    if values.size:
        values.flat[int(rng.integers(values.size))] = value
    return values


def _put_column(values: Any, value: float) -> Any:
    values = values.copy()
    values[..., -1] = value
    return values
