"""The naive and the seasonal naive forecast: `PersistenceRegressor`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_rnn._sequences.input_form import InputForm, Reading
from sklearn_rnn._sequences.lag_names import LAG_NAME
from sklearn_rnn._sequences.validation import check_sequences
from sklearn_rnn._sequences.window_array import WindowArray
from sklearn_rnn._sequences.windows import Windows
from sklearn_rnn._sklearn.compat import Interval, fit_context
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_target, restore_on_error, validate_features


@dataclass(frozen=True)
class _Channel:
    """Where the values of a channel are in windows.

    Attributes
    ----------
    steps : ndarray of shape (n_lags,)
        Steps of the windows that hold a value of the channel.
    index : int
        The channel of the windows at these steps.
    lags : ndarray of shape (n_lags,)
        Lag of each value, in rows before the target.
    """

    steps: NDArray[np.intp]
    index: int
    lags: NDArray[np.intp]


@parametrized
class PersistenceRegressor(RegressorMixin, Estimator):
    r"""Naive forecast: the last value of a channel, or its value one season earlier.

    With s = ``season``, the forecast of :math:`y_t` is the newest of the values :math:`x_{t - s},
    x_{t - 2 s}, \ldots` of the channel that X contains: the last value for s = 1. Of several
    targets, the h-th is :math:`y_{t + h - 1}`.

    {parameters}

    {attributes}

    See Also
    --------
    make_ar : Linear autoregression.

    Notes
    -----
    Nothing is learned from y: the channel must contain past values of the target in units of the
    target, so X must not be scaled. Only this channel must have no missing values.

    Windows of `LagTransformer` and `make_lagged` know their lags. Those of a table are read from
    the names of its columns (``sales_lag3``), as ``LagTransformer(flatten=True)`` with
    ``set_output(transform="pandas")`` gives them. Other arrays are assumed to contain the rows
    directly before the target (``delay=1`` and ``step=1``).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rnn import PersistenceRegressor, make_lagged
    >>> series = np.array([1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0])
    >>> windows, targets = make_lagged(series[:, None], series, 3)
    >>> PersistenceRegressor(season=3).fit(windows, targets).predict(windows)
    array([1., 2., 3., 1.])
    """

    channel: int | str = param(
        [Interval(Integral, 0, None, closed="left"), str],
        """Position of the channel with past values of the target, or its name: that of a column of
        the DataFrame from which the windows were made, or the prefix of columns of X named
        ``<channel>_lag<number>``.""",
        default=0,
    )
    season: int = param(
        [Interval(Integral, 1, None, closed="left")],
        "Length of the season in rows, counted from the target.",
        default=1,
    )
    n_channels: int | None = param(
        [Interval(Integral, 1, None, closed="left"), None],
        """Number of channels of a 2-D X, whose columns are blocks of channels, oldest first. None
        reads it from the names of columns, otherwise it is 1. Not used if `channel` is a name.""",
        default=None,
    )

    _learned: ClassVar[dict[str, str]] = {
        "n_features_in_ : int": "Number of columns of a 2-D `X`, or channels of a 3-D `X`.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": (
            "Names of the columns, if all are strings."
        ),
        "n_channels_ : int": "Number of channels of the windows.",
        "n_outputs_ : int or None": "Number of targets; None if y is one-dimensional.",
        "n_parameters_ : int": "0, since nothing is learned.",
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> PersistenceRegressor:
        """Validate X and y, and store their shapes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Windows of past values.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, for the next ``n_outputs`` steps if there are several.

        Returns
        -------
        PersistenceRegressor
            The fitted estimator.
        """
        with restore_on_error(self):
            windows, y = self._read(X, y, reset=True)
            target = check_target(y)
            self.n_outputs_ = None if target.ndim == 1 else target.shape[1]
            self._in_windows: _Channel | None = None
            channel = self._find_channel(X, windows)
            self._take_forecasts(windows, channel)
            self._in_windows = channel if isinstance(X, WindowArray) else None
        self.n_parameters_ = 0
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps, n_channels) or (n_samples, n_columns)
            Windows of past values.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Forecasts.
        """
        check_is_fitted(self)
        windows, _ = self._read(X, "no_validation", reset=False)
        forecasts = self._take_forecasts(windows, self._find_channel(X, windows))
        return forecasts[:, 0] if self.n_outputs_ is None else forecasts

    def _take_forecasts(self, windows: Windows, channel: _Channel) -> NDArray[np.float64]:
        """Return the values that are the forecasts, of a channel without missing ones."""
        first, of_channel = windows.first_rows(), windows.rows[:, channel.index]
        missing = np.zeros(len(first), dtype=bool)
        for step in channel.steps.tolist():
            missing |= np.isnan(of_channel[first + step * windows.step_stride])
        if missing.any():
            raise ValueError(
                f"Input X contains NaN: channel={self.channel!r}, which {type(self).__name__} "
                f"repeats, lacks values in {missing.sum()} of {len(missing)} samples, first in "
                f"sample {missing.argmax()}. Fill the column before LagTransformer, by ffill() for "
                "example, or name another channel."
            )
        places = self._find_steps(channel) * windows.step_stride
        return of_channel[first[:, np.newaxis] + places].astype(np.float64)

    def _read(self, X: Any, y: Any, *, reset: bool) -> tuple[Windows, Any]:
        windows, y, form = check_sequences(
            partial(validate_features, self, reset=reset),
            X,
            y,
            name=type(self).__name__,
            reading=self._reading(),
            form=None if reset else self._form,
        )
        assert isinstance(windows, Windows), "sequences of different length raise an error"
        if reset:
            self._form: InputForm = form
            self.n_features_in_, self.n_channels_ = form.n_features, form.n_channels
        return windows, y

    def _reading(self) -> Reading:
        """Return how to read X: of a channel with a name only the columns of that name count."""
        named = isinstance(self.channel, str)
        return Reading(
            None if named else self.n_channels,
            missing="values",  # of channels that it does not read
            reads_names=not named,
            needs_numbers=None,
        )

    def _find_channel(self, X: Any, windows: Windows) -> _Channel:
        """Return where the values of the channel are in windows, and their lags."""
        n_channels, steps = windows.rows.shape[1], np.arange(windows.n_steps)
        if isinstance(X, WindowArray):
            names = X.channels or ()
            index = self._find_index(names, n_channels)
            if index in X.origin.categories:
                raise ValueError(
                    f"channel={self.channel!r} holds categories; name the channel of past values "
                    "of y."
                )
            ahead = X.delay if index in X.origin.known_ahead else 0
            return _Channel(steps, index, X.lags - ahead)
        if self._in_windows is not None and len(self._in_windows.steps) == windows.n_steps:
            return self._in_windows
        if isinstance(self.channel, str):
            named = _read_names(getattr(self, "feature_names_in_", ()))
            columns = [i for i, (channel, _) in enumerate(named) if channel == self.channel]
            if not columns:
                raise ValueError(
                    f"channel={self.channel!r} needs columns of X named {self.channel}_lag1 and so "
                    f"on; the channels of X are {sorted({channel for channel, _ in named})}."
                )
            return _Channel(np.array(columns), 0, np.array([named[i][1] for i in columns]))
        index = self._find_index((), n_channels)
        if self._form.columns is not None:
            lags = self._form.columns.lags[:, index]
        else:  # the rows directly before the target
            lags = np.arange(windows.n_steps, 0, -1)
        return _Channel(steps, index, lags)

    def _find_index(self, names: Sequence[str], n_channels: int) -> int:
        """Return the position of the channel among those of windows."""
        if isinstance(self.channel, str) and self.channel in names:
            return names.index(self.channel)
        if isinstance(self.channel, str):
            raise ValueError(
                f"channel={self.channel!r} is not among the channels of X, {list(names)}."
                if names
                else f"channel={self.channel!r} is a name, but the channels of X have none; give "
                "its position, or make the windows from a DataFrame."
            )
        if self.channel >= n_channels:
            raise ValueError(
                f"channel={self.channel} is out of range for X with {n_channels} channels, counted "
                "from 0."
            )
        return self.channel

    def _find_steps(self, channel: _Channel) -> NDArray[np.intp]:
        """Return the step of a window that is the forecast of each target."""
        lags, found = channel.lags, []
        for ahead in range(self.n_outputs_ or 1):
            back = lags + ahead
            seasonal = np.flatnonzero((back > 0) & (back % self.season == 0))
            if not len(seasonal):
                needed = max(1, -(-back.min() // self.season)) * self.season - ahead
                raise ValueError(
                    f"season={self.season} needs lag {needed}, which is not among the {len(lags)} "
                    f"lags of X from {lags.min()} to {lags.max()}; raise n_lags, or choose a step "
                    "of the lags that divides the season."
                )
            found.append(seasonal[lags[seasonal].argmin()])
        return channel.steps[found]

    def __sklearn_tags__(self) -> Tags:
        """Declare 3-D input, several outputs, and that nothing is learned."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return tags


def _read_names(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return channel and lag of every column, or nothing if some name has none."""
    found = [LAG_NAME.fullmatch(name) for name in names]
    return (
        [(match["channel"] or "", int(match["lag"])) for match in found if match]
        if all(found)
        else []
    )
