"""The order of an autoregression, chosen among nested models on the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn.forecasting._lag_terms import Index, LagTerms
from sklearn_rnn.linear._design import Design, FloatArray
from sklearn_rnn.linear._folds import make_folds
from sklearn_rnn.linear._nested import Factor, log_likelihood
from sklearn_rnn.linear._selection import Losses
from sklearn_rnn.linear._training_set import TrainingSet

ROWS_PER_COLUMN = 4
"""Rows of a block for each column, of which the factor of the rows before adds one."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The rows that an autoregression is fitted to.

    Attributes
    ----------
    windows : WindowArray
        Windows of all rows of X.
    terms : LagTerms
        What is read of them.
    used : ndarray of int, of shape (n_used,)
        The rows that are fitted.
    given : ndarray of shape (n_rows, n_outputs)
        Targets of all rows.
    target : ndarray of shape (n_used, n_outputs)
        Targets of the rows that are fitted.
    weight : ndarray of shape (n_used,)
        Their weights, positive.
    center : ndarray of shape (n_terms,)
        Subtracted from the terms, so that a high level loses no digits.
    y_center : ndarray of shape (n_outputs,)
        Subtracted from the targets.
    """

    windows: WindowArray
    terms: LagTerms
    used: Index
    given: FloatArray
    target: FloatArray
    weight: FloatArray
    center: FloatArray
    y_center: FloatArray

    def factor(self, chosen: Index | None = None) -> Factor:
        """Return the triangular factor of all samples, or of some of them."""
        chosen = np.arange(len(self.used)) if chosen is None else chosen
        root = np.sqrt(self.weight)
        blocks = (
            root[part, np.newaxis] * np.column_stack([design, y])
            for part, design, y in self.blocks(chosen)
        )
        return Factor.of(blocks, self.target.shape[1])

    def blocks(self, chosen: Index) -> Iterator[tuple[Index, FloatArray, FloatArray]]:
        """Yield samples, a few at a time: which they are, their design and their targets."""
        n_values = len(self.terms) + self.target.shape[1] + 1
        for piece in row_chunks(len(chosen), n_values, ROWS_PER_COLUMN * n_values):
            part = chosen[piece]
            values = read_values(self.windows, self.terms, self.used[part]) - self.center
            yield part, with_intercept(values), self.target[part] - self.y_center

    def criteria(self, factor: Factor) -> pd.DataFrame:
        """Return number of coefficients, log-likelihood, AIC and BIC of all orders."""
        n_outputs, log_weight = self.target.shape[1], float(np.log(self.weight).sum())
        found = {}
        for order in range(self.terms.n_orders):
            fit = factor.solve(1 + self.terms.count(order))
            fitted = log_likelihood(fit.residual, factor.n_samples, log_weight)
            n_coefs = n_outputs * fit.rank
            aic = 2 * n_coefs - 2 * fitted
            bic = np.log(factor.n_samples) * n_coefs - 2 * fitted
            found[order] = (n_coefs, fitted, aic, bic)
        names = ["n_coefs", "log_likelihood", "aic", "bic"]
        table = pd.DataFrame.from_dict(found, orient="index", columns=names)
        if self.terms.criterion is None:
            table.index = pd.Index([np.bincount(self.terms.columns).max()])
        return table.rename_axis("n_lags")

    def losses(self, cv: Any) -> Losses:
        """Return the errors of all orders on the samples to predict of each fold."""
        windows = self.windows
        starts = np.asarray(windows.starts)[self.used]
        design = Design(windows.rows, starts, windows.step, windows.n_steps)
        data = TrainingSet(design, self.target, self.weight, self.used, self.given)
        counts = [1 + self.terms.count(order) for order in range(self.terms.n_orders)]
        found = []
        for train, test in make_folds(cv, windows, data):
            factor = self.factor(train)
            coefs = [factor.solve(count).coef for count in counts]
            errors = [
                [((y - values[:, : len(coef)] @ coef) ** 2).mean(axis=1) for coef in coefs]
                for _, values, y in self.blocks(test)
            ]
            found.append((np.concatenate(errors, axis=1), self.weight[test]))
        return Losses.of(found)


def read_values(windows: WindowArray, terms: LagTerms, chosen: Index) -> FloatArray:
    """Return the terms of some windows, in which no value of a complete one may be missing."""
    values = terms.values(windows, chosen)
    missing = np.isnan(values) & windows.is_complete[chosen, np.newaxis]
    if missing.any():
        row, term = np.argwhere(missing)[0]
        column, lag = int(terms.columns[term]), terms.lags[term]
        name = column if windows.channels is None else windows.channels[column]
        raise ValueError(
            f"X contains NaN: the column {name!r} is missing at lag {lag} of row {chosen[row]}. "
            "Impute missing values beforehand, or take LagRidge(alpha=0) behind a LagTransformer, "
            "which does so."
        )
    return values


def with_intercept(values: NDArray[Any]) -> FloatArray:
    """Return a design matrix: a column of ones, and values."""
    return np.column_stack([np.ones(len(values)), values])
