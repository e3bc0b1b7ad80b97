"""What an experiment has found, and the files that keep it: a report is made of these alone."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.runner import Result, Task
from benchmarks.report.effects import Effect, effect

CV = "cv_score"
COSTS = ("n_parameters", "fit_seconds", "predict_seconds", "settings")
NOT_SCORES = ("task", "model", "seed", CV, *COSTS)


@dataclass(frozen=True)
class Study:
    """Fits, what models gain on others by task, and the facts of each task.

    The first score of a task is the one that is meant where none is named; `CV` names the score
    in cross-validation. `run` says when and with what it was run, and `pictures` has what pictures
    show besides.
    """

    results: Sequence[Result]
    gains: Mapping[tuple[str, str, str], Effect] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    absent: Sequence[str] = ()
    run: str = ""
    pictures: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def _fits(self) -> dict[tuple[str, str], list[Result]]:
        fits: dict[tuple[str, str], list[Result]] = {}
        for r in self.results:
            fits.setdefault((r.task, r.model), []).append(r)
        return fits

    @property
    def tasks(self) -> list[str]:
        return list(dict.fromkeys(task for task, _ in self._fits))

    @property
    def seeds(self) -> list[int]:
        return sorted({r.seed for r in self.results if r.seed is not None})

    @property
    def minutes(self) -> float:
        """What all fits and predictions took."""
        return sum(r.fit_seconds + r.predict_seconds for r in self.results) / 60

    def of(self, task: str, model: str) -> list[Result]:
        """Return the fits of a model in a task, one for each random state."""
        return self._fits.get((task, model), [])

    def of_task(self, task: str) -> list[Result]:
        return [r for r in self.results if r.task == task]

    def models(self, task: str | None = None) -> list[str]:
        """Return the names of the models of a task, or of all, in their order."""
        return list(dict.fromkeys(model for of, model in self._fits if task in (None, of)))

    def nets(self, task: str | None = None) -> list[str]:
        """Return the models that have random states."""
        return [name for name in self.models(task) if self._is_net(task, name)]

    def simple(self, task: str | None = None) -> list[str]:
        return [name for name in self.models(task) if not self._is_net(task, name)]

    def _is_net(self, task: str | None, model: str) -> bool:
        of = (runs for (t, m), runs in self._fits.items() if m == model and task in (None, t))
        return next(of)[0].seed is not None

    def measures(self, task: str) -> list[str]:
        return list(self.of_task(task)[0].scores)

    def scores(self, task: str, model: str, by: str = "") -> list[float]:
        return [score_of(r, by) for r in self.of(task, model)]

    def mean(self, task: str, model: str, by: str = "") -> float:
        return float(np.mean(self.scores(task, model, by)))

    def size(self, task: str, model: str) -> int:
        return self.of(task, model)[0].n_parameters

    def best(self, task: str, models: Iterable[str], by: str = "", *, less: bool = False) -> str:
        """Return which of some models has the largest, or least, mean score."""
        return (min if less else max)(models, key=lambda model: self.mean(task, model, by))

    def taken(self, task: str) -> str:
        """Return the net that does best in cross-validation on the training rows."""
        return self.best(task, self.nets(task), CV)

    def gain(self, task: str, model: str, on: str) -> Effect:
        """Return what a model gains on another, from the gains on the former or on the latter."""
        if (task, model, on) in self.gains:
            return self.gains[task, model, on]
        back = self.gains[task, on, model]
        return Effect(-back.value, back.error, back.freedom)


def score_of(result: Result, by: str = "") -> float:
    """Return a score of a fit: the first, that in cross-validation, or the one of this name."""
    if by == CV:
        return np.nan if result.cv_score is None else result.cv_score
    return result.scores.get(by, np.nan) if by else next(iter(result.scores.values()))


def gains_of(
    tasks: Iterable[Task], study: Study, on: Callable[[Study, str], Sequence[str]]
) -> dict[tuple[str, str, str], Effect]:
    """Return what every model gains on some, by task, where predictions were kept."""
    gains = {}
    for task in (task for task in tasks if task.losses is not None):
        y, losses = np.asarray(task.y_test), {}
        for model in study.models(task.name):
            predictions = [np.asarray(r.predictions) for r in study.of(task.name, model)]
            losses[model] = np.stack([task.losses(y, of) for of in predictions])
        for on_model in on(study, task.name):
            for model in (name for name in losses if name != on_model):
                gain = effect(losses[model], losses[on_model], task.blocks)
                gains[task.name, model, on_model] = gain
    return gains


def write_study(to: Path, name: str, study: Study) -> None:
    """Write a line for each fit to a CSV file, and the rest to a JSON file beside it."""
    names = list(dict.fromkeys(score for r in study.results for score in r.scores))
    with (to / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task", "model", "seed", *names, CV, *COSTS])
        for r in study.results:
            scores = [f"{r.scores[n]:.7g}" if n in r.scores else "" for n in names]
            start = [r.task, r.model, "" if r.seed is None else r.seed, *scores]
            start.append("" if r.cv_score is None else f"{r.cv_score:.7g}")
            seconds = [f"{r.fit_seconds:.3f}", f"{r.predict_seconds:.4f}"]
            writer.writerow([*start, r.n_parameters, *seconds, r.settings])
    gains = [
        {"task": task, "model": model, "on": on, **{k: float(f"{v:.6g}") for k, v in of.items()}}
        for (task, model, on), of in ((key, asdict(e)) for key, e in study.gains.items())
    ]
    parts = {"run": study.run, "absent": list(study.absent), "notes": dict(study.notes)}
    write_json(to / f"{name}.json", parts | {"gains": gains, "pictures": dict(study.pictures)})


def write_json(path: Path, parts: Mapping[str, Any]) -> None:
    """Write the parts of an object, and what stands in each, in a line each."""

    def lines(part: Any) -> str:
        if not part or not isinstance(part, (list, dict)):
            return json.dumps(part)
        if isinstance(part, list):
            return "[\n  " + ",\n  ".join(map(json.dumps, part)) + "\n ]"
        items = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in part.items()]
        return "{\n  " + ",\n  ".join(items) + "\n }"

    every = [f"{json.dumps(name)}: {lines(part)}" for name, part in parts.items() if part != {}]
    text = ",\n ".join(every)
    path.write_text(f"{{\n {text}\n}}\n", encoding="utf-8")


def read_study(of: Path, name: str) -> Study:
    """Return what was written; predictions are not kept."""
    with (of / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        results = [_read(line) for line in csv.DictReader(file)]
    rest: dict[str, Any] = json.loads((of / f"{name}.json").read_text(encoding="utf-8"))
    gains = {
        (g["task"], g["model"], g["on"]): Effect(g["value"], g["error"], g["freedom"])
        for g in rest.pop("gains")
    }
    return Study(results, gains, **rest)


def _read(line: Mapping[str, str]) -> Result:
    scores = {k: float(v) for k, v in line.items() if v and k not in NOT_SCORES}
    seed = int(line["seed"]) if line["seed"] else None
    cv_score = float(line[CV]) if line[CV] else None
    n_parameters, *seconds, settings = (line[name] for name in COSTS)
    sizes = int(n_parameters), *map(float, seconds)
    return Result(line["task"], line["model"], seed, scores, cv_score, *sizes, settings)
