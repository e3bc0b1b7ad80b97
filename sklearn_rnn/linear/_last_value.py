"""Windows and targets less the last value of each window, by their moments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.linear._design import Design, FloatArray
from sklearn_rnn.linear._moments import Moments
from sklearn_rnn.linear._step_design import StepDesign


@dataclass(frozen=True, eq=False)
class LastValue:
    """A change of columns: each lag less the newest lag of its channel, and y less that of its own.

    The newest lags themselves become columns of zeros. Channels that are known ahead are left as
    they are, since their newest lag is not the past.

    A lag less the newest one is minus the sum of the steps between them, each from a lag to the
    next. So moments are those of windows of steps, which lose no digits on a trend, where the
    products of the values are large against those of their differences.

    Attributes
    ----------
    n_lags : int
        Number of lags.
    is_changed : ndarray of bool, of shape (n_channels,)
        Of which channels the newest lag is subtracted.
    target : int
        The channel whose newest lag is subtracted from y.
    """

    n_lags: int
    is_changed: NDArray[np.bool_]
    target: int

    def steps(self, design: Design, origin: FloatArray) -> tuple[Design, FloatArray]:
        """Return windows of steps, and the last values that y is reduced by.

        Parameters
        ----------
        design : Design
            Windows of values.
        origin : ndarray of shape (n_channels,)
            It stands for missing values.

        Returns
        -------
        steps : Design
            Windows of the steps, which are computed where they are read.
        last : ndarray of shape (n_windows, 1)
            The newest lags of the target.
        """
        design = design.cut()
        last = design.rows[design.first + design.span, self.target, np.newaxis].astype(np.float64)
        last[np.isnan(last)] = origin[self.target]
        return StepDesign.of_values(design, self.is_changed, origin), last

    def steps_of(self, origin: FloatArray) -> FloatArray:
        """Return the steps of rows that are all `origin`."""
        return np.where(self.is_changed, 0.0, origin)

    def reduce(self, moments: Moments) -> tuple[Moments, FloatArray]:
        """Return the moments of the changed columns by those of steps, and levels of the values."""
        xx = self.contract(self.contract(moments.xx).T)
        center, x_mean = self._sums(moments.center), self._sums(moments.x_mean)
        origin = np.where(self.is_changed, np.abs(moments.origin), 0.0)
        level = np.maximum(np.abs(center + x_mean), np.tile(origin, self.n_lags))
        reduced = replace(
            moments,
            center=center,
            x_mean=x_mean,
            xx=(xx + xx.T) / 2,
            xy=self.contract(moments.xy),
        )
        return reduced, level

    def contract(self, products: FloatArray) -> FloatArray:
        """Return the products of the changed columns, by those of steps (n_columns, k)."""
        return self._sums(products.T).T

    def _sums(self, values: FloatArray) -> FloatArray:
        """Return minus the sums over newer lags, of changed channels, on the last axis."""
        by_lag = values.reshape(*values.shape[:-1], self.n_lags, -1)
        sums = np.zeros(by_lag.shape)
        np.cumsum(by_lag[..., :0:-1, :], axis=-2, out=sums[..., -2::-1, :])
        np.negative(sums, out=sums)
        np.copyto(sums, by_lag, where=~self.is_changed)
        return sums.reshape(values.shape)

    def of_steps(self, coef: FloatArray) -> FloatArray:
        """Return coefficients of steps, by those (..., n_columns, k) of windows that `expand` has.

        They are of y less its last value.
        """
        by_lag = self._by_lag(coef.copy())
        by_lag[..., -1, self.target, :] -= 1.0
        changed = by_lag[..., self.is_changed, :]
        changed = changed[..., ::-1, :, :].cumsum(axis=-3)[..., ::-1, :, :]
        changed[..., 0, :, :] = 0.0
        by_lag[..., self.is_changed, :] = changed
        return by_lag.reshape(coef.shape)

    def expand(self, coef: FloatArray) -> FloatArray:
        """Return coefficients of windows, by those (..., n_columns, k) of the changed columns."""
        whole = self._by_lag(coef.copy())
        older = whole[..., :-1, self.is_changed, :].sum(axis=-3)
        whole[..., -1, self.is_changed, :] = -older
        whole[..., -1, self.target, :] += 1.0
        return whole.reshape(coef.shape)

    def _by_lag(self, coef: FloatArray) -> FloatArray:
        """Return coefficients as (..., n_lags, n_channels, k)."""
        n_channels = len(self.is_changed)
        return coef.reshape(*coef.shape[:-2], self.n_lags, n_channels, coef.shape[-1])
