"""Windows and targets less the last value of each window, by their moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._moments import Moments


@dataclass(frozen=True, eq=False)
class LastValue:
    """A change of columns: each lag less the newest lag of its channel, and y less that of its own.

    The newest lags themselves become columns of zeros. Channels that are known ahead are left as
    they are, since their newest lag is not the past.

    Attributes
    ----------
    newest : ndarray of int, of shape (n_columns,)
        The column of the newest lag of the channel of each column.
    is_changed : ndarray of bool, of shape (n_columns,)
        Whether the newest lag is subtracted.
    target : int
        The column that is subtracted from y.
    """

    newest: NDArray[np.intp]
    is_changed: NDArray[np.bool_]
    target: int

    @classmethod
    def of(
        cls, n_lags: int, n_channels: int, target: int, known_ahead: Sequence[int] = ()
    ) -> LastValue:
        """Return the change of columns, with the channel of y and channels known ahead."""
        channel = np.tile(np.arange(n_channels), n_lags)
        first = (n_lags - 1) * n_channels
        return cls(first + channel, ~np.isin(channel, known_ahead), first + target)

    @property
    def _is_zero(self) -> NDArray[np.bool_]:
        return self.is_changed & (self.newest == np.arange(len(self.newest)))

    def reduce(self, moments: Moments) -> Moments:
        """Return the moments of the changed columns and targets."""
        t = self.target
        xx = self.contract(self.contract(moments.xx).T)
        xy = self.contract(moments.xy - moments.xx[:, t : t + 1])
        yy = moments.yy - 2 * moments.xy[t] + moments.xx[t, t]
        level = moments.center[t] + moments.x_mean[t]
        return replace(
            moments,
            center=self._less_newest(moments.center),
            x_mean=self._less_newest(moments.x_mean),
            y_mean=moments.y_mean - level,
            xx=(xx + xx.T) / 2,
            xy=xy,
            yy=yy,
        )

    def contract(self, products: FloatArray) -> FloatArray:
        """Return the products of the changed columns, by those of the columns (n_columns, k)."""
        return self._less_newest(products.T).T

    def _less_newest(self, values: FloatArray) -> FloatArray:
        """Subtract values of the newest lags, on the last axis."""
        less = values - np.where(self.is_changed, values[..., self.newest], 0.0)
        less[..., self._is_zero] = 0.0
        return less

    def expand(self, coef: FloatArray) -> FloatArray:
        """Return coefficients of the columns, by those (..., n_columns, k) of the changed ones."""
        whole = np.where(self._is_zero[:, np.newaxis], 0.0, coef)
        zeros = np.flatnonzero(self._is_zero)
        for column in zeros:
            whole[..., column, :] -= whole[..., self.newest == column, :].sum(axis=-2)
        whole[..., self.target, :] += 1.0
        return whole
