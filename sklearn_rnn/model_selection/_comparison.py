"""Results of a comparison: scores, differences, tests, and the recommended model."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sklearn_rnn.model_selection._paired_tests import both_tests, corrected_t, diebold_mariano
from sklearn_rnn.model_selection._plot.comparison import ComparisonDisplay
from sklearn_rnn.model_selection._ranking import Ranking
from sklearn_rnn.model_selection._verdict import (
    describe_failures,
    describe_incomplete,
    describe_leaks,
    describe_verdict,
)

ROUNDING = 1e-12
"""Standard deviations over seeds below this are rounding errors."""

_ROLES = {
    "score": "",
    "standard_error": "_standard_error",
    "low": "_low",
    "high": "_high",
    "p_corrected_t": "_p",
    "p_diebold_mariano": "_p_dm",
}
"""Endings of the columns of `to_frame` that hold entries of a difference to a reference."""


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Results of models on the same folds; returned by `compare_models`.

    Attributes
    ----------
    names : sequence of str
        Names of the models, in the order given.
    runs : DataFrame
        One row for each fit: model, fold, seed (missing for a deterministic model), score,
        fit_seconds, predict_seconds, n_parameters, complexity, unit (of the complexity), n_omitted
        (training rows left out because their windows are incomplete), n_incomplete (test rows with
        incomplete windows, scored with filled lags), target_leak (whether the fit has raised a
        `TargetLeakWarning`), unconverged (what it has warned of its convergence) and error.
    losses : DataFrame of shape (n_test_rows, n_models)
        Loss of each row of the test sets, averaged over seeds. For panel data, losses are averaged
        over the series at each time.
    scoring, loss : str
        Name of the score (greater is better) and of the pointwise loss (less is better).
    horizon : int
        Forecast horizon in rows.
    test_share : float
        Number of test rows divided by the number of training rows, averaged over folds.

    Notes
    -----
    A model that failed in any run keeps its row in every table, but is never the best or the
    simplest: its mean over the remaining folds is not comparable. The tables are computed once, so
    `runs` and `losses` must not be changed.

    See Also
    --------
    compare_models : Makes it, with an example.
    sklearn_rnn.plotting.ComparisonDisplay : Plot of the scores.
    """

    names: Sequence[str]
    runs: pd.DataFrame
    losses: pd.DataFrame
    scoring: str
    loss: str
    horizon: int
    test_share: float

    @property
    def scores(self) -> pd.DataFrame:
        """Scores of shape (n_folds, n_models), averaged over the seeds that did not fail."""
        return self._scores.copy()

    @property
    def failures(self) -> pd.Series[int]:
        """Number of runs of each model that raised an error."""
        return self._failures.copy()

    @cached_property
    def best(self) -> str:
        """The model with the greatest mean score."""
        return self._ranking.best

    @cached_property
    def simplest(self) -> str:
        """The model of the least complexity; the first given among equals."""
        return min(self._complete, key=self._complexity.__getitem__)

    def simplest_as_good(self, *, paired: bool = True) -> str:
        r"""Return the simplest model within one standard error of the best.

        With :math:`m` the mean score over J folds, this is the least complex model with
        :math:`m \ge m_{best} - e`. By default e is the standard error of the *paired difference*
        of scores to the best model, with the correction of Nadeau and Bengio (2003) for
        overlapping training sets. The difficulty of a fold that all models share cancels in the
        difference, so a model that is slightly worse in every fold is not as good as the best. A
        model that is much worse in a few folds can still pass; check the confidence interval too.
        With a single fold, the pointwise losses decide, by their mean difference and the standard
        error of the Diebold-Mariano test.

        Parameters
        ----------
        paired : bool, default=True
            If False, e is the standard error of the mean score of the best model,
            :math:`s_{best} / \sqrt J`, as in glmnet's ``lambda.1se`` (Breiman, Friedman, Olshen
            and Stone, 1984) and in `one_standard_error`. With this rule simple models pass
            whenever folds differ much from each other; with a single fold it returns the best.

        Returns
        -------
        str
            The name of the model.
        """
        if not self._complete:
            raise ValueError(
                "models must hold one that completes all runs; each failed in some, see failures."
            )
        ranking = self._ranking
        if paired:
            return ranking.chosen
        least = self._scores.mean()[self.best] - self._standard_errors[self.best]
        return ranking.simplest(lambda name: name == self.best or ranking.scores[name] >= least)

    def difference(self, model: str, reference: str) -> pd.Series[float]:
        """Test the difference between two models.

        Parameters
        ----------
        model, reference : str
            Names of the models.

        Returns
        -------
        Series
            Its name is ``"model - reference"``. ``score`` is the score of `model` minus that of
            `reference`, averaged over the folds that both completed, and so negative where
            `verdict` says that `model` trails; ``standard_error``, ``low``, ``high`` (95 %
            confidence interval) and ``p_corrected_t`` belong to the corrected t-test of Nadeau and
            Bengio (2003) over folds. ``loss`` is the mean pointwise loss of `reference` minus that
            of `model`; ``loss_standard_error``, ``loss_low``, ``loss_high`` and
            ``p_diebold_mariano`` belong to the test of Diebold and Mariano (1995) over rows, with
            the correction of Harvey, Leybourne and Newbold (1997). Positive differences favor
            `model`. The first test accounts for random training data, the second is conditional on
            these forecasts. The p values are not adjusted for multiple comparisons.
        """
        for argument, name in (("model", model), ("reference", reference)):
            if name not in self.names:
                raise ValueError(f"{argument} must be one of {list(self.names)}; got {name!r}.")
        return self._difference(model, reference).copy()

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row for each model, in the order given.

        Returns
        -------
        DataFrame
            ``mean`` : mean score over folds and seeds.
            ``std_folds`` : standard deviation over folds of the scores averaged over seeds.
            ``std_seeds`` : standard deviation over seeds of the scores averaged over folds (0 for
            a deterministic model, NaN for a single seed).
            ``standard_error`` : of the mean, treating folds as independent (NaN for one fold).
            ``fit_seconds``, ``predict_seconds``, ``n_parameters`` : means over the runs.
            ``complexity``, ``unit`` : what orders the models, and what it counts.
            ``n_omitted``, ``n_incomplete`` : number of training rows left out and of test rows
            with filled lags, because their windows are incomplete; means over the runs.
            ``failures``, ``message`` : number of failed runs and the first error.
            ``vs_simplest``, ``vs_best`` : `difference` of the score to these models, with its
            ``_standard_error``, 95 % confidence interval (``_low``, ``_high``) and p values of the
            corrected t-test (``_p``) and the Diebold-Mariano test (``_p_dm``).
        """
        return self._frame.copy()

    def verdict(self) -> str:
        """Return in words what failed, which model to use and why, and how larger ones compare.

        It also states which models have the target among their inputs, and how many rows have
        incomplete windows, if any. The choice follows
        `simplest_as_good`.
        """
        failures = describe_failures(self.runs)
        if not self._complete:
            return f"Every model failed in at least one run: {failures}."
        lead = f"the best {self.scoring}, {self._scores.mean()[self.best]:.3g}"
        verdict = describe_verdict(self._ranking, lead, self.loss)
        verdict = "; ".join(filter(None, [verdict, describe_incomplete(self.runs)]))
        return ". ".join(filter(None, [failures, describe_leaks(self.runs), verdict])) + "."

    def plot(
        self, *, kind: str = "scores", reference: str | None = None, ax: Any = None
    ) -> ComparisonDisplay:
        """Plot the comparison.

        Parameters
        ----------
        kind : {'scores', 'differences'}, default='scores'
            Scores of every fold with their means, or differences to the reference with their 95 %
            confidence intervals.
        reference : str, default=None
            Reference model of the differences; None uses the simplest.
        ax : matplotlib Axes, default=None
            Axes to plot on; None creates a figure.

        Returns
        -------
        ComparisonDisplay
            The display, with ``ax_`` and ``figure_``.
        """
        return ComparisonDisplay.from_comparison(self, kind=kind, reference=reference, ax=ax)

    def __repr__(self) -> str:
        """Return the verdict and the most important columns of the table."""
        columns = ["mean", "std_folds", "std_seeds", "fit_seconds", "n_parameters", "failures"]
        columns += [name for name in map(str, self._frame) if name.startswith("vs_best")]
        return f"{self.verdict()}\n\n{self._frame[columns].to_string(float_format='%.4g')}"

    def _repr_html_(self) -> str:
        """Return the verdict and the table as HTML for notebooks."""
        table = self._frame.to_html(float_format=lambda value: f"{value:.4g}", na_rep="")
        return f"<div><p>{html.escape(self.verdict())}</p>{table}</div>"

    @cached_property
    def _scores(self) -> pd.DataFrame:
        means = self.runs.groupby(["fold", "model"])["score"].mean().unstack("model")
        return means[list(self.names)].rename_axis(columns=None)

    @cached_property
    def _failures(self) -> pd.Series[int]:
        failed = self.runs["error"].notna().astype(int).groupby(self.runs["model"]).sum()
        return failed[list(self.names)].rename_axis(index=None)

    @cached_property
    def _complete(self) -> list[str]:
        """The models that never failed."""
        return [name for name in self.names if not self._failures[name]]

    @cached_property
    def _complexity(self) -> pd.Series[float]:
        """Mean complexity of each model; an unknown one counts as infinite."""
        means = self.runs.groupby("model")["complexity"].mean()
        return means[list(self.names)].fillna(np.inf)

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking(
            scores=self._scores.mean()[self._complete],
            complexity=self._complexity[self._complete],
            units=self.runs.groupby("model", sort=False)["unit"].first()[self._complete],
            difference=self._difference,
            n_folds=len(self._scores),
        )

    @cached_property
    def _standard_errors(self) -> pd.Series[float]:
        """Standard errors of the mean scores, NaN for a single fold."""
        return self._scores.std() / np.sqrt(self._scores.notna().sum())

    @cached_property
    def _differences(self) -> dict[tuple[str, str], pd.Series[float]]:
        return {}

    @cached_property
    def _frame(self) -> pd.DataFrame:
        by_model = self.runs.groupby("model", sort=False)
        frame = pd.DataFrame(index=pd.Index(self.names, name="model"))
        frame["mean"] = self._scores.mean()
        frame["std_folds"] = self._scores.std()
        frame["std_seeds"] = pd.Series({name: self._std_over_seeds(name) for name in self.names})
        frame["standard_error"] = self._standard_errors
        for column in ("fit_seconds", "predict_seconds", "n_parameters", "complexity"):
            frame[column] = by_model[column].mean()
        frame["unit"] = by_model["unit"].first()
        for column in sorted({"n_omitted", "n_incomplete"} & set(self.runs), reverse=True):
            frame[column] = by_model[column].mean()
        frame["failures"] = self._failures
        if self._complete:
            frame = frame.join([self._against(role) for role in ("simplest", "best")])
        frame["message"] = by_model["error"].first()
        return frame

    def _against(self, role: str) -> pd.DataFrame:
        """Return the differences of all models to the simplest or to the best."""
        reference = getattr(self, role)
        others = [name for name in self.names if name != reference]
        table = pd.DataFrame({name: self._difference(name, reference) for name in others}).T
        table = table.reindex(index=list(self.names), columns=list(_ROLES))
        return table.rename(columns={entry: f"vs_{role}{end}" for entry, end in _ROLES.items()})

    def _difference(self, model: str, reference: str) -> pd.Series[float]:
        """Return the difference of two models, computed once for each pair."""
        if (model, reference) not in self._differences:
            score = corrected_t(
                (self._scores[model] - self._scores[reference]).dropna(), self.test_share
            )
            loss = diebold_mariano(self._loss_differences(model, reference), self.horizon)
            series = both_tests(score, loss, f"{model} - {reference}")
            self._differences[model, reference] = series
        return self._differences[model, reference]

    def _loss_differences(self, model: str, reference: str) -> pd.Series[float]:
        """Return by how much the loss of each row is less; empty where a model has no losses."""
        if not {model, reference} <= set(self.losses):
            return pd.Series(dtype=float)
        return (self.losses[reference] - self.losses[model]).dropna()

    def _std_over_seeds(self, name: str) -> float:
        runs = self.runs[self.runs["model"] == name]
        if runs["seed"].isna().all():
            return 0.0
        std = float(runs.groupby("seed")["score"].mean().std())
        return 0.0 if std < ROUNDING else std
