"""Back-tests: forecasts of past rows from the rows before them: `backtest`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit, check_cv

from sklearn_rnn._sklearn.compat import Interval, validate_params
from sklearn_rnn._sklearn.folds import check_folds
from sklearn_rnn._sklearn.rows import take_rows
from sklearn_rnn.model_selection._backtest_result import Backtest
from sklearn_rnn.model_selection._backtest_series import Fold, SeriesOfRows
from sklearn_rnn.model_selection._complexity import model_size
from sklearn_rnn.model_selection._forecast_errors import level_of_endings
from sklearn_rnn.model_selection._panel_split import PanelTimeSeriesSplit
from sklearn_rnn.preprocessing._gap_warnings import gaps_in_one_warning
from sklearn_rnn.preprocessing._incomplete_rows import find_lags


@validate_params(
    {
        "X": [pd.DataFrame, pd.Series],
        "cv": [Interval(Integral, 1, None, closed="left"), "cv_object"],
        "refit": ["boolean", Interval(Integral, 1, None, closed="left")],
        "series_weight": [Mapping, pd.Series, None],
    },
    prefer_skip_nested_validation=False,
)
def backtest(
    forecasters: Any,
    X: Any,
    *,
    cv: Any = 5,
    refit: bool | int = True,
    series_weight: Mapping[Any, float] | pd.Series[float] | None = None,
    level: float | Sequence[float] | None = None,
) -> Backtest:
    """Forecast past rows of each series from the rows before them, and measure the errors.

    Parameters
    ----------
    forecasters : forecaster or mapping of str to forecaster
        A `Forecaster` or `NaiveForecaster`, or several by name, which are compared on the same
        rows. They are cloned. All must have the same ``season``, whose naive error scales MASE.
    X : DataFrame or Series of shape (n_rows, n_columns)
        Rows of all series with their targets.
    cv : int, cross-validation generator or iterable, default=5
        Splits in the order of time; test rows must directly follow the training rows of their
        series, and those of series without training rows are left out. An integer is the number of
        test sets of as many times as the longest ``horizon`` of the forecasters, one after the
        other at the end of X, as `PanelTimeSeriesSplit` and ``TimeSeriesSplit`` make them; series
        that end before these times are not tested, as the verdict says. A `NaiveForecaster` or
        `LocalForecaster` has no horizon: without a `Forecaster` beside it give a splitter. With
        ``PanelTimeSeriesSplit(1, test_size=6, align="end")`` the last rows of each series are.
    refit : bool or int, default=True
        Whether to fit to the training rows of each fold, of the first fold alone (False), or of
        each k-th fold. Otherwise the forecaster of an earlier fold forecasts from the training
        rows of the fold, without being fitted to them.
    series_weight : mapping or Series of float, default=None
        Weight of each series of X, by its name, in all errors. None weighs all rows alike.
    level : float or sequence of float, default=None
        Level of intervals that are measured too, or several, such as 0.1, 0.3, ..., 0.9: their
        coverage, width and interval score, the pinball loss of their ends, and the CRPS. The
        forecasters need ``calibration_rows``.

    Returns
    -------
    Backtest
        The forecasts, their errors by step, series and fold, a verdict in words, and a plot.

    Raises
    ------
    ValueError
        If an argument is invalid, test rows were fitted, or a forecast is NaN. Errors of a
        forecaster begin with its name and the fold.

    See Also
    --------
    compare_models : Scores of models on the same folds, with their size and time.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_rnn import Forecaster, NaiveForecaster, make_ar
    >>> from sklearn_rnn.model_selection import backtest
    >>> months = pd.period_range("2020-01", periods=72, freq="M")
    >>> noise = np.random.default_rng(0).normal(size=72)
    >>> sales = pd.Series(10.0 + 3.0 * np.sin(np.arange(72) * np.pi / 6) + noise, months)
    >>> models = {"ar": Forecaster(make_ar(12), 6, season=12)}
    >>> models["naive"] = NaiveForecaster("seasonal", season=12)
    >>> result = backtest(models, sales, cv=3)
    >>> result.summary()["mase"].round(2).to_dict()
    {'ar': 1.01, 'naive': 1.36}
    >>> print(result.verdict())  # doctest: +ELLIPSIS
    Take 'ar' (78 parameters): it has the least MASE, 1.01, and leads 'naive' (0 parameters), ...
    """
    one = {type(forecasters).__name__: forecasters}
    models = dict(forecasters) if isinstance(forecasters, Mapping) else one
    every = _check_arguments(models, refit, series_weight)
    levels = level_of_endings(level)
    series = SeriesOfRows.read(models, X)
    series.check_weights(series_weight)
    folds, new, untested = series.leave_new_out(_folds(models, X, cv))
    parts, sizes = [], []
    with gaps_in_one_warning(stacklevel=5):
        for name, model in models.items():
            for fold, forecasts, fitted in _forecasts(name, model, X, folds, every, levels):
                sizes.append((name, *model_size(fitted)))
                part = _table(X, folds[fold][1], forecasts, fitted, series_weight)
                if (missing := int(part["forecast"].isna().sum())) > 0:
                    raise ValueError(
                        f"{name!r} has {missing} forecasts that are NaN in fold {fold}."
                    )
                part.insert(0, "fold", fold)
                part.insert(0, "model", name)
                parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    known = table["actual"].notna()
    if not (weighed := known & (table["weight"] > 0)).any():
        raise ValueError(
            "cv must test rows with a known target, of series with a positive weight; of "
            f"{len(table)} forecasts {known.sum()} have a target, and {weighed.sum()} of these a "
            "positive weight. Give other test rows, or another series_weight."
        )
    return Backtest(
        names=list(models),
        forecasts=table,
        season=next(iter(models.values())).season,
        levels=levels,
        new_series=new,
        untested=untested,
        sizes=_mean_sizes(sizes),
        test_share=float(np.mean([len(test) / len(train) for train, test in folds])),
    )


def _mean_sizes(sizes: Sequence[tuple[str, float, str]]) -> pd.DataFrame:
    """Return the mean complexity of each forecaster over the folds, and its unit."""
    table = pd.DataFrame(sizes, columns=["model", "complexity", "unit"])
    by_model = table.groupby("model", sort=False)
    return by_model.agg({"complexity": "mean", "unit": "first"})


def _check_arguments(models: Mapping[str, Any], refit: bool | int, series_weight: Any) -> int:
    """Check the arguments, and return how many folds a fit is for; 0 is all."""
    if not models or not all(isinstance(name, str) for name in models):
        raise ValueError(
            f"forecasters must be a forecaster, or a non-empty mapping of names to forecasters; "
            f"got {models!r}."
        )
    if others := [name for name, model in models.items() if not hasattr(model, "season")]:
        raise ValueError(
            f"forecasters must be instances of Forecaster or NaiveForecaster; {others} are not. "
            "Give Forecaster(model)."
        )
    seasons = {name: model.season for name, model in models.items()}
    if len(set(seasons.values())) > 1:
        raise ValueError(
            f"forecasters must have the same season, by whose naive error MASE is scaled; got "
            f"{seasons}."
        )
    weights = [] if series_weight is None else [*dict(series_weight).values()]
    are_weights = all(isinstance(w, int | float | np.number) and w >= 0 for w in weights)
    if series_weight is not None and not (are_weights and any(weights)):
        raise ValueError(
            "series_weight must be a mapping of the names of series to weights of at least 0, not "
            f"all of them 0, such as {{'a': 2.0, 'b': 1.0}}; got {series_weight!r}."
        )
    return int(refit)


def _folds(models: Mapping[str, Any], X: Any, cv: Any) -> list[Fold]:
    """Return the splits."""
    if not isinstance(cv, Integral):
        return check_folds(check_cv(cv).split(X), len(X))
    owners = [part for model in models.values() for part in (model, *find_lags(model))]
    time = next((owner.time for owner in owners if owner.time is not None), None)
    horizon = max((getattr(model, "horizon", 0) for model in models.values()), default=0)
    if not horizon:
        named = "" if time is None else f", time={time!r}"
        raise ValueError(
            f"cv={cv} takes the horizon of the forecasters as the length of the test sets, but "
            f"none of {list(models)} has one; give PanelTimeSeriesSplit({cv}, test_size=..."
            f"{named})."
        )
    if time is None and isinstance(X.index, pd.RangeIndex):
        return list(TimeSeriesSplit(int(cv), test_size=horizon).split(X))
    return list(PanelTimeSeriesSplit(int(cv), test_size=horizon, time=time).split(X))


def _forecasts(
    name: str, model: Any, X: Any, folds: list[Fold], every: int, levels: Mapping[str, float]
) -> Iterator[tuple[int, Any, Any]]:
    """Yield the number of each fold, its forecasts, and the fitted forecaster."""
    fitted, seen = None, np.zeros(0, dtype=np.intp)
    for fold, (train, test) in enumerate(folds):
        past, ahead = take_rows(X, train), take_rows(X, test)
        if fitted is None or (every and fold % every == 0):
            with _naming(name, fold):
                fitted, seen = clone(model).fit(past), train
                forecasts = _predict(fitted, ahead, levels)
            yield fold, forecasts, fitted
            continue
        if np.isin(test, seen).any():
            raise ValueError(
                f"refit={every or False} needs folds in the order of time; fold {fold} tests rows "
                "that an earlier fold was fitted to. Sort the folds, or set refit=True."
            )
        with _naming(name, fold):
            forecasts = _predict(fitted, ahead, levels, past=past)
        yield fold, forecasts, fitted


@contextmanager
def _naming(name: str, fold: int) -> Iterator[None]:
    """Let errors of the block begin with the name of the forecaster and the fold."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name!r} in fold {fold}: {error}") from error


