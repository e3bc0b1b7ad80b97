"""`as_module`: a fitted model as a torch module."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklearn_rnn.export._networks import Network


def as_module(estimator: Any) -> nn.Module:
    """Return a fitted model as a torch module, from raw X to predictions in the units of y.

    Scaling, missing values, the normalisation of windows, categories, the average of members and
    the decoding of outputs are part of it; it needs neither NumPy nor scikit-learn.

    Parameters
    ----------
    estimator : estimator
        A fitted network of this package.

    Returns
    -------
    torch.nn.Module
        A copy, in evaluation mode on the CPU. Called with

        - X of shape (batch, n_steps, n_channels), NaN where values are missing, in any
          floating-point type; categories are their codes, from 1 in the order of the labels, 0 if
          missing or unknown; tokens have dtype int64 and shape (batch, n_steps);
        - lengths of shape (batch,), optional: the valid steps of each row, before its padding,

        it returns, in double precision, what `predict` does: targets of shape (batch,) or (batch,
        n_outputs); with a list of quantiles all of them, along a last axis; of a classifier the
        probabilities of `predict_proba`, of shape (batch, n_classes). With
        ``return_sequences=True`` there is an axis of steps after the first, NaN in the padding.

    Raises
    ------
    TypeError
        If it is another kind of model.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_rnn import LSTMRegressor
    >>> from sklearn_rnn.export import as_module
    >>> X = np.random.default_rng(0).normal(size=(50, 4, 2))
    >>> lstm = LSTMRegressor(max_epochs=3, lr_schedule="cosine").fit(X, 100 * X[:, -1, 0])
    >>> module = as_module(lstm)
    >>> bool(np.allclose(module(torch.tensor(X)), lstm.predict(X), atol=1e-3))
    True
    """
    check_is_fitted(estimator)
    if hasattr(estimator, "net_"):
        return Network(estimator)
    raise TypeError(
        f"as_module takes a fitted network of sklearn_rnn; got {type(estimator).__name__}."
    )
