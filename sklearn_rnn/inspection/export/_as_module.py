"""`as_module`: a fitted model as a torch module."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklearn_rnn._sklearn.metaestimators import open_search, refuse_forecaster
from sklearn_rnn.inspection.export._linear import linear_module
from sklearn_rnn.inspection.export._networks import Network
from sklearn_rnn.inspection.export._pipelines import FORM, LastRows, read_pipeline

MODELS = f"a fitted network or linear model on windows, an ARRegressor, or a pipeline of {FORM}"


def as_module(estimator: Any) -> nn.Module:
    """Return a fitted model as a torch module, from raw X to predictions in the units of y.

    Scaling, missing values, the normalisation of windows, categories, the average of members and
    the decoding of outputs are part of it; it needs neither NumPy nor scikit-learn.

    Parameters
    ----------
    estimator : estimator or Pipeline
        A fitted network or linear model on windows of this package, an `ARRegressor`, or a pipeline
        (also in `CompleteRows`) of ``StandardScaler``, or none, `LagTransformer` and one of these
        models, or least squares, ridge, lasso or elastic net of scikit-learn; or a search for one.

    Returns
    -------
    torch.nn.Module
        A copy, in evaluation mode on the CPU. Called with

        - X of shape (batch, n_steps, n_channels), NaN where values are missing, in any
          floating-point type; categories are their codes, from 1 in the order of the labels, 0 if
          missing or unknown. Tokens have dtype int64 and shape (batch, n_steps), of documents
          (batch, n_sentences, n_words), with zeros behind words and sentences;
        - lengths of shape (batch,), optional: the valid steps of each row, before its padding,

        it returns, in double precision, what `predict` does: targets of shape (batch,) or (batch,
        n_outputs); with a list of quantiles all of them, along a last axis; of a classifier the
        probabilities of `predict_proba`, of shape (batch, n_classes). With
        ``return_sequences=True`` there is an axis of steps after the first, NaN in the padding.

        The module of a pipeline, or an `ARRegressor`, predicts the row that comes ``delay`` rows
        after the last one of X. It is called with

        - X of shape (batch, n_rows, n_columns): the last ``(n_lags - 1) * step + 1`` rows of each
          series, complete and in order, without the columns `time` and `series`;
        - known_ahead of shape (batch, delay, n_known), if there are such columns and a delay: their
          values in the rows that follow.

    Raises
    ------
    TypeError
        If it is another kind of model.
    ValueError
        If a network computes in bfloat16.

    See Also
    --------
    to_onnx : The same as a graph, for onnxruntime.
    to_safetensors : Stores an estimator, to be loaded as one.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_rnn import make_lasso
    >>> from sklearn_rnn.inspection.export import as_module
    >>> rows = np.arange(100.0)[:, np.newaxis] % 4  # 0, 1, 2, 3, 0, ...
    >>> module = as_module(make_lasso(4).fit(rows, rows[:, 0]))
    >>> module(torch.tensor([[[2.0], [3.0], [0.0], [1.0]]])).numpy().round(1)  # and then?
    array([2.])
    """
    return module_of(estimator, "as_module")


def module_of(estimator: Any, name: str, dtype: torch.dtype | None = None) -> nn.Module:
    """Return a model as a module, whose networks have a given dtype or their own.

    Errors name the public function.
    """
    check_is_fitted(estimator)
    estimator = open_search(estimator)
    if hasattr(estimator, "net_"):
        return Network(estimator, dtype)
    parts = read_pipeline(estimator)
    if parts is not None:
        linear = linear_module(parts.model)
        return LastRows(parts, module_of(parts.model, name, dtype) if linear is None else linear)
    linear = linear_module(estimator)
    if linear is None:
        refuse_forecaster(estimator, name)
        raise TypeError(f"{name} takes {MODELS}; got {type(estimator).__name__}.")
    return linear
