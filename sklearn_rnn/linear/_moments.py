"""Means and sums of squares of the windows and targets of a training set."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn.linear._design import Design, FloatArray
from sklearn_rnn.linear._gram import gram_and_products


@dataclass(eq=False)
class Moments:
    """All that a least-squares fit needs of its training set.

    Attributes
    ----------
    weight : float
        Sum of the sample weights.
    center : ndarray of shape (n_columns,)
        The point that `x_mean` counts from: the mean of each channel, at every lag.
    x_mean : ndarray of shape (n_columns,)
        Mean of each column, from the centre on.
    y_mean : ndarray of shape (n_outputs,)
        Mean of each target.
    xx : ndarray of shape (n_columns, n_columns)
        Weighted sum of products of the columns about their means.
    xy : ndarray of shape (n_columns, n_outputs)
        Weighted sum of products of columns and targets about their means.
    yy : ndarray of shape (n_outputs,)
        Weighted sum of squares of the targets about their means.
    origin : ndarray of shape (n_channels,)
        The row that stands for missing values, and in whose windows models have their intercept:
        `center`, unless the columns are changed ones.
    """

    weight: float
    center: FloatArray
    x_mean: FloatArray
    y_mean: FloatArray
    xx: FloatArray
    xy: FloatArray
    yy: FloatArray
    origin: FloatArray

    @classmethod
    def of(
        cls, design: Design, y: FloatArray, weight: FloatArray, center: FloatArray | None = None
    ) -> Moments:
        """Compute the moments of a training set.

        Rows are centred at their own mean before any product, so that a high level loses no digits.

        Parameters
        ----------
        design : Design
            Windows, whose missing values are imputed by the mean of their channel.
        y : ndarray of shape (n_windows, n_outputs)
            Targets.
        weight : ndarray of shape (n_windows,)
            Positive weights.
        center : ndarray of shape (n_channels,), default=None
            The point that means count from; None is the mean of each channel.

        Returns
        -------
        Moments
            The moments.
        """
        means = channel_means(design, weight)
        center = means if center is None else center
        total, n_outputs = float(weight.sum()), y.shape[1]
        y_mean = weight @ y / total
        target = np.column_stack([y - y_mean, np.ones(len(y))])
        is_uniform = weight.min() == weight.max()
        xx, products = gram_and_products(design, target, None if is_uniform else weight, means)
        unit = float(weight[0]) if is_uniform else 1.0
        xx *= unit
        products *= unit
        x_mean = products[:, n_outputs] / total
        _add_outer(xx, -total, x_mean)
        return cls(
            weight=total,
            center=np.tile(center, design.n_lags),
            x_mean=x_mean + np.tile(means - center, design.n_lags),
            y_mean=y_mean,
            xx=xx,
            xy=products[:, :n_outputs] - np.outer(x_mean, weight @ target[:, :n_outputs]),
            yy=weight @ target[:, :n_outputs] ** 2,
            origin=center,
        )

    def __iadd__(self, other: Moments) -> Moments:
        """Add the moments of other samples, in place."""
        total = self.weight + other.weight
        x_step, y_step = other.x_mean - self.x_mean, other.y_mean - self.y_mean
        between = self.weight * other.weight / total
        self.xx += other.xx
        _add_outer(self.xx, between, x_step)
        self.xy += other.xy + between * np.outer(x_step, y_step)
        self.yy += other.yy + between * y_step**2
        self.x_mean = self.x_mean + other.weight / total * x_step
        self.y_mean = self.y_mean + other.weight / total * y_step
        self.weight = total
        return self

    def copy(self) -> Moments:
        """Return moments to which others can be added."""
        return replace(self, xx=self.xx.copy(), xy=self.xy.copy(), yy=self.yy.copy())


def channel_means(design: Design, weight: FloatArray) -> FloatArray:
    """Return the mean of each channel over all lags of all windows."""
    inside = design.cut()
    coverage = inside.coverage(weight)
    total, count = (np.zeros(design.n_channels) for _ in range(2))
    for part in row_chunks(len(coverage), design.n_channels):
        used = coverage[part] > 0
        values, weights = inside.read(part)[used].astype(np.float64), coverage[part][used]
        missing = np.isnan(values)
        values[missing] = 0.0
        total += weights @ values
        count += weights.sum() - weights @ missing
    return np.asarray(total / np.where(count > 0, count, 1.0))


def _add_outer(matrix: FloatArray, factor: float, vector: FloatArray) -> None:
    """Add ``factor * outer(vector, vector)`` in place, a block of rows at a time."""
    for start in range(0, len(vector), 256):
        part = slice(start, start + 256)
        matrix[part] += np.outer(factor * vector[part], vector)
