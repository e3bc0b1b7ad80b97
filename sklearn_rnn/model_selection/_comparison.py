"""What a comparison of models has found: scores, differences, and which model to take."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_rnn.model_selection._paired_tests import corrected_t, diebold_mariano
from sklearn_rnn.model_selection._plot.comparison import ComparisonDisplay
from sklearn_rnn.model_selection._verdict import describe_failures, describe_verdict

ROUNDING = 1e-12
"""The spread over seeds that is still none."""


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """Models compared on the same folds; made by `compare_models`.

    Attributes
    ----------
    names : sequence of str
        The models, in the order given.
    runs : DataFrame
        One row for each fit: model, fold, seed (missing for a model without randomness),
        score, fit_seconds, predict_seconds, n_parameters, complexity, unit (of the complexity),
        error.
    losses : DataFrame of shape (n_tested_rows, n_models)
        The loss of each row that was in a test part, the mean over seeds. Of a panel, whose
        rows are of the same times, the mean over the series at each time.
    scoring, loss : str
        Names of the score (the greater, the better) and of the loss (the less, the better).
    horizon : int
        How many rows ahead the forecasts are.
    test_share : float
        Mean size of the test part of a fold, relative to its training part.

    Notes
    -----
    A model that failed in a run keeps its row in every table, but it is neither the best nor
    the simplest: a mean over the folds that were easy enough for it cannot be compared.
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
        """Scores of shape (n_folds, n_models): the mean over the seeds that did not fail."""
        means = self.runs.groupby(["fold", "model"])["score"].mean().unstack("model")
        return means[list(self.names)].rename_axis(columns=None)

    @property
    def failures(self) -> pd.Series[int]:
        """Number of runs of each model that raised an error."""
        failed = self.runs["error"].notna().astype(int).groupby(self.runs["model"]).sum()
        return failed[list(self.names)].rename_axis(index=None)

    @property
    def best(self) -> str:
        """The model with the greatest mean score."""
        return str(self.scores[self._complete()].mean().idxmax())

    @property
    def simplest(self) -> str:
        """The model of the least complexity; of several, the first given."""
        return min(self._complete(), key=self._complexity)

    def simplest_as_good(self, *, paired: bool = True) -> str:
        r"""Return the simplest model within one standard error of the best.

        With :math:`m` the mean score over J folds, it is the least complex model with
        :math:`m \ge m_{best} - e`. By default e is the standard error of its *difference* to
        the best in the same folds, with the correction of Nadeau and Bengio (2003) for the
        overlap of the training parts. What makes a fold hard or easy for all models cancels
        in it: a model that is a little worse in every fold is not as good. One that is much
        worse in a few folds may be: look at the interval too. A single fold has no such
        standard error; there the losses of its rows decide, by the mean difference and the
        standard error of the test of Diebold and Mariano.

        Parameters
        ----------
        paired : bool, default=True
            Whether e is that of the difference. If not, it is the standard error of the best
            model's own mean, :math:`s_{best} / \sqrt J`, the rule of glmnet's ``lambda.1se``
            (Breiman, Friedman, Olshen and Stone, 1984) and of `one_standard_error`. That
            lets a simple model pass wherever the folds differ much from each other; of a
            single fold it takes the best.

        Returns
        -------
        str
            The name of the model.
        """
        means = self.scores.mean()
        as_good = [name for name in self._complete() if self._is_as_good(name, paired)]
        return min(as_good, key=lambda name: (self._complexity(name), -means[name]))

    def difference(self, model: str, reference: str) -> pd.Series[float]:
        """Test one model against another.

        Parameters
        ----------
        model, reference : str
            Their names.

        Returns
        -------
        Series
            ``score``: by how much the score of the model is greater, the mean over the folds
            that both finished; ``standard_error``, ``low`` and ``high``: its standard error
            and 95 % interval, and ``p_corrected_t`` its p value, by the corrected t test of
            Nadeau and Bengio (2003) over folds; ``loss``: by how much the mean loss of a row
            is less; ``loss_standard_error``, ``loss_low``, ``loss_high`` and
            ``p_diebold_mariano``: the same of the loss, by the test of Diebold and Mariano
            (1995) over rows, with the correction of Harvey, Leybourne and Newbold (1997). The
            first p value takes the training data as random too, the second judges these very
            forecasts. They are not adjusted for the number of models.
        """
        for name in (model, reference):
            if name not in self.names:
                raise ValueError(f"There is no model {name!r}; they are {list(self.names)}.")
        test = self._score_test(model, reference)
        forecast = self._loss_test(model, reference)
        return pd.Series(
            {
                "score": test.difference,
                "standard_error": test.standard_error,
                "low": test.low,
                "high": test.high,
                "p_corrected_t": test.p_value,
                "loss": forecast.difference,
                "loss_standard_error": forecast.standard_error,
                "loss_low": forecast.low,
                "loss_high": forecast.high,
                "p_diebold_mariano": forecast.p_value,
            },
            name=f"{model} - {reference}",
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each model, in the order given.

        Returns
        -------
        DataFrame
            ``mean``: of the score, over folds and seeds; ``std_folds``: standard deviation
            over the folds, of the means over seeds; ``std_seeds``: over the seeds, of the
            means over folds (0 for a model without randomness, NaN for a single seed);
            ``standard_error`` of the mean, folds taken as independent (NaN for fewer than two);
            ``fit_seconds``, ``predict_seconds`` and ``n_parameters``, means over the runs;
            ``complexity``, by which models are ordered, and its ``unit``; ``failures`` and
            ``message``, the number of runs that failed and the first error. The columns
            ``vs_simplest`` and ``vs_best``, with ``_standard_error``, ``_low``, ``_high``, ``_p``
            and ``_p_dm``, are the `difference` to those models: of the score, its standard error
            and 95 % interval, and the p values of both tests.
        """
        by_model = self.runs.groupby("model", sort=False)
        scores = self.scores
        frame = pd.DataFrame(index=pd.Index(self.names, name="model"))
        frame["mean"] = scores.mean()
        frame["std_folds"] = scores.std()
        frame["std_seeds"] = pd.Series({name: self._spread_over_seeds(name) for name in self.names})
        frame["standard_error"] = self._standard_errors()
        for column in ("fit_seconds", "predict_seconds", "n_parameters", "complexity"):
            frame[column] = by_model[column].mean()
        frame["unit"] = by_model["unit"].first()
        frame["failures"] = self.failures
        if self._complete():
            frame = frame.join([self._against(r, getattr(self, r)) for r in ("simplest", "best")])
        frame["message"] = by_model["error"].first()
        return frame

    def verdict(self) -> str:
        """Say which model to take, how far off larger ones are, and what did not run.

        It goes by the rule of `simplest_as_good`.
        """
        failures = describe_failures(self.runs)
        if not self._complete():
            return f"No model ran without a failure: {failures}."
        verdict = describe_verdict(self, self._complete())
        return f"{verdict}; {failures}." if failures else f"{verdict}."

    def plot(
        self, *, kind: str = "scores", reference: str | None = None, ax: Any = None
    ) -> ComparisonDisplay:
        """Draw the comparison.

        Parameters
        ----------
        kind : {'scores', 'differences'}, default='scores'
            Scores of every fold with their means, or differences to the reference with their
            95 % intervals.
        reference : str, default=None
            The model that the others are held against; None takes the simplest.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        ComparisonDisplay
            The display, with ``ax_`` and ``figure_``.
        """
        return ComparisonDisplay.from_comparison(self, kind=kind, reference=reference, ax=ax)

    def __repr__(self) -> str:
        """Show the verdict and the table."""
        return f"{self.verdict()}\n\n{self._short_frame().to_string(float_format='%.4g')}"

    def _repr_html_(self) -> str:
        """Show the verdict and the table in a notebook."""
        table = self.to_frame().to_html(float_format=lambda value: f"{value:.4g}", na_rep="")
        return f"<div><p>{html.escape(self.verdict())}</p>{table}</div>"

    def _short_frame(self) -> pd.DataFrame:
        columns = ["mean", "std_folds", "std_seeds", "fit_seconds", "n_parameters", "failures"]
        frame = self.to_frame()
        return frame[[*columns, *(c for c in frame if str(c).startswith("vs_best"))]]

    def _against(self, role: str, reference: str) -> pd.DataFrame:
        rows = {name: self.difference(name, reference) for name in self.names if name != reference}
        table = pd.DataFrame(rows).T.reindex(list(self.names))
        named = {
            "score": f"vs_{role}",
            "standard_error": f"vs_{role}_standard_error",
            "low": f"vs_{role}_low",
            "high": f"vs_{role}_high",
            "p_corrected_t": f"vs_{role}_p",
            "p_diebold_mariano": f"vs_{role}_p_dm",
        }
        return table.reindex(columns=list(named)).rename(columns=named)

    def _complete(self) -> list[str]:
        """Return the models that never failed."""
        failures = self.failures
        return [name for name in self.names if not failures[name]]

    def _complexity(self, name: str) -> float:
        """Return by what models are ordered; what is not known counts as most complex."""
        values = self.runs.loc[self.runs["model"] == name, "complexity"]
        return float(values.mean()) if values.notna().any() else np.inf

    def _is_as_good(self, name: str, paired: bool) -> bool:
        """Return whether a model is within one standard error of the best."""
        if name == self.best:
            return True
        behind = self.difference(self.best, name)
        if not paired:
            return bool(behind["score"] <= self._standard_errors()[self.best])
        if len(self.scores) == 1:
            return bool(behind["loss"] <= behind["loss_standard_error"])
        return bool(behind["score"] <= behind["standard_error"])

    def _standard_errors(self) -> pd.Series[float]:
        """Return those of the mean scores, NaN where a single fold tells nothing."""
        scores = self.scores
        return scores.std() / np.sqrt(scores.notna().sum())

    def _spread_over_seeds(self, name: str) -> float:
        runs = self.runs[self.runs["model"] == name]
        if runs["seed"].isna().all():
            return 0.0
        spread = float(runs.groupby("seed")["score"].mean().std())
        return 0.0 if spread < ROUNDING else spread

    def _score_test(self, model: str, reference: str) -> Any:
        scores = self.scores
        return corrected_t((scores[model] - scores[reference]).dropna(), self.test_share)

    def _loss_test(self, model: str, reference: str) -> Any:
        empty: Mapping[str, Any] = {}
        columns = self.losses if {model, reference} <= set(self.losses) else empty
        if not len(columns):
            return diebold_mariano([], self.horizon)
        return diebold_mariano((columns[reference] - columns[model]).dropna(), self.horizon)
