"""The tables, the conclusion and the picture of models that were compared on random splits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.report import tables
from benchmarks.report.pictures import NET, SIMPLE, Scores, draw_scores
from benchmarks.report.study import CV, Study, score_of
from sklearn_rnn.model_selection import Comparison

TAKEN = "the net that is taken"
ERROR = "MAE"


@dataclass(frozen=True)
class SplitsReport:
    """A report of models on the splits of a table.

    `reference` is the model that the others are held against, and `published` has by the name of
    a column what others report of our models on the first split. `test_size` is the share of the
    rows that are for the test.
    """

    name: str
    title: str
    unit: str
    reference: str
    test_size: float
    published: Mapping[str, Mapping[str, float]]

    def __call__(self, study: Study, to: Path) -> tuple[str, list[str]]:
        """Draw the picture; say what the net gains on the reference, and where."""
        first, picture = study.tasks[0], f"{self.name}.png"
        comparison = compare(study, self.test_size)
        self._draw(to / picture, study)
        n_others = len(study.of(study.tasks[-1], study.nets()[0]))
        body = [
            f"![Errors by model]({picture})",
            f"The first split, {study.notes[first][:-1]} ({ERROR} in {self.unit}):",
            self._first_table(study, first),
            f"All {len(study.tasks)} splits, those after the first with {n_others} seeds; "
            f"{TAKEN} is that with the best R2 in cross-validation on the training rows of a "
            "split; ± is the standard deviation over splits, and a gain is positive where the "
            f"model errs less than the {self.reference}, with the 95 % interval of the corrected "
            "t test of Nadeau and Bengio:",
            self._splits_table(study, comparison),
            tables.at_ends(study.results),
        ]
        return self._answer(study, comparison), body

    def _answer(self, study: Study, comparison: Any) -> str:
        first, reference = study.tasks[0], self.reference
        takes = Counter(taken(study, task) for task in study.tasks).most_common()
        nets = ", ".join(f"{net} on {n}" for net, n in takes)
        means = comparison.to_frame()["mean"]
        net, simple = (str(means[names].idxmax()) for names in (study.nets(), study.simple()))
        others = dict.fromkeys([reference, simple])
        gains = " and ".join(f"{told(comparison, TAKEN, name)} on {name}" for name in others)
        errors = [
            tables.plus_minus(study.scores(first, name, ERROR), ".2f")
            for name in (taken(study, first), reference)
        ]
        n_test = re.findall(r"\d+", study.notes[first])[1]
        simplest = compare(study, self.test_size, with_taken=False).simplest_as_good()
        return (
            f"Over {len(study.tasks)} splits the net that cross-validation takes on the training "
            f"rows of each ({nets}) gains {gains} ({ERROR}, 95 % interval). On the first split, of "
            f"{n_test} test rows, its {ERROR} is {errors[0]} (± over seeds), that of {reference} "
            f"{errors[1]}. On the test rows of all splits the best net is {net} "
            f"({-means[net]:.4g}), the best simple model {simple} ({-means[simple]:.4g}); by the "
            f"rule of `compare_models` {simplest} is to be taken, the model with the fewest "
            "parameters (of trees, nodes) within one standard error of the best."
        )

    def _first_table(self, study: Study, task: str) -> str:
        columns = {ERROR: tables.score(ERROR, ".2f")}
        columns |= {name: tables.published(values) for name, values in self.published.items()}
        columns |= {"R2": tables.mean("R2", ".3f"), "MSE": tables.mean("MSE", ".4g")}
        columns["cross-validated R2"] = tables.cv_score(".3f")
        return tables.table(study, task, columns)

    def _splits_table(self, study: Study, comparison: Any) -> str:
        errors = errors_by_split(study)
        rows = []
        for model, of_model in errors.items():
            row = [model, tables.plus_minus(of_model, ".2f"), "", ""]
            if model != self.reference:
                n_won = np.sum(np.less(of_model, errors[self.reference]))
                row[2:] = told(comparison, model, self.reference), f"{n_won} of {len(of_model)}"
            rows.append(row)
        header = ["model", ERROR, f"gain on the {self.reference}", "splits won"]
        return tables.markdown(header, rows)

    def _draw(self, path: Path, study: Study) -> None:
        first = study.tasks[0]
        panels: dict[str, list[Scores]] = {"first split, a dot for each random state": []}
        every, (of_first,) = [], panels.values()
        for name, errors in errors_by_split(study).items():
            series = SIMPLE if name in study.simple() else NET
            model = taken(study, first) if name == TAKEN else name
            of_first.append(Scores(name, series, study.scores(first, model, ERROR)))
            every.append(Scores(name, series, errors))
        for column, known in self.published.items():
            if column.endswith(ERROR):
                label = f"published, {column.removesuffix(f' {ERROR}')}"
                of_first += [Scores(model, label, [value]) for model, value in known.items()]
        panels[f"{len(study.tasks)} splits, a dot for each"] = every
        label = f"mean absolute error, {self.unit} (line: {self.reference})"
        draw_scores(path, self.title, label, panels, line=self.reference)


def taken(study: Study, task: str) -> str:
    """Return the net that does best in cross-validation on the training rows of a split."""
    return study.best(task, study.nets(task), CV)


def errors_by_split(study: Study) -> dict[str, list[float]]:
    """Return the errors of each model, and of the net that is taken, on each split."""
    errors = {
        model: [study.mean(task, model, ERROR) for task in study.tasks] for model in study.models()
    }
    errors[TAKEN] = [study.mean(task, taken(study, task), ERROR) for task in study.tasks]
    return errors


def compare(study: Study, test_size: float, *, with_taken: bool = True) -> Comparison:
    """Return the comparison of the models over the splits, by their errors."""
    runs = []
    for fold, task in enumerate(study.tasks):
        mine = [(r.model, r) for r in study.results if r.task == task]
        mine += [(TAKEN, r) for r in study.of(task, taken(study, task))] if with_taken else []
        runs += [
            {
                "model": model,
                "fold": fold,
                "seed": r.seed,
                "score": -score_of(r, ERROR),
                "fit_seconds": r.fit_seconds,
                "predict_seconds": r.predict_seconds,
                "n_parameters": r.n_parameters,
                "complexity": r.n_parameters,
                "unit": "parameter",
                "error": None,
            }
            for model, r in mine
        ]
    table = pd.DataFrame(runs)
    how = {"scoring": f"-{ERROR}", "loss": "absolute_error", "horizon": 1}
    names = list(dict.fromkeys(table["model"]))
    return Comparison(names, table, pd.DataFrame(), **how, test_share=test_size / (1 - test_size))


def told(comparison: Comparison, model: str, on: str) -> str:
    """Return a gain with its interval."""
    gain = comparison.difference(model, on)
    return f"{gain['score']:+.3g} ({gain['low']:+.3g} to {gain['high']:+.3g})"
