"""A question as it is declared, and the course of answering it: load, run, keep, report.

Its report is the template ``questions/NAME.md``, see `report/writer.py`.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from benchmarks.harness.cache import CACHE, Cache
from benchmarks.harness.progress import costs_of
from benchmarks.harness.runner import Task, run
from benchmarks.report.study import Study, gains_of, read_study, write_json, write_study
from benchmarks.report.writer import RESULTS, environment, folder, write_report


def sizes(**values: tuple[Any, Any, Any]) -> dict[str, SimpleNamespace]:
    """Return what a run of each size does, from the values of its options for all three."""
    names = ("quick", "usual", "full")
    return {
        size: SimpleNamespace(**{option: of[k] for option, of in values.items()})
        for k, size in enumerate(names)
    }


@dataclass(frozen=True)
class Question:
    """An experiment with tasks and models, and what its report tells.

    `plans` say what a run of the sizes quick, usual and full does; `n_seeds` random states, for
    one. ``tasks(plan, download)`` returns by name what loads a task. It raises FileNotFoundError
    where the data are not there and are not to be downloaded. ``facts(study)`` returns what the
    template of the report names besides the study, ``draw(to, study)`` draws pictures into a
    folder. ``on(study, task)`` returns the models on which gains are told. ``enter(tasks, plan,
    cache)`` returns the tasks with models that had to see all of them, and ``keep(tasks, study)``
    what pictures show of the predictions, which are not kept themselves. `parallel` runs as many
    fits at a time as there are cores.
    """

    plans: Mapping[str, Any]
    tasks: Callable[[Any, bool], Mapping[str, Callable[[], Task]]]
    facts: Callable[[Study], Mapping[str, Any]] = lambda study: {}
    draw: Callable[[Path, Study], None] = lambda to, study: None
    on: Callable[[Study, str], Sequence[str]] = lambda study, task: ()
    enter: Callable[[list[Task], Any, Cache], list[Task]] | None = None
    keep: Callable[[list[Task], Study], Mapping[str, Any]] = lambda tasks, study: {}
    parallel: bool = False

    def answer(self, name: str, size: str) -> None:
        """Run the experiment, keep what it has found, and write the report."""
        plan, quick = self.plans[size], size == "quick"
        tasks, absent = load(self.tasks(plan, not quick))
        if not tasks:
            print(f"Nothing was run: there are no files of {', '.join(absent)}.")
            return
        cache = Cache(None if quick else CACHE / f"{name}.jsonl")
        tasks = self.enter(tasks, plan, cache) if self.enter else tasks
        results = run(
            tasks,
            seeds=range(plan.n_seeds),
            cache=cache,
            n_jobs=None if self.parallel and not quick else 1,
            costs=costs_of(RESULTS / f"{name}.csv") if size == "usual" else None,
        )
        notes = {task.name: task.note for task in tasks if task.note}
        study = Study(results, notes=notes, absent=absent, run=f"{environment()}. Size: {size}")
        study = replace(study, gains=gains_of(tasks, study, self.on))
        study = replace(study, pictures=self.keep(tasks, study))
        to = folder(size)
        write_study(to, name, study)
        self._report(to, name, study)

    def rewrite(self, name: str) -> None:
        self._report(folder("usual"), name, read_study(RESULTS, name))

    def _report(self, to: Path, name: str, study: Study) -> None:
        self.draw(to, study)
        without = f"Without {', '.join(study.absent)}: no files." if study.absent else ""
        write_report(to, name, {"study": study, "without": without, **self.facts(study)})


@dataclass(frozen=True)
class Measurement:
    """A question that is answered by a table of what was measured, and by a few facts beside it.

    ``measure(size)`` returns the table, which is kept as CSV, and the facts, kept as JSON, with
    `run`, which says when and with what it was run; it raises FileNotFoundError as ``tasks`` of a
    `Question` do. ``facts(table, kept)`` returns what the template of the report names besides
    those, ``draw(to, table, kept)`` draws pictures.

    `parts` can be measured alone, ``parts[name](size)`` returns their rows: those of the same
    measures, by the first column, are replaced in the committed table, and ``NAME_run`` beside it
    tells when.
    """

    measure: Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]
    facts: Callable[[pd.DataFrame, Any], Mapping[str, Any]] = lambda table, kept: {}
    draw: Callable[[Path, pd.DataFrame, Any], None] = lambda to, table, kept: None
    parts: Mapping[str, Callable[[str], pd.DataFrame]] = field(default_factory=dict)

    def answer_part(self, name: str, size: str, part: str) -> None:
        """Measure a part, put it in the place of what was found before, and write the report."""
        warnings.simplefilter("ignore", ConvergenceWarning)
        rows = self.parts[part](size)
        table = pd.read_csv(RESULTS / f"{name}.csv", dtype=str, keep_default_na=False)
        first = table.columns[0]
        table = pd.concat([table[~table[first].isin(rows[first])], rows], ignore_index=True)
        kept = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        to = folder(size)
        table.to_csv(to / f"{name}.csv", index=False, lineterminator="\n")
        write_json(to / f"{name}.json", {**kept, f"{part}_run": environment()})
        self._report(to, name, to)

    def answer(self, name: str, size: str) -> None:
        """Measure, keep what was found, and write the report."""
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            table, kept = self.measure(size)
        except FileNotFoundError as error:
            print(f"Nothing was run: {error}")
            return
        to = folder(size)
        table.to_csv(to / f"{name}.csv", index=False, lineterminator="\n")
        write_json(to / f"{name}.json", {"run": environment(), "size": size, **kept})
        self._report(to, name, to)

    def rewrite(self, name: str) -> None:
        self._report(folder("usual"), name, RESULTS)

    def _report(self, to: Path, name: str, of: Path) -> None:
        table = pd.read_csv(of / f"{name}.csv")
        kept = json.loads((of / f"{name}.json").read_text(encoding="utf-8"))
        self.draw(to, table, kept)
        write_report(to, name, {"table_of_all": table, **kept, **self.facts(table, kept)})


def load(loads: Mapping[str, Callable[[], Any]]) -> tuple[list[Any], list[str]]:
    """Return what is loaded from the files that are there, and the names of the rest."""
    loaded, absent = [], []
    for name, task in loads.items():
        try:
            loaded.append(task())
        except FileNotFoundError:
            absent.append(name)
    return loaded, absent
