"""What linear models on windows share: reading X and y, coefficients and predictions."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from typing_extensions import Self

from sklearn_rnn._sequences.input_form import InputForm, Reading
from sklearn_rnn._sequences.storage import row_chunks
from sklearn_rnn._sequences.validation import check_sequences
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import check_sample_weight, fit_context
from sklearn_rnn._sklearn.parameters import parametrized
from sklearn_rnn._sklearn.validation import (
    check_target,
    prefix_errors,
    restore_on_error,
    validate_features,
)
from sklearn_rnn.linear._design import CenteredDesign, Design, FloatArray
from sklearn_rnn.linear._parameters import ColumnParameters
from sklearn_rnn.linear._training_set import TrainingSet


def coefficient_docs(*outputs: str, of: str = "") -> dict[str, str]:
    """Describe the coefficients of `_learned`, by their leading axes, and what they are `of`."""
    flat = " or ".join(f"({axis}n_columns{'' if axis else ','})" for axis in outputs)
    by_lag = " or ".join(f"({axis}n_lags, n_channels)" for axis in outputs)
    return {
        f"coef_ : ndarray of shape {flat}": (
            f"Coefficients of the flattened windows{of}: blocks of channels, oldest lag first. For "
            "a 2-D X, in the order of its columns."
        ),
        f"lag_coef_ : ndarray of shape {by_lag}": (
            "The same coefficients by lag, oldest first, and channel."
        ),
    }


@parametrized
class WindowModel(ColumnParameters):
    """Base class of linear models on windows, with any loss."""

    _learned: ClassVar[dict[str, str]] = {
        **coefficient_docs("", "n_outputs, "),
        "intercept_ : float or ndarray of shape (n_outputs,)": "Intercept of each target.",
        "n_features_in_ : int": "Number of columns of a 2-D `X`, or channels of a 3-D `X`.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns, if all are strings."
        ),
    }

    def _linear_predictor(self, X: Any) -> FloatArray:
        """Return products of windows and coefficients, with intercepts: (n_samples, n_outputs)."""
        check_is_fitted(self)
        design, _ = self._read(X, "no_validation", reset=False)
        coef = self.lag_coef_.reshape(-1, design.n_columns).T
        return CenteredDesign(design, self._center).dot(coef) + self._at_center

    def _read_training_set(self, X: Any, y: Any, sample_weight: Any) -> TrainingSet:
        """Validate the arguments of `fit`; leave out incomplete windows, and weights of zero."""
        design, y = self._read(X, y, reset=True)
        target = self._read_target(y)
        with prefix_errors("sample_weight"):
            weight = check_sample_weight(
                sample_weight, np.empty((len(design), 1)), ensure_non_negative=True
            )
        if not weight.any():  # newer versions of scikit-learn have raised an error
            raise ValueError("sample_weight must be positive for some sample; all are zero.")
        self._target_shape = target.shape[1:]
        columns = target.reshape(len(target), -1)
        data = TrainingSet(design, columns, weight, np.arange(len(design)), columns)
        _check_squares(weight, X=design.rows, y=columns)
        used = weight > 0
        if isinstance(X, WindowArray):
            used &= X.is_complete
            if not used.any():
                raise ValueError(
                    f"X has no complete window among {len(X)}: each has lags before the start of "
                    "its series or in a gap, or weight 0. Give longer series, or fewer lags."
                )
        return data if used.all() else data.take(np.flatnonzero(used))

    def _read(self, X: Any, y: Any, *, reset: bool) -> tuple[Design, Any]:
        """Validate X and y, and return X as a design matrix."""
        windows, y, form = check_sequences(
            partial(validate_features, self, reset=reset),
            X,
            y,
            name=type(self).__name__,
            reading=Reading(self.n_channels, missing="values", is_table=True),
            form=None if reset else self._form,
        )
        assert isinstance(windows, Windows), "sequences of different length raise an error"
        if reset:
            self._form: InputForm = form
            self.n_features_in_ = form.n_features
        elif form.n_steps != self._form.n_steps:
            raise ValueError(
                f"X has {form.n_steps} lags, but {type(self).__name__} was fitted on "
                f"{self._form.n_steps}; give as many."
            )
        return Design.of(windows), y

    def _read_target(self, y: Any) -> NDArray[np.float64]:
        """Return the checked targets as numbers."""
        return check_target(y)

    def _set_linear(self, coef: FloatArray, center: FloatArray, at_center: FloatArray) -> None:
        """Set the learned attributes.

        Parameters
        ----------
        coef : ndarray of shape (n_columns, n_outputs)
            Coefficients.
        center : ndarray of shape (n_channels,)
            The row that stands for missing values.
        at_center : ndarray of shape (n_outputs,)
            Predictions for a window of such rows.
        """
        n_lags, n_channels = self._form.n_steps, self._form.n_channels
        level = np.tile(center, n_lags) @ coef if self.fit_intercept else at_center
        intercept = at_center - level
        shape = self._target_shape
        self.coef_ = self._in_order_of_columns(coef.T).reshape(*shape, -1)
        self.lag_coef_ = coef.T.reshape(*shape, n_lags, n_channels)
        self.intercept_ = intercept.reshape(shape) if shape else float(intercept[0])
        self._center, self._at_center = center, at_center

    def _in_order_of_columns(self, values: FloatArray) -> FloatArray:
        """Return values of the columns of the design, on the last axis, in the order of X."""
        columns = self._form.columns
        return values if columns is None else values[..., np.argsort(columns.order)]

    def __sklearn_tags__(self) -> Tags:
        """Declare 3-D input, missing values and several targets."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


@parametrized
class FixedPenaltyModel(WindowModel):
    """Base class of models whose penalty is a parameter."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the coefficients.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows, as `LagTransformer` gives them, or flattened ones.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        object
            The fitted estimator.
        """
        with restore_on_error(self):
            self._fit(self._read_training_set(X, y, sample_weight))
        return self

    @abstractmethod
    def _fit(self, data: TrainingSet) -> None:
        """Set the learned attributes."""


@parametrized
class WindowRegressor(RegressorMixin, WindowModel):
    """Base class of regressors on windows."""

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the expected targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_lags, n_channels) or (n_samples, n_columns)
            Windows. Missing values (NaN) are replaced by the training mean of their channel.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions.
        """
        predicted = self._mean(self._linear_predictor(X))
        return np.asarray(predicted.ravel() if self.coef_.ndim == 1 else predicted)

    def _mean(self, linear_predictor: FloatArray) -> FloatArray:
        """Return the expected targets."""
        return linear_predictor


def _check_squares(weight: NDArray[np.float64], **arrays: NDArray[Any]) -> None:
    """Check that sums of squares of arrays, and of weights, are finite."""
    for name, rows in {**arrays, "sample_weight": weight[:, np.newaxis]}.items():
        largest = max(np.nanmax(np.abs(rows[c]), initial=0) for c in row_chunks(*rows.shape))
        if largest > np.sqrt(np.finfo(np.float64).max / rows.size) / 2:  # about their means
            raise ValueError(
                f"{name} has values up to {largest:.1g} in size, whose sum of squares overflows; "
                "divide it by a constant."
            )
