"""Warnings of the package, to be filtered or caught by their class."""

__all__ = [
    "IncompleteWindowsWarning",
    "InfiniteIntervalWarning",
    "NothingLearnedWarning",
    "StoredVersionWarning",
    "TargetLeakWarning",
    "UnreadColumnsWarning",
]


class IncompleteWindowsWarning(UserWarning):
    """Windows have filled lags, or the index of X does not determine which rows are lags.

    `LagTransformer` warns when lags of a series seen in `fit` are missing, when the type of the
    index differs from that in `fit`, and when more than a tenth of the windows, other than those of
    the first rows of each series, have filled lags. It also warns when times repeat, when
    those of an index that ``time`` does not name decrease, and when lags count rows although most
    times of a regular grid are missing. The message gives the number of windows or rows, the reason
    and the remedy. Arrays have no index and never cause it.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import IncompleteWindowsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", IncompleteWindowsWarning)  # be strict in this block
    """


class InfiniteIntervalWarning(UserWarning):
    """Intervals of `IntervalRegressor` are infinite, as no finite ones have the level asked for.

    There are too few calibration rows, or with ``method="aci"`` so many of the last targets were
    outside that the rate of misses would have to be negative. The message gives their number.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import InfiniteIntervalWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", InfiniteIntervalWarning)  # be strict in this block
    """


class NothingLearnedWarning(UserWarning):
    """A network fits its own training data no better than a constant does.

    `fit` warns if the training loss is over 2 % above that of the best constant (such as the mean
    of y, or the shares of the classes). With validation data and no L1 penalty it also warns if
    that after the last epoch is not at least 0.2 % below it. An L1 penalty may ask for a constant,
    as in scikit-learn's ``Lasso``: no warning, and `selected_channels_` is all False.

    It takes at least `patience` epochs and 100 targets to train on (of sequences or of steps). The
    message names the likely causes: too strong a penalty, too few epochs, too little patience or an
    unsuitable learning rate. Pure noise causes it if the samples are so many that the network
    cannot fit some of it.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import NothingLearnedWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", NothingLearnedWarning)  # be strict in this block
    """


class StoredVersionWarning(UserWarning):
    """An estimator was stored by other versions of sklearn_rnn, torch or numpy than loaded it.

    It may fail, or predict something else. `sklearn.exceptions.InconsistentVersionWarning` is the
    same for the estimators of scikit-learn.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import StoredVersionWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", StoredVersionWarning)  # be strict in this block
    """


class TargetLeakWarning(UserWarning):
    """The target is among the inputs: y equals a column of X at lag 0, in every row of `fit`.

    Estimators of this package warn if windows contain such a column (``delay=0``, or the target in
    ``known_ahead``), or tables have it as ``x_lag0``. For other estimators,
    `LagTransformer` warns if its flattened windows do; `DifferencedRegressor` warns if its
    regressor reads the target of the row that it predicts. Three-dimensional arrays do not record
    their lags and never cause it.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import TargetLeakWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", TargetLeakWarning)  # be strict in this block
    """


class UnreadColumnsWarning(UserWarning):
    """A column in ``known_ahead`` of a `Forecaster` is not read in all rows ahead.

    `fit` warns if the model reads nothing of the column in the rows ahead, since neither its
    `LagTransformer` nor ``exogenous`` names it, and if a model of ``strategy="multi_output"`` reads
    it in the first of several rows alone. Columns that ``known_ahead`` of a LagTransformer names,
    and that of the forecaster does not, never cause it, nor does ``strategy="recursive"``, which
    reads each row ahead as a lag of the next. The message names the columns and the remedy.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_rnn.exceptions import UnreadColumnsWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", UnreadColumnsWarning)  # be strict in this block
    """
