"""Columns that the time of a row determines: parts of the date, and Fourier terms of cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rnn._sklearn.compat import fit_context
from sklearn_rnn._sklearn.estimator import Estimator
from sklearn_rnn._sklearn.parameters import param, parametrized
from sklearn_rnn._sklearn.validation import check_dimensions
from sklearn_rnn.preprocessing._timeline import split_index
from sklearn_rnn.preprocessing._times import TimeKind, missing_times, read_times

_CYCLES = {"year": "Y", "month": "M", "week": "W-SUN", "day": "D", "hour": "h"}
"""Cycles by name, with the frequency of pandas whose periods they are."""
_PARTS = ("year", "quarter", "month", "week", "day", "day_of_week", "day_of_year", "hour", "minute")


@parametrized
class CalendarFeatures(TransformerMixin, Estimator):
    r"""Add columns that the time of a row determines: parts of the date, and Fourier terms.

    Since the calendar is known in advance, the columns are to be named in ``known_ahead`` of the
    `LagTransformer` that follows.

    {parameters}

    {attributes}

    See Also
    --------
    LagTransformer : Reads the columns ahead if ``known_ahead`` names them.

    Notes
    -----
    **Fourier terms.** A cycle with K harmonics gives the columns :math:`\sin(2 \pi k \phi)` and
    :math:`\cos(2 \pi k \phi)` for k = 1, ..., K, where :math:`\phi` is the share of the cycle that
    has passed: of this calendar year (365 or 366 days), month, week (from Monday), day or hour, in
    the time zone of the index. A number p as a cycle divides an index of numbers by p. Linear
    models of K harmonics can represent any smooth season; networks need few.

    **Times** are those of the index, of its level of times, or of the column `time`; periods count
    as their beginnings.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_rnn.preprocessing import CalendarFeatures
    >>> X = pd.DataFrame({"sales": [3.0, 4.0]}, index=pd.to_datetime(["2026-01-01", "2026-07-02"]))
    >>> calendar = CalendarFeatures(harmonics={"year": 1}, parts=["month"])
    >>> calendar.fit_transform(X).round(2)
                sales  year_sin1  year_cos1  month
    2026-01-01    3.0       0.00        1.0      1
    2026-07-02    4.0       0.01       -1.0      7
    >>> calendar.names()
    ['year_sin1', 'year_cos1', 'month']

    In a pipeline:

    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_rnn import GRURegressor, LagTransformer
    >>> lags = LagTransformer(24, known_ahead=calendar.names())
    >>> model = make_pipeline(calendar, lags, GRURegressor())
    """

    harmonics: Mapping[Any, int] | None = param(
        [dict, None],
        """
        Number of harmonics by cycle: ``'year'``, ``'month'``, ``'week'``, ``'day'``, ``'hour'``, or
        a number, the length of the cycle in units of an index of numbers.
        """,
        default=None,
    )
    parts: Sequence[str] = param(
        ["array-like"],
        """
        Parts of the date as integer columns: ``'year'``, ``'quarter'``, ``'month'``, ``'week'`` (of
        ISO 8601), ``'day'``, ``'day_of_week'`` (Monday is 0), ``'day_of_year'``, ``'hour'``,
        ``'minute'``.
        """,
        default=(),
    )
    time: str | None = param(
        [str, None],
        "Column of X, or level of its index, with the times; None reads the index.",
        default=None,
    )

    _learned: ClassVar[dict[str, str]] = {
        "n_features_in_ : int": "Number of columns of X.",
        "feature_names_in_ : ndarray of shape (n_features_in_,)": "Names of the columns of X.",
    }

    def names(self) -> list[str]:
        """Return the names of the columns that are added, also before `fit`.

        Returns
        -------
        list of str
            For ``known_ahead`` of a `LagTransformer`.
        """
        terms = [
            f"{cycle}_{wave}{k}"
            for cycle, n_harmonics in (self.harmonics or {}).items()
            for k in range(1, n_harmonics + 1)
            for wave in ("sin", "cos")
        ]
        return [*terms, *self.parts]

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: pd.DataFrame, y: Any = None) -> CalendarFeatures:
        """Check X and the parameters.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Rows with times.
        y : object, default=None
            Ignored.

        Returns
        -------
        CalendarFeatures
            The fitted transformer.

        Raises
        ------
        TypeError
            If X is not a DataFrame.
        ValueError
            If X has no times, names of columns are no strings or already those of the new ones, or
            a cycle or part is unknown.
        """
        self._check_parameters()
        self._compute(X)
        if others := [name for name in X.columns if not isinstance(name, str)]:
            raise ValueError(
                f"X must have strings as names of columns, since named ones are added; got "
                f"{others}. Give X.rename(columns=str), or name a Series, series.rename('sales')."
            )
        if taken := [name for name in self.names() if name in X.columns]:
            raise ValueError(f"X already has the columns {taken}; rename them.")
        validate_data(self, X=X, skip_check_array=True)
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Add the columns.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_columns)
            Rows with times.

        Returns
        -------
        DataFrame of shape (n_rows, n_columns + n_added)
            X with the new columns behind its own.
        """
        check_is_fitted(self)
        added = self._compute(X)
        validate_data(self, X=X, reset=False, skip_check_array=True)
        return X.assign(**added)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns of the output.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Ignored; X has names.

        Returns
        -------
        ndarray of str
            Names of the columns of X, and `names`.
        """
        check_is_fitted(self)
        return np.array([*self.feature_names_in_, *self.names()], dtype=object)

    def _check_parameters(self) -> None:
        for cycle, n_harmonics in (self.harmonics or {}).items():
            is_number = isinstance(cycle, Real) and not isinstance(cycle, bool)
            is_number = is_number and 0 < float(cycle) < np.inf
            if not (is_number or cycle in _CYCLES):
                raise ValueError(
                    f"harmonics must have the cycles {list(_CYCLES)} or positive finite numbers "
                    f"as keys; got {cycle!r}."
                )
            if not isinstance(n_harmonics, Integral) or n_harmonics < 1:
                raise ValueError(
                    f"harmonics must be integers of at least 1; got {n_harmonics!r} for {cycle!r}."
                )
        if unknown := [part for part in self.parts if part not in _PARTS]:
            raise ValueError(f"parts must be among {list(_PARTS)}; got {unknown}.")

    def _compute(self, X: Any) -> dict[str, NDArray[Any]]:
        """Return the added columns by name."""
        check_dimensions(X)
        if not isinstance(X, pd.DataFrame):
            raise TypeError(
                f"X must be a pandas DataFrame, whose index holds the times; got "
                f"{type(X).__name__}."
            )
        times = _times(split_index(X, len(X), self.time, None)[0])
        values = []
        for cycle, n_harmonics in (self.harmonics or {}).items():
            angle = 2 * np.pi * _phase(times, cycle)
            for k in range(1, n_harmonics + 1):
                values += [np.sin(k * angle), np.cos(k * angle)]
        if self.parts:
            dates = _dates(times, f"parts={list(self.parts)}")
            values += [_part(dates, part) for part in self.parts]
        return dict(zip(self.names(), values, strict=True))


def _times(index: Any) -> Any:
    """Return times as an index of numbers, dates, periods or durations."""
    kind, values = (TimeKind(), np.zeros(0)) if index is None else read_times(index)
    if kind.name == "none":
        raise ValueError(
            "X must have times in its index, or in the column that `time` names; got "
            f"{None if index is None else index[:1].tolist()}."
        )
    if missing := int(missing_times(values).sum()):
        raise ValueError(
            f"X must have a time in each row; missing in {missing} of {len(values)} rows. Drop "
            "these, or give them one."
        )
    return kind.to_index(values)


def _dates(times: Any, parameter: str) -> pd.DatetimeIndex:
    """Return times as dates without a zone, in their own zone."""
    dates = times.to_timestamp() if isinstance(times, pd.PeriodIndex) else times
    if not isinstance(dates, pd.DatetimeIndex):
        raise ValueError(
            f"{parameter} needs times that are dates; got {times[:1].tolist()}. For an index of "
            "numbers give the length of the cycle, harmonics={12: 2}."
        )
    return dates.tz_localize(None)


def _phase(times: Any, cycle: Any) -> NDArray[np.float64]:
    """Return the share of a cycle that has passed at each time, from 0 to 1."""
    if isinstance(cycle, Real):
        if not is_numeric_dtype(times):
            raise ValueError(
                f"harmonics of the cycle {cycle} need an index of numbers; got "
                f"{times[:1].tolist()}. Cycles of dates are {list(_CYCLES)}."
            )
        return np.asarray(times.to_numpy(np.float64) / float(cycle) % 1)
    dates = _dates(times, f"the cycle {cycle!r} of harmonics")
    periods = dates.to_period(_CYCLES[cycle])
    start, end = periods.start_time, (periods + 1).start_time
    return np.asarray((dates - start) / (end - start), dtype=np.float64)


def _part(dates: pd.DatetimeIndex, part: str) -> NDArray[np.int64]:
    values = dates.isocalendar().week if part == "week" else getattr(dates, part)
    return np.asarray(values, dtype=np.int64)
