"""Models of the change since some rows before: `DifferencedRegressor`."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sequences.target_leaks import warn_of_leak
from sklearn_rnn._sklearn.compat import (
    HasMethods,
    Interval,
    fit_context,
    safe_indexing,
)
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.regressor_inside import RegressorInside
from sklearn_rnn._sklearn.validation import (
    check_table,
    check_target,
    check_targets,
    restore_on_error,
)
from sklearn_rnn.forecasting._regressor_of_changes import (
    SHARED,
    check_any_known,
    check_changes_can_be_fitted,
)
from sklearn_rnn.forecasting._target_columns import find_target_columns, replace_column
from sklearn_rnn.preprocessing._columns import named_columns
from sklearn_rnn.preprocessing._complete_rows import CompleteRows
from sklearn_rnn.preprocessing._lag_parameters import CalendarParameters
from sklearn_rnn.preprocessing._lag_transformer import LagTransformer
from sklearn_rnn.preprocessing._window_warnings import warn_of_missing_values, without_warnings


@parametrized
class DifferencedRegressor(CalendarParameters, RegressorInside, Estimator):
    r"""Fit a regressor to the change of the target, and predict the target itself.

    With k = ``lag`` the regressor learns :math:`y_t - y_{t - k}`, and its prediction is added to
    :math:`y_{t - k}`: the last value for k = 1, that of one season before for k = 12 in monthly
    data. This suits non-stationary series: with a stochastic or linear trend, or a season. A model
    that predicts no change equals `PersistenceRegressor`.

    {parameters}

    {attributes}

    See Also
    --------
    PersistenceRegressor : The forecast that the change is added to.
    sklearn.compose.TransformedTargetRegressor : Transforms y row by row, without earlier rows.

    Notes
    -----
    **Rows.** y must be a column of X. Predictions look up the value ``lag`` rows before in X, or in
    the last rows seen in `fit`, by the index. `max_gap`, `lag_unit`, `time` and `series` must be
    those of the LagTransformer inside. The columns of X are passed to the regressor as they are:
    its windows hold values, not differences.

    **Fit.** Rows without a value ``lag`` rows before are left out, and so are rows with incomplete
    windows (give ``CompleteRows(pipeline, incomplete="fit")`` to fit these). The transformers of a
    pipeline are fitted to all rows; where the change is unknown, supervised ones get the mean
    change as y.

    **Predictions** of rows whose value ``lag`` rows before is missing start from the mean of the
    training targets, with an `IncompleteWindowsWarning` as from `LagTransformer`.

    **No leak.** The lag must be at least the delay of the windows, since newer values are unknown
    when the forecast is made. A `TargetLeakWarning` is raised if the regressor reads the target of
    the row that it predicts.

    **Searches** must contain it, not the reverse:
    ``GridSearchCV(DifferencedRegressor(pipeline), grid)``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import DifferencedRegressor, LagTransformer
    >>> series = 100.0 + np.arange(30.0)
    >>> X = series[:, np.newaxis]
    >>> pipeline = make_pipeline(LagTransformer(2, flatten=True), Ridge(alpha=1e6))
    >>> pipeline.fit(X[:20], series[:20]).predict(X[20:])[-2:].round(2)
    array([109.52, 109.52])
    >>> model = DifferencedRegressor(pipeline).fit(X[:20], series[:20])
    >>> model.predict(X[20:])[-2:].round(2), model.n_rows_omitted_
    (array([128., 129.]), 2)
    """

    regressor: Any = param(
        [HasMethods(["fit", "predict"])],
        """A regressor that reads rows: a pipeline with LagTransformers before its last step, or
        `CompleteRows` with such a pipeline, as `make_ar` returns it.""",
        kw_only=False,
    )
    lag: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Number of rows between the target and the value that is subtracted from it.",
        default=1,
    )
    target: str | int | Sequence[str] | Sequence[int] | None = param(
        [str, Integral, "array-like", None],
        """Name or position of the column of X that equals y, or a list of them for several targets.
        None finds the only column that equals y row by row, ignoring missing values of X.""",
        default=None,
    )

    _inside = "regressor"
    _learned: ClassVar[dict[str, str]] = {
        "regressor_ : estimator": "The fitted regressor of changes.",
        "past_ : ColumnTransformer": "Fitted transformer to the values ``lag`` rows before.",
        "target_columns_ : list of int": "Position in X of the column of each target.",
        "n_rows_omitted_ : int": "Number of training rows left out of the fit of the regressor.",
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns of X, if all are strings."
        ),
    }

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, **params: Any) -> DifferencedRegressor:
        """Fit the regressor to the changes of the target.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Training rows. y is one of the columns.
        y : array-like of shape (n_rows,) or (n_rows, n_targets)
            Targets, in units of their columns.
        **params : dict of str to object
            Parameters of ``fit`` of the regressor. ``sample_weight`` goes to the last step of a
            pipeline. Values with one entry per row are selected with the rows.

        Returns
        -------
        DifferencedRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If the lag is less than the delay of the windows, y is no column of X, LagTransformers
            of the regressor count rows differently, or no row has a value ``lag`` rows before.

        Warns
        -----
        TargetLeakWarning
            If the regressor reads the target of the row that it predicts.
        """
        check_changes_can_be_fitted(self.regressor, self.lag, self._shared())
        with restore_on_error(self):
            X = check_table(X, self)
            validate_data(self, X=X, y=y, skip_check_array=True)
            check_targets(y, X)
            target = check_target(y)
            check_any_known(np.arange(len(target)) < self.lag, self.lag)
            change = self._fit_past(X, target)
            unknown = np.asarray(np.isnan(change.reshape(len(change), -1)).any(axis=1))
            check_any_known(unknown, self.lag)
            if unknown.any():
                change[unknown] = change[~unknown].mean(axis=0)
            is_complete_rows = isinstance(self.regressor, CompleteRows)
            model = clone(self.regressor) if is_complete_rows else CompleteRows(self.regressor)
            model._fit_rows(X, change, self._route("fit", params), unknown)
            self.regressor_ = model if is_complete_rows else model.estimator_
            self.n_rows_omitted_ = model.n_rows_omitted_
            self._warn_of_leak(X, target)
        return self

    def predict(self, X: ArrayLike, **params: Any) -> NDArray[Any]:
        """Predict the target: the value ``lag`` rows before, and the predicted change.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_columns)
            Rows. Those ``lag`` rows before are looked up among them and the last rows of `fit`.
        **params : dict of str to object
            Parameters of ``predict`` of the regressor.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_targets)
            Predictions in units of y.
        """
        check_is_fitted(self)
        X = check_table(X, self)
        validate_data(self, X=X, reset=False, skip_check_array=True)
        change = np.asarray(self.regressor_.predict(X, **self._route("predict", params)))
        past = np.asarray(self.past_.transform(X), dtype=np.float64)
        missing = np.isnan(past)
        warn_of_missing_values(np.asarray(missing.any(axis=1)), self.lag)
        past = np.where(missing, self.past_.named_transformers_["past"].fill_values_, past)
        return np.asarray(change + (past[:, 0] if change.ndim == 1 else past))

    def _fit_past(self, X: Any, target: NDArray[np.float64]) -> NDArray[np.float64]:
        """Learn to look back, and return the change of the target; NaN where it is unknown."""
        named = named_columns(X, self.time, self.series)
        self.target_columns_ = find_target_columns(self.target, X, target, named)
        others = [list(X.columns).index(name) for name in named]
        lags = LagTransformer(1, delay=self.lag, flatten=True, **self._shared())
        self.past_ = ColumnTransformer([("past", lags, [*self.target_columns_, *others])])
        past = np.array(self.past_.fit_transform(X), dtype=np.float64)
        past[self.past_.named_transformers_["past"].incomplete_rows_] = np.nan
        return target - past.reshape(target.shape)

    def _warn_of_leak(self, X: Any, target: NDArray[np.float64]) -> None:
        """Warn if the prediction of the last row depends on the target in that row."""
        row = other = safe_indexing(X, slice(len(target) - 1, None))
        targets = target[-1:].reshape(1, -1).T
        for column, value in zip(self.target_columns_, targets, strict=True):
            other = replace_column(other, column, 2 * value + np.where(value < 0, -1, 1))
        with without_warnings():
            without, changed = (np.asarray(self.regressor_.predict(t)) for t in (row, other))
        if not np.array_equal(without, changed, equal_nan=True):
            columns = list(getattr(X, "columns", range(X.shape[1])))
            warn_of_leak(
                f"regressor reads the columns {[columns[i] for i in self.target_columns_]} of X, "
                "which equal y, in the row that it predicts: the target is among the inputs. Set "
                "delay=1 or more in LagTransformer, take the columns out of known_ahead, or drop "
                "them by a ColumnTransformer."
            )

    def _shared(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in SHARED}

    def _own_lags(self) -> list[LagTransformer]:
        """Return the lags that this estimator itself reads, which add to its lookback."""
        return [LagTransformer(1, delay=self.lag, **self._shared())]

    def __sklearn_tags__(self) -> Tags:
        """Return tags of the regressor, whose scores on unordered rows are poor."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags
