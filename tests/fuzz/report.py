"""The table of cases, in `benchmarks/results/reliability.md`."""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from tests.fuzz.cases import Result, cells
from tests.fuzz.containers import CONTAINERS

PATH = Path(__file__).parents[2] / "benchmarks" / "results" / "reliability.md"
BEGIN, END = "<!-- fuzz -->", "<!-- /fuzz -->"
LIBRARIES = ("numpy", "pandas", "polars", "scikit-learn", "torch")
ABOUT = """\
## Inputs drawn at random

`make fuzz N={n}`, {when}: every public name is called with every container of X and every declared
parameter, with values that its declaration admits or not, and with values of X, y and the weights
of which about half are ordinary. A call passes if it returns finite results of the right shape, or
raises a ValueError or TypeError that names an argument, and changes neither its arguments nor the
generators of `random`, NumPy and torch, warning filters, threads or modes of the process.
Everything else is a surprise; values and parameters of 1e160 and more may overflow.

**{n} cases, {surprises} surprises**: {answers} answers and {errors} errors that name an argument,
in {tried} of {cells} cells of name, container and parameter.
"""


def text_of(results: Sequence[Result]) -> str:
    """Return the section of the report, or raise a ValueError if a public name has no case."""
    of_cell = Counter(result.cell for result in results)
    if empty := {cell.name for cell in cells()} - {cell.name for cell in of_cell}:
        raise ValueError(f"{len(empty)} public names have no case: give a larger N.")
    outcomes = Counter(result.outcome for result in results)
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    head = ABOUT.format(
        n=len(results),
        when=f"{date.today()}, Python {platform.python_version()}, {versions}",
        surprises=outcomes["surprise"],
        answers=outcomes["answer"],
        errors=outcomes["error"],
        tried=len(of_cell),
        cells=len(cells()),
    )
    return "\n".join([BEGIN, head, *_by_name(results, of_cell), "", *_by_container(results), END])


def write(section: str) -> None:
    """Put the section into the file, in place of an older one."""
    before, after = "# Reliability\n\n", "\n"
    if PATH.exists():
        text = PATH.read_text(encoding="utf-8")
        before, found, rest = text.partition(BEGIN)
        after = rest.partition(END)[2] if found else "\n"
    PATH.write_text(f"{before}{section}{after}", encoding="utf-8")


def _by_name(results: Sequence[Result], of_cell: Counter) -> list[str]:
    """Return the table of names and containers, with the cells that have cases."""
    counts: dict[str, Counter] = defaultdict(Counter)
    for cell, n in of_cell.items():
        counts[cell.name][cell.container] += n
    tried = Counter(cell.name for cell in of_cell)
    n_cells = Counter(cell.name for cell in cells())
    n_parameters = Counter(name for name, _ in {(cell.name, cell.parameter) for cell in cells()})
    outcomes = Counter((result.cell.name, result.outcome) for result in results)
    head = ["name", "parameters", "cells tried", "cells", "answers", "errors", *CONTAINERS]
    lines = [_row(head), _row("---" for _ in head)]
    for name, by_container in counts.items():
        cases = [by_container[container] or "" for container in CONTAINERS]
        ends = [outcomes[name, outcome] for outcome in ("answer", "error")]
        lines.append(_row([name, n_parameters[name], tried[name], n_cells[name], *ends, *cases]))
    return [*lines, "", "Names without numbers of containers read no X."]


def _by_container(results: Sequence[Result]) -> list[str]:
    outcomes = Counter((result.cell.container, result.outcome) for result in results)
    head = ["container", "answers", "errors", "surprises"]
    lines = [_row(head), _row("---" for _ in head)]
    for container in dict.fromkeys(cell.container for cell in cells()):
        ends = [outcomes[container, outcome] for outcome in ("answer", "error", "surprise")]
        lines.append(_row([container, *ends]))
    return lines


def _row(cells_of_row: object) -> str:
    return "| " + " | ".join(map(str, cells_of_row)) + " |"
