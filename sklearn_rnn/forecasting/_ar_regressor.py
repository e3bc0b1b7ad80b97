"""Autoregressions by least squares, with the number of lags given or chosen: `ARRegressor`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sequences.categories import check_channels
from sklearn_rnn._sequences.target_leaks import column_texts, warn_of_target
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sklearn.compat import Interval, StrOptions, check_sample_weight, fit_context
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import (
    check_table,
    check_target,
    check_targets,
    prefix_errors,
    restore_on_error,
)
from sklearn_rnn.forecasting._ar_model import ARModel
from sklearn_rnn.forecasting._lag_terms import CRITERIA, check_enough, default_max_lags, read_terms
from sklearn_rnn.forecasting._order_selection import Samples
from sklearn_rnn.linear._nested import Factor
from sklearn_rnn.preprocessing._columns import column_means, named_columns
from sklearn_rnn.preprocessing._lag_parameters import WindowParameters
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._layout import Window
from sklearn_rnn.preprocessing._window_warnings import without_warnings


@parametrized
class ARRegressor(WindowParameters, RegressorMixin, Estimator):
    r"""Linear autoregression by least squares, which can choose its number of lags.

    The forecast of row t is

    .. math:: \hat y_t = c + \sum_j \sum_{k \in K_j} w_{jk} x_{t - k, j}

    where :math:`K_j` are the lags of column j of X. With y as the only column this is AR(p), with
    more columns ARDL, and with several targets that are the columns of X a VAR.

    {parameters}

    {attributes}

    See Also
    --------
    make_ar : The same model as a pipeline of `LagTransformer` and ``LinearRegression``.
    make_lasso : Selection of single lags by a penalty.
    Forecaster : Forecasts of several steps.

    Notes
    -----
    **Rows.** Rows whose lags lie before the start of their series, or in a gap, are predicted but
    not fitted. Missing values inside of X are errors.

    **Choice of the number of lags.** All numbers from 0 to `max_lags` are compared on the same
    rows, those whose ``max_lags`` lags exist, by one QR decomposition of the largest design, whose
    leading columns are those of the smaller ones. The coefficients are fitted to these rows, too; a
    model with the chosen number as ``n_lags`` would be fitted to the few more rows that it can
    read. With "cv" there is one decomposition for each fold.

    **Criteria.** With n fitted rows, k coefficients (intercepts included, of all targets) and the
    Gaussian log-likelihood l at the maximum-likelihood variance, AIC is :math:`2 k - 2 l` and BIC
    :math:`k \log n - 2 l`, as in ``OLS`` and ``ar_select_order`` of statsmodels. ``AutoReg`` and
    ``ARDL`` count the variance of the noise as well: their AIC is 2 above, their BIC
    :math:`\log n`. ``VAR`` with m targets gives these divided by n, less
    :math:`m (\log 2 \pi + 1)`. Differences between numbers of lags are the same in all of them.

    **Standard errors** divide the sum of squared residuals by n minus the number of coefficients of
    a target, as ``OLS``, ``ARDL`` and ``VAR``; ``AutoReg`` divides it by n. They are NaN where
    columns are collinear, whose coefficients are those of least norm.

    **Weights** are inverse variances up to a factor, as in ``WLS``.

    References
    ----------
    H. Lütkepohl, "New Introduction to Multiple Time Series Analysis", Springer 2005, chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import ARRegressor
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> series = np.zeros(300)
    >>> for t in range(2, 300):
    ...     series[t] = 0.5 * series[t - 1] + 0.3 * series[t - 2] + noise[t]
    >>> model = ARRegressor("bic", max_lags=10).fit(series[:, None], series)
    >>> model.selected_lags_, model.n_rows_omitted_
    ({0: [1, 2]}, 10)
    >>> model.summary()[["coef", "standard_error"]].round(2)
               coef  standard_error
    intercept -0.04            0.06
    x0_lag1    0.51            0.06
    x0_lag2    0.29            0.06
    """

    n_lags: int | str | Mapping[Any, Any] | Sequence[Any] = param(
        [Interval(Integral, 1, None, closed="left"), StrOptions(set(CRITERIA)), dict, list, tuple],
        """
        Number of lags of every column, or the criterion that chooses it: "aic", "bic", or "cv", the
        mean squared error of cross-validation. A dict has one of these for each column that enters,
        by name or position, or a list of its lags, such as ``{"sales": [1, 7], "price": 2}``; a
        sequence has one entry for each column. Positions count all columns of X, `time` and
        `series` too; a sequence has no entry for these. Columns with a criterion have the same
        number.
        """,
        default=5,
        kw_only=False,
    )
    max_lags: int | None = param(
        [Interval(Integral, 1, None, closed="left"), None],
        """
        Largest number of lags to choose from. None is :math:`12 (n / 100)^{1/4}` for n rows of a
        series (Schwert, 1989), or the largest that the rows suffice for.
        """,
        default=None,
    )
    cv: Any = param(
        ["cv_object"],
        """
        Splits of ``n_lags="cv"``: a splitter of all rows (without groups), an iterable of its
        splits, or a number of folds in the order of time of the rows that have all lags and a
        positive weight. None is five.
        """,
        default=None,
    )

    _learned: ClassVar[dict[str, str]] = {
        "coef_ : ndarray of shape (n_terms,) or (n_targets, n_terms)": (
            "Coefficients, in the order of the rows of `summary`: by lag, then by column."
        ),
        "intercept_ : float or ndarray of shape (n_targets,)": "Intercepts.",
        "selected_lags_ : dict of str or int to list of int": (
            "The lags of each column that has some, by its name, or its position in an array."
        ),
        "criteria_ : DataFrame": (
            "Number of coefficients of all targets, log-likelihood, AIC and BIC by number of lags; "
            "with ``cv`` also the mean squared error and its standard error."
        ),
        "past_ : LagTransformer": "Fitted transformer to the windows that have these lags.",
        "n_rows_omitted_ : int": "Number of training rows that are not fitted.",
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns of X, if all are strings."
        ),
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> ARRegressor:
        """Choose the number of lags, and fit the coefficients.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Rows, in temporal order unless an index or column has the times. Past values of y enter
            as a column.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows as targets; rows of weight zero remain lags of others.

        Returns
        -------
        ARRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If no row has all lags, rows are too few to compare all numbers of lags, or a lag is a
            missing value.

        Warns
        -----
        TargetLeakWarning
            If y is a column of X that enters at lag 0.
        """
        with restore_on_error(self):
            X = check_table(X, self)
            validate_data(self, X=X, y=y, skip_check_array=True)
            check_targets(y, X)
            target = check_target(y)
            n_targets = np.size(target[0])
            self._target_names = list(getattr(y, "columns", [f"y{i}" for i in range(n_targets)]))
            samples = self._read_samples(X, target, sample_weight)
            factor = samples.factor()
            order = self._choose_order(samples, factor)
            self._set_model(ARModel.of(samples, factor, order), samples, target.shape[1:])
            self._order = self.criteria_.index[order]
            self.past_ = self._lags(self._model.terms.window(self.delay)).fit(X)
            self._warn_of_target(samples.windows, target)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Rows. Their lags are among them, or the last rows of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_targets)
            Predictions. Of rows with missing lags these have `fill_value`.
        """
        check_is_fitted(self)
        X = check_table(X, self)
        validate_data(self, X=X, reset=False, skip_check_array=True)
        windows = self.past_.transform(X)
        assert isinstance(windows, WindowArray), "windows are not flattened"
        predicted = self._model.predict(windows)
        return predicted[:, 0] if self.coef_.ndim == 1 else predicted

    def summary(self) -> pd.DataFrame:
        """Return coefficients with their standard errors.

        Returns
        -------
        DataFrame
            One row for each coefficient of each target, the intercept first: ``coef``,
            ``standard_error``, ``t`` (their quotient) and ``p_value`` (two-sided, of Student's
            distribution). The criteria of the model are in ``summary().attrs``, those of all
            orders in `criteria_`.
        """
        check_is_fitted(self)
        targets = self._target_names if self.coef_.ndim > 1 else None
        table = self._model.to_frame(list(self._term_names()), targets)
        table.attrs = self.criteria_.loc[self._order].to_dict()
        return table

    def _read_samples(self, X: Any, target: NDArray[Any], sample_weight: Any) -> Samples:
        """Read the rows that are fitted, and the terms of the largest model."""
        with without_warnings():  # the windows of the lags themselves will warn
            windows = self._lags(Window(1, self.delay, 1)).fit_transform(X)
        assert isinstance(windows, WindowArray), "windows are not flattened"
        terms = read_terms(
            self.n_lags,
            self.max_lags or default_max_lags(windows, self.step),
            X,
            windows.shape[2],
            np.array(windows.origin.known_ahead, dtype=np.intp),
            delay=self.delay,
            step=self.step,
            named=named_columns(X, self.time, self.series),
        )
        read = {c: k for c, k in windows.origin.categories.items() if c in terms.columns}
        check_channels(read, None, windows.channels, "", type(self).__name__)
        windows = self._lags(terms.window(self.delay)).fit_transform(X)
        assert isinstance(windows, WindowArray), "windows are not flattened"
        with prefix_errors("sample_weight"):
            weight = check_sample_weight(
                sample_weight, np.empty((len(windows), 1)), ensure_non_negative=True
            )
        used = np.flatnonzero(windows.is_complete & (weight > 0))
        check_enough(len(used), windows, weight > 0, terms)
        given = target.reshape(len(target), -1)
        target = given[used]
        center = column_means(windows.rows)[terms.columns]
        y_center = weight[used] @ target / weight[used].sum()
        return Samples(windows, terms, used, given, target, weight[used], center, y_center)

    def _choose_order(self, samples: Samples, factor: Factor) -> int:
        """Return the chosen order, and set the table of criteria."""
        criterion = samples.terms.criterion
        self.criteria_ = samples.criteria(factor)
        if criterion == "cv":
            losses = samples.losses(self.cv)
            self.criteria_["mse"], self.criteria_["mse_error"] = losses.mean, losses.error
        if criterion is None:
            return 0
        return int(self.criteria_["mse" if criterion == "cv" else criterion].argmin())

    def _set_model(self, model: ARModel, samples: Samples, shape: tuple[int, ...]) -> None:
        """Set the learned attributes of a fit; `shape` is that of one target."""
        terms, names = model.terms, samples.windows.channels
        self._model = model
        self.coef_ = model.slopes.T.reshape(*shape, len(terms))
        self.intercept_ = model.intercept.reshape(shape) if shape else float(model.intercept[0])
        self.selected_lags_ = {
            int(c) if names is None else names[c]: terms.lags[terms.columns == c].tolist()
            for c in np.unique(terms.columns)
        }
        self.n_rows_omitted_ = len(samples.windows) - len(samples.used)

    def _term_names(self) -> Iterator[str]:
        """Yield the names of the terms, as `LagTransformer` gives them."""
        names = self.past_._channels()
        terms = self._model.terms
        for column, lag in zip(terms.columns, terms.lags, strict=True):
            yield f"{f'x{column}' if names is None else names[column]}_lag{lag}"

    def _warn_of_target(self, windows: WindowArray, target: NDArray[Any]) -> None:
        """Warn if y is a column that enters at lag 0."""
        terms = self._model.terms
        newest = np.asarray(windows.starts) + (windows.n_steps - 1) * windows.step
        found = column_texts(terms.columns[terms.lags == 0], windows.channels)
        warn_of_target(lambda part, column: windows.rows[newest[part], column], target, found)

    def _lags(self, window: Window) -> LagTransformer:
        """Return a transformer to windows."""
        given = {field.name: getattr(self, field.name) for field in fields(WindowParameters)}
        given |= {"delay": window.delay, "step": window.step}
        return LagTransformer(window.n_lags, **given)

    def _own_lags(self) -> list[LagTransformer]:
        """Return the lags that this estimator itself reads, for those who ask how far it looks."""
        fitted = getattr(self, "past_", None)
        return [self._lags(Window(1, self.delay, 1)) if fitted is None else fitted]

    def __sklearn_tags__(self) -> Tags:
        """Declare several targets, and that rows in random order have no past to learn from."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return tags
