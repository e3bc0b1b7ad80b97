"""Results of a back-test: forecasts, errors, tests of differences, and a verdict."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sklearn_rnn.model_selection._forecast_errors import forecast_errors
from sklearn_rnn.model_selection._paired_tests import both_tests, corrected_t, diebold_mariano
from sklearn_rnn.model_selection._plot.backtest import BacktestDisplay
from sklearn_rnn.model_selection._ranking import Ranking
from sklearn_rnn.model_selection._verdict import describe_size, describe_verdict

_GROUPS = ("model", "fold", "series", "step", "target")
"""Columns by which errors can be grouped."""


@dataclass(frozen=True, repr=False, eq=False)
class Backtest:
    """Results of forecasters on the same folds; returned by `backtest`.

    Attributes
    ----------
    names : sequence of str
        Names of the forecasters, in the order given.
    forecasts : DataFrame
        One row for each forecast: model, fold, series (0 if there is one without a name), time,
        step (rows after the training rows), target, actual, forecast, scale (the naive error of
        the series in the training rows) and weight.
    season : int
        Length of the season of the naive forecast whose error is the scale.
    test_share : float
        Number of test rows divided by the number of training rows, averaged over folds.
    levels : mapping of str to float
        Levels of the intervals, by the ending of the columns of `forecasts` and `errors` that
        belong to them: ``""`` for a single level, whose intervals are from lower to upper;
        otherwise such as ``"_0.9"`` for those from lower_0.9 to upper_0.9.
    new_series : mapping of int to list
        By fold, names of the series that are left out of it, as they have no training rows in it.
    untested : list
        Names of the series of X that no fold tests, such as those that end before the test rows.
    sizes : DataFrame
        One row for each forecaster: ``complexity``, the mean size of its fits as `n_parameters`
        counts it, NaN if it is unknown, and ``unit``, what it counts.
    metric : str
        The error that decides: 'mase', or 'mae' where no series has a scale.
    best : str
        The forecaster with the least error.

    See Also
    --------
    backtest : Makes it.
    sklearn_rnn.plotting.BacktestDisplay : Plot of the errors.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn_rnn import NaiveForecaster
    >>> from sklearn_rnn.model_selection import PanelTimeSeriesSplit, backtest
    >>> line = pd.Series(np.arange(20.0), pd.date_range("2026-01-01", periods=20))
    >>> models = {name: NaiveForecaster(name) for name in ("last", "drift")}
    >>> result = backtest(models, line, cv=PanelTimeSeriesSplit(2, test_size=3))
    >>> result.errors(["model", "step"])["mae"]["last"].to_dict()
    {1: 1.0, 2: 2.0, 3: 3.0}
    >>> result.best
    'drift'
    """

    names: Sequence[str]
    forecasts: pd.DataFrame
    season: int
    test_share: float
    levels: Mapping[str, float]
    new_series: Mapping[int, Sequence[Hashable]]
    untested: Sequence[Hashable]
    sizes: pd.DataFrame

    def errors(self, by: str | Sequence[str] = ("model", "step")) -> pd.DataFrame:
        r"""Return the errors in groups of rows.

        Parameters
        ----------
        by : str or sequence of str, default=("model", "step")
            Columns that determine a group: 'model', 'fold', 'series', 'step' or 'target'.

        Returns
        -------
        DataFrame
            For each group ``mae``, ``rmse``, ``mase`` (scaled by the naive error of each series in
            the training rows, without series whose scale is 0 or unknown), ``smape`` (0 to 200,
            with 0 / 0 = 0) and ``n``, the number of forecasts whose actual is known. With intervals
            also ``coverage``, the share of actuals inside of them, ``width``, and
            ``interval_score`` (`sklearn_rnn.model_selection.interval_score`), with the ending of
            each of several levels; the pinball loss of their ends as quantiles (``pinball_0.05``;
            that of the forecast as the median is half of the MAE); and ``crps``, the continuous
            ranked probability score :math:`2 \int_0^1 \rho_q\, dq` of the pinball losses
            :math:`\rho_q`, by the midpoint rule over the known quantiles and the forecast: of a
            normal distribution 16 % too small with level 0.9, and 2 % with 0.5, 0.8 and 0.9. That
            of a forecast without an interval is the MAE.
        """
        columns: Any = list(by) if isinstance(by, list | tuple) else [by]
        if not columns or (unknown := [c for c in columns if c not in _GROUPS]):
            given = unknown if columns else columns
            raise ValueError(f"by must be one or more of {list(_GROUPS)}; got {given}.")
        return forecast_errors(self.forecasts, columns, self.levels)

    def summary(self) -> pd.DataFrame:
        """Return the errors of each forecaster over all folds, series, steps and targets."""
        return self.errors("model").loc[list(self.names)]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `forecasts`, one row for each."""
        return self.forecasts.copy()

    @cached_property
    def metric(self) -> str:
        """The error that decides: 'mase', or 'mae' where no series has a scale."""
        return "mase" if self.summary()["mase"].notna().all() else "mae"

    @cached_property
    def best(self) -> str:
        """The forecaster with the least error."""
        return self._ranking.best

    def difference(self, model: str, reference: str) -> pd.Series[float]:
        """Test the difference between two forecasters.

        Parameters
        ----------
        model, reference : str
            Names of the forecasters.

        Returns
        -------
        Series
            ``score`` is the error (`metric`) of `reference` less that of `model`, averaged over
            folds; ``standard_error``, ``low``, ``high`` (95 % confidence interval) and
            ``p_corrected_t`` belong to the t-test of Nadeau and Bengio (2003) over folds, NaN for
            a single one. ``loss`` is the same difference averaged over the times of the test sets,
            at each of which errors are averaged over the series; ``loss_standard_error``,
            ``loss_low``, ``loss_high`` and ``p_diebold_mariano`` belong to the test of Diebold and
            Mariano (1995) with as many dependent times as steps, NaN for a single fold. Positive
            differences favor `model`.
        """
        for argument, name in (("model", model), ("reference", reference)):
            if name not in self.names:
                raise ValueError(f"{argument} must be one of {list(self.names)}; got {name!r}.")
        of_folds, of_times = (
            (errors[reference] - errors[model]).dropna()
            for errors in (
                forecast_errors(self.forecasts, [*keys, "model"])[self.metric].unstack("model")
                for keys in (["fold"], ["fold", "time"])
            )
        )
        score = corrected_t(of_folds, self.test_share)
        n_steps = int(self.forecasts["step"].max())
        loss = diebold_mariano(of_times, n_steps if len(of_folds) > 1 else len(of_times))
        return both_tests(score, loss, f"{reference} - {model}")

    def simplest_as_good(self) -> str:
        """Return the simplest forecaster within one standard error of the best.

        The standard error is that of the difference of the errors over folds, corrected for
        overlapping training sets, as of `Comparison.simplest_as_good`; the complexity is that of
        `sizes`, the greatest if it is unknown. With a single fold it is the best.

        Returns
        -------
        str
            The name of the forecaster.
        """
        return self._ranking.chosen

    def verdict(self) -> str:
        """Return in words which forecaster to take and why, and how larger ones compare.

        The choice follows `simplest_as_good`.
        """
        name, error = self.metric.upper(), self.summary()[self.metric][self.best]
        text = f"'{self.best}' has a {name} of {error:.3g}"
        if len(self.names) > 1:
            text = describe_verdict(self._ranking, f"the least {name}, {error:.3g}", name)
        folds = describe_size(self.forecasts["fold"].nunique(), "fold")
        steps = describe_size(self.forecasts["step"].max(), "step")
        parts = [f"{text}; {folds}, up to {steps} ahead", *self._describe_left_out()]
        return f"{'; '.join(parts)}{self._describe_scale()}."

    def plot(self, *, metric: str | None = None, ax: Any = None) -> BacktestDisplay:
        """Plot the errors by step.

        Parameters
        ----------
        metric : str, default=None
            A column of `errors`, such as 'rmse'; None is `metric`, the one that decides.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        BacktestDisplay
            The display.
        """
        metric = self.metric if metric is None else metric
        return BacktestDisplay.from_backtest(self, metric=metric, ax=ax)

    def __repr__(self) -> str:
        """Return the verdict and the summary."""
        return f"{self.verdict()}\n\n{self.summary().round(3).to_string()}"

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking(
            scores=-self.summary()[self.metric],
            complexity=self.sizes["complexity"].fillna(np.inf),
            units=self.sizes["unit"],
            difference=self.difference,
            n_folds=self.forecasts["fold"].nunique(),
        )

    def _describe_scale(self) -> str:
        """Return what the MASE of the chosen forecaster is relative to; "" if MAE decides."""
        if self.metric != "mase":
            return ""
        chosen = self.simplest_as_good()
        less = 1.0 - self.summary()["mase"][chosen]
        return (
            ". MASE is relative to the error, within the training rows, of the value "
            f"{describe_size(self.season, 'step')} before as the forecast: the error of "
            f"'{chosen}' is {100 * abs(less):.0f} % {'smaller' if less >= 0 else 'larger'}"
        )

    def _describe_left_out(self) -> list[str]:
        """Return how many series and rows are not tested, and how many series have no scale."""
        rows = self.forecasts[self.forecasts["model"] == self.names[0]]
        told = []
        if self.untested:
            count = f"{len(self.untested)}, such as {self.untested[0]!r}"
            told.append(f"series without test rows are left out ({count})")
        if self.new_series:
            counts = ", ".join(f"{len(n)} in fold {fold}" for fold, n in self.new_series.items())
            told.append(f"series without training rows are left out ({counts})")
        if n_missing := int(rows["actual"].isna().sum()):
            told.append(
                f"actuals are missing in {n_missing} of {len(rows)} rows, which are left out"
            )
        unscaled = rows.loc[~(rows["scale"] > 0), ["series", "target"]].drop_duplicates()
        if len(unscaled):
            told.append(f"MASE leaves out series without a scale ({len(unscaled)})")
        return told
