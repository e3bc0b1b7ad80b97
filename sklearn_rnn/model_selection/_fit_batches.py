"""Fits of networks and pipelines to data that do not fit into memory: `fit_batches`."""

from __future__ import annotations

from typing import Any

from sklearn.base import is_classifier

from sklearn_rnn._sequences.pieces import Pieces
from sklearn_rnn.model_selection._prepared_pieces import PreparedPieces
from sklearn_rnn.neural_network._base import BaseSequenceEstimator
from sklearn_rnn.neural_network._fit_pieces import fit_pieces
from sklearn_rnn.preprocessing._fit_complete import nested_pipelines


def fit_batches(
    estimator: Any, pieces: Any, *, validation_data: Any = None, classes: Any = None
) -> Any:
    """Fit a network, or a pipeline that ends with one, to data that do not fit into memory.

    The data come in pieces, each of which is read when it is needed, and again in each epoch. A
    first pass over all pieces checks them and learns scales, missing values and categories from
    all of them together, as `fit` does; a second one, with ``standardize="last"`` or ``"window"``,
    scales of windows. At any time one piece is in memory, and for a moment parts of the one before.

    Parameters
    ----------
    estimator : network or Pipeline
        A network of this package, or a pipeline that ends with one. Steps before it are
        `LagTransformer`, `CalendarFeatures`, transformers with ``partial_fit`` such as
        ``StandardScaler``, for each of which there is one more pass over the data, those that learn
        nothing, such as ``FunctionTransformer``, or fitted ones in a ``FrozenEstimator``.
    pieces : sequence, iterable or callable
        Pieces ``(X, y)`` or ``(X, y, sample_weight)``, in the forms that ``fit`` of the estimator
        takes. A sequence holds pieces, or functions that return one, as ``[partial(read, path) for
        path in paths]``; its pieces come in a new order in each epoch. An object that can be
        iterated over more than once, or a function that returns a new iterator of pieces, gives
        them in its order. Each piece of a panel holds whole series: no window crosses pieces.
    validation_data : tuple, sequence, iterable or callable, default=None
        A piece, as a tuple, or pieces, for early stopping. Windows of a series that goes on from a
        piece have its last rows as lags. None holds out the last pieces, a share
        `validation_fraction` of their number, if `early_stopping` asks for it; with a
        `LagTransformer` these are whole series. They take no part in what the network learns.
    classes : array-like of shape (n_classes,), default=None
        All class labels, if the `y` of the first piece may not contain all of them.

    Returns
    -------
    object
        `estimator`, fitted. If an error is raised, it is left unchanged.

    Raises
    ------
    TypeError
        If the pieces can be read only once, or the estimator is another model.
    ValueError
        If a piece does not fit the others; the error has its number, ``pieces[3]``. If a parameter
        needs all data at once: ``optimizer="lbfgs"``, ``linear_skip``, ``class_weight="balanced"``,
        ``n_members``, ``checkpoint``, ``warm_start``.

    See Also
    --------
    LagTransformer : Reads rows of one large table from disk, as ``np.memmap``.

    Notes
    -----
    Rows are shuffled within their piece, and a batch holds rows of one piece: small ones give small
    batches. A single piece cannot be held out: with ``early_stopping=False`` or `validation_data`,
    it gives the fit of ``fit``, bit for bit.

    The fitted `LagTransformer` remembers the last rows of every series, as after `fit`: rows that
    follow them have them as lags.

    Examples
    --------
    Four files with the rows of ten series each, which are read one at a time:

    >>> from functools import partial
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import GRURegressor, LagTransformer
    >>> from sklearn_rnn.model_selection import fit_batches
    >>> def read(number):  # pd.read_parquet(path)
    ...     days = pd.date_range("2026-01-01", periods=50)
    ...     shops = range(10 * number, 10 * number + 10)
    ...     index = pd.MultiIndex.from_product([shops, days], names=["shop", "day"])
    ...     sales = np.random.default_rng(number).normal(size=len(index))
    ...     frame = pd.DataFrame({"sales": sales}, index)
    ...     return frame, frame["sales"]
    >>> model = make_pipeline(LagTransformer(5), GRURegressor(max_epochs=3, lr_schedule="cosine"))
    >>> model = fit_batches(model, [partial(read, number) for number in range(4)])
    >>> X, y = read(3)
    >>> model.predict(X).shape
    (500,)
    """
    pipelines = nested_pipelines(estimator)
    net = pipelines[-1].steps[-1][1] if pipelines else estimator
    if not isinstance(net, BaseSequenceEstimator):
        raise TypeError(
            "estimator must be a network of sklearn_rnn, or a Pipeline that ends with one; got "
            f"{type(net).__name__}, which reads all data at once."
        )
    if classes is not None and not is_classifier(net):
        raise ValueError(f"classes is for classifiers, but {type(net).__name__} is a regressor.")
    source, validation = Pieces(pieces), None
    if validation_data is not None:
        given = [validation_data] if isinstance(validation_data, tuple) else validation_data
        validation = Pieces(given, "validation_data")
    prepared = PreparedPieces(pipelines, source)
    if validation is not None:
        validation = validation.changed(prepared.follow)
    fit_pieces(net, source.changed(prepared.change), validation, classes)
    prepared.store()
    return estimator
