"""Warnings of the package, to be filtered or caught by their class."""

__all__ = ["IncompleteWindowsWarning", "TargetLeakWarning"]


class IncompleteWindowsWarning(UserWarning):
    """Windows of the past lack rows, or the index of X leaves in doubt which rows they hold.

    `LagTransformer` warns when rows of a series known from `fit` do not find their past, when the
    kind of the index differs from that in `fit`, and when more than a tenth of the windows beyond
    the first rows of each series have filled lags. It also warns when times decrease or repeat,
    and when it counts rows although the times leave gaps. The message tells how many windows or
    rows, why, and what to do. Arrays have no index and never cause it.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import IncompleteWindowsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", IncompleteWindowsWarning)  # be strict in this block
    """


class TargetLeakWarning(UserWarning):
    """The target is among the inputs: y equals a column of X at lag 0, in every row of `fit`.

    Estimators of this package warn if windows hold such a column (``delay=0``, or the target in
    ``known_ahead``), or tables have it as ``x_lag0``; `LagTransformer` warns if it makes flat
    windows for another estimator, and `DifferencedRegressor` if its regressor reads the target of
    the row that it predicts. Arrays of three dimensions do not tell their lags and never
    cause it.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import TargetLeakWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", TargetLeakWarning)  # be strict in this block
    """
