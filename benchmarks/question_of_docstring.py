"""A question as it is declared, and the course of answering it: load, run, keep, report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.harness.cache import CACHE, Cache
from benchmarks.harness.progress import costs_of
from benchmarks.harness.runner import Task, run
from benchmarks.report.study import Study, gains_of, read_study, write_study
from benchmarks.report.writer import RESULTS, closing, environment, folder, write_report


@dataclass(frozen=True)
class Question:
    """An experiment with tasks and models, and what its report tells.

    Parameters
    ----------
    plans : mapping of str to object
        What a run of the sizes quick, usual and full does; `n_seeds` random states, for one.
    tasks : callable
        ``tasks(plan, download)`` returns by name what loads a task. It raises FileNotFoundError
        where the data are not there and are not to be downloaded.
    report : callable
        ``report(study, to)`` draws pictures into a folder, and returns the conclusion and the
        paragraphs that follow.
    on : callable, optional
        ``on(study, task)`` returns the models on which gains are told.
    enter : callable, optional
        ``enter(tasks, plan, cache)`` returns the tasks with models that had to see all of them.
    draw : callable, optional
        ``draw(to, tasks, study)`` draws what needs the predictions, which no file keeps.
    parallel : bool
        Whether as many fits run at a time as there are cores.
    """

    plans: Mapping[str, Any]
    tasks: Callable[[Any, bool], Mapping[str, Callable[[], Task]]]
    report: Callable[[Study, Path], tuple[str, Sequence[str]]]
    on: Callable[[Study, str], Sequence[str]] = lambda study, task: ()
    enter: Callable[[list[Task], Any, Cache], list[Task]] | None = None
    draw: Callable[[Path, list[Task], Study], None] | None = None
    parallel: bool = False

    def answer(self, name: str, docstring: str, size: str) -> None:
        """Run the experiment, keep what it has found, and write the report."""
        plan, quick = self.plans[size], size == "quick"
        tasks, absent = self._load(plan, download=not quick)
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
        to = folder(size)
        write_study(to, name, study)
        if self.draw:
            self.draw(to, tasks, study)
        self._report(to, name, docstring, study)

    def _load(self, plan: Any, *, download: bool) -> tuple[list[Task], list[str]]:
        """Return the tasks whose data are there, and the names of the others."""
        tasks, absent = [], []
        for name, load in self.tasks(plan, download).items():
            try:
                tasks.append(load())
            except FileNotFoundError:
                absent.append(name)
        return tasks, absent

    def rewrite(self, name: str, docstring: str) -> None:
        """Write report and pictures anew from the committed results."""
        self._report(folder("usual"), name, docstring, read_study(RESULTS, name))

    def _report(self, to: Path, name: str, docstring: str, study: Study) -> None:
        answer, body = self.report(study, to)
        body = [*body, closing(study)]
        write_report(to / f"{name}.md", docstring, answer, body, study.absent)
