"""What is told of models that were compared on random splits: facts of `splits.md`, a picture."""

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
from benchmarks.report.study import Study, score_of
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

    def facts(self, study: Study) -> dict[str, Any]:
        """Return what the net that is taken gains, and the columns of both tables."""
        first, errors = study.tasks[0], errors_by_split(study)
        comparison = compare(study, self.test_size)
        means = comparison.scores.mean()
        net, simple = (str(means[names].idxmax()) for names in (study.nets(), study.simple()))

        def told(model: str, on: str) -> str:
            gain = comparison.difference(model, on)
            return f"{gain['score']:+.3g} ({gain['low']:+.3g} to {gain['high']:+.3g})"

        columns = {ERROR: tables.score(ERROR, ".2f")}
        columns |= {name: tables.published(values) for name, values in self.published.items()}
        columns |= {"R2": tables.mean("R2", ".3f"), "MSE": tables.mean("MSE", ".4g")}
        best = np.array(errors[self.reference])
        return {
            **vars(self),
            **{"error": ERROR, "taken": TAKEN, "told": told, "errors": errors, "means": means},
            **{"net": net, "simple": simple, "of_first": study.taken(first)},
            "takes": Counter(study.taken(task) for task in study.tasks).most_common(),
            "others": dict.fromkeys([self.reference, simple]),
            "n_test": re.findall(r"\d+", study.notes[first])[1],
            "simplest": compare(study, self.test_size, with_taken=False).simplest_as_good(),
            "n_others": len(study.of(study.tasks[-1], study.nets()[0])),
            "n_won": lambda model: int(np.sum(errors[model] < best)),
            "columns": columns | {"cross-validated R2": tables.cv_score(".3f")},
        }

    def draw(self, to: Path, study: Study) -> None:
        of_first, every, first = [], [], study.tasks[0]
        for name, errors in errors_by_split(study).items():
            series = SIMPLE if name in study.simple() else NET
            model = study.taken(first) if name == TAKEN else name
            of_first.append(Scores(name, series, study.scores(first, model, ERROR)))
            every.append(Scores(name, series, errors))
        for column, known in self.published.items():
            if column.endswith(ERROR):
                label = f"published, {column.removesuffix(f' {ERROR}')}"
                of_first += [Scores(model, label, [value]) for model, value in known.items()]
        panels = {"first split, a dot for each random state": of_first}
        panels[f"{len(study.tasks)} splits, a dot for each"] = every
        label = f"mean absolute error, {self.unit} (line: {self.reference})"
        draw_scores(to / f"{self.name}.png", self.title, label, panels, line=self.reference)


def errors_by_split(study: Study) -> dict[str, list[float]]:
    errors = {m: [study.mean(task, m, ERROR) for task in study.tasks] for m in study.models()}
    errors[TAKEN] = [study.mean(task, study.taken(task), ERROR) for task in study.tasks]
    return errors


def compare(study: Study, test_size: float, *, with_taken: bool = True) -> Comparison:
    """Return the comparison of the models over the splits, by their errors."""
    runs = []
    for fold, task in enumerate(study.tasks):
        mine = [(r.model, r) for r in study.of_task(task)]
        mine += [(TAKEN, r) for r in study.of(task, study.taken(task))] if with_taken else []
        for model, r in mine:
            run = {"model": model, "fold": fold, "seed": r.seed, "score": -score_of(r, ERROR)}
            run |= {"fit_seconds": r.fit_seconds, "predict_seconds": r.predict_seconds}
            size = {"n_parameters": r.n_parameters, "complexity": r.n_parameters}
            runs.append({**run, **size, "unit": "parameter", "error": None})
    table = pd.DataFrame(runs)
    how = {"scoring": f"-{ERROR}", "loss": "absolute_error", "horizon": 1}
    names = list(dict.fromkeys(table["model"]))
    return Comparison(names, table, pd.DataFrame(), **how, test_share=test_size / (1 - test_size))