def _predict(fitted: Any, ahead: Any, levels: Mapping[str, float], **past: Any) -> dict[str, Any]:
    """Return forecasts, by the endings of the columns of their intervals if there are levels."""
    how = {ending: {"level": level} for ending, level in levels.items()} or {"": {}}
    return {ending: fitted.predict(ahead, **past, **one) for ending, one in how.items()}


def _table(
    X: Any, test: NDArray[np.intp], forecasts: dict[str, Any], fitted: Any, weights: Any
) -> pd.DataFrame:
    """Return the forecasts of a fold with their actuals, steps, scales and weights, in rows."""
    tables = {ending: _to_frame(part) for ending, part in forecasts.items()}
    table = next(iter(tables.values()))
    index: Any = table.index
    times = index.get_level_values(-1)
    series = index.droplevel(-1).tolist() if index.nlevels > 1 else [0] * len(index)
    codes, labels = pd.factorize(pd.Index(series), use_na_sentinel=False)
    time_codes = pd.Series(pd.factorize(times, sort=True)[0])
    step = time_codes.groupby(codes).rank("first").to_numpy(np.intp)
    actual = _to_frame(take_rows(X, test))
    parts = []
    for target in fitted.naive_error_.columns:
        columns = {
            "series": series,
            "time": times,
            "step": step,
            "target": target,
            "actual": actual[target].to_numpy(np.float64, na_value=np.nan),
            "forecast": table[target].to_numpy(),
            "scale": fitted.naive_error_[target].reindex(labels).to_numpy()[codes],
            "weight": np.array([_weight(weights, label) for label in labels])[codes],
        }
        for ending, part in tables.items():
            for end in ("lower", "upper"):
                if f"{target}_{end}" in part.columns:
                    columns[f"{end}{ending}"] = part[f"{target}_{end}"].to_numpy()
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _to_frame(table: Any) -> Any:
    return table.to_frame() if isinstance(table, pd.Series) else table


def _weight(weights: Any, label: Any) -> float:
    """Return the weight of a series."""
    if weights is not None and label not in weights:
        raise ValueError(
            f"series_weight must hold a weight for each series that is tested; that of {label!r} "
            "is missing."
        )
    return 1.0 if weights is None else float(weights[label])
