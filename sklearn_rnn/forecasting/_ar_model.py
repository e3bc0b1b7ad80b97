"""A fitted linear autoregression: coefficients, standard errors and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.forecasting._lag_terms import LagTerms
from sklearn_rnn.forecasting._order_selection import Samples, read_values
from sklearn_rnn.linear._design import FloatArray
from sklearn_rnn.linear._nested import Factor


@dataclass(frozen=True, eq=False)
class ARModel:
    """A linear model of lags.

    Attributes
    ----------
    terms : LagTerms
        The lags.
    center : ndarray of shape (n_terms,)
        Subtracted from the lags before they are multiplied, so that a high level loses no digits.
    slopes : ndarray of shape (n_terms, n_outputs)
        Coefficients.
    at_center, intercept : ndarray of shape (n_outputs,)
        Prediction at the centre, and at zero.
    standard_error : ndarray of shape (n_outputs, n_terms + 1)
        Standard errors of intercept and coefficients; NaN if lags are collinear, or no degree of
        freedom is left.
    n_free : int
        Degrees of freedom of the residuals.
    """

    terms: LagTerms
    center: FloatArray
    slopes: FloatArray
    at_center: FloatArray
    intercept: FloatArray
    standard_error: FloatArray
    n_free: int

    @classmethod
    def of(cls, samples: Samples, factor: Factor, order: int) -> ARModel:
        """Return the model of an order by the factor of the largest one."""
        n_terms = samples.terms.count(order)
        center = samples.center[:n_terms]
        fit = factor.solve(n_terms + 1)
        slopes, at_center = fit.coef[1:], fit.coef[0] + samples.y_center
        n_free = factor.n_samples - fit.rank
        to_zero = np.eye(n_terms + 1)
        to_zero[0, 1:] = -center  # from the intercept at the centre to that at zero
        root = to_zero @ factor.inverse_root(n_terms + 1)
        noise = fit.residual.diagonal() / n_free if n_free > 0 else np.full(len(at_center), np.nan)
        return cls(
            terms=samples.terms.first(n_terms),
            center=center,
            slopes=slopes,
            at_center=at_center,
            intercept=at_center - center @ slopes,
            standard_error=np.sqrt(np.outer(noise, (root**2).sum(axis=1))),
            n_free=n_free,
        )

    def predict(self, windows: WindowArray) -> FloatArray:
        """Return predictions of shape (n_windows, n_outputs)."""
        predicted = np.empty((len(windows), len(self.intercept)))
        for part in row_chunks(len(windows), len(self.terms) + 1):
            chosen = np.arange(len(windows))[part]
            values = read_values(windows, self.terms, chosen) - self.center
            predicted[part] = values @ self.slopes + self.at_center
        return predicted

    def to_frame(self, terms: Sequence[str], targets: Sequence[Any] | None) -> pd.DataFrame:
        """Return coefficients, standard errors and tests of each.

        Parameters
        ----------
        terms : sequence of str
            Names of the lags.
        targets : sequence or None
            Names of the targets, for a level of the index.
        """
        coef = np.column_stack([self.intercept, self.slopes.T])
        error = self.standard_error
        ratio = coef / np.where(error > 0, error, np.nan)
        p_value = 2 * student_t.sf(np.abs(ratio), max(1, self.n_free))
        index: Any = pd.Index(["intercept", *terms])
        if targets is not None:
            index = pd.MultiIndex.from_product([targets, index], names=["target", None])
        columns = {"coef": coef, "standard_error": error, "t": ratio, "p_value": p_value}
        return pd.DataFrame({name: part.ravel() for name, part in columns.items()}, index=index)
