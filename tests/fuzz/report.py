"""The table of cases, in `benchmarks/results/reliability.md`."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from tests.fuzz.cases import BASELINE, Result, cells
from tests.fuzz.containers import CONTAINERS

PATH = Path(__file__).parents[2] / "benchmarks" / "results" / "reliability.md"
MARK = "fuzz"
LIBRARIES = ("numpy", "pandas", "polars", "scikit-learn", "torch")
ABOUT = """\
## Inputs drawn at random

`make fuzz N={n}`, {when}: every public name is called with every container of X and every declared
parameter. A case starts from values that suit the name and the container; then a parameter is
drawn, one in four times a wrong value, and in two of five cases X, y, the weights or another
parameter too. A call passes if it returns finite results of the right shape, or raises a ValueError
or TypeError that names an argument, and changes neither its arguments nor the generators of
`random`, NumPy and torch, warning filters, threads or modes of the process. Everything else is a
surprise, also an error of the fuzzer itself, and a wrong value that is accepted. Where a
number is 1e150 or more, an error of an overflow and infinite scores are allowed, and infinite
predictions where it is 1e290 or more.

**{n} cases, {surprises} surprises**: {answers} answers and {errors} errors that name an argument,
in {tried} of {cells} cells of name, container and parameter. {pairs} pairs of a name and a
container answer if nothing is changed; of their {of_pairs} cases {share:.0%} answer.
"""


def text_of(results: Sequence[Result]) -> str:
    """Return the section of the report; raise a ValueError if cells are empty or errors prevail."""
    of_cell = Counter(result.cell for result in results)
    if empty := len(cells()) - len(of_cell):
        raise ValueError(f"{empty} of {len(cells())} cells have no case: give a larger N.")
    able = {
        (r.cell.name, r.cell.container)
        for r in results
        if r.cell.parameter == BASELINE and r.outcome == "answer"
    }
    of_pairs = [r.outcome for r in results if (r.cell.name, r.cell.container) in able]
    if (share := of_pairs.count("answer") / len(of_pairs)) < 0.5:
        raise ValueError(f"only {share:.0%} of the cases that could answer do.")
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
        pairs=len(able),
        of_pairs=len(of_pairs),
        share=share,
    )
    return "\n".join([head, *_by_name(results), "", *_by_container(results, able)])


def write(section: str, mark: str) -> None:
    """Put a section between its marks in the file, in place of an older one."""
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    text = PATH.read_text(encoding="utf-8") if PATH.exists() else "# Reliability\n"
    before, found, rest = text.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    before = before if found else f"{before.rstrip()}\n\n"
    PATH.write_text(f"{before}{begin}\n{section}\n{end}{after}", encoding="utf-8")


def _by_name(results: Sequence[Result]) -> list[str]:
    """Return the table of names and containers: answers of cases."""
    counts = Counter((r.cell.name, r.cell.container) for r in results)
    answers = Counter((r.cell.name, r.cell.container) for r in results if r.outcome == "answer")
    n_parameters = Counter(name for name, _ in {(cell.name, cell.parameter) for cell in cells()})
    head = ["name", "parameters", "cases", "answers", *CONTAINERS]
    lines = [_row(head), _row("---" for _ in head)]
    for name in dict.fromkeys(cell.name for cell in cells()):
        n, right = (sum(v for (of, _), v in c.items() if of == name) for c in (counts, answers))
        of = [f"{answers[name, c]}/{n}" if (n := counts[name, c]) else "" for c in CONTAINERS]
        lines.append(_row([name, n_parameters[name] - 1, n, right, *of]))
    return [*lines, "", "Names without numbers of containers read no X; others: answers/cases."]


def _by_container(results: Sequence[Result], able: set[tuple[str, str]]) -> list[str]:
    outcomes = Counter((result.cell.container, result.outcome) for result in results)
    head = ["container", "names that answer", "answers", "errors", "surprises"]
    lines = [_row(head), _row("---" for _ in head)]
    for container in dict.fromkeys(cell.container for cell in cells()):
        ends = [outcomes[container, outcome] for outcome in ("answer", "error", "surprise")]
        lines.append(_row([container, sum(of == container for _, of in able), *ends]))
    return lines


def _row(cells_of_row: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells_of_row)) + " |"
