"""Answers, tables and pictures of the benchmark `worth_it`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from benchmarks._plots import Gain, draw_gains
from benchmarks._report import environment, markdown
from benchmarks._report import write as write_text
from sklearn_rnn.model_selection import Comparison


@dataclass(frozen=True)
class Problem:
    """Data, the models that compete on them, and the folds."""

    name: str
    about: str
    X: Any
    y: Any
    classical: dict[str, Any]
    nets: dict[str, Any]
    cv: Any
    scoring: str = "r2"


@dataclass(frozen=True)
class Answer:
    """What came of a problem, and how long it took."""

    problem: Problem
    comparison: Comparison
    seconds: float

    def best_of(self, names: Sequence[str]) -> str:
        """Return which of some models has the best mean score, of those that never failed."""
        failures = self.comparison.failures
        complete = [name for name in names if not failures[name]]
        return str(self.comparison.scores[complete].mean().idxmax())

    @cached_property
    def classical(self) -> str:
        """The best classical model."""
        return self.best_of([*self.problem.classical])

    @cached_property
    def net(self) -> str:
        """The best net."""
        return self.best_of([*self.problem.nets])

    @cached_property
    def difference(self) -> pd.Series[float]:
        """By how much the best net is better than the best classical model, with the tests."""
        return self.comparison.difference(self.net, self.classical)

    @cached_property
    def correlation(self) -> float:
        """How the differences of the losses of two successive rows correlate."""
        losses = self.comparison.losses
        return float((losses[self.net] - losses[self.classical]).autocorr())

    @cached_property
    def takes_net(self) -> bool:
        """Whether the comparison says to take a net."""
        return self.comparison.simplest_as_good() in self.problem.nets

    @cached_property
    def gain(self) -> Gain:
        """The difference as a share of the error of the best classical model, in per cent.

        The error is 1 - R2 (squared errors, relative to their variance), the share of wrong
        labels, or the mean absolute error.
        """
        score = float(self.comparison.scores[self.classical].mean())
        error = -score if self.problem.scoring.startswith("neg_") else 1 - score
        percent = [100 * self.difference[name] / error for name in ("score", "low", "high")]
        row = f"{self.problem.name}\n{self.net} against {self.classical}"
        return Gain(row, *percent, takes_net=self.takes_net)


NOTES = """\
The gain is the score of the best net less that of the best classical model, both the best by \
their means over these same folds: the best of several nets owes a part of its gain to luck. The \
interval and the first p value are those of the corrected t test over folds, the second p value \
is that of Diebold and Mariano over rows, which takes the differences of the losses of rows as \
uncorrelated: where their correlation from row to row is far from zero, it is too small. The \
error that is cut is 1 - R2, the share of wrong labels, or the mean absolute error. What to take \
is the simplest model within one standard error of its difference to the best in the same folds, \
the rule of `compare_models`. In the tables below, columns that begin with vs_best are the \
difference to the best model, its interval and both p values."""
AXIS = (
    "error of the best classical model that the best net saves (%), with 95 % interval over folds"
)


def write(
    to: Path, answers: Sequence[Answer], *, text: str, settings: str, absent: Sequence[str]
) -> None:
    """Write the results: the overview, and for each problem verdict, table and picture."""
    draw_gains(to / "worth_it.png", "Is the net worth it?", AXIS, [a.gain for a in answers])
    sections = []
    for answer in answers:
        name = answer.problem.name
        file = f"worth_it-{name.replace(' ', '-')}.png"
        draw(to / file, answer)
        sections.append(f"## {name}\n\n{answer.problem.about}")
        sections.append(f"**Verdict.** {answer.comparison.verdict()}\n\n{gains(answer)}")
        sections += [table(answer.comparison), f"![{name}]({file})"]
    runs = pd.concat([a.comparison.runs.assign(data=a.problem.name) for a in answers])
    runs = runs.set_index("data").round(6).drop(columns="complexity")
    runs.to_csv(to / "worth_it.csv", lineterminator="\n")
    left_out = f" Without {', '.join(absent)}: no files." if absent else ""
    write_text(
        to / "worth_it.md",
        "# Is the net worth it?",
        text,
        "![Gain of the best net](worth_it.png)",
        conclusion(answers) + left_out,
        overview(answers),
        NOTES,
        settings,
        *sections,
        f"*{environment()}. {sum(a.seconds for a in answers) / 60:.1f} minutes on one core; "
        "seconds are those of the clock.*",
    )


def conclusion(answers: Sequence[Answer]) -> str:
    """Say on how many of the data sets a net is to be taken, and where the gain is clear."""
    taken = [a.problem.name for a in answers if a.takes_net]
    clear = [a.problem.name for a in answers if a.gain.low > 0]
    worse = [a.problem.name for a in answers if a.gain.high < 0]
    return (
        f"**Conclusion.** A net is to be taken on {len(taken)} of {len(answers)} data sets"
        f"{': ' * bool(taken)}{', '.join(taken)}. The best net is better than the best classical "
        f"model, its 95 % interval above zero, on {', '.join(clear) or 'none'}, and worse, the "
        f"interval below zero, on {', '.join(worse) or 'none'}."
    )


def gains(answer: Answer) -> str:
    """Say what the best net gains on each of the classical models, with 95 % intervals."""
    texts = []
    for name in answer.problem.classical:
        d = answer.comparison.difference(answer.net, name)
        texts.append(f"{interval(d)} on {name}")
    return f"The best net, {answer.net}, gains {', '.join(texts)}."


def interval(difference: pd.Series[float]) -> str:
    """Return a difference of scores with its interval."""
    values = [difference[name] for name in ("score", "low", "high")]
    score, low, high = (f"{v:+.0f}" if abs(v) >= 100 else f"{v:+.2g}" for v in values)
    return f"{score} ({low} to {high})"


def overview(answers: Sequence[Answer]) -> str:
    """Return the table of all problems."""
    header = ["data", "score", "best classical model", "best net", "gain, 95 % interval"]
    header += ["cuts the error by", "p, folds", "p, rows", "row to row", "take", "minutes"]
    rows = []
    for a in answers:
        mean, gain = a.comparison.scores.mean(), a.difference
        rows.append(
            [
                a.problem.name,
                a.problem.scoring.replace("neg_mean_absolute_error", "-MAE"),
                f"{a.classical} {mean[a.classical]:.4g}",
                f"{a.net} {mean[a.net]:.4g}",
                interval(gain),
                f"{a.gain.value:+.1f} %",
                f"{gain['p_corrected_t']:.2g}",
                f"{gain['p_diebold_mariano']:.2g}",
                f"{a.correlation:.2f}",
                a.comparison.simplest_as_good(),
                f"{a.seconds / 60:.1f}",
            ]
        )
    return markdown(header, rows)


def table(comparison: Comparison) -> str:
    """Return the table of one comparison: the columns of `to_frame` that tell most."""
    frame = comparison.to_frame()
    ends = ["vs_best", "vs_best_low", "vs_best_high", "vs_best_p", "vs_best_p_dm"]
    columns = ["mean", "std_folds", "std_seeds", "n_parameters", "fit_seconds", *ends]
    if frame["failures"].any():
        columns += ["failures", "message"]
    digits = {
        "mean": ".4g",
        "n_parameters": ".0f",
        "fit_seconds": ".2f",
        "message": "",
        "failures": ".0f",
    }
    texts = frame[columns].apply(lambda c: c.map(lambda v: format(v, digits.get(c.name, ".3g"))))
    texts = texts.mask(frame[columns].isna(), "").reset_index()
    return markdown(list(texts.columns), texts.to_numpy().tolist())


def draw(path: Path, answer: Answer) -> None:
    """Draw the scores of a problem."""
    display = answer.comparison.plot()
    display.figure_.suptitle(answer.problem.name)
    display.figure_.savefig(path, dpi=130)
    plt.close(display.figure_)
